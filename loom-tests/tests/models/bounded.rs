//! Bounded readers: the producer demotes whom it does not wait for any longer, the reader notices before it
//! is handed anything that may be torn, and both go on.

use loom::sync::Arc;
use loom::sync::atomic::Ordering::Relaxed;
use loom::thread;
use loom_tests::{
    First, Patient, bounded, check, copy, demote_all, drain, go, lossless, lossy, mirrored, open,
    open_waiting_for, poll, publish, publish_past, race, ring, ring_with_slots,
    ring_without_demotions, take, take_rest, try_publish, try_publish_past,
};
use ringbuf_core::model::{Begin, Follower, Memory, News, Waits, Writer};

/// So many records past whoever is in the way; returns how many demotions that took.
fn past(writer: &mut Writer, records: usize) -> u64 {
    (0..records).map(|_| publish_past(writer, 1)).sum()
}

/// A reader that polls with these buffers beside a producer that publishes past it.
fn demoted_at_any_moment(
    first: First,
    memory: Arc<Memory>,
    records: usize,
    buffers: &'static [usize],
) {
    let mut writer = open(&memory);
    let mut reader = Patient::join(&memory, 0, Begin::Now);
    publish(&mut writer, memory.geometry().capacity);
    let ((demotions, published), reader) = race(
        first,
        move || (past(&mut writer, records), writer.published()),
        move || {
            reader.polls(buffers);
            reader
        },
    );
    assert!(demotions <= 1);
    reader.drain(demotions, published);
}

#[test]
fn demoted_with_room_for_one() {
    check(2, |first| {
        demoted_at_any_moment(first, ring(2), 2, &[1, 1, 1])
    });
}

#[test]
fn demoted_with_room_for_two() {
    check(2, |first| demoted_at_any_moment(first, ring(2), 2, &[2, 2]));
}

#[test]
fn demoted_with_capacity_one() {
    check(2, |first| demoted_at_any_moment(first, ring(1), 2, &[1, 1]));
}

#[test]
fn demoted_beside_the_mirror() {
    check(3, |first| {
        demoted_at_any_moment(first, mirrored(2), 1, &[1, 1])
    });
}

/// The producer demotes and does nothing more: the reader is told, and gets everything all the same.
#[test]
fn demoted_for_nothing() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = Patient::join(&memory, 0, Begin::Now);
        publish(&mut writer, 2);
        let (demotions, reader) = race(
            first,
            move || demote_all(&writer, 1),
            move || {
                reader.polls(&[1; 2]);
                reader
            },
        );
        reader.drain(demotions, 2);
    });
}

/// A claim of two is in the way of a reader that moves by one, twice in a row: it is demoted where it was seen,
/// or not at all.
#[test]
fn demoted_by_a_claim_of_two() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = Patient::join(&memory, 0, Begin::Now);
        publish(&mut writer, 2);
        assert_eq!(demote_all(&writer, 0), 0, "nobody is in the way yet");
        let (demoted_at, reader) = race(
            first,
            move || {
                let mut demoted_at = None;
                while try_publish(&mut writer, 2).is_err() {
                    for gate in writer.in_the_way(2) {
                        demoted_at = demoted_at.or(writer.demote(gate).then_some(gate.cursor));
                    }
                }
                demoted_at
            },
            move || {
                reader.polls(&[1; 3]);
                reader
            },
        );
        let demotions = u64::from(demoted_at.is_some());
        assert_eq!(reader.drain(demotions, 4), demoted_at);
    });
}

/// So many attempts to publish one record; one that finds no room is given up.
fn attempts(writer: &mut Writer, attempts: usize) -> u64 {
    for _ in 0..attempts {
        let _ = try_publish(writer, 1);
    }
    writer.published()
}

