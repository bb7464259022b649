//! What does not grow: a producer's cost with the number of readers it does not wait for, and the time to attach and the
//! memory with what has flowed.

mod attach;
mod audience;

pub use attach::attaching;
pub use audience::{audience, play};

use ringbuf_core::{Batch, Producer, ReaderOptions};

use crate::record;

/// The records of all of it.
type Record = [u64; 8];

/// Looks at all that the ring keeps.
fn check(producer: &Producer<Record>) {
    let options = ReaderOptions::lossy().from_oldest();
    let mut reader = producer.reader(options).expect("attaching");
    let mut next = producer.published().saturating_sub(producer.capacity());
    while let Some(batch) = reader.poll().expect("reading") {
        assert_eq!(batch.first_sequence(), next, "records are missing");
        assert_right(&batch);
        next += batch.records().len() as u64;
    }
    assert_eq!(next, producer.published(), "records are missing");
}

fn assert_right(batch: &Batch<'_, Record>) {
    assert!(
        record::are_right(batch.records(), batch.first_sequence()),
        "a wrong record"
    );
}
