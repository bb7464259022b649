//! What the child of a producer has of it.

use std::fs;

use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{
    Element, Event, Field, Next, Producer, PublishError, Reader, ReaderOptions, Retain, Schema,
    UntypedProducer,
};

use super::{CAPACITY, Family, Fork, LONG, REFUSED, create, fork, publish_refusals};
use crate::support::process::{hear, say, start};
use crate::support::{Rings, limit};

/// Publishes 0 to 4, claims two more, and forks with the claim in hand. The child uses what it got as it is
/// told; its parent goes on when the child is done.
pub fn producer_that_forks(arguments: &[String]) {
    let ring = &arguments[0];
    let schema = Schema::packed([Field::new("value", Element::U64)]).unwrap();
    let retain = Retain::records(CAPACITY);
    let mut untyped = UntypedProducer::create(&arguments[1], schema, retain).unwrap();
    let mut producer = create(ring);
    say("created");
    hear();
    for i in 0..5 {
        producer.publish(&i).unwrap();
    }
    let mut claim = producer.claim(2).unwrap();
    claim.write(0, &5);
    match fork() {
        Fork::Parent(child) => {
            let _child = child.leave_it_to_the_child();
            claim.write(1, &6);
            claim.commit();
            say(producer.publish(&7).unwrap());
            hear();
            producer.close();
        }
        Fork::Child(parent) => {
            hear();
            claim.write(0, &999);
            claim.write_slice(0, &[999, 999]);
            claim.commit();
            let refused = matches!(untyped.publish_bytes(&[9; 8]), Err(PublishError::Forked));
            let untyped_refuses = if refused { "forked" } else { "published" };
            say(format!(
                "{} {untyped_refuses} {}",
                publish_refusals(&mut producer),
                producer.published()
            ));
            let mut copy = Some((producer, untyped));
            let mut own = Vec::new();
            loop {
                let line = hear();
                match line.split_once(' ').unwrap_or((&line, "")) {
                    ("drop", _) => {
                        drop(copy.take());
                        say("dropped");
                    }
                    ("create", reference) => {
                        match Producer::<u64>::create(reference, Retain::records(CAPACITY)) {
                            Ok(mut producer) => {
                                say(producer.publish(&producer.published()).unwrap());
                                own.push(producer);
                            }
                            Err(_) => say("refused"),
                        }
                    }
                    _ => break,
                }
            }
            parent.end();
        }
    }
}

/// What readers of every kind find next.
fn all_find(readers: &mut [Reader<u64>], event: Option<Event>, first: u64, records: &[u64]) {
    for reader in readers {
        let Next::Batch(batch) = reader.next_timeout(LONG).unwrap() else {
            panic!("nothing comes at {first}");
        };
        assert_eq!((batch.event(), batch.first_sequence()), (event, first));
        assert_eq!((batch.records(), batch.missed()), (records, 0));
    }
}

/// A lossless reader, a lossy one and an observer.
fn readers_of(ring: &str) -> [Reader<u64>; 3] {
    let attach = |options: ReaderOptions| Reader::<u64>::attach(ring, options).unwrap();
    let lossless = attach(ReaderOptions::lossless());
    let lossy = attach(ReaderOptions::lossy());
    let _fill: Vec<Reader<u64>> = (0..62).map(|_| attach(ReaderOptions::lossy())).collect();
    let observer = attach(ReaderOptions::lossy());
    assert!(observer.is_observer());
    [lossless, lossy, observer]
}

/// A producer with a child, and readers that have read what it published.
fn producing_family(rings: &Rings) -> (Family, [Reader<u64>; 3]) {
    let ring = rings.reference("forks");
    let untyped = rings.reference("untyped");
    let mut producer = start("producer that forks", &[&ring, &untyped]);
    producer.says("created");
    let mut readers = readers_of(&ring);
    producer.tell("publish and fork");
    let family = Family::of(producer);
    for reader in &mut readers {
        while reader.cursor() < 5 {
            drop(reader.next().unwrap());
        }
    }
    (family, readers)
}

