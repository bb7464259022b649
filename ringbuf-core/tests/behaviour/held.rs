//! Batches that are held on their own, beside a reader that reads on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use ringbuf_core::{
    CreateOptions, HeldBatch, HeldFrames, Next, Preset, Producer, ReaderOptions, Record, Until,
    UntypedProducer, UntypedReader, Watch,
};

use super::{Home, count};
use crate::home;

impl Home {
    /// A full ring of these numbers, and its reader.
    fn held(&self, numbers: u64, options: ReaderOptions) -> (Producer<u64>, UntypedReader) {
        let mut producer = self.producer::<u64>(numbers);
        let reader = producer.untyped_reader(options).unwrap();
        (0..numbers).for_each(|number| assert_eq!(producer.publish(&number).unwrap(), number));
        (producer, reader)
    }
}

/// What is there, held on its own; none at all is none.
fn hold(reader: &mut UntypedReader) -> Option<HeldBatch> {
    match reader.next_held(Duration::ZERO).unwrap() {
        Next::Batch(batch) => Some(batch),
        Next::TimedOut | Next::Closed => None,
    }
}

fn numbers(batch: &HeldBatch) -> Vec<u64> {
    let words = batch.bytes().as_chunks::<8>().0.iter();
    words.map(|word| u64::from_le_bytes(*word)).collect()
}

/// How many records more there is room for.
fn room(producer: &mut Producer<u64>) -> u64 {
    let before = producer.published();
    while let Ok(sequence) = producer.try_publish(&producer.published()) {
        assert!(sequence < before + 100, "nobody is in the way");
    }
    producer.published() - before
}

#[test]
fn what_is_held_may_go_anywhere() {
    fn anywhere<T: Send + Sync + 'static>() {}
    anywhere::<HeldBatch>();
    anywhere::<HeldFrames>();
    anywhere::<Watch>();
}

/// Whatever the order in which they are given back, there is room for as many as are free in front of the oldest.
#[test]
fn batches_are_given_back_in_any_order() {
    let home = home();
    let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]];
    for order in orders {
        let (mut producer, mut reader) = home.held(4, ReaderOptions::lossless());
        let mut held: Vec<_> = (0..4).map(|_| hold(&mut reader)).collect();
        let mut first = 0;
        for at in order {
            assert_eq!(numbers(held[at].as_ref().unwrap()), [at as u64]);
            held[at] = None;
            let free = held.iter().take_while(|batch| batch.is_none()).count() as u64;
            assert_eq!(room(&mut producer), free - first, "{order:?}");
            first = free;
            for batch in held.iter().flatten() {
                assert_eq!(numbers(batch), [batch.first_sequence()]);
            }
        }
        // It reads on where it was.
        assert_eq!(numbers(&hold(&mut reader).unwrap()), [4]);
    }
}

/// Handed out is read: the cursor and the ledger say so at once, the gate when it is given back.
#[test]
fn what_is_held_counts_as_read() {
    let home = home();
    let (mut producer, mut reader) = home.held(8, ReaderOptions::lossless());
    let watch = reader.watch();
    let older = hold(&mut reader).unwrap();
    assert_eq!(
        (older.len(), older.first_sequence(), older.missed()),
        (2, 0, 0)
    );
    assert_eq!((reader.cursor(), reader.lag(), reader.held()), (2, 6, 2));
    let newer = hold(&mut reader).unwrap();
    let ledger = reader.ledger();
    assert_eq!((ledger.read, ledger.cursor), (4, 4));
    assert!(ledger.adds_up());
    assert_eq!(
        (watch.ledger(), watch.lag(), watch.held()),
        (Some(ledger), Some(4), 4)
    );
    drop(newer);
    assert_eq!((reader.held(), room(&mut producer)), (4, 0));
    drop(older);
    assert_eq!(
        (reader.held(), watch.held(), room(&mut producer)),
        (0, 0, 4)
    );
    assert_eq!(reader.ledger(), ledger);
}

/// A borrowed batch beside one that is held is given back behind it, forgotten or not.
#[test]
fn batches_in_hand_come_and_go_beside_what_is_held() {
    let home = home();
    for is_forgotten in [false, true] {
        let (mut producer, mut reader) = home.held(8, ReaderOptions::lossless());
        let held = hold(&mut reader).unwrap();
        let batch = reader.poll().unwrap().unwrap();
        assert_eq!(batch.first_sequence(), 2);
        if is_forgotten {
            std::mem::forget(batch);
        } else {
            drop(batch);
        }
        while let Some(batch) = reader.poll().unwrap() {
            drop(batch);
        }
        assert_eq!(room(&mut producer), 0);
        assert_eq!(numbers(&held), [0, 1]);
        drop(held);
        assert_eq!(room(&mut producer), 8);
        // The last thing before it waits for more.
        loop {
            match reader.poll().unwrap() {
                Some(batch) if is_forgotten => std::mem::forget(batch),
                Some(batch) => drop(batch),
                None => break,
            }
        }
        assert_eq!(room(&mut producer), 8);
        assert!(reader.ledger().adds_up());
    }
}

