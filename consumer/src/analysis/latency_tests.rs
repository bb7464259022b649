use std::time::Duration;

use super::super::Kind;
use super::super::tests::subject;
use super::*;
use crate::frames::tests::frame;
use crate::output::tests::Written;
use crate::progress::tests::summary_of;
use ringbuf_core::{Element, Field, Records, Schema};
use serde_json::Value;

/// The moment at which these are looked at, long after attaching.
const NOW: i64 = 1_700_000_000_000_000_000;

fn schema() -> Schema {
    Schema::packed([Field::new("x", Element::U8)]).unwrap()
}

/// Attached an hour ago.
fn latency(schema: &Schema, is_plotted: bool) -> Box<dyn Analysis> {
    let what = Subject {
        is_stamped: true,
        is_plotted,
        attached: Instant::now() - Duration::from_secs(3600),
        ..subject(schema)
    };
    Kind::Latency(Options).of(&what).unwrap()
}

/// Looks at records that are so old, all at once.
fn look(latency: &mut dyn Analysis, ages: &[i64], missed: u64, output: &mut Output) {
    let schema = schema();
    let bytes = vec![0; ages.len()];
    let view = View {
        records: Records::new(&schema, &bytes),
        first_sequence: 0,
        missed,
        published: &|record| Some(NOW - ages[record]),
        now: &|| Some(NOW),
    };
    latency.update(&view, output).unwrap();
}

/// The reports after each of these periods, and of all of them.
fn reports(format: Format, periods: &[&[i64]]) -> Written {
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(format);
    let mut latency = latency(&schema, false);
    let mut read = 0;
    for ages in periods {
        for some in ages.chunks(7) {
            look(&mut *latency, some, 0, &mut output);
        }
        read += ages.len() as u64;
        let summary = summary_of(ages.len() as u64, false);
        latency.report(&summary, &mut output).unwrap();
    }
    latency
        .report(&summary_of(read, true), &mut output)
        .unwrap();
    output.flush().unwrap();
    written
}

/// From a few nanoseconds to minutes, the same every time.
fn ages(n: usize) -> Vec<i64> {
    let mut state = 1u64;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        10f64.powf((state >> 40) as f64 / (1 << 24) as f64 * 11.0) as i64
    };
    (0..n).map(next).collect()
}

#[test]
fn quantiles_are_those_of_sorting() {
    let ages = ages(20_000);
    let last = reports(Format::Json, &[&ages]).objects().pop().unwrap();
    let mut sorted = ages.clone();
    sorted.sort_unstable();
    let us = |name: &str| last[name].as_f64().unwrap();
    let named = [
        ("p50_us", 0.5),
        ("p90_us", 0.9),
        ("p99_us", 0.99),
        ("p99_9_us", 0.999),
    ];
    for (name, q) in named {
        let exact = sorted[(q * sorted.len() as f64).ceil() as usize - 1] as f64 / 1e3;
        let found = us(name);
        assert!(
            (found / exact - 1.0).abs() <= 0.001,
            "{name}: {found}, {exact}"
        );
    }
    let mean = ages.iter().map(|&age| age as f64).sum::<f64>() / 20_000.0 / 1e3;
    assert!((us("mean_us") / mean - 1.0).abs() < 1e-12);
    assert_eq!(us("min_us"), sorted[0] as f64 / 1e3);
    assert_eq!(us("max_us"), sorted[19_999] as f64 / 1e3);
    assert_eq!(last["count"], 20_000);
}

#[test]
fn periods_cover_themselves_and_the_last_report_everything() {
    let all = ages(10_000);
    let (first, second) = all.split_at(3_333);
    let reports_of = |periods: &[&[i64]]| reports(Format::Json, periods).objects();
    let found = reports_of(&[first, &[], second]);
    let own = |report: &Value| {
        let names = ["count", "min_us", "mean_us", "p50_us", "p99_9_us", "max_us"];
        names.map(|name| report[name].clone())
    };
    assert_eq!(own(&found[0]), own(&reports_of(&[first])[0]));
    assert_eq!(own(&found[2]), own(&reports_of(&[second])[0]));
    let whole = own(&reports_of(&[&all])[1]);
    assert_eq!(own(&found[3]), whole);
    assert_eq!(own(&reports_of(&[second, first])[2]), whole);
    for periods in [[&[5_000, 9_000][..], &[1_000]], [&[1_000], &[5_000, 9_000]]] {
        let last = reports_of(&periods).pop().unwrap();
        assert_eq!(
            (&last["min_us"], &last["max_us"]),
            (&1.0.into(), &9.0.into())
        );
    }
    assert_eq!(found[1]["count"], 0);
    assert!(found[1]["p50_us"].is_null() && found[1]["mean_us"].is_null());
}

#[test]
fn what_waited_for_the_analyzer_is_left_out() {
    let hour = 3_600_000_000_000;
    let ages = [10 * hour, hour + 60_000_000_000, hour / 2, 5_000];
    let last = reports(Format::Json, &[&ages]).objects().pop().unwrap();
    assert_eq!(
        (&last["count"], &last["before_attach"]),
        (&2.into(), &2.into())
    );
    assert_eq!(last["max_us"], 1.8e9);
    let lines = reports(Format::Human, &[&ages]).lines().join("\n");
    assert!(
        lines.contains("\n2 records published before this analyzer attached: left out"),
        "{lines}"
    );
    assert!(!lines.contains("start it before"), "{lines}");
    let nothing = reports(Format::Human, &[&ages[..2]]).lines().join("\n");
    assert!(
        nothing.contains("left out\nstart it before the producer"),
        "{nothing}"
    );
}

