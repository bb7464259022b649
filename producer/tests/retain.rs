//! How much is kept: a number of records, or a length of time.

#![cfg(unix)] // signals

mod common;

use std::{thread, time::Duration};

use common::{Outcome, Producer, Rings, ring_that, run};
use ringbuf_core::inspect::{self, RingInfo};

fn synth<'a>(ring: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["synth", "--ring", ring, "--json"], more].concat()
}

fn kept(outcome: &Outcome) -> Option<f64> {
    outcome.summary()["kept_s"].as_f64()
}

#[test]
fn time_at_a_rate_is_a_capacity() {
    let rings = Rings::new();
    let cases: [(&str, &[&str], u64); 3] = [
        ("default", &["--retain", "2s"], 200),
        ("rate", &["--retain", "1m", "--rate", "50"], 3000),
        ("up", &["--retain", "15ms", "--rate", "100"], 2),
    ];
    for (name, more, capacity) in cases {
        let ring = rings.ring(name);
        let outcome = run(&synth(&ring, &[more, &["--count", "1"]].concat()));
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(kept(&outcome), None);
        assert_eq!(inspect::info(&ring).expect("a ring").capacity, capacity);
    }
}

#[test]
fn a_recording_needs_a_rate_to_be_kept_by_time() {
    let rings = Rings::new();
    let (ring, file) = (rings.ring("r"), rings.file("a.csv", "t_s,v\n0,1\n0.1,2\n"));
    let csv = ["csv", &file, "--ring", &ring, "--json", "--retain", "5s"];
    let refused = run(&csv);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    for part in ["--retain 5s", "--rate", "--capacity"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    let kept = run(&[&csv[..], &["--rate", "1000"]].concat());
    assert!(kept.status.success(), "{kept:?}");
    assert_eq!(inspect::info(&ring).expect("a ring").capacity, 5000);
}

/// Stops a producer for longer than it has promised to keep, so that it catches up in one burst,
/// and ends it when the ring is `so`.
fn end_after_a_burst(ring: &str, so: impl Fn(&RingInfo) -> bool) -> Outcome {
    let producer = Producer::start(&synth(ring, &["--rate", "1000", "--retain", "2s"]));
    let before = ring_that(ring, |info| info.published > 2100).published;
    producer.signal("STOP");
    thread::sleep(Duration::from_millis(2500));
    producer.signal("CONT");
    ring_that(ring, |info| info.published >= before + 2400 && so(info));
    producer.signal("TERM");
    let outcome = producer.finish();
    assert!(outcome.status.success(), "{outcome:?}");
    let warnings = outcome.stderr.matches("less than the 2 s of --retain");
    assert_eq!(warnings.count(), 1, "{}", outcome.stderr);
    outcome
}

#[test]
fn a_burst_that_leaves_less_time_than_promised_is_told_at_the_end() {
    let rings = Rings::new();
    let outcome = end_after_a_burst(&rings.ring("r"), |_| true);
    let kept = kept(&outcome).expect("it has gone around");
    assert!(kept < 1.9, "{kept}");
    for part in [
        "warning: the ring keeps",
        "2000 records",
        "at 1000 a second",
        "--replace",
    ] {
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    }
}

#[test]
fn a_burst_is_told_while_the_run_goes_on() {
    let rings = Rings::new();
    let enough = Duration::from_millis(1980);
    end_after_a_burst(&rings.ring("r"), |info| info.kept >= Some(enough));
}

#[test]
fn only_what_was_promised_is_watched() {
    let rings = Rings::new();
    let run_to_end = |name: &str, more: &[&str]| {
        let more = [&["--rate", "0", "--count", "5000"], more].concat();
        let outcome = run(&synth(&rings.ring(name), &more));
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(outcome.stderr, "");
        kept(&outcome)
    };
    assert!(run_to_end("full", &["--capacity", "100"]).is_some());
    assert_eq!(run_to_end("room", &["--capacity", "10000"]), None);
    assert_eq!(
        run_to_end("none", &["--capacity", "100", "--no-stamp"]),
        None
    );
}

#[test]
fn a_dense_past_is_no_breach_of_a_new_promise() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let dense = ["--rate", "0", "--count", "500", "--capacity", "100"];
    assert!(run(&synth(&ring, &dense)).status.success());
    let sparse = ["--rate", "100", "--retain", "1s", "--count", "10"];
    let outcome = run(&synth(&ring, &sparse));
    assert!(outcome.status.success(), "{outcome:?}");
    assert!(!outcome.stderr.contains("warning"), "{}", outcome.stderr);
}
