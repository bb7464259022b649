//! Claims that come to nothing and producers that die: nothing half-written shows, and readers are told
//! exactly where the next epoch begins.

use loom::sync::Arc;
use loom::sync::atomic::Ordering::{Acquire, Relaxed};
use loom::sync::atomic::fence;
use loom::thread;
use loom_tests::{
    First, Patient, check, demote_all, drain, lossless, lossy, open, poll, poll_epoch, publish,
    publish_past, race, records, ring, ring_without_demotions, take, take_epoch, try_publish,
    try_publish_in,
};
use ringbuf_core::model::{
    Barrier, Begin, Follower, Memory, Moment, News, Waits, Writer, boundary, opened,
};

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

/// A producer that claims and gives up, commits less than it claimed, and goes on, one record published ahead.
fn unsteady(memory: &Arc<Memory>) -> impl FnOnce() -> u64 + use<> {
    let mut writer = open(memory);
    publish(&mut writer, 1);
    move || {
        for count in [2, 1] {
            if let Ok(first) = writer.try_claim(count) {
                writer.write(first, &records(first + 70, count, 9));
            }
        }
        if let Ok(first) = writer.try_claim(2) {
            writer.write(first, &records(first, 1, 1));
            writer.commit(1);
        }
        let _ = try_publish(&mut writer, 1);
        writer.published()
    }
}

/// What is claimed and given up is written into cells that nobody holds.
#[test]
fn claims_given_up_beside_a_lossless_reader() {
    check(3, |first| {
        let memory = ring(2);
        let mut reader = lossless(&memory, 0, Begin::Now);
        let producer = unsteady(&memory);
        let (published, mut reader) = race(first, producer, move || {
            take(&mut reader, 2);
            take(&mut reader, 1);
            reader
        });
        while reader.ledger().cursor < published {
            take(&mut reader, 1);
            reader.release();
        }
        assert_eq!(reader.ledger().read, published);
    });
}

#[test]
fn claims_given_up_beside_a_bounded_reader() {
    check(3, |first| {
        let memory = ring_without_demotions(2);
        let mut reader = Patient::join(&memory, 0, Begin::Now);
        let producer = unsteady(&memory);
        let (published, mut reader) = race(first, producer, move || {
            reader.polls(&[2, 1]);
            reader
        });
        while reader.follower.ledger().cursor < published {
            reader.poll(1);
        }
        assert_eq!(reader.follower.ledger().read, published);
    });
}

/// Reads one record at a time and knows by the news whose records come; returns its epoch.
fn follow(reader: &mut Follower, epoch: u64) -> u64 {
    let news = poll_epoch(reader, 1, Some(epoch));
    told(reader, epoch, news)
}

/// As [`follow`], in place.
fn follow_in_place(reader: &mut Follower, epoch: u64) -> u64 {
    let news = take_epoch(reader, 1, Some(epoch));
    told(reader, epoch, news)
}

/// As [`follow`], by a bounded reader, demoted or not.
fn follow_bounded(reader: &mut Patient, epoch: u64) -> u64 {
    let news = reader.poll_epoch(1, Some(epoch));
    told(&reader.follower, epoch, news)
}

/// The epoch after the news: of a restart a reader is told at its first record.
fn told(reader: &Follower, epoch: u64, news: News) -> u64 {
    match news {
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

/// A producer that dies in a claim, and the next: both find a full ring of two, and wait for the reader, whose
/// place they know by its gate alone.
fn restart_when_full(memory: Arc<Memory>, mut writer: Writer) -> u64 {
    let _ = try_publish(&mut writer, 1);
    if let Ok(first) = writer.try_claim(1) {
        writer.write(first, &records(first + 70, 1, 9));
    }
    drop(writer);
    let mut writer = open(&memory);
    for _ in 0..2 {
        let _ = try_publish_in(&mut writer, 1, 2);
    }
    writer.published()
}

/// Who reads to a certain record stops there also when another producer wrote it over.
#[test]
fn up_to_a_record() {
    check(3, |first| {
        let memory = ring(4);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        reader.set_until(1);
        publish(&mut writer, 2);
        let ((), mut reader) = race(
            first,
            move || {
                drop(writer);
                try_publish_in(&mut open(&memory), 1, 2).unwrap();
            },
            move || {
                poll(&mut reader, 2);
                reader
            },
        );
        assert_eq!(poll(&mut reader, 2), News::Nothing);
        assert_eq!(reader.ledger().read, 1);
    });
}

/// A lossless reader keeps its place and what it holds, and is told exactly where the next epoch begins.
#[test]
fn a_lossless_reader_keeps_its_place() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let (published, (mut reader, mut epoch)) = race(
            first,
            move || restart_when_full(memory, writer),
            move || {
                let epoch = (0..3).fold(1, |epoch, _| follow_in_place(&mut reader, epoch));
                (reader, epoch)
            },
        );
        while reader.ledger().cursor < published || epoch < 2 {
            epoch = follow_in_place(&mut reader, epoch);
        }
        assert_eq!(reader.ledger().read, published);
    });
}

