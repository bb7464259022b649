//! The reader's side: one attempt at a time, lossy by validated copy or lossless in place.

use std::time::Duration;

use super::gate::{self, Kind};
use super::ledger::{self, Ledger};
use super::state::{self, Phase, State};
use super::wake;
use crate::layout::{EPOCHS, Hot, Slot};
use crate::memory::{InPlace, Memory};
use crate::sequence;
use crate::sync::{Arc, Ordering, fence};

/// The longest sleep of a reader that the producer may not notice.
const UNSEEN: Duration = Duration::from_millis(1);

/// Records handed to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub first: u64,
    pub count: u64,
    pub at: Where,
}

impl Run {
    /// Bytes of the caller's buffer in front of the first record.
    #[inline]
    pub fn offset(&self) -> usize {
        match self.at {
            Where::Cells => 0,
            Where::Buffer(offset) => offset,
        }
    }
}

/// Where records that were handed out are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// In their cells: see [`Follower::held`].
    Cells,
    /// In the caller's buffer, behind so many bytes.
    Buffer(usize),
}

/// What one attempt found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing was published since.
    Nothing,
    Records(Run),
    /// Everything tried was overwritten meanwhile; it is in the ledger, and another attempt may succeed.
    Overrun,
    /// None of the frames tried is wanted, or a batch in hand was released beside a keeper, who must hear of it; they are in
    /// the ledger, and there may be more.
    Skipped,
    /// The next frame is longer than there is room for; it stays where it is.
    TooLong {
        found: u64,
        room: u64,
    },
    /// The next record is another producer's, its `first` unless the reader missed that one where it joined again.
    /// `first` is unknown when too many came between.
    Restarted {
        epoch: u64,
        first: Option<u64>,
    },
    /// The producer waited for this bounded reader as long as it had to, and goes on without it. From here
    /// on it reads as a lossy one, until it joins again.
    Demoted,
    /// Nothing more will come, and everything was delivered.
    Ended(Phase),
}

/// The shared words contradict the protocol: damaged, or written by somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    PublishedWentBack { cursor: u64, published: u64 },
    EpochWentBack { mine: u64, found: u64 },
    ClaimedBehind { claimed: u64, published: u64 },
    BoundaryAhead { first: u64, published: u64 },
    Overtaken { cursor: u64, published: u64 },
    JoinedAhead { start: u64, published: u64 },
    FrameOutside { sequence: u64, start: u64, len: u64 },
}

/// What was copied, and not yet delivered or given up.
#[derive(Debug)]
pub(super) struct Copied {
    /// The first record that is whole; `None` if all was overwritten.
    pub(super) first: Option<u64>,
    /// Whole records.
    pub(super) count: u64,
    /// Bytes of the buffer in front of them.
    pub(super) offset: usize,
    pub(super) claimed: u64,
    pub(super) published: u64,
    /// How far could have been read.
    pub(super) end: u64,
}

/// How far the next attempt may read.
struct Horizon {
    /// Every record below is published.
    published: u64,
    /// Records from here on belong to another epoch; `published` if there is none.
    end: u64,
}

/// One reader's place in the ring. Owns its slot: the lock that says so is held above.
#[derive(Debug)]
pub struct Follower {
    pub(super) memory: Arc<Memory>,
    pub(super) slot: usize,
    pub(super) epoch: u64,
    pub(super) ledger: Ledger,
    /// Records handed out in place and not released yet.
    pub(super) held: u64,
    /// So many of them the reader passes over.
    pub(super) unwanted: u64,
    /// Somebody else moves the gate: see [`Follower::keep`].
    pub(super) keeps: bool,
    /// `published` as the last attempt found it.
    pub(super) seen: u64,
    /// This reader reads no further.
    pub(super) until: u64,
    /// What it reads is of an epoch that the table has forgotten, or it may be.
    pub(super) is_epoch_forgotten: bool,
}

/// `published`, and everything published below it is visible.
#[inline]
pub fn published(hot: &Hot) -> u64 {
    // [R1] with the fence behind it.
    let published = hot.published.load(Ordering::Relaxed);
    // [R1] pairs with [P4].
    fence(Ordering::Acquire);
    published
}

