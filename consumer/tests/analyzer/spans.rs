//! `--from` and `--until`, and how far behind an analyzer is.

use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ringbuf_core::{CreateOptions, UntypedProducer};
use serde_json::Value;

use crate::common::{Finished, Place, finish, joined, records};

/// Five hundred records of which the last two hundred are kept, published ten at a time.
fn stamped(place: &Place) -> UntypedProducer {
    let mut producer = place.producer_with(200, &CreateOptions::default().stamp(true));
    for part in 0..50 {
        let numbers = part * 10..part * 10 + 10;
        producer.publish_bytes(&records(numbers)).unwrap();
        thread::sleep(Duration::from_millis(2));
    }
    producer
}

/// The records of a `tail --json`.
fn lines(finished: &Finished) -> Vec<Value> {
    let mut lines = finished.objects();
    lines.pop();
    lines
}

fn sequences(finished: &Finished) -> Vec<u64> {
    let sequence = |line: &Value| line["sequence"].as_u64().unwrap();
    lines(finished).iter().map(sequence).collect()
}

fn published(line: &Value) -> Timestamp {
    line["published"].as_str().unwrap().parse().unwrap()
}

#[track_caller]
fn read(place: &Place, options: &str, code: i32) -> Finished {
    let finished = place.run(&format!("tail --json {options}"));
    assert_eq!(finished.code(), code, "{options}: {}", finished.stderr);
    finished.last();
    finished
}

#[test]
fn records_are_found_by_sequence() {
    let place = Place::new();
    let _producer = stamped(&place);
    let span = |options: &str| {
        let finished = read(&place, options, 0);
        assert_eq!(finished.last()["ended"], "until", "{options}");
        sequences(&finished)
    };
    let expected: Vec<u64> = (350..420).collect();
    assert_eq!(span("--from 350 --until 420"), expected);
    assert_eq!(span("--from=350 --until=4_20 --lossless"), expected);
    assert_eq!(span("--from 350 --until 420 --bounded 1s"), expected);
    assert_eq!(
        span("--from last:1_00 --until 500"),
        (400..500).collect::<Vec<_>>()
    );
    // As many as there are.
    assert_eq!(span("--from last:9999 --until 500").len(), 200);
    assert_eq!(span("--from oldest --until 310").len(), 10);
    assert_eq!(span("--until 500").len(), 0);
}

#[test]
fn what_is_not_kept_any_more_counts_as_missed() {
    let place = Place::new();
    let _producer = stamped(&place);
    let finished = read(&place, "--from 250 --until 320", 3);
    assert_eq!(sequences(&finished), (300..320).collect::<Vec<_>>());
    let last = finished.last();
    assert_eq!(
        (&last["missed"], &last["first_sequence"]),
        (&50.into(), &250.into())
    );
    let gone = read(&place, "--from 10 --until 20", 3);
    assert_eq!(gone.last()["read"], 0);
    assert!(gone.last()["missed"].as_u64().unwrap() >= 10);
}

#[test]
fn a_span_may_end_in_what_is_yet_to_come() {
    let place = Place::new();
    let mut producer = stamped(&place);
    let tail = place.start("tail --json --from 490 --until 510");
    joined(&producer, 1);
    place.read_up_to(500);
    producer.publish_bytes(&records(500..530)).unwrap();
    let finished = finish(tail);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(sequences(&finished), (490..510).collect::<Vec<_>>());
    assert_eq!(finished.last()["lag"], 20);
    // Records that were not asked for are nothing to be behind of.
    let people = place.run("tail --from 490 --until 510");
    assert!(people.stderr.contains("(490..510)"), "{}", people.stderr);
    assert!(!people.stderr.contains("behind"), "{}", people.stderr);
}

#[test]
fn records_are_found_by_time() {
    let place = Place::new();
    let _producer = stamped(&place);
    let all = lines(&read(&place, "--from oldest --until 500", 0));
    assert_eq!(all.len(), 200);
    // Each ten were published together, and later than those before.
    let of = |sequence: usize| published(&all[sequence - 300]);
    assert!(of(300) < of(350) && of(350) < of(420), "{all:?}");
    let span = |options: &str| sequences(&read(&place, options, 0));

    let both = format!("--from {} --until {}", of(350), of(420));
    assert_eq!(span(&both), (350..420).collect::<Vec<_>>());
    // Read again, it is the same to the byte.
    let [once, again] = [(); 2].map(|()| read(&place, &both, 0).stdout);
    let records = |text: &str| text.lines().take(70).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(records(&once), records(&again));

    // A nanosecond later it is the next ten.
    let after = of(350) + SignedDuration::from_nanos(1);
    let later = format!("--from {after} --until {}", of(420));
    assert_eq!(span(&later), (360..420).collect::<Vec<_>>());
    let mixed = format!("--from {} --until 365", of(350));
    assert_eq!(span(&mixed), (350..365).collect::<Vec<_>>());
    // Before all that is kept, and on another clock: nobody knows what is gone of it.
    let early = format!("--from 1999-12-31T19:00:00-05:00 --until {}", of(310));
    let incomplete = read(&place, &early, 3);
    assert_eq!(sequences(&incomplete), (300..310).collect::<Vec<_>>());
    let told = "does not reach back to that time: it begins with record 300";
    assert!(incomplete.stderr.contains(told), "{}", incomplete.stderr);
    // A time that has not come.
    let ahead = place.run("tail --from 2200-01-01T00:00:00Z");
    assert_eq!(ahead.code(), 1, "{}", ahead.stderr);
    assert!(ahead.stderr.contains("ahead"), "{}", ahead.stderr);
}

