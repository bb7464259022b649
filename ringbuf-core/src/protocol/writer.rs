//! The producer's side: claim, write, commit, and the room that lossless readers leave.

use std::time::Duration;

use super::gate::{self, Gate, Waits};
use super::state::{self, Moment, Phase, State};
use super::wake::{self, Barrier};
use crate::layout::Hot;
use crate::memory::{InPlaceMut, Memory};
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
    /// The shared `claimed`, unless records were published at once since: then that is `next`.
    claimed: u64,
    /// Below this no gate needs to be looked at; never above the shared LIMIT.
    limit: u64,
    /// Below this one record may be published at once: the limit while nothing is claimed beyond what is published,
    /// and 0 otherwise.
    at_once: u64,
    /// The same where there is no more to it: no mirror, and no barrier of the producer's own.
    plainly: u64,
    /// How far ahead it grants itself room when it looks at the gates.
    step: u64,
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
            step: sequence::step(memory.geometry().capacity),
            memory,
            next,
            // The producer before may have begun to write up to here: a smaller claim would make its
            // half-written cells look valid.
            claimed,
            // Forces a look at the gates: readers may have joined since.
            limit: 0,
            at_once: 0,
            plainly: 0,
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

    /// The oldest sequence that nothing claimed so far may overwrite.
    #[inline]
    pub fn oldest(&self) -> u64 {
        let claimed = self.claimed.max(self.next);
        sequence::oldest(claimed, self.memory.geometry().capacity)
    }

    /// Whether a claim of so many records is granted without a look at the gates.
    #[inline]
    pub fn is_granted(&self, count: u64) -> bool {
        self.next + count <= self.limit
    }

    /// Grants itself so many records at once, at the next look at the gates, if they leave room for them: the capacity at
    /// most.
    #[inline]
    pub fn set_step(&mut self, step: u64) {
        self.step = step;
    }

    /// Claims `count` records (1 to the capacity) and returns the first sequence; a claim made before and
    /// not committed is given up.
    #[inline]
    pub fn try_claim(&mut self, count: u64) -> Result<u64, Full> {
        let end = self.next + count;
        // Until the commit there is a claim, or one that was refused.
        self.at_once = 0;
        self.plainly = 0;
        self.claimed = self.claimed.max(self.next);
        if end > self.limit {
            self.extend(count)?;
        }
        if end > self.claimed {
            self.claimed = end;
            announce(&self.memory.live().hot, end);
        }
        Ok(self.next)
    }

    /// Publishes one whole record and returns its sequence: claim, write, commit and notify in one, for when there is
    /// nothing to be looked at. `None`: there is, and nothing was done.
    // Into the caller, who knows the record's size: the copy of a small one is then a few instructions.
    #[inline(always)]
    pub fn publish_at_once(
        &mut self,
        record: &[u8],
        notify: impl FnOnce(&Memory, Barrier),
    ) -> Option<u64> {
        if self.next < self.plainly {
            return Some(self.put(record, false, Barrier::Sleepers, notify));
        }
        if self.next < self.at_once {
            let is_mirrored = self.memory.geometry().mirror;
            return Some(self.put(record, is_mirrored, self.barrier, notify));
        }
        None
    }

    #[inline(always)]
    fn put(
        &mut self,
        record: &[u8],
        is_mirrored: bool,
        barrier: Barrier,
        notify: impl FnOnce(&Memory, Barrier),
    ) -> u64 {
        let sequence = self.next;
        let end = sequence + 1;
        // Loaded before the fences, for which the compiler would load them again.
        let memory = &*self.memory;
        let hot = &memory.live().hot;
        announce(hot, end);
        memory.store_one(sequence, record);
        if is_mirrored {
            memory.store_mirror(record);
        }
        self.next = end;
        show(hot, end);
        notify(memory, barrier);
        sequence
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
        let ahead = count.max(self.step);
        sequence::grant(gate, self.next, ahead, self.claimed, capacity)
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

    /// Lends `count` records of the claim from `sequence` on where they lie: two pieces where the cells wrap, otherwise
    /// the second is empty. `None` in a ring that is not written in place, and for what was not claimed.
    #[inline]
    #[allow(unsafe_code)]
    pub fn in_place(
        &mut self,
        sequence: u64,
        count: u64,
    ) -> Option<(InPlaceMut<'_>, InPlaceMut<'_>)> {
        if !self.may_lend(sequence, count) {
            return None;
        }
        let head = sequence::until_wrap(sequence, count, self.memory.geometry().cells);
        // SAFETY: this is the ring's producer and borrowed until the pieces are given back, so nothing is committed and
        // nothing else written; `may_lend` has seen that nobody else looks at them.
        let first = unsafe { self.memory.in_place_mut(sequence, head) };
        // SAFETY: as above; a claim has at most as many records as there are cells, so these are others.
        let rest = unsafe { self.memory.in_place_mut(sequence + head, count - head) };
        Some((first, rest))
    }

    /// As [`Writer::in_place`], for records that lie side by side.
    #[inline]
    #[allow(unsafe_code)]
    pub fn in_one_piece(&mut self, sequence: u64, count: u64) -> Option<InPlaceMut<'_>> {
        if !self.may_lend(sequence, count) {
            return None;
        }
        // SAFETY: as in `in_place`.
        Some(unsafe { self.memory.in_place_mut(sequence, count) })
    }

    /// Whether these records are the producer's alone: claimed and below the limit, so every gate stands behind what lies
    /// in their cells, and the only readers of a ring written in place are those with gates.
    #[inline]
    pub(super) fn may_lend(&self, sequence: u64, count: u64) -> bool {
        // Below `limit` no gate is in the way, and nobody joins any more.
        let most = self.claimed.min(self.limit);
        let is_claimed =
            sequence >= self.next && sequence.checked_add(count).is_some_and(|end| end <= most);
        is_claimed && self.memory.geometry().in_place
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
        show(&self.memory.live().hot, self.next);
        // What is to be stamped goes through a claim.
        let geometry = self.memory.geometry();
        if self.next == self.claimed && !geometry.stamped {
            self.at_once = self.limit;
            if !geometry.mirror && self.barrier == Barrier::Sleepers {
                self.plainly = self.limit;
            }
        }
    }

    /// Wakes the readers that sleep. Once per publish call, after the commit.
    #[inline]
    pub fn notify(&self) {
        notify(&self.memory, self.barrier);
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

/// As [`Writer::notify`].
#[inline]
pub fn notify(memory: &Memory, barrier: Barrier) {
    match barrier {
        Barrier::Producer => wake_readers(memory),
        Barrier::Sleepers if wake::some_reader_sleeps(memory) => ring(memory),
        Barrier::Sleepers => {}
    }
}

/// Says how far the producer may begin to write, before it does.
#[inline]
fn announce(hot: &Hot, claimed: u64) {
    // [P1] validated by readers after their copy [R5].
    hot.claimed.store(claimed, Ordering::Relaxed);
    // [P2] pairs with [R4]: who sees a word of this claim sees that it was claimed.
    fence(Ordering::Release);
}

/// Says up to where everything is written.
#[inline]
fn show(hot: &Hot, published: u64) {
    // [P4] pairs with [R1].
    hot.published.store(published, Ordering::Release);
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
