//! Claiming, committing, giving up.

use ringbuf_core::{Producer, PublishError, ReaderOptions, TryPublishError};

use super::{drain, presets};
use crate::home;

#[test]
fn a_claim_is_seen_when_it_is_committed_and_not_before() {
    for options in presets() {
        let home = home();
        let mut producer = home.producer_with::<u32>(8, &options);
        let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
        let mut claim = producer.claim(4).unwrap();
        assert_eq!(
            (claim.first_sequence(), claim.len(), claim.is_empty()),
            (0, 4, false)
        );
        claim.write(3, &13);
        claim.write_slice(0, &[10, 11, 12]);
        assert!(reader.poll().unwrap().is_none());
        assert_eq!(reader.latest().unwrap(), None);
        assert_eq!(claim.commit(), 0);
        assert_eq!(
            drain(&mut reader),
            (vec![(0, 10), (1, 11), (2, 12), (3, 13)], 0)
        );
    }
}

#[test]
fn what_is_given_up_is_never_seen_and_its_sequences_are_used_again() {
    let home = home();
    let mut producer = home.producer::<u32>(4);
    let mut lossy = producer.reader(ReaderOptions::lossy()).unwrap();
    let mut lossless = producer.reader(ReaderOptions::lossless()).unwrap();
    for round in 0..9 {
        let mut claim = producer.claim(3).unwrap();
        claim.write_slice(0, &[900, 901, 902]);
        // Given up: the next claim takes its place.
        let mut claim = producer.claim(3).unwrap();
        claim.write_slice(0, &[round, 903, 904]);
        assert_eq!(claim.commit_first(1), u64::from(round));
        assert_eq!(
            producer.claim(2).unwrap().commit_first(0),
            u64::from(round) + 1
        );
        let expected = (vec![(u64::from(round), round)], 0);
        assert_eq!(drain(&mut lossy), expected);
        assert_eq!(drain(&mut lossless), expected);
    }
    assert_eq!(producer.published(), 9);
}

#[test]
fn a_claim_wraps() {
    let home = home();
    let mut producer = home.producer::<u32>(8);
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    producer.publish_slice(&[0, 1, 2, 3, 4, 5]).unwrap();
    let mut claim = producer.claim(8).unwrap();
    claim.write_slice(1, &[7, 8, 9, 10, 11, 12]);
    claim.write(0, &6);
    claim.write(7, &13);
    claim.commit();
    let (records, missed) = drain(&mut reader);
    assert_eq!(missed, 6);
    assert!(records.into_iter().eq((6..14).map(|i| (u64::from(i), i))));
}

#[test]
fn a_claim_is_one_to_capacity_records() {
    for capacity in [1, 5, 8] {
        let home = home();
        let mut producer = home.producer::<u8>(capacity);
        for found in [0, capacity as usize + 1, usize::MAX] {
            let error = producer.claim(found).unwrap_err();
            assert!(
                matches!(error, PublishError::Claim { found: f, capacity: c } if f == found && c == capacity),
                "{error}"
            );
            assert!(error.to_string().contains(&found.to_string()), "{error}");
        }
        assert_eq!(producer.claim(capacity as usize).unwrap().commit(), 0);
    }
}

#[test]
fn an_empty_slice_publishes_nothing() {
    let home = home();
    let mut producer = home.producer::<u16>(3);
    assert_eq!(producer.publish_slice(&[]).unwrap(), 0);
    assert_eq!(producer.publish_slice(&[7]).unwrap(), 1);
    assert_eq!(producer.publish_slice(&[]).unwrap(), 1);
}

#[test]
#[should_panic(expected = "outside a claim of 2")]
fn writing_outside_a_claim_is_a_mistake() {
    let home = home();
    let mut producer: Producer<u8> = home.producer(4);
    producer.claim(2).unwrap().write_slice(1, &[1, 2]);
}

#[test]
#[should_panic(expected = "3 records of a claim of 2")]
fn committing_more_than_was_claimed_is_a_mistake() {
    let home = home();
    let mut producer: Producer<u8> = home.producer(4);
    producer.claim(2).unwrap().commit_first(3);
}

#[test]
fn a_full_ring_can_be_claimed_again_after_a_claim_was_given_up() {
    let home = home();
    let mut producer = home.producer::<u8>(4);
    let mut reader = producer
        .reader(ReaderOptions::lossless().named("slow"))
        .unwrap();
    producer.publish(&0).unwrap();
    assert_eq!(producer.claim(3).unwrap().len(), 3);
    producer.publish_slice(&[1, 2, 3]).unwrap();
    let Err(TryPublishError::Full { reader: name, lag }) = producer.try_publish(&4) else {
        panic!("the ring is full");
    };
    assert_eq!((name.as_str(), lag), ("slow", 4));
    assert_eq!(
        drain(&mut reader),
        (vec![(0, 0), (1, 1), (2, 2), (3, 3)], 0)
    );
    assert_eq!(producer.try_publish(&4).unwrap(), 4);
}
