//! When there is no room: wait for the readers in the way, demote those whose time is over, evict the dead.

use std::thread::yield_now;
use std::time::{Duration, Instant};

use crossbeam_utils::Backoff;

use super::core::{Home, ProducerCore};
use crate::error::PublishError;
use crate::files::locks;
use crate::layout::SLOTS;
use crate::options::{Delivery, WhenFull};
use crate::platform;
use crate::protocol::gate::Kind;
use crate::protocol::{self, Full, Writer};
use crate::slots;
use crate::sync::Ordering;

/// Looks for room before others are let run, some tenths of a microsecond: with more processes than cores it is they
/// who make it.
const LOOKS: u32 = 3;
/// How long a blocked producer stays awake, letting others run: about the cost of a sleep and a wake-up, to both sides.
pub(super) const AWAKE: Duration = Duration::from_micros(50);
/// Bytes a nanosecond that a reader gets through if it does little with them.
const READ: u64 = 16;
/// How long a blocked producer sleeps before it looks whether the reader in the way still lives.
const ALIVE: Duration = Duration::from_millis(10);
/// How often a producer that drops records looks whether the reader in the way still lives.
const ALIVE_WHEN_DROPPING: Duration = Duration::from_millis(1);

/// How long a claim may wait for room.
#[derive(Clone, Copy)]
pub(crate) enum Patience<'a> {
    /// It only tries.
    None,
    /// As long as it takes, unless the ring is one that drops records.
    ForEver,
    /// Until then, on any ring; `None` is a time beyond what a clock can hold.
    Until(Option<Instant>),
    /// As `ForEver`, but asks about every 10 ms: give up?
    Unless(&'a dyn Fn() -> bool),
}

impl Patience<'_> {
    pub(crate) fn of(limit: Duration) -> Patience<'static> {
        Patience::Until(Instant::now().checked_add(limit))
    }

    fn is_over(self, when_full: WhenFull) -> bool {
        match self {
            Patience::None => true,
            Patience::Until(end) => end.is_some_and(|end| Instant::now() >= end),
            Patience::ForEver | Patience::Unless(_) if when_full == WhenFull::Drop => true,
            Patience::ForEver => false,
            Patience::Unless(stop) => stop(),
        }
    }

    fn left(self) -> Duration {
        match self {
            Patience::Until(Some(end)) => end.saturating_duration_since(Instant::now()),
            _ => Duration::MAX,
        }
    }

    /// The caller has said how long, and is told when that is over: nothing is dropped.
    pub(super) fn has_limit(self) -> bool {
        matches!(self, Patience::None | Patience::Until(_))
    }
}

/// Since when each reader has been in the way, from the first claim that found no room to the next that does.
#[derive(Debug)]
pub(super) struct Stall {
    /// `None`: there is room.
    began: Option<Instant>,
    readers: [Option<InTheWay>; SLOTS],
    /// When the reader in the way was last known to live.
    seen_alive: Option<Instant>,
}

/// A reader, and since when it has been in the way.
#[derive(Clone, Copy, Debug)]
struct InTheWay {
    since: Instant,
    /// Tells it from the next reader in its slot.
    attached_ns: u64,
}

/// What a look at the readers in the way came to.
struct Look {
    /// At least one of them is not in the way any more.
    demoted: bool,
    /// Until the next of them has had its time.
    next: Duration,
}

impl Stall {
    pub(super) fn new() -> Stall {
        Stall {
            began: None,
            readers: [None; SLOTS],
            seen_alive: None,
        }
    }

    /// There was room.
    #[inline]
    pub(super) fn end(&mut self) {
        if self.began.is_some() {
            self.forget();
        }
    }

    #[cold]
    fn forget(&mut self) {
        *self = Stall::new();
    }

