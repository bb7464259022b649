use super::super::Kind;
use super::super::tests::{subject, view};
use super::*;
use crate::output::tests::Written;
use crate::plot::Layer;
use crate::progress::tests::summary_of;
use proptest::prelude::*;
use ringbuf_core::{Clock, Element, Field, Schema};
use serde_json::Value;

/// What is looked for if nothing is said.
const USUAL: Rule = Rule::Learned {
    window: DEFAULT_WINDOW,
    threshold: DEFAULT_THRESHOLD,
    robust: true,
    change: true,
};

fn robust(window: usize, threshold: f64) -> Rule {
    Rule::Learned {
        window,
        threshold,
        robust: true,
        change: false,
    }
}

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
    let (findings, _) = found(robust(window, threshold), &values, 1_000);
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
    let expected = r#"{"sequence":4,"time":"1970-01-01T00:04:00Z","field":"value","value":24.5,"score":1.02,"why":"band","episode":1}"#;
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
    let rule = robust(100, 4.0);
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
    let mut anomaly = Kind::Anomaly(USUAL).of(&subject(&schema)).unwrap();
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
    assert!(lines[2].starts_with("field  judged  not judged"));
    let words: Vec<&str> = lines[3].split_whitespace().collect();
    assert_eq!(words, ["value", "2", "0", "1", "1", "0"]);
}

#[test]
fn people_are_told_when_an_episode_begins_and_is_over() {
    let rule = Rule::Band {
        center: 0.0,
        band: 1.0,
    };
    let mut values = vec![0.0; 300];
    values[10..20].fill(3.0);
    values[15] = -4.0;
    values[200..300].fill(2.0);
    let lines = judged(rule, &values, 7, Format::Human).lines();
    assert_eq!(lines.len(), 7, "{lines:?}");
    assert!(
        lines[0].ends_with("score    3.0  outside the band"),
        "{lines:?}"
    );
    let over = "over: 10 anomalies from 10 to 19, the worst -4 °C with score 4.0";
    assert!(lines[1].trim_start().starts_with("84 "), "{lines:?}");
    assert!(lines[1].ends_with(over), "{lines:?}");
    assert!(lines[2].trim_start().starts_with("200 "), "{lines:?}");
    let still = "still so: 100 anomalies from 200 to 299, the worst 2 °C with score 2.0";
    assert!(lines[3].ends_with(still), "{lines:?}");
    assert!(
        lines[4].ends_with(": 110 anomalies in 2 episodes"),
        "{lines:?}"
    );
}

/// Noise, then noise around another level.
fn step(before: usize, after: usize) -> Vec<f64> {
    let mut state = 7u64;
    let noise = std::iter::from_fn(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        Some((state >> 11) as f64 / (1u64 << 53) as f64)
    });
    let noise = noise.take(before + after).enumerate();
    noise
        .map(|(i, value)| value + if i < before { 20.0 } else { 40.0 })
        .collect()
}

