//! A producer that sleeps until a reader that holds it leaves room. With one record of room every store counts.

use loom::sync::Arc;
use loom::thread;
use loom_tests::{
    First, LONG, Patient, bounded, check, copy, demote_all, go, lossless, open, publish,
    publish_past, publish_waiting, race, ring, ring_without_demotions, take, take_rest,
};
use ringbuf_core::model::{Begin, Follower, Memory, News, leave};

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

type Join = fn(&Arc<Memory>, usize, Begin) -> Follower;

/// A producer that sleeps for room, and a reader that goes without having read anything.
fn woken_by_who_goes(first: First, join: Join, goes: fn(&mut Follower)) {
    let memory = ring(1);
    let mut writer = open(&memory);
    let mut reader = join(&memory, 0, Begin::Now);
    publish(&mut writer, 1);
    race(
        first,
        move || (0..2).for_each(|_| publish_waiting(&mut writer, 1)),
        move || goes(&mut reader),
    );
}

#[test]
fn woken_by_a_leave() {
    check(3, |first| {
        woken_by_who_goes(first, lossless, |reader| go(reader, 0))
    });
}

/// A bounded reader makes room by what it copies.
#[test]
fn woken_by_an_advance() {
    check(3, |first| {
        let memory = ring_without_demotions(1);
        let mut writer = open(&memory);
        let mut reader = bounded(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let ((), mut reader) = race(
            first,
            move || publish_waiting(&mut writer, 1),
            move || {
                copy(&mut reader, 1);
                reader
            },
        );
        copy(&mut reader, 1);
        assert_eq!((reader.ledger().read, reader.ledger().missed), (2, 0));
    });
}

/// Both sleep in turn, as `back_and_forth`.
#[test]
fn back_and_forth_with_a_bounded_reader() {
    check(2, |first| {
        let memory = ring_without_demotions(1);
        let mut writer = open(&memory);
        let mut reader = bounded(&memory, 0, Begin::Now);
        race(
            first,
            move || (0..3).for_each(|_| publish_waiting(&mut writer, 1)),
            move || {
                while reader.ledger().cursor < 3 {
                    if copy(&mut reader, 1) == News::Nothing {
                        reader.wait(LONG).unwrap();
                    }
                }
            },
        );
    });
}

#[test]
fn woken_by_a_bounded_reader_that_leaves() {
    check(3, |first| {
        woken_by_who_goes(first, bounded, |reader| go(reader, 0))
    });
}

/// The producer has gone past a bounded reader and sleeps for a lossless one; that the first one leaves
/// makes no room.
#[test]
fn a_demoted_reader_leaves() {
    check(2, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        let mut second = bounded(&memory, 1, Begin::Now);
        publish(&mut writer, 1);
        assert_eq!(demote_all(&writer, 1), 1);
        let other = thread::spawn(move || go(&mut second, 1));
        let ((), mut reader) = race(
            first,
            move || publish_waiting(&mut writer, 1),
            move || {
                take(&mut reader, 1);
                reader.release();
                reader
            },
        );
        other.join().unwrap();
        take_rest(&mut reader, 2);
    });
}

/// A reader at the end of its span stays, and holds nobody.
#[test]
fn woken_by_who_needs_nothing_any_more() {
    check(3, |first| {
        woken_by_who_goes(first, lossless, Follower::let_go)
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
            go(&mut second, 1);
        });
        race(
            first,
            move || publish_waiting(&mut writer, 1),
            move || {
                take(&mut reader, 1);
                go(&mut reader, 0);
            },
        );
        other.join().unwrap();
    });
}

/// The same for a reader that was demoted.
#[test]
fn woken_by_a_reader_that_joins_again() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = Patient::join(&memory, 0, Begin::Now);
        publish(&mut writer, 2);
        publish_past(&mut writer, 2);
        assert_eq!(reader.poll(1), News::Demoted);
        race(
            first,
            move || publish_waiting(&mut writer, 2),
            move || {
                reader.rejoin();
                if reader.follower.ledger().cursor < 4 {
                    leave(&memory, 0);
                } else {
                    // Nothing to copy before the producer goes on.
                    reader.follower.wait(LONG).unwrap();
                }
            },
        );
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
