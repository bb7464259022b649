//! The newest record, wherever the reader is.

use ringbuf_core::{Producer, ReaderOptions};

use super::{count, presets};
use crate::home;

#[test]
fn latest_is_the_newest_record_and_moves_nobody() {
    for options in presets() {
        for capacity in [1, 2, 5] {
            let home = home();
            let mut producer = home.producer_with::<[u32; 3]>(capacity, &options);
            let reader = producer.reader(ReaderOptions::lossy()).unwrap();
            assert_eq!(reader.latest().unwrap(), None);
            for i in 0..count(20, 3) as u32 {
                producer.publish(&[i, i + 1, i + 2]).unwrap();
                assert_eq!(
                    reader.latest().unwrap(),
                    Some((u64::from(i), [i, i + 1, i + 2]))
                );
                assert_eq!((reader.cursor(), reader.lag()), (0, u64::from(i) + 1));
            }
        }
    }
}

#[test]
fn latest_is_not_what_is_being_written() {
    for options in presets() {
        let home = home();
        let mut producer: Producer<u64> = home.producer_with(2, &options);
        let lossless = producer.reader(ReaderOptions::lossless()).unwrap();
        producer.publish(&10).unwrap();
        let mut claim = producer.claim(1).unwrap();
        claim.write(0, &99);
        assert_eq!(lossless.latest().unwrap(), Some((0, 10)));
        producer.publish(&11).unwrap();
        assert_eq!(lossless.latest().unwrap(), Some((1, 11)));
    }
}

#[test]
fn latest_is_nothing_rather_than_half_of_something() {
    let home = home();
    let mut producer: Producer<[u64; 4]> = home.producer(1);
    let reader = producer.reader(ReaderOptions::lossy()).unwrap();
    producer.publish(&[1; 4]).unwrap();
    let mut claim = producer.claim(1).unwrap();
    claim.write(0, &[2; 4]);
    assert_eq!(reader.latest().unwrap(), None);
    claim.commit();
    assert_eq!(reader.latest().unwrap(), Some((1, [2; 4])));
}

#[test]
fn latest_is_still_there_after_the_close() {
    let home = home();
    let mut producer = home.producer::<f64>(3);
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    producer.publish_slice(&[1.0, 2.0, 3.0]).unwrap();
    producer.close();
    while reader.next().unwrap().is_some() {}
    assert_eq!(reader.latest().unwrap(), Some((2, 3.0)));
}
