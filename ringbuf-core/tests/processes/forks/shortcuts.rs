//! What a child has of the short ways: one record published at once, and the newest one out of the mirror.

use ringbuf_core::{CreateOptions, Preset, Producer, Reader, ReaderOptions, Retain};

use super::{REFUSED, publish_refusals, read_refusals};
use crate::support::process::{hear, say, start};
use crate::support::{Rings, limit, system};

/// Forks when the next record would go at once, and the newest lies there for readers that wait for it. The child tries
/// both; then its parent goes on.
pub fn forks_between_records(arguments: &[String]) {
    let preset = match arguments[1].as_str() {
        "for latency" => Preset::Latency,
        _ => Preset::Throughput,
    };
    let options = CreateOptions::default().preset(preset);
    // So large that the producer grants itself more than it claims.
    let retain = Retain::records(64);
    let mut producer = Producer::<u64>::create_with(&arguments[0], retain, &options).unwrap();
    let mut readers = [ReaderOptions::lossless(), ReaderOptions::lossy()]
        .map(|options| Reader::<u64>::attach(&arguments[0], options).unwrap());
    for sequence in 0..2 {
        producer.publish(&sequence).unwrap();
        if sequence == 0 {
            read_by_all(&mut readers, sequence);
        }
    }
    if system::fork().is_none() {
        let [lossless, lossy] = &mut readers;
        let published = publish_refusals(&mut producer);
        say([published, read_refusals(lossless), read_refusals(lossy)].join(" "));
        system::end_now();
    }
    hear();
    read_by_all(&mut readers, 1);
    assert_eq!(producer.publish(&2).unwrap(), 2);
    read_by_all(&mut readers, 2);
}

fn read_by_all(readers: &mut [Reader<u64>], sequence: u64) {
    for reader in readers {
        let batch = reader.next().unwrap().unwrap();
        assert_eq!(
            (batch.first_sequence(), batch.records()),
            (sequence, &[sequence][..])
        );
        drop(batch);
        assert!(reader.ledger().adds_up());
        assert_eq!(reader.ledger().read, sequence + 1);
    }
}

#[test]
fn a_child_goes_no_short_way_either() {
    let _limit = limit();
    for preset in ["for throughput", "for latency"] {
        let rings = Rings::new();
        let mut family = start("forks between records", &[&rings.reference("r"), preset]);
        family.says(&[REFUSED; 3].join(" "));
        family.tell("go on");
        family.finish();
    }
}
