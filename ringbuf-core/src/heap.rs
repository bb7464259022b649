//! A ring in the memory of one process: the same protocol, without files and locks.

use crate::layout::SLOTS;
use crate::memory::Memory;
use crate::schema::Schema;
use crate::sync::{Arc, Mutex};

/// What producer and readers of a heap ring share besides its words.
#[derive(Debug)]
pub(crate) struct HeapRing {
    pub(crate) memory: Arc<Memory>,
    pub(crate) schema: Schema,
    pub(crate) allow: crate::options::Delivery,
    taken: Mutex<[bool; SLOTS]>,
}

impl HeapRing {
    pub(crate) fn new(
        memory: Arc<Memory>,
        schema: Schema,
        allow: crate::options::Delivery,
    ) -> HeapRing {
        HeapRing {
            memory,
            schema,
            allow,
            taken: Mutex::new([false; SLOTS]),
        }
    }

    /// Takes a slot, `None` if all are taken.
    pub(crate) fn take_slot(&self) -> Option<usize> {
        let mut taken = self
            .taken
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let slot = taken.iter().position(|taken| !taken)?;
        taken[slot] = true;
        Some(slot)
    }

    pub(crate) fn free_slot(&self, slot: usize) {
        let mut taken = self
            .taken
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        taken[slot] = false;
    }
}
