//! Rings that are written in place: claims, who may read them, and what is as everywhere.

use std::thread;
use std::time::Duration;

use ringbuf_core::{
    AttachError, CreateError, CreateOptions, Delivery, Element, Field, Producer, PublishError,
    ReaderOptions, Record, Retain, Schema, Start, TryPublishError, Until, UntypedProducer,
    WhenFull,
};

use super::{Home, check_ledger, count, drain, presets};
use crate::home;

/// Words no two records have in common.
type Wide = [u32; 5];

fn wide(sequence: u64) -> Wide {
    std::array::from_fn(|i| (sequence as u32).wrapping_mul(31) + i as u32)
}

fn in_place() -> CreateOptions {
    CreateOptions::default().in_place(true)
}

fn written_in_place<T: Record>(home: &Home, capacity: u64) -> Producer<T> {
    home.producer_with(capacity, &in_place())
}

/// Fills the claim that is next, of at most so many records, and returns how many they were.
fn fill(producer: &mut Producer<Wide>, most: usize) -> usize {
    let mut claim = producer.claim_in_place(most).unwrap();
    let first = claim.first_sequence();
    let records = claim.records_mut();
    for (sequence, record) in (first..).zip(records.iter_mut()) {
        *record = wide(sequence);
    }
    let filled = records.len();
    assert_eq!((claim.len(), claim.is_empty()), (filled, false));
    assert_eq!(claim.commit(), first);
    filled
}

#[test]
fn records_are_written_where_they_lie() {
    for preset in presets() {
        for stamp in [false, true] {
            let home = home();
            let mut producer = home.producer_with(8, &preset.clone().stamp(stamp).in_place(true));
            let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
            let mut expected = 0;
            for most in [3, 1, 8, 2].into_iter().cycle().take(count(40, 6) as usize) {
                let filled = fill(&mut producer, most) as u64;
                let wanted = (most as u64).min(8 - expected % 8);
                assert_eq!(filled, wanted, "up to the end of the cells");
                let records = (expected..expected + filled)
                    .map(|i| (i, wide(i)))
                    .collect();
                assert_eq!(drain(&mut reader), (records, 0));
                expected += filled;
                check_ledger(&reader, expected);
            }
        }
    }
}

/// Capacity and cells are two things: a claim wraps at the cells.
#[test]
fn exactly_so_many_records_are_two_slices_where_they_wrap() {
    for capacity in [1, 3, 5, 8] {
        let home = home();
        let mut producer: Producer<Wide> = written_in_place(&home, capacity);
        let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
        let cells = capacity.next_power_of_two();
        let mut next = 0;
        for size in (1..=capacity).cycle().take(count(30, 7) as usize) {
            let mut claim = producer.claim(size as usize).unwrap();
            let (first, rest) = claim.slices_mut().unwrap();
            assert_eq!(first.len() as u64, size.min(cells - next % cells));
            assert_eq!((first.len() + rest.len()) as u64, size);
            for (i, record) in first.iter_mut().chain(rest).enumerate() {
                *record = wide(next + i as u64);
            }
            assert_eq!(claim.commit(), next);
            let records = (next..next + size).map(|i| (i, wide(i))).collect();
            assert_eq!(drain(&mut reader), (records, 0));
            next += size;
        }
    }
}

#[test]
fn what_is_not_committed_is_never_seen() {
    let home = home();
    let mut producer = written_in_place::<u32>(&home, 4);
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    for round in 0..count(9, 5) {
        let mut claim = producer.claim_in_place(4).unwrap();
        claim.records_mut().fill(900);
        assert!(reader.poll().unwrap().is_none());
        assert_eq!(reader.latest().unwrap(), None);
        // Or it goes at the next claim.
        if round % 2 == 0 {
            claim.abort();
        }
        let mut claim = producer.claim_in_place(4).unwrap();
        let records = claim.records_mut();
        // Nobody cleans the cells.
        assert!(records.iter().all(|&record| record == 900));
        records[0] = round as u32;
        assert_eq!(claim.commit_first(1), round);
        assert_eq!(drain(&mut reader), (vec![(round, round as u32)], 0));
    }
    producer.claim_in_place(2).unwrap().commit_first(0);
    assert_eq!(producer.published(), count(9, 5));
}

#[test]
#[should_panic(expected = "3 records of a claim of 2")]
fn committing_more_than_was_claimed_in_place_is_a_mistake() {
    let home = home();
    let mut producer: Producer<u8> = written_in_place(&home, 4);
    producer.claim_in_place(2).unwrap().commit_first(3);
}

