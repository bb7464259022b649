//! The room that lossless readers leave: 5 means 5.

use ringbuf_core::{Delivery, ReaderOptions, TryPublishError};

use super::{count, drain, presets};
use crate::home;

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn exactly_capacity_records_fit_in_front_of_a_reader_that_does_not_read() {
    let home = home();
    for options in presets() {
        for capacity in (1..=20).chain([33, 64, 100]) {
            let mut producer = home.producer_with::<u64>(capacity, &options);
            assert_eq!(producer.capacity(), capacity);
            let reader = producer
                .reader(ReaderOptions::lossless().named("the slow one"))
                .unwrap();
            for i in 0..capacity {
                assert_eq!(producer.try_publish(&i).unwrap(), i);
            }
            for _ in 0..3 {
                match producer.try_publish(&99) {
                    Err(TryPublishError::Full { reader, lag }) => {
                        assert_eq!((reader.as_str(), lag), ("the slow one", capacity));
                    }
                    other => panic!("record {} of {capacity}: {other:?}", capacity + 1),
                }
            }
            assert_eq!(reader.lag(), capacity);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn exactly_capacity_records_are_kept() {
    let home = home();
    for capacity in (1..=20).chain([33, 64, 100]) {
        let mut producer = home.producer::<u64>(capacity);
        let records: Vec<u64> = (0..3 * capacity + 2).collect();
        producer.publish_slice(&records).unwrap();
        let mut reader = producer
            .reader(ReaderOptions::lossy().from_oldest())
            .unwrap();
        let (got, missed) = drain(&mut reader);
        let expected = (2 * capacity + 2..3 * capacity + 2).map(|i| (i, i));
        assert!(got.into_iter().eq(expected), "capacity {capacity}");
        assert_eq!(missed, 0);
    }
}

#[test]
fn the_error_names_the_reader_that_is_furthest_behind() {
    let home = home();
    let mut producer = home.producer::<u64>(5);
    let mut one = producer
        .reader(ReaderOptions::lossless().named("one"))
        .unwrap();
    let mut two = producer
        .reader(ReaderOptions::lossless().named("two"))
        .unwrap();
    producer.publish_slice(&[0, 1, 2, 3, 4]).unwrap();
    let in_the_way = |error: TryPublishError| match error {
        TryPublishError::Full { reader, .. } => reader,
        other => panic!("{other}"),
    };
    drop(one.poll().unwrap());
    assert_eq!(in_the_way(producer.try_publish(&5).unwrap_err()), "two");
    drain(&mut two);
    assert_eq!(producer.try_publish(&5).unwrap(), 5);
    let error = producer.try_publish(&6).unwrap_err();
    assert!(error.to_string().contains("\"one\" is 5 behind"), "{error}");
    assert_eq!(in_the_way(error), "one");
    drop(one);
    assert_eq!(producer.try_publish(&6).unwrap(), 6);
}

#[test]
fn a_batch_in_hand_keeps_its_cells() {
    let home = home();
    let mut producer = home.producer::<u64>(8);
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    producer.publish_slice(&[0, 1, 2, 3, 4, 5, 6, 7]).unwrap();
    let batch = reader.poll().unwrap().unwrap();
    assert_eq!(batch.records(), [0, 1]);
    assert!(producer.try_publish(&8).is_err());
    assert_eq!(batch.records(), [0, 1]);
    drop(batch);
    producer.publish_slice(&[8, 9]).unwrap();
    assert!(producer.try_publish(&10).is_err());
}

#[test]
fn a_lossy_reader_is_never_in_the_way() {
    let home = home();
    let mut producer = home.producer::<u64>(2);
    let reader = producer.reader(ReaderOptions::lossy()).unwrap();
    for i in 0..count(50, 4) {
        assert_eq!(producer.try_publish(&i).unwrap(), i);
    }
    assert_eq!(reader.lag(), producer.published());
}

#[test]
fn the_producer_may_refuse_to_wait_for_anybody() {
    let options = ringbuf_core::CreateOptions::default().allow(Delivery::Lossy);
    let home = home();
    let mut producer = home.producer_with::<u64>(2, &options);
    let error = producer.reader(ReaderOptions::lossless()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("does not allow lossless readers: attach as lossy"),
        "{text}"
    );
    assert_eq!(producer.registered_readers(), 0);
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    producer.publish(&7).unwrap();
    assert_eq!(drain(&mut reader), (vec![(0, 7)], 0));
}