    /// Looks at the readers in the way of a claim, and demotes those that were it for as long as they may.
    fn look(&mut self, writer: &Writer, count: u64, allow: Delivery) -> Look {
        let now = Instant::now();
        let began = *self.began.get_or_insert(now);
        let mut readers = [None; SLOTS];
        let mut look = Look {
            demoted: false,
            next: Duration::MAX,
        };
        for gate in writer.in_the_way(count) {
            let slot = &writer.memory().control().slots.0[gate.slot];
            let attached_ns = slot.attached_ns.load(Ordering::Relaxed);
            let reader = self.readers[gate.slot]
                .filter(|reader| reader.attached_ns == attached_ns)
                .unwrap_or(InTheWay {
                    since: now,
                    attached_ns,
                });
            readers[gate.slot] = Some(reader);
            if gate.kind == Kind::Lossless {
                continue;
            }
            let asked = Duration::from_nanos(slot.bound_ns.load(Ordering::Relaxed));
            let mut left = asked.saturating_sub(now - reader.since);
            if let Delivery::Bounded(most) = allow {
                // One after the other they hold the producer no longer than one alone, whatever stands in
                // their slots.
                left = left.min(most.saturating_sub(now - began));
            }
            // One that has just moved is looked at again at once.
            look.demoted |= left.is_zero() && writer.demote(gate);
            look.next = look.next.min(left);
        }
        self.readers = readers;
        look
    }

    /// Whether it is time to see whether the reader in the way lives; a look is a system call.
    fn may_be_dead(&mut self) -> bool {
        let now = Instant::now();
        let is_time = self
            .seen_alive
            .is_none_or(|seen| now - seen >= ALIVE_WHEN_DROPPING);
        if is_time {
            self.seen_alive = Some(now);
        }
        is_time
    }
}

impl ProducerCore {
    /// Stays awake, when it is blocked, for as long as a reader takes for so many bytes, too: who is given back a large
    /// frame by somebody that is reading it would sleep through that each time.
    pub(crate) fn stay_awake_for(&mut self, bytes: u64) {
        self.awake = AWAKE + Duration::from_nanos(bytes / READ);
    }

    /// Claims `count` records when the first attempt found `full`, or gives up with the reader in the way.
    #[cold]
    pub(super) fn wait_and_claim(
        &mut self,
        count: u64,
        mut full: Full,
        patience: Patience<'_>,
    ) -> Result<Result<u64, Full>, PublishError> {
        let backoff = Backoff::new();
        let mut looks = 0;
        let begin = Instant::now();
        let mut told = false;
        let mut demotions = 0;
        loop {
            let look = self.stall.look(&self.writer, count, self.allow);
            demotions += usize::from(look.demoted);
            // More than there are readers: somebody plays with the gates.
            if !look.demoted || demotions > SLOTS {
                if patience.is_over(self.when_full) {
                    return Ok(self.past_the_dead(count, full, patience));
                }
                if !std::mem::replace(&mut told, true) {
                    // Readers that sleep must hear of what was published before they can make room.
                    self.writer.notify();
                }
                if begin.elapsed() >= self.awake {
                    let time = ALIVE.min(look.next).min(patience.left());
                    self.writer
                        .wait_for_room(count, time)
                        .map_err(PublishError::Wait)?;
                    if self.writer.in_the_way(count).any(|gate| gate == full.gate) {
                        self.evict_if_dead(full.gate.slot);
                    }
                } else if looks < LOOKS {
                    looks += 1;
                    backoff.spin();
                } else {
                    yield_now();
                }
            }
            match self.writer.try_claim(count) {
                Ok(first) => {
                    self.stall.end();
                    return Ok(Ok(first));
                }
                Err(still) => full = still,
            }
        }
    }

    /// Who never waits would be refused for ever by readers that were killed.
    fn past_the_dead(
        &mut self,
        count: u64,
        mut full: Full,
        patience: Patience<'_>,
    ) -> Result<u64, Full> {
        if !patience.has_limit() && !self.stall.may_be_dead() {
            return Err(full);
        }
        // Each turn frees another slot.
        for _ in 0..SLOTS {
            if !self.evict_if_dead(full.gate.slot) {
                break;
            }
            match self.writer.try_claim(count) {
                Ok(first) => {
                    self.stall.end();
                    return Ok(first);
                }
                Err(still) => full = still,
            }
        }
        Err(full)
    }

