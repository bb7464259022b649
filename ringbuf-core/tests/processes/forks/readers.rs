//! What the child of a reader has of it.

use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ringbuf_core::inspect;
use ringbuf_core::{Producer, ReadError, Reader, ReaderOptions, UntypedReader};

use super::{Family, Fork, LONG, REFUSED, create, fork, read_refusals};
use crate::support::process::{hear, say, start};
use crate::support::{Rings, limit};

/// Attaches, takes one batch when it is told to, and forks with it in hand. The child uses what it got as it
/// is told; its parent goes on to the end when the child is done.
pub fn reader_that_forks(arguments: &[String]) {
    let ring = &arguments[0];
    let options = match arguments[1].as_str() {
        "lossless" => ReaderOptions::lossless(),
        _ => ReaderOptions::lossy(),
    };
    let mut reader = Reader::<u64>::attach(ring, options.named("forks")).unwrap();
    let mut untyped = UntypedReader::attach(ring, ReaderOptions::lossy()).unwrap();
    say(if reader.is_observer() {
        "observes"
    } else {
        "attached"
    });
    hear();
    let batch = reader.next().unwrap().unwrap();
    match fork() {
        Fork::Parent(child) => {
            let _child = child.leave_it_to_the_child();
            let mut records = batch.records().to_vec();
            drop(batch);
            while let Some(batch) = reader.next().unwrap() {
                records.extend_from_slice(batch.records());
            }
            assert!(reader.ledger().adds_up());
            say(format!("{records:?}"));
        }
        Fork::Child(parent) => {
            hear();
            let records = format!("{:?}", batch.records());
            drop(batch);
            let refused = matches!(untyped.poll(), Err(ReadError::Forked));
            let untyped_refuses = if refused { "forked" } else { "read" };
            let refusals = read_refusals(&mut reader);
            say(format!("{records} {refusals} {untyped_refuses}"));
            hear();
            drop(reader);
            drop(untyped);
            say("dropped");
            hear();
            let options = ReaderOptions::lossy().from_oldest();
            let mut own = Reader::<u64>::attach(ring, options).unwrap();
            say(own.poll().unwrap().unwrap().first_sequence());
            drop(own);
            hear();
            parent.end();
        }
    }
}

/// A reader with a child and a batch in hand, and the producer, a full ring ahead of it.
fn reading_family(ring: &str, kind: &str) -> (Family, Producer<u64>) {
    let mut producer = create(ring);
    let attach = || Reader::<u64>::attach(ring, ReaderOptions::lossy()).unwrap();
    let fill: Vec<Reader<u64>> = match kind {
        "observer" => (0..64).map(|_| attach()).collect(),
        _ => Vec::new(),
    };
    let mut reader = start("reader that forks", &[ring, kind]);
    reader.says(if kind == "observer" {
        "observes"
    } else {
        "attached"
    });
    drop(fill);
    producer.publish_slice(&[0, 1, 2, 3, 4, 5, 6, 7]).unwrap();
    reader.tell("read and fork");
    (Family::of(reader), producer)
}

/// What the child has of the batch, which is its own only where it is a copy.
fn refused(kind: &str) -> String {
    let records = match kind {
        "lossless" => "[]",
        _ => "[0, 1, 2, 3, 4, 5, 6, 7]",
    };
    format!("{records} {REFUSED} forked")
}

#[test]
fn a_killed_readers_child_holds_nobody_up_and_frees_nothing() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("forks");
    let (mut family, mut producer) = reading_family(&ring, "lossless");
    let (done, went_on) = mpsc::channel();
    thread::scope(|scope| {
        let producer = &mut producer;
        scope.spawn(move || done.send(producer.publish(&8).unwrap()));
        let blocked = went_on.recv_timeout(Duration::from_millis(50));
        assert!(blocked.is_err(), "the reader does not hold it");
        family.parent.kill();
        let next = went_on.recv_timeout(LONG);
        if next.is_err() {
            // It would wait for ever for whom the child keeps alive.
            family.child.kill();
        }
        assert_eq!(next, Ok(8));
    });
    assert_eq!(producer.registered_readers(), 0);
    assert_eq!(family.ask("use it"), refused("lossless"));

    // It has the slot that was the dead one's.
    let options = ReaderOptions::lossless().named("heir");
    let mut heir = Reader::<u64>::attach(&ring, options).unwrap();
    assert_eq!(family.ask("drop it"), "dropped");
    assert_eq!(producer.registered_readers(), 1);
    let info = inspect::info(&ring).unwrap();
    let first = &info.readers.as_ref().unwrap()[0];
    assert_eq!(
        (first.slot, first.name.as_str(), first.is_alive),
        (0, "heir", true)
    );
    for i in 9..17 {
        producer.try_publish(&i).unwrap();
    }
    let full = producer.try_publish(&17).unwrap_err();
    assert!(full.to_string().contains("heir"), "{full}");
    assert_eq!(heir.next().unwrap().unwrap().records(), [9, 10]);
    assert_eq!(family.ask("attach"), "9");
    assert!(family.child.is_alive());
}

#[test]
fn a_childs_copy_of_a_reader_changes_nothing() {
    let _limit = limit();
    for kind in ["lossless", "lossy", "observer"] {
        let rings = Rings::new();
        let ring = rings.reference("forks");
        let (mut family, mut producer) = reading_family(&ring, kind);
        let readers = || fs::read(rings.file("forks.readers")).unwrap();
        let before = readers();
        assert_eq!(family.ask("use it"), refused(kind));
        assert_eq!(family.ask("drop it"), "dropped");
        assert!(before == readers(), "{kind}: the child wrote");
        let info = inspect::info(&ring).unwrap();
        let is_listed = |name: &str| {
            let mut readers = info.readers.iter().flatten();
            readers.any(|reader| reader.name == name && reader.is_alive)
        };
        assert_eq!(is_listed("forks"), kind != "observer");
        if kind == "lossless" {
            let full = producer.try_publish(&8).unwrap_err();
            assert!(full.to_string().contains("forks"), "{full}");
        }
        assert_eq!(family.ask("attach"), "0", "its own reader");
        family.role.tell("done");
        drop(producer);
        family.role.says("[0, 1, 2, 3, 4, 5, 6, 7]");
    }
}

#[test]
fn a_killed_lossy_readers_child_keeps_no_slot() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("forks");
    let (mut family, mut producer) = reading_family(&ring, "lossy");
    assert_eq!(producer.registered_readers(), 2);
    family.parent.kill();
    assert_eq!(producer.registered_readers(), 0);
    assert_eq!(family.ask("use it"), refused("lossy"));
    let attach = || Reader::<u64>::attach(&ring, ReaderOptions::lossy()).unwrap();
    let heirs: Vec<Reader<u64>> = (0..64).map(|_| attach()).collect();
    assert!(heirs.iter().all(|heir| !heir.is_observer()));
    assert_eq!(family.ask("drop it"), "dropped");
    assert_eq!(producer.registered_readers(), 64);
    producer.publish(&8).unwrap();
}
