//! The producer's side: claim, write, commit, and the room that lossless readers leave.

use std::time::Duration;

use super::gate::{self, Gate, Waits};
use super::state::{self, Moment, Phase, State};
use super::wake::{self, Barrier};
use crate::memory::Memory;
use crate::sequence;
use crate::sync::{Arc, Ordering, fence};

/// The reader in the way of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    pub gate: Gate,
}

/// The one producer of a ring. Whoever makes a second one on the same memory breaks the ring: the lock
/// that prevents it is taken above.
#[derive(Debug)]
pub struct Writer {
    memory: Arc<Memory>,
    /// Next sequence to publish; equals the shared `published`.
    next: u64,
    /// The shared `claimed`.
    claimed: u64,
    /// Below this no gate needs to be looked at; never above the shared LIMIT.
    limit: u64,
    waits: Waits,
    barrier: Barrier,
}

impl Writer {
    /// Where the next producer goes on, `published` and `claimed`: for [`Writer::open_at`], if they can be true.
    pub fn indices(memory: &Memory) -> (u64, u64) {
        let hot = &memory.live().hot;
        // [O1] alone: whoever wrote these words is gone, and its lock was taken after it.
        let published = hot.published.load(Ordering::Acquire);
        (published, hot.claimed.load(Ordering::Relaxed))
    }

    /// Takes the ring over from the producer before, or begins it.
    pub fn open(memory: Arc<Memory>, waits: Waits, barrier: Barrier, now: Moment) -> Writer {
        let indices = Writer::indices(&memory);
        Writer::open_at(memory, indices, waits, barrier, now)
    }

    /// As [`Writer::open`], with indices that were checked: they are not loaded again, so nobody can change them any
    /// more.
    pub fn open_at(
        memory: Arc<Memory>,
        (next, claimed): (u64, u64),
        waits: Waits,
        barrier: Barrier,
        now: Moment,
    ) -> Writer {
        let live = memory.live();
        let epoch = state::load(live).epoch + 1;
        barrier.announce(&live.status);
        state::open(live, epoch, next, now);
        let writer = Writer {
            memory,
            next,
            // The producer before may have begun to write up to here: a smaller claim would make its
            // half-written cells look valid.
            claimed,
            // Forces a look at the gates: readers may have joined since.
            limit: 0,
            waits,
            barrier,
        };
        wake_readers(&writer.memory);
        writer
    }

    pub fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// The next sequence to be published.
    #[inline]
    pub fn published(&self) -> u64 {
        self.next
    }

    /// Claims `count` records (1 to the capacity) and returns the first sequence; a claim made before and
    /// not committed is given up.
    #[inline]
    pub fn try_claim(&mut self, count: u64) -> Result<u64, Full> {
        let end = self.next + count;
        if end > self.limit {
            self.extend(count)?;
        }
        if end > self.claimed {
            self.claimed = end;
            // [P1] validated by readers after their copy [R5].
            self.memory.live().hot.claimed.store(end, Ordering::Relaxed);
            // [P2] pairs with [R4]: who sees a word of this claim sees that it was claimed.
            fence(Ordering::Release);
        }
        Ok(self.next)
    }

    /// Looks at the gates and grants itself the next step, or names the reader in the way.
    #[cold]
    fn extend(&mut self, count: u64) -> Result<(), Full> {
        let end = self.next + count;
        let first = gate::slowest(self.memory.control(), self.waits);
        // [L1] pairs with [L4]: a joiner that starts by this limit has seen what it counts as published.
        self.set_limit(self.grant(first, count));
        // [L2] pairs with the joiner's fence [L3].
        fence(Ordering::SeqCst);
        let second = gate::slowest(self.memory.control(), self.waits);
        let slowest = [first, second]
            .into_iter()
            .flatten()
            .min_by_key(|gate| gate.cursor);
        self.limit = self.grant(slowest, count);
        self.set_limit(self.limit);
        match slowest {
            Some(gate) if end > self.limit => Err(Full { gate }),
            _ => Ok(()),
        }
    }

