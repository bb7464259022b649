use super::super::Kind;
use super::super::tests::{subject, view};
use super::*;
use crate::output::tests::Written;
use crate::progress::tests::summary_of;
use ringbuf_core::{Clock, Element, Field, Schema};
use serde_json::Value;

const ROBUST: Rule = Rule::Robust {
    window: DEFAULT_WINDOW,
    threshold: DEFAULT_THRESHOLD,
};

fn schema() -> Schema {
    Schema::packed([
        Field::new("t", Element::DateTimeNs).time(Clock::Unix),
        Field::new("value", Element::F64).unit("°C"),
    ])
    .unwrap()
}

/// One record a minute.
fn bytes_of(values: &[f64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (i, value) in values.iter().enumerate() {
        bytes.extend((i as i64 * 60_000_000_000).to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes
}

/// What is found in these values, handed over in batches of this size.
fn judged(rule: Rule, values: &[f64], batch: usize, format: Format) -> Written {
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(format);
    let mut anomaly = Kind::Anomaly(rule).of(&subject(&schema)).unwrap();
    let bytes = bytes_of(values);
    for (i, piece) in bytes.chunks(batch * schema.size()).enumerate() {
        let view = view(Records::new(&schema, piece), (i * batch) as u64, 0);
        anomaly.update(&view, &mut output).unwrap();
    }
    let summary = summary_of(values.len() as u64, true);
    anomaly.report(&summary, &mut output).unwrap();
    output.flush().unwrap();
    written
}

/// The findings, and the last line.
fn found(rule: Rule, values: &[f64], batch: usize) -> (Vec<Value>, Value) {
    let mut lines = judged(rule, values, batch, Format::Json).objects();
    let last = lines.pop().unwrap();
    (lines, last)
}

fn recording(file: &str, column: usize) -> (Vec<String>, Vec<f64>) {
    let path = format!("{}/../data/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_owned(), cells[column].parse::<f64>().unwrap())
    });
    rows.unzip()
}

/// The labelled windows of a recording, as the texts of their first and last time.
fn windows(file: &str) -> Vec<(String, String)> {
    let path = format!(
        "{}/../data/nab/combined_windows.subset.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let of_file = all[format!("realKnownCause/{file}")]
        .as_array()
        .unwrap()
        .clone();
    let text = |value: &Value| value.as_str().unwrap()[..19].to_owned();
    of_file
        .iter()
        .map(|window| (text(&window[0]), text(&window[1])))
        .collect()
}

/// Findings in each window, findings outside, and records outside.
fn tally(file: &str, window: usize, threshold: f64) -> (Vec<usize>, usize, usize) {
    let (times, values) = recording(&format!("nab/{file}"), 1);
    let windows = windows(file);
    let in_window = |time: &str| {
        windows
            .iter()
            .position(|(a, b)| (&a[..]..=b).contains(&time))
    };
    let (findings, _) = found(Rule::Robust { window, threshold }, &values, 1_000);
    let (mut inside, mut outside) = (vec![0; windows.len()], 0);
    for finding in findings {
        match in_window(&times[finding["sequence"].as_u64().unwrap() as usize]) {
            Some(window) => inside[window] += 1,
            None => outside += 1,
        }
    }
    let normal = times
        .iter()
        .filter(|time| in_window(time).is_none())
        .count();
    (inside, outside, normal)
}

#[test]
fn the_failures_of_a_machine_are_found() {
    let file = "machine_temperature_system_failure.csv";
    let (inside, outside, normal) = tally(file, DEFAULT_WINDOW, DEFAULT_THRESHOLD);
    // Windows: early oddity, planned shutdown, onset of the failure, failure.
    assert_eq!(inside, [2, 43, 2, 310]);
    assert_eq!((outside, normal), (152, 20_427));
    // Less than 1 % of what is normal, and not only at this one setting.
    for (window, threshold) in [(1_440, 6.0), (2_048, 8.0), (4_096, 6.0), (3_000, 7.0)] {
        let (inside, outside, normal) = tally(file, window, threshold);
        assert!(
            inside[1] > 0 && inside[3] > 0,
            "{window} {threshold}: {inside:?}"
        );
        assert!(outside * 100 < normal, "{window} {threshold}: {outside}");
    }
}

#[test]
fn a_band_finds_exactly_what_is_outside() {
    let rule = Rule::Band {
        center: 50.0,
        band: 25.0,
    };
    let values = [50.0, 75.0, 75.1, 25.0, 24.5, f64::NAN, f64::INFINITY];
    let (findings, last) = found(rule, &values, 2);
    let expected = r#"{"sequence":4,"time":"1970-01-01T00:04:00Z","field":"value","value":24.5,"score":1.02,"why":"band"}"#;
    assert_eq!(
        findings[1],
        serde_json::from_str::<Value>(expected).unwrap()
    );
    let sequences: Vec<u64> = findings
        .iter()
        .map(|f| f["sequence"].as_u64().unwrap())
        .collect();
    assert_eq!(sequences, [2, 4, 6]);
    assert_eq!(last["anomalies"], 3);
    assert_eq!(last["fields"]["value"]["judged"], 6);
    assert_eq!(last["final"], true);
}

#[test]
fn how_records_arrive_changes_nothing() {
    let (_, values) = recording("nab/ambient_temperature_system_failure.csv", 1);
    let rule = Rule::Robust {
        window: 100,
        threshold: 4.0,
    };
    let at_once = judged(rule, &values, values.len(), Format::Json).lines();
    assert!(at_once.len() > 50);
    for batch in [1, 7, 1_000, CHUNK, CHUNK + 1] {
        assert_eq!(judged(rule, &values, batch, Format::Json).lines(), at_once);
    }
}

#[test]
fn findings_come_record_by_record() {
    let schema = Schema::packed([Field::new("xy", Element::F64).shape(&[2])]).unwrap();
    let bytes: Vec<u8> = (0..6).flat_map(|i| f64::from(i).to_le_bytes()).collect();
    let written = Written::default();
    let mut output = written.output(Format::Json);
    let rule = Rule::Band {
        center: 0.0,
        band: 0.5,
    };
    let mut anomaly = Kind::Anomaly(rule).of(&subject(&schema)).unwrap();
    let records = Records::new(&schema, &bytes);
    let view = view(records, 10, 0);
    anomaly.update(&view, &mut output).unwrap();
    output.flush().unwrap();
    let found = written.objects();
    let where_: Vec<String> = found
        .iter()
        .map(|f| format!("{}{}", f["sequence"], f["field"]))
        .collect();
    let expected = [
        "10\"xy[1]\"",
        "11\"xy[0]\"",
        "11\"xy[1]\"",
        "12\"xy[0]\"",
        "12\"xy[1]\"",
    ];
    assert_eq!(where_, expected);
    assert!(found[0]["time"].is_null());
}

#[test]
fn a_gap_is_taken_into_account() {
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(Format::Json);
    let mut anomaly = Kind::Anomaly(ROBUST).of(&subject(&schema)).unwrap();
    let calm: Vec<f64> = (0..200).map(|i| f64::from(i % 10)).collect();
    let other: Vec<f64> = calm.iter().map(|value| value + 1_000.0).collect();
    let mut view = |values: &[f64], missed| {
        let bytes = bytes_of(values);
        let records = Records::new(&schema, &bytes);
        let view = view(records, 0, missed);
        anomaly.update(&view, &mut output).unwrap();
    };
    view(&calm, 0);
    // So much was missed that nothing is known about what is usual now.
    view(&other, DEFAULT_WINDOW as u64);
    view(&[0.0], 0);
    output.flush().unwrap();
    let found = written.objects();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["value"], 0.0);
}

#[test]
fn people_get_a_line_a_finding() {
    let rule = Rule::Band {
        center: 0.0,
        band: 1.0,
    };
    let lines = judged(rule, &[0.0, 7.5], 10, Format::Human).lines();
    let words: Vec<&str> = lines[0].split_whitespace().collect();
    let expected = [
        "1",
        "1970-01-01T00:01:00Z",
        "value",
        "7.50000",
        "°C",
        "score",
        "7.5",
        "outside",
        "the",
        "band",
    ];
    assert_eq!(words, expected);
    assert_eq!(lines[1], "total: 2 records in 1.0 s (0..2): 1 anomaly");
}
