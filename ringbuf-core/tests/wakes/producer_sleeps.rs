//! A producer sleeps until its readers make room: by releasing what they hold, by reading on, or by leaving.

use crate::pace::{Pace, until};
use crate::part::Part;

/// Fills the ring and then needs room for one record each round.
pub fn fills(arguments: &[String]) {
    let part = Part::of(arguments);
    let mut producer = part.create();
    part.begin();
    for _ in 0..part.row.capacity {
        producer.publish(&0).unwrap();
    }
    for round in part.rounds() {
        part.me.wants.store(round);
        producer.publish(&round).unwrap();
        part.me.done.store(round);
    }
    part.page.stop.store(1);
}

/// Each round around the moment the producer falls asleep; ends when it is enough.
fn make_room(part: &Part, mut make: impl FnMut(&mut Pace, u64) -> bool) {
    let mut pace = Pace::new(part.seed, part.row.core);
    for round in 1.. {
        part.round(round);
        if !make(&mut pace, round) {
            break;
        }
        part.me.done.store(round);
        until(|| part.producer().done.load() == round || part.page.stop.load() == 1);
        pace.learn_from(part.producer().sleeps.load(), 1);
    }
}

/// Waits until the producer is about to need room. False if it is enough.
fn needs_room(part: &Part, round: u64) -> bool {
    until(|| part.producer().wants.load() == round || part.page.stop.load() == 1);
    part.producer().wants.load() == round
}

pub fn releases(arguments: &[String]) {
    let part = Part::of(arguments);
    let mut reader = part.attach();
    part.begin();
    make_room(&part, |pace, round| {
        until(|| reader.lag() > 0);
        let batch = reader.poll().unwrap().unwrap();
        assert_eq!((batch.missed(), batch.records().len()), (0, 1));
        let needs_room = needs_room(&part, round);
        pace.delay();
        drop(batch);
        needs_room
    });
}

pub fn advances(arguments: &[String]) {
    let part = Part::of(arguments);
    let mut reader = part.attach();
    part.begin();
    make_room(&part, |pace, round| {
        let needs_room = needs_room(&part, round);
        pace.delay();
        let batch = reader.poll().unwrap().unwrap();
        assert_eq!((batch.missed(), batch.event()), (0, None));
        needs_room
    });
}

/// Needs room beside a new reader each round.
pub fn fills_for_one(arguments: &[String]) {
    let part = Part::of(arguments);
    let mut producer = part.create();
    part.begin();
    for round in part.rounds() {
        until(|| part.readers()[0].ready.load() == round);
        for _ in 0..part.row.capacity {
            producer.publish(&round).unwrap();
        }
        part.me.wants.store(round);
        producer.publish(&round).unwrap();
        part.me.done.store(round);
    }
    part.page.stop.store(1);
}

pub fn leaves(arguments: &[String]) {
    let part = Part::of(arguments);
    part.begin();
    make_room(&part, |pace, round| {
        let reader = part.attach();
        part.me.ready.store(round);
        let needs_room = needs_room(&part, round);
        pace.delay();
        drop(reader);
        needs_room
    });
}
