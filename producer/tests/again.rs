//! A ring that is there already: continued, refused or replaced.

#![cfg(unix)] // signals

mod common;

use std::{fs, os::unix::fs::FileExt};

use common::{Outcome, Producer, Rings, attach, drain, ring_that, run};
use ringbuf_core::{
    AttachError,
    inspect::{self, ProducerState},
};

const FAST: [&str; 4] = ["--rate", "0", "--count", "10"];

fn synth<'a>(ring: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    const VALUE: [&str; 4] = ["synth", "--channel", "value=gaussian:50,10", "--no-time"];
    [&VALUE, &["--ring", ring, "--json"][..], more].concat()
}

fn assert_refused(outcome: &Outcome, parts: &[&str]) {
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    assert_eq!(outcome.stdout, "");
    for part in parts {
        assert!(
            outcome.stderr.contains(part),
            "{part:?} in {}",
            outcome.stderr
        );
    }
}

#[test]
fn a_ring_goes_on_where_it_was_left_and_is_replaced_only_when_asked() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let same = [&FAST[..], &["--capacity", "100"]].concat();
    assert!(run(&synth(&ring, &same)).status.success());
    assert!(run(&synth(&ring, &same)).status.success());
    assert_eq!(attach(&ring).lag(), 20);

    let other = [&FAST[..], &["--capacity", "50"]].concat();
    assert_refused(
        &run(&synth(&ring, &other)),
        &[
            "found:    100 records",
            "expected: 50 records",
            "--replace replaces it",
        ],
    );
    let replaced = run(&synth(&ring, &[&other[..], &["--replace"]].concat()));
    assert!(replaced.status.success(), "{replaced:?}");
    assert_eq!(attach(&ring).lag(), 10);
}

#[test]
fn every_choice_that_is_in_the_file_makes_a_ring_another() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    assert!(run(&synth(&ring, &FAST)).status.success());
    let cases: [&[&str]; 5] = [
        &["--allow", "lossy"],
        &["--allow", "bounded:50ms"],
        &["--when-full", "drop"],
        &["--no-stamp"],
        &["--channel", "more=sine:1,1"],
    ];
    for other in cases {
        let refused = run(&synth(&ring, &[&FAST[..], other].concat()));
        let parts = [
            "is different",
            "found: ",
            "expected: ",
            "--replace replaces it",
        ];
        assert_refused(&refused, &parts);
    }
    assert_eq!(attach(&ring).lag(), 10);
}

#[test]
fn who_names_no_capacity_takes_that_of_the_ring() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let small = [&FAST[..], &["--capacity", "50"]].concat();
    assert!(run(&synth(&ring, &small)).status.success());
    let again = run(&synth(&ring, &FAST));
    assert!(again.status.success(), "{again:?}");
    let info = inspect::info(&ring).expect("a ring");
    assert_eq!((info.capacity, info.published), (50, 20));

    let replaced = run(&synth(&ring, &[&FAST[..], &["--replace"]].concat()));
    assert!(replaced.status.success(), "{replaced:?}");
    let info = inspect::info(&ring).expect("a ring");
    assert_eq!((info.capacity, info.published), (524_288, 10));
}

#[test]
fn after_a_kill_the_same_command_goes_on() {
    let rings = Rings::new();
    let arguments = synth("r", &["--rate", "1000", "--retain", "1m"]);
    let (first, ring) = (
        Producer::start_in(rings.path(), &arguments),
        rings.ring("r"),
    );
    let mut reader = attach(&ring);
    let begin = reader.cursor();
    ring_that(&ring, |info| info.published > 20);
    first.signal("KILL");
    assert!(!first.finish().status.success());
    let dead = ring_that(&ring, |info| info.producer == ProducerState::Died);
    assert_eq!(dead.epoch, 1);

    let second = Producer::start_in(rings.path(), &arguments);
    let alive = ring_that(&ring, |info| {
        info.epoch == 2 && info.published > dead.published + 20
    });
    assert_eq!((alive.ring_id, alive.capacity), (dead.ring_id, 60_000));
    second.signal("TERM");
    let outcome = second.finish();
    assert!(outcome.status.success(), "{outcome:?}");

    let closed = inspect::info(&ring).expect("a ring");
    assert_eq!(closed.producer, ProducerState::Closed);
    assert_eq!(closed.published, dead.published + outcome.published());
    let mut next = begin;
    while let Some(batch) = reader.next().expect("reads") {
        assert_eq!((batch.first_sequence(), batch.missed()), (next, 0));
        next += batch.records().len() as u64;
    }
    assert_eq!(next, closed.published);
}

#[test]
fn a_second_producer_is_refused() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let first = Producer::start(&synth(&ring, &[]));
    drop(attach(&ring));
    for more in [&[][..], &["--replace"], &["--capacity", "7"]] {
        assert_refused(&run(&synth(&ring, more)), &["has a living producer"]);
    }
    first.signal("TERM");
    assert!(first.finish().status.success());
}

#[test]
fn a_recording_that_cannot_be_read_leaves_no_ring_behind() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let file = rings.file("states.csv", "state,v\nrunning,1\nstopped,2\n");
    let csv = ["csv", &file, "--ring", &ring, "--json"];
    let wrong = run(&csv);
    assert_refused(&wrong, &["line 2, column 1", "--text"]);
    assert!(matches!(
        inspect::info(&ring),
        Err(AttachError::NotFound { .. })
    ));
    let corrected = run(&[&csv[..], &["--text", "state"]].concat());
    assert!(corrected.status.success(), "{corrected:?}");
    assert_eq!(drain(attach(&ring)).numbers("v"), [1.0, 2.0]);
}

/// As if the system had stopped while a producer had the ring, and started again.
fn boot_again(ring: &str) {
    const BOOT: u64 = 280;
    const LIVE_OFFSET: u64 = 120;
    let path = inspect::path(ring).expect("a name");
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .expect("opens");
    let mut live = [0; 8];
    file.read_exact_at(&mut live, LIVE_OFFSET).expect("reads");
    file.write_all_at(&[0x5a; 16], u64::from_le_bytes(live) + BOOT)
        .expect("writes");
}

#[test]
fn a_ring_that_cannot_be_trusted_is_replaced_only_when_asked() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let first = Producer::start(&synth(&ring, &["--rate", "1000"]));
    ring_that(&ring, |info| info.published > 5);
    first.signal("KILL");
    first.finish();
    boot_again(&ring);
    if !inspect::info(&ring).expect("a ring").is_unverified {
        return; // a system that does not tell its boots apart
    }
    assert_refused(
        &run(&synth(&ring, &FAST)),
        &["is unverified", "--replace replaces it"],
    );
    let replaced = run(&synth(&ring, &[&FAST[..], &["--replace"]].concat()));
    assert!(replaced.status.success(), "{replaced:?}");
    let info = inspect::info(&ring).expect("a ring");
    assert_eq!((info.published, info.is_unverified), (10, false));
}
