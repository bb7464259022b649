//! Sleeping readers: loom's sleepers have no timeout, so a lost wake-up is a deadlock.

use loom::sync::Arc;
use loom::thread;
use loom_tests::{LONG, check, lossy, open, poll, publish, race, ring};
use ringbuf_core::model::{Begin, Follower, News, Phase, Writer, remove};

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
fn read_to_the_end(reader: &mut Follower) -> u64 {
    loop {
        match poll(reader, 2) {
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
    check(3, |first| {
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

#[test]
fn two_sleepers() {
    check(2, |first| {
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

/// The end comes right behind the last record, of which nobody is told.
#[test]
fn close() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        let ((), read) = race(
            first,
            move || {
                publish(&mut writer, 1);
                writer.close();
            },
            move || read_to_the_end(&mut reader),
        );
        assert_eq!(read, 1, "ended before everything was read");
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
            move || read_to_the_end(&mut reader),
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
    check(3, |first| {
        let memory = ring(2);
        drop(open(&memory));
        let mut reader = lossy(&memory, 0, Begin::Now);
        race(
            first,
            {
                let memory = Arc::clone(&memory);
                move || drop(open(&memory))
            },
            move || {
                while poll(&mut reader, 1) == News::Nothing {
                    reader.wait(LONG).unwrap();
                }
            },
        );
    });
}
