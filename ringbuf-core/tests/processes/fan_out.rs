//! One producer, four readers, a process each: every word of every record is checked.

use std::thread::sleep;
use std::time::Duration;

use ringbuf_core::{Producer, Reader, ReaderOptions, Retain};

use crate::checked::{Checked, Tally};
use crate::support::process::{Role, say, start};
use crate::support::{Rings, limit};

const RECORDS: u64 = 200_000;

/// Reads to the end, sleeping that many microseconds after each batch, and says what it got.
pub fn checked_reader(arguments: &[String]) {
    let options = match arguments[1].as_str() {
        "lossless" => ReaderOptions::lossless(),
        _ => ReaderOptions::lossy(),
    };
    let slow_down = Duration::from_micros(arguments[2].parse().unwrap());
    let mut reader = Reader::<Checked>::attach(&arguments[0], options).unwrap();
    say("attached");
    let mut tally = Tally::from(0);
    loop {
        let Some(batch) = reader.next().unwrap() else {
            break;
        };
        tally.take(&batch);
        drop(batch);
        let ledger = reader.ledger();
        assert!(ledger.adds_up(), "{ledger:?}");
        assert_eq!((ledger.read, ledger.missed), (tally.read, tally.missed));
        if !slow_down.is_zero() {
            sleep(slow_down);
        }
    }
    assert_eq!((tally.misplaced, tally.torn), (0, 0), "{tally:?}");
    assert_eq!(tally.next, RECORDS);
    say(tally.read);
    say(tally.missed);
}

fn readers(ring: &str, delivery: &str, slow_down: &str) -> Vec<Role> {
    let readers: Vec<Role> = (0..4)
        .map(|_| start("checked reader", &[ring, delivery, slow_down]))
        .collect();
    readers.iter().for_each(|reader| reader.says("attached"));
    readers
}

fn account(reader: Role) -> (u64, u64) {
    let said = reader.finish();
    (said[0].parse().unwrap(), said[1].parse().unwrap())
}

#[test]
fn four_lossless_readers_get_every_record() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("fan");
    let mut producer = Producer::<Checked>::create(&ring, Retain::records(1000)).unwrap();
    let readers = readers(&ring, "lossless", "0");
    assert_eq!(producer.registered_readers(), 4);
    let mut next = 0;
    while next < RECORDS {
        // Every way of publishing: singly, in slices, in claims of which some is given up.
        producer.publish(&Checked::of(next)).unwrap();
        let slice: Vec<Checked> = (next + 1..next + 200).map(Checked::of).collect();
        next = producer.publish_slice(&slice).unwrap();
        let mut claim = producer.claim(250).unwrap();
        let records: Vec<Checked> = (next..next + 200).map(Checked::of).collect();
        claim.write_slice(0, &records);
        claim.write_slice(200, &[Checked::of(u64::MAX / 16); 50]);
        claim.commit_first(200);
        next += 200;
    }
    assert_eq!(producer.published(), RECORDS);
    producer.close();
    for reader in readers {
        assert_eq!(account(reader), (RECORDS, 0));
    }
}

#[test]
fn slow_lossy_readers_are_told_of_every_record_they_miss() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("fan");
    let mut producer = Producer::<Checked>::create(&ring, Retain::records(256)).unwrap();
    // At most 256 records each 2 ms, of about 512 each millisecond.
    let readers = readers(&ring, "lossy", "2000");
    for first in (0..RECORDS).step_by(500) {
        let records: Vec<Checked> = (first..first + 500).map(Checked::of).collect();
        producer.publish_slice(&records).unwrap();
        sleep(Duration::from_millis(1));
    }
    producer.close();
    for reader in readers {
        let (read, missed) = account(reader);
        assert_eq!(read + missed, RECORDS);
        println!("read {read}, missed {missed}");
        let some = RECORDS / 100;
        assert!(read > some && missed > some, "read {read}, missed {missed}");
    }
}
