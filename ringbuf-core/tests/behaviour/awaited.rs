//! Each record awaited, in a ring that mirrors the newest; and each published by itself, between claims of every fate.

use std::mem::forget;
use std::time::Duration;

use ringbuf_core::{
    CreateOptions, Next, Preset, Producer, Reader, ReaderOptions, Start, TryPublishError, Until,
    WhenFull,
};

use super::{check_ledger, count, presets, some};
use crate::home;
use crate::support::HANGS;

fn mirrored() -> CreateOptions {
    CreateOptions::default().preset(Preset::Latency)
}

fn deliveries() -> [ReaderOptions; 2] {
    [ReaderOptions::lossy(), ReaderOptions::lossless()]
}

/// What a call of one of the three ways to read brings, and how many records were said to be missed.
fn read(reader: &mut Reader<u64>, way: u64) -> (Vec<u64>, u64) {
    let batch = match way % 3 {
        0 => reader.next().unwrap(),
        1 => reader.poll().unwrap(),
        _ => match reader.next_timeout(HANGS).unwrap() {
            Next::Batch(batch) => Some(batch),
            news => panic!("{news:?}"),
        },
    };
    let batch = batch.expect("there is something to read");
    assert_eq!(batch.event(), None);
    let first = batch.first_sequence();
    // Every record says its sequence.
    assert!(
        batch
            .records()
            .iter()
            .copied()
            .eq(first..first + batch.records().len() as u64)
    );
    (batch.records().to_vec(), batch.missed())
}

/// One at a time, and sometimes a few: whichever way they come, each comes once, in order, and is accounted for when
/// its batch is dropped.
#[test]
fn every_record_comes_once_whichever_way_it_is_read() {
    let home = home();
    for options in deliveries() {
        let mut producer = home.producer_with::<u64>(32, &mirrored());
        let mut reader = producer.reader(options).unwrap();
        let (mut cursor, mut way) = (0, 0);
        for round in 0..count(300, 30) {
            for _ in 0..[1, 1, 2, 1, 3, 1, 1][round as usize % 7] {
                let next = producer.published();
                producer.publish(&next).unwrap();
            }
            while cursor < producer.published() {
                let (records, missed) = read(&mut reader, way);
                assert_eq!((records[0], missed), (cursor, 0));
                cursor += records.len() as u64;
                way += 1;
                assert_eq!(
                    (reader.ledger().read, reader.lag()),
                    (cursor, producer.published() - cursor)
                );
                check_ledger(&reader, producer.published());
            }
            assert!(reader.poll().unwrap().is_none());
            assert_eq!(reader.latest().unwrap(), Some((cursor - 1, cursor - 1)));
        }
    }
}

/// A copy in hand is held like a record in its cell: until the batch is dropped, and by one that is forgotten until the
/// next call.
#[test]
fn what_is_in_hand_holds_the_producer() {
    let home = home();
    let mut producer = home.producer_with::<u64>(1, &mirrored());
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    for sequence in 0..6 {
        producer.try_publish(&sequence).unwrap();
        let batch = reader.next().unwrap().unwrap();
        assert_eq!(batch.records(), [sequence]);
        let full = producer.try_publish(&99).unwrap_err();
        assert!(
            matches!(full, TryPublishError::Full { lag: 1, .. }),
            "{full}"
        );
        assert_eq!(batch.records(), [sequence]);
        match sequence % 2 {
            0 => drop(batch),
            _ => {
                forget(batch);
                assert_eq!(reader.ledger().read, sequence);
                producer.try_publish(&99).unwrap_err();
                let nothing = reader.next_timeout(Duration::ZERO).unwrap();
                assert!(matches!(nothing, Next::TimedOut));
            }
        }
        assert_eq!(reader.ledger().read, sequence + 1);
    }
}

/// A forgotten record is given back by the next call, though that finds another one in the mirror.
#[test]
fn a_forgotten_batch_is_given_back_when_the_next_record_is_there() {
    let home = home();
    let mut producer = home.producer_with::<u64>(4, &mirrored());
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    for sequence in 0..9 {
        producer.try_publish(&sequence).unwrap();
        let batch = reader.next().unwrap().unwrap();
        assert_eq!(
            (batch.first_sequence(), batch.records()),
            (sequence, &[sequence][..])
        );
        forget(batch);
        assert_eq!(reader.ledger().read, sequence);
    }
}