#[test]
fn a_change_is_one_finding_and_what_follows_is_usual() {
    let (found, last) = found(USUAL, &step(5_000, 5_000), 1_000);
    let (changes, points): (Vec<&Value>, Vec<&Value>) =
        found.iter().partition(|line| line["why"] == "change");
    assert_eq!(changes.len(), 1);
    let change = changes[0];
    assert_eq!(
        (&change["sequence"], &change["of"], &change["missing"]),
        (&5_000.into(), &"level".into(), &0.into())
    );
    assert_eq!(change["time"], "1970-01-04T11:20:00Z");
    let level = |side: &str| change[side]["level"].as_f64().unwrap();
    assert!((level("before") - 20.5).abs() < 0.1 && (level("after") - 40.5).abs() < 0.1);
    // Until it is known that it lasts, and not for half a window.
    let known_at = change["known_at"].as_u64().unwrap();
    assert!(
        points
            .iter()
            .all(|point| point["sequence"].as_u64() <= Some(known_at))
    );
    assert_eq!(points.len() as u64, known_at - 5_000 + 1);
    assert!(
        points
            .iter()
            .all(|point| point["episode"] == 1 && point["window"] == 1.0)
    );
    assert_eq!(last["changes"], 1);
    let counts = &last["fields"]["value"];
    assert_eq!(
        (&counts["episodes"], &counts["changes"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        (&counts["judged"], &counts["not_judged"]),
        (&9_936.into(), &64.into())
    );
}

#[test]
fn a_change_tells_that_another_producer_carried_on() {
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(Format::Json);
    let mut anomaly = Kind::Anomaly(USUAL).of(&subject(&schema)).unwrap();
    let bytes = bytes_of(&step(5_000, 5_000));
    let (old, new) = bytes.split_at(bytes.len() / 2);
    let view = |bytes, first| super::super::tests::view(Records::new(&schema, bytes), first, 0);
    anomaly.update(&view(old, 0), &mut output).unwrap();
    anomaly.died();
    anomaly.restarted();
    anomaly.update(&view(new, 5_000), &mut output).unwrap();
    output.flush().unwrap();
    let found = written.objects();
    let change = found.iter().find(|line| line["why"] == "change").unwrap();
    assert_eq!(
        (&change["sequence"], &change["restarted"]),
        (&5_000.into(), &true.into())
    );
}

#[test]
fn periods_add_up() {
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(Format::Json);
    let mut anomaly = Kind::Anomaly(USUAL).of(&subject(&schema)).unwrap();
    let bytes = bytes_of(&step(1_000, 500));
    for (i, piece) in bytes.chunks(500 * schema.size()).enumerate() {
        let view = view(Records::new(&schema, piece), i as u64 * 500, 0);
        anomaly.update(&view, &mut output).unwrap();
        anomaly
            .report(&summary_of(500, false), &mut output)
            .unwrap();
    }
    anomaly
        .report(&summary_of(1_500, true), &mut output)
        .unwrap();
    output.flush().unwrap();
    let lines = written.objects().into_iter();
    let reports: Vec<Value> = lines.filter(|line| line["score"].is_null()).collect();
    let counts = |of: &str| -> Vec<u64> {
        let count = |report: &Value| report["fields"]["value"][of].as_u64().unwrap();
        reports.iter().map(count).collect()
    };
    assert_eq!(counts("judged"), [436, 500, 500, 1_436]);
    assert_eq!(counts("not_judged"), [64, 0, 0, 64]);
    assert_eq!(counts("changes"), [0, 0, 1, 1]);
    for of in ["anomalies", "episodes"] {
        let counts = counts(of);
        assert_eq!(counts[..3].iter().sum::<u64>(), counts[3], "{of}");
    }
}

#[test]
fn a_change_is_a_line_for_people() {
    let rule = Rule::Learned {
        window: DEFAULT_WINDOW,
        threshold: DEFAULT_THRESHOLD,
        robust: false,
        change: true,
    };
    let lines = judged(rule, &step(5_000, 5_000), 999, Format::Human).lines();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[0].contains("change: level 20."), "{lines:?}");
    assert!(lines[1].ends_with(": 0 anomalies, 1 change"), "{lines:?}");
}

/// Records of a sensor that are handed over in batches, some of them missed.
fn told_of(values: &[f64], missed: &[(usize, usize)], batch: usize) -> Vec<String> {
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(Format::Json);
    let mut anomaly = Kind::Anomaly(USUAL).of(&subject(&schema)).unwrap();
    let bytes = bytes_of(values);
    let (mut at, mut lost) = (0, 0);
    let mut give = |from: usize, to: usize, lost: &mut u64| {
        for begin in (from..to).step_by(batch) {
            let end = (begin + batch).min(to);
            let piece = &bytes[begin * schema.size()..end * schema.size()];
            let view = view(Records::new(&schema, piece), begin as u64, *lost);
            anomaly.update(&view, &mut output).unwrap();
            *lost = 0;
        }
    };
    for &(first, len) in missed {
        give(at, first, &mut lost);
        at = first + len;
        lost = len as u64;
    }
    give(at, values.len(), &mut lost);
    let summary = summary_of(values.len() as u64, true);
    anomaly.report(&summary, &mut output).unwrap();
    output.flush().unwrap();
    written.lines()
}

#[test]
fn a_change_that_is_known_when_records_are_missed_is_told() {
    // The third block with the new level ends at 5,184.
    let lines = told_of(&step(5_000, 1_000), &[(5_170, 130)], 100);
    let lines = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let changes: Vec<Value> = lines.filter(|line| line["why"] == "change").collect();
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (&changes[0]["sequence"], &changes[0]["known_at"]),
        (&5_000.into(), &5_183.into())
    );
    assert_eq!(changes[0]["time"], "1970-01-04T11:20:00Z");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn with_gaps_too_how_records_arrive_changes_nothing(
        batch in 1..3_000usize,
        gaps in prop::collection::vec((1..700usize, 1..300usize), 0..12),
    ) {
        let (_, values) = recording("xio-fusion/sensor_data.csv", 5);
        let mut missed = Vec::new();
        let mut at = 0;
        for (read, lost) in gaps {
            missed.push((at + read, lost));
            at += read + lost;
        }
        let found = told_of(&values, &missed, batch);
        prop_assert_eq!(found, told_of(&values, &missed, usize::MAX / 2));
    }
}