    /// Turns the gate of a reader off whose lock the kernel has released; false if it lives.
    fn evict_if_dead(&self, slot: usize) -> bool {
        let Home::Files(ownership) = self.home() else {
            return false;
        };
        // Holding the lock keeps a new owner out while the gate is turned off.
        let lock = platform::try_lock_brief(&ownership.registrar.file, locks::slot(slot));
        if lock.is_ok() {
            protocol::evict(self.writer.memory(), slot);
        }
        lock.is_ok()
    }

    /// The name of the reader in the way, and how far it is behind.
    #[cold]
    pub(crate) fn in_the_way(&self, full: Full) -> (String, u64) {
        let slot = &self.writer.memory().control().slots.0[full.gate.slot];
        let lag = self.writer.published().saturating_sub(full.gate.cursor);
        (slots::name(slot), lag)
    }

    /// Counts records that found no room.
    #[cold]
    pub(crate) fn refuse(&self, count: usize) {
        let refused = &self.writer.memory().live().status.refused;
        // Only the producer writes it.
        let sum = self.refused().saturating_add(count as u64);
        refused.store(sum, Ordering::Relaxed);
    }

    /// Records that found no room, since the ring was created.
    pub(crate) fn refused(&self) -> u64 {
        self.writer
            .memory()
            .live()
            .status
            .refused
            .load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::layout::Geometry;
    use crate::memory::Memory;
    use crate::options::CreateOptions;
    use crate::protocol::wake;
    use crate::protocol::{Begin, Follower};
    use crate::schema::{Element, Field, Schema};
    use crate::sync::Arc;

    /// Publishes two records where one has room, beside a reader that goes when the producer sleeps for the second.
    /// What is left of the stall, and what the reader found at that moment.
    fn publish_past_a_reader<T: Send>(
        prepare: fn(&Memory),
        look: impl FnOnce(&Memory) -> T + Send,
    ) -> (Option<Instant>, T) {
        let schema = Schema::packed([Field::new("value", Element::U64)]).unwrap();
        let options = CreateOptions::default();
        let mut core = ProducerCore::heap(schema, Geometry::new(1, 8, false), &options).unwrap();
        let memory = Arc::clone(core.writer.memory());
        let reader = Arc::clone(&memory);
        let mut reader = Follower::join_holding(reader, 0, Kind::Lossless, Begin::Now).unwrap();
        prepare(&memory);
        let found = thread::scope(|scope| {
            let looking = scope.spawn(|| {
                let room = &memory.control().room.0;
                while room.load(Ordering::Relaxed) & 1 == 0 {
                    thread::yield_now();
                }
                let found = look(&memory);
                reader.let_go();
                found
            });
            core.publish(&[0; 16], Patience::ForEver).unwrap();
            looking.join().unwrap()
        });
        (core.stall.began, found)
    }

    /// Or the next time there is no room a bounded reader has had its time before it has begun.
    #[test]
    fn a_stall_is_over_when_there_is_room_again() {
        let (began, ()) = publish_past_a_reader(|_| {}, |_| {});
        assert_eq!(began, None);
    }

    /// Or they sleep through a slice that is longer than the ring, and nobody makes room.
    #[test]
    fn sleepers_hear_of_what_was_published_before_the_producer_sleeps() {
        let asleep = |memory: &Memory| {
            wake::arm(&memory.control().wake.0);
        };
        let is_marked = |memory: &Memory| memory.control().wake.0.load(Ordering::Relaxed) & 1 == 1;
        let (_, is_marked) = publish_past_a_reader(asleep, is_marked);
        assert!(!is_marked, "nobody has woken who sleeps");
    }
}