#[test]
fn a_producers_child_keeps_nothing_of_it_alive() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("forks");
    let (mut family, mut readers) = producing_family(&rings);
    family.parent.kill();

    let info = inspect::info(&ring).unwrap();
    assert_eq!((info.producer, info.published), (ProducerState::Died, 5));
    all_find(&mut readers, Some(Event::ProducerDied), 5, &[]);
    assert_eq!(family.ask("use it"), format!("{REFUSED} forked 5"));
    let info = inspect::info(&ring).unwrap();
    assert_eq!((info.producer, info.published), (ProducerState::Died, 5));

    let mut heir = create(&ring);
    let restarted = Event::Restarted {
        epoch: 2,
        first_sequence: Some(5),
    };
    all_find(&mut readers, Some(restarted), 5, &[]);
    assert_eq!(heir.publish(&50).unwrap(), 5);
    all_find(&mut readers, None, 5, &[50]);
    assert_eq!(family.ask("drop"), "dropped");
    let info = inspect::info(&ring).unwrap();
    assert_eq!(
        (info.producer, info.epoch, info.published),
        (ProducerState::Live, 2, 6)
    );
    assert_eq!(family.ask(&format!("create {ring}")), "refused");
    assert_eq!(heir.publish(&60).unwrap(), 6);
    all_find(&mut readers, None, 6, &[60]);
    drop(heir);
    for reader in &mut readers {
        assert!(reader.next().unwrap().is_none(), "closed by its producer");
    }
    assert!(family.child.is_alive());
}

#[test]
fn a_child_may_have_rings_of_its_own_and_continue_its_dead_parents() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("forks");
    let own = rings.reference("own");
    let (mut family, mut readers) = producing_family(&rings);
    assert_eq!(family.ask("use it"), format!("{REFUSED} forked 5"));
    assert_eq!(family.ask(&format!("create {ring}")), "refused");
    assert_eq!(family.ask(&format!("create {own}")), "0");
    family.parent.kill();
    all_find(&mut readers, Some(Event::ProducerDied), 5, &[]);
    assert_eq!(family.ask(&format!("create {ring}")), "5");
    let restarted = Event::Restarted {
        epoch: 2,
        first_sequence: Some(5),
    };
    all_find(&mut readers, Some(restarted), 5, &[]);
    all_find(&mut readers, None, 5, &[5]);
    // The copy of the dead parent's producer is another one, of the same ring.
    assert_eq!(family.ask("drop"), "dropped");
    for ring in [&ring, &own] {
        let info = inspect::info(ring).unwrap();
        assert_eq!(info.producer, ProducerState::Live, "{ring}");
    }
    family.child.kill();
    for (ring, published) in [(&ring, 6), (&own, 1)] {
        let info = inspect::info(ring).unwrap();
        let died = (ProducerState::Died, published);
        assert_eq!((info.producer, info.published), died, "{ring}");
    }
    all_find(&mut readers, Some(Event::ProducerDied), 6, &[]);
}

#[test]
fn a_childs_copy_of_a_producer_and_of_a_claim_changes_nothing() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("forks");
    let (mut family, mut readers) = producing_family(&rings);
    let files = || ["forks.ring", "forks.readers"].map(|name| fs::read(rings.file(name)).unwrap());
    let before = files();
    assert_eq!(family.ask("use it"), format!("{REFUSED} forked 5"));
    assert_eq!(family.ask(&format!("create {ring}")), "refused");
    assert_eq!(family.ask("drop"), "dropped");
    assert!(before == files(), "the child wrote");
    for name in ["forks", "untyped"] {
        let info = inspect::info(&rings.reference(name)).unwrap();
        assert_eq!(info.producer, ProducerState::Live, "{name}");
    }

    assert_eq!(family.ask("done"), "7", "the parent goes on");
    for reader in &mut readers {
        let mut records = Vec::new();
        while reader.cursor() < 8 {
            let batch = reader.next().unwrap().unwrap();
            assert_eq!((batch.event(), batch.missed()), (None, 0));
            records.extend_from_slice(batch.records());
        }
        assert_eq!(records, [5, 6, 7]);
    }
    family.role.tell("close");
    for reader in &mut readers {
        assert!(reader.next().unwrap().is_none());
    }
}
