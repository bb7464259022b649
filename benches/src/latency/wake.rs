//! Waking a reader that sleeps: when a record was published here, and when the other process had it, by the clock that
//! both have in common.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hdrhistogram::Histogram;
use ringbuf_core::Wait;

use super::case::{Task, Times};
use super::sizes::with_words;
use crate::bare::{change_and_wake, sleep_until_changed, spin_for};
use crate::clock::now_ns;
use crate::record;
use crate::role::Role;

/// Long enough for the other to fall asleep for the first time.
const SETTLE: Duration = Duration::from_millis(20);

/// The line with what is published, and the one with who is ready, where there is no ring.
const PUBLISHED: usize = 0;
const READY: usize = 1;

pub(super) fn measure(task: &Task, other: Role) -> Times {
    let published = match task.case.ring {
        None => bare(task),
        Some(_) => with_words!(task.case.bytes, ring(task)),
    };
    let said = other.finish();
    let numbers: Vec<u64> = said
        .split_whitespace()
        .map(|number| number.parse().expect("a time"))
        .collect();
    let (&sleeps, received) = numbers.split_first().expect("a number of sleeps");
    assert_eq!(
        received.len(),
        published.len(),
        "not every record was received"
    );
    let mut histogram = Histogram::new(3).expect("a histogram");
    for (published, received) in published.iter().zip(received) {
        histogram += received.saturating_sub(*published);
    }
    Times { histogram, sleeps }
}

/// Plays the other process: says how often it slept, and when it had each record.
pub(super) fn answer(task: &Task) {
    let mut received = Vec::with_capacity(task.case.turns as usize);
    let before = match task.case.ring {
        None => bare_answer(task, &mut received),
        Some(_) => with_words!(task.case.bytes, ring_answer(task, &mut received)),
    };
    println!("{}", sleeps() - before);
    for time in received {
        println!("{time}");
    }
}

/// Does so once in each gap, and says when.
fn timed(task: &Task, mut publish: impl FnMut(u64)) -> Vec<u64> {
    std::thread::sleep(SETTLE);
    (0..task.case.turns)
        .map(|turn| {
            spin_for(task.case.gap);
            let now = now_ns();
            publish(turn);
            now
        })
        .collect()
}

fn ring<const N: usize>(task: &Task) -> Vec<u64> {
    let mut producer = task.producer::<N>("ring");
    while producer.registered_readers() == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    timed(task, |turn| {
        let published = producer.publish(&record::make(turn));
        assert_eq!(published.expect("publishing"), turn);
    })
}

/// As `bare_answer`.
fn ring_answer<const N: usize>(task: &Task, received: &mut Vec<u64>) -> u64 {
    let mut reader = task.reader::<N>("ring", Wait::Sleep);
    let before = sleeps();
    while let Some(batch) = reader.next().expect("reading") {
        let records = batch.records();
        let first = batch.first_sequence();
        assert!(
            first == received.len() as u64 && record::are_right(records, first),
            "something else arrived than record {}",
            received.len()
        );
        // More than one where this process was late.
        received.resize(received.len() + records.len(), now_ns());
    }
    before
}

fn bare(task: &Task) -> Vec<u64> {
    let memory = task.shared();
    while memory.half_word(READY).load(Ordering::Acquire) == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    timed(task, |turn| {
        change_and_wake(memory.half_word(PUBLISHED), turn as u32 + 1);
    })
}

/// Receives everything. How often it had slept before there was anything to receive.
fn bare_answer(task: &Task, received: &mut Vec<u64>) -> u64 {
    let memory = task.shared();
    let before = sleeps();
    change_and_wake(memory.half_word(READY), 1);
    let word = memory.half_word(PUBLISHED);
    let mut seen = 0;
    while seen < task.case.turns as u32 {
        sleep_until_changed(word, seen);
        seen = word.load(Ordering::Acquire);
        received.resize(seen as usize, now_ns());
    }
    before
}

/// How often this thread has slept, as the kernel counts; 0 where it does not tell.
fn sleeps() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
        .and_then(|number| number.trim().parse().ok())
        .unwrap_or(0)
}
