//! What a ring does, in the memory of one process: the same tests as in `mapped.rs`, small under Miri.

mod behaviour;
mod support;

use behaviour::Home;
use ringbuf_core::{CreateError, Producer, Retain};

fn home() -> Home {
    Home::heap()
}

/// More than there is: an error, not the end of the process.
#[test]
#[cfg_attr(miri, ignore = "Miri itself ends when it has not enough memory")]
fn a_ring_larger_than_memory_is_refused() {
    let error = Producer::<u64>::heap(Retain::records(1 << 42)).unwrap_err();
    assert!(matches!(error, CreateError::Capacity { .. }), "{error}");
}