/// What was missed before is told with it, once.
#[test]
fn what_was_missed_is_told_with_the_record_awaited() {
    let home = home();
    for options in deliveries() {
        let mut producer = home.producer_with::<u64>(1, &mirrored());
        for sequence in 0..3 {
            producer.publish(&sequence).unwrap();
        }
        let mut reader = producer.reader(options.start(Start::Sequence(0))).unwrap();
        assert_eq!(read(&mut reader, 0), (vec![2], 2));
        producer.publish(&3).unwrap();
        assert_eq!(read(&mut reader, 0), (vec![3], 0));
        check_ledger(&reader, 4);
    }
}

/// The lossy reader that was lapped between two of them.
#[test]
fn a_reader_that_was_lapped_goes_on_with_the_oldest() {
    let home = home();
    let mut producer = home.producer_with::<u64>(16, &mirrored());
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    let mut cursor = 0;
    for published in [1, 17, 1, 16, 1, 40, 1] {
        for _ in 0..published {
            let next = producer.published();
            producer.publish(&next).unwrap();
        }
        let end = producer.published();
        let kept = (end - cursor).min(16);
        let (records, missed) = read(&mut reader, 0);
        assert_eq!((records.len() as u64, missed), (kept, end - cursor - kept));
        cursor = end;
        check_ledger(&reader, end);
    }
}

#[test]
fn a_reader_with_an_end_takes_nothing_beyond_it() {
    let home = home();
    for options in deliveries() {
        let mut producer = home.producer_with::<u64>(32, &mirrored());
        let mut reader = producer.reader(options.until(Until::Sequence(2))).unwrap();
        for sequence in 0..4 {
            producer.publish(&sequence).unwrap();
            let batch = reader.next().unwrap();
            let records = batch.as_ref().map_or(&[][..], |batch| batch.records());
            let expected = [sequence];
            assert_eq!(records, if sequence < 2 { &expected[..] } else { &[] });
        }
        assert_eq!(reader.ledger().read, 2);
    }
}

#[test]
fn the_end_is_told_behind_the_last_record() {
    let home = home();
    for options in deliveries() {
        let mut producer = home.producer_with::<u64>(32, &mirrored());
        let mut reader = producer.reader(options).unwrap();
        for sequence in 0..18 {
            producer.publish(&sequence).unwrap();
            if sequence < 17 {
                assert_eq!(read(&mut reader, 0), (vec![sequence], 0));
            }
        }
        producer.close();
        assert_eq!(read(&mut reader, 0), (vec![17], 0));
        assert!(reader.next().unwrap().is_none());
    }
}

/// Each record comes with its own time, wherever it is taken from.
#[test]
fn a_record_awaited_comes_with_its_own_time() {
    let home = home();
    for options in deliveries() {
        let mut producer = home.producer_with::<u64>(32, &mirrored().stamp(true));
        let mut reader = producer.reader(options).unwrap();
        let mut last = None;
        for sequence in 0..5 {
            producer.publish(&sequence).unwrap();
            let batch = reader.next().unwrap().unwrap();
            assert_eq!(batch.records(), [sequence]);
            let time = batch.published_ns(0);
            assert!(time > last, "{time:?} behind {last:?}");
            last = time;
            std::thread::sleep(Duration::from_micros(1));
        }
    }
}

/// Claims of every fate between records that are published one by one.
#[test]
fn records_between_claims_of_every_fate() {
    let home = home();
    for options in presets() {
        for capacity in some(&[16, 1, 2, 40], 1) {
            let mut producer = home.producer_with::<u64>(capacity, &options);
            let mut lossless = producer.reader(ReaderOptions::lossless()).unwrap();
            let mut lossy = producer.reader(ReaderOptions::lossy()).unwrap();
            let mut claim = 0;
            for round in 0..count(200, 20) {
                let next = producer.published();
                if round % 4 != 3 {
                    assert_eq!(producer.publish(&next).unwrap(), next);
                } else {
                    claim += 1;
                    between(&mut producer, claim % 4, capacity.min(3) as usize);
                }
                for reader in [&mut lossless, &mut lossy] {
                    // What is claimed is lost to a lossy reader; there is none now.
                    while reader.lag() > 0 {
                        let way = round % 2;
                        let (_, missed) = read(reader, way);
                        assert_eq!(missed, 0, "round {round} of {capacity}");
                    }
                    check_ledger(reader, producer.published());
                }
            }
        }
    }
}

