//! Frames at the edges of what is promised of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ringbuf_core::{
    CreateOptions, Element, Event, FrameInfo, FrameProducer, FrameRetain, ReaderOptions, Start,
    Until,
};

use super::count;
use crate::home;

fn publish(producer: &mut FrameProducer, lengths: &[usize]) {
    for &len in lengths {
        let bytes = vec![producer.published() as u8; len];
        producer.publish(&bytes).unwrap();
    }
}

/// Of frames of one length exactly as many as were asked for, whatever is overwritten; of others one fewer at times.
#[test]
fn frames_that_differ_in_length_may_be_one_fewer() {
    let home = &home();
    for (lengths, kept) in [
        ([200, 200, 200, 200, 200], 4),
        ([100, 200, 200, 200, 200], 3),
    ] {
        let mut producer = home.frames(FrameRetain::frames(4, 200));
        publish(&mut producer, &lengths);
        let oldest = ReaderOptions::lossy().start(Start::Oldest);
        assert_eq!(producer.reader(oldest).unwrap().lag(), kept);
    }
}

/// However many are passed over, they are counted, and whoever asks for the next frame is told so and may ask again.
#[test]
fn very_many_are_passed_over() {
    let home = &home();
    let many = count(4000, 30);
    for options in [ReaderOptions::lossless(), ReaderOptions::lossy()] {
        let mut producer = home.frames(FrameRetain::bytes(1 << 19).at_most(5000));
        let mut reader = producer.reader(options).unwrap();
        reader.only(|frame| frame.tag() == 1);
        for _ in 0..many {
            producer.publish(b"unwanted").unwrap();
        }
        producer.publish_with(b"wanted", FrameInfo::tag(1)).unwrap();
        producer.close();
        let mut buffer = b"what was there before".to_vec();
        let mut found = Vec::new();
        while let Some(copy) = reader.next_into(&mut buffer).unwrap() {
            assert_eq!((copy.missed, copy.event), (0, None));
            assert_eq!(copy.header.is_none(), buffer.is_empty());
            found.extend(copy.header.map(|header| header.sequence()));
        }
        assert_eq!(found, [many]);
        let ledger = reader.ledger();
        assert_eq!((ledger.read, ledger.skipped), (1, many));
    }
}

/// What a filter does is its owner's business; what it leaves behind is not.
#[test]
fn a_filter_that_panics_leaves_the_reader_as_it_was() {
    let home = &home();
    for options in [ReaderOptions::lossless(), ReaderOptions::lossy()] {
        let mut producer = home.frames(FrameRetain::bytes(1 << 16));
        let mut reader = producer.reader(options).unwrap();
        let is_first = AtomicBool::new(true);
        reader.only(move |_| {
            assert!(!is_first.swap(false, Ordering::Relaxed), "on purpose");
            true
        });
        for n in 0..5u64 {
            let bytes = [n; 3].map(u64::to_le_bytes);
            producer.publish(bytes.as_flattened()).unwrap();
        }
        let mut buffer = vec![7; 3];
        let next = || reader.next_into(&mut buffer).map(|_| ());
        catch_unwind(AssertUnwindSafe(next)).unwrap_err();
        assert_eq!(reader.ledger().read, 0);
        let batch = reader.poll().unwrap().unwrap();
        assert_eq!(batch.len(), 5);
        for frame in batch.frames() {
            assert_eq!(frame.values::<u64>().unwrap(), [frame.sequence(); 3]);
        }
    }
}

/// One frame at a time for as long as the caller's buffer is used, and many again afterwards.
#[test]
fn one_frame_into_a_buffer_and_then_all_the_others() {
    let home = &home();
    for options in [ReaderOptions::lossless(), ReaderOptions::lossy()] {
        let mut producer = home.frames(FrameRetain::bytes(1 << 16));
        let mut reader = producer.reader(options).unwrap();
        publish(&mut producer, &[10, 20, 30, 40]);
        let mut buffer = Vec::new();
        let copy = reader.next_into(&mut buffer).unwrap().unwrap();
        assert_eq!(copy.header.unwrap().sequence(), 0);
        assert_eq!((buffer, reader.cursor()), (vec![0; 10], 1));
        let batch = reader.poll().unwrap().unwrap();
        let found: Vec<_> = batch.frames().map(|frame| frame.bytes().to_vec()).collect();
        assert_eq!(found, [vec![1; 20], vec![2; 30], vec![3; 40]]);
        drop(batch);
        reader.at_most(0);
        publish(&mut producer, &[1, 2]);
        assert_eq!(reader.poll().unwrap().unwrap().len(), 1);
        assert_eq!(reader.poll().unwrap().unwrap().len(), 1);
    }
}

/// Whoever copies takes so many bytes at once that they stay in the caches; a frame that is longer comes alone.
#[test]
fn a_reader_that_copies_takes_64_kib_at_once() {
    let home = &home();
    for options in [
        ReaderOptions::lossy(),
        ReaderOptions::bounded(Duration::from_secs(60)),
    ] {
        let mut producer = home.frames(FrameRetain::bytes(1 << 19));
        let mut reader = producer.reader(options).unwrap();
        publish(&mut producer, &[30_000, 30_000, 30_000, 70_000, 10, 10]);
        let mut lengths = Vec::new();
        while let Some(batch) = reader.poll().unwrap() {
            let batch: Vec<_> = batch.frames().map(|frame| frame.len()).collect();
            lengths.push(batch);
        }
        assert_eq!(
            lengths,
            [
                vec![30_000, 30_000],
                vec![30_000],
                vec![70_000],
                vec![10, 10]
            ]
        );
    }
}