#[test]
fn a_recording_has_its_figures() {
    let last = |path, column| found(USUAL, &recording(path, column).1, 1_000).1;
    let counts = |path, column| {
        let last = last(path, column);
        ["anomalies", "episodes", "changes"].map(|name| last[name].as_u64().unwrap())
    };
    let machine = "nab/machine_temperature_system_failure.csv";
    let ambient = "nab/ambient_temperature_system_failure.csv";
    let (broad, imu) = (
        "broad/24_disturbed_tapping_A.csv",
        "xio-fusion/sensor_data.csv",
    );
    assert_eq!(counts(machine, 1), [496, 21, 3]);
    assert_eq!(counts(ambient, 1), [5, 4, 0]);
    assert_eq!(counts(broad, 1), [253, 14, 2]);
    assert_eq!(counts(broad, 9), [255, 39, 1]);
    assert_eq!(counts(imu, 4), [1317, 15, 8]);
}

#[test]
fn a_picture_shows_what_was_found() {
    let schema = schema();
    let mut output = Written::default().output(Format::Json);
    let subject = Subject {
        is_plotted: true,
        ..subject(&schema)
    };
    let mut anomaly = Kind::Anomaly(USUAL).of(&subject).unwrap();
    let mut values = step(5_000, 5_000);
    values[8_000] = 90.0;
    let bytes = bytes_of(&values);
    let half = bytes.len() / 2;
    for (first, missed, piece) in [(0, 0, &bytes[..half]), (5_500, 500, &bytes[half..])] {
        let view = view(Records::new(&schema, piece), first, missed);
        anomaly.update(&view, &mut output).unwrap();
    }
    anomaly
        .report(&summary_of(10_000, true), &mut output)
        .unwrap();
    let panels = anomaly.panels();
    assert_eq!(panels.len(), 1);
    let panel = &panels[0];
    assert_eq!(
        (panel.title.as_str(), panel.y.label.as_str()),
        ("value", "value (°C)")
    );
    assert!(panel.notes[0].contains("1 change"), "{:?}", panel.notes);
    assert_eq!(panel.gaps, [299_940.0..300_000.0]);
    let marked = panel
        .layers
        .iter()
        .any(|layer| matches!(layer, Layer::Marks(_, marks) if marks.contains(&(480_000.0, 90.0))));
    assert!(marked, "{:?}", panel.layers);
    let is_broken = panel.layers.iter().any(|layer| {
        matches!(layer, Layer::Envelope(_, usual) if usual.iter().any(|(x, ..)| x.is_nan()))
    });
    assert!(is_broken, "{:?}", panel.layers);
    let upright = panel.layers.iter().find_map(|layer| match layer {
        Layer::Upright(_, at) => Some(*at),
        _ => None,
    });
    assert_eq!(upright, Some(300_000.0));
}

#[test]
fn what_is_remembered_of_all_fields_is_bounded() {
    let schema = Schema::packed([Field::new("x", Element::U8).shape(&[64])]).unwrap();
    let of = |window, is_plotted| {
        let what = Subject {
            is_plotted,
            ..subject(&schema)
        };
        Kind::Anomaly(robust(window, 6.0)).of(&what)
    };
    let refused = of(1 << 20, false).map(drop).unwrap_err();
    assert!(refused.0.contains("64 fields") && refused.0.contains("--window"));
    assert!(of(1 << 16, false).is_ok());
    let mut anomaly = of(64, true).unwrap();
    let mut output = Written::default().output(Format::Json);
    anomaly.report(&summary_of(0, true), &mut output).unwrap();
    let panels = anomaly.panels();
    assert_eq!(panels.len(), PANELS);
    let last = panels.last().unwrap().notes.join(" ");
    assert!(last.contains("16 more fields are not drawn"), "{last}");
}

#[test]
fn blocks_that_go_on_into_the_next_period_are_counted_once() {
    let rule = Rule::Learned {
        window: 512,
        threshold: 6.0,
        robust: false,
        change: true,
    };
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(Format::Json);
    let mut anomaly = Kind::Anomaly(rule).of(&subject(&schema)).unwrap();
    let values: Vec<f64> = (0..400).map(|i| f64::from(i % 7)).collect();
    let bytes = bytes_of(&values);
    // Of a period that is not a number of blocks.
    for (i, piece) in bytes.chunks(25 * schema.size()).enumerate() {
        let view = view(Records::new(&schema, piece), (i * 25) as u64, 0);
        anomaly.update(&view, &mut output).unwrap();
        anomaly.report(&summary_of(25, false), &mut output).unwrap();
    }
    anomaly.report(&summary_of(400, true), &mut output).unwrap();
    output.flush().unwrap();
    let last = written.objects().pop().unwrap();
    let counts = &last["fields"]["value"];
    let all = counts["judged"].as_u64().unwrap() + counts["not_judged"].as_u64().unwrap();
    assert_eq!(all, 400, "{last}");
}
