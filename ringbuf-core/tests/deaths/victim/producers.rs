//! What producers do until they die.

use ringbuf_core::{Claim, Producer, Reader, ReaderOptions, Retain, deaths};

use super::Order;
use super::order::done;
use crate::kinds::Kind;
use crate::support::process::{hear, say};
use crate::support::system;

fn create<K: Kind>(order: &Order) -> Producer<K::Item> {
    let retain = Retain::records(K::CAPACITY);
    Producer::create_with(&order.ring, retain, &K::options()).unwrap()
}

/// Creates the ring, or continues it, and publishes.
pub fn creating<K: Kind>(order: &Order) {
    order.arm();
    let mut producer = create::<K>(order);
    done(producer.published());
    work::<K>(&mut producer, order.epoch);
    producer.close();
}

/// Publishes when its readers are there.
pub fn publishing<K: Kind>(order: &Order) {
    let mut producer = create::<K>(order);
    say("ready");
    hear();
    order.arm();
    work::<K>(&mut producer, order.epoch);
    producer.close();
}

/// Publishes one by one when its readers are there: claimed, at once, claimed, at once.
pub fn one_by_one<K: Kind>(order: &Order) {
    let mut producer = create::<K>(order);
    say("ready");
    hear();
    order.arm();
    for _ in 0..4 {
        publish::<K>(&mut producer, order.epoch, 1);
    }
    producer.close();
}

/// Makes another ring in the place of one.
pub fn replacing<K: Kind>(order: &Order) {
    order.arm();
    let retain = Retain::records(K::CAPACITY);
    let options = K::options().replace(true);
    let mut producer = Producer::<K::Item>::create_with(&order.ring, retain, &options).unwrap();
    publish::<K>(&mut producer, order.epoch, 1);
    producer.close();
}

/// More than two laps in every way, and records that nobody may ever see.
fn work<K: Kind>(producer: &mut Producer<K::Item>, epoch: u64) {
    let capacity = K::CAPACITY;
    publish::<K>(producer, epoch, 1);
    publish::<K>(producer, epoch, capacity + 2);
    claim::<K>(producer, epoch, capacity, capacity);
    // Given up, and another claim in its place.
    let mut claim_again = producer.claim(capacity as usize).unwrap();
    let never = K::records(NEVER, claim_again.first_sequence(), capacity);
    write::<K>(&mut claim_again, &never);
    claim_again.abort();
    claim::<K>(producer, epoch, 2, 1);
    if K::IS_IN_PLACE {
        claim_in_place::<K>(producer, epoch);
    }
    publish::<K>(producer, epoch, 1);
}

/// The epoch of records that are not published.
const NEVER: u64 = 1000;

/// Publishes so many more.
fn publish<K: Kind>(producer: &mut Producer<K::Item>, epoch: u64, count: u64) {
    let records = K::records(epoch, producer.published(), count);
    match records.as_slice() {
        [record] => producer.publish(record).unwrap(),
        records => producer.publish_slice(records).unwrap(),
    };
    done(producer.published());
}

/// Claims and writes `count` records and commits some of them.
fn claim<K: Kind>(producer: &mut Producer<K::Item>, epoch: u64, count: u64, commit: u64) {
    let mut claim = producer.claim(count as usize).unwrap();
    let records = K::records(epoch, claim.first_sequence(), count);
    write::<K>(&mut claim, &records);
    claim.commit_first(commit as usize);
    done(producer.published());
}

/// Writes these records into a claim, in the way of the ring.
fn write<K: Kind>(claim: &mut Claim<'_, K::Item>, records: &[K::Item]) {
    if !K::IS_IN_PLACE {
        for (i, record) in records.iter().enumerate() {
            claim.write(i, record);
        }
        return;
    }
    let (first, rest) = claim.slices_mut().unwrap();
    for (place, record) in first.iter_mut().chain(rest).zip(records) {
        // What is stored there is nothing that dies by itself.
        deaths::step();
        *place = *record;
    }
    deaths::step();
}

/// Claims what lies side by side and writes it.
fn claim_in_place<K: Kind>(producer: &mut Producer<K::Item>, epoch: u64) {
    let mut claim = producer.claim_in_place(2).unwrap();
    let first = claim.first_sequence();
    for (sequence, place) in (first..).zip(claim.records_mut()) {
        deaths::step();
        *place = K::record(epoch, sequence);
    }
    deaths::step();
    claim.commit();
    done(producer.published());
}

/// Publishes more than there is room for on a ring that drops what finds none.
pub fn refused<K: Kind>(order: &Order) {
    order.arm();
    let mut producer = create::<K>(order);
    done(producer.published());
    for _ in 0..2 {
        let records = K::records(order.epoch, producer.published(), K::CAPACITY);
        for record in &records {
            // Refused or not.
            let _ = producer.publish(record);
            done(producer.published());
        }
    }
    producer.close();
}

/// What a producer that was killed leaves.
pub fn leaves_a_ring<K: Kind>(order: &Order) {
    let mut producer = create::<K>(order);
    publish::<K>(&mut producer, order.epoch, BEFORE);
    die();
}

/// The same, and a reader that is in the way.
pub fn leaves_a_reader<K: Kind>(order: &Order) {
    let mut producer = create::<K>(order);
    let options = ReaderOptions::lossless().named("dead").from_oldest();
    let _reader = Reader::<K::Item>::attach(&order.ring, options).unwrap();
    publish::<K>(&mut producer, order.epoch, BEFORE);
    die();
}

/// Records that there are when the first producer is gone.
pub const BEFORE: u64 = 2;

fn die() {
    system::signal(std::process::id(), system::KILL);
}
