//! Where a sandbox forbids membarrier(2): nobody relies on a barrier that nobody issues.

use std::fs;
use std::thread;
use std::time::Duration;

use ringbuf_core::{CreateOptions, Preset, Producer, Reader, ReaderOptions, Retain};

use crate::support::process::{Role, hear, say, start};
use crate::support::{Rings, limit, system};

/// Where the word lies that says who issues the barriers.
const ASYMMETRIC: usize = 4096 + 264;

fn create(ring: &str) -> Producer<u64> {
    let options = CreateOptions::default().preset(Preset::Latency);
    Producer::create_with(ring, Retain::records(16), &options).unwrap()
}

/// Whether the producer leaves the barriers to its sleepers.
fn is_asymmetric(rings: &Rings) -> bool {
    fs::read(rings.file("calm.ring")).unwrap()[ASYMMETRIC] != 0
}

/// How often the calling thread has gone to sleep.
fn sleeps() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.unwrap().trim().parse().unwrap()
}

/// Waits for one record, and says how often it slept.
pub fn reader(arguments: &[String]) {
    if arguments[1] == "forbidden" && !system::fail_membarrier() {
        say("skipped");
        return;
    }
    let mut reader = Reader::<u64>::attach(&arguments[0], ReaderOptions::lossy()).unwrap();
    say("attached");
    let before = sleeps();
    assert_eq!(reader.next().unwrap().unwrap().records(), [7]);
    say(sleeps() - before);
}

/// Creates a ring and publishes when it is told to.
pub fn producer(arguments: &[String]) {
    if !system::fail_membarrier() {
        say("skipped");
        return;
    }
    let mut producer = create(&arguments[0]);
    say("created");
    hear();
    producer.publish(&7).unwrap();
}

/// Says why and returns true if the system has no such sandbox.
fn is_skipped(role: &Role, expected: &str) -> bool {
    let said = role.said();
    if said == "skipped" {
        println!("skipped: this system cannot make a system call fail");
        return true;
    }
    assert_eq!(said, expected);
    false
}

#[test]
fn a_reader_that_the_producer_may_not_notice_does_not_sleep_long() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("calm");
    let sleeps: Vec<u64> = ["allowed", "forbidden"]
        .iter()
        .map_while(|what| {
            let mut producer = create(&ring);
            assert!(is_asymmetric(&rings), "this system has no membarrier");
            let reader = start("reader in a sandbox", &[&ring, what]);
            if is_skipped(&reader, "attached") {
                return None;
            }
            thread::sleep(Duration::from_millis(500));
            producer.publish(&7).unwrap();
            Some(reader.finish()[0].parse().unwrap())
        })
        .collect();
    if let [allowed, forbidden] = sleeps[..] {
        // A handful, and one every millisecond.
        assert!(forbidden > 4 * allowed, "{allowed} and {forbidden} sleeps");
    }
}

#[test]
fn a_producer_that_cannot_leave_the_barriers_to_others_issues_them() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("calm");
    drop(create(&ring));
    assert!(is_asymmetric(&rings), "this system has no membarrier");
    let mut producer = start("producer in a sandbox", &[&ring]);
    if is_skipped(&producer, "created") {
        return;
    }
    assert!(
        !is_asymmetric(&rings),
        "the next one promised what it cannot"
    );
    let mut reader = Reader::<u64>::attach(&ring, ReaderOptions::lossy()).unwrap();
    producer.tell("publish");
    assert_eq!(reader.next().unwrap().unwrap().records(), [7]);
    producer.finish();
}
