//! `--bounded`: an analyzer that is held up is demoted, and holds the producer again when it has caught up.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::common::{Place, eventually, finish, joined, records, suspend};

/// The analyzer stands still while more is published than the ring keeps, and goes on.
fn is_lapped(place: &Place, analyzer: &Child, publish: impl FnOnce()) {
    let suspended = suspend(analyzer);
    publish();
    assert!(place.reader().unwrap().is_demoted);
    drop(suspended);
    eventually("it holds the producer again", || {
        !place.reader().unwrap().is_demoted
    });
}

#[test]
fn who_is_too_slow_is_demoted_and_joins_again() {
    let place = Place::new();
    let mut producer = place.producer(1_000);
    let stats = place.start("stats --json --bounded 1s");
    joined(&producer, 1);
    producer.publish_bytes(&records(0..10)).unwrap();
    place.read_up_to(10);
    assert_eq!(place.reader().unwrap().delivery.to_string(), "bounded:1s");

    let began = Instant::now();
    is_lapped(&place, &stats, || {
        producer.publish_bytes(&records(10..3_010)).unwrap();
    });
    // It was waited for.
    assert!(began.elapsed() >= Duration::from_secs(1));
    place.read_up_to(3_010);
    // Only who has joined again can be demoted again.
    is_lapped(&place, &stats, || {
        producer.publish_bytes(&records(3_010..6_000)).unwrap();
    });
    place.read_up_to(6_000);
    // With a reader that keeps up nothing is lost, however much there is.
    producer.publish_bytes(&records(6_000..20_000)).unwrap();
    place.read_up_to(20_000);
    producer.close();

    let finished = finish(stats);
    assert_eq!(finished.code(), 3, "{}", finished.stderr);
    for said in ["demoted at 10:", "missed ", "caught up at "] {
        assert!(finished.stderr.contains(said), "{}", finished.stderr);
    }
    let last = finished.last();
    assert_eq!((&last["demotions"], &last["lag"]), (&2.into(), &0.into()));
    // At least what did not fit beside the newest thousand, twice, and nothing of the end.
    let missed = last["missed"].as_u64().unwrap();
    assert!((3_990..=4_990).contains(&missed), "{last}");
    assert_eq!(last["next_sequence"], 20_000);
    assert_eq!(last["fields"]["value"]["count"], last["read"]);
}

#[test]
fn who_keeps_up_is_never_demoted() {
    let place = Place::new();
    let mut producer = place.producer(100);
    let stats = place.start("stats --json --bounded 30s");
    joined(&producer, 1);
    producer.publish_bytes(&records(0..20_000)).unwrap();
    producer.close();
    let finished = finish(stats);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let last = finished.last();
    assert_eq!(
        (&last["read"], &last["demotions"]),
        (&20_000.into(), &0.into())
    );
    assert!(!finished.stderr.contains("demoted"), "{}", finished.stderr);
}

#[test]
fn only_the_bounded_speak_of_demotions() {
    let place = Place::new();
    let mut producer = place.producer(100);
    producer.publish_bytes(&records(0..10)).unwrap();
    producer.close();
    assert!(place.run("stats --json").last().get("demotions").is_none());
}