#[test]
fn records_are_found_by_their_age() {
    let place = Place::new();
    let _producer = stamped(&place);
    let all = lines(&read(&place, "--from oldest --until 500", 0));
    let newest = published(&all[199]);
    let micros = newest.duration_since(published(&all[120])).as_micros();
    for from in ["--from -", "--from=-"] {
        let finished = read(&place, &format!("{from}{}us --until 500", micros + 1), 0);
        assert_eq!(sequences(&finished), (420..500).collect::<Vec<_>>());
        let longer_ago = read(&place, &format!("{from}1h --until 500"), 0);
        assert_eq!(sequences(&longer_ago).len(), 200);
    }
}

#[test]
fn a_ring_without_times_says_so() {
    let place = Place::new();
    let mut producer = place.producer(100);
    producer.publish_bytes(&records(0..10)).unwrap();
    for options in [
        "--from -5s",
        "--from 2026-11-20T10:00:00Z",
        "--from oldest --until 2026-11-20T10:00:00Z",
    ] {
        let finished = place.run(&format!("tail {options}"));
        assert_eq!(finished.code(), 1, "{options}");
        for said in ["ring r has no publication times", "last:1_000"] {
            assert!(finished.stderr.contains(said), "{}", finished.stderr);
        }
    }
    producer.close();
    let without = read(&place, "--from oldest", 0);
    assert!(lines(&without)[0].get("published").is_none());
    assert!(without.last()["lag_s"].is_null());
}

#[test]
fn a_span_that_cannot_be_is_refused() {
    let place = Place::new();
    let mut producer = place.producer(100);
    producer.publish_bytes(&records(0..10)).unwrap();
    let early = place.run("tail --from 11");
    assert_eq!(early.code(), 1);
    for said in ["has not come to --from 11 yet", "to be published is 10"] {
        assert!(early.stderr.contains(said), "{}", early.stderr);
    }
    assert_eq!(place.run("tail --from 10 --until 10").code(), 2);
    assert_eq!(place.run("tail --from 10 --until 5").code(), 2);
    assert_eq!(place.run("tail --from tomorrow").code(), 2);
}

#[test]
fn who_stops_while_behind_says_how_far() {
    let place = Place::new();
    let mut producer = place.producer_with(1_000, &CreateOptions::default().stamp(true));
    producer.publish_bytes(&records(0..500)).unwrap();
    thread::sleep(Duration::from_millis(50));
    // More came than was asked for: the rest counts as not read.
    let counted = read(&place, "--from oldest --count 123", 0).last();
    assert_eq!(
        (&counted["ended"], &counted["lag"]),
        (&"count".into(), &377.into())
    );
    assert!(counted["lag_s"].as_f64().unwrap() >= 0.05, "{counted}");
    let done = read(&place, "--from oldest --duration 100ms", 0).last();
    assert_eq!(
        (&done["ended"], &done["lag"], &done["lag_s"]),
        (&"duration".into(), &0.into(), &0.0.into())
    );
}

#[test]
fn who_ends_early_tells_people_how_much_is_left() {
    let place = Place::new();
    let mut producer = place.producer_with(10_000, &CreateOptions::default().stamp(true));
    producer.publish_bytes(&records(0..9_000)).unwrap();
    // Nobody takes its lines, and so its time is over before it has read everything.
    let tail = place.start("tail --from oldest --duration 300ms");
    thread::sleep(Duration::from_millis(500));
    let finished = finish(tail);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let read = finished.stdout.lines().count() - 1;
    let expected = format!("(0..{read}), {} behind (", 9_000 - read);
    assert!(
        read < 9_000 && finished.stderr.contains(&expected),
        "{}",
        finished.stderr
    );
}

#[test]
fn periods_say_how_far_behind_they_end() {
    let place = Place::new();
    let mut producer = place.producer_with(1_000, &CreateOptions::default().stamp(true));
    let stats = place.start("stats --json --every 20ms");
    joined(&producer, 1);
    producer.publish_bytes(&records(0..10)).unwrap();
    place.read_up_to(10);
    thread::sleep(Duration::from_millis(100));
    producer.close();
    let finished = finish(stats);
    assert_eq!(finished.last()["lag"], 0);
    for line in lines(&finished) {
        assert!(line["lag"].is_u64() && line["lag_s"].is_f64(), "{line}");
        assert!(line.get("ended").is_none(), "{line}");
    }
}
