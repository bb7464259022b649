//! Where a reader begins.

use ringbuf_core::{ReaderOptions, Start};

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
