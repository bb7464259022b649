//! `NAME.readers` exchanged for a copy, as by a restore or an editor that saves: the locks of those who live lie on the
//! file that was there before.

use std::fs;

use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{CreateError, InspectError, Producer, Reader, ReaderOptions, Retain};

use crate::support::{Rings, limit};

#[test]
fn a_living_producer_is_found_by_its_other_lock() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("imu");
    let create = || Producer::<u64>::create(&ring, Retain::records(8));
    let mut producer = create().unwrap();
    producer.publish(&7).unwrap();
    let (readers, copy) = (rings.file("imu.readers"), rings.file("copy"));
    fs::copy(&readers, &copy).unwrap();
    fs::rename(&copy, &readers).unwrap();

    assert_eq!(inspect::info(&ring).unwrap().producer, ProducerState::Live);
    let second = create().unwrap_err();
    assert!(matches!(second, CreateError::InUse { .. }), "{second}");
    let removed = inspect::remove(&ring).unwrap_err();
    assert!(matches!(removed, InspectError::InUse { .. }), "{removed}");
    assert_eq!(rings.names(), ["imu.readers", "imu.ring"]);

    producer.publish(&8).unwrap();
    producer.close();
    let options = ReaderOptions::lossy().from_oldest();
    let mut reader = Reader::<u64>::attach(&ring, options).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().records(), [7, 8]);
    inspect::remove(&ring).unwrap();
    assert_eq!(rings.names(), [""; 0]);
}
