//! Bounded readers: they hold the producer for a while, and are told when it has gone on without them.

use std::time::{Duration, Instant};

use ringbuf_core::{
    AttachError, CreateOptions, Delivery, Event, Producer, Reader, ReaderOptions, Start,
    TryPublishError, Until,
};

use super::{check_ledger, count, drain, presets};
use crate::home;

const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_secs(3600);

fn fill(producer: &mut Producer<u64>, count: u64) {
    for _ in 0..count {
        let next = producer.published();
        assert_eq!(producer.try_publish(&next).unwrap(), next);
    }
}

/// Reads one batch that says it was demoted, and nothing else.
fn is_told(reader: &mut Reader<u64>) {
    let batch = reader.poll().unwrap().expect("the news");
    assert_eq!(batch.event(), Some(Event::Demoted));
    assert!(batch.records().is_empty() && batch.missed() == 0);
    drop(batch);
    assert!(reader.is_demoted());
}

#[test]
fn who_keeps_up_is_never_demoted_and_misses_nothing() {
    let home = home();
    for options in presets() {
        let mut producer = home.producer_with::<u64>(5, &options);
        let mut reader = producer.reader(ReaderOptions::bounded(SHORT)).unwrap();
        let mut next = 0;
        for round in 0..count(40, 10) {
            fill(&mut producer, 1 + round % 5);
            let (records, missed) = drain(&mut reader);
            assert_eq!(missed, 0);
            for record in records {
                assert_eq!(record, (next, next));
                next += 1;
            }
            check_ledger(&reader, producer.published());
        }
        assert!(!reader.is_demoted() && next == producer.published());
    }
}

#[test]
fn who_stands_still_holds_the_producer_for_its_time_and_is_told() {
    let home = home();
    let mut producer = home.producer::<u64>(4);
    let mut reader = producer.reader(ReaderOptions::bounded(SHORT)).unwrap();
    fill(&mut producer, 2);
    assert_eq!(drain(&mut reader).0.len(), 2);
    fill(&mut producer, 4);
    let began = Instant::now();
    assert_eq!(producer.publish(&6).unwrap(), 6);
    assert!(began.elapsed() >= SHORT, "it did not wait");
    producer.publish_slice(&[7, 8]).unwrap();

    is_told(&mut reader);
    // 2, 3 and 4 were overwritten.
    let (records, missed) = drain(&mut reader);
    let expected: Vec<(u64, u64)> = (5..9).map(|i| (i, i)).collect();
    assert_eq!((records, missed), (expected, 3));
    check_ledger(&reader, 9);
    assert_eq!(reader.ledger().missed, 3);
    // From here on it is a lossy one.
    fill(&mut producer, 20);
    assert_eq!(drain(&mut reader).1, 16);
    check_ledger(&reader, 29);
}

