//! What producers do until they die.

use ringbuf_core::ReaderOptions;

use super::Order;
use super::order::done;
use crate::ends::Publish;
use crate::kinds::Kind;
use crate::support::process::{hear, say};
use crate::support::system;

fn create<K: Kind>(order: &Order) -> K::Producer {
    K::create(&order.ring, &K::options()).unwrap()
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
    let mut producer = K::create(&order.ring, &K::options().replace(true)).unwrap();
    publish::<K>(&mut producer, order.epoch, 1);
    producer.close();
}

/// More than two laps in every way, and records that nobody may ever see.
fn work<K: Kind>(producer: &mut K::Producer, epoch: u64) {
    let capacity = K::CAPACITY;
    publish::<K>(producer, epoch, 1);
    publish::<K>(producer, epoch, capacity + 2);
    claim::<K>(producer, epoch, capacity, capacity as usize);
    // Given up, and another claim in its place.
    claim::<K>(producer, NEVER, capacity, 0);
    claim::<K>(producer, epoch, 2, 1);
    if K::IS_IN_PLACE {
        let records = K::records(epoch, producer.published(), 2);
        producer.claim_in_one_piece(&records);
        done(producer.published());
    }
    publish::<K>(producer, epoch, 1);
}

/// The epoch of records that are not published.
const NEVER: u64 = 1000;

/// Publishes so many more.
fn publish<K: Kind>(producer: &mut K::Producer, epoch: u64, count: u64) {
    let records = K::records(epoch, producer.published(), count);
    producer.publish(&records);
    done(producer.published());
}

/// Claims and writes `count` records and commits some of them.
fn claim<K: Kind>(producer: &mut K::Producer, epoch: u64, count: u64, commit: usize) {
    let records = K::records(epoch, producer.published(), count);
    producer.claim(&records, commit, K::IS_IN_PLACE);
    done(producer.published());
}

/// Publishes more than there is room for on a ring that drops what finds none.
pub fn refused<K: Kind>(order: &Order) {
    order.arm();
    let mut producer = create::<K>(order);
    done(producer.published());
    for _ in 0..2 {
        let records = K::records(order.epoch, producer.published(), K::CAPACITY);
        for record in records {
            // Refused or not.
            producer.publish(&[record]);
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
    let _reader = K::attach(&order.ring, options).unwrap();
    publish::<K>(&mut producer, order.epoch, BEFORE);
    die();
}

/// Records that there are when the first producer is gone.
pub const BEFORE: u64 = 2;

fn die() {
    system::signal(std::process::id(), system::KILL);
}