#[test]
fn a_clock_that_goes_back_is_counted() {
    let last = reports(Format::Json, &[&[-5, 0, 7_000]])
        .objects()
        .pop()
        .unwrap();
    assert_eq!(
        (&last["count"], &last["clock_back"]),
        (&3.into(), &1.into())
    );
    assert_eq!(
        (&last["min_us"], &last["max_us"]),
        (&0.0.into(), &7.0.into())
    );
    let extremes = reports(Format::Json, &[&[i64::MIN / 2, NOW - i64::MAX]]);
    assert_eq!(extremes.objects()[0]["clock_back"], 2);
}

#[test]
fn without_a_clock_nothing_is_measured() {
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(Format::Json);
    let mut latency = latency(&schema, true);
    let view = View {
        records: Records::new(&schema, &[0; 5]),
        first_sequence: 0,
        missed: 0,
        published: &|record| (record > 1).then_some(NOW),
        now: &|| None,
    };
    latency.update(&view, &mut output).unwrap();
    let view = View {
        now: &|| Some(NOW),
        ..view
    };
    latency.update(&view, &mut output).unwrap();
    latency.report(&summary_of(10, true), &mut output).unwrap();
    output.flush().unwrap();
    let last = written.objects().pop().unwrap();
    assert_eq!((&last["count"], &last["untold"]), (&3.into(), &7.into()));
    let refused = Latency::of(&subject(&schema), &Options).err().unwrap().0;
    assert!(refused.contains("without --no-stamp"), "{refused}");
}

#[test]
fn every_frame_of_a_batch_has_its_own_age() {
    let written = Written::default();
    let mut output = written.output(Format::Json);
    let attached = Instant::now() - Duration::from_secs(1);
    let mut latency = Latency::new(true, false, attached).unwrap();
    let frames: &mut dyn FrameAnalysis = &mut latency;
    let first = frame(b"", None);
    // Published one and a half seconds after the epoch, the second one a microsecond later.
    let second = FrameView {
        published_ns: first.published_ns.map(|ns| ns + 1_000),
        ..first
    };
    frames
        .begin(42, 0, Some(1_500_005_000), &mut output)
        .unwrap();
    frames.frame(&first, &mut output).unwrap();
    frames.frame(&second, &mut output).unwrap();
    // What comes later is looked at later.
    frames
        .begin(44, 0, Some(1_500_007_000), &mut output)
        .unwrap();
    frames.frame(&second, &mut output).unwrap();
    frames.report(&summary_of(3, true), &mut output).unwrap();
    output.flush().unwrap();
    let last = written.objects().pop().unwrap();
    let ages = ["min_us", "mean_us", "max_us"].map(|name| last[name].as_f64().unwrap());
    assert_eq!(ages, [4.0, 5.0, 6.0]);
}

#[test]
fn people_get_a_table_and_bars() {
    let ages: Vec<i64> = (1..=100).map(|i| i * 1_000).collect();
    let lines = reports(Format::Human, &[&ages]).lines();
    let cells: Vec<&str> = lines[2].split_whitespace().collect();
    let expected = [
        "100", "1.00", "µs", "50.5", "µs", "50.0", "µs", "90.0", "µs", "99.0", "µs", "100", "µs",
        "100", "µs",
    ];
    assert_eq!(cells, expected, "{lines:?}");
    // A period is told in short.
    let total = lines
        .iter()
        .position(|line| line.starts_with("total"))
        .unwrap();
    assert_eq!(total, 4);
    let bars: Vec<Vec<&str>> = lines[total + 5..]
        .iter()
        .map(|line| line.split_whitespace().collect())
        .take_while(|cells: &Vec<&str>| !cells.is_empty())
        .collect();
    let bounds: Vec<(&str, &str)> = bars.iter().map(|bar| (bar[0], bar[2])).collect();
    let expected = [
        ("1.00", "1"),
        ("2.00", "1"),
        ("5.00", "3"),
        ("10.0", "5"),
        ("20.0", "10"),
        ("50.0", "30"),
        ("100", "50"),
    ];
    assert_eq!(bounds, expected);
    assert_eq!(bars[6].last().unwrap().len(), 40);
}

#[test]
fn a_picture_has_all_there_is_and_shows_what_is_missing() {
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(Format::Json);
    let mut empty = latency(&schema, true);
    empty.report(&summary_of(0, true), &mut output).unwrap();
    assert_eq!(empty.panels(), []);
    let mut latency = latency(&schema, true);
    look(&mut *latency, &[9_000, 8_000, 0], 0, &mut output);
    look(&mut *latency, &[-7_000, -9_000], 3, &mut output);
    latency.report(&summary_of(4, true), &mut output).unwrap();
    let panels = latency.panels();
    assert_eq!(panels.len(), 3);
    assert_eq!(panels[2].gaps.len(), 1);
    let shares: f64 = panels[0]
        .layers
        .iter()
        .map(|layer| match layer {
            crate::plot::Layer::Bars(_, bars) => bars.iter().map(|bar| bar.2).sum(),
            _ => 0.0,
        })
        .sum();
    assert!((shares - 100.0).abs() < 1e-9, "{shares}");
}
