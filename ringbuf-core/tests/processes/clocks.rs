//! Publication times when the wall clock was set, and when producers are forgotten.

use std::fs;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use ringbuf_core::{CreateOptions, Producer, Reader, ReaderOptions, Retain, Start, Until};

use crate::support::{Rings, limit};

const CAPACITY: u64 = 64;
const HOUR: i64 = 3_600_000_000_000;
/// Where the entries of the epochs lie, and what each notes when it opens: on the wall, and on the monotonic clock.
const EPOCHS: u64 = 4096 + 384;
const WALL: u64 = 16;
const MONOTONIC: u64 = 24;

fn publish_four(ring: &str) {
    let options = CreateOptions::default().stamp(true);
    let mut producer =
        Producer::<u64>::create_with(ring, Retain::records(CAPACITY), &options).unwrap();
    for i in 0..4 {
        producer.publish(&i).unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Adds to a word of the data file.
fn add(rings: &Rings, at: u64, what: i64) {
    let path = rings.file("clocks.ring");
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut bytes = [0; 8];
    file.read_exact_at(&mut bytes, at).unwrap();
    let value = i64::from_le_bytes(bytes) + what;
    file.write_all_at(&value.to_le_bytes(), at).unwrap();
}

/// Sequences and times of what a reader with these options gets now.
fn read(ring: &str, options: ReaderOptions) -> Vec<(u64, Option<i64>)> {
    let mut reader = Reader::<u64>::attach(ring, options).unwrap();
    let mut all = Vec::new();
    while let Some(batch) = reader.poll().unwrap() {
        let times = (0..batch.records().len()).map(|i| batch.published_ns(i));
        all.extend((batch.first_sequence()..).zip(times));
    }
    all
}

#[test]
fn a_wall_clock_that_was_set_back_between_two_producers_hides_nothing() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("clocks");
    publish_four(&ring);
    publish_four(&ring);
    add(&rings, EPOCHS + 2 * 32 + WALL, -HOUR);
    let oldest = ReaderOptions::lossy().from_oldest();
    let all = read(&ring, oldest.clone());
    assert_eq!(all.len(), 8);
    assert!(all[4].1 < all[0].1, "an hour earlier");
    for i in 0..4 {
        let at = all[i].1.unwrap();
        let from = ReaderOptions::lossy().start(Start::At(at));
        assert_eq!(read(&ring, from), all[i..], "from record {i}");
        let until = oldest.clone().until(Until::At(at));
        assert_eq!(read(&ring, until), all[..i], "until record {i}");
    }
}

#[test]
fn what_a_forgotten_producer_published_has_no_time_rather_than_a_wrong_one() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("clocks");
    publish_four(&ring);
    // As if the system had been up a month longer then.
    let month = 30 * 24 * HOUR;
    add(&rings, EPOCHS + 32 + MONOTONIC, month);
    for record in 0..4 {
        // The publication times lie behind the data, which take one block.
        add(&rings, 2 * 65_536 + record * 8, month);
    }
    let oldest = ReaderOptions::lossy().from_oldest();
    let known = read(&ring, oldest.clone());
    assert!(known.iter().all(|(_, at)| at.is_some()));
    for _ in 0..6 {
        publish_four(&ring);
    }
    assert_eq!(read(&ring, oldest.clone())[..4], known);
    for _ in 0..9 {
        publish_four(&ring);
    }
    let all = read(&ring, oldest);
    assert_eq!(all.len(), CAPACITY as usize);
    assert!(all[..4].iter().all(|(_, at)| at.is_none()), "{all:?}");
    let newest = &all[all.len() - 40..];
    assert!(newest.iter().all(|(_, at)| at.is_some()));
}
