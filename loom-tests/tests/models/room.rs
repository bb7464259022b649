//! A producer that sleeps until a lossless reader leaves room. With one record of room every store counts.

use loom::thread;
use loom_tests::{
    LONG, check, lossless, open, publish, publish_waiting, race, ring, take, take_rest,
};
use ringbuf_core::model::{Begin, News, leave};

#[test]
fn woken_by_a_release() {
    check(3, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let ((), mut reader) = race(
            first,
            move || publish_waiting(&mut writer, 1),
            move || {
                take(&mut reader, 1);
                reader.release();
                reader
            },
        );
        take_rest(&mut reader, 2);
    });
}

/// Both sleep in turn: the producer for room, the reader for records.
#[test]
fn back_and_forth() {
    check(3, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        race(
            first,
            move || (0..3).for_each(|_| publish_waiting(&mut writer, 1)),
            move || {
                while reader.ledger().cursor < 3 {
                    if take(&mut reader, 1) == News::Nothing {
                        reader.wait(LONG).unwrap();
                    }
                    reader.release();
                }
            },
        );
    });
}

#[test]
fn woken_by_a_leave() {
    check(3, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        race(
            first,
            move || (0..2).for_each(|_| publish_waiting(&mut writer, 1)),
            move || reader.leave(),
        );
    });
}

/// Two readers wake the same producer.
#[test]
fn woken_by_the_slower_of_two() {
    check(2, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        let mut second = lossless(&memory, 1, Begin::Now);
        publish(&mut writer, 1);
        let other = thread::spawn(move || {
            take(&mut second, 1);
            second.leave();
        });
        race(
            first,
            move || publish_waiting(&mut writer, 1),
            move || {
                take(&mut reader, 1);
                reader.leave();
            },
        );
        other.join().unwrap();
    });
}

/// A joiner may hold the producer for a moment further back than it will read: when it moves its gate up
/// to where it begins, it must wake.
#[test]
fn woken_by_a_joiner_that_moves_up() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        publish(&mut writer, 2);
        race(
            first,
            move || publish_waiting(&mut writer, 2),
            move || {
                let reader = lossless(&memory, 0, Begin::Oldest);
                if reader.ledger().joined < 2 {
                    leave(&memory, 0);
                } else {
                    // Nothing to release before the producer goes on.
                    reader.wait(LONG).unwrap();
                }
            },
        );
    });
}
