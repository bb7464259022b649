//! Lossy readers: no torn, wrong or repeated record, and every loss counted, while the producer laps them.

use loom::sync::Arc;
use loom::thread;
use loom_tests::{
    First, STRIDE, check, drain, expect, lossy, mirrored, open, poll, publish, race, ring,
};
use ringbuf_core::model::{Begin, Memory, latest};

/// One reader, `polls` attempts with a buffer of `most` records, against claims of the sizes given.
fn one_reader(
    first: First,
    memory: Arc<Memory>,
    claims: &'static [u64],
    most: usize,
    polls: usize,
) {
    let mut writer = open(&memory);
    let mut reader = lossy(&memory, 0, Begin::Now);
    let ((), mut reader) = race(
        first,
        move || claims.iter().for_each(|&n| publish(&mut writer, n)),
        move || {
            for _ in 0..polls {
                poll(&mut reader, most);
            }
            reader
        },
    );
    let published = claims.iter().sum::<u64>();
    drain(
        &mut reader,
        published.saturating_sub(memory.geometry().capacity),
        published,
    );
}

#[test]
fn a_reader_with_room_for_two() {
    check(3, |first| one_reader(first, ring(2), &[1, 1, 1], 2, 2));
}

#[test]
fn a_reader_with_room_for_one() {
    check(3, |first| one_reader(first, ring(2), &[1, 1, 1], 1, 2));
}

#[test]
fn batches_of_two() {
    check(3, |first| one_reader(first, ring(2), &[2, 2], 2, 2));
}

#[test]
fn batches_of_two_read_one_by_one() {
    check(3, |first| one_reader(first, ring(2), &[2, 2], 1, 2));
}

#[test]
fn a_capacity_that_is_not_a_power_of_two() {
    check(3, |first| one_reader(first, ring(3), &[2, 1, 2], 3, 2));
}

#[test]
fn the_mirror() {
    check(3, |first| one_reader(first, mirrored(2), &[1, 1, 1], 1, 2));
}

#[test]
fn the_mirror_and_batches() {
    check(3, |first| one_reader(first, mirrored(2), &[1, 2], 1, 2));
}

/// Two readers, one attempt each while the producer runs.
fn two_readers(first: First, memory: Arc<Memory>, claims: &'static [u64], most: usize) {
    let mut writer = open(&memory);
    let mut reader = lossy(&memory, 0, Begin::Now);
    let mut second = lossy(&memory, 1, Begin::Now);
    let other = thread::spawn(move || {
        poll(&mut second, most);
        second
    });
    let ((), mut reader) = race(
        first,
        move || claims.iter().for_each(|&n| publish(&mut writer, n)),
        move || {
            poll(&mut reader, most);
            reader
        },
    );
    let mut second = other.join().unwrap();
    let published = claims.iter().sum::<u64>();
    drain(&mut reader, published.saturating_sub(2), published);
    drain(&mut second, published.saturating_sub(2), published);
}

#[test]
fn two_readers_with_room_for_two() {
    check(2, |first| two_readers(first, ring(2), &[1, 1, 1], 2));
}

#[test]
fn two_readers_and_the_mirror() {
    check(1, |first| two_readers(first, mirrored(2), &[1, 1, 1], 1));
}

/// The newest record without a place in the ring: whole, and never older than one seen before.
#[test]
fn the_latest_record() {
    check(2, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        race(
            first,
            move || (0..3).for_each(|_| publish(&mut writer, 1)),
            move || {
                let mut seen = 0;
                for _ in 0..2 {
                    let mut record = [0; STRIDE];
                    let newest = latest(&memory, &mut record).unwrap();
                    let words: Vec<u64> = record
                        .as_chunks()
                        .0
                        .iter()
                        .map(|b| u64::from_ne_bytes(*b))
                        .collect();
                    expect(&words, newest);
                    assert!(newest >= seen);
                    seen = newest;
                }
            },
        );
    });
}

/// Joining needs no leave of the producer, and never begins beyond what is published.
#[test]
fn a_reader_that_joins() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let ((), mut reader) = race(
            first,
            move || [1, 1, 2].iter().for_each(|&n| publish(&mut writer, n)),
            {
                let memory = Arc::clone(&memory);
                move || {
                    let mut reader = lossy(&memory, 0, Begin::Oldest);
                    poll(&mut reader, 1);
                    reader
                }
            },
        );
        drain(&mut reader, 2, 4);
    });
}