impl Follower {
    pub(super) fn slot(&self) -> &Slot {
        &self.memory.control().slots.0[self.slot]
    }

    pub fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// `published` as the last attempt found it.
    #[inline]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The epoch whose records it reads; `None` if the ring has forgotten it.
    #[inline]
    pub fn epoch(&self) -> Option<u64> {
        (!self.is_epoch_forgotten).then_some(self.epoch)
    }

    /// Needs nothing any more, but stays where it is: nobody waits for it.
    pub fn let_go(&mut self) {
        self.release();
        let_go(&self.memory, self.slot);
    }

    /// Reads no further than this sequence from now on.
    pub fn set_until(&mut self, until: u64) {
        self.until = until;
        let beyond = self.ledger.cursor.saturating_sub(until);
        if beyond > 0 && self.ledger.read == 0 {
            // What it missed out there before it read anything it would not have read.
            let beyond = beyond.min(self.ledger.missed);
            self.ledger.cursor -= beyond;
            self.ledger.missed -= beyond;
            ledger::record(self.slot(), &self.ledger);
        }
    }

    /// Records published since the last attempt looked.
    pub fn unseen(&self) -> u64 {
        published(&self.memory.live().hot).saturating_sub(self.seen)
    }

    /// Records published and not yet read.
    pub fn lag(&self) -> u64 {
        published(&self.memory.live().hot).saturating_sub(self.ledger.cursor)
    }

    /// One attempt to copy what is new into `buffer`, as many whole records as fit, and when they were
    /// published into `stamps`, which has as many places if the ring has such times.
    #[inline]
    pub fn poll_copy(&mut self, buffer: &mut [u8], stamps: &mut [u64]) -> Result<News, Fault> {
        let copied = match self.copy_new(buffer, stamps, 0)? {
            Ok(copied) => copied,
            Err(news) => return Ok(news),
        };
        Ok(match copied.first {
            Some(first) => self.deliver(first, copied.count, copied.offset),
            None => self.overrun(copied.claimed, copied.end),
        })
    }

    /// Copies what is new, and says what of it is whole. What lies below `oldest` is gone for certain.
    #[inline]
    pub(super) fn copy_new(
        &mut self,
        buffer: &mut [u8],
        stamps: &mut [u64],
        oldest: u64,
    ) -> Result<Result<Copied, News>, Fault> {
        let Horizon { published, end } = match self.horizon()? {
            Ok(horizon) => horizon,
            Err(news) => return Ok(Err(news)),
        };
        let geometry = *self.memory.geometry();
        let cursor = self.ledger.cursor;
        // [R2] what lies more than a ring behind is gone for certain.
        let start = cursor
            .max(sequence::oldest(published, geometry.capacity))
            .max(oldest)
            .min(end);
        let room = (buffer.len() / geometry.stride) as u64;
        debug_assert!(room > 0, "a buffer for one record at least");
        let count = room.min(end - start);
        let bytes = count as usize * geometry.stride;

        // [R3]
        self.memory.load_stamps(start, count, stamps);
        if count == 1 && start + 1 == published && self.copy_mirror(published, &mut buffer[..bytes])
        {
            return Ok(Ok(Copied {
                first: Some(start),
                count: 1,
                offset: 0,
                claimed: published,
                published,
                end,
            }));
        }
        self.memory.load(start, &mut buffer[..bytes]);
        let (whole, claimed) = whole_from(&self.memory, start);
        if claimed < published {
            // What was published had been claimed before, and [R1] shows it.
            return Err(Fault::ClaimedBehind { claimed, published });
        }
        let is_whole = whole < start + count;
        // Whatever stands there.
        let lost = (whole - start).min(count);
        Ok(Ok(Copied {
            first: is_whole.then_some(whole),
            count: count - lost,
            offset: lost as usize * geometry.stride,
            claimed,
            published,
            end,
        }))
    }

