//! The producer dies without closing the ring, and another carries on.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::common::{Place, eventually, finish, joined, records};
use ringbuf_core::inspect;
use ringbuf_core::{CreateOptions, Retain, UntypedProducer};

/// Set for the process that is to die: the ring it produces.
const RING: &str = "RING_OF_THE_PRODUCER_THAT_DIES";
/// The same: for how many readers it waits first.
const READERS: &str = "READERS_OF_THE_PRODUCER_THAT_DIES";

/// Not a test of its own: what the process that is to die does.
#[test]
fn publish_and_hang() {
    let Ok(ring) = std::env::var(RING) else {
        return;
    };
    let readers = std::env::var(READERS).unwrap().parse().unwrap();
    let options = CreateOptions::default().stamp(true);
    let retain = Retain::records(100);
    let schema = crate::common::schema();
    let mut producer = UntypedProducer::create_with(&ring, schema, retain, &options).unwrap();
    joined(&producer, readers);
    producer.publish_bytes(&records(0..10)).unwrap();
    // Not for ever, should nobody be left to kill it.
    thread::sleep(Duration::from_secs(60));
    std::process::abort();
}

fn producer_that_dies(place: &Place, readers: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "producer_death::publish_and_hang"])
        .env(RING, place.ring())
        .env(READERS, readers.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until ten records are published, and kills it.
fn kill(place: &Place, mut producer: Child) {
    eventually("ten records are published", || {
        inspect::info(&place.ring()).is_ok_and(|info| info.published == 10)
    });
    producer.kill().unwrap();
    producer.wait().unwrap();
}

/// A ring whose producer was killed after ten records.
pub fn dead_ring() -> Place {
    let place = Place::new();
    kill(&place, producer_that_dies(&place, 0));
    place
}

fn next_producer(place: &Place) -> UntypedProducer {
    place.producer_with(100, &CreateOptions::default().stamp(true))
}

#[test]
fn an_analyzer_waits_for_the_next_producer() {
    let place = Place::new();
    let dying = producer_that_dies(&place, 1);
    let stats = place.start("stats --json");
    kill(&place, dying);
    thread::sleep(Duration::from_millis(500));
    let mut next = next_producer(&place);
    next.publish_bytes(&records(10..30)).unwrap();
    next.close();
    let finished = finish(stats);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("died without closing"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stderr.contains("producer 2 carries on at 10"),
        "{}",
        finished.stderr
    );
    assert_eq!(finished.last()["read"], 30);
    assert_eq!(finished.last()["ended"], "closed");
}

#[test]
fn the_silence_of_the_dead_is_reported_once() {
    let place = dead_ring();
    let stats = place.start("stats --json --every 20ms");
    place.read_up_to(10);
    // A dead producer is noticed within a second or two, and then there are many empty periods.
    thread::sleep(Duration::from_secs(3));
    let mut next = next_producer(&place);
    next.publish_bytes(&records(10..30)).unwrap();
    place.read_up_to(30);
    next.close();
    let finished = finish(stats);
    assert_eq!(finished.last()["read"], 30);
    let lines = finished.objects();
    // Before the death is noticed the producer may still publish.
    assert!(lines.len() < 70, "{}", lines.len());
    let mut next = 0.into();
    for line in &lines[..lines.len() - 1] {
        assert_eq!(line["first_sequence"], next);
        next = line["next_sequence"].clone();
    }
    assert_eq!(next, 30);
}

#[test]
fn a_ring_taken_away_is_a_normal_end() {
    let place = dead_ring();
    let tail = place.start("tail --json");
    place.read_up_to(10);
    inspect::remove(&place.ring()).unwrap();
    let finished = finish(tail);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("ring r was removed"),
        "{}",
        finished.stderr
    );
    assert_eq!(finished.last()["ended"], "removed");
    assert_eq!(finished.last()["read"], 10);
}

#[test]
fn a_ring_replaced_is_a_normal_end_of_the_old_one() {
    let place = dead_ring();
    let tail = place.start("tail --json");
    place.read_up_to(10);
    let _new = place.producer_with(50, &CreateOptions::default().replace(true));
    let finished = finish(tail);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("ring r was replaced"),
        "{}",
        finished.stderr
    );
    assert_eq!(finished.last()["ended"], "replaced");
}

#[test]
fn a_time_that_has_passed_is_not_waited_for_on_a_dead_ring() {
    let place = dead_ring();
    let newest = place.run("tail --json --count 10").objects().remove(9);
    let published = newest["published"].as_str().unwrap();
    // Within the second in which it was published, the next or the one after.
    let soon = published.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_secs(2);
    let finished = place.run(&format!("tail --json --until {soon}"));
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.last()["read"], 10);
    assert_eq!(finished.last()["ended"], "until");
}
