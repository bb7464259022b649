//! Both sleep in turn: the reader for the next record, the producer for the only cell.

use crate::pace::Pace;
use crate::part::Part;

pub fn serves(arguments: &[String]) {
    let part = Part::of(arguments);
    let mut producer = part.create();
    part.begin();
    let mut pace = Pace::new(part.seed, part.row.core);
    for round in part.rounds() {
        if round % 2 == 0 {
            pace.learn_from(part.readers()[0].sleeps.load(), 1);
            pace.delay();
        }
        part.me.wants.store(round - 1);
        producer.publish(&round).unwrap();
        part.me.done.store(round);
    }
    producer.close();
    part.me.done.store(u64::MAX);
}

pub fn returns(arguments: &[String]) {
    let part = Part::of(arguments);
    let mut reader = part.attach();
    part.begin();
    let mut pace = Pace::new(part.seed, part.row.core);
    for round in 1.. {
        part.round(round);
        part.me.wants.store(round);
        let Some(batch) = reader.next().unwrap() else {
            break;
        };
        assert_eq!((batch.missed(), batch.records()), (0, [round].as_slice()));
        if round % 2 == 1 {
            pace.learn_from(part.producer().sleeps.load(), 1);
            pace.delay();
        }
        drop(batch);
        part.me.done.store(round);
    }
}
