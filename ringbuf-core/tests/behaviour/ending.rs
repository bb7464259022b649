//! How a reader learns of the end, and of nothing new.

use std::time::Duration;

use ringbuf_core::{Next, ReaderOptions, Wait};

use super::presets;
use crate::home;

#[test]
fn a_close_ends_every_reader_after_it_has_read_what_is_left() {
    let home = home();
    for options in presets() {
        for wait in [Wait::Spin, Wait::Yield, Wait::Sleep] {
            let mut producer = home.producer_with::<u64>(8, &options);
            let mut lossless = producer
                .reader(ReaderOptions::lossless().wait(wait))
                .unwrap();
            let mut lossy = producer.reader(ReaderOptions::lossy().wait(wait)).unwrap();
            producer.publish_slice(&[0, 1, 2, 3, 4]).unwrap();
            producer.close();
            for reader in [&mut lossless, &mut lossy] {
                let mut got = Vec::new();
                while let Some(batch) = reader.next().unwrap() {
                    assert_eq!(batch.event(), None);
                    got.extend_from_slice(batch.records());
                }
                assert_eq!(got, [0, 1, 2, 3, 4]);
                // It stays closed.
                assert!(reader.next().unwrap().is_none());
                assert!(reader.poll().unwrap().is_none());
                let next = reader.next_timeout(Duration::from_secs(60)).unwrap();
                assert!(matches!(next, Next::Closed), "{next:?}");
            }
        }
    }
}

#[test]
fn dropping_the_producer_closes_the_ring() {
    let home = home();
    let producer = home.producer::<u64>(8);
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    drop(producer);
    assert!(reader.next().unwrap().is_none());
}

#[test]
fn waiting_ends_with_the_time_given() {
    let home = home();
    for wait in [Wait::Spin, Wait::Yield, Wait::Sleep] {
        let mut producer = home.producer::<u64>(8);
        let mut reader = producer.reader(ReaderOptions::lossy().wait(wait)).unwrap();
        for timeout in [Duration::ZERO, Duration::from_millis(3)] {
            let next = reader.next_timeout(timeout).unwrap();
            assert!(matches!(next, Next::TimedOut), "{next:?}");
        }
        producer.publish(&7).unwrap();
        // A time beyond the end of all clocks is for ever, not an error.
        let Next::Batch(batch) = reader.next_timeout(Duration::MAX).unwrap() else {
            panic!("there is a record");
        };
        assert_eq!(batch.records(), [7]);
    }
}