    fn grant(&self, slowest: Option<Gate>, count: u64) -> u64 {
        let gate = slowest.map_or(gate::OFF, |gate| gate.cursor);
        let capacity = self.memory.geometry().capacity;
        sequence::grant(gate, self.next, count, self.claimed, capacity)
    }

    fn set_limit(&self, limit: u64) {
        // [L1] at both looks.
        self.memory
            .live()
            .grant
            .limit
            .store(limit, Ordering::Release);
    }

    /// The readers in the way of a claim of `count` records, as they stand now.
    pub fn in_the_way(&self, count: u64) -> impl Iterator<Item = Gate> {
        let end = self.next + count;
        let capacity = self.memory.geometry().capacity;
        gate::gates(self.memory.control(), self.waits)
            .filter(move |gate| gate.cursor.saturating_add(capacity) < end)
    }

    /// Demotes a bounded reader that still stands where it was seen; false if it has moved.
    pub fn demote(&self, gate: Gate) -> bool {
        gate::demote(self.memory.control(), gate)
    }

    /// Writes whole records at `sequence`, which the caller has claimed.
    #[inline]
    pub fn write(&self, sequence: u64, records: &[u8]) {
        // [P3]
        self.memory.store(sequence, records);
    }

    /// Notes when the first `count` records of the claim are published: for a ring with such times, right
    /// before the commit.
    #[inline]
    pub fn stamp(&self, count: u64, monotonic_ns: u64) {
        // [P3] as the records themselves.
        self.memory.stamp(self.next, count, monotonic_ns);
    }

    /// Publishes the first `count` records of the claim.
    #[inline]
    pub fn commit(&mut self, count: u64) {
        self.next += count;
        debug_assert!(self.next <= self.claimed, "a commit beyond its claim");
        if self.memory.geometry().mirror && count > 0 {
            self.memory.mirror(self.next - 1);
        }
        // [P4] pairs with [R1].
        self.memory
            .live()
            .hot
            .published
            .store(self.next, Ordering::Release);
    }

    /// Wakes the readers that sleep. Once per publish call, after the commit.
    #[inline]
    pub fn notify(&self) {
        match self.barrier {
            Barrier::Producer => wake_readers(&self.memory),
            Barrier::Sleepers if wake::some_reader_sleeps(&self.memory) => ring(&self.memory),
            Barrier::Sleepers => {}
        }
    }

    /// Sleeps until a reader leaves room for `count` records or `timeout` is over; returns at once when
    /// there is room already.
    pub fn wait_for_room(&mut self, count: u64, timeout: Duration) -> std::io::Result<()> {
        let memory = Arc::clone(&self.memory);
        let room = &memory.control().room.0;
        let expected = wake::arm(room);
        // [B1] the second look, after the fence of `arm`.
        if self.next + count > self.limit && self.extend(count).is_err() {
            memory.wait(room, expected, timeout)?;
        }
        Ok(())
    }

    /// Closes the epoch: nothing comes after what is published now.
    pub fn close(&mut self) {
        end(&self.memory, Phase::Closed);
    }
}

/// Marks a ring whose producer's lock the caller holds as removed.
pub fn remove(memory: &Memory) {
    end(memory, Phase::Removed);
}

/// Ends the epoch that is open, or was.
fn end(memory: &Memory, phase: Phase) {
    let live = memory.live();
    let state = State {
        epoch: state::load(live).epoch,
        phase,
    };
    // [S5] pairs with [S1]: the last `published` is visible to who sees the end.
    live.status.state.store(state.word(), Ordering::Release);
    wake_readers(memory);
}

/// Wakes the readers that sleep, after what they wait for was stored, whoever the barrier is left to.
#[inline]
fn wake_readers(memory: &Memory) {
    if wake::somebody_sleeps(&memory.control().wake.0) {
        ring(memory);
    }
}

#[cold]
fn ring(memory: &Memory) {
    // A futex on mapped memory that we hold cannot fail; a reader that missed it wakes by timeout.
    let _ = memory.wake(&memory.control().wake.0);
}