/// A producer that demotes nobody beside a reader: stores into cells that it copies are data races.
fn waited_for(first: First, memory: Arc<Memory>, buffers: &'static [usize]) {
    let capacity = memory.geometry().capacity;
    let mut writer = open(&memory);
    let mut reader = bounded(&memory, 0, Begin::Now);
    publish(&mut writer, capacity);
    let (published, mut reader) = race(
        first,
        move || attempts(&mut writer, 3),
        move || {
            for &most in buffers {
                copy(&mut reader, most);
            }
            reader
        },
    );
    copy_rest(&mut reader, published);
}

/// With the producer gone: all the rest, and nothing was missed since the reader joined.
fn copy_rest(reader: &mut Follower, published: u64) {
    while let News::Records(_) = copy(reader, 1) {}
    let ledger = reader.ledger();
    assert_eq!((ledger.cursor, ledger.missed), (published, 0));
}

#[test]
fn waited_for_with_room_for_two() {
    check(3, |first| {
        waited_for(first, ring_without_demotions(2), &[1, 2, 2])
    });
}

#[test]
fn waited_for_with_capacity_one() {
    check(3, |first| {
        waited_for(first, ring_without_demotions(1), &[1, 1, 1])
    });
}

/// Joins a producer that runs on the room it granted itself before; nobody is demoted.
#[test]
fn waited_for_while_joining() {
    check(3, |first| {
        let memory = ring_without_demotions(1);
        let mut writer = open(&memory);
        (0..3).for_each(|_| publish(&mut writer, 1));
        let (published, mut reader) = race(
            first,
            move || attempts(&mut writer, 2),
            move || {
                let mut reader = bounded(&memory, 0, Begin::Oldest);
                copy(&mut reader, 1);
                copy(&mut reader, 1);
                reader
            },
        );
        copy_rest(&mut reader, published);
    });
}

/// A reader that joins beside a producer that demotes whoever is in the way.
fn joining(first: First, capacity: u64, ahead: usize, records: usize, begin: Begin) {
    let memory = ring(capacity);
    let mut writer = open(&memory);
    (0..ahead).for_each(|_| publish(&mut writer, 1));
    let ((demotions, published), reader) = race(
        first,
        move || (past(&mut writer, records), writer.published()),
        move || {
            let mut reader = Patient::join(&memory, 0, begin);
            reader.polls(&[1; 2]);
            reader
        },
    );
    reader.drain(demotions, published);
}

#[test]
fn demoted_while_joining() {
    check(2, |first| joining(first, 2, 2, 2, Begin::Oldest));
}

#[test]
fn demoted_while_joining_with_capacity_one() {
    check(2, |first| joining(first, 1, 2, 2, Begin::Oldest));
}

/// A reader that was demoted and told so, `behind` records behind the producer.
fn demoted(memory: &Arc<Memory>, behind: u64) -> (Writer, Patient) {
    let capacity = memory.geometry().capacity;
    let mut writer = open(memory);
    let mut reader = Patient::join(memory, 0, Begin::Now);
    publish(&mut writer, capacity);
    while writer.published() < behind {
        publish_past(&mut writer, 1);
    }
    assert_eq!(reader.poll(1), News::Demoted);
    (writer, reader)
}

/// Holds the producer again while it runs: as in `join.rs`, nothing from there on is overwritten. Nobody is
/// demoted once more, so what is copied is held.
#[test]
fn joined_again() {
    check(3, |first| {
        let memory = ring_without_demotions(2);
        let (mut writer, mut reader) = demoted(&memory, 3);
        let (published, (mut reader, missed)) = race(
            first,
            move || attempts(&mut writer, 3),
            move || {
                reader.rejoin();
                let missed = reader.follower.ledger().missed;
                reader.polls(&[1; 2]);
                (reader, missed)
            },
        );
        assert_eq!(reader.told, 1);
        while let News::Records(_) = reader.poll(1) {}
        let ledger = reader.follower.ledger();
        assert_eq!((ledger.cursor, ledger.missed), (published, missed));
        assert_eq!(ledger.read, published - missed);
    });
}

