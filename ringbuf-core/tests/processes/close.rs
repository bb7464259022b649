//! A close in one process is seen by every kind of reader in another, after everything was read.

use std::thread;
use std::time::Duration;

use ringbuf_core::{Producer, Reader, ReaderOptions, Retain};

use crate::checked::{Checked, Tally};
use crate::support::process::start;
use crate::support::{Rings, limit};

#[test]
fn every_kind_of_reader_drains_a_closed_ring_and_ends() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("close");
    let mut producer = start("endless producer", &[&ring, "64"]);
    producer.says("0");
    let attach = |options: ReaderOptions| Reader::<Checked>::attach(&ring, options).unwrap();
    let fill: Vec<Reader<Checked>> = (0..62).map(|_| attach(ReaderOptions::lossy())).collect();
    let readers = [
        attach(ReaderOptions::lossless()),
        attach(ReaderOptions::lossy()),
        attach(ReaderOptions::lossy()),
    ];
    let observes: Vec<bool> = readers.iter().map(Reader::is_observer).collect();
    assert_eq!(observes, [false, false, true]);
    let threads = readers.map(|mut reader| {
        thread::spawn(move || {
            let mut tally = Tally::from(0);
            while let Some(batch) = reader.next().unwrap() {
                assert_eq!(batch.event(), None);
                tally.take(&batch);
            }
            tally
        })
    });
    thread::sleep(Duration::from_millis(150));
    producer.tell("publish");
    assert!(producer.finish().is_empty());
    let [lossless, lossy, observer] = threads.map(|thread| thread.join().unwrap());
    let published = lossless.read;
    assert!(published >= 64);
    for tally in [lossless, lossy, observer] {
        assert!(tally.is_faultless(), "{tally:?}");
        assert_eq!(tally.read + tally.missed, published);
    }
    assert_eq!(lossless.missed, 0);
    drop(fill);
}

#[test]
fn a_closed_ring_is_still_read_by_who_comes_later() {
    let _limit = limit();
    let rings = Rings::on_disk();
    let ring = rings.reference("close");
    let mut producer = Producer::<Checked>::create(&ring, Retain::records(7)).unwrap();
    for i in 0..10 {
        producer.publish(&Checked::of(i)).unwrap();
    }
    producer.close();
    for options in [ReaderOptions::lossy(), ReaderOptions::lossless()] {
        let mut reader = Reader::<Checked>::attach(&ring, options.from_oldest()).unwrap();
        let mut tally = Tally::from(3);
        while let Some(batch) = reader.next().unwrap() {
            tally.take(&batch);
        }
        assert!(tally.is_faultless());
        assert_eq!((tally.read, tally.next), (7, 10));
        let (sequence, latest) = reader.latest().unwrap().unwrap();
        assert!(sequence == 9 && latest.is_of(9));
    }
}
