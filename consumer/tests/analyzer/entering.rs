//! Who may read a ring, and how: what the producer allows, observers, rings that may be damaged.

use std::time::Duration;

use ringbuf_core::{CreateOptions, Delivery, ReaderOptions};

use crate::common::{Finished, Place, finish, records, signal};
use crate::producer_death::dead_ring;

#[track_caller]
fn refused(finished: &Finished, said: &[&str]) {
    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    for said in said {
        assert!(
            finished.stderr.contains(said),
            "{said}: {}",
            finished.stderr
        );
    }
    assert!(finished.stdout.is_empty(), "{}", finished.stdout);
}

#[test]
fn more_than_the_producer_allows_is_refused() {
    let place = Place::new();
    let options = CreateOptions::default().allow(Delivery::Lossy);
    let producer = place.producer_with(100, &options);
    let lossless = place.run("stats --lossless");
    refused(
        &lossless,
        &["does not allow lossless", "without --lossless"],
    );
    let bounded = place.run("stats --bounded 50ms");
    refused(
        &bounded,
        &["does not allow bounded:50ms", "without --bounded"],
    );
    drop(producer);

    let place = Place::new();
    let fifty = Delivery::Bounded(Duration::from_millis(50));
    let mut producer = place.producer_with(100, &CreateOptions::default().allow(fifty));
    for options in ["--lossless", "--bounded 51ms"] {
        let finished = place.run(&format!("stats {options}"));
        refused(&finished, &["use --bounded 50ms at most"]);
    }
    producer.publish_bytes(&records(0..10)).unwrap();
    let allowed = place.run("tail --json --bounded 50ms --from oldest --count 10");
    assert_eq!(allowed.code(), 0, "{}", allowed.stderr);
}

#[test]
fn a_ring_that_is_written_in_place_is_for_lossless_readers_alone() {
    let place = Place::new();
    let mut producer = place.producer_with(100, &CreateOptions::default().in_place(true));
    producer.publish_bytes(&records(0..10)).unwrap();
    for option in ["", "--bounded 50ms"] {
        let finished = place.run(&format!("stats {option}"));
        refused(
            &finished,
            &["ring r is written in place", "use this with --lossless"],
        );
    }
    let lossless = place.run("tail --json --lossless --from oldest --count 10");
    assert_eq!(lossless.code(), 0, "{}", lossless.stderr);
    assert_eq!(lossless.last()["read"], 10);
    // Nobody only observes it.
    let attach = |_| producer.reader(ReaderOptions::lossless()).unwrap();
    let readers: Vec<_> = (0..64).map(attach).collect();
    let full = place.run("stats --lossless");
    refused(&full, &["64 registered readers", "stop another"]);
    assert!(!full.stderr.contains("observe"), "{}", full.stderr);
    drop(readers);
    // As for a user who may not open it, but true for every user.
    std::fs::remove_file(place.path().join("r.readers")).unwrap();
    let finished = place.run("stats --lossless");
    refused(
        &finished,
        &["nobody only observes it", "ask the ring's owner"],
    );
}

#[test]
fn who_cannot_register_observes_or_is_refused() {
    let place = Place::new();
    let mut producer = place.producer(100);
    producer.publish_bytes(&records(0..10)).unwrap();
    // As for a user who may not open it, but true for every user.
    std::fs::remove_file(place.path().join("r.readers")).unwrap();
    for option in ["--lossless", "--bounded 50ms"] {
        let name = option.split(' ').next().unwrap();
        let without = format!("use this without {name}");
        let finished = place.run(&format!("stats {option}"));
        refused(&finished, &["only observe it", &without]);
    }
    let observer = place.run("tail --json --from oldest --count 10");
    assert_eq!(observer.code(), 0, "{}", observer.stderr);
    assert!(
        observer.stderr.contains("only observing"),
        "{}",
        observer.stderr
    );
    assert_eq!(observer.last()["read"], 10);
}

#[test]
fn when_all_places_are_taken_only_observers_come() {
    let place = Place::new();
    let mut producer = place.producer(100);
    producer.publish_bytes(&records(0..10)).unwrap();
    let attach = |_| producer.reader(ReaderOptions::lossy()).unwrap();
    let readers: Vec<_> = (0..64).map(attach).collect();
    let finished = place.run("stats --bounded 50ms");
    refused(&finished, &["64 registered readers", "without --bounded"]);
    let observer = place.run("tail --json --from oldest --count 10");
    assert_eq!(observer.last()["read"], 10);
    drop(readers);
}

/// Makes a ring one that the system was stopped with: its newest epoch belongs to another boot.
fn stop_the_system(place: &Place) {
    const BOOT: std::ops::Range<usize> = 4096 + 280..4096 + 296;
    let file = place.path().join("r.ring");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[BOOT].fill(0xa5);
    std::fs::write(&file, bytes).unwrap();
}

#[test]
fn a_ring_that_may_be_damaged_is_read_only_on_request() {
    let place = dead_ring();
    let sound = place.start("tail --json --unverified");
    place.read_up_to(10);
    // Whether it asks or not, of a sound ring it waits for the next producer.
    std::thread::sleep(Duration::from_secs(2));
    signal(&sound, "-TERM");
    let sound = finish(sound);
    assert_eq!(sound.last()["ended"], "stopped");
    assert!(!sound.stderr.contains("unverified"), "{}", sound.stderr);
    assert!(
        sound
            .stderr
            .contains("died without closing the ring; waiting"),
        "{}",
        sound.stderr
    );

    stop_the_system(&place);
    refused(
        &place.run("tail --json"),
        &["is unverified", "read it all the same with --unverified"],
    );
    let finished = place.run("tail --json --unverified");
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("records may be damaged"),
        "{}",
        finished.stderr
    );
    // Nobody carries such a ring on, so that is all.
    let last = finished.last();
    assert_eq!(
        (&last["read"], &last["ended"]),
        (&10.into(), &"closed".into())
    );
    assert!(!finished.stderr.contains("waiting"), "{}", finished.stderr);
}
