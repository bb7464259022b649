//! Findings as the program tells them: with records missed, from several rings, and as a picture.

use std::process::{Command, Stdio};

use ringbuf_core::{Retain, UntypedProducer};
use serde_json::Value;

use crate::common::{Finished, Place, finish, joined, schema, suspend};

/// Records from this one on, with these values, one a second.
fn records(first: u64, values: impl IntoIterator<Item = f64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (i, value) in (first..).zip(values) {
        bytes.extend((i as i64 * 1_000_000_000).to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes
}

/// A level with a little of up and down.
fn around(level: f64, len: usize) -> impl Iterator<Item = f64> {
    (0..len).map(move |i| level + (i * 7 % 31) as f64 / 31.0)
}

fn changes(finished: &Finished) -> Vec<Value> {
    let lines = finished.objects().into_iter();
    lines.filter(|line| line["why"] == "change").collect()
}

#[test]
fn a_change_is_told_once_with_where_it_began() {
    let place = Place::new();
    let mut producer = place.producer(8_192);
    let values = around(1.0, 3_000).chain(around(5.0, 3_000));
    producer.publish_bytes(&records(0, values)).unwrap();
    producer.close();
    let finished = place.run("anomaly --json");
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let found = changes(&finished);
    assert_eq!(found.len(), 1, "{}", finished.stdout);
    assert_eq!(found[0]["sequence"], 3_000);
    assert_eq!(found[0]["time"], "1970-01-01T00:50:00Z");
    let last = finished.last();
    assert_eq!(last["changes"], 1);
    let counts = &last["fields"]["value"];
    assert_eq!(counts["judged"].as_u64(), Some(6_000 - 64));
    assert_eq!(counts["not_judged"], 64);
}

#[test]
fn a_change_behind_missed_records_says_so() {
    let place = Place::new();
    let mut producer = place.producer(1_024);
    let analyzer = place.start("anomaly --rule change --json");
    joined(&producer, 1);
    for first in (0..2_048u64).step_by(256) {
        let piece = records(first, around(1.0, 256));
        producer.publish_bytes(&piece).unwrap();
        place.read_up_to(first + 256);
    }
    let suspended = suspend(&analyzer);
    producer
        .publish_bytes(&records(2_048, around(1.0, 256).chain(around(5.0, 1_536))))
        .unwrap();
    drop(suspended);
    place.read_up_to(3_840);
    producer.close();
    let finished = finish(analyzer);
    assert_eq!(finished.code(), 3, "{}", finished.stderr);
    let missed = finished.last()["missed"].as_u64().unwrap();
    assert!(missed >= 768, "{missed}");
    let found = changes(&finished);
    assert_eq!(found.len(), 1, "{}", finished.stdout);
    assert_eq!(found[0]["sequence"].as_u64(), Some(2_048 + missed));
    assert_eq!(found[0]["missing"].as_u64(), Some(missed));
    assert!(found[0]["window"].as_f64() < Some(1.0));
}

#[test]
fn findings_of_several_rings_name_theirs_and_share_a_picture() {
    let place = Place::new();
    let ring = |name: &str| place.path().join(name).display().to_string();
    for (name, level) in [("one", 3.0), ("other", 9.0)] {
        let mut producer =
            UntypedProducer::create(&ring(name), schema(), Retain::records(8_192)).unwrap();
        let values = around(1.0, 2_000).chain(around(level, 2_000));
        producer.publish_bytes(&records(0, values)).unwrap();
        producer.close();
    }
    let picture = place.path().join("found.svg");
    let mut command = Command::new(env!("CARGO_BIN_EXE_analyzer"));
    command.args(["anomaly", "--json", &ring("one"), &ring("other"), "--plot"]);
    command.arg(&picture);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let finished = finish(command.spawn().unwrap());
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let mut found = changes(&finished);
    found.sort_by_key(|change| change["ring"].to_string());
    let of = |change: &Value| (change["ring"].clone(), change["sequence"].clone());
    let found: Vec<_> = found.iter().map(of).collect();
    let expected = [("one".into(), 2_000.into()), ("other".into(), 2_000.into())];
    assert_eq!(found, expected);
    let picture = std::fs::read_to_string(picture).unwrap();
    for text in ["one · value", "other · value", "1 change", "anomalies"] {
        assert!(picture.contains(text), "{text}");
    }
}