    /// Copies record `published - 1` from beside the indices, where it lies until the next is claimed. False if
    /// it must be taken from its cell, or there is no place for exactly one record.
    #[inline]
    fn copy_mirror(&self, published: u64, record: &mut [u8]) -> bool {
        let geometry = self.memory.geometry();
        if !geometry.mirror || record.len() != geometry.stride {
            return false;
        }
        self.memory.load_mirror(record);
        // [M1] pairs with [P2] through the words of the mirror.
        fence(Ordering::Acquire);
        // [M2] the mirror is record `published - 1` as long as nothing beyond was claimed [P1].
        self.memory.live().hot.claimed.load(Ordering::Relaxed) == published
    }

    /// One attempt of a bounded reader: as [`Follower::poll_copy`], but what is copied is whole, or the reader
    /// is told that it was demoted.
    #[inline]
    pub fn poll_bounded(&mut self, buffer: &mut [u8], stamps: &mut [u64]) -> Result<News, Fault> {
        let Horizon { published, end } = match self.horizon()? {
            Ok(horizon) => horizon,
            Err(news) => return Ok(news),
        };
        let geometry = *self.memory.geometry();
        let cursor = self.ledger.cursor;
        if published - cursor > geometry.capacity {
            // [D3] the producer never passes a gate that it has not demoted, and [R1] shows the demotion [D2].
            return match self.slot().gate.load(Ordering::Relaxed) {
                word if word == Kind::Bounded.gate(cursor) => {
                    Err(Fault::Overtaken { cursor, published })
                }
                _ => Ok(News::Demoted),
            };
        }
        let room = (buffer.len() / geometry.stride) as u64;
        let count = room.min(end - cursor);
        let bytes = count as usize * geometry.stride;
        self.memory.load_stamps(cursor, count, stamps);
        if !(count == 1
            && cursor + 1 == published
            && self.copy_mirror(published, &mut buffer[..bytes]))
        {
            self.memory.load_held(cursor, &mut buffer[..bytes]);
        }
        if !gate::advance(&self.slot().gate, cursor, cursor + count) {
            return Ok(News::Demoted);
        }
        self.notify_producer();
        Ok(self.deliver(cursor, count, 0))
    }

    /// Counts what was overwritten and goes on where the producer will not be at once.
    #[cold]
    pub(super) fn overrun(&mut self, claimed: u64, end: u64) -> News {
        let live = self.memory.live();
        // `claimed` may be seen before the `published` that precedes it: never go beyond what was loaded.
        let newest = published(&live.hot);
        // [E2] after `published`, as in `horizon`: what came meanwhile may be another epoch's.
        let same_epoch = state::load(live).epoch == self.epoch;
        let limit = if same_epoch {
            newest.min(self.until)
        } else {
            end
        };
        let capacity = self.memory.geometry().capacity;
        let cursor = sequence::resume(self.ledger.cursor, claimed, limit, capacity);
        self.ledger.missed += cursor - self.ledger.cursor;
        self.ledger.cursor = cursor;
        ledger::record(self.slot(), &self.ledger);
        News::Overrun
    }

    #[inline]
    fn deliver(&mut self, first: u64, count: u64, offset: usize) -> News {
        self.account(first, count, 0);
        News::Records(Run {
            first,
            count,
            at: Where::Buffer(offset),
        })
    }

    /// Records read, of which so many were passed over.
    #[inline]
    pub(super) fn account(&mut self, first: u64, count: u64, skipped: u64) {
        self.ledger.missed += first - self.ledger.cursor;
        self.ledger.read += count - skipped;
        self.ledger.skipped += skipped;
        self.ledger.cursor = first + count;
        ledger::record(self.slot(), &self.ledger);
    }

    /// One attempt to hand out what is new where it lies, side by side and at most `most` records. What
    /// was handed out before is released first. A single record comes in `buffer` if it is mirrored and the buffer is as
    /// long as that: the line of the indices is here already, and its cell is not.
    // Always: records, frames, and frames one by one are three callers, and out of line a small frame pays for it.
    #[inline(always)]
    pub fn poll_in_place(&mut self, most: u64, buffer: &mut [u8]) -> Result<News, Fault> {
        if self.is_holding() {
            self.release();
            if self.keeps {
                // Its owner forgot it, and the keeper has not come after.
                return Ok(News::Skipped);
            }
        }
        let Horizon { published, end } = match self.horizon()? {
            Ok(horizon) => horizon,
            Err(news) => return Ok(news),
        };
        let geometry = self.memory.geometry();
        let cursor = self.ledger.cursor;
        if published - cursor > geometry.capacity {
            return Err(Fault::Overtaken { cursor, published });
        }
        let count = sequence::until_wrap(cursor, most.min(end - cursor), geometry.cells);
        self.held = count;
        let is_copied = cursor + 1 == published && self.copy_mirror(published, buffer);
        Ok(News::Records(Run {
            first: cursor,
            count,
            at: if is_copied {
                Where::Buffer(0)
            } else {
                Where::Cells
            },
        }))
    }