#[test]
fn records_are_published_as_everywhere() {
    let home = home();
    let mut producer = written_in_place::<u64>(&home, 8);
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    producer.publish(&0).unwrap();
    producer.publish_slice(&[1, 2]).unwrap();
    let mut claim = producer.claim(4).unwrap();
    claim.write_slice(1, &[4, 5]);
    claim.write(0, &3);
    let (records, rest) = claim.slices_mut().unwrap();
    assert_eq!((&records[..3], rest.len()), (&[3, 4, 5][..], 0));
    records[3] = 6;
    // Over what was written in place.
    claim.write(2, &50);
    claim.commit();
    producer.try_publish(&7).unwrap();
    let records = [0, 1, 2, 3, 4, 50, 6, 7];
    assert_eq!(drain(&mut reader), ((0..).zip(records).collect(), 0));
}

#[test]
fn only_lossless_readers_may_look() {
    let home = home();
    let producer = written_in_place::<u8>(&home, 4);
    let copying = [
        ReaderOptions::lossy(),
        ReaderOptions::bounded(Duration::from_millis(5)),
    ];
    for options in copying {
        let errors = [
            producer.reader(options.clone()).unwrap_err(),
            producer.untyped_reader(options).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, AttachError::InPlace { .. }), "{error}");
            for said in ["written in place", "attach as lossless", "`in_place`"] {
                assert!(error.to_string().contains(said), "{error}");
            }
        }
    }
    assert_eq!(producer.registered_readers(), 0, "no slot is left taken");
    producer.reader(ReaderOptions::lossless()).unwrap();
    producer.untyped_reader(ReaderOptions::lossless()).unwrap();
}

#[test]
fn other_rings_are_not_written_in_place() {
    let home = home();
    let mut producer = home.producer::<u8>(4);
    let mut claim = producer.claim(2).unwrap();
    claim.write_slice(0, &[1, 2]);
    let error = claim.slices_mut().unwrap_err();
    assert!(matches!(error, PublishError::NotInPlace { .. }), "{error}");
    assert!(
        error.to_string().contains("create it so, or write"),
        "{error}"
    );
    assert_eq!(claim.commit(), 0);
    let error = producer.claim_in_place(2).unwrap_err();
    assert!(matches!(error, PublishError::NotInPlace { .. }), "{error}");
    assert_eq!(producer.published(), 2);
}

#[test]
fn a_ring_that_lets_others_copy_is_not_made() {
    for allow in [Delivery::Lossy, Delivery::Bounded(Duration::from_millis(5))] {
        let options = in_place().allow(allow);
        let schema = Schema::packed([Field::new("value", Element::U8)]).unwrap();
        let errors = [
            Producer::<u8>::heap_with(Retain::records(4), &options).unwrap_err(),
            UntypedProducer::heap_with(schema, Retain::records(4), &options).unwrap_err(),
        ];
        for error in errors {
            assert!(
                matches!(error, CreateError::InPlace { allow: a } if a == allow),
                "{error}"
            );
            assert!(error.to_string().contains(&allow.to_string()), "{error}");
        }
    }
}

#[test]
fn a_claim_in_place_is_one_to_capacity_records() {
    let home = home();
    let mut producer = written_in_place::<u8>(&home, 5);
    for found in [0, 6, usize::MAX] {
        let error = producer.claim_in_place(found).unwrap_err();
        assert!(
            matches!(error, PublishError::Claim { found: f, capacity: 5 } if f == found),
            "{error}"
        );
    }
    assert_eq!(producer.claim_in_place(5).unwrap().commit(), 0);
    // Three cells more, then the first ones again.
    assert_eq!(producer.claim_in_place(5).unwrap().len(), 3);
}

/// Only what a gate of its own holds may be looked at.
#[test]
fn latest_is_the_newest_record_this_reader_holds() {
    let home = home();
    let mut producer = written_in_place::<Wide>(&home, 4);
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    let mut ended = producer
        .reader(ReaderOptions::lossless().until(Until::Sequence(1)))
        .unwrap();
    assert_eq!(reader.latest().unwrap(), None);
    for i in 0..3 {
        producer.publish(&wide(i)).unwrap();
        assert_eq!(reader.latest().unwrap(), Some((i, wide(i))));
        assert_eq!((reader.cursor(), reader.lag()), (0, i + 1));
    }
    // Also while another one is written.
    let mut claim = producer.claim_in_place(1).unwrap();
    claim.records_mut()[0] = wide(99);
    assert_eq!(reader.latest().unwrap(), Some((2, wide(2))));
    claim.abort();
    drain(&mut reader);
    assert_eq!(reader.latest().unwrap(), None, "nothing that it holds");
    producer.publish(&wide(3)).unwrap();
    assert_eq!(reader.latest().unwrap(), Some((3, wide(3))));

    assert_eq!(ended.latest().unwrap(), Some((3, wide(3))));
    drain(&mut ended);
    assert_eq!(ended.latest().unwrap(), None, "it holds nobody any more");
}

