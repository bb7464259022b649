//! A reader that keeps what it is handed, as the shipped one does: a lock above the protocol's keeper, and whoever has
//! something that is kept gives it back.
#![allow(unsafe_code)]

use loom::sync::{Arc, Mutex};
use ringbuf_core::model::frames::Span;
use ringbuf_core::model::{Begin, Follower, Keeper, Memory, News, Run, is_dead, leave};

use crate::frames::{Taken, expect_held, take_into};
use crate::harness::{expect, lossless, take};

/// A slot, and what is kept of it.
#[derive(Debug)]
struct Seat {
    memory: Arc<Memory>,
    slot: usize,
    keeper: Mutex<Option<Keeper>>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        leave(&self.memory, self.slot);
    }
}

/// A lossless reader of which batches are held on their own.
#[derive(Debug)]
pub struct Keeping {
    /// Its place in the ring.
    pub follower: Follower,
    seat: Arc<Seat>,
}

impl Keeping {
    /// Joins.
    pub fn join(memory: &Arc<Memory>, slot: usize, begin: Begin) -> Keeping {
        Keeping {
            follower: lossless(memory, slot, begin),
            seat: Arc::new(Seat {
                memory: Arc::clone(memory),
                slot,
                keeper: Mutex::new(None),
            }),
        }
    }

    /// One attempt; what it brings is held on its own.
    pub fn hold(&mut self, most: u64) -> Option<Held> {
        match take(&mut self.follower, most) {
            News::Records(run) => Some(self.keep(run, None)),
            _ => None,
        }
    }

    /// The same of frames.
    pub fn hold_frames(&mut self, taken: &mut Taken) -> Option<Held> {
        match take_into(&mut self.follower, taken, None) {
            News::Records(run) => Some(self.keep(run, Some(taken.spans()))),
            News::Skipped => {
                self.reached();
                None
            }
            _ => None,
        }
    }

    fn keep(&mut self, run: Run, frames: Option<Vec<(u64, Span)>>) -> Held {
        let seat = Arc::clone(&self.seat);
        {
            let mut keeper = seat.keeper.lock().unwrap();
            let memory = Arc::clone(&seat.memory);
            keeper
                .get_or_insert_with(|| Keeper::new(memory, seat.slot, run.first))
                .keep(run.first);
        }
        self.follower.keep();
        self.reached();
        Held { seat, run, frames }
    }

    /// One attempt; what it brings is in hand until [`Keeping::release`].
    pub fn take(&mut self, most: u64) -> News {
        take(&mut self.follower, most)
    }

    /// Gives back what is in hand.
    pub fn release(&mut self) {
        self.follower.release();
        self.reached();
    }

    fn reached(&self) {
        if self.follower.keeps()
            && let Some(keeper) = self.seat.keeper.lock().unwrap().as_mut()
        {
            keeper.reached(self.follower.ledger().cursor);
        }
    }

    /// Needs nothing any more but what is held.
    pub fn let_go(&mut self) {
        if !self.follower.keeps() {
            return self.follower.let_go();
        }
        self.release();
        if let Some(keeper) = self.seat.keeper.lock().unwrap().as_mut() {
            keeper.let_go();
        }
    }

    /// Records from the oldest that is held to the cursor.
    pub fn held(&self) -> u64 {
        let keeper = self.seat.keeper.lock().unwrap();
        keeper.as_ref().map_or(0, Keeper::held)
    }

    /// The newest record of a ring that is written in place, while nothing is given back.
    pub fn latest_held(&self, record: &mut [u8]) -> Option<u64> {
        let _still = self.seat.keeper.lock().unwrap();
        self.follower.latest_held(record)
    }

    /// With the producer gone and nothing held any more: all the rest, and nothing missed.
    pub fn take_rest(&mut self, published: u64) {
        while let News::Records(_) = self.take(1) {
            self.release();
        }
        let ledger = self.follower.ledger();
        assert_eq!((ledger.cursor, ledger.missed), (published, 0));
        assert_eq!(ledger.read, published - ledger.joined);
        assert_eq!(self.held(), 0);
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.release();
    }
}

/// What is held on its own, in whatever thread.
#[derive(Debug)]
pub struct Held {
    seat: Arc<Seat>,
    run: Run,
    frames: Option<Vec<(u64, Span)>>,
}

impl Held {
    /// Looks at all of it; a store into it meanwhile is a data race, one before it another's record.
    pub fn look(&self) {
        let (memory, Run { first, count, .. }) = (&self.seat.memory, self.run);
        if is_dead() {
            return;
        }
        let Some(frames) = &self.frames else {
            // SAFETY: loom reports what is wrong with it.
            let records = unsafe { Keeper::records(memory, first, count) };
            for (record, words) in (first..).zip(records.words().chunks(2)) {
                expect(words, record);
            }
            return;
        };
        for &(sequence, span) in frames {
            // SAFETY: loom reports what is wrong with it.
            let payload = unsafe { Keeper::payload(memory, span) };
            expect_held(&payload.expect("it was checked").words(), sequence, span);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.look();
        if let Some(keeper) = self.seat.keeper.lock().unwrap().as_mut() {
            keeper.give_back(self.run.first);
        }
    }
}
