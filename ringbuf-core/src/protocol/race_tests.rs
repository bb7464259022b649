//! A producer and a reader at once on the memory that ships: the questions of the models, small enough for many
//! seeds of Miri, which runs the cells and the copies that the models leave out, and lets loads be stale as
//! the language does.

mod frames;

use std::time::Duration;
use std::{hint, thread};

use super::gate::{Kind, Waits};
use super::state::Moment;
use super::wake::Barrier;
use super::{Begin, Follower, News, Where, Writer, latest, leave, notify, observe, stamp};
use crate::layout::Geometry;
use crate::memory::Memory;
use crate::sync::Arc;

const RECORDS: u64 = 3;
const LAPS: u64 = 12;
const SOON: Duration = Duration::from_millis(5);

fn geometry(word: usize) -> Geometry {
    Geometry::new(2, 3 * word, false)
}

/// A ring with all that there can be besides.
fn rich(word: usize) -> Geometry {
    Geometry::new(2, 3 * word, true).stamped(true)
}

fn ring(geometry: Geometry) -> Arc<Memory> {
    Arc::new(Memory::heap(geometry).unwrap())
}

fn open(memory: &Arc<Memory>) -> Writer {
    Writer::open(
        Arc::clone(memory),
        Waits::All,
        Barrier::Producer,
        Moment::default(),
    )
}

/// A producer that looks at no gates, which takes Miri long.
fn open_for_nobody(memory: &Arc<Memory>) -> Writer {
    Writer::open(
        Arc::clone(memory),
        Waits::Nobody,
        Barrier::Producer,
        Moment::default(),
    )
}

/// Bytes no two records have in common, so that a torn one shows.
fn record(sequence: u64, len: usize) -> Vec<u8> {
    (0..len as u64)
        .map(|i| (sequence * 37 + i * 5 + 1) as u8)
        .collect()
}

fn write(writer: &mut Writer, first: u64) {
    let stride = writer.memory().geometry().stride;
    writer.write(first, &record(first, stride));
    writer.stamp(1, first + 1000);
    writer.commit(1);
    writer.notify();
}

/// Publishes one by one, and waits for room.
fn publish(writer: &mut Writer, records: u64) {
    for _ in 0..records {
        loop {
            match writer.try_claim(1) {
                Ok(first) => break write(writer, first),
                Err(_) => writer.wait_for_room(1, SOON).unwrap(),
            }
        }
    }
}

/// Publishes one by one, past whoever is in the way.
fn publish_past(writer: &mut Writer, records: u64) {
    for _ in 0..records {
        loop {
            if let Ok(first) = writer.try_claim(1) {
                break write(writer, first);
            }
            let in_the_way: Vec<_> = writer.in_the_way(1).collect();
            in_the_way.into_iter().for_each(|gate| {
                writer.demote(gate);
            });
        }
    }
}

/// Reads copies until everything is read or missed; returns whether it was demoted.
fn follow(reader: &mut Follower, mut is_bounded: bool) -> bool {
    let geometry = *reader.memory().geometry();
    let was_bounded = is_bounded;
    let mut buffer = vec![0; 2 * geometry.stride];
    let mut stamps = vec![0; if geometry.stamped { 2 } else { 0 }];
    while reader.ledger().cursor < RECORDS {
        let news = if is_bounded {
            reader.poll_bounded(&mut buffer, &mut stamps)
        } else {
            reader.poll_copy(&mut buffer, &mut stamps)
        };
        match news.unwrap() {
            News::Records(run) => {
                let read = buffer[run.offset()..].chunks(geometry.stride);
                for (sequence, bytes) in (run.first..run.first + run.count).zip(read) {
                    assert_eq!(bytes, record(sequence, geometry.stride), "torn");
                }
                let times = stamps.iter().skip(run.offset() / geometry.stride);
                for (sequence, &time) in (run.first..run.first + run.count).zip(times) {
                    assert_eq!(time, sequence + 1000, "the time of another record");
                }
            }
            News::Nothing => reader.wait(SOON).unwrap(),
            News::Demoted => is_bounded = false,
            _ => {}
        }
        assert!(reader.ledger().adds_up());
        assert!(!is_bounded || reader.ledger().missed == 0);
    }
    was_bounded && !is_bounded
}