/// It joins where the producer may already be writing up to, and is to end before that: what lies between nobody holds.
#[test]
fn latest_is_not_what_lies_behind_the_end_of_who_joined_too_late() {
    let home = home();
    let mut producer = written_in_place::<u64>(&home, 8);
    (0..10).for_each(|i| drop(producer.publish(&i)));
    producer.claim(8).unwrap().abort();
    let late = ReaderOptions::lossless().start(Start::Sequence(1));
    let reader = producer.reader(late.until(Until::Sequence(3))).unwrap();
    assert_eq!((reader.cursor(), reader.lag()), (3, 7));
    assert_eq!(reader.latest().unwrap(), None);
}

#[test]
fn a_claim_waits_for_room_and_is_refused_where_records_are_dropped() {
    let home = home();
    let options = in_place().when_full(WhenFull::Drop);
    let mut producer = home.producer_with::<u8>(4, &options);
    let mut reader = producer
        .reader(ReaderOptions::lossless().named("slow"))
        .unwrap();
    producer.publish_slice(&[0, 1, 2, 3, 4, 5][..4]).unwrap();
    drain(&mut reader);
    producer.publish_slice(&[4, 5, 6]).unwrap();
    // One is left before the end of the cells.
    assert_eq!(producer.claim_in_place(3).unwrap().len(), 1);
    producer.publish(&7).unwrap();
    let error = producer.claim_in_place(3).unwrap_err();
    assert!(
        matches!(&error, PublishError::Full { reader, lag: 4 } if reader == "slow"),
        "{error}"
    );
    assert_eq!(producer.refused(), 3);
    assert!(matches!(
        producer.try_publish(&8),
        Err(TryPublishError::Full { .. })
    ));
}

#[test]
fn records_in_bytes() {
    let home = home();
    let schema = Schema::packed([
        Field::new("value", Element::U16),
        Field::new("flag", Element::U8),
    ])
    .unwrap();
    let mut producer = home.untyped_with(schema, 4, &in_place());
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    let mut written = Vec::new();
    while written.len() < 3 * 11 {
        let mut claim = producer.claim_in_place(3).unwrap();
        let claimed = claim.len();
        assert_eq!(claim.bytes_mut().len(), 3 * claimed);
        for (i, byte) in claim.bytes_mut().iter_mut().enumerate() {
            *byte = (claim_byte(written.len() + i)) as u8;
        }
        assert_eq!(claim.first_sequence() * 3, written.len() as u64);
        claim.commit();
        while let Some(batch) = reader.poll().unwrap() {
            written.extend_from_slice(batch.records().bytes());
        }
    }
    assert!(
        written
            .iter()
            .enumerate()
            .all(|(i, &byte)| byte == claim_byte(i) as u8)
    );
    let schema = Schema::packed([Field::new("value", Element::U16)]).unwrap();
    let error = home.untyped(schema, 4).claim_in_place(1).unwrap_err();
    assert!(matches!(error, PublishError::NotInPlace { .. }), "{error}");
}

fn claim_byte(at: usize) -> usize {
    at * 7 + 1
}

/// Each at its own pace; every record is checked word by word where it lies.
#[test]
fn readers_at_once() {
    let home = home();
    let records = count(20_000, 24);
    let mut producer: Producer<Wide> = written_in_place(&home, count(64, 4));
    let readers: Vec<_> = (0..2)
        .map(|_| producer.reader(ReaderOptions::lossless()).unwrap())
        .collect();
    thread::scope(|scope| {
        for mut reader in readers {
            scope.spawn(move || {
                let mut next = 0;
                while let Some(batch) = reader.next().unwrap() {
                    for record in batch.records() {
                        assert_eq!(*record, wide(next));
                        next += 1;
                    }
                }
                assert_eq!((next, reader.ledger().missed), (records, 0));
            });
        }
        while producer.published() < records {
            let most = (1 + producer.published() as usize % 4)
                .min((records - producer.published()) as usize);
            fill(&mut producer, most);
        }
        drop(producer);
    });
}