/// The same, read as a lossy reader does in between.
#[test]
fn read_on_and_joined_again() {
    check(2, |first| {
        let memory = ring(2);
        let (mut writer, mut reader) = demoted(&memory, 3);
        let ((demotions, published), reader) = race(
            first,
            move || (past(&mut writer, 2), writer.published()),
            move || {
                reader.poll(1);
                reader.rejoin();
                reader.poll(1);
                reader
            },
        );
        reader.drain(1 + demotions, published);
    });
}

/// Rejoined and demoted at once: the producer's compare-exchange may come between the reader's two.
#[test]
fn demoted_while_joining_again() {
    check(2, |first| {
        let memory = ring(1);
        let (mut writer, mut reader) = demoted(&memory, 2);
        let ((demotions, published), reader) = race(
            first,
            move || (past(&mut writer, 2), writer.published()),
            move || {
                reader.rejoin();
                reader.polls(&[1; 2]);
                reader
            },
        );
        reader.drain(1 + demotions, published);
    });
}

/// A producer that granted itself more than it claims (capacity 16 is the smallest with steps of two) and that
/// is far ahead: what may be overwritten before it looks again is missed, and exactly that.
#[test]
fn joined_again_from_far_behind() {
    check(3, |first| {
        let memory = ring(16);
        let (mut writer, mut reader) = demoted(&memory, 20);
        let (published, (mut reader, missed)) = race(
            first,
            move || attempts(&mut writer, 2),
            move || {
                reader.rejoin();
                let missed = reader.follower.ledger().missed;
                assert!(
                    (4..=8).contains(&missed),
                    "{missed} missed of 20 in a ring of 16"
                );
                reader.poll(1);
                (reader, missed)
            },
        );
        while let News::Records(_) = reader.poll(16) {}
        assert_eq!(reader.told, 1);
        let ledger = reader.follower.ledger();
        assert_eq!((ledger.cursor, ledger.missed), (published, missed));
    });
}

/// So many looks at who is in the way, each with an attempt to publish; returns the demotions.
fn looks(writer: &mut Writer, looks: usize) -> u64 {
    (0..looks).map(|_| try_publish_past(writer, 1).0).sum()
}

/// The producer saw a bounded reader in the way, which leaves; the next owner of its slot is a lossless
/// reader that needs the same record. The late demotion must not meet it.
#[test]
fn a_slot_used_again_by_a_lossless_reader() {
    check(2, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        let mut reader = bounded(&memory, 0, Begin::Oldest);
        let (published, mut reader) = race(
            first,
            move || {
                looks(&mut writer, 2);
                writer.published()
            },
            move || {
                go(&mut reader, 0);
                let mut reader = lossless(&memory, 0, Begin::Oldest);
                take(&mut reader, 1);
                reader
            },
        );
        take_rest(&mut reader, published);
    });
}

/// The same with a bounded reader: it may be demoted before its time, which is harmless.
#[test]
fn a_slot_used_again_by_a_bounded_reader() {
    check(2, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        let mut reader = bounded(&memory, 0, Begin::Oldest);
        let (published, (mut reader, demotions)) = race(
            first,
            move || {
                looks(&mut writer, 2);
                writer.published()
            },
            move || {
                go(&mut reader, 0);
                let mut reader = Patient::join(&memory, 0, Begin::Oldest);
                reader.poll(1);
                reader.poll(1);
                let demotions = reader.told;
                (reader, demotions)
            },
        );
        while reader.told == demotions && reader.follower.ledger().cursor < published {
            reader.poll(1);
        }
        let demotions = reader.told;
        assert!(demotions <= 1);
        reader.drain(demotions, published);
    });
}

/// The producer goes past a bounded reader and still waits for a lossless one.
#[test]
fn beside_a_lossless_reader() {
    check(2, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        let mut other = Patient::join(&memory, 1, Begin::Now);
        publish(&mut writer, 2);
        let other = thread::spawn(move || {
            other.poll(1);
            other.poll(2);
            other
        });
        let ((demotions, published), mut reader) = race(
            first,
            move || (looks(&mut writer, 2), writer.published()),
            move || {
                take(&mut reader, 2);
                take(&mut reader, 1);
                reader
            },
        );
        take_rest(&mut reader, published);
        other.join().unwrap().drain(demotions, published);
    });
}

