//! How a run ends, and how it refuses to begin.

#![cfg(unix)] // signals

mod common;

use std::{
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use common::{Producer, Rings, attach, drain, hear, recording, run};

const VALUE: [&str; 4] = ["synth", "--channel", "value=gaussian:50,10", "--no-time"];

fn synth<'a>(ring: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&VALUE, &["--ring", ring, "--json"][..], more].concat()
}

#[test]
fn a_signal_finishes_the_report_and_closes_the_ring() {
    for signal in ["INT", "TERM"] {
        let rings = Rings::new();
        let ring = rings.ring("r");
        let producer = Producer::start(&synth(&ring, &["--wait-for-readers", "1"]));
        let mut reader = attach(&ring);
        let first = reader
            .next()
            .expect("reads")
            .map(|batch| batch.records().len());
        assert!(first.is_some_and(|records| records > 0));
        producer.signal(signal);
        let rest = drain(reader).records().len();
        let outcome = producer.finish();
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(outcome.published(), (first.unwrap_or(0) + rest) as u64);
    }
}

#[test]
fn a_signal_ends_the_wait_for_a_stuck_reader() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let more = [
        "--rate",
        "0",
        "--capacity",
        "100",
        "--wait-for-readers",
        "1",
    ];
    let producer = Producer::start(&synth(&ring, &more));
    let reader = attach(&ring);
    // The last eighth may stay free: records go out in pieces, and the next piece does not fit.
    while reader.lag() < 80 {
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(50));
    producer.signal("TERM");
    let outcome = producer.finish();
    assert!(outcome.status.success(), "{outcome:?}");
    assert!((80..=100).contains(&outcome.published()), "{outcome:?}");
    assert_eq!(drain(reader).records().len() as u64, outcome.published());
}

#[test]
fn the_duration_ends_the_wait_for_a_stuck_reader() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let more = [
        "--rate",
        "1e5",
        "--capacity",
        "100",
        "--wait-for-readers",
        "1",
        "--duration",
        "300ms",
    ];
    let producer = Producer::start(&synth(&ring, &more));
    let reader = attach(&ring);
    let outcome = producer.finish();
    assert!(outcome.status.success(), "{outcome:?}");
    assert!((80..=100).contains(&outcome.published()), "{outcome:?}");
    assert_eq!(drain(reader).records().len() as u64, outcome.published());
}

#[test]
fn a_signal_ends_the_wait_for_readers() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let producer = Producer::start(&synth(&ring, &["--wait-for-readers", "2"]));
    let reader = attach(&ring);
    thread::sleep(Duration::from_millis(50));
    producer.signal("INT");
    let outcome = producer.finish();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(outcome.published(), 0);
    assert!(
        outcome
            .stderr
            .contains("waiting for 2 registered reader(s)"),
        "{}",
        outcome.stderr
    );
    assert_eq!(drain(reader).records().len(), 0);
}

#[test]
fn a_signal_ends_a_long_gap_of_a_recording() {
    let rings = Rings::new();
    let (ring, file) = (
        rings.ring("r"),
        recording("nab/ambient_temperature_system_failure.csv"),
    );
    let producer = Producer::start(&["csv", &file, "--ring", &ring, "--json"]);
    let mut reader = attach(&ring);
    assert!(reader.next().expect("reads").is_some());
    thread::sleep(Duration::from_millis(50));
    producer.signal("INT");
    let outcome = producer.finish();
    assert_eq!(outcome.published(), 1);
    assert!(
        outcome.stderr.contains("due in 3600 s"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_closed_pipe_is_a_normal_end() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let mut child = Command::new(env!("CARGO_BIN_EXE_producer"))
        .args(synth(&ring, &["--count", "3"]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop((child.stdout.take(), child.stderr.take()));
    assert!(child.wait().expect("waits").success());
}

#[test]
fn wrong_usage_is_told_apart_from_failure() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    assert_eq!(run(&["synth"]).status.code(), Some(2));
    assert_eq!(
        run(&synth(&ring, &["--when-full", "burst"])).status.code(),
        Some(2)
    );
    assert_eq!(
        run(&synth(&ring, &["--rate", "0", "--retain", "5s"]))
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        run(&synth(&ring, &["--channel", "value=sine:1,1"]))
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        run(&["csv", "/nowhere.csv", "--ring", &ring]).status.code(),
        Some(1)
    );
    assert_eq!(run(&["csv", "/", "--ring", &ring]).status.code(), Some(1));
    assert_eq!(run(&["--help"]).status.code(), Some(0));
}

#[test]
fn many_waits_for_readers_are_satisfied_by_one_each() {
    let rings = Rings::new();
    for name in ["a", "b", "c"] {
        let (heard, _) = hear(
            &rings.ring(name),
            &[&VALUE[..], &["--rate", "0", "--count", "7"]].concat(),
        );
        assert_eq!(heard.records().len(), 7);
    }
}