    /// The next record out of the mirror, if it is the newest one and there is nothing else to tell: what an attempt
    /// comes to most of the time when each record is awaited. `None`: an attempt will tell. A lossless reader holds the
    /// record, as after [`Follower::poll_in_place`].
    #[inline]
    pub fn take_newest(&mut self, record: &mut [u8], is_lossless: bool) -> Option<Run> {
        let live = self.memory.live();
        let cursor = self.ledger.cursor;
        let published = published(&live.hot);
        let is_next = published.checked_sub(1) == Some(cursor) && cursor < self.until;
        if !is_next || state::load(live).word() != State::open(self.epoch).word() {
            return None;
        }
        if !self.copy_mirror(published, record) {
            return None;
        }
        self.seen = published;
        if is_lossless {
            self.held = 1;
        } else {
            self.account(cursor, 1, 0);
        }
        Some(Run {
            first: cursor,
            count: 1,
            at: Where::Buffer(0),
        })
    }

    /// The records handed out by the last [`Follower::poll_in_place`].
    #[inline]
    #[allow(unsafe_code)]
    pub fn held(&self) -> InPlace<'_> {
        // SAFETY: the gate stands at `cursor` until `release`, which needs `&mut self` and so ends this
        // borrow; `horizon` has loaded a `published` beyond the records (acquire); `until_wrap` keeps
        // them side by side.
        unsafe { self.memory.in_place(self.ledger.cursor, self.held) }
    }

    /// Copies the newest record if this reader, which is lossless, holds it; returns its sequence. Where a keeper moves the
    /// gate, it must not do so meanwhile.
    pub fn latest_held(&self, record: &mut [u8]) -> Option<u64> {
        let newest = published(&self.memory.live().hot).checked_sub(1)?;
        // [G5] alone: our own, stored by this thread, or by one that had the lock on the keeper before us. Not the cursor,
        // which may stand in front of it when the reader is to end before it has begun.
        let gate = self.slot().gate.load(Ordering::Relaxed);
        let ahead = newest.checked_sub(gate)?;
        // Further ahead than a ring it is not published, whatever the index says.
        if ahead >= self.memory.geometry().capacity {
            return None;
        }
        self.memory.load_held(newest, record);
        Some(newest)
    }

    /// Records are handed out in place and not released.
    #[inline]
    pub fn is_holding(&self) -> bool {
        self.held != 0
    }

    /// Gives the records handed out in place back to the producer.
    #[inline]
    pub fn release(&mut self) {
        if self.held == 0 {
            return;
        }
        self.settle();
        if self.keeps {
            return;
        }
        // [G2] pairs with [G1]: our reads happen before the producer overwrites.
        self.slot()
            .gate
            .store(self.ledger.cursor, Ordering::Release);
        self.notify_producer();
    }

    /// Goes on without giving back what is in hand: from now on a [`Keeper`](super::keep::Keeper) moves the gate.
    pub fn keep(&mut self) {
        self.keeps = true;
        self.settle();
    }

    /// Somebody else moves the gate.
    #[inline]
    pub fn keeps(&self) -> bool {
        self.keeps
    }

    /// Notes what is in hand as read.
    #[inline]
    fn settle(&mut self) {
        self.ledger.read += self.held - self.unwanted;
        self.ledger.skipped += self.unwanted;
        self.ledger.cursor += self.held;
        self.held = 0;
        self.unwanted = 0;
        ledger::record(self.slot(), &self.ledger);
    }

    #[inline]
    pub(super) fn notify_producer(&self) {
        notify_producer(&self.memory);
    }

    /// How far the next attempt may read, or the news that there is nothing to read.
    #[inline]
    fn horizon(&mut self) -> Result<Result<Horizon, News>, Fault> {
        let live = self.memory.live();
        let cursor = self.ledger.cursor;
        let published = published(&live.hot);
        self.seen = published;
        if published < cursor {
            return Err(Fault::PublishedWentBack { cursor, published });
        }
        if self.until <= cursor && cursor < published {
            return Ok(Err(News::Nothing));
        }
        // After `published`: a record of a new epoch is never taken for one of the old.
        let state = state::load(live);
        if state.epoch != self.epoch {
            return self.new_epoch(published, state.epoch);
        }
        if published > cursor {
            return Ok(Ok(Horizon {
                published,
                end: published.min(self.until),
            }));
        }
        if !matches!(state.phase, Phase::Closed | Phase::Removed) {
            return Ok(Err(News::Nothing));
        }
        // [E1] the last records were published before the end was: look again after having seen it.
        let last = self::published(&live.hot);
        Ok(Err(if last == cursor {
            News::Ended(state.phase)
        } else {
            News::Nothing
        }))
    }

    /// Reads up to where its own epoch ended, then reports the next.
    #[cold]
    fn new_epoch(&mut self, published: u64, newest: u64) -> Result<Result<Horizon, News>, Fault> {
        if newest < self.epoch {
            return Err(Fault::EpochWentBack {
                mine: self.epoch,
                found: newest,
            });
        }
        let live = self.memory.live();
        // The table forgets: what is left of epochs before it is read as the reader's own.
        let next = (self.epoch + 1).max(newest.saturating_sub(EPOCHS as u64 - 2));
        let first = state::boundary(live, next);
        self.is_epoch_forgotten = next != self.epoch + 1;
        // The state may be newer than the `published` loaded before it, but not than this one.
        let published = published.max(self::published(&live.hot));
        if let Some(first) = first.filter(|&first| first > published) {
            return Err(Fault::BoundaryAhead { first, published });
        }
        let end = first.unwrap_or(published);
        if self.ledger.cursor < end {
            let end = end.min(self.until);
            if end <= self.ledger.cursor {
                // It has read as far as it was to, when nothing was published beyond.
                return Ok(Err(News::Nothing));
            }
            return Ok(Ok(Horizon { published, end }));
        }
        self.epoch = next;
        self.is_epoch_forgotten = false;
        Ok(Err(News::Restarted {
            epoch: next,
            // Behind the cursor only of a reader that had to go on without knowing it, or joined again beyond it.
            first,
        }))
    }

    /// Sleeps until something was published or the state changed, at most `timeout`; may return early.
    pub fn wait(&self, timeout: Duration) -> std::io::Result<()> {
        let word = &self.memory.control().wake.0;
        let expected = wake::arm(word);
        let timeout = match wake::is_seen_by_the_producer(&self.memory) {
            true => timeout,
            false => timeout.min(UNSEEN),
        };
        // [B2] the second look, after the barriers, at both.
        if self.has_news() {
            return Ok(());
        }
        self.memory.wait(word, expected, timeout)
    }

    /// Whether another attempt would find anything; cheap.
    #[inline]
    pub fn has_news(&self) -> bool {
        let live = self.memory.live();
        if published(&live.hot) != self.ledger.cursor {
            return true;
        }
        let state = state::load(live);
        state.epoch != self.epoch || matches!(state.phase, Phase::Closed | Phase::Removed)
    }
}

