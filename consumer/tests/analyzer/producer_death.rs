//! The producer dies without closing the ring, and another carries on.

use std::process::{Command, Stdio};

use crate::common::{Place, eventually, finish, joined, records};
use ringbuf_core::{Retain, UntypedProducer};

/// Set for the process that is to die: the ring it produces.
const RING: &str = "RING_OF_THE_PRODUCER_THAT_DIES";

/// Not a test of its own: what the process that is to die does.
#[test]
fn publish_and_hang() {
    let Ok(ring) = std::env::var(RING) else {
        return;
    };
    let retain = Retain::records(100);
    let mut producer = UntypedProducer::create(&ring, crate::common::schema(), retain).unwrap();
    joined(&producer, 1);
    producer.publish_bytes(&records(0..10)).unwrap();
    loop {
        std::thread::park();
    }
}

#[test]
fn an_analyzer_waits_for_the_next_producer() {
    let place = Place::new();
    let mut dying = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "producer_death::publish_and_hang"])
        .env(RING, place.ring())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let stats = place.start("stats --json");
    eventually("ten records are published", || {
        ringbuf_core::inspect::info(&place.ring()).is_ok_and(|info| info.published == 10)
    });
    dying.kill().unwrap();
    dying.wait().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let mut next = place.producer(100);
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
}
