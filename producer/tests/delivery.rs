//! What slow readers do to a producer, and what it allows them.

#![cfg(unix)] // signals

mod common;

use std::{thread, time::Duration};

use common::{Producer, Rings, attach, drain, ring_that, run};
use ringbuf_core::{AttachError, Delivery, ReaderOptions, UntypedReader, WhenFull, inspect};

const BOUND: Duration = Duration::from_millis(20);

fn synth<'a>(ring: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&for_people(ring, more)[..], &["--json"]].concat()
}

fn for_people<'a>(ring: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    const VALUE: [&str; 4] = ["synth", "--channel", "value=gaussian:50,10", "--no-time"];
    let common = ["--ring", ring, "--capacity", "100"];
    [&VALUE[..], &common[..], more].concat()
}

fn refused(outcome: &common::Outcome) -> u64 {
    outcome.summary()["refused"].as_u64().expect("a number")
}

#[test]
fn what_finds_no_room_is_dropped_and_counted_in_its_run() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let drops = ["--rate", "0", "--count", "5000", "--when-full", "drop"];
    let waits = [&drops[..], &["--wait-for-readers", "1"]].concat();
    let producer = Producer::start(&synth(&ring, &waits));
    let stuck = attach(&ring);
    let outcome = producer.finish();
    assert!(outcome.status.success(), "{outcome:?}");
    assert!((80..=100).contains(&outcome.published()), "{outcome:?}");
    assert_eq!(outcome.published() + refused(&outcome), 5000);
    assert_eq!(drain(stuck).records().len() as u64, outcome.published());

    let total = ring_that(&ring, |_| true).refused;
    assert_eq!(total, refused(&outcome));
    let again = run(&synth(&ring, &drops));
    assert_eq!((again.published(), refused(&again)), (5000, 0), "{again:?}");
}

#[test]
fn a_person_is_told_what_was_refused() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let drops = ["--rate", "0", "--count", "5000", "--when-full", "drop"];
    let waits = [&drops[..], &["--wait-for-readers", "1"]].concat();
    let producer = Producer::start(&for_people(&ring, &waits));
    let _stuck = attach(&ring);
    let outcome = producer.finish();
    assert!(outcome.stderr.contains(" refused"), "{outcome:?}");
}

#[test]
fn a_bounded_reader_is_demoted_and_the_run_goes_on() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let more = [
        "--rate",
        "0",
        "--count",
        "5000",
        "--allow",
        "bounded:20ms",
        "--wait-for-readers",
        "1",
    ];
    let producer = Producer::start(&synth(&ring, &more));
    ring_that(&ring, |_| true);
    let mut stuck = UntypedReader::attach(&ring, ReaderOptions::bounded(BOUND).from_oldest())
        .expect("is allowed");
    let outcome = producer.finish();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!((outcome.published(), refused(&outcome)), (5000, 0));

    let (mut read, mut missed) = (0, 0);
    while let Some(batch) = stuck.next().expect("reads") {
        read += batch.records().len() as u64;
        missed += batch.missed();
    }
    assert!(stuck.is_demoted() && missed > 0);
    assert_eq!(read + missed, 5000);
}

#[test]
fn a_stopped_reader_is_demoted_as_well() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let more = [
        "--rate",
        "5000",
        "--allow",
        "bounded:20ms",
        "--wait-for-readers",
        "1",
    ];
    let producer = Producer::start(&synth(&ring, &more));
    ring_that(&ring, |_| true);
    let options = ReaderOptions::bounded(BOUND).named("slow").from_oldest();
    let mut reader = UntypedReader::attach(&ring, options).expect("is allowed");
    assert!(reader.next().expect("reads").is_some());
    ring_that(&ring, |info| {
        let readers = info.readers.iter().flatten();
        info.published > 1000 && readers.into_iter().any(|reader| reader.is_demoted)
    });
    producer.signal("TERM");
    assert!(producer.finish().status.success());
}