/// Reads in place until everything is read.
fn follow_in_place(reader: &mut Follower) {
    let stride = reader.memory().geometry().stride;
    while reader.ledger().cursor < RECORDS {
        match reader.poll_in_place(2, &mut []).unwrap() {
            News::Records(run) => {
                let held = reader.held().bytes();
                for (sequence, bytes) in (run.first..run.first + run.count).zip(held.chunks(stride))
                {
                    assert_eq!(bytes, record(sequence, stride));
                }
            }
            News::Nothing => reader.wait(SOON).unwrap(),
            _ => {}
        }
        reader.release();
    }
}

/// The producer beside a reader.
fn race<R: Send>(
    mut writer: Writer,
    produce: impl FnOnce(&mut Writer) + Send,
    read: impl FnOnce() -> R + Send,
) -> R {
    thread::scope(|scope| {
        let reader = scope.spawn(read);
        produce(&mut writer);
        reader.join().unwrap()
    })
}

/// One cell, and two that do nothing but write and copy it: most copies are being overwritten.
#[test]
fn a_lossy_reader_is_lapped() {
    let all = [8, 4, 2, 1].map(geometry).into_iter();
    for geometry in all.chain([rich(8), rich(2)]) {
        let memory = ring(Geometry {
            capacity: 1,
            cells: 1,
            ..geometry
        });
        let written: Vec<_> = (0..LAPS)
            .map(|sequence| record(sequence, geometry.stride))
            .collect();
        let mut buffer = vec![0; geometry.stride];
        let mut stamps = vec![0; usize::from(geometry.stamped)];
        let mut reader = Follower::join_lossy(Arc::clone(&memory), 0, Begin::Now).unwrap();
        race(
            open_for_nobody(&memory),
            |writer| written.iter().for_each(|bytes| write_bytes(writer, bytes)),
            || {
                while reader.ledger().cursor < LAPS {
                    match reader.poll_copy(&mut buffer, &mut stamps).unwrap() {
                        News::Records(run) => {
                            assert_eq!(buffer, written[run.first as usize], "torn");
                            assert!(stamps.iter().all(|&time| time == run.first + 1000));
                        }
                        _ => hint::spin_loop(),
                    }
                }
            },
        );
        let ledger = reader.ledger();
        assert_eq!(ledger.read + ledger.missed, LAPS);
    }
}

fn write_bytes(writer: &mut Writer, bytes: &[u8]) {
    let first = writer.try_claim(1).unwrap();
    writer.write(first, bytes);
    writer.stamp(1, first + 1000);
    writer.commit(1);
}

#[test]
fn a_lossless_reader_reads_in_place() {
    for word in [8, 1] {
        let memory = ring(geometry(word));
        let begin = Begin::Now;
        let mut reader =
            Follower::join_holding(Arc::clone(&memory), 0, Kind::Lossless, begin).unwrap();
        race(
            open(&memory),
            |writer| publish(writer, RECORDS),
            || follow_in_place(&mut reader),
        );
        assert_eq!(reader.ledger().read, RECORDS);
    }
}

#[test]
fn a_lossless_reader_joins_and_leaves() {
    let memory = ring(geometry(8));
    let read = race(
        open(&memory),
        |writer| publish(writer, RECORDS),
        || {
            let memory = Arc::clone(&memory);
            let mut reader =
                Follower::join_holding(memory, 0, Kind::Lossless, Begin::Oldest).unwrap();
            follow_in_place(&mut reader);
            reader.release();
            leave(&reader.memory, reader.slot);
            *reader.ledger()
        },
    );
    assert_eq!((read.read, read.missed), (RECORDS - read.joined, 0));
}

#[test]
fn a_bounded_reader_is_demoted() {
    for geometry in [geometry(8), rich(4)] {
        let memory = ring(geometry);
        let begin = Begin::Now;
        let mut reader =
            Follower::join_holding(Arc::clone(&memory), 0, Kind::Bounded, begin).unwrap();
        let was_demoted = race(
            open(&memory),
            |writer| publish_past(writer, RECORDS),
            || follow(&mut reader, true),
        );
        let ledger = reader.ledger();
        assert_eq!(ledger.read + ledger.missed, RECORDS);
        assert!(was_demoted || ledger.missed == 0);
    }
}

#[test]
fn the_next_producer_goes_on_behind_a_claim() {
    let memory = ring(geometry(8));
    let mut reader = Follower::join_lossy(Arc::clone(&memory), 0, Begin::Now).unwrap();
    race(
        open_for_nobody(&memory),
        |writer| {
            publish(writer, 1);
            let first = writer.try_claim(2).unwrap();
            writer.write(first, &[0xEE; 48]);
            publish(&mut open_for_nobody(&memory), RECORDS - 1);
        },
        || follow(&mut reader, false),
    );
}

