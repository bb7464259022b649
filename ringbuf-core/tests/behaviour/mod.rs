//! What a ring does, wherever its words lie: the crate above says where, as `crate::home()`.

#[cfg(feature = "ndarray")]
mod arrays;
mod awaited;
mod bounded;
mod claims;
mod dropping;
mod ending;
mod frame_edges;
mod frame_into;
mod frames;
mod held;
mod held_frames;
mod in_place;
mod latest;
mod missing;
mod order;
mod records;
mod room;
mod slots;
mod start;
mod threads;
mod times;
mod untyped;

use std::cell::Cell;

use ringbuf_core::{
    CreateOptions, Preset, Producer, Reader, Record, Retain, Schema, UntypedProducer,
};

use crate::support::{Limit, Rings, limit};

/// Where the rings of one test lie.
pub struct Home {
    directory: Option<Rings>,
    rings: Cell<u32>,
    _limit: Option<Limit>,
}

// A test crate calls one of the two.
#[allow(dead_code)]
impl Home {
    pub fn heap() -> Home {
        Home::new(None)
    }

    pub fn mapped() -> Home {
        Home::new(Some(Rings::on_disk()))
    }

    fn new(directory: Option<Rings>) -> Home {
        Home {
            directory,
            rings: Cell::new(0),
            // Nobody can say how long Miri takes.
            _limit: (!cfg!(miri)).then(limit),
        }
    }

    fn is_heap(&self) -> bool {
        self.directory.is_none()
    }

    fn producer<T: Record>(&self, capacity: u64) -> Producer<T> {
        self.producer_with(capacity, &CreateOptions::default())
    }

    fn producer_with<T: Record>(&self, capacity: u64, options: &CreateOptions) -> Producer<T> {
        let retain = Retain::records(capacity);
        match self.next_reference() {
            None => Producer::heap_with(retain, options).unwrap(),
            Some(reference) => Producer::create_with(&reference, retain, options).unwrap(),
        }
    }

    fn untyped(&self, schema: Schema, capacity: u64) -> UntypedProducer {
        self.untyped_with(schema, capacity, &CreateOptions::default())
    }

    fn untyped_with(
        &self,
        schema: Schema,
        capacity: u64,
        options: &CreateOptions,
    ) -> UntypedProducer {
        let retain = Retain::records(capacity);
        match self.next_reference() {
            None => UntypedProducer::heap_with(schema, retain, options).unwrap(),
            Some(reference) => {
                UntypedProducer::create_with(&reference, schema, retain, options).unwrap()
            }
        }
    }

    fn next_reference(&self) -> Option<String> {
        let directory = self.directory.as_ref()?;
        self.rings.set(self.rings.get() + 1);
        Some(directory.reference(&self.rings.get().to_string()))
    }
}

/// Both presets, as options.
fn presets() -> [CreateOptions; 2] {
    [Preset::Throughput, Preset::Latency].map(|preset| CreateOptions::default().preset(preset))
}

/// `small` under Miri, which is a thousand times slower.
fn count(full: u64, small: u64) -> u64 {
    if cfg!(miri) { small } else { full }
}

/// The first of these under Miri, all of them else.
fn some<T: Copy>(all: &[T], few: usize) -> Vec<T> {
    let kept = if cfg!(miri) { few } else { all.len() };
    all[..kept].to_vec()
}

/// Everything there is to read now: sequences, records, and the sum of what was said to be missed.
fn drain<T: Record>(reader: &mut Reader<T>) -> (Vec<(u64, T)>, u64) {
    let (mut records, mut missed) = (Vec::new(), 0);
    while let Some(batch) = reader.poll().unwrap() {
        missed += batch.missed();
        records.extend((batch.first_sequence()..).zip(batch.records().iter().copied()));
    }
    (records, missed)
}

/// The ledger adds up, and agrees with what else the reader says about itself.
#[track_caller]
fn check_ledger<T: Record>(reader: &Reader<T>, published: u64) {
    let ledger = reader.ledger();
    assert!(ledger.adds_up(), "{ledger:?}");
    assert_eq!(ledger.skipped, 0);
    assert_eq!(reader.cursor(), ledger.cursor);
    assert_eq!(reader.lag(), published - ledger.cursor);
}
