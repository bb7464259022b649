//! Records that a lossless reader keeps while it reads on, one batch or several, to give each back when it is done with.
//!
//! The reader's cursor and its ledger move on when records are handed out ([`Follower::keep`]); its gate stays at the
//! oldest record that is kept. Batches may be given back in any order, and the gate goes on to the oldest that is not: so
//! it never passes a record that somebody still reads.
//!
//! [`Follower::keep`]: super::Follower::keep

use std::collections::VecDeque;

use super::follower::{let_go, notify_producer};
use super::frames::Span;
use super::gate;
use crate::memory::{InPlace, Memory};
use crate::sync::{Arc, Ordering};

/// What a reader keeps, and where its gate stands. One thread at a time has it, whoever gives something back.
#[derive(Debug)]
pub struct Keeper {
    memory: Arc<Memory>,
    slot: usize,
    /// In the order of the ring.
    runs: VecDeque<Run>,
    /// Where the gate stands when nothing is kept.
    cursor: u64,
    gate: u64,
    is_over: bool,
}

#[derive(Debug)]
struct Run {
    first: u64,
    is_done: bool,
}

impl Keeper {
    /// Of the reader in this slot, whose gate stands at `gate`.
    pub fn new(memory: Arc<Memory>, slot: usize, gate: u64) -> Keeper {
        Keeper {
            memory,
            slot,
            runs: VecDeque::new(),
            cursor: gate,
            gate,
            is_over: false,
        }
    }

    /// Records between the gate and the cursor.
    pub fn held(&self) -> u64 {
        self.cursor.saturating_sub(self.gate)
    }

    /// The oldest record that is kept.
    pub fn oldest(&self) -> Option<u64> {
        self.runs.front().map(|run| run.first)
    }

    /// Keeps what was handed out and not yet released, from this record on.
    pub fn keep(&mut self, first: u64) {
        self.runs.push_back(Run {
            first,
            is_done: false,
        });
    }

    /// Gives back what is kept from this record on.
    pub fn give_back(&mut self, first: u64) {
        if let Ok(at) = self.runs.binary_search_by_key(&first, |run| run.first) {
            self.runs[at].is_done = true;
            self.pass_on();
        }
    }

    /// The reader has come to this record.
    pub fn reached(&mut self, cursor: u64) {
        self.cursor = cursor;
        self.pass_on();
    }

    /// The reader needs nothing any more but what it keeps.
    pub fn let_go(&mut self) {
        self.is_over = true;
        self.pass_on();
    }

    fn pass_on(&mut self) {
        while self.runs.front().is_some_and(|run| run.is_done) {
            self.runs.pop_front();
        }
        let to = match self.oldest() {
            Some(oldest) => oldest,
            None if self.is_over => return self.open(),
            None => self.cursor,
        };
        if self.gate == to {
            return;
        }
        self.gate = to;
        // [G6] pairs with [G1]: what was read of the records below happens before the producer overwrites them. Whoever
        // read them in another thread has come here through the lock that the caller holds.
        self.memory.control().slots.0[self.slot]
            .gate
            .store(to, Ordering::Release);
        notify_producer(&self.memory);
    }

    fn open(&mut self) {
        if self.gate != gate::OFF {
            self.gate = gate::OFF;
            let_go(&self.memory, self.slot);
        }
    }

    /// The records of a run that is kept, where they lie; they must lie side by side.
    ///
    /// # Safety
    ///
    /// For as long as the borrow lives the run is kept: it was handed out by [`Follower::poll_in_place`], noted with
    /// [`Keeper::keep`], and is not given back.
    ///
    /// [`Follower::poll_in_place`]: super::Follower::poll_in_place
    #[allow(unsafe_code)]
    pub unsafe fn records(memory: &Memory, first: u64, count: u64) -> InPlace<'_> {
        // SAFETY: the gate stands at `first` or below until the run is given back; the look that handed the records out
        // has seen them published (acquire) and side by side.
        unsafe { memory.in_place(first, count) }
    }

    /// The payload of a frame that is kept, where it lies; `None` for a span that no frame has.
    ///
    /// # Safety
    ///
    /// As for [`Keeper::records`], and the span is from the descriptor of a frame of the run.
    #[allow(unsafe_code)]
    pub unsafe fn payload(memory: &Memory, span: Span) -> Option<InPlace<'_>> {
        let at = span.place(memory.geometry().arena)?;
        // SAFETY: as for `records`; no claim that overwrites bytes of a frame passes a gate at it.
        Some(unsafe { memory.payload(at, span.len as usize) })
    }
}