/// The reader goes, and what it handed out stays, with its slot; whoever joins takes another.
#[test]
fn what_is_held_outlives_its_reader() {
    let home = home();
    let (mut producer, mut reader) = home.held(4, ReaderOptions::lossless());
    let watch = reader.watch();
    let (older, newer) = (hold(&mut reader).unwrap(), hold(&mut reader).unwrap());
    drop(reader);
    assert_eq!(producer.registered_readers(), 1);
    assert_eq!(room(&mut producer), 0);
    assert_eq!(watch.ledger().unwrap().read, 2);
    let next = producer.reader(ReaderOptions::lossy()).unwrap();
    assert_eq!(producer.registered_readers(), 2);
    drop(newer);
    assert_eq!(numbers(&older), [0]);
    assert_eq!(room(&mut producer), 0);
    let there = thread::spawn(move || numbers(&older)).join().unwrap();
    assert_eq!(there, [0]);
    // Nobody holds anything, and nobody is there who would.
    assert_eq!(producer.registered_readers(), 1);
    assert_eq!((watch.lag(), watch.ledger(), watch.held()), (None, None, 0));
    assert!((0..10).all(|number| producer.try_publish(&number).is_ok()));
    drop(next);
}

/// As far as it was asked to read, what is held holds the producer, and nothing else.
#[test]
fn what_is_held_at_the_end_holds_alone() {
    let home = home();
    let options = ReaderOptions::lossless().until(Until::Sequence(2));
    let (mut producer, mut reader) = home.held(4, options);
    let (older, newer) = (hold(&mut reader).unwrap(), hold(&mut reader).unwrap());
    let end = reader.next_held(Duration::from_secs(60)).unwrap();
    assert!(matches!(end, Next::Closed));
    drop(older);
    assert_eq!(room(&mut producer), 1);
    assert_eq!((numbers(&newer), reader.held()), (vec![1], 1));
    drop(newer);
    assert_eq!(reader.held(), 0);
    assert!((0..10).all(|number| producer.try_publish(&number).is_ok()));
}

/// From thread to thread and given back there, while the reader reads on and the producer waits for room.
#[test]
fn batches_are_given_back_by_other_threads() {
    let home = home();
    for options in [Preset::Throughput, Preset::Latency] {
        let options = CreateOptions::default().preset(options);
        let mut producer: Producer<u64> = home.producer_with(16, &options);
        let mut reader = producer.untyped_reader(ReaderOptions::lossless()).unwrap();
        let all = count(20_000, 20);
        let publishing = thread::spawn(move || {
            (0..all).for_each(|number| assert!(producer.publish(&number).is_ok()));
            producer.close();
        });
        let (send, receive) = std::sync::mpsc::channel::<HeldBatch>();
        let adding = thread::spawn(move || {
            let (mut sum, mut kept) = (0, Vec::new());
            while let Ok(batch) = receive.recv() {
                kept.push(batch);
                // Out of order, and a few at a time.
                if kept.len() == 3 {
                    for at in [1, 0, 0] {
                        sum += numbers(&kept.remove(at)).iter().sum::<u64>();
                    }
                }
            }
            sum + kept.iter().flat_map(numbers).sum::<u64>()
        });
        let mut expected = 0;
        while let Next::Batch(batch) = reader.next_held(Duration::from_secs(60)).unwrap() {
            assert_eq!(batch.first_sequence(), expected);
            expected += batch.len() as u64;
            send.send(batch).unwrap();
        }
        drop(send);
        assert_eq!(adding.join().unwrap(), (0..all).sum::<u64>());
        publishing.join().unwrap();
        assert_eq!((reader.ledger().read, reader.held()), (all, 0));
    }
}

/// The newest record of a ring for single ones comes as a copy, with its time; so does all that is lossy or bounded.
#[test]
fn copies_hold_nobody() {
    let home = home();
    let stamped = CreateOptions::default().preset(Preset::Latency).stamp(true);
    for options in [
        ReaderOptions::lossless(),
        ReaderOptions::bounded(Duration::from_secs(60)),
        ReaderOptions::lossy(),
    ] {
        let mut producer: Producer<u64> = home.producer_with(1, &stamped);
        let mut reader = producer.untyped_reader(options).unwrap();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap();
        // The two clocks may differ by a little.
        let begun = now.as_nanos() as i64 - 1_000_000;
        let mut held = Vec::new();
        for number in 0..5 {
            producer.publish(&number).unwrap();
            let batch = hold(&mut reader).unwrap();
            assert!(!batch.is_in_place());
            held.push(batch);
        }
        assert_eq!(reader.held(), 0);
        let mut before = 0;
        for (batch, number) in held.iter().zip(0..) {
            assert_eq!(numbers(batch), [number]);
            let at = batch.published_ns(0).unwrap();
            assert!(at >= before && at >= begun, "{at}");
            before = at;
            assert_eq!(batch.published_ns(1), None);
        }
    }
}

