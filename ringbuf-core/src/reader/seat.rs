//! A reader's place in the ring: its slot, and what it keeps. It lasts as long as the reader, or as what was handed out to be
//! kept.

use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::membership::Membership;
use crate::memory::Memory;
use crate::platform::{self, ForkToken};
use crate::protocol::gate::{self, Waits};
use crate::protocol::keep::Keeper;
use crate::protocol::{self, Ledger, wake};
use crate::sync::Arc;
use crate::times;

#[derive(Debug)]
pub(crate) struct Seat {
    pub(super) membership: Membership,
    memory: Arc<Memory>,
    fork: ForkToken,
    /// `None` until something is kept.
    keeper: Mutex<Option<Keeper>>,
}

impl Seat {
    pub(super) fn new(membership: Membership, memory: Arc<Memory>) -> Seat {
        Seat {
            membership,
            memory,
            fork: platform::fork_token(),
            keeper: Mutex::new(None),
        }
    }

    pub(crate) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    pub(crate) fn is_child(&self) -> bool {
        self.fork.is_child()
    }

    /// Nobody may ask for this in a forked child: whoever had the lock when it was forked has it for ever.
    pub(super) fn keeper(&self) -> MutexGuard<'_, Option<Keeper>> {
        // Each change of it is whole.
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what is in hand, from `first` on, where the gate stands unless something is kept already.
    pub(super) fn keep(self: &Arc<Seat>, first: u64) -> Ticket {
        let mut keeper = self.keeper();
        let keeper = keeper.get_or_insert_with(|| {
            let slot = self.membership.slot();
            Keeper::new(Arc::clone(&self.memory), slot, first)
        });
        keeper.keep(first);
        Ticket {
            seat: Arc::clone(self),
            first,
        }
    }

    /// The reader stands at this record.
    // Apart, so that giving a borrowed batch back stays small enough to be inlined.
    #[cold]
    pub(super) fn reached(&self, cursor: u64) {
        if let Some(keeper) = self.keeper().as_mut() {
            keeper.reached(cursor);
        }
    }

    /// Records that were handed out and not given back.
    pub(super) fn held(&self) -> u64 {
        self.keeper().as_ref().map_or(0, Keeper::held)
    }

    fn ledger(&self) -> Option<Ledger> {
        protocol::observe(&self.memory.control().slots.0[self.membership.slot()])
    }

    /// It keeps something, the producer sleeps for room, and nobody is further behind.
    pub(super) fn is_in_the_way(&self) -> bool {
        let control = self.memory.control();
        let Some(oldest) = self.keeper().as_ref().and_then(Keeper::oldest) else {
            return false;
        };
        let is_last =
            || gate::slowest(control, Waits::All).is_some_and(|gate| gate.cursor >= oldest);
        wake::is_asleep(&control.room.0)
            && is_last()
            // Who was killed in its sleep has left the word as it was.
            && self.membership.producer_lives(&self.memory)
    }
}

impl Seat {
    /// Has a producer that sleeps for room look again, and wipes out the mark of one that does not sleep any more.
    pub(super) fn check_room(&self) {
        protocol::notify_producer(&self.memory);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // A forked child's copy must not touch what is its parent's.
        if !self.fork.is_child() {
            protocol::leave(&self.memory, self.membership.slot());
        }
    }
}

/// What is kept from one record on. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) seat: Arc<Seat>,
    pub(crate) first: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.seat.is_child()
            && let Some(keeper) = self.seat.keeper().as_mut()
        {
            keeper.give_back(self.first);
        }
    }
}

/// Looks at a reader from other threads, while it waits too.
///
/// ```
/// use ringbuf_core::{Element, Field, ReaderOptions, Retain, Schema, UntypedProducer};
///
/// let schema = Schema::packed([Field::new("value", Element::F64)])?;
/// let mut producer = UntypedProducer::heap(schema, Retain::records(16))?;
/// let reader = producer.reader(ReaderOptions::lossy())?;
/// let watch = reader.watch();
/// producer.publish_bytes(&[0; 24])?;
/// assert_eq!(std::thread::spawn(move || watch.lag()).join().unwrap(), Some(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Watch {
    seat: Weak<Seat>,
}

impl Watch {
    pub(super) fn new(seat: &Arc<Seat>) -> Watch {
        Watch {
            seat: Arc::downgrade(seat),
        }
    }

    /// Records published and not yet read. `None` once the reader is gone, and with it all that it handed out to be kept, and
    /// in a forked child.
    pub fn lag(&self) -> Option<u64> {
        let seat = self.seat()?;
        let published = protocol::published(&seat.memory.live().hot);
        Some(published.saturating_sub(seat.ledger()?.cursor))
    }

    /// How long the oldest record not yet read has been published; `None` without publication times, too.
    pub fn lag_time(&self) -> Option<Duration> {
        let seat = self.seat()?;
        times::lag(&seat.memory, seat.ledger()?.cursor)
    }

    /// What became of every record since the reader joined.
    pub fn ledger(&self) -> Option<Ledger> {
        self.seat()?.ledger()
    }

    /// As [`UntypedReader::held`](crate::UntypedReader::held); 0 once the reader is gone.
    pub fn held(&self) -> u64 {
        self.seat().map_or(0, |seat| seat.held())
    }

    fn seat(&self) -> Option<Arc<Seat>> {
        self.seat.upgrade().filter(|seat| !seat.is_child())
    }
}
