//! Frames that are held on their own.

use std::thread;
use std::time::Duration;

use ringbuf_core::{
    CreateOptions, FrameInfo, FrameProducer, FrameReader, FrameRetain, HeldFrames, Next,
    ReaderOptions,
};

use super::count;
use crate::home;

fn hold(reader: &mut FrameReader) -> Option<HeldFrames> {
    match reader.next_held(Duration::ZERO).unwrap() {
        Next::Batch(batch) => Some(batch),
        Next::TimedOut | Next::Closed => None,
    }
}

fn publish(producer: &mut FrameProducer, len: usize) {
    let sequence = producer.published();
    let bytes = vec![sequence as u8; len];
    let info = FrameInfo::tag(sequence % 2);
    assert_eq!(producer.publish_with(&bytes, info).unwrap(), sequence);
}

fn has_room(producer: &mut FrameProducer, len: usize) -> bool {
    let bytes = vec![producer.published() as u8; len];
    let info = FrameInfo::tag(producer.published() % 2);
    producer.try_publish(&bytes, info).is_ok()
}

fn check(batch: &HeldFrames) {
    assert_eq!(batch.frames().len(), batch.len());
    for (index, frame) in batch.frames().enumerate() {
        let sequence = frame.sequence();
        assert!(!frame.is_empty());
        assert!(frame.bytes().iter().all(|&byte| byte == sequence as u8));
        assert_eq!(batch.get(index).unwrap().sequence(), sequence);
        assert_eq!(frame.tag(), sequence % 2);
    }
    assert!(batch.get(batch.len()).is_none());
}

/// Bytes are free when the frames in front of them are.
#[test]
fn frames_are_given_back_in_any_order() {
    let home = home();
    for older_first in [true, false] {
        let mut producer = home.frames(FrameRetain::bytes(256));
        let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
        reader.at_most(1);
        (0..2).for_each(|_| publish(&mut producer, 100));
        let (older, newer) = (hold(&mut reader).unwrap(), hold(&mut reader).unwrap());
        assert_eq!((older.first_sequence(), newer.first_sequence()), (0, 1));
        assert_eq!((reader.cursor(), reader.held()), (2, 2));
        assert!(!has_room(&mut producer, 100));
        let (first, last) = if older_first {
            (older, newer)
        } else {
            (newer, older)
        };
        drop(first);
        assert_eq!(has_room(&mut producer, 100), older_first);
        check(&last);
        assert!(last.is_in_place());
        drop(last);
        assert!(has_room(&mut producer, 100));
        assert!(reader.ledger().adds_up());
    }
}

/// A batch holds what it passed over, and what is passed over behind it is given back with it.
#[test]
fn frames_passed_over_are_held_with_the_others() {
    let home = home();
    let mut producer = home.frames(FrameRetain::bytes(1 << 12).at_most(64));
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    reader.only(|frame| frame.tag() == 1 && frame.sequence() < 4);
    reader.at_most(1);
    (0..8).for_each(|_| publish(&mut producer, 200));
    let (first, second) = (hold(&mut reader).unwrap(), hold(&mut reader).unwrap());
    assert_eq!((first.first_sequence(), second.first_sequence()), (1, 3));
    assert!(hold(&mut reader).is_none_or(|batch| batch.is_empty()));
    let ledger = reader.ledger();
    assert_eq!((ledger.read, ledger.skipped, ledger.cursor), (2, 6, 8));
    assert_eq!(reader.held(), 8);
    drop(second);
    check(&first);
    assert_eq!(reader.held(), 8);
    drop(first);
    assert_eq!(reader.held(), 0);
    // With nothing held any more, they are free as soon as they were passed over.
    for _ in 0..count(200, 3) {
        assert!(has_room(&mut producer, 200), "what was passed over is held");
        while has_room(&mut producer, 200) {}
        while hold(&mut reader).is_some() {}
        assert_eq!(reader.held(), 0);
        assert_eq!(reader.lag(), 0);
    }
}

/// A copy is the batch's own, however many there are, and whatever the reader copies next.
#[test]
fn copies_stay_what_they_were() {
    let home = home();
    for options in [
        ReaderOptions::lossy(),
        ReaderOptions::bounded(Duration::from_secs(60)),
    ] {
        let stamped = CreateOptions::default().stamp(true);
        let mut producer = home.frames_with(FrameRetain::bytes(1 << 14), &stamped);
        let mut reader = producer.reader(options).unwrap();
        let mut held = Vec::new();
        for len in [3000, 1, 64, 5000, 2, 7, 9] {
            publish(&mut producer, len);
            if held.len() == 3 {
                // A batch of this reader's own in between.
                drop(reader.poll().unwrap());
                publish(&mut producer, len);
            }
            held.push(hold(&mut reader).unwrap());
        }
        for batch in &held {
            assert!(!batch.is_in_place() && batch.len() == 1);
            check(batch);
            assert!(batch.get(0).unwrap().published_ns().is_some());
        }
        assert_eq!(reader.held(), 0);
    }
}

/// The reader goes first, and the last frames are given back in another thread.
#[test]
fn frames_outlive_their_reader() {
    let home = home();
    let mut producer = home.frames(FrameRetain::bytes(256));
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    let watch = reader.watch();
    publish(&mut producer, 200);
    let held = hold(&mut reader).unwrap();
    drop(reader);
    assert!(!has_room(&mut producer, 200));
    assert_eq!((watch.held(), watch.lag()), (1, Some(0)));
    thread::spawn(move || check(&held)).join().unwrap();
    assert!(has_room(&mut producer, 200) && has_room(&mut producer, 200));
    assert_eq!((producer.registered_readers(), watch.held()), (0, 0));
}

/// Frames of any size from thread to thread, held a few at a time, while the producer waits for room.
#[test]
fn frames_are_given_back_by_other_threads() {
    let home = home();
    let mut producer = home.frames(FrameRetain::bytes(1 << 14).at_most(32));
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    let all = count(5000, 8);
    let publishing = thread::spawn(move || {
        (0..all).for_each(|number| publish(&mut producer, 1 + (number * 37 % 1500) as usize));
        producer.close();
    });
    let (send, receive) = std::sync::mpsc::channel::<HeldFrames>();
    let checking = thread::spawn(move || {
        let mut before = None;
        while let Ok(batch) = receive.recv() {
            check(&batch);
            // One is held while the next one is looked at.
            before.replace(batch);
        }
    });
    let mut next = 0;
    while let Next::Batch(batch) = reader.next_held(Duration::from_secs(60)).unwrap() {
        assert_eq!(batch.first_sequence(), next);
        next += batch.len() as u64;
        send.send(batch).unwrap();
    }
    drop(send);
    checking.join().unwrap();
    publishing.join().unwrap();
    assert_eq!((next, reader.held()), (all, 0));
}