/// Only while the producer sleeps, something is held, and nobody else is further behind.
#[test]
fn who_is_in_the_way_is_told_so() {
    let home = home();
    let (mut producer, mut reader) = home.held(2, ReaderOptions::lossless());
    // As far behind, and holding as much.
    let mut equal = producer.untyped_reader(ReaderOptions::lossless()).unwrap();
    let (held, also) = (hold(&mut reader), hold(&mut equal));
    assert!(also.is_none() && !reader.is_in_the_way());
    drop(equal);
    let mut second = producer
        .untyped_reader(ReaderOptions::lossless().start(ringbuf_core::Start::Oldest))
        .unwrap();
    let behind = hold(&mut second);
    assert!(behind.is_some());
    let publishing = thread::spawn(move || producer.publish(&2).map(|_| producer));
    // Both are: whichever of them waits for the other alone would wait for itself.
    while !(reader.is_in_the_way() && second.is_in_the_way()) {
        thread::yield_now();
    }
    drop(held);
    while reader.is_in_the_way() || !second.is_in_the_way() {
        thread::yield_now();
    }
    drop(behind);
    let producer = publishing.join().unwrap().unwrap();
    assert!(!reader.is_in_the_way() && !second.is_in_the_way());
    drop(producer);
}

/// Whoever looks on while it waits sees what it does.
#[test]
fn a_reader_is_watched_while_it_waits() {
    let home = home();
    let mut producer = home.producer::<u64>(8);
    let mut reader = producer.untyped_reader(ReaderOptions::lossless()).unwrap();
    let watch = reader.watch();
    let reading = thread::spawn(move || {
        let mut read = 0;
        while let Ok(Next::Batch(batch)) = reader.next_held(Duration::MAX) {
            read += batch.len() as u64;
        }
        read
    });
    for number in 0..count(500, 4) {
        producer.publish(&number).unwrap();
        if number % 50 == 0 {
            while watch.lag() != Some(0) || watch.held() != 0 {
                thread::yield_now();
            }
            assert_eq!(watch.ledger().unwrap().read, number + 1);
        }
    }
    producer.close();
    assert_eq!(reading.join().unwrap(), count(500, 4));
    assert_eq!(watch.lag(), None);
}

/// What is looked at when a thread unwinds is given back all the same.
#[test]
fn a_panic_gives_back_what_it_held() {
    let home = home();
    let (mut producer, mut reader) = home.held(2, ReaderOptions::lossless());
    let held = hold(&mut reader).unwrap();
    let panics = AssertUnwindSafe(move || assert!(numbers(&held).is_empty(), "on purpose"));
    catch_unwind(panics).unwrap_err();
    assert_eq!(room(&mut producer), 1);
}

/// Written in place: the newest record is looked at while batches come back from other threads.
#[test]
fn the_newest_record_beside_what_others_give_back() {
    let home = home();
    let options = CreateOptions::default().in_place(true);
    let mut producer: Producer<[u64; 4]> = home.producer_with(4, &options);
    let mut reader = producer.untyped_reader(ReaderOptions::lossless()).unwrap();
    let all = count(5000, 8);
    let publishing = thread::spawn(move || {
        for number in 0..all {
            let mut claim = producer.claim(1).unwrap();
            claim.slices_mut().unwrap().0[0] = [number; 4];
            claim.commit();
        }
    });
    let (send, receive) = std::sync::mpsc::channel::<HeldBatch>();
    let giving_back = thread::spawn(move || receive.into_iter().for_each(drop));
    while reader.cursor() < all {
        if let Next::Batch(batch) = reader.next_held(Duration::from_secs(60)).unwrap() {
            send.send(batch).unwrap();
        }
        if let Some((sequence, bytes)) = reader.latest().unwrap() {
            assert_eq!(bytes, [sequence; 4].map(u64::to_le_bytes).concat());
        }
    }
    drop(send);
    giving_back.join().unwrap();
    publishing.join().unwrap();
}

/// However much room there is, and however little.
#[test]
fn records_are_copied_to_where_the_caller_says() {
    let home = home();
    let options = CreateOptions::default().stamp(true);
    for reader in [
        ReaderOptions::lossless(),
        ReaderOptions::bounded(Duration::from_secs(60)),
        ReaderOptions::lossy(),
    ] {
        let mut producer: UntypedProducer = home.untyped_with(<[u8; 1]>::schema(), 10, &options);
        let mut reader = producer.reader(reader).unwrap();
        producer
            .publish_bytes(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
            .unwrap();
        let mut found: Vec<u8> = Vec::new();
        // More places than anybody could keep the times of.
        let mut large = vec![0; count(1 << 26, 16) as usize];
        let mut rooms = [1, 2].into_iter();
        while let Next::Batch(read) = {
            let room = rooms.next().unwrap_or(large.len());
            reader
                .read_into(&mut large[..room], Duration::ZERO)
                .unwrap()
        } {
            assert_eq!(read.first_sequence, found.len() as u64);
            found.extend(&large[..read.count]);
        }
        assert_eq!(found, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        // Batches come as ever behind it.
        producer.publish_bytes(&[10]).unwrap();
        let batch = reader.poll().unwrap().unwrap();
        assert_eq!(batch.records().bytes(), [10]);
        assert!(batch.published_ns(0).is_some());
    }
}