#[test]
fn who_looks_from_outside_sees_nothing_torn() {
    let memory = ring(rich(8));
    let begin = Begin::Now;
    let mut reader = Follower::join_holding(Arc::clone(&memory), 0, Kind::Bounded, begin).unwrap();
    let mut writer = open(&memory);
    thread::scope(|scope| {
        scope.spawn(|| publish(&mut writer, RECORDS));
        scope.spawn(|| follow(&mut reader, true));
        for _ in 0..RECORDS {
            let mut newest = [0; 24];
            if let Some(sequence) = latest(&memory, &mut newest) {
                assert_eq!(newest, *record(sequence, 24), "torn");
                let time = stamp(&memory, sequence);
                assert!(time.is_none_or(|time| time == sequence + 1000));
            }
            let ledger = observe(&memory.control().slots.0[0]);
            assert!(ledger.is_none_or(|ledger| ledger.adds_up()));
        }
    });
}

/// As [`publish`], written where they lie.
fn publish_in_place(writer: &mut Writer, records: u64) {
    for _ in 0..records {
        while writer.try_claim(1).is_err() {
            writer.wait_for_room(1, SOON).unwrap();
        }
        let first = writer.published();
        let (cell, none) = writer.in_place(first, 1).unwrap();
        let cell = cell.bytes();
        cell.copy_from_slice(&record(first, cell.len()));
        assert!(none.bytes().is_empty());
        writer.commit(1);
        writer.notify();
    }
}

/// Plain writes beside plain reads, and beside a look at the newest record that is held.
#[test]
fn both_sides_in_place() {
    for word in [8, 1] {
        let memory = ring(geometry(word).in_place(true));
        let begin = Begin::Now;
        let mut reader =
            Follower::join_holding(Arc::clone(&memory), 0, Kind::Lossless, begin).unwrap();
        let newest = race(
            open(&memory),
            |writer| publish_in_place(writer, RECORDS),
            || {
                let mut newest = vec![0; 3 * word];
                let sequence = reader.latest_held(&mut newest);
                follow_in_place(&mut reader);
                (sequence, newest)
            },
        );
        if let (Some(sequence), bytes) = newest {
            assert_eq!(bytes, record(sequence, 3 * word));
        }
        assert_eq!(reader.ledger().read, RECORDS);
    }
}

/// From whatever is still kept, while it is written over.
#[test]
fn a_reader_joins_beside_claims_in_place() {
    let memory = ring(geometry(8).in_place(true));
    let read = race(
        open(&memory),
        |writer| publish_in_place(writer, RECORDS),
        || {
            let memory = Arc::clone(&memory);
            let mut reader =
                Follower::join_holding(memory, 0, Kind::Lossless, Begin::Oldest).unwrap();
            follow_in_place(&mut reader);
            reader.release();
            leave(&reader.memory, reader.slot);
            *reader.ledger()
        },
    );
    assert_eq!((read.read, read.missed), (RECORDS - read.joined, 0));
}

/// Or safe code could have cells that a reader holds, or that are published.
#[test]
fn only_what_is_claimed_is_lent() {
    let memory = ring(geometry(8).in_place(true));
    let begin = Begin::Now;
    let reader = Follower::join_holding(Arc::clone(&memory), 0, Kind::Lossless, begin).unwrap();
    let mut writer = open(&memory);
    publish_in_place(&mut writer, 1);
    assert!(writer.in_place(1, 1).is_none(), "nothing is claimed");
    assert_eq!(writer.try_claim(1), Ok(1));
    for (sequence, count) in [(0, 1), (0, 2), (1, 2), (2, 1), (1, u64::MAX)] {
        let lent = writer.in_place(sequence, count);
        assert!(lent.is_none(), "{count} from {sequence} on");
    }
    assert!(writer.in_place(1, 1).is_some());
    writer.commit(0);
    // Claimed once, and there is no room for more.
    assert!(writer.try_claim(2).is_err());
    publish_in_place(&mut writer, 1);
    assert!(writer.in_place(2, 1).is_none());

    // An index that nobody can have published.
    memory
        .live()
        .hot
        .published
        .store(7, crate::sync::Ordering::Relaxed);
    assert_eq!(reader.latest_held(&mut [0; 24]), None);
    memory
        .live()
        .hot
        .published
        .store(2, crate::sync::Ordering::Relaxed);
    let mut newest = [0; 24];
    assert_eq!(reader.latest_held(&mut newest), Some(1));
    assert_eq!(newest, *record(1, 24));

    // Claimed by the producer before: the next has not looked at the gates.
    let memory = ring(geometry(8).in_place(true));
    assert_eq!(open(&memory).try_claim(2), Ok(0));
    assert!(open(&memory).in_place(0, 1).is_none());

    let mut other = open(&ring(geometry(8)));
    assert_eq!(other.try_claim(1), Ok(0));
    assert!(other.in_place(0, 1).is_none(), "not written in place");
}

