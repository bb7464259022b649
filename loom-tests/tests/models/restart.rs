//! Claims that come to nothing and producers that die: nothing half-written shows, and readers are told
//! exactly where the next epoch begins.

use loom::sync::Arc;
use loom::sync::atomic::Ordering::{Acquire, Relaxed};
use loom::sync::atomic::fence;
use loom::thread;
use loom_tests::{
    First, check, drain, lossy, open, poll, poll_epoch, publish, race, records, ring,
    try_publish_in,
};
use ringbuf_core::model::{Begin, Follower, Memory, News, Writer, boundary};

/// A lossy reader beside a producer with two records published that does `what`.
fn beside(first: First, what: fn(&Arc<Memory>, Writer), kept_from: u64, published: u64) {
    let memory = ring(2);
    let mut writer = open(&memory);
    let mut reader = lossy(&memory, 0, Begin::Now);
    publish(&mut writer, 2);
    let ((), mut reader) = race(
        first,
        move || what(&memory, writer),
        move || {
            poll(&mut reader, 2);
            poll(&mut reader, 1);
            reader
        },
    );
    while let News::Restarted { .. } | News::Overrun = poll(&mut reader, 1) {}
    drain(&mut reader, kept_from, published);
}

/// Writes garbage into a claim of two.
fn garble(writer: &mut Writer) {
    let first = writer.try_claim(2).unwrap();
    writer.write(first, &records(first + 70, 2, 9));
}

#[test]
fn a_claim_given_up_then_a_smaller_one() {
    check(3, |first| {
        beside(
            first,
            |_, mut writer| {
                garble(&mut writer);
                publish(&mut writer, 1);
            },
            2,
            3,
        );
    });
}

#[test]
fn a_short_commit_then_a_smaller_claim() {
    check(3, |first| {
        beside(
            first,
            |_, mut writer| {
                let first = writer.try_claim(2).unwrap();
                writer.write(first, &records(first, 1, 1));
                writer.write(first + 1, &records(first + 70, 1, 9));
                writer.commit(1);
                publish(&mut writer, 1);
            },
            2,
            4,
        );
    });
}

#[test]
fn death_in_a_claim_then_a_smaller_one() {
    check(3, |first| {
        beside(
            first,
            |memory, mut writer| {
                garble(&mut writer);
                drop(writer);
                publish(&mut open(memory), 1);
            },
            2,
            3,
        );
    });
}

/// Reads one record at a time and knows by the news whose records come; returns its epoch.
fn follow(reader: &mut Follower, epoch: u64) -> u64 {
    match poll_epoch(reader, 1, Some(epoch)) {
        News::Restarted { epoch, first } => {
            assert_eq!(
                first,
                Some(reader.ledger().cursor),
                "not exactly at the boundary"
            );
            epoch
        }
        _ => epoch,
    }
}

#[test]
fn the_boundary_of_an_epoch() {
    check(3, |first| {
        let memory = ring(4);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let ((), (mut reader, mut epoch)) = race(
            first,
            move || {
                publish(&mut writer, 1);
                drop(writer);
                try_publish_in(&mut open(&memory), 1, 2).unwrap();
            },
            move || {
                let epoch = (0..3).fold(1, |epoch, _| follow(&mut reader, epoch));
                (reader, epoch)
            },
        );
        while reader.ledger().cursor < 3 {
            epoch = follow(&mut reader, epoch);
        }
        assert_eq!(epoch, 2);
        assert_eq!(reader.ledger().read, 3);
    });
}

/// What was left of the old epoch is overwritten: all of it is missed, and the reader is told of the restart
/// where the new one begins.
#[test]
fn a_boundary_that_was_overwritten() {
    check(2, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let ((), (mut reader, mut epoch)) = race(
            first,
            move || {
                drop(writer);
                let mut writer = open(&memory);
                for _ in 0..4 {
                    try_publish_in(&mut writer, 1, 2).unwrap();
                }
            },
            move || {
                let epoch = (0..2).fold(1, |epoch, _| follow(&mut reader, epoch));
                (reader, epoch)
            },
        );
        while reader.ledger().cursor < 5 {
            epoch = follow(&mut reader, epoch);
        }
        assert_eq!(epoch, 2);
    });
}

/// A reader that joins knows whose records it reads, the older ones too.
#[test]
fn joined_before_the_boundary() {
    check(3, |first| {
        let memory = ring(4);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        let ((), (mut reader, mut epoch)) = race(
            first,
            {
                let memory = Arc::clone(&memory);
                move || {
                    drop(writer);
                    try_publish_in(&mut open(&memory), 1, 2).unwrap();
                }
            },
            move || {
                let mut reader = lossy(&memory, 0, Begin::Oldest);
                let epoch = (0..2).fold(1, |epoch, _| follow(&mut reader, epoch));
                (reader, epoch)
            },
        );
        while reader.ledger().cursor < 2 {
            epoch = follow(&mut reader, epoch);
        }
        assert_eq!((epoch, reader.ledger().read), (2, 2));
    });
}

/// The table itself, while it is written over: an epoch's beginning is right or forgotten. Every producer
/// is a thread of its own, so that only the table's own fences order them for an observer.
#[test]
fn the_table_of_epochs() {
    check(3, |first| {
        let memory = ring(4);
        publish(&mut open(&memory), 1);
        let producers = Arc::clone(&memory);
        race(
            first,
            move || {
                for _ in 0..3 {
                    let memory = Arc::clone(&producers);
                    thread::spawn(move || publish(&mut open(&memory), 1))
                        .join()
                        .unwrap();
                }
            },
            move || {
                let newest = memory.live().status.state.load(Relaxed) >> 2;
                fence(Acquire);
                if newest >= 2
                    && let Some(began) = boundary(memory.live(), 2)
                {
                    assert_eq!(began, 1, "a wrong boundary");
                }
            },
        );
    });
}

/// More producers than the table remembers (two entries in a model), each publishing one record: a
/// boundary may be forgotten, never wrong.
#[test]
fn more_epochs_than_are_remembered() {
    check(2, |first| {
        let memory = ring(4);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let ((), mut reader) = race(
            first,
            {
                let memory = Arc::clone(&memory);
                move || (0..3).for_each(|_| publish(&mut open(&memory), 1))
            },
            move || {
                (0..2).for_each(|_| follow_forgetful(&mut reader));
                reader
            },
        );
        while reader.ledger().cursor < 4 {
            follow_forgetful(&mut reader);
        }
        assert_eq!(reader.ledger().read, 4);
    });
}

/// Every epoch began with the record before its number.
fn follow_forgetful(reader: &mut Follower) {
    if let News::Restarted {
        epoch,
        first: Some(first),
    } = poll(reader, 1)
    {
        assert_eq!(
            (first, first),
            (epoch - 1, reader.ledger().cursor),
            "a wrong boundary"
        );
    }
}
