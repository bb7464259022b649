//! Rings that drop what a reader leaves no room for: counted, never waited for, and no gap in the sequences.

use std::time::Duration;

use ringbuf_core::{CreateOptions, Element, Field, PublishError, ReaderOptions, Schema, WhenFull};

use super::drain;
use crate::home;

fn dropping() -> CreateOptions {
    CreateOptions::default().when_full(WhenFull::Drop)
}

#[test]
fn what_finds_no_room_is_counted_and_has_no_sequence() {
    let home = home();
    let mut producer = home.producer_with::<u64>(4, &dropping());
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    for i in 0..10 {
        producer.publish(&i).unwrap();
    }
    assert_eq!((producer.published(), producer.refused()), (4, 6));
    assert_eq!(drain(&mut reader), ((0..4).map(|i| (i, i)).collect(), 0));
    for i in 10..12 {
        assert_eq!(producer.publish(&i).unwrap(), i - 6);
    }
    assert_eq!(drain(&mut reader).0, [(4, 10), (5, 11)]);
    assert_eq!(reader.ledger().missed, 0);
    assert_eq!(producer.refused(), 6);
}

#[test]
fn of_a_slice_as_much_goes_as_there_is_room_for() {
    let home = home();
    let mut producer = home.producer_with::<u64>(8, &dropping());
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    let records: Vec<u64> = (0..20).collect();
    assert_eq!(producer.publish_slice(&records).unwrap(), 8);
    assert_eq!(producer.refused(), 12);
    assert_eq!(drain(&mut reader).0.len(), 8);
    assert!(matches!(
        producer.claim(8).map(|claim| claim.abort()),
        Ok(())
    ));
    producer.publish_slice(&records[..8]).unwrap();
    let error = producer.claim(3).map(|claim| claim.abort()).unwrap_err();
    assert!(
        matches!(error, PublishError::Full { lag: 8, .. }),
        "{error}"
    );
    assert_eq!(producer.refused(), 15);
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn who_sets_a_limit_waits_all_the_same_and_nothing_is_counted() {
    let home = home();
    let mut producer = home.producer_with::<u64>(2, &dropping());
    let _reader = producer.reader(ReaderOptions::lossless()).unwrap();
    producer.publish_slice(&[0, 1]).unwrap();
    let limit = Duration::from_millis(5);
    let began = std::time::Instant::now();
    assert!(producer.publish_timeout(&2, limit).is_err());
    assert_eq!(producer.publish_slice_timeout(&[2, 3], limit).unwrap(), 0);
    assert!(began.elapsed() >= 2 * limit);
    assert!(producer.try_publish(&2).is_err());
    assert_eq!(producer.refused(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn a_bounded_reader_is_demoted_when_its_time_is_over() {
    let home = home();
    let mut producer = home.producer_with::<u64>(2, &dropping());
    let bound = Duration::from_millis(10);
    let mut reader = producer.reader(ReaderOptions::bounded(bound)).unwrap();
    let began = std::time::Instant::now();
    let mut tries = 0;
    while producer.published() < 3 {
        producer.publish(&tries).unwrap();
        tries += 1;
    }
    assert!(began.elapsed() >= bound);
    assert_eq!(producer.refused() + 3, tries);
    assert!(producer.refused() > 0);
    let (records, missed) = drain(&mut reader);
    assert!(reader.is_demoted());
    assert_eq!((records.len(), missed), (2, 1));
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn a_limit_lets_a_slice_go_in_part() {
    let home = home();
    let mut producer = home.producer::<u64>(4);
    let _reader = producer.reader(ReaderOptions::lossless()).unwrap();
    let records: Vec<u64> = (0..10).collect();
    let limit = Duration::from_millis(5);
    let published = producer.publish_slice_timeout(&records, limit).unwrap();
    assert_eq!((published, producer.published()), (4, 4));
}

#[test]
fn bytes_are_dropped_like_records() {
    let home = home();
    let schema = Schema::packed([Field::new("x", Element::U64)]).unwrap();
    let mut producer = home.untyped_with(schema, 2, &dropping());
    let _reader = producer.reader(ReaderOptions::lossless()).unwrap();
    assert_eq!(producer.publish_bytes(&[0; 40]).unwrap(), 2);
    let never = || -> bool { panic!("it does not wait") };
    assert_eq!(producer.publish_bytes_until(&[0; 8], &never).unwrap(), 0);
    assert_eq!(producer.refused(), 4);
}

/// A limit that no clock can hold is a limit all the same: it waits, and nothing is dropped.
#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn the_longest_limit_waits_for_the_reader() {
    let home = home();
    let mut producer = home.producer_with::<u64>(1, &dropping());
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    producer.publish(&0).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for i in 0..3 {
                std::thread::sleep(Duration::from_millis(5));
                assert_eq!(reader.next().unwrap().unwrap().records(), [i]);
            }
        });
        assert_eq!(producer.publish_timeout(&1, Duration::MAX).unwrap(), 1);
        let published = producer.publish_slice_timeout(&[2], Duration::MAX);
        assert_eq!(published.unwrap(), 1);
    });
    assert_eq!(producer.refused(), 0);
}