/// Turns the gate of a reader off that needs nothing any more; the caller owns the slot.
pub(super) fn let_go(memory: &Memory, slot: usize) {
    let slot = &memory.control().slots.0[slot];
    // [G4] pairs with [G1], as [G3], by a reader that stays.
    slot.gate.swap(gate::OFF, Ordering::AcqRel);
    notify_producer(memory);
}

/// Frees the slot of a reader that leaves and has released what it held; the caller owns it. The slot keeps its ledger,
/// and nobody waits for it any more.
pub fn leave(memory: &Memory, slot: usize) {
    turn_off(memory, slot, |slot| {
        // [C1] alone: for who counts readers; whether one is there at all, the slot's lock says.
        slot.delivery.store(0, Ordering::Relaxed);
    });
}

/// Turns the gate of a dead reader off; the caller owns the slot. What else stands there stays, for who wants to know
/// what became of it.
pub fn evict(memory: &Memory, slot: usize) {
    turn_off(memory, slot, |_| {});
}

fn turn_off(memory: &Memory, slot: usize, and: impl FnOnce(&Slot)) {
    let slot = &memory.control().slots.0[slot];
    // [G3] pairs with [G1], like a release of everything.
    slot.gate.swap(gate::OFF, Ordering::AcqRel);
    and(slot);
    notify_producer(memory);
}