/// A ring whose producer grants itself more than it claims: every other record goes at once.
const GRANTED: u64 = 16;

/// Its producer, whose ring has gone around, and whose next record goes at once.
fn gone_around(memory: &Arc<Memory>, barrier: Barrier) -> Writer {
    let stride = memory.geometry().stride;
    let now = Moment::default();
    let mut writer = Writer::open(Arc::clone(memory), Waits::All, barrier, now);
    for count in [GRANTED, 1] {
        let first = writer.try_claim(count).unwrap();
        for sequence in first..first + count {
            writer.write(sequence, &record(sequence, stride));
        }
        writer.commit(count);
    }
    writer
}

/// Publishes one by one: at once, claimed, at once.
fn publish_at_once(writer: &mut Writer) {
    let stride = writer.memory().geometry().stride;
    for is_at_once in [true, false, true] {
        let bytes = record(writer.published(), stride);
        let published = writer.publish_at_once(&bytes, notify);
        assert_eq!(published.is_some(), is_at_once);
        if !is_at_once {
            publish(writer, 1);
        }
    }
}

/// Reads every record as soon as it is there, out of the mirror if there is nothing else to tell.
fn await_each(reader: &mut Follower, is_lossless: bool) {
    let stride = reader.memory().geometry().stride;
    let mut buffer = vec![0; stride];
    while reader.ledger().cursor < GRANTED + 1 + RECORDS {
        let news = match reader.take_newest(&mut buffer, is_lossless) {
            Some(run) => News::Records(run),
            None if is_lossless => reader.poll_in_place(2, &mut buffer).unwrap(),
            None => reader.poll_copy(&mut buffer, &mut []).unwrap(),
        };
        match news {
            News::Records(run) => {
                let bytes = match run.at {
                    Where::Cells => reader.held().bytes(),
                    Where::Buffer(offset) => &buffer[offset..],
                };
                for (sequence, bytes) in
                    (run.first..run.first + run.count).zip(bytes.chunks(stride))
                {
                    assert_eq!(bytes, record(sequence, stride), "torn");
                }
            }
            News::Nothing => reader.wait(SOON).unwrap(),
            _ => {}
        }
        reader.release();
    }
}

#[test]
fn records_at_once_over_a_lossy_reader() {
    for word in [8, 4, 2, 1] {
        let memory = ring(Geometry::new(GRANTED, 3 * word, false));
        let writer = gone_around(&memory, Barrier::Sleepers);
        let mut reader = Follower::join_lossy(Arc::clone(&memory), 0, Begin::Oldest).unwrap();
        let mut oldest = Vec::new();
        race(writer, publish_at_once, || {
            while reader.ledger().cursor < 1 + RECORDS {
                let mut buffer = vec![0; 3 * word];
                if let News::Records(run) = reader.poll_copy(&mut buffer, &mut []).unwrap() {
                    oldest.push((run.first, buffer));
                }
            }
        });
        for (sequence, bytes) in oldest {
            assert_eq!(bytes, record(sequence, 3 * word), "torn");
        }
    }
}

#[test]
fn records_at_once_are_taken_out_of_the_mirror() {
    for (word, is_lossless) in [(8, false), (4, true), (2, false), (1, true)] {
        let memory = ring(Geometry::new(GRANTED, 3 * word, true));
        let writer = gone_around(&memory, Barrier::Producer);
        let memory = Arc::clone(&memory);
        let mut reader = match is_lossless {
            true => Follower::join_holding(memory, 0, Kind::Lossless, Begin::Now),
            false => Follower::join_lossy(memory, 0, Begin::Now),
        }
        .unwrap();
        race(writer, publish_at_once, || {
            await_each(&mut reader, is_lossless);
        });
        let ledger = reader.ledger();
        assert_eq!((ledger.read, ledger.missed), (RECORDS, 0));
    }
}
