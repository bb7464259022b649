//! How a reader enters: where it begins, and how one that holds the producer makes sure that nothing from
//! there on is overwritten. The argument is in [`gate`](super::gate).

use super::follower::{Fault, Follower, published};
use super::gate::Kind;
use super::ledger::{self, Ledger};
use super::state;
use crate::layout::EPOCHS;
use crate::memory::Memory;
use crate::sequence;
use crate::sync::{Arc, Ordering, fence};

/// Where a reader begins, as the indices tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Begin {
    /// With the next record to be published.
    #[default]
    Now,
    /// With the oldest record that is still kept.
    Oldest,
    /// With this record: what is not kept of it and its successors counts as missed. If it has not been
    /// published yet, as now.
    At(u64),
    /// With the newest so many records, or as many of them as are kept.
    Last(u64),
}

impl Follower {
    /// Joins as a reader whom the producer never waits for.
    pub fn join_lossy(memory: Arc<Memory>, slot: usize, begin: Begin) -> Result<Follower, Fault> {
        let first = wanted(&memory, begin);
        Follower::enter(memory, slot, begin, first)
    }

    /// Joins as a reader whom the producer waits for.
    pub fn join_holding(
        memory: Arc<Memory>,
        slot: usize,
        kind: Kind,
        begin: Begin,
    ) -> Result<Follower, Fault> {
        let first = wanted(&memory, begin);
        let held = hold(&memory, slot, kind, first);
        let follower = Follower::enter(memory, slot, begin, held)?;
        follower.notify_producer();
        Ok(follower)
    }

    /// A bounded reader that was demoted holds the producer again, from where it reads now. It misses what may be
    /// overwritten before the producer looks at the gates: nothing, if it is behind by no more than the ring keeps
    /// less the producer's next step, an eighth of the ring or the claim it makes.
    pub fn rejoin(&mut self) -> Result<(), Fault> {
        let held = hold(&self.memory, self.slot, Kind::Bounded, self.ledger.cursor);
        self.notify_producer();
        let published = published(&self.memory.live().hot);
        if held > published {
            return Err(Fault::JoinedAhead {
                start: held,
                published,
            });
        }
        let cursor = held.min(self.until).max(self.ledger.cursor);
        self.ledger.missed += cursor - self.ledger.cursor;
        self.ledger.cursor = cursor;
        ledger::record(self.slot(), &self.ledger);
        Ok(())
    }

    fn enter(
        memory: Arc<Memory>,
        slot: usize,
        begin: Begin,
        cursor: u64,
    ) -> Result<Follower, Fault> {
        let published = published(&memory.live().hot);
        if cursor > published {
            return Err(Fault::JoinedAhead {
                start: cursor,
                published,
            });
        }
        // Who asks for the oldest gets what is there; who asks for a record is told that it came too late.
        let joined = match begin {
            Begin::At(sequence) => sequence.min(cursor),
            Begin::Now | Begin::Oldest | Begin::Last(_) => cursor,
        };
        let epoch = epoch_at(&memory, cursor);
        let follower = Follower {
            memory,
            slot,
            epoch,
            ledger: Ledger {
                joined,
                cursor,
                missed: cursor - joined,
                ..Ledger::default()
            },
            held: 0,
            unwanted: 0,
            keeps: false,
            seen: 0,
            until: u64::MAX,
            is_epoch_forgotten: false,
        };
        ledger::record(follower.slot(), &follower.ledger);
        Ok(follower)
    }
}

/// Stores the gate of a reader that needs everything from `wanted` on, and returns from where on it holds it.
fn hold(memory: &Memory, slot: usize, kind: Kind, wanted: u64) -> u64 {
    let capacity = memory.geometry().capacity;
    let gate = &memory.control().slots.0[slot].gate;
    // [L0] pairs with [G1]: who sees the gate sees what the reader said of itself before it joined, and comes
    // after what the slot's last owner read.
    gate.store(kind.gate(wanted), Ordering::Release);
    // [L3] pairs with the producer's fence [L2]: it sees the gate, or we see its limit.
    fence(Ordering::SeqCst);
    // [L4] with the fence behind it.
    let limit = memory.live().grant.limit.load(Ordering::Relaxed);
    // [L4] pairs with [L1].
    fence(Ordering::Acquire);
    // [L5] what lies below may be overwritten before the producer looks at the gates again.
    let begin = wanted.max(limit.saturating_sub(capacity));
    // [L6] not a store: a bounded reader may have been demoted meanwhile [D2], and finds out when it reads.
    let _ = gate.compare_exchange(
        kind.gate(wanted),
        kind.gate(begin),
        Ordering::Release,
        Ordering::Relaxed,
    );
    begin
}

/// The first record a reader can have of what it wants; never beyond what it has seen published.
fn wanted(memory: &Memory, begin: Begin) -> u64 {
    let hot = &memory.live().hot;
    let published = published(hot);
    // [J1] not behind `published`: [R1] has shown the claim [P1] of what it shows.
    let claimed = hot.claimed.load(Ordering::Relaxed);
    let oldest = sequence::oldest(claimed, memory.geometry().capacity).min(published);
    match begin {
        Begin::Now => published,
        Begin::Oldest => oldest,
        Begin::At(sequence) => sequence.min(published).max(oldest),
        Begin::Last(count) => published.saturating_sub(count).max(oldest),
    }
}

/// The epoch that published, or will publish, `sequence`.
pub fn epoch_at(memory: &Memory, sequence: u64) -> u64 {
    let live = memory.live();
    let newest = state::load(live).epoch;
    (newest.saturating_sub(EPOCHS as u64)..=newest)
        .rev()
        .find(|&epoch| state::boundary(live, epoch).is_none_or(|first| first <= sequence))
        .unwrap_or(newest)
}