#[test]
fn a_reader_that_ends_counts_what_it_passed_over_in_front_of_that() {
    let home = &home();
    for options in [ReaderOptions::lossless(), ReaderOptions::lossy()] {
        for (wanted, read) in [(0, 3), (1, 2), (2, 0)] {
            let mut producer = home.frames(FrameRetain::bytes(1 << 16));
            let until = options.clone().until(Until::Sequence(5));
            let mut reader = producer.reader(until).unwrap();
            reader.only(move |frame| frame.tag() == wanted);
            for n in 0..10u64 {
                let info = FrameInfo::tag(u64::from(n >= 3));
                producer.publish_with(&[1; 10], info).unwrap();
            }
            let mut found = 0;
            while let Some(batch) = reader.next().unwrap() {
                assert_eq!(batch.missed(), 0);
                found += batch.len() as u64;
            }
            let ledger = reader.ledger();
            assert_eq!((found, ledger.read), (read, read));
            assert_eq!((ledger.skipped, ledger.cursor), (5 - read, 5));
        }
    }
}

/// It is given back by the next look.
#[test]
fn a_batch_that_is_forgotten_is_given_back_later() {
    let home = &home();
    let mut producer = home.frames(FrameRetain::bytes(256));
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    publish(&mut producer, &[128, 128]);
    std::mem::forget(reader.poll().unwrap().unwrap());
    producer
        .try_publish(&[3], FrameInfo::default())
        .unwrap_err();
    reader.only(|_| false);
    assert!(reader.poll().unwrap().is_none());
    let ledger = reader.ledger();
    assert_eq!((ledger.read, ledger.skipped), (1, 1));
    producer
        .try_publish(&[3; 256], FrameInfo::default())
        .unwrap();
}

/// A batch that only brings an event has no frames, not those of the one before.
#[test]
fn an_event_comes_without_frames() {
    let home = &home();
    let mut producer = home.frames(FrameRetain::bytes(512));
    let options = ReaderOptions::bounded(Duration::from_millis(1));
    let mut reader = producer.reader(options).unwrap();
    publish(&mut producer, &[100]);
    assert_eq!(reader.poll().unwrap().unwrap().len(), 1);
    publish(&mut producer, &[200; 5]);
    let batch = reader.poll().unwrap().unwrap();
    assert_eq!(batch.event(), Some(Event::Demoted));
    assert_eq!((batch.len(), batch.frames().len()), (0, 0));
    assert_eq!(batch.first_sequence(), 1);
}

/// The promise of time begins when something was overwritten.
#[test]
fn the_time_kept_is_known_once_something_was_overwritten() {
    let home = &home();
    let options = CreateOptions::default().stamp(true);
    let mut producer = home.frames_with(FrameRetain::bytes(256).at_most(3), &options);
    publish(&mut producer, &[10, 10, 10]);
    assert_eq!(producer.kept(), None);
    publish(&mut producer, &[10]);
    assert!(producer.kept().is_some());
    // All of it is given up for a frame that does not come.
    producer.claim(256).unwrap().abort();
    assert_eq!((producer.kept_bytes(), producer.kept()), (0, None));
    publish(&mut producer, &[20]);
    assert_eq!(producer.kept_bytes(), 20);
}

/// Room is granted ahead for what lies wholly in an eighth of the arena: who joins has all the rest.
#[test]
fn who_joins_loses_no_more_than_the_room_granted_ahead() {
    let home = &home();
    for (retain, len, kept, granted) in [
        (FrameRetain::frames(3, 512), 512, 3, 0),
        (FrameRetain::bytes(4096).at_most(8), 448, 8, 1),
        (FrameRetain::bytes(4096).at_most(100), 128, 32, 4),
        (FrameRetain::bytes(1 << 16).at_most(64), 64, 64, 8),
    ] {
        for published in 100..count(120, 104) {
            let mut producer = home.frames(retain);
            publish(&mut producer, &vec![len; published as usize]);
            let lossless = ReaderOptions::lossless().start(Start::Oldest);
            let lag = producer.reader(lossless).unwrap().lag();
            assert!(
                (kept - granted..=kept).contains(&lag),
                "{retain:?}: {lag} after {published}"
            );
        }
    }
}

#[test]
fn who_reads_other_values_is_told_of_both_types() {
    let home = &home();
    let mut producer = home.frames(FrameRetain::bytes(4096));
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    let info = FrameInfo::array(Element::U64, &[1]);
    producer.publish_with(&[0; 8], info).unwrap();
    let batch = reader.poll().unwrap().unwrap();
    let frame = batch.frames().next().unwrap();
    let error = frame.values::<u32>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the frame is an array of u64, expected u32: read it as that, or as bytes"
    );
}
