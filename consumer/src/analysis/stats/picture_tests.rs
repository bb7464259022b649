use ringbuf_core::{Clock, Element, Field, Schema};

use super::super::super::Kind;
use super::super::super::tests::{subject, view};
use super::super::Options;
use super::*;
use crate::output::Format;
use crate::output::tests::Written;
use crate::progress::tests::summary_of;

fn schema(values: usize) -> Schema {
    let time = Field::new("t", Element::DateTimeNs).time(Clock::Unix);
    let values = (0..values).map(|i| Field::new(format!("v{i}"), Element::F64).unit("g"));
    Schema::packed(std::iter::once(time).chain(values)).unwrap()
}

/// Record i: at second i, every value i.
fn bytes(schema: &Schema, records: std::ops::Range<i64>) -> Vec<u8> {
    let values = schema.size() / 8 - 1;
    let mut bytes = Vec::new();
    for i in records {
        bytes.extend((i * 1_000_000_000).to_le_bytes());
        (0..values).for_each(|_| bytes.extend((i as f64).to_le_bytes()));
    }
    bytes
}

/// The panels after these records came, so many of them missed in front of each piece.
fn panels(schema: &Schema, pieces: &[(std::ops::Range<i64>, u64)], is_plotted: bool) -> Vec<Panel> {
    let subject = Subject {
        is_plotted,
        ..subject(schema)
    };
    let mut stats = Kind::Stats(Options::default()).of(&subject).unwrap();
    let mut output = Written::default().output(Format::Json);
    let mut summary = summary_of(0, true);
    for (records, missed) in pieces {
        let bytes = bytes(schema, records.clone());
        let records = Records::new(schema, &bytes);
        summary.read += records.len() as u64;
        summary.missed += missed;
        let view = view(records, 0, *missed);
        stats.update(&view, &mut output).unwrap();
    }
    stats.report(&summary, &mut output).unwrap();
    stats.panels()
}

#[test]
fn every_field_is_seen_in_time_and_in_bars() {
    let panels = panels(&schema(2), &[(0..1_000, 0)], true);
    let titles: Vec<&str> = panels.iter().map(|panel| panel.title.as_str()).collect();
    assert_eq!(titles, ["v0", "distribution", "v1", "distribution"]);
    assert_eq!((panels[0].is_beside, panels[1].is_beside), (false, true));
    assert_eq!(
        (panels[0].y.label.as_str(), panels[1].x.label.as_str()),
        ("v0 (g)", "v0 (g)")
    );
    assert!(panels[0].gaps.is_empty());
    assert!(
        panels[0].notes[0].starts_with("1000 values, mean 499.500 g"),
        "{:?}",
        panels[0].notes
    );
    let expected: Vec<(f64, f64)> = (0..1_000).map(|i| (f64::from(i), f64::from(i))).collect();
    assert_eq!(panels[0].layers, [Layer::Line(String::new(), expected)]);
    let Layer::Bars(_, bars) = &panels[1].layers[0] else {
        panic!("no bars: {:?}", panels[1].layers);
    };
    let all: f64 = bars.iter().map(|bar| bar.2).sum();
    assert!((all - 100.0).abs() < 1e-9, "{all}");
    assert_eq!(
        panels[1].layers[1],
        Layer::Upright("p50 499.500".to_owned(), 499.5)
    );
}

#[test]
fn what_is_missing_is_seen() {
    let panels = panels(&schema(1), &[(0..100, 0), (150..200, 50)], true);
    assert_eq!(panels[0].gaps, [99.0..150.0]);
    assert!(
        panels[0]
            .notes
            .contains(&"25.00 % of all records missing".to_owned())
    );
    let Layer::Line(_, points) = &panels[0].layers[0] else {
        panic!("no line: {:?}", panels[0].layers);
    };
    assert!(points[100].0.is_nan());
}

#[test]
fn batches_are_not_seen() {
    let schema = schema(1);
    let pieces = [
        (0..1, 0),
        (1..4_100, 0),
        (4_100..9_999, 0),
        (9_999..20_000, 0),
    ];
    let cut = panels(&schema, &pieces, true);
    assert_eq!(cut, panels(&schema, &[(0..20_000, 0)], true));
    // Thinned out, and said to be.
    assert!(
        matches!(&cut[0].layers[0], Layer::Envelope(name, pieces) if name == "lowest to highest" && pieces.len() <= 2_000)
    );
}

#[test]
fn of_many_fields_the_first_are_seen() {
    let panels = panels(&schema(FIELDS + 3), &[(0..10, 0)], true);
    assert_eq!(panels.len(), 2 * FIELDS);
    let last = panels.last().unwrap();
    assert_eq!(
        last.notes,
        ["3 more fields are not drawn: choose with --field"]
    );
}

#[test]
fn nothing_is_kept_if_there_is_no_picture() {
    assert!(panels(&schema(1), &[(0..10, 0)], false).is_empty());
}

#[test]
fn a_few_far_values_do_not_hide_the_others() {
    let schema = schema(1);
    let records: Vec<u8> = (0..10_000i64)
        .flat_map(|i| {
            let value = if i == 5_000 { 1e6 } else { (i % 100) as f64 };
            [(i * 1_000_000_000).to_le_bytes(), value.to_le_bytes()].concat()
        })
        .collect();
    let subject = Subject {
        is_plotted: true,
        ..subject(&schema)
    };
    let mut stats = Kind::Stats(Options::default()).of(&subject).unwrap();
    let mut output = Written::default().output(Format::Json);
    let view = view(Records::new(&schema, &records), 0, 0);
    stats.update(&view, &mut output).unwrap();
    stats
        .report(&summary_of(10_000, true), &mut output)
        .unwrap();
    let panel = &stats.panels()[1];
    assert_eq!(panel.notes, ["0.01 % lie outside"]);
    let Layer::Bars(_, bars) = &panel.layers[0] else {
        panic!("no bars: {:?}", panel.layers);
    };
    assert!(bars.iter().all(|bar| bar.1 < 200.0));
}