/// As a lossless one, as long as nobody demotes it.
#[test]
fn a_bounded_reader_keeps_its_place() {
    check(3, |first| {
        let memory = ring_without_demotions(2);
        let mut writer = open(&memory);
        let mut reader = Patient::join(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let (published, (mut reader, mut epoch)) = race(
            first,
            move || restart_when_full(memory, writer),
            move || {
                let epoch = (0..3).fold(1, |epoch, _| follow_bounded(&mut reader, epoch));
                (reader, epoch)
            },
        );
        while reader.follower.ledger().cursor < published || epoch < 2 {
            epoch = follow_bounded(&mut reader, epoch);
        }
        assert_eq!(reader.follower.ledger().read, published);
    });
}

/// The producer dies between a demotion and the claim it was for; the next one goes past the reader, which is
/// told of both.
#[test]
fn death_between_a_demotion_and_its_claim() {
    check(2, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = Patient::join(&memory, 0, Begin::Now);
        publish(&mut writer, 2);
        let (demotions, (mut reader, mut epoch)) = race(
            first,
            move || {
                let demotions = demote_all(&writer, 1);
                drop(writer);
                let mut writer = open(&memory);
                let mut then = demote_all(&writer, 1);
                while try_publish_in(&mut writer, 1, 2).is_err() {
                    then += demote_all(&writer, 1);
                }
                demotions + then
            },
            move || {
                let epoch = (0..2).fold(1, |epoch, _| follow_bounded(&mut reader, epoch));
                (reader, epoch)
            },
        );
        while reader.follower.ledger().cursor < 3 {
            epoch = follow_bounded(&mut reader, epoch);
        }
        assert_eq!((epoch, reader.told), (2, demotions));
    });
}

/// A reader that holds the producer again beyond the beginning of an epoch has missed that record, and is told
/// of the restart all the same, before the next one it gets.
#[test]
fn joined_again_beyond_a_boundary() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = Patient::join(&memory, 0, Begin::Now);
        publish(&mut writer, 2);
        publish_past(&mut writer, 1);
        assert_eq!(reader.poll(1), News::Demoted);
        let (published, mut reader) = race(
            first,
            move || {
                drop(writer);
                let mut writer = open(&memory);
                for _ in 0..3 {
                    let _ = try_publish_in(&mut writer, 1, 2);
                }
                writer.published()
            },
            move || {
                reader.rejoin();
                reader
            },
        );
        let mut restarts = Vec::new();
        while reader.follower.ledger().cursor < published || restarts.is_empty() {
            match reader.poll_epoch(1, Some(1 + restarts.len() as u64)) {
                News::Restarted { epoch, first } => restarts.push((epoch, first)),
                news => assert!(matches!(news, News::Records(_))),
            }
        }
        assert_eq!(restarts, [(2, Some(3))]);
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

/// When an epoch was opened, as its beginning: both clocks of that epoch, or forgotten.
#[test]
fn the_times_of_epochs() {
    check(3, |first| {
        let memory = ring(4);
        open_at(&memory, 1);
        let [producers, observer] = [&memory, &memory].map(Arc::clone);
        race(
            first,
            move || {
                for epoch in 2..=4 {
                    let memory = Arc::clone(&producers);
                    thread::spawn(move || open_at(&memory, epoch))
                        .join()
                        .unwrap();
                }
            },
            move || {
                let memory = observer;
                let newest = memory.live().status.state.load(Relaxed) >> 2;
                fence(Acquire);
                if newest >= 2
                    && let Some(opened) = opened(memory.live(), 2)
                {
                    assert_eq!(opened, moment(2), "the clocks of another epoch");
                }
            },
        );
        let [found, forgotten] = [4, 3].map(|epoch| opened(memory.live(), epoch));
        assert_eq!((found, forgotten), (Some(moment(4)), None));
        // An entry that says to be of another epoch than its place is damaged.
        memory.live().epochs[0].epoch.store(2, Relaxed);
        assert_eq!(opened(memory.live(), 4), None);
    });
}

fn moment(epoch: u64) -> Moment {
    Moment {
        wall_ns: 100 + epoch.cast_signed(),
        monotonic_ns: 200 + epoch,
    }
}

fn open_at(memory: &Arc<Memory>, epoch: u64) {
    Writer::open(
        Arc::clone(memory),
        Waits::All,
        Barrier::Producer,
        moment(epoch),
    );
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
        assert_eq!(first, epoch - 1, "a wrong boundary");
        assert!(first <= reader.ledger().cursor, "told too early");
    }
}
