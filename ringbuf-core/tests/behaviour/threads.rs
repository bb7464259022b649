//! A producer and its readers at the same time.

use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use ringbuf_core::{Ledger, Producer, Reader, ReaderOptions, Record, Wait};

use super::{count, presets, some};
use crate::home;

/// Words that belong together: a torn record shows.
type Words = [u64; 5];

fn words(sequence: u64) -> Words {
    std::array::from_fn(|i| (sequence * 5 + i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Reads to the end; every record must be its sequence's, every loss told.
fn follow(mut reader: Reader<Words>) -> Ledger {
    let mut next = reader.cursor();
    loop {
        let Some(batch) = reader.next().unwrap() else {
            return reader.ledger();
        };
        assert_eq!(batch.first_sequence(), next + batch.missed());
        next = batch.first_sequence();
        for record in batch.records() {
            assert_eq!(*record, words(next), "record {next} is torn");
            next += 1;
        }
        drop(batch);
        assert!(reader.ledger().adds_up());
        assert_eq!(reader.cursor(), next);
    }
}

fn publish(producer: &mut Producer<Words>, total: u64, at_once: u64) {
    let mut next = 0;
    while next < total {
        let end = (next + at_once).min(total);
        let records: Vec<Words> = (next..end).map(words).collect();
        if at_once == 1 {
            producer.publish(&records[0]).unwrap();
        } else {
            producer.publish_slice(&records).unwrap();
        }
        next = end;
    }
}

#[test]
fn lossy_and_lossless_readers_at_once() {
    let total = count(3_000, 12);
    for options in presets() {
        for (capacity, at_once) in some(&[(5, 3), (64, 7), (100, 150), (3, 1)], 1) {
            let home = home();
            let mut producer = home.producer_with::<Words>(capacity, &options);
            let waits = [Wait::Sleep, Wait::Yield];
            let lossless = waits.map(|wait| {
                let options = ReaderOptions::lossless().wait(wait);
                producer.reader(options).unwrap()
            });
            let lossy = waits.map(|wait| {
                let options = ReaderOptions::lossy().wait(wait);
                producer.reader(options).unwrap()
            });
            thread::scope(|scope| {
                let lossless = lossless.map(|reader| scope.spawn(move || follow(reader)));
                let lossy = lossy.map(|reader| scope.spawn(move || follow(reader)));
                publish(&mut producer, total, at_once);
                producer.close();
                for ledger in lossless.map(|thread| thread.join().unwrap()) {
                    assert_eq!((ledger.read, ledger.missed), (total, 0));
                }
                for ledger in lossy.map(|thread| thread.join().unwrap()) {
                    assert_eq!((ledger.cursor, ledger.read + ledger.missed), (total, total));
                }
            });
        }
    }
}

#[test]
fn readers_come_and_go_while_records_are_published() {
    let total = count(3_000, 12);
    let home = home();
    let mut producer = home.producer::<Words>(16);
    let stays = producer.reader(ReaderOptions::lossless()).unwrap();
    let start = Barrier::new(2);
    let stays = thread::scope(|scope| {
        let stays = scope.spawn(move || follow(stays));
        let (sender, readers) = mpsc::sync_channel::<Reader<Words>>(0);
        let (begin, go) = (&start, &start);
        scope.spawn(move || {
            begin.wait();
            for mut reader in readers {
                // Two batches, and away with the second one in hand.
                let mut next = reader.cursor();
                for _ in 0..2 {
                    let Some(batch) = reader.next().unwrap() else {
                        break;
                    };
                    assert_eq!((batch.first_sequence(), batch.missed()), (next, 0));
                    for record in batch.records() {
                        assert_eq!(*record, words(next));
                        next += 1;
                    }
                }
            }
        });
        go.wait();
        for sequence in 0..total {
            producer.publish(&words(sequence)).unwrap();
            if sequence % 16 == 0 {
                let options = ReaderOptions::lossless().from_oldest();
                // If the last one is still at work, this one leaves at once.
                let _ = sender.try_send(producer.reader(options).unwrap());
            }
        }
        drop(sender);
        producer.close();
        stays.join().unwrap()
    });
    assert_eq!((stays.read, stays.missed), (total, 0));
}

#[test]
fn a_blocked_producer_goes_on_when_the_reader_in_the_way_leaves() {
    let home = home();
    let mut producer = home.producer::<u64>(2);
    let reader = producer.reader(ReaderOptions::lossless()).unwrap();
    producer.publish_slice(&[0, 1]).unwrap();
    assert!(producer.try_publish(&2).is_err());
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::yield_now();
            drop(reader);
        });
        assert_eq!(producer.publish(&2).unwrap(), 2);
    });
}

#[test]
fn ping_pong_wakes_both_sides_every_time() {
    for options in presets() {
        let home = home();
        let mut there = home.producer_with::<u64>(1, &options);
        let mut back = home.producer_with::<u64>(1, &options);
        let mut hears = there.reader(ReaderOptions::lossless()).unwrap();
        let mut answers = back.reader(ReaderOptions::lossless()).unwrap();
        thread::scope(|scope| {
            scope.spawn(move || {
                while let Some(batch) = hears.next().unwrap() {
                    back.publish(&(batch.records()[0] + 1)).unwrap();
                }
            });
            for i in 0..count(400, 2) {
                there.publish(&(i * 2)).unwrap();
                assert_eq!(one(&mut answers), i * 2 + 1);
            }
            there.close();
        });
    }
}

#[test]
#[cfg_attr(miri, ignore = "measures time")]
fn a_reader_fast_asleep_is_woken() {
    let home = home();
    let mut producer = home.producer::<u64>(8);
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    let (woken, delays) = mpsc::channel();
    thread::spawn(move || {
        while reader.next().unwrap().is_some() {
            woken.send(Instant::now()).unwrap();
        }
    });
    let mut delays: Vec<Duration> = (0..5)
        .map(|i| {
            // By now it is in one of its longer sleeps, with a quarter of a second to go.
            thread::sleep(Duration::from_millis(450));
            let published = Instant::now();
            producer.publish(&i).unwrap();
            delays.recv().unwrap() - published
        })
        .collect();
    delays.sort();
    assert!(delays[2] < Duration::from_millis(150), "{delays:?}");
}

fn one<T: Record>(reader: &mut Reader<T>) -> T {
    reader.next().unwrap().unwrap().records()[0]
}