#[test]
fn more_than_is_allowed_is_refused() {
    let rings = Rings::new();
    let allowed_of = |name: &str, allow: &str, options: ReaderOptions| {
        let ring = rings.ring(name);
        let more = ["--rate", "0", "--count", "3", "--allow", allow];
        assert!(run(&synth(&ring, &more)).status.success());
        match UntypedReader::attach(&ring, options) {
            Ok(_) => None,
            Err(AttachError::NotAllowed { allowed, .. }) => Some(allowed),
            Err(error) => panic!("{error}"),
        }
    };
    let bounded = Delivery::Bounded(BOUND);
    let cases = [
        ("a", "lossy", ReaderOptions::lossy(), None),
        (
            "b",
            "lossy",
            ReaderOptions::bounded(BOUND),
            Some(Delivery::Lossy),
        ),
        (
            "c",
            "lossy",
            ReaderOptions::lossless(),
            Some(Delivery::Lossy),
        ),
        ("d", "bounded:20ms", ReaderOptions::bounded(BOUND), None),
        (
            "e",
            "bounded:20ms",
            ReaderOptions::bounded(2 * BOUND),
            Some(bounded),
        ),
        (
            "f",
            "bounded:20ms",
            ReaderOptions::lossless(),
            Some(bounded),
        ),
        ("g", "lossless", ReaderOptions::lossless(), None),
    ];
    for (name, allow, options, refused) in cases {
        assert_eq!(allowed_of(name, allow, options), refused, "{name}");
    }
}

#[test]
fn the_ring_says_what_it_was_made_for() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    assert!(
        run(&synth(&ring, &["--rate", "0", "--count", "3"]))
            .status
            .success()
    );
    let plain = inspect::info(&ring).expect("a ring");
    assert_eq!(
        (plain.allow, plain.when_full, plain.stamped),
        (Delivery::Lossless, WhenFull::Wait, true)
    );

    let more = [
        "--rate",
        "0",
        "--count",
        "3",
        "--allow",
        "bounded:20ms",
        "--when-full",
        "drop",
        "--no-stamp",
        "--replace",
    ];
    assert!(run(&synth(&ring, &more)).status.success());
    let other = inspect::info(&ring).expect("a ring");
    assert_eq!(
        (other.allow, other.when_full, other.stamped),
        (Delivery::Bounded(BOUND), WhenFull::Drop, false)
    );
}

#[test]
fn a_producer_that_drops_goes_on_beside_a_stopped_reader_until_it_is_told_to_end() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let more = [
        "--rate",
        "5000",
        "--when-full",
        "drop",
        "--wait-for-readers",
        "1",
    ];
    let producer = Producer::start(&synth(&ring, &more));
    let mut reader = attach(&ring);
    ring_that(&ring, |info| info.refused > 100);
    // Records are taken again as soon as there is room.
    assert!(reader.next().expect("reads").is_some());
    let published = inspect::info(&ring).expect("a ring").published;
    let end = std::time::Instant::now() + common::PATIENCE;
    while inspect::info(&ring).expect("a ring").published == published {
        assert!(std::time::Instant::now() < end, "nothing comes any more");
        assert!(reader.next().expect("reads").is_some());
        thread::sleep(Duration::from_millis(2));
    }
    producer.signal("TERM");
    let outcome = producer.finish();
    assert!(outcome.status.success(), "{outcome:?}");
    assert!(refused(&outcome) > 100);
}

#[test]
fn the_files_have_the_permissions_asked_for() {
    use std::os::unix::fs::PermissionsExt;

    let rings = Rings::new();
    let mode = |name: &str, more: &[&str]| {
        let ring = rings.ring(name);
        let more = [&["--rate", "0", "--count", "3"], more].concat();
        assert!(run(&synth(&ring, &more)).status.success());
        let path = inspect::path(&ring).expect("a name");
        let mode_of = |path: &std::path::Path| {
            let metadata = std::fs::metadata(path).expect("a file");
            metadata.permissions().mode() & 0o777
        };
        [mode_of(&path), mode_of(&path.with_extension("readers"))]
    };
    assert_eq!(mode("plain", &[]), [0o600, 0o600]);
    let shared = mode("shared", &["--mode", "0640", "--register", "group"]);
    assert_eq!(shared[0], 0o640);
    assert_eq!(shared[1] & 0o060, 0o060, "who registers writes this file");
    let looked_at = mode("looked-at", &["--mode", "0640", "--register", "owner"]);
    assert_eq!((looked_at[0], looked_at[1] & 0o020), (0o640, 0));
}

#[test]
fn a_long_wait_for_a_reader_is_told_and_counted_as_late() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let waits = ["--rate", "1000", "--wait-for-readers", "1"];
    let producer = Producer::start(&for_people(&ring, &waits));
    let _stuck = attach(&ring);
    thread::sleep(Duration::from_millis(1800));
    producer.signal("TERM");
    let outcome = producer.finish();
    let text = &outcome.stderr;
    assert!(text.contains("wait for the lossless reader"), "{text}");
    let late = text.split("at most ").nth(1).expect("how late");
    let late: f64 = late.split(' ').next().unwrap().parse().expect("a number");
    assert!(late > 1000.0, "{text}");
}
