//! A producer that is never done, in every form of publishing.

use std::cell::Cell;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ringbuf_core::{
    CreateError, CreateOptions, Producer, PublishError, Record, Retain, TryPublishError,
    UntypedProducer,
};

use crate::support::Numbers;

use super::seat::{Seat, kind};
use super::{CAPACITY, Goods, Scene, frames};

pub const CALLS: u64 = 400;
const AT_ONCE: Duration = Duration::ZERO;

/// Creates, publishes and closes until it is over.
pub fn produce(seat: &Seat, scene: Scene, ring: &str, seed: u64, over: &AtomicBool) {
    let mut numbers = Numbers::new(seed);
    while !over.load(Ordering::Relaxed) {
        let is_typed = numbers.below(4) != 0;
        match (scene.goods, is_typed) {
            (Goods::Records, true) => typed(seat, scene, ring, &mut numbers),
            (Goods::Records, false) => untyped(seat, scene, ring, &mut numbers),
            _ => frames::produce(seat, scene, ring, &mut numbers),
        }
        seat.count("turns");
    }
}

/// Continues the ring; where that is refused replaces it, and where that is refused too makes it anew.
pub fn create<P>(
    seat: &Seat,
    scene: Scene,
    ring: &str,
    create: impl Fn(&CreateOptions) -> Result<P, CreateError>,
) -> Option<P> {
    for replace in [false, true] {
        let options = scene.options().replace(replace);
        match seat.call("create", AT_ONCE, || create(&options)) {
            Ok(producer) => return Some(producer),
            Err(error) => seat.count(format!("no create {}", kind(&error))),
        }
    }
    for path in [ring, &ring.replace(".ring", ".readers")] {
        let _ = fs::remove_file(path);
    }
    None
}

pub fn refused(seat: &Seat, error: &TryPublishError) {
    match error {
        TryPublishError::Full { .. } => seat.count("full"),
        error => panic!("{error}"),
    }
}

fn typed(seat: &Seat, scene: Scene, ring: &str, numbers: &mut Numbers) {
    let retain = Retain::records(CAPACITY);
    let producer = create(seat, scene, ring, |options| {
        Producer::<u64>::create_with(ring, retain, options)
    });
    let Some(mut producer) = producer else {
        return;
    };
    let records: Vec<u64> = (0..2 * CAPACITY).collect();
    for _ in 0..CALLS {
        let some = &records[..1 + numbers.below(2 * CAPACITY) as usize];
        let limit = Duration::from_micros(numbers.below(2000));
        let before = producer.published();
        // The last forms wait for as long as it takes.
        match numbers.below(if scene.is_held_for_ever() { 4 } else { 8 }) {
            0 => {
                let published = seat.call("try_publish", AT_ONCE, || producer.try_publish(&1));
                published.map_or_else(|error| refused(seat, &error), drop);
            }
            1 => {
                let published = seat.call("publish_timeout", limit, || {
                    producer.publish_timeout(&1, limit)
                });
                published.map_or_else(|error| refused(seat, &error), drop);
            }
            2 | 3 => {
                let count = seat.call("publish_slice_timeout", limit, || {
                    producer.publish_slice_timeout(some, limit)
                });
                assert!(count.unwrap() <= some.len());
            }
            4 => drop(
                seat.call("publish", scene.held(), || producer.publish(&1))
                    .unwrap(),
            ),
            5 => drop(
                seat.call("publish_slice", scene.held(), || {
                    producer.publish_slice(some)
                })
                .unwrap(),
            ),
            _ => claim(seat, scene, &mut producer, numbers),
        }
        let grown = producer.published() - before;
        assert!(grown <= some.len().max(CAPACITY as usize) as u64);
        if numbers.below(16) == 0 {
            let figures = seat.call("figures", AT_ONCE, || {
                (
                    producer.kept(),
                    producer.refused(),
                    producer.registered_readers(),
                )
            });
            assert!(figures.2 <= 64);
        }
    }
    seat.count("produced");
    seat.call("close", AT_ONCE, || producer.close());
}

fn claim(seat: &Seat, scene: Scene, producer: &mut Producer<u64>, numbers: &mut Numbers) {
    let count = 1 + numbers.below(CAPACITY) as usize;
    match seat.call("claim", scene.held(), || producer.claim(count)) {
        Ok(mut claim) => {
            claim.write_slice(0, &vec![7; count]);
            match numbers.below(3) {
                0 => claim.abort(),
                1 => drop(claim.commit_first(count / 2)),
                _ => drop(claim.commit()),
            }
        }
        Err(PublishError::Full { .. }) => seat.count("full"),
        Err(error) => panic!("{error}"),
    }
}

fn untyped(seat: &Seat, scene: Scene, ring: &str, numbers: &mut Numbers) {
    let retain = Retain::records(CAPACITY);
    let producer = create(seat, scene, ring, |options| {
        UntypedProducer::create_with(ring, u64::schema(), retain, options)
    });
    let Some(mut producer) = producer else {
        return;
    };
    for _ in 0..CALLS / 4 {
        let bytes = vec![1; 8 * numbers.below(CAPACITY) as usize];
        let count = if numbers.below(2) == 0 && !scene.is_held_for_ever() {
            seat.call("publish_bytes", scene.held(), || {
                producer.publish_bytes(&bytes)
            })
        } else {
            let looks = Cell::new(0);
            let enough = || {
                looks.set(looks.get() + 1);
                looks.get() > 2
            };
            seat.call("publish_bytes_until", scene.held(), || {
                producer.publish_bytes_until(&bytes, &enough)
            })
        };
        assert!(count.unwrap() <= bytes.len() / 8);
    }
    seat.count("produced");
    // Not closed, as one that dies.
    seat.call("drop", AT_ONCE, || drop(producer));
}
