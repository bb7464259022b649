//! What the child of who holds batches has of them, whoever had their lock when it was forked.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use ringbuf_core::{HeldBatch, Next, ReadError, ReaderOptions, UntypedReader};

use super::{Fork, create, fork};
use crate::support::process::{hear, say, start};
use crate::support::{Rings, limit, system};

fn hold(reader: &mut UntypedReader) -> HeldBatch {
    match reader.next_held(Duration::MAX).unwrap() {
        Next::Batch(batch) => batch,
        nothing => panic!("{nothing:?}"),
    }
}

/// Holds two batches, and forks again and again while another thread takes their lock all the time.
pub fn holder_that_forks(arguments: &[String]) {
    let options = ReaderOptions::lossless().named("holds");
    let mut reader = UntypedReader::attach(&arguments[0], options).unwrap();
    say("attached");
    hear();
    let (older, newer) = (hold(&mut reader), hold(&mut reader));
    let watch = reader.watch();
    let is_done = AtomicBool::new(false);
    let (older, newer, _reader) = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Relaxed) {
                assert_eq!(watch.held(), 4);
            }
        });
        for _ in 0..100 {
            match fork() {
                Fork::Parent(mut child) => {
                    let mut said = String::new();
                    child.done.read_to_string(&mut said).unwrap();
                    assert_eq!(said, "0 0 None 0 0 None false true");
                }
                Fork::Child(mut parent) => {
                    let is_refused =
                        matches!(reader.next_held(Duration::ZERO), Err(ReadError::Forked));
                    let said = format!(
                        "{} {} {:?} {} {} {:?} {} {is_refused}",
                        older.bytes().len(),
                        newer.bytes().len(),
                        newer.published_ns(0),
                        reader.held(),
                        watch.held(),
                        watch.ledger(),
                        reader.is_in_the_way(),
                    );
                    drop(newer);
                    drop(reader);
                    drop(older);
                    parent.done.write_all(said.as_bytes()).unwrap();
                    system::end_now();
                }
            }
        }
        is_done.store(true, Relaxed);
        (older, newer, reader)
    });
    say("forked");
    hear();
    drop(newer);
    say("gave back the newer");
    hear();
    assert_eq!(older.bytes()[8], 1);
    drop(older);
    say("gave back the older");
    hear();
}

#[test]
fn a_child_gives_back_nothing_and_waits_for_nobody() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("forks");
    let mut producer = create(&ring);
    let mut holder = start("holder that forks", &[&ring]);
    holder.says("attached");
    producer.publish_slice(&[0, 1, 2, 3, 4, 5, 6, 7]).unwrap();
    holder.tell("hold and fork");
    holder.says("forked");
    let full = producer.try_publish(&8).unwrap_err();
    assert!(full.to_string().contains("holds"), "{full}");
    holder.tell("give back");
    holder.says("gave back the newer");
    assert!(producer.try_publish(&8).is_err());
    holder.tell("give back");
    holder.says("gave back the older");
    for number in 8..12 {
        producer.try_publish(&number).unwrap();
    }
    assert!(producer.try_publish(&12).is_err());
    assert_eq!(producer.registered_readers(), 1);
}
