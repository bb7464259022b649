//! Readers sleep until something is published, the ring is closed, or another producer has it.

use ringbuf_core::{Event, Reader};

use crate::pace::{Pace, until};
use crate::part::Part;
use crate::support::system;

/// The end, after which nobody waits any more.
const END: u64 = u64::MAX;

/// Publishes one record each round, around the moment its readers fall asleep.
pub fn publishes(arguments: &[String]) {
    let part = Part::of(arguments);
    let mut producer = part.create();
    part.begin();
    let mut pace = Pace::new(part.seed, part.row.core);
    for round in part.rounds() {
        until(|| {
            part.readers()
                .iter()
                .all(|reader| reader.wants.load() == round)
        });
        pace.learn_from(part.page.sleeps(), part.readers().len() as u64);
        pace.delay();
        producer.publish(&round).unwrap();
        part.me.done.store(round);
    }
    producer.close();
    part.me.done.store(END);
}

pub fn reads(arguments: &[String]) {
    let part = Part::of(arguments);
    let mut reader = part.attach();
    part.begin();
    for round in 1.. {
        part.round(round);
        part.me.wants.store(round);
        let Some(batch) = reader.next().unwrap() else {
            break;
        };
        assert_eq!((batch.missed(), batch.records()), (0, [round].as_slice()));
    }
}

/// Closes the ring each round, and opens it again.
pub fn closes(arguments: &[String]) {
    let part = Part::of(arguments);
    let mut producer = part.create();
    part.begin();
    let mut pace = Pace::new(part.seed, part.row.core);
    for round in part.rounds() {
        until(|| part.readers()[0].wants.load() == round);
        pace.learn_from(part.page.sleeps(), 1);
        pace.delay();
        producer.close();
        part.me.done.store(round);
        // The reader must have seen the end before there is a new beginning.
        until(|| part.readers()[0].done.load() == round);
        producer = part.create();
    }
    part.page.stop.store(1);
    producer.close();
    part.me.done.store(END);
}

pub fn reads_to_the_close(arguments: &[String]) {
    let part = Part::of(arguments);
    let mut reader = part.attach();
    part.begin();
    for round in 1.. {
        part.round(round);
        part.me.wants.store(round);
        assert!(reader.next().unwrap().is_none());
        part.me.done.store(round);
        until(|| part.page.stop.load() == 1 || is_restarted(&mut reader));
        if part.page.stop.load() == 1 {
            break;
        }
    }
}

fn is_restarted(reader: &mut Reader<u64>) -> bool {
    let batch = reader.poll().unwrap();
    batch.is_some_and(|batch| matches!(batch.event(), Some(Event::Restarted { .. })))
}

/// Lets one producer after the other open the ring and end without closing it.
pub fn restarts(arguments: &[String]) {
    let part = Part::of(arguments);
    let open = || match system::fork() {
        Some(child) => system::wait_for_child(child),
        None => {
            // It is as if this process had been killed.
            std::mem::forget(part.create());
            system::end_now();
        }
    };
    open();
    part.begin();
    for round in part.rounds() {
        until(|| part.readers()[0].ready.load() == round);
        part.me.ready.store(round);
        open();
        part.me.done.store(round);
    }
    part.page.stop.store(1);
}

/// What lies between beginning to open and opening takes long: it is the reader that chooses the moment.
pub fn reads_to_the_restart(arguments: &[String]) {
    let part = Part::of(arguments);
    let mut reader = part.attach();
    part.begin();
    let mut pace = Pace::new(part.seed, part.row.core);
    for round in 1.. {
        part.round(round);
        part.me.ready.store(round);
        until(|| part.page.stop.load() == 1 || part.producer().ready.load() == round);
        if part.producer().ready.load() != round {
            break;
        }
        pace.delay();
        let slept = part.me.sleeps.load();
        part.me.wants.store(round);
        loop {
            let batch = reader.next().unwrap().unwrap();
            match batch.event() {
                Some(Event::Restarted { .. }) => break,
                Some(Event::ProducerDied) => {}
                other => panic!("{other:?}"),
            }
        }
        pace.learn(part.me.sleeps.load() == slept);
        until(|| part.producer().done.load() == round);
    }
}
