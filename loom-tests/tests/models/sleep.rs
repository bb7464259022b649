//! Sleeping readers: loom's sleepers have no timeout, so a lost wake-up is a deadlock.

use loom::thread;
use loom_tests::{LONG, check, lossy, open, poll, publish, ring};
use ringbuf_core::model::{Follower, News, Phase, Start};

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
    check(3, || {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Start::Now);
        let producer = thread::spawn(move || {
            for _ in 0..2 {
                publish(&mut writer, 1);
                writer.notify();
            }
        });
        read_until(&mut reader, 2);
        producer.join().unwrap();
    });
}

#[test]
fn two_sleepers() {
    check(2, || {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut first = lossy(&memory, 0, Start::Now);
        let mut second = lossy(&memory, 1, Start::Now);
        let producer = thread::spawn(move || {
            for _ in 0..2 {
                publish(&mut writer, 1);
                writer.notify();
            }
        });
        let other = thread::spawn(move || read_until(&mut second, 2));
        read_until(&mut first, 2);
        producer.join().unwrap();
        other.join().unwrap();
    });
}

/// The end comes right behind the last record, which nobody is told of.
#[test]
fn close() {
    check(3, || {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Start::Now);
        let producer = thread::spawn(move || {
            publish(&mut writer, 1);
            writer.close();
        });
        assert_eq!(read_to_the_end(&mut reader), 1);
        producer.join().unwrap();
    });
}

/// A reader that sleeps when nothing is published any more is woken by the end alone.
#[test]
fn close_without_a_record() {
    check(3, || {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Start::Now);
        let producer = thread::spawn(move || writer.close());
        assert_eq!(read_to_the_end(&mut reader), 0);
        producer.join().unwrap();
    });
}

/// A reader that sleeps in an epoch that is over is woken by the next producer's opening.
#[test]
fn restart_wakes() {
    check(3, || {
        let memory = ring(2);
        drop(open(&memory));
        let mut reader = lossy(&memory, 0, Start::Now);
        let producer = thread::spawn({
            let memory = loom::sync::Arc::clone(&memory);
            move || drop(open(&memory))
        });
        while poll(&mut reader, 1) == News::Nothing {
            reader.wait(LONG).unwrap();
        }
        producer.join().unwrap();
    });
}
