//! Sleeping readers: loom's sleepers have no timeout, so a lost wake-up is a deadlock.

use loom::sync::Arc;
use loom::thread;
use loom_tests::{
    LONG, Patient, check, copy, lossy, open, open_unfenced, poll, publish, publish_past,
    publish_waiting, race, ring, take,
};
use ringbuf_core::model::{Begin, Follower, Kind, Memory, News, Phase, Writer, remove};

type Open = fn(&Arc<Memory>) -> Writer;

/// A producer that issues its barriers, and one that leaves them to the sleepers.
const EITHER_WAY: [Open; 2] = [open, open_unfenced];

/// Publishes so many records, one by one, each with its wake.
fn publish_and_wake(writer: &mut Writer, count: usize) {
    for _ in 0..count {
        publish(writer, 1);
        writer.notify();
    }
}

/// Reads and sleeps until `cursor` is reached.
fn read_until(reader: &mut Follower, cursor: u64) {
    while reader.ledger().cursor < cursor {
        if poll(reader, 2) == News::Nothing {
            reader.wait(LONG).unwrap();
        }
    }
}

/// Reads and sleeps until the end, and returns how many records that took.
fn read_to_the_end(reader: &mut Follower, attempt: fn(&mut Follower) -> News) -> u64 {
    loop {
        match attempt(reader) {
            News::Nothing => reader.wait(LONG).unwrap(),
            News::Ended(phase) => {
                assert_eq!(phase, Phase::Closed);
                return reader.ledger().read;
            }
            _ => {}
        }
    }
}

#[test]
fn one_sleeper() {
    for open in EITHER_WAY {
        check(3, move |first| {
            let memory = ring(2);
            let mut writer = open(&memory);
            let mut reader = lossy(&memory, 0, Begin::Now);
            race(
                first,
                move || publish_and_wake(&mut writer, 2),
                move || read_until(&mut reader, 2),
            );
        });
    }
}

#[test]
fn two_sleepers() {
    for open in EITHER_WAY {
        check(2, move |first| {
            let memory = ring(2);
            let mut writer = open(&memory);
            let mut reader = lossy(&memory, 0, Begin::Now);
            let mut second = lossy(&memory, 1, Begin::Now);
            let other = thread::spawn(move || read_until(&mut second, 2));
            race(
                first,
                move || publish_and_wake(&mut writer, 2),
                move || read_until(&mut reader, 2),
            );
            other.join().unwrap();
        });
    }
}

/// The end comes right behind the last record, of which nobody is told.
#[test]
fn close() {
    for open in EITHER_WAY {
        check(3, move |first| {
            let memory = ring(2);
            let mut writer = open(&memory);
            let mut reader = lossy(&memory, 0, Begin::Now);
            let ((), read) = race(
                first,
                move || {
                    publish(&mut writer, 1);
                    writer.close();
                },
                move || read_to_the_end(&mut reader, |reader| poll(reader, 2)),
            );
            assert_eq!(read, 1, "ended before everything was read");
        });
    }
}

/// A producer that closes right behind a record, and readers that hold it.
#[test]
fn close_with_records_held() {
    for kind in [Kind::Lossless, Kind::Bounded] {
        check(3, move |first| {
            let memory = ring(1);
            let mut writer = open(&memory);
            let begin = Begin::Now;
            let mut reader = Follower::join_holding(Arc::clone(&memory), 0, kind, begin).unwrap();
            let ((), read) = race(
                first,
                move || {
                    (0..2).for_each(|_| publish_waiting(&mut writer, 1));
                    writer.close();
                },
                move || match kind {
                    Kind::Lossless => read_to_the_end(&mut reader, |reader| take(reader, 1)),
                    Kind::Bounded => read_to_the_end(&mut reader, |reader| copy(reader, 1)),
                },
            );
            assert_eq!(read, 2, "ended before everything was read");
        });
    }
}

/// A demoted reader sleeps and wakes as any other.
#[test]
fn close_past_a_demoted_reader() {
    check(2, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = Patient::join(&memory, 0, Begin::Now);
        race(
            first,
            move || {
                for _ in 0..2 {
                    publish_past(&mut writer, 1);
                    writer.notify();
                }
                writer.close();
            },
            move || {
                loop {
                    match reader.poll(1) {
                        News::Nothing => reader.follower.wait(LONG).unwrap(),
                        News::Ended(_) => break,
                        _ => {}
                    }
                }
                let ledger = reader.follower.ledger();
                assert_eq!(ledger.cursor, 2, "ended before everything was read");
                assert!(ledger.missed == 0 || reader.told == 1);
            },
        );
    });
}

/// A reader that sleeps when nothing is published any more is woken by the end alone.
#[test]
fn close_without_a_record() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        let ((), read) = race(
            first,
            move || writer.close(),
            move || read_to_the_end(&mut reader, |reader| poll(reader, 2)),
        );
        assert_eq!(read, 0);
    });
}

/// The files are taken away while a reader sleeps.
#[test]
fn remove_wakes() {
    check(3, |first| {
        let memory = ring(2);
        drop(open(&memory));
        let mut reader = lossy(&memory, 0, Begin::Now);
        race(
            first,
            move || remove(&memory),
            move || {
                while poll(&mut reader, 1) == News::Nothing {
                    reader.wait(LONG).unwrap();
                }
                assert_eq!(poll(&mut reader, 1), News::Ended(Phase::Removed));
            },
        );
    });
}

/// A reader that sleeps in an epoch that is over is woken by the next producer's opening.
#[test]
fn restart_wakes() {
    for next in EITHER_WAY {
        check(3, move |first| {
            let memory = ring(2);
            drop(open(&memory));
            let mut reader = lossy(&memory, 0, Begin::Now);
            race(
                first,
                {
                    let memory = Arc::clone(&memory);
                    move || drop(next(&memory))
                },
                move || {
                    while poll(&mut reader, 1) == News::Nothing {
                        reader.wait(LONG).unwrap();
                    }
                },
            );
        });
    }
}

/// A reader may fall asleep in the belief that the producer issues its barriers, while the next one leaves them to
/// its sleepers, or the other way round.
#[test]
fn the_next_producer_has_other_ways() {
    for (before, after) in [(open as Open, open_unfenced as Open), (open_unfenced, open)] {
        check(2, move |first| {
            let memory = ring(2);
            drop(before(&memory));
            let mut reader = lossy(&memory, 0, Begin::Now);
            race(
                first,
                {
                    let memory = Arc::clone(&memory);
                    move || publish_and_wake(&mut after(&memory), 2)
                },
                move || read_until(&mut reader, 2),
            );
        });
    }
}
