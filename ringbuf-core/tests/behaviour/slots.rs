//! 64 registered readers, and the one after them.

use std::time::Duration;

use ringbuf_core::{AttachError, Next, Reader, ReaderOptions};

use super::{drain, presets};
use crate::home;

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn all_64_readers_get_everything_and_slots_are_used_again() {
    let home = home();
    let mut producer = home.producer::<u64>(4);
    let mut readers: Vec<Reader<u64>> = (0..64)
        .map(|i| {
            let options = match i % 2 {
                0 => ReaderOptions::lossless(),
                _ => ReaderOptions::lossy(),
            };
            producer
                .reader(options.named(format!("reader {i}")))
                .unwrap()
        })
        .collect();
    assert_eq!(producer.registered_readers(), 64);
    assert!(readers.iter().all(|reader| !reader.is_observer()));

    let error = producer.reader(ReaderOptions::lossless()).unwrap_err();
    assert!(
        matches!(error, AttachError::TooManyReaders { registered: 64, .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("64 registered readers"),
        "{error}"
    );

    for i in 0..9 {
        producer.publish(&i).unwrap();
        for reader in &mut readers {
            assert_eq!(drain(reader), (vec![(i, i)], 0));
        }
    }

    // Reader 20 was lossless and leaves in the middle of its work.
    producer.publish_slice(&[9, 10, 11, 12]).unwrap();
    drop(readers.remove(20));
    assert_eq!(producer.registered_readers(), 63);
    let mut late = producer.reader(ReaderOptions::lossless()).unwrap();
    assert_eq!(producer.registered_readers(), 64);
    assert_eq!(late.ledger().joined, 13);
    for reader in &mut readers {
        drain(reader);
    }
    producer.publish(&13).unwrap();
    assert_eq!(drain(&mut late), (vec![(13, 13)], 0));
    assert!(producer.reader(ReaderOptions::lossless()).is_err());
    readers.clear();
    drop(late);
    assert_eq!(producer.registered_readers(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn a_65th_lossy_reader_observes() {
    let home = home();
    for options in presets() {
        let mut producer = home.producer_with::<u64>(4, &options);
        let mut readers: Vec<Reader<u64>> = (0..64)
            .map(|_| producer.reader(ReaderOptions::lossy()).unwrap())
            .collect();
        let observer = producer.reader(ReaderOptions::lossy());
        if home.is_heap() {
            // Without files there is nothing to observe from.
            assert!(matches!(observer, Err(AttachError::TooManyReaders { .. })));
            continue;
        }
        let mut observer = observer.unwrap();
        assert!(observer.is_observer());
        assert_eq!(producer.registered_readers(), 64, "it is not listed");
        producer.publish_slice(&[0, 1, 2, 3, 4, 5]).unwrap();
        assert_eq!(
            drain(&mut observer),
            (vec![(2, 2), (3, 3), (4, 4), (5, 5)], 2)
        );

        // Nobody wakes it: it looks by itself, also for the end.
        let waiting = std::thread::spawn(move || {
            let mut got = Vec::new();
            while let Some(batch) = observer.next().unwrap() {
                got.extend_from_slice(batch.records());
            }
            (got, observer.ledger())
        });
        std::thread::sleep(Duration::from_millis(50));
        producer.publish(&6).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        producer.close();
        let (got, ledger) = waiting.join().unwrap();
        assert_eq!(got, [6]);
        assert!(ledger.adds_up());
        let (_, missed) = drain(&mut readers[0]);
        assert_eq!(missed, 3);
    }
}

#[test]
fn a_slot_gives_its_next_owner_nothing_of_the_last() {
    let home = home();
    let mut producer = home.producer::<u64>(3);
    let last = producer
        .reader(ReaderOptions::lossless().named("last"))
        .unwrap();
    producer.publish_slice(&[0, 1, 2]).unwrap();
    assert!(producer.try_publish(&3).is_err());
    drop(last);
    let mut next = producer.reader(ReaderOptions::lossy()).unwrap();
    for i in 3..8 {
        producer.try_publish(&i).unwrap();
    }
    assert_eq!(next.ledger().joined, 3);
    assert_eq!(drain(&mut next), (vec![(5, 5), (6, 6), (7, 7)], 2));
    let Next::TimedOut = next.next_timeout(Duration::from_millis(1)).unwrap() else {
        panic!("nothing is left");
    };
}