/// A claim and what becomes of it.
fn between(producer: &mut Producer<u64>, fate: usize, count: usize) {
    let mut claim = producer.claim(count).unwrap();
    let first = claim.first_sequence();
    let garbage = vec![u64::MAX; count];
    claim.write_slice(0, &garbage);
    match fate {
        0 => {}
        1 => claim.abort(),
        2 => {
            claim.write(0, &first);
            claim.commit_first(1);
        }
        _ => {
            claim.commit_first(0);
            producer.publish_slice(&[]).unwrap();
        }
    }
}

/// What finds no room is counted and not published, and what finds room again is, whichever way it goes.
#[test]
fn refused_records_between_those_at_once() {
    let home = home();
    for options in presets() {
        for capacity in some(&[16, 1, 20], 1) {
            let options = options.clone().when_full(WhenFull::Drop);
            let mut producer = home.producer_with::<u64>(capacity, &options);
            let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
            let mut refused = 0;
            for round in 0..4 {
                while producer.published() < capacity + reader.cursor() {
                    let next = producer.published();
                    assert_eq!(producer.publish(&next).unwrap(), next);
                }
                for _ in 0..=round {
                    assert_eq!(producer.publish(&99).unwrap(), producer.published());
                    refused += 1;
                }
                producer.try_publish(&99).unwrap_err();
                assert_eq!(producer.refused(), refused, "capacity {capacity}");
                read(&mut reader, 0);
            }
        }
    }
}

/// Also where the claim before was refused for being too large, and the one before that given up.
#[test]
fn one_record_finds_room_where_more_did_not() {
    let home = home();
    let mut producer = home.producer::<u64>(16);
    let reader = producer.reader(ReaderOptions::lossless()).unwrap();
    for sequence in 0..15 {
        producer.try_publish(&sequence).unwrap();
    }
    let limit = Duration::from_millis(1);
    assert_eq!(producer.publish_slice_timeout(&[15, 16], limit).unwrap(), 1);
    producer.try_publish(&99).unwrap_err();
    producer.try_publish(&99).unwrap_err();
    drop(reader);
    assert_eq!(producer.try_publish(&16).unwrap(), 16);
    assert_eq!(producer.try_publish(&17).unwrap(), 17);
    assert_eq!(producer.published(), 18);
}

/// A ring of one record and a producer in another thread: every record waits for the one before to be given back.
#[test]
fn back_and_forth_through_one_record() {
    let home = home();
    let records = count(2000, 20);
    for options in presets() {
        let mut producer = home.producer_with::<u64>(1, &options);
        let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for sequence in 0..records {
                    producer.publish(&sequence).unwrap();
                }
            });
            for sequence in 0..records {
                assert_eq!(read(&mut reader, 0), (vec![sequence], 0));
            }
            assert!(reader.next().unwrap().is_none());
        });
        assert_eq!(reader.ledger().read, records);
    }
}

/// The producer grants itself room by steps, and a reader that joins in the middle of one misses nothing.
#[test]
fn a_reader_that_joins_between_records_at_once_misses_nothing() {
    let home = home();
    let mut producer = home.producer::<u64>(64);
    for _ in 0..count(100, 10) {
        let next = producer.published();
        producer.publish(&next).unwrap();
        let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
        let next = producer.published();
        for sequence in next..next + 5 {
            producer.publish(&sequence).unwrap();
        }
        let mut cursor = next;
        while reader.lag() > 0 {
            let (records, missed) = read(&mut reader, 1);
            assert_eq!((records[0], missed), (cursor, 0));
            cursor += records.len() as u64;
        }
        assert_eq!(cursor, next + 5);
    }
}
