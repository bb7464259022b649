//! What a lossy reader is told about the records it did not get.

use ringbuf_core::ReaderOptions;

use super::{check_ledger, drain, presets};
use crate::home;

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn exactly_what_was_overwritten_is_missed() {
    let home = home();
    for options in presets() {
        for capacity in [1, 2, 3, 5, 7, 8, 9, 31] {
            for published in 0..=3 * capacity + 1 {
                let mut producer = home.producer_with::<u64>(capacity, &options);
                let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
                let records: Vec<u64> = (0..published).collect();
                producer.publish_slice(&records).unwrap();
                let lost = published.saturating_sub(capacity);
                let (got, missed) = drain(&mut reader);
                assert_eq!(missed, lost, "{published} records in a ring of {capacity}");
                assert!(got.into_iter().eq((lost..published).map(|i| (i, i))));
                assert_eq!(reader.ledger().read, published - lost);
                check_ledger(&reader, published);
            }
        }
    }
}

#[test]
fn losses_between_batches_are_told_with_the_next_batch() {
    let home = home();
    let mut producer = home.producer::<u64>(4);
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    let mut expected = Vec::new();
    for (published, missed) in [(3, 0), (4, 0), (5, 1), (11, 7), (1, 0), (8, 4)] {
        let first = producer.published();
        let records: Vec<u64> = (first..first + published).collect();
        producer.publish_slice(&records).unwrap();
        let batch = reader.poll().unwrap().unwrap();
        expected.push((batch.missed(), batch.first_sequence()));
        assert_eq!(batch.missed(), missed);
        assert_eq!(batch.first_sequence(), first + missed);
        assert_eq!(batch.records(), &records[missed as usize..]);
    }
    assert_eq!(reader.ledger().missed, 12);
    check_ledger(&reader, producer.published());
}

#[test]
fn a_claim_makes_the_oldest_records_unreadable_at_once() {
    let home = home();
    let mut producer = home.producer::<u64>(8);
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    producer.publish_slice(&[0, 1, 2, 3, 4, 5, 6, 7]).unwrap();
    producer.claim(3).unwrap();
    let batch = reader.poll().unwrap().unwrap();
    assert_eq!((batch.missed(), batch.records()), (3, &[3, 4, 5, 6, 7][..]));
    drop(batch);
    assert_eq!(reader.lag(), 0);
}

#[test]
fn a_loss_at_the_very_end_is_told_too() {
    for options in presets() {
        let home = home();
        let mut producer = home.producer_with::<u64>(1, &options);
        let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
        producer.publish(&0).unwrap();
        producer.claim(1).unwrap();
        // Its only record is being overwritten: said at once, not with a batch that may never come.
        let batch = reader.poll().unwrap().unwrap();
        assert_eq!((batch.missed(), batch.records()), (1, &[][..]));
        drop(batch);
        assert!(reader.poll().unwrap().is_none());
        producer.close();
        assert!(reader.next().unwrap().is_none());
        assert_eq!(reader.ledger().missed, 1);
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn a_lapped_reader_does_not_hold_up_or_change_what_others_get() {
    let home = home();
    let mut producer = home.producer::<u64>(5);
    let mut slow = producer.reader(ReaderOptions::lossy()).unwrap();
    let mut quick = producer.reader(ReaderOptions::lossy()).unwrap();
    let mut lossless = producer.reader(ReaderOptions::lossless()).unwrap();
    for i in 0..500 {
        producer.publish(&i).unwrap();
        for reader in [&mut quick, &mut lossless] {
            let (got, missed) = drain(reader);
            assert_eq!((got, missed), (vec![(i, i)], 0));
        }
    }
    let (got, missed) = drain(&mut slow);
    assert_eq!((got.len(), missed), (5, producer.published() - 5));
}
