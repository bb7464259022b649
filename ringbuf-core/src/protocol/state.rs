//! Who owns the ring: epoch and phase in one word, and a small table of where each epoch began.
//!
//! Epochs count producers. The table entry is written before the state word that names its epoch, so who
//! sees the state sees the entry. A reader that meets a new epoch ends its batch where its own epoch
//! ended, reports the restart there, and goes on.

use crate::layout::{EPOCHS, Epoch, Live};
use crate::sync::{Ordering, fence};

/// What a ring is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Made, but no producer has opened it yet.
    New,
    /// A producer has it, or had it and died.
    Open,
    /// The producer closed it: nothing comes after `published`, unless another producer continues it.
    Closed,
    /// The files were taken away; nobody will ever publish here again.
    Removed,
}

/// One moment on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds since the Unix epoch.
    pub wall_ns: i64,
    /// Nanoseconds on the clock of publication times.
    pub monotonic_ns: u64,
}

/// Epoch and phase, as one word holds them: the phase in the two lowest bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    pub epoch: u64,
    pub phase: Phase,
}

impl State {
    #[inline]
    pub fn from_word(word: u64) -> State {
        State {
            epoch: word >> 2,
            phase: match word & 3 {
                0 => Phase::New,
                1 => Phase::Open,
                2 => Phase::Closed,
                _ => Phase::Removed,
            },
        }
    }

    pub fn open(epoch: u64) -> State {
        State {
            epoch,
            phase: Phase::Open,
        }
    }

    #[inline]
    pub fn word(self) -> u64 {
        self.epoch << 2
            | match self.phase {
                Phase::New => 0,
                Phase::Open => 1,
                Phase::Closed => 2,
                Phase::Removed => 3,
            }
    }
}

/// Loads the state; what was written before it is visible.
#[inline]
pub fn load(live: &Live) -> State {
    // [S1] with the fence behind it.
    let word = live.status.state.load(Ordering::Relaxed);
    // [S1] pairs with the Release stores of `open` [S3] and `Writer::end` [S5].
    fence(Ordering::Acquire);
    State::from_word(word)
}

/// Begins `epoch` at sequence `first`. The caller wakes the readers.
pub fn open(live: &Live, epoch: u64, first: u64, now: Moment) {
    let entry = &live.epochs[index(epoch)];
    // [S2] an observer of one of these words sees the state of the epoch before, at least: pairs with
    // the acquire fence in `boundary`.
    fence(Ordering::Release);
    entry.first.store(first, Ordering::Relaxed);
    entry
        .opened_ns
        .store(now.wall_ns.cast_unsigned(), Ordering::Relaxed);
    entry
        .monotonic_ns
        .store(now.monotonic_ns, Ordering::Relaxed);
    entry.epoch.store(epoch, Ordering::Relaxed);
    let state = State::open(epoch);
    // [S3] pairs with [S1]: the entry is visible to who sees the epoch.
    live.status.state.store(state.word(), Ordering::Release);
}

/// Where `epoch` began, as long as the table remembers it. The caller has seen that epoch, or a later one, in
/// the state (`[S1]`).
pub fn boundary(live: &Live, epoch: u64) -> Option<u64> {
    // [S6] before [S4].
    remembered(live, epoch, |entry| entry.first.load(Ordering::Relaxed))
}

/// When `epoch` began, as [`boundary`].
pub fn opened(live: &Live, epoch: u64) -> Option<Moment> {
    // [S6] before [S4].
    remembered(live, epoch, |entry| Moment {
        wall_ns: entry.opened_ns.load(Ordering::Relaxed).cast_signed(),
        monotonic_ns: entry.monotonic_ns.load(Ordering::Relaxed),
    })
}

/// What an epoch's entry says, unless it is another's by now.
fn remembered<T>(live: &Live, epoch: u64, what: impl FnOnce(&Epoch) -> T) -> Option<T> {
    let entry = &live.epochs[index(epoch)];
    let found = what(entry);
    // [S6] before [S4].
    let written_for = entry.epoch.load(Ordering::Relaxed);
    // [S4] pairs with [S2]: if the entry was already being rewritten for a later epoch, the state below
    // is recent enough to say so.
    fence(Ordering::Acquire);
    let newest = State::from_word(live.status.state.load(Ordering::Relaxed)).epoch;
    let kept = newest.checked_sub(epoch)? < EPOCHS as u64 - 1;
    (kept && written_for == epoch).then_some(found)
}

fn index(epoch: u64) -> usize {
    (epoch % EPOCHS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_survives_its_word() {
        for phase in [Phase::New, Phase::Open, Phase::Closed, Phase::Removed] {
            let state = State { epoch: 77, phase };
            assert_eq!(State::from_word(state.word()), state);
        }
        assert_eq!(State::from_word(0).phase, Phase::New);
    }

    #[test]
    fn the_table_remembers_the_last_epochs() {
        let live = Live::default();
        for epoch in 1..=40 {
            open(&live, epoch, epoch * 100, Moment::default());
        }
        assert_eq!(boundary(&live, 40), Some(4000));
        assert_eq!(boundary(&live, 30), Some(3000));
        assert_eq!(boundary(&live, 3), None);
        assert_eq!(boundary(&live, 41), None);
    }
}
