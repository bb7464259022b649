//! A producer and a reader at once on the memory that ships: the questions of the models, small enough for many
//! seeds of Miri, which runs the cells and the copies that the models leave out, and lets loads be stale as
//! the language does.

use std::time::Duration;
use std::{hint, thread};

use super::gate::{Kind, Waits};
use super::state::Moment;
use super::wake::Barrier;
use super::{Begin, Follower, News, Writer, latest, observe, stamp};
use crate::layout::Geometry;
use crate::memory::Memory;
use crate::sync::Arc;

const RECORDS: u64 = 3;
const LAPS: u64 = 12;
const SOON: Duration = Duration::from_millis(5);

fn geometry(word: usize) -> Geometry {
    Geometry::new(2, 3 * word, word, false)
}

/// A ring with all that there can be besides.
fn rich(word: usize) -> Geometry {
    Geometry::new(2, 3 * word, word, true).stamped(true)
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
                let read = buffer[run.offset..].chunks(geometry.stride);
                for (sequence, bytes) in (run.first..run.first + run.count).zip(read) {
                    assert_eq!(bytes, record(sequence, geometry.stride), "torn");
                }
                let times = stamps.iter().skip(run.offset / geometry.stride);
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
        match reader.poll_in_place(2).unwrap() {
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
            reader.leave();
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
