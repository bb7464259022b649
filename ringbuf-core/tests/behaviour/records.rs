//! Records of every word size and of every length.

use ringbuf_core::{Element, Field, Reader, ReaderOptions, Record, Schema};

use super::{count, drain, presets, some};
use crate::home;
use crate::support::Numbers;

/// Every record of this type arrives as it was published, by copy and in place, with and without mirror, each claimed or
/// every other one at once.
fn round_trips<T: Record + PartialEq + std::fmt::Debug>(record: impl Fn(u64) -> T) {
    for options in presets() {
        // Of so many the producer grants itself one, or two.
        for capacity in some(&[20, 5], 1) {
            let home = home();
            let mut producer = home.producer_with::<T>(capacity, &options);
            let attach =
                |options: ReaderOptions| -> Reader<T> { producer.reader(options).unwrap() };
            let mut readers = [
                attach(ReaderOptions::lossy()),
                attach(ReaderOptions::lossless()),
            ];
            for i in 0..count(30, 4) {
                producer.publish(&record(i)).unwrap();
                if i % 3 == 0 {
                    for reader in &mut readers {
                        let cursor = reader.cursor();
                        let (got, missed) = drain(reader);
                        assert_eq!(missed, 0);
                        assert!(got.into_iter().eq((cursor..=i).map(|i| (i, record(i)))));
                    }
                }
            }
        }
    }
}

#[test]
fn records_of_every_word_size() {
    round_trips(|i| i as u8);
    round_trips(|i| [i as u16, 1, 2]);
    round_trips(|i| [i as u32, 1, 2]);
    round_trips(|i| i * 0x0101_0101_0101_0101);
    if cfg!(miri) {
        // The copies have tests of their own for all lengths.
        return;
    }
    round_trips(|i| i as u16 * 257);
    round_trips(|i| i as u32 * 0x0101_0101);
    round_trips(|i| -(i as i8));
    round_trips(|i| i as f32 / 3.0);
    round_trips(|i| i as f64 / 3.0);
    round_trips(|i| [i as u8, 1, 2]);
    round_trips(|i| [i, 1, 2]);
    // The largest that is mirrored, the first that is not, and one copied in large pieces.
    round_trips(|i| [i; 14]);
    round_trips(|i| [i; 15]);
    round_trips(|i| [i as u16; 601]);
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri minutes and shows it nothing new")]
fn records_of_every_length_to_200_bytes() {
    let home = home();
    for len in 1..=200 {
        let schema = Schema::packed([Field::new("bytes", Element::U8).shape(&[len])]).unwrap();
        assert_eq!(
            schema.word_size(),
            [8, 4, 2, 1].into_iter().find(|w| len % w == 0).unwrap()
        );
        for capacity in [3, 8] {
            bytes_arrive(home.untyped(schema.clone(), capacity), len, capacity);
        }
    }
}

fn bytes_arrive(mut producer: ringbuf_core::UntypedProducer, len: usize, capacity: u64) {
    let mut numbers = Numbers::new(len as u64);
    let mut lossy = producer.reader(ReaderOptions::lossy()).unwrap();
    let mut lossless = producer.reader(ReaderOptions::lossless()).unwrap();
    let expected = |sequence: u64| (0..len).map(move |i| (sequence * 31 + i as u64 * 7) as u8);
    for _ in 0..12 {
        let first = producer.published();
        let records = numbers.below(capacity) + 1;
        let bytes: Vec<u8> = (first..first + records).flat_map(expected).collect();
        assert_eq!(producer.publish_bytes(&bytes).unwrap(), records as usize);
        for reader in [&mut lossy, &mut lossless] {
            let mut got = Vec::new();
            while let Some(batch) = reader.poll().unwrap() {
                assert_eq!(batch.first_sequence(), first + (got.len() / len) as u64);
                got.extend_from_slice(batch.records().bytes());
            }
            assert_eq!(got, bytes, "{len} bytes, {capacity} records");
        }
        assert_eq!(
            lossy.latest().unwrap().unwrap().1,
            &bytes[bytes.len() - len..]
        );
    }
    assert!(lossy.ledger().adds_up() && lossless.ledger().adds_up());
}
