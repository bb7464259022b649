//! A reader's ledger: at every moment `read + missed + skipped = cursor - joined`.
//!
//! It is stored twice with a version that says which copy is whole, so it adds up also for a reader that
//! was killed between any two stores, and for somebody who looks while it is being written.

use crate::layout::{LedgerWords, Slot};
use crate::sync::{Ordering, fence};

/// What became of every record since a reader joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The sequence at which the reader joined.
    pub joined: u64,
    /// The next sequence it will read.
    pub cursor: u64,
    /// Records delivered to it.
    pub read: u64,
    /// Records overwritten before it got them.
    pub missed: u64,
    /// Records passed over on purpose.
    pub skipped: u64,
}

impl Ledger {
    /// Whether every record since the join is accounted for.
    pub fn adds_up(&self) -> bool {
        let accounted = self
            .read
            .checked_add(self.missed)
            .and_then(|sum| sum.checked_add(self.skipped));
        accounted.is_some() && accounted == self.cursor.checked_sub(self.joined)
    }

    fn store(&self, words: &LedgerWords) {
        // [A5] between [A1] and [A2].
        words.joined.store(self.joined, Ordering::Relaxed);
        words.cursor.store(self.cursor, Ordering::Relaxed);
        words.read.store(self.read, Ordering::Relaxed);
        words.missed.store(self.missed, Ordering::Relaxed);
        words.skipped.store(self.skipped, Ordering::Relaxed);
    }

    fn load(words: &LedgerWords) -> Ledger {
        // [A6] between [A3] and [A4].
        Ledger {
            joined: words.joined.load(Ordering::Relaxed),
            cursor: words.cursor.load(Ordering::Relaxed),
            read: words.read.load(Ordering::Relaxed),
            missed: words.missed.load(Ordering::Relaxed),
            skipped: words.skipped.load(Ordering::Relaxed),
        }
    }
}

/// Writes the ledger of the slot's owner.
#[inline]
pub(super) fn record(slot: &Slot, ledger: &Ledger) {
    // [A7] only the owner writes the version [A2]; who takes a slot over continues it.
    let version = slot.version.load(Ordering::Relaxed).wrapping_add(1);
    // [A1] pairs with [A4]: who sees one of the words below sees the version before, at least, and so
    // does not take this half-written copy for the whole one of two versions ago.
    fence(Ordering::Release);
    ledger.store(&slot.ledger[(version & 1) as usize]);
    // [A2] pairs with [A3]: the copy is whole for who sees its version.
    slot.version.store(version, Ordering::Release);
}

/// Reads the ledger of somebody else's slot, `None` if it changed too often while being read.
pub fn observe(slot: &Slot) -> Option<Ledger> {
    const ATTEMPTS: usize = 64;
    (0..ATTEMPTS).find_map(|_| attempt(slot))
}

/// One attempt of [`observe`].
pub(super) fn attempt(slot: &Slot) -> Option<Ledger> {
    // [A3] with the fence behind it.
    let version = slot.version.load(Ordering::Relaxed);
    // [A3] pairs with [A2].
    fence(Ordering::Acquire);
    let ledger = Ledger::load(&slot.ledger[(version & 1) as usize]);
    // [A4] pairs with [A1].
    fence(Ordering::Acquire);
    (slot.version.load(Ordering::Relaxed) == version).then_some(ledger)
}
