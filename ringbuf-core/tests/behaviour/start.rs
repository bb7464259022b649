//! Where a reader begins.

use std::time::Duration;

use ringbuf_core::{AttachError, Producer, ReaderOptions, Start, Until};

use super::drain;
use crate::home;

#[test]
fn now_is_the_default_and_skips_nothing_that_comes() {
    let home = home();
    let mut producer = home.producer::<u64>(4);
    producer.publish_slice(&[0, 1, 2, 3, 4, 5]).unwrap();
    for options in [
        ReaderOptions::lossy(),
        ReaderOptions::lossless(),
        ReaderOptions::lossless().from_oldest().from_now(),
        ReaderOptions::lossy().start(Start::Now),
    ] {
        let mut reader = producer.reader(options).unwrap();
        let next = producer.published();
        assert_eq!((reader.ledger().joined, reader.lag()), (next, 0));
        assert!(reader.poll().unwrap().is_none());
        producer.publish(&next).unwrap();
        assert_eq!(drain(&mut reader), (vec![(next, next)], 0));
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn oldest_is_the_oldest_record_that_is_kept() {
    let home = home();
    for capacity in [1_u64, 5, 8, 12] {
        for published in 0..3 * capacity {
            let mut producer = home.producer::<u64>(capacity);
            for i in 0..published {
                producer.publish(&i).unwrap();
            }
            let oldest = published.saturating_sub(capacity);
            let mut reader = producer
                .reader(ReaderOptions::lossy().from_oldest())
                .unwrap();
            assert_eq!(reader.ledger().joined, oldest);
            let (got, missed) = drain(&mut reader);
            assert!(got.into_iter().eq((oldest..published).map(|i| (i, i))));
            assert_eq!(missed, 0, "it had not joined yet");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn a_lossless_reader_begins_at_most_an_eighth_later_and_then_misses_nothing() {
    let home = home();
    for capacity in [1_u64, 5, 8, 64, 100] {
        for published in [0, 1, capacity, capacity + 1, 2 * capacity + 3] {
            let mut producer = home.producer::<u64>(capacity);
            for i in 0..published {
                producer.publish(&i).unwrap();
            }
            let oldest = published.saturating_sub(capacity);
            let mut reader = producer
                .reader(ReaderOptions::lossless().from_oldest())
                .unwrap();
            let joined = reader.ledger().joined;
            assert!(
                (oldest..=oldest + capacity / 8).contains(&joined),
                "joined at {joined}, the oldest of {published} in {capacity} is {oldest}"
            );
            let (got, missed) = drain(&mut reader);
            assert!(got.into_iter().eq((joined..published).map(|i| (i, i))));
            assert_eq!(missed, 0);

            // What the producer had granted itself before does not let it pass one that joins now.
            let reader = producer
                .reader(ReaderOptions::lossless().from_oldest())
                .unwrap();
            let joined = reader.ledger().joined;
            while producer.try_publish(&producer.published()).is_ok() {}
            assert_eq!(producer.published(), joined + capacity);
        }
    }
}

#[test]
fn what_was_published_before_a_close_can_be_read_after_it() {
    // Only a ring in files is found after its producer is gone; on the heap the reader must be there.
    let home = home();
    let mut producer = home.producer::<u64>(4);
    let mut reader = producer
        .reader(ReaderOptions::lossless().from_oldest())
        .unwrap();
    producer.publish_slice(&[0, 1, 2]).unwrap();
    producer.close();
    let mut got = Vec::new();
    while let Some(batch) = reader.next().unwrap() {
        got.extend_from_slice(batch.records());
    }
    assert_eq!(got, [0, 1, 2]);
}

/// What a reader gets, what it is told to have missed, and its ledger's sum.
fn begin(producer: &Producer<u64>, options: ReaderOptions) -> (Vec<u64>, u64) {
    let mut reader = producer.reader(options).unwrap();
    let (records, missed) = drain(&mut reader);
    let ledger = reader.ledger();
    assert!(ledger.adds_up() && ledger.missed == missed, "{ledger:?}");
    (
        records.into_iter().map(|(sequence, _)| sequence).collect(),
        missed,
    )
}

fn deliveries() -> [ReaderOptions; 3] {
    [
        ReaderOptions::lossy(),
        ReaderOptions::bounded(Duration::from_secs(60)),
        ReaderOptions::lossless(),
    ]
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn who_goes_on_at_a_sequence_is_told_what_came_too_late() {
    let home = home();
    let mut producer = home.producer::<u64>(8);
    for i in 0..20 {
        producer.publish(&i).unwrap();
    }
    for options in deliveries() {
        let from = |sequence| begin(&producer, options.clone().start(Start::Sequence(sequence)));
        assert_eq!(from(15), ((15..20).collect(), 0));
        assert_eq!(from(20), (vec![], 0));
        let (records, missed) = from(5);
        // A reader that holds the producer may begin up to an eighth of the ring later.
        assert_eq!(records.len() as u64 + missed, 15);
        assert!((7..=8).contains(&missed), "{missed}");
        assert_eq!(records.last(), Some(&19));
        let error = producer
            .reader(options.start(Start::Sequence(21)))
            .unwrap_err();
        assert!(
            matches!(
                error,
                AttachError::NotYet {
                    found: 21,
                    published: 20,
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn the_last_ones_are_as_many_as_are_kept() {
    let home = home();
    let mut producer = home.producer::<u64>(8);
    for i in 0..20 {
        producer.publish(&i).unwrap();
    }
    for options in deliveries() {
        let last = |count| begin(&producer, options.clone().start(Start::Last(count)));
        assert_eq!(last(0), (vec![], 0));
        assert_eq!(last(3), (vec![17, 18, 19], 0));
        let (records, missed) = last(1000);
        assert!((7..=8).contains(&records.len()) && missed == 0);
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn who_reads_up_to_a_sequence_ends_in_front_of_it() {
    let home = home();
    for options in deliveries() {
        let mut producer = home.producer::<u64>(8);
        let until = |end| options.clone().until(Until::Sequence(end));
        let mut reader = producer.reader(until(10)).unwrap();
        let mut all = Vec::new();
        for i in 0..14 {
            producer.publish(&i).unwrap();
            all.extend(drain(&mut reader).0);
        }
        assert_eq!(all, (0..10).map(|i| (i, i)).collect::<Vec<_>>());
        assert!(reader.next().unwrap().is_none());
        assert_eq!(reader.cursor(), 10);
        drop(reader);
        // Nothing at all, and what is gone already.
        let mut reader = producer.reader(until(3)).unwrap();
        assert!(reader.next().unwrap().is_none());
        drop(reader);
        let mut reader = producer.reader(until(5).start(Start::Sequence(2))).unwrap();
        let batch = reader.next().unwrap().unwrap();
        assert!(batch.records().is_empty() && batch.missed() == 3);
        drop(batch);
        assert!(reader.next().unwrap().is_none());
        assert_eq!((reader.cursor(), reader.ledger().missed), (5, 3));
    }
}

#[test]
fn a_lapped_reader_does_not_go_beyond_its_end() {
    let home = home();
    let mut producer = home.producer::<u64>(8);
    let options = ReaderOptions::lossy().until(Until::Sequence(6));
    let mut reader = producer.reader(options).unwrap();
    for i in 0..100 {
        producer.publish(&i).unwrap();
    }
    assert_eq!(drain(&mut reader), (vec![], 6));
    assert!(reader.next().unwrap().is_none());
    assert_eq!(reader.cursor(), 6);
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn who_has_read_up_to_its_end_holds_nobody() {
    let home = home();
    for options in deliveries() {
        let mut producer = home.producer::<u64>(4);
        let options = options.until(Until::Sequence(2));
        let mut reader = producer.reader(options).unwrap();
        producer.publish_slice(&[0, 1]).unwrap();
        assert_eq!(drain(&mut reader).0.len(), 2);
        for i in 2..20 {
            producer.try_publish(&i).unwrap();
        }
        reader.rejoin().unwrap();
        producer.try_publish(&20).unwrap();
        assert!(reader.next().unwrap().is_none());
        assert_eq!((reader.ledger().read, reader.ledger().missed), (2, 0));
    }
}
