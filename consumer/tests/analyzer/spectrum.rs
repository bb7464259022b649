//! `spectrum`: frequencies of what comes through a ring.

use std::f64::consts::TAU;
use std::fs;

use crate::common::{Finished, Place, joined, schema, suspend};
use crate::frames::produce;
use ringbuf_core::{CreateOptions, Retain, UntypedProducer};
use serde_json::Value;

/// Records at 1 kHz, with a sine of this many hertz in them.
fn sine(numbers: std::ops::Range<u64>, hertz: f64) -> Vec<u8> {
    let record = |i: u64| {
        let time = (i as i64 * 1_000_000).to_le_bytes();
        let value = (TAU * hertz * i as f64 / 1000.0).sin().to_le_bytes();
        [time, value].concat()
    };
    numbers.flat_map(record).collect()
}

fn field(finished: &Finished) -> Value {
    finished.last()["fields"]["value"].take()
}

fn number(value: &Value, name: &str) -> f64 {
    value[name]
        .as_f64()
        .unwrap_or_else(|| panic!("{name} in {value}"))
}

#[test]
fn two_tones_of_a_producer_are_found_and_drawn() {
    let place = Place::new();
    let ring = place.ring();
    let channel = "x (g)=sine:1,50+sine:0.2,120+gaussian:0,0.05";
    let mut producer = produce(&[
        "synth",
        "--ring",
        &ring,
        "--channel",
        channel,
        "--rate",
        "2000",
        "--count",
        "6000",
        "--capacity",
        "6000",
        "--wait-for-readers",
        "1",
    ]);
    let picture = place.path().join("picture.svg");
    let options = format!(
        "spectrum --json --lossless --every 1s --plot {}",
        picture.display()
    );
    let finished = place.run(&options);
    assert!(producer.wait().unwrap().success());
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let field = finished.last()["fields"]["x (g)"].take();
    assert_eq!(field["segments"], 10);
    assert!((number(&field, "rate_hz") - 2000.0).abs() < 1e-3, "{field}");
    for (peak, (hertz, amplitude)) in [(50.0, 1.0), (120.0, 0.2)].into_iter().enumerate() {
        let peak = &field["peaks"][peak];
        assert!((number(peak, "frequency_hz") - hertz).abs() < 0.1, "{peak}");
        assert!(
            (number(peak, "amplitude") - amplitude).abs() < 0.01,
            "{peak}"
        );
    }
    let drawn = fs::read_to_string(picture).unwrap();
    let peak = |i: usize| number(&field["peaks"][i], "frequency_hz");
    let labels = [format!("{:.2} Hz", peak(0)), format!("{:.1} Hz", peak(1))];
    for text in labels
        .iter()
        .map(String::as_str)
        .chain(["frequency (Hz)", "density (g²/Hz)"])
    {
        assert!(drawn.contains(text), "{text}");
    }
}

#[test]
fn what_was_missed_is_in_no_segment() {
    let place = Place::new();
    let mut producer = place.producer(1_000);
    let analyzer = place.start("spectrum --json --window 256");
    joined(&producer, 1);
    producer.publish_bytes(&sine(0..1_000, 50.0)).unwrap();
    place.read_up_to(1_000);
    let suspended = suspend(&analyzer);
    for first in (1_000..10_000).step_by(500) {
        // The phase of what comes later is another: if it were one signal there would be no peak.
        let later = sine(first..first + 500, 50.0);
        producer.publish_bytes(&later).unwrap();
    }
    drop(suspended);
    producer.close();
    let finished = crate::common::finish(analyzer);
    assert_eq!(finished.code(), 3, "{}", finished.stderr);
    let last = finished.last();
    let field = &last["fields"]["value"];
    let (read, missed) = (number(&last, "read"), number(&last, "missed"));
    assert!(missed >= 8_000.0, "{last}");
    assert_eq!(
        (&field["dropped_segments"], &last["sampling"]["gaps"]),
        (&1.into(), &1.into())
    );
    // Six segments in front of the gap, those that fit behind it, and none across.
    let behind = ((read - 1_000.0 - 128.0) / 128.0).floor();
    assert_eq!(number(field, "segments"), 6.0 + behind);
    let used = (896.0 + 128.0 * (behind + 1.0)) / (read + missed);
    assert!((number(field, "used") - used).abs() < 1e-9, "{field}");
    assert!(
        (number(&field["peaks"][0], "amplitude") - 1.0).abs() < 0.01,
        "{field}"
    );
}

#[test]
fn another_producer_is_another_signal() {
    let place = Place::new();
    let mut first = place.producer(4_000);
    first.publish_bytes(&sine(0..900, 50.0)).unwrap();
    drop(first);
    let mut second = place.producer(4_000);
    second.publish_bytes(&sine(900..1_800, 50.0)).unwrap();
    second.close();
    let finished = place.run("spectrum --json --window 256 --from oldest");
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let field = field(&finished);
    assert_eq!(
        (&field["segments"], &field["dropped_segments"]),
        (&12.into(), &1.into())
    );
}

#[test]
fn a_ring_that_does_not_tell_its_rate_needs_to_be_told() {
    let place = Place::new();
    let bare = ringbuf_core::Schema::packed([schema().field("value").unwrap().clone()]).unwrap();
    let create = |options: &CreateOptions| {
        let retain = Retain::records(1_000);
        UntypedProducer::create_with(&place.ring(), bare.clone(), retain, options).unwrap()
    };
    let mut producer = create(&CreateOptions::default());
    let values: Vec<u8> = sine(0..1_000, 50.0)
        .chunks(16)
        .flat_map(|record| record[8..].to_vec())
        .collect();
    producer.publish_bytes(&values).unwrap();
    producer.close();
    let refused = place.run("spectrum");
    assert_eq!(refused.code(), 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("give --rate HZ"),
        "{}",
        refused.stderr
    );
    let finished = place.run("spectrum --rate 1000 --window 512 --json");
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let peak = &field(&finished)["peaks"][0];
    assert!((number(peak, "frequency_hz") - 50.0).abs() < 0.01, "{peak}");
}

#[test]
fn frames_have_no_frequencies() {
    let place = Place::new();
    place.frames(1 << 16).close();
    let refused = place.run("spectrum");
    assert_eq!(refused.code(), 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("holds frames"),
        "{}",
        refused.stderr
    );
}