/// Both are lapped in the end, one of them told so.
#[test]
fn beside_a_lossy_reader() {
    check(2, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = Patient::join(&memory, 0, Begin::Now);
        let mut second = lossy(&memory, 1, Begin::Now);
        publish(&mut writer, 1);
        let other = thread::spawn(move || {
            poll(&mut second, 1);
            second
        });
        let (demotions, reader) = race(
            first,
            move || past(&mut writer, 1),
            move || {
                reader.poll(1);
                reader
            },
        );
        reader.drain(demotions, 2);
        drain(&mut other.join().unwrap(), 1, 2);
    });
}

/// Only bounded readers are waited for: a gate that no reader of such a ring may have is nobody's.
#[test]
fn a_gate_that_does_not_count() {
    check(3, |first| {
        let memory = ring_without_demotions(2);
        drop(lossless(&memory, 1, Begin::Now));
        let mut writer = open_waiting_for(&memory, Waits::Bounded);
        let mut reader = bounded(&memory, 0, Begin::Now);
        publish(&mut writer, 2);
        let (published, mut reader) = race(
            first,
            move || {
                for _ in 0..3 {
                    let _ = try_publish(&mut writer, 1);
                    assert!(writer.in_the_way(1).all(|gate| gate.slot == 0));
                }
                writer.published()
            },
            move || {
                copy(&mut reader, 2);
                copy(&mut reader, 2);
                reader
            },
        );
        copy_rest(&mut reader, published);
    });
}

/// Nobody is waited for, whatever the gates say.
#[test]
fn gates_where_nobody_is_waited_for() {
    check(3, |first| {
        let memory = ring(1);
        drop(bounded(&memory, 1, Begin::Now));
        let mut writer = open_waiting_for(&memory, Waits::Nobody);
        publish(&mut writer, 1);
        race(
            first,
            move || {
                for _ in 0..2 {
                    publish(&mut writer, 1);
                    assert_eq!(demote_all(&writer, 1), 0);
                }
            },
            move || {
                let mut reader = lossy(&memory, 0, Begin::Oldest);
                poll(&mut reader, 1);
            },
        );
    });
}

/// Who is found in the way is asked how long it may be: what a reader says of itself before it joins is there for who
/// sees its gate.
#[test]
fn asked_for_its_bound() {
    check(3, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        let readers = Arc::clone(&memory);
        race(
            first,
            move || {
                for gate in writer.in_the_way(1) {
                    let slot = &memory.control().slots.0[gate.slot];
                    assert_eq!(slot.bound_ns.load(Relaxed), 7, "another's bound");
                }
                let _ = try_publish(&mut writer, 1);
            },
            move || {
                readers.control().slots.0[1].bound_ns.store(7, Relaxed);
                bounded(&readers, 1, Begin::Oldest)
            },
        );
    });
}

/// One reader of every kind.
#[test]
fn beside_a_lossless_and_a_lossy_reader() {
    check(2, |first| {
        let memory = ring_with_slots(1, 3);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        let mut second = Patient::join(&memory, 1, Begin::Now);
        let mut third = lossy(&memory, 2, Begin::Now);
        publish(&mut writer, 1);
        let second = thread::spawn(move || {
            second.poll(1);
            second
        });
        let third = thread::spawn(move || {
            poll(&mut third, 1);
            third
        });
        let ((demotions, published), mut reader) = race(
            first,
            move || (looks(&mut writer, 2), writer.published()),
            move || {
                take(&mut reader, 1);
                reader.release();
                reader
            },
        );
        take_rest(&mut reader, published);
        second.join().unwrap().drain(demotions, published);
        drain(&mut third.join().unwrap(), published - 1, published);
    });
}
