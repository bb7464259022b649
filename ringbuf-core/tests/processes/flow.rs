//! A buffer of 5, a producer that makes 20 items, a consumer half as fast: nothing is lost.

use std::thread::sleep;
use std::time::Duration;

use ringbuf_core::{Producer, Reader, ReaderOptions, Retain, TryPublishError, inspect};

use crate::support::process::{hear, say, start};
use crate::support::{Rings, eventually, limit};

const ITEMS: i64 = 20;
const CAPACITY: u64 = 5;

/// Makes an item each 10 ms, and says how often there was no room at once.
pub fn items(arguments: &[String]) {
    let mut producer = Producer::<i64>::create(&arguments[0], Retain::records(CAPACITY)).unwrap();
    say("created");
    eventually("the consumer registers", || {
        producer.registered_readers() == 1
    });
    let mut waited = 0;
    for item in 0..ITEMS {
        sleep(Duration::from_millis(10));
        match producer.try_publish(&item) {
            Ok(sequence) => assert_eq!(sequence, item as u64),
            Err(TryPublishError::Full { reader, lag }) => {
                assert_eq!((reader.as_str(), lag), ("slow consumer", CAPACITY));
                waited += 1;
                assert_eq!(producer.publish(&item).unwrap(), item as u64);
            }
            Err(error) => panic!("{error}"),
        }
    }
    say(waited);
}

/// Takes an item each 20 ms once it is told to begin, and says each.
pub fn slow_consumer(arguments: &[String]) {
    let options = ReaderOptions::lossless().named("slow consumer");
    let mut reader = Reader::<i64>::attach(&arguments[0], options).unwrap();
    say("attached");
    hear();
    while let Some(batch) = reader.next().unwrap() {
        assert_eq!(batch.missed(), 0);
        for item in batch.records() {
            sleep(Duration::from_millis(20));
            say(item);
        }
    }
    let ledger = reader.ledger();
    assert!(ledger.adds_up());
    assert_eq!((ledger.read, ledger.missed), (ITEMS as u64, 0));
}

#[test]
fn a_slow_consumer_gets_every_item_in_order_and_the_producer_waits() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("items");
    let producer = start("items", &[&ring]);
    producer.says("created");
    let mut consumer = start("slow consumer", &[&ring]);
    consumer.says("attached");

    // While the consumer does not take any, exactly five fit.
    let published = || inspect::info(&ring).unwrap().published;
    eventually("the ring is full", || published() == CAPACITY);
    sleep(Duration::from_millis(100));
    assert_eq!(published(), CAPACITY);
    assert!(producer.unheard().is_empty(), "it waits");

    consumer.tell("begin");
    eventually("all are made", || {
        let info = inspect::info(&ring).unwrap();
        for reader in info.readers.unwrap() {
            if let Some(ledger) = reader.ledger {
                assert!(ledger.adds_up(), "{ledger:?}");
                // The info was taken a moment before the ledger.
                assert!(info.published <= ledger.cursor + CAPACITY);
            }
        }
        info.published == ITEMS as u64
    });
    let waited = producer.finish();
    assert!(waited[0].parse::<u64>().unwrap() > 0, "it never waited");
    let items: Vec<String> = consumer.finish();
    assert!(items.into_iter().eq((0..ITEMS).map(|i| i.to_string())));
}
