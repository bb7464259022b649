//! Whatever is written to `NAME.readers`, the producer waits for nobody longer than it allows.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, TryRecvError};
use std::time::{Duration, Instant};

use ringbuf_core::{CreateOptions, Delivery, Producer, Reader, ReaderOptions, Retain, inspect};

use crate::support::process::{say, start};
use crate::support::system::Words;
use crate::support::{Rings, limit};

const CAPACITY: u64 = 8;
/// Marks the gate of a bounded reader.
const TAG: u64 = 1 << 62;

fn create(ring: &str, allow: Delivery) -> Producer<u64> {
    let options = CreateOptions::default().allow(allow);
    Producer::create_with(ring, Retain::records(CAPACITY), &options).unwrap()
}

/// Puts these words at the beginning of slot 5: gate, delivery and bound.
fn intrude(rings: &Rings, words: [u64; 3]) {
    let path = rings.file("guarded.readers");
    let file = OpenOptions::new().write(true).open(path).unwrap();
    for (word, value) in words.iter().enumerate() {
        let at = 8192 + 5 * 256 + word as u64 * 8;
        file.write_all_at(&value.to_le_bytes(), at).unwrap();
    }
}

/// Readers in the first slots: who lives is not evicted.
fn living(producer: &Producer<u64>) -> Vec<Reader<u64>> {
    (0..6)
        .map(|_| producer.reader(ReaderOptions::lossy()).unwrap())
        .collect()
}

#[test]
fn a_producer_that_allows_nobody_to_hold_it_is_held_by_nobody() {
    let _limit = limit();
    let rings = Rings::new();
    let mut producer = create(&rings.reference("guarded"), Delivery::Lossy);
    let _readers = living(&producer);
    for gate in [0, TAG, 3 | TAG, u64::MAX - 1, u64::MAX - 2] {
        intrude(&rings, [gate, 2, u64::MAX]);
        for i in 0..10 * CAPACITY {
            producer.try_publish(&i).unwrap();
        }
    }
}

#[test]
fn a_bounded_reader_gets_no_more_time_than_is_allowed_and_a_lossless_one_none() {
    let _limit = limit();
    let rings = Rings::new();
    let most = Duration::from_millis(5);
    let mut producer = create(&rings.reference("guarded"), Delivery::Bounded(most));
    let _readers = living(&producer);
    intrude(&rings, [0, 2, 0]);
    for i in 0..10 * CAPACITY {
        producer.try_publish(&i).unwrap();
    }
    // An hour, it says.
    intrude(&rings, [producer.published() | TAG, 3, 3_600_000_000_000]);
    let began = Instant::now();
    for i in 0..10 * CAPACITY {
        producer.publish(&i).unwrap();
    }
    assert!(began.elapsed() >= most);
}

#[test]
fn any_gate_at_all_is_survived() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("guarded");
    let mut producer = create(&ring, Delivery::Lossless);
    let mut reader = producer
        .reader(ReaderOptions::bounded(Duration::ZERO))
        .unwrap();
    for bit in 0..64 {
        for gate in [1 << bit, !(1 << bit), (1 << bit) - 1] {
            intrude(&rings, [gate, 3, 0]);
            for i in 0..2 * CAPACITY {
                let _ = producer.try_publish(&i);
            }
            while reader.poll().unwrap().is_some() {}
            assert!(reader.ledger().adds_up());
            reader.rejoin().unwrap();
            inspect::info(&ring).unwrap();
        }
    }
}

/// Readers that come one after the other, each with all its time, hold the producer no longer than one.
#[test]
fn those_who_keep_joining_hold_the_producer_no_longer_than_is_allowed() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("guarded");
    let most = Duration::from_millis(50);
    let mut producer = create(&ring, Delivery::Bounded(most));
    for i in 0..CAPACITY {
        producer.publish(&i).unwrap();
    }
    let (over, is_over) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let ring = &ring;
        scope.spawn(move || {
            let mut readers = Vec::new();
            // Until the producer is let go on.
            while is_over.try_recv() == Err(TryRecvError::Empty) {
                let options = ReaderOptions::bounded(most).from_oldest();
                readers.extend(Reader::<u64>::attach(ring, options));
                if readers.len() > 20 {
                    readers.remove(0);
                }
                std::thread::sleep(most / 4);
            }
        });
        std::thread::sleep(most);
        for _ in 0..4 {
            producer.publish(&0).unwrap();
        }
        drop(over);
    });
}

/// The same with the word of a reader that is there: it is told that it was demoted, or that the ring is damaged.
#[test]
fn a_reader_whose_gate_is_moved_by_others_reads_nothing_wrong() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("guarded");
    for gate in [0, 1, TAG, 5 | TAG, u64::MAX, u64::MAX - 1, 1 << 63] {
        let mut producer = create(&ring, Delivery::Lossless);
        let mut readers: Vec<_> = (0..6)
            .map(|_| {
                let options = ReaderOptions::bounded(Duration::ZERO).from_oldest();
                producer.reader(options).unwrap()
            })
            .collect();
        let mut publish = |count| {
            for _ in 0..count {
                // Who may write the file may hold the producer; a living reader's gate is not doubted.
                let next = producer.published();
                let _ = producer.try_publish(&next);
            }
        };
        publish(3);
        intrude(&rings, [gate, 3, 0]);
        publish(2 * CAPACITY);
        let reader = &mut readers[5];
        while let Ok(Some(batch)) = reader.poll() {
            for (sequence, record) in (batch.first_sequence()..).zip(batch.records()) {
                assert_eq!(*record, sequence, "with gate {gate:#x}");
            }
        }
        assert!(reader.ledger().adds_up());
    }
}

/// The role: sets the gate of slot 5 to this value again and again, as fast as it can.
pub fn holds_a_gate(arguments: &[String]) {
    let words = Words::of(Path::new(&arguments[0])).unwrap();
    let gate = arguments[1].parse().unwrap();
    say("begun");
    loop {
        words
            .word((8192 + 5 * 256) / 8)
            .store(gate, Ordering::Relaxed);
    }
}

/// Demoting it once is not enough: it is there again before the producer has looked.
#[test]
fn a_gate_that_is_set_again_and_again_holds_nobody_longer_than_is_allowed() {
    let _limit = limit();
    let rings = Rings::new();
    let most = Duration::from_millis(5);
    let mut producer = create(&rings.reference("guarded"), Delivery::Bounded(most));
    let _readers = living(&producer);
    let file = rings.file("guarded.readers").display().to_string();
    for gate in [TAG, TAG | 3] {
        let holding = start("holds a gate", &[&file, &gate.to_string()]);
        holding.says("begun");
        for i in 0..10 * CAPACITY {
            producer.publish(&i).unwrap();
        }
    }
}
