//! There and back: this process sends, the other answers, both look all the time.

use std::sync::atomic::Ordering;

use hdrhistogram::Histogram;
use quanta::Clock;
use ringbuf_core::{Reader, Wait};

use super::case::{Task, Times};
use super::sizes::with_words;
use crate::bare::await_word;
use crate::record;
use crate::role::Role;

/// Round trips before those that count.
const WARM_UP: u64 = 5_000;

pub(super) fn measure(task: &Task, other: Role) -> Times {
    let histogram = match task.case.ring {
        None => bare(task),
        Some(_) => with_words!(task.case.bytes, ring(task)),
    };
    other.finish();
    Times {
        histogram,
        sleeps: 0,
    }
}

/// Plays the other process.
pub(super) fn answer(task: &Task) {
    match task.case.ring {
        None => bare_answer(task),
        Some(_) => with_words!(task.case.bytes, ring_answer(task)),
    }
}

/// The time of each round trip but the first ones.
fn timed(task: &Task, mut round_trip: impl FnMut(u64)) -> Histogram<u64> {
    let clock = Clock::new();
    let turns = WARM_UP + task.case.turns;
    // Histograms are larger than the nearest cache, a row of times is not in the way.
    let mut times = Vec::with_capacity(turns as usize);
    for turn in 0..turns {
        let begin = clock.raw();
        round_trip(turn);
        times.push((begin, clock.raw()));
    }
    let mut histogram = Histogram::new(3).expect("a histogram");
    for (begin, end) in times.drain(WARM_UP as usize..) {
        histogram += clock.delta_as_nanos(begin, end);
    }
    histogram
}

fn ring<const N: usize>(task: &Task) -> Histogram<u64> {
    let mut there = task.producer::<N>("there");
    // Made once the other reads the first.
    let mut back = task.reader::<N>("back", Wait::Spin);
    timed(task, |turn| {
        there.publish(&record::make(turn)).expect("publishing");
        assert!(receive(&mut back, turn), "the answers ended");
    })
}

fn ring_answer<const N: usize>(task: &Task) {
    let mut there = task.reader::<N>("there", Wait::Spin);
    let mut back = task.producer::<N>("back");
    for turn in 0.. {
        if !receive(&mut there, turn) {
            return;
        }
        back.publish(&record::make(turn)).expect("publishing");
    }
}

/// Waits for that record and looks at every word of it. Not, if the ring ends here.
#[inline]
fn receive<const N: usize>(reader: &mut Reader<[u64; N]>, turn: u64) -> bool {
    let Some(batch) = reader.next().expect("reading") else {
        return false;
    };
    let records = batch.records();
    assert!(
        batch.first_sequence() == turn && records.len() == 1 && record::are_right(records, turn),
        "something else arrived than record {turn}"
    );
    true
}

fn bare(task: &Task) -> Histogram<u64> {
    let memory = task.shared();
    let (there, back) = (memory.word(0), memory.word(1));
    timed(task, |turn| {
        there.store(turn + 1, Ordering::Release);
        await_word(back, turn + 1);
    })
}

fn bare_answer(task: &Task) {
    let memory = task.shared();
    let (there, back) = (memory.word(0), memory.word(1));
    for turn in 0..WARM_UP + task.case.turns {
        await_word(there, turn + 1);
        back.store(turn + 1, Ordering::Release);
    }
}