/// Wakes a producer that sleeps because there was no room.
#[inline]
pub fn notify_producer(memory: &Memory) {
    let room = &memory.control().room.0;
    if wake::somebody_sleeps(room) {
        // As for the readers' word: the producer wakes by timeout if this fails.
        let _ = memory.wake(room);
    }
}

/// From which record on copies that begin with this one are whole, and what says so.
#[inline]
pub(super) fn whole_from(memory: &Memory, start: u64) -> (u64, u64) {
    // [R4] pairs with [P2] through the words just loaded.
    fence(Ordering::Acquire);
    // [R5] stored by [P1].
    let claimed = memory.live().hot.claimed.load(Ordering::Relaxed);
    // [R6]
    let oldest = sequence::oldest(claimed, memory.geometry().capacity);
    (start.max(oldest), claimed)
}

/// When a record was published, on the monotonic clock; `None` if it is not kept, or the ring has no such times.
pub fn stamp(memory: &Memory, record: u64) -> Option<u64> {
    let hot = &memory.live().hot;
    let geometry = memory.geometry();
    if !geometry.stamped || record >= published(hot) {
        return None;
    }
    let mut stamp = [0];
    memory.load_stamps(record, 1, &mut stamp);
    (whole_from(memory, record).0 == record).then_some(stamp[0])
}

/// Copies the newest record without being a reader at any place, and returns its sequence.
pub fn latest(memory: &Memory, record: &mut [u8]) -> Option<u64> {
    const ATTEMPTS: usize = 64;
    for _ in 0..ATTEMPTS {
        let newest = published(&memory.live().hot).checked_sub(1)?;
        memory.load(newest, record);
        if whole_from(memory, newest).0 == newest {
            return Some(newest);
        }
    }
    None
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::layout::Geometry;
    use crate::protocol::gate::Waits;
    use crate::protocol::state::Moment;
    use crate::protocol::wake::Barrier;
    use crate::protocol::{Begin, Writer};

    /// Between two looks at `published` it may grow, and a reader may stand beyond where it was to end by then: the look
    /// before was at an index that somebody had set back.
    #[test]
    fn nothing_is_read_beyond_the_end_when_more_comes_while_it_looks() {
        let memory = Arc::new(Memory::heap(Geometry::new(8, 8, false)).unwrap());
        let publish = |records: usize| {
            let mut writer = Writer::open(
                Arc::clone(&memory),
                Waits::All,
                Barrier::Producer,
                Moment::default(),
            );
            let first = writer.try_claim(records as u64).unwrap();
            writer.write(first, &vec![0; 8 * records]);
            writer.commit(records as u64);
        };
        publish(3);
        let mut reader = Follower::join_lossy(Arc::clone(&memory), 0, Begin::Oldest).unwrap();
        let read = reader.poll_copy(&mut [0; 64], &mut []).unwrap();
        assert!(matches!(read, News::Records(Run { count: 3, .. })));
        publish(2);
        // Nobody knows where the second epoch began.
        memory.live().epochs[2].epoch.store(0, Ordering::Relaxed);
        for until in [1, 3] {
            reader.set_until(until);
            let news = reader.new_epoch(3, 2).unwrap();
            assert!(matches!(news, Err(News::Nothing)), "until {until}");
        }
        reader.set_until(4);
        let horizon = reader.new_epoch(3, 2).unwrap();
        assert!(matches!(horizon, Ok(Horizon { end: 4, .. })));
    }
}
