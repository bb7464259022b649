//! Readers that are killed. The producer learns it from the kernel alone.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ringbuf_core::{
    Delivery, Producer, Reader, ReaderOptions, Retain, TryPublishError, UntypedReader, inspect,
};

use crate::support::process::{Role, hear, say, start};
use crate::support::{HANGS, Rings, eventually, limit};

/// Attaches, takes one batch if it is told to, and stays with it in its hand.
pub fn stuck_reader(arguments: &[String]) {
    let options = match arguments[1].as_str() {
        "lossless" => ReaderOptions::lossless(),
        _ => ReaderOptions::lossy(),
    };
    let mut reader = Reader::<u64>::attach(&arguments[0], options.named("stuck")).unwrap();
    say("attached");
    if arguments[2] == "holds a batch" {
        let batch = reader.next().unwrap().unwrap();
        say(batch.first_sequence());
        hear();
    }
    hear();
}

fn stuck(ring: &str, delivery: &str, what: &str) -> Role {
    let reader = start("stuck reader", &[ring, delivery, what]);
    reader.says("attached");
    reader
}

/// Holds two batches that have outlived their reader.
pub fn stuck_holder(arguments: &[String]) {
    let options = ReaderOptions::lossless().named("stuck");
    let mut reader = UntypedReader::attach(&arguments[0], options).unwrap();
    say("attached");
    let held = [(); 2].map(|()| reader.next_held(HANGS).unwrap());
    drop(reader);
    say("holds");
    hear();
    drop(held);
}

/// The kernel frees the slot of who is killed with batches in hand, without a reader and in whatever thread; until then
/// its place is its own.
#[test]
fn a_producer_goes_on_when_who_holds_batches_is_killed() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("deaths");
    let mut producer = Producer::<u64>::create(&ring, Retain::records(8)).unwrap();
    let holder = start("stuck holder", &[&ring]);
    holder.says("attached");
    for number in 0..8 {
        producer.publish(&number).unwrap();
    }
    holder.says("holds");
    let Err(TryPublishError::Full { reader, lag }) = producer.try_publish(&8) else {
        panic!("what is held is overwritten");
    };
    assert_eq!((reader.as_str(), lag), ("stuck", 8));
    let info = inspect::info(&ring).unwrap();
    let dead = &info.readers.as_ref().unwrap()[0];
    assert!(dead.is_alive && dead.ledger.unwrap().read >= 2);
    let (done, went_on) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| done.send(producer.publish(&8).unwrap()));
        let blocked = went_on.recv_timeout(Duration::from_millis(30));
        assert!(blocked.is_err(), "what is held does not hold it");
        holder.kill();
        assert_eq!(went_on.recv_timeout(HANGS), Ok(8));
    });
    assert_eq!(producer.registered_readers(), 0);
}

#[test]
fn a_blocked_producer_goes_on_soon_after_its_reader_is_killed() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("deaths");
    let mut producer = Producer::<u64>::create(&ring, Retain::records(8)).unwrap();
    let mut delays: Vec<Duration> = (0..20)
        .map(|run| {
            let holds = ["holds nothing", "holds a batch"][run % 2];
            let reader = stuck(&ring, "lossless", holds);
            for _ in 0..8 {
                producer.publish(&producer.published()).unwrap();
            }
            if run % 2 == 1 {
                reader.said();
            }
            let (done, went_on) = mpsc::channel();
            thread::scope(|scope| {
                scope.spawn(|| {
                    producer.publish(&producer.published()).unwrap();
                    done.send(Instant::now()).unwrap();
                });
                let blocked = went_on.recv_timeout(Duration::from_millis(30));
                assert!(blocked.is_err(), "the reader does not hold it");
                let killed = Instant::now();
                reader.kill();
                went_on.recv_timeout(HANGS).unwrap() - killed
            })
        })
        .collect();
    delays.sort();
    println!(
        "from SIGKILL until the producer goes on, 20 runs: {:.1?} at least, {:.1?} median, {:.1?} at most",
        delays[0], delays[10], delays[19]
    );
    assert_eq!(producer.registered_readers(), 0);
    assert_eq!(producer.published(), 20 * 9);
}

#[test]
fn a_producer_that_only_tries_gets_past_a_dead_reader_too() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("deaths");
    let mut producer = Producer::<u64>::create(&ring, Retain::records(4)).unwrap();
    let reader = stuck(&ring, "lossless", "holds nothing");
    producer.publish_slice(&[0, 1, 2, 3]).unwrap();
    for _ in 0..100 {
        let Err(TryPublishError::Full { reader, lag }) = producer.try_publish(&4) else {
            panic!("a living reader is in the way");
        };
        assert_eq!((reader.as_str(), lag), ("stuck", 4));
    }
    reader.kill();
    eventually("the dead reader is out of the way", || {
        producer.try_publish(&4).is_ok()
    });
}

#[test]
fn the_ledger_of_a_dead_reader_still_adds_up_and_its_slot_is_used_again() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("deaths");
    let mut producer = Producer::<u64>::create(&ring, Retain::records(8)).unwrap();
    for delivery in [Delivery::Lossless, Delivery::Lossy] {
        let next = producer.published();
        let reader = stuck(&ring, delivery.name(), "holds a batch");
        producer.publish_slice(&[next, next + 1, next + 2]).unwrap();
        reader.says(&next.to_string());
        reader.kill();

        let info = inspect::info(&ring).unwrap();
        let dead = &info.readers.as_ref().unwrap()[0];
        assert_eq!(
            (dead.slot, dead.name.as_str(), dead.is_alive),
            (0, "stuck", false)
        );
        assert_eq!(dead.delivery, delivery);
        let ledger = dead.ledger.unwrap();
        assert!(ledger.adds_up() && ledger.joined == next, "{ledger:?}");
        assert_eq!(dead.lag, Some(producer.published() - ledger.cursor));
        assert_eq!(producer.registered_readers(), 0);

        let mut heir = Reader::<u64>::attach(&ring, ReaderOptions::lossless()).unwrap();
        assert_eq!(producer.registered_readers(), 1);
        for i in 0..8 {
            producer.try_publish(&i).unwrap();
        }
        assert_eq!(heir.next().unwrap().unwrap().records(), [0, 1]);
        let info = inspect::info(&ring).unwrap();
        assert_eq!(info.readers.unwrap().len(), 1, "it has the dead one's slot");
    }
}
