//! Joining as a lossless reader while the producer runs on the room it granted itself before.

use loom::sync::Arc;
use loom::thread;
use loom_tests::{
    First, check, lossless, open, publish, race, records, ring, take, take_rest, try_publish,
};
use ringbuf_core::model::{Begin, Memory};

/// A producer that published `ahead` without readers and tries `claims` while a reader joins.
fn join(first: First, memory: Arc<Memory>, ahead: &[u64], claims: &'static [u64], start: Begin) {
    let mut writer = open(&memory);
    ahead.iter().for_each(|&n| publish(&mut writer, n));
    let (published, mut reader) = race(
        first,
        move || {
            for &n in claims {
                let _ = try_publish(&mut writer, n);
            }
            writer.published()
        },
        move || {
            let mut reader = lossless(&memory, 0, start);
            take(&mut reader, 1);
            take(&mut reader, 1);
            reader
        },
    );
    take_rest(&mut reader, published);
}

#[test]
fn from_now() {
    check(3, |first| {
        join(first, ring(2), &[1, 1], &[1, 1, 1], Begin::Now)
    });
}

#[test]
fn from_the_oldest() {
    check(3, |first| {
        join(first, ring(2), &[1, 1], &[1, 1, 1], Begin::Oldest)
    });
}

#[test]
fn capacity_one() {
    check(3, |first| {
        join(first, ring(1), &[1, 1, 1], &[1, 1], Begin::Oldest)
    });
}

#[test]
fn claims_of_two() {
    check(3, |first| join(first, ring(2), &[2], &[2, 2], Begin::Now));
}

#[test]
fn claims_of_two_from_the_oldest() {
    check(3, |first| {
        join(first, ring(2), &[2], &[2, 2], Begin::Oldest)
    });
}

/// Capacity 16 is the smallest with steps of two: the producer grants itself more than it claims.
#[test]
fn steps_of_two() {
    check(3, |first| {
        join(first, ring(16), &[8, 8, 1], &[1, 1, 1], Begin::Oldest)
    });
}

#[test]
fn beside_a_reader_further_back() {
    check(2, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        let mut behind = lossless(&memory, 1, Begin::Oldest);
        publish(&mut writer, 1);
        let other = thread::spawn(move || {
            take(&mut behind, 2);
            take(&mut behind, 1);
            behind.leave();
        });
        let (published, mut reader) = race(
            first,
            move || {
                for _ in 0..3 {
                    let _ = try_publish(&mut writer, 1);
                }
                writer.published()
            },
            move || {
                let mut reader = lossless(&memory, 0, Begin::Oldest);
                take(&mut reader, 1);
                reader
            },
        );
        other.join().unwrap();
        take_rest(&mut reader, published);
    });
}

/// The producer dies in a claim and another goes on, while a reader joins.
#[test]
fn across_a_restart() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        let (published, mut reader) = race(
            first,
            {
                let memory = Arc::clone(&memory);
                move || {
                    let _ = try_publish(&mut writer, 1);
                    if let Ok(first) = writer.try_claim(2) {
                        writer.write(first, &records(first, 1, 7));
                    }
                    drop(writer);
                    let mut writer = open(&memory);
                    for _ in 0..2 {
                        let _ = try_publish(&mut writer, 1);
                    }
                    writer.published()
                }
            },
            move || {
                let mut reader = lossless(&memory, 0, Begin::Oldest);
                take(&mut reader, 1);
                take(&mut reader, 1);
                reader
            },
        );
        while reader.ledger().cursor < published {
            take(&mut reader, 1);
            reader.release();
        }
        assert_eq!(reader.ledger().read, published - reader.ledger().joined);
    });
}
