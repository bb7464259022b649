//! How a reader enters: where it begins, and how a lossless one makes sure that nothing from there on is
//! overwritten. The argument is in [`gate`](super::gate).

use super::follower::{Fault, Follower, published};
use super::ledger::{self, Ledger};
use super::state;
use crate::layout::EPOCHS;
use crate::memory::Memory;
use crate::sequence;
use crate::sync::{Arc, Ordering, fence};

/// Where a reader begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// With the next record to be published.
    #[default]
    Now,
    /// With the oldest record that is still kept.
    Oldest,
}

impl Follower {
    /// Joins as a reader whom the producer never waits for.
    pub fn join_lossy(memory: Arc<Memory>, slot: usize, start: Start) -> Result<Follower, Fault> {
        let begin = begin(&memory, start);
        Follower::enter(memory, slot, begin)
    }

    /// Joins as a reader whom the producer waits for.
    pub fn join_lossless(
        memory: Arc<Memory>,
        slot: usize,
        start: Start,
    ) -> Result<Follower, Fault> {
        let capacity = memory.geometry().capacity;
        let wanted = begin(&memory, start);
        let gate = &memory.control().slots.0[slot].gate;
        gate.store(wanted, Ordering::Release);
        // [L3] pairs with the producer's fence [L2]: it sees the gate, or we see its limit.
        fence(Ordering::SeqCst);
        let limit = memory.live().grant.limit.load(Ordering::Relaxed);
        // [L4] pairs with [L1].
        fence(Ordering::Acquire);
        // [L5] what lies below may be overwritten before the producer looks at the gates again.
        let begin = wanted.max(limit.saturating_sub(capacity));
        gate.store(begin, Ordering::Release);
        let follower = Follower::enter(memory, slot, begin)?;
        follower.notify_producer();
        Ok(follower)
    }

    fn enter(memory: Arc<Memory>, slot: usize, begin: u64) -> Result<Follower, Fault> {
        let published = published(&memory.live().hot);
        if begin > published {
            return Err(Fault::JoinedAhead {
                start: begin,
                published,
            });
        }
        let epoch = epoch_at(&memory, begin);
        let follower = Follower {
            memory,
            slot,
            epoch,
            ledger: Ledger {
                joined: begin,
                cursor: begin,
                ..Ledger::default()
            },
            held: 0,
        };
        ledger::record(follower.slot(), &follower.ledger);
        Ok(follower)
    }
}

/// The sequence a reader wants to begin with; never beyond what it has seen published.
fn begin(memory: &Memory, start: Start) -> u64 {
    let hot = &memory.live().hot;
    let published = published(hot);
    match start {
        Start::Now => published,
        Start::Oldest => {
            let claimed = hot.claimed.load(Ordering::Relaxed);
            sequence::oldest(claimed, memory.geometry().capacity).min(published)
        }
    }
}

/// The epoch that published, or will publish, `sequence`.
fn epoch_at(memory: &Memory, sequence: u64) -> u64 {
    let live = memory.live();
    let newest = state::load(live).epoch;
    (newest.saturating_sub(EPOCHS as u64)..=newest)
        .rev()
        .find(|&epoch| state::boundary(live, epoch).is_none_or(|first| first <= sequence))
        .unwrap_or(newest)
}
