//! Every record once, in order, under any interleaving of publishing and reading.

use ringbuf_core::{CreateOptions, Producer, ReaderOptions, TryPublishError};

use super::{check_ledger, count, presets, some};
use crate::home;
use crate::support::Numbers;

#[test]
fn a_lossless_reader_gets_every_record_once_and_in_order() {
    let home = home();
    for options in presets() {
        for capacity in some(&[5, 8, 1, 2, 3, 13, 64, 100], 1) {
            let producer = home.producer_with(capacity, &options);
            lossless_walk(producer, capacity, count(400, 6));
        }
    }
}

fn lossless_walk(mut producer: Producer<u64>, capacity: u64, steps: u64) {
    let mut numbers = Numbers::new(capacity);
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    let mut expected = 0;
    for _ in 0..steps {
        for _ in 0..numbers.below(capacity + 2) {
            let next = producer.published();
            let is_full = next - reader.cursor() == capacity;
            match producer.try_publish(&next) {
                Ok(sequence) => assert_eq!((sequence, is_full), (next, false)),
                Err(TryPublishError::Full { lag, .. }) => {
                    assert_eq!((lag, is_full), (capacity, true));
                }
                Err(error) => panic!("{error}"),
            }
            check_ledger(&reader, producer.published());
        }
        for _ in 0..numbers.below(4) {
            let before = reader.ledger();
            let Some(batch) = reader.poll().unwrap() else {
                assert_eq!(expected, producer.published());
                break;
            };
            assert_eq!((batch.missed(), batch.event()), (0, None));
            assert_eq!(batch.first_sequence(), expected);
            assert!(!batch.records().is_empty());
            for record in batch.records() {
                assert_eq!(*record, expected);
                expected += 1;
            }
            drop(batch);
            // Counted when the batch is given back, not when it is handed out.
            assert_eq!(reader.cursor(), expected);
            assert!(reader.ledger().read > before.read);
            check_ledger(&reader, producer.published());
        }
    }
    assert_eq!(reader.ledger().missed, 0);
    assert!(expected > steps / 2, "hardly anything was read: {expected}");
}

#[test]
fn a_lossy_reader_gets_every_record_once_or_is_told_that_it_missed_it() {
    let home = home();
    for options in presets() {
        for capacity in some(&[5, 8, 1, 2, 3, 13, 64, 100], 1) {
            lossy_walk(
                home.producer_with(capacity, &options),
                capacity,
                count(400, 6),
            );
        }
    }
}

fn lossy_walk(mut producer: Producer<u64>, capacity: u64, steps: u64) {
    let mut numbers = Numbers::new(capacity);
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    let (mut next, mut told) = (0, 0);
    for _ in 0..steps {
        publish_somehow(&mut producer, &mut numbers, capacity);
        check_ledger(&reader, producer.published());
        if numbers.below(3) == 0 {
            continue;
        }
        let oldest = producer.published().saturating_sub(capacity);
        let mut is_told = false;
        if let Some(batch) = reader.poll().unwrap() {
            assert_eq!(batch.first_sequence(), next + batch.missed());
            assert!(batch.first_sequence() >= oldest.max(next));
            for (record, sequence) in batch.records().iter().zip(batch.first_sequence()..) {
                assert_eq!(*record, sequence);
            }
            next = batch.first_sequence() + batch.records().len() as u64;
            told += batch.missed();
            is_told = true;
        }
        let pending = reader.ledger().missed - told;
        assert_eq!(reader.cursor(), next + pending);
        // What a claim given up has overwritten is in the ledger at once, and told with the next batch.
        assert!(pending == 0 || !is_told && reader.lag() == 0);
        check_ledger(&reader, producer.published());
    }
    assert!(told > 0 && reader.ledger().read > 0);
}

/// One by one, as a slice, or by a claim of which some is given up.
fn publish_somehow(producer: &mut Producer<u64>, numbers: &mut Numbers, capacity: u64) {
    let next = producer.published();
    let wanted = numbers.below(2 * capacity + 1);
    let records: Vec<u64> = (next..next + wanted).collect();
    match numbers.below(3) {
        0 => {
            for record in &records {
                assert_eq!(producer.publish(record).unwrap(), *record);
            }
        }
        1 => assert_eq!(producer.publish_slice(&records).unwrap(), next + wanted),
        _ => {
            let kept = (wanted as usize).min(capacity as usize);
            let claimed = kept + numbers.below(capacity - kept as u64 + 1) as usize;
            if claimed > 0 {
                let mut claim = producer.claim(claimed).unwrap();
                claim.write_slice(0, &records[..kept]);
                assert_eq!(claim.commit_first(kept), next);
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn batches_in_place_are_bounded_and_end_where_the_cells_do() {
    let home = home();
    for capacity in [5_u64, 16, 100, 128] {
        let mut producer = home.producer_with::<u64>(capacity, &CreateOptions::default());
        let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
        let (mut next, mut ends_at_the_wrap) = (0, 0);
        let cells = capacity.next_power_of_two();
        for _ in 0..40 {
            let records: Vec<u64> = (next..next + capacity).collect();
            producer.publish_slice(&records).unwrap();
            while let Some(batch) = reader.poll().unwrap() {
                let len = batch.records().len() as u64;
                assert!(
                    len <= (capacity / 4).max(1),
                    "{len} records of {capacity} in one hand"
                );
                assert_eq!(batch.first_sequence(), next);
                assert!(batch.records().iter().copied().eq(next..next + len));
                next += len;
                assert!(next.div_ceil(cells) == (next - len) / cells + 1);
                ends_at_the_wrap += u64::from(next.is_multiple_of(cells));
            }
        }
        assert!(ends_at_the_wrap > 0);
    }
}

#[test]
fn copies_wrap_within_one_batch() {
    let home = home();
    let mut producer = home.producer::<u64>(6);
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    let mut whole = 0;
    for lap in 0..20 {
        let first = lap * 6;
        let records: Vec<u64> = (first..first + 6).collect();
        producer.publish_slice(&records).unwrap();
        let batch = reader.poll().unwrap().unwrap();
        assert_eq!(batch.records(), records);
        whole += 1;
    }
    assert_eq!(whole, 20);
}