#[test]
fn it_is_told_before_it_misses_anything() {
    let home = home();
    let mut producer = home.producer::<u64>(4);
    let mut reader = producer.reader(ReaderOptions::bounded(SHORT)).unwrap();
    fill(&mut producer, 4);
    // Demoted for a claim that is given up: nothing was overwritten yet but what was claimed.
    producer.claim(1).unwrap().abort();
    is_told(&mut reader);
    let (records, missed) = drain(&mut reader);
    assert_eq!((records.len(), missed), (3, 1));
    check_ledger(&reader, 4);
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn who_joins_again_holds_the_producer_again() {
    let home = home();
    let mut producer = home.producer::<u64>(8);
    let options = ReaderOptions::bounded(SHORT).named("slow");
    let mut reader = producer.reader(options).unwrap();
    let mut total_missed = 0;
    for _ in 0..3 {
        fill(&mut producer, 8);
        producer.publish(&producer.published()).unwrap();
        is_told(&mut reader);
        let (records, missed) = drain(&mut reader);
        assert_eq!((records.len(), missed), (8, 1));
        total_missed += missed;
        reader.rejoin().unwrap();
        assert!(!reader.is_demoted());
        // Nothing is lost by joining again when everything is read.
        fill(&mut producer, 8);
        let error = producer.try_publish(&0).unwrap_err();
        assert!(matches!(error, TryPublishError::Full { reader, lag: 8 } if reader == "slow"));
        let (records, missed) = drain(&mut reader);
        assert_eq!((records.len(), missed), (8, 0));
        check_ledger(&reader, producer.published());
    }
    assert_eq!(reader.ledger().missed, total_missed);
}

#[test]
fn who_joins_again_far_behind_is_told_what_that_cost() {
    let home = home();
    let mut producer = home.producer::<u64>(8);
    let mut reader = producer.reader(ReaderOptions::bounded(SHORT)).unwrap();
    fill(&mut producer, 8);
    for next in 8..30 {
        producer.publish(&next).unwrap();
    }
    is_told(&mut reader);
    reader.rejoin().unwrap();
    let (records, missed) = drain(&mut reader);
    assert_eq!(records.len() as u64 + missed, 30);
    assert_eq!(records.last(), Some(&(29, 29)));
    assert!((22..=24).contains(&missed), "{missed}");
    check_ledger(&reader, 30);
    // It holds the producer from there.
    fill(&mut producer, 8);
    assert!(producer.try_publish(&0).is_err());
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn who_only_tries_is_refused_until_the_time_is_over() {
    let home = home();
    let mut producer = home.producer::<u64>(2);
    let bound = Duration::from_millis(30);
    let mut reader = producer.reader(ReaderOptions::bounded(bound)).unwrap();
    fill(&mut producer, 2);
    let began = Instant::now();
    let mut refused = 0;
    while producer.try_publish(&2).is_err() {
        refused += 1;
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(refused > 0 && began.elapsed() >= bound);
    is_told(&mut reader);
    // Another stall counts from its own beginning.
    drain(&mut reader);
    reader.rejoin().unwrap();
    fill(&mut producer, 2);
    assert!(producer.try_publish(&0).is_err());
    drain(&mut reader);
    fill(&mut producer, 2);
    std::thread::sleep(bound);
    assert!(producer.try_publish(&0).is_err());
    assert!(!reader.is_demoted() && drain(&mut reader).0.len() == 2);
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn each_reader_in_the_way_has_its_own_time() {
    let home = home();
    let mut producer = home.producer::<u64>(4);
    let attach = |producer: &Producer<u64>, bound| producer.reader(ReaderOptions::bounded(bound));
    let mut short = attach(&producer, SHORT).unwrap();
    let mut long = attach(&producer, LONG).unwrap();
    fill(&mut producer, 2);
    assert_eq!(drain(&mut long).0.len(), 2);
    fill(&mut producer, 2);
    // Only the first of them is in the way of this one.
    producer.publish(&4).unwrap();
    is_told(&mut short);
    drain(&mut short);
    fill(&mut producer, 1);
    let error = producer
        .publish_timeout(&6, 2 * SHORT)
        .expect_err("the other one holds on");
    assert!(matches!(error, TryPublishError::Full { lag: 4, .. }));
    let (records, missed) = drain(&mut long);
    assert_eq!((records.len(), missed), (4, 0));
}

#[test]
#[cfg_attr(miri, ignore = "a thousand times slower, it is never in time")]
fn a_lossless_reader_is_waited_for_beside_one_that_is_not() {
    let home = home();
    let mut producer = home.producer::<u64>(4);
    let mut bounded = producer.reader(ReaderOptions::bounded(SHORT)).unwrap();
    let lossless = ReaderOptions::lossless().named("keeps all");
    let mut lossless = producer.reader(lossless).unwrap();
    fill(&mut producer, 4);
    let error = producer.publish_timeout(&4, 40 * SHORT).unwrap_err();
    assert!(matches!(error, TryPublishError::Full { reader, .. } if reader == "keeps all"));
    assert_eq!(drain(&mut lossless).0.len(), 4);
    producer.publish(&4).unwrap();
    is_told(&mut bounded);
    assert_eq!(drain(&mut lossless).0.len(), 1);
    assert_eq!(drain(&mut bounded).1, 1);
}

#[test]
fn who_leaves_frees_the_producer_at_once() {
    let home = home();
    let mut producer = home.producer::<u64>(2);
    let reader = producer.reader(ReaderOptions::bounded(LONG)).unwrap();
    fill(&mut producer, 2);
    assert!(producer.try_publish(&2).is_err());
    drop(reader);
    fill(&mut producer, 20);
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn a_demoted_reader_that_leaves_leaves_nothing_behind() {
    let home = home();
    let mut producer = home.producer::<u64>(2);
    for _ in 0..3 {
        let mut reader = producer.reader(ReaderOptions::bounded(SHORT)).unwrap();
        fill(&mut producer, 2);
        producer.publish(&0).unwrap();
        is_told(&mut reader);
        drop(reader);
        // The slot is used again.
        let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
        fill(&mut producer, 2);
        assert!(producer.try_publish(&0).is_err());
        drain(&mut reader);
    }
}

#[test]
fn what_the_producer_does_not_allow_is_refused() {
    let home = home();
    let most = Duration::from_millis(10);
    let options = |allow| CreateOptions::default().allow(allow);
    let producer = home.producer_with::<u64>(4, &options(Delivery::Bounded(most)));
    assert!(producer.reader(ReaderOptions::lossy()).is_ok());
    assert!(producer.reader(ReaderOptions::bounded(most)).is_ok());
    let longer = ReaderOptions::bounded(most + Duration::from_nanos(1));
    for options in [longer, ReaderOptions::lossless()] {
        let error = producer.reader(options).unwrap_err();
        assert!(matches!(error, AttachError::NotAllowed { .. }), "{error}");
        assert!(error.to_string().contains("bounded:10ms"), "{error}");
    }
    let producer = home.producer_with::<u64>(4, &options(Delivery::Lossy));
    let error = producer.reader(ReaderOptions::bounded(SHORT)).unwrap_err();
    assert!(matches!(error, AttachError::NotAllowed { .. }), "{error}");
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn no_time_at_all_is_a_bound_too() {
    let home = home();
    let mut producer = home.producer::<u64>(2);
    let mut reader = producer
        .reader(ReaderOptions::bounded(Duration::ZERO))
        .unwrap();
    fill(&mut producer, 20);
    is_told(&mut reader);
    assert_eq!(drain(&mut reader).1, 18);
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn a_stall_is_over_when_there_was_room_however_it_was_used() {
    let home = home();
    let mut producer = home.producer::<u64>(8);
    let bound = Duration::from_millis(40);
    let mut reader = producer.reader(ReaderOptions::bounded(bound)).unwrap();
    producer.publish_slice(&[0; 8]).unwrap();
    assert!(producer.try_publish(&8).is_err());
    drain(&mut reader);
    producer.publish_slice(&[0; 8]).unwrap();
    std::thread::sleep(2 * bound);
    // In the way for the first time since.
    assert!(producer.try_publish(&8).is_err());
    assert_eq!(drain(&mut reader).0.len(), 8);
    assert!(!reader.is_demoted());
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn the_next_reader_in_a_slot_has_its_own_time() {
    let home = home();
    let mut producer = home.producer::<u64>(8);
    let first = producer.reader(ReaderOptions::bounded(LONG)).unwrap();
    fill(&mut producer, 8);
    assert!(producer.try_publish(&8).is_err());
    drop(first);
    let bound = Duration::from_millis(40);
    let options = ReaderOptions::bounded(bound).start(Start::Last(8));
    let mut second = producer.reader(options).unwrap();
    std::thread::sleep(2 * bound);
    // It may begin up to an eighth of the ring later: then there is room for one.
    let mut refused = false;
    for i in 8..10 {
        refused |= producer.try_publish(&i).is_err();
    }
    assert!(refused);
    drain(&mut second);
    assert!(!second.is_demoted());
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn who_joins_again_beyond_its_end_has_missed_only_what_it_would_have_read() {
    let home = home();
    let mut producer = home.producer::<u64>(8);
    let options = ReaderOptions::bounded(SHORT).until(Until::Sequence(10));
    let mut reader = producer.reader(options).unwrap();
    for next in 0..30 {
        producer.publish(&next).unwrap();
    }
    is_told(&mut reader);
    reader.rejoin().unwrap();
    let (records, missed) = drain(&mut reader);
    assert_eq!((records, missed), (vec![], 10));
    assert!(reader.next().unwrap().is_none());
    assert_eq!(reader.cursor(), 10);
    fill(&mut producer, 20);
}
