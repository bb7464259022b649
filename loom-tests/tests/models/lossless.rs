//! Lossless readers in place: a store into cells that a reader holds is a data race that loom reports.

use loom::sync::Arc;
use loom::sync::atomic::Ordering::Relaxed;
use loom::thread;
use loom_tests::{
    check, drain, go, lossless, lossy, open, poll, publish, race, ring, take, take_rest,
    try_publish,
};
use ringbuf_core::model::{Begin, Writer, leave};

/// So many attempts to publish one record; one that finds no room is given up.
fn attempts(writer: &mut Writer, attempts: usize) -> u64 {
    for _ in 0..attempts {
        let _ = try_publish(writer, 1);
    }
    writer.published()
}

#[test]
fn one_reader() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 2);
        let (published, mut reader) = race(
            first,
            move || attempts(&mut writer, 3),
            move || {
                take(&mut reader, 1);
                take(&mut reader, 2);
                take(&mut reader, 2);
                reader
            },
        );
        take_rest(&mut reader, published);
    });
}

#[test]
fn two_readers() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        let mut second = lossless(&memory, 1, Begin::Now);
        publish(&mut writer, 2);
        let other = thread::spawn(move || {
            take(&mut second, 1);
            take(&mut second, 1);
            second
        });
        let (published, mut reader) = race(
            first,
            move || attempts(&mut writer, 2),
            move || {
                take(&mut reader, 2);
                take(&mut reader, 1);
                reader
            },
        );
        take_rest(&mut reader, published);
        take_rest(&mut other.join().unwrap(), published);
    });
}

/// A lossy reader beside a lossless one: the producer waits for the one and laps the other.
#[test]
fn a_lossless_and_a_lossy_reader() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        let mut second = lossy(&memory, 1, Begin::Now);
        publish(&mut writer, 2);
        let other = thread::spawn(move || {
            poll(&mut second, 1);
            second
        });
        let (published, mut reader) = race(
            first,
            move || attempts(&mut writer, 2),
            move || {
                take(&mut reader, 2);
                take(&mut reader, 1);
                reader
            },
        );
        take_rest(&mut reader, published);
        drain(
            &mut other.join().unwrap(),
            published.saturating_sub(2),
            published,
        );
    });
}

/// The next owner of a slot stores its own gate over the one before it; what that one read stays read.
#[test]
fn a_slot_used_again() {
    check(3, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        let mut reader = lossless(&memory, 0, Begin::Oldest);
        let (published, mut reader) = race(
            first,
            move || attempts(&mut writer, 2),
            move || {
                let delivery = &memory.control().slots.0[0].delivery;
                delivery.store(1, Relaxed);
                take(&mut reader, 1);
                go(&mut reader, 0);
                assert_eq!(delivery.load(Relaxed), 0, "counted as a reader");
                let mut reader = lossless(&memory, 0, Begin::Now);
                take(&mut reader, 1);
                reader
            },
        );
        take_rest(&mut reader, published);
    });
}

/// A reader that died with records in hand: whoever turns its gate off comes after its reads.
#[test]
fn a_dead_reader_is_evicted() {
    check(3, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        race(
            first,
            move || {
                for _ in 0..3 {
                    // Counting the readers gives loom a reason to look between the swap and the fence.
                    memory.control().slots.0[0].delivery.load(Relaxed);
                    let _ = try_publish(&mut writer, 1);
                }
            },
            move || {
                take(&mut reader, 1);
                let memory = Arc::clone(reader.memory());
                drop(reader);
                leave(&memory, 0);
            },
        );
    });
}

/// What a reader has read before it needs nothing any more is not written over while it reads.
#[test]
fn who_needs_nothing_any_more() {
    check(3, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        race(
            first,
            move || attempts(&mut writer, 3),
            move || {
                take(&mut reader, 1);
                // Nothing is given back by a release of its own.
                reader.let_go();
            },
        );
    });
}
