//! Gates: the one word by which a reader keeps the producer from overwriting what it needs.
//!
//! A gate is the oldest sequence its reader still needs, or [`OFF`]. A lossless reader moves it forward
//! with a Release store after its last access to the records below; the producer loads it with Acquire
//! before it claims their cells, so those accesses happen before the overwriting stores.
//!
//! **Joining while the producer runs on an old limit.** The producer stores LIMIT and then looks at the
//! gates, the joiner stores its gate and then looks at LIMIT, with a SeqCst fence on both sides in
//! between. In the single order of the two fences one comes first: if the producer's, the joiner sees
//! that LIMIT and starts at `LIMIT - C` or later, so everything below LIMIT may be overwritten without it
//! losing anything; if the joiner's, the producer's second look sees the gate.
//!
//! **Demotion.** A bounded reader's gate carries a tag, and both sides change it by compare-exchange
//! only: the reader from where it stands to where it will stand, after it has copied the records in
//! between; the producer from where it saw it to [`DEMOTED`]. One of the two comes first. If the reader's,
//! the producer did not pass the records, and the copies are whole; if the producer's, the reader is told,
//! throws its copies away and goes on as a lossy reader does. Only tagged gates are ever demoted: were it
//! any word with the sequence seen, the next owner of the slot could be a lossless reader who stands there.

use crate::layout::Control;
use crate::sync::{AtomicU64, Ordering};

/// Nobody waits behind this gate: the slot is free, or its reader is lossy.
pub const OFF: u64 = u64::MAX;
/// The bounded reader of this slot held the producer for too long; it goes on as a lossy one.
pub const DEMOTED: u64 = u64::MAX - 1;
/// Marks the gate of a bounded reader. Sequences stay below it.
const TAG: u64 = 1 << 62;

/// How a reader holds the producer.
// A whole word: a gate is passed through the hot path in pieces that the processor forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Kind {
    /// For as long as it lives.
    Lossless,
    /// Until it is demoted.
    Bounded,
}

impl Kind {
    /// The gate of such a reader that still needs `cursor`.
    #[inline]
    pub fn gate(self, cursor: u64) -> u64 {
        match self {
            Kind::Lossless => cursor,
            Kind::Bounded => cursor | TAG,
        }
    }
}

/// For whom the producer of a ring waits. Gates of others are not looked at, whoever may have set them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    Nobody,
    Bounded,
    All,
}

/// A slot and the sequence its gate stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    pub slot: usize,
    pub cursor: u64,
    pub kind: Kind,
}

impl Gate {
    fn of(slot: usize, word: u64) -> Option<Gate> {
        let kind = match word & TAG {
            0 => Kind::Lossless,
            _ => Kind::Bounded,
        };
        (word < DEMOTED).then_some(Gate {
            slot,
            cursor: word & !TAG,
            kind,
        })
    }
}

/// The gates that count.
pub fn gates(control: &Control, waits: Waits) -> impl Iterator<Item = Gate> {
    let looked_at = match waits {
        Waits::Nobody => 0,
        Waits::Bounded | Waits::All => control.slots.0.len(),
    };
    control.slots.0[..looked_at]
        .iter()
        .enumerate()
        .filter_map(|(slot, words)| {
            // [G1] pairs with the Release of the reader's release [G2], leave [G3] and advance [D1]: what
            // the reader did with the records below happens before they are overwritten.
            Gate::of(slot, words.gate.load(Ordering::Acquire))
        })
        .filter(move |gate| waits == Waits::All || gate.kind == Kind::Bounded)
}

/// The slowest gate, `None` when nobody holds one.
pub fn slowest(control: &Control, waits: Waits) -> Option<Gate> {
    gates(control, waits).min_by_key(|gate| gate.cursor)
}

/// Demotes a bounded reader that still stands where it was seen; false if it has moved.
pub fn demote(control: &Control, gate: Gate) -> bool {
    // [D2] no order is needed: what the reader copies from now on it validates, and the claim that
    // overwrites looks at all gates again.
    gate.kind == Kind::Bounded
        && control.slots.0[gate.slot]
            .gate
            .compare_exchange(
                gate.kind.gate(gate.cursor),
                DEMOTED,
                Ordering::Relaxed,
                Ordering::Relaxed,
            )
            .is_ok()
}

/// Moves a bounded reader's gate over what it has copied; false if it was demoted.
#[inline]
pub fn advance(gate: &AtomicU64, from: u64, to: u64) -> bool {
    // [D1] pairs with [G1]: our copies happen before the producer overwrites.
    gate.compare_exchange(
        Kind::Bounded.gate(from),
        Kind::Bounded.gate(to),
        Ordering::Release,
        Ordering::Relaxed,
    )
    .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequence::BOUND;

    #[test]
    fn a_gate_says_where_it_stands_and_of_what_kind_it_is() {
        for kind in [Kind::Lossless, Kind::Bounded] {
            for cursor in [0, 1, BOUND] {
                let gate = Gate {
                    slot: 3,
                    cursor,
                    kind,
                };
                assert_eq!(Gate::of(3, kind.gate(cursor)), Some(gate));
            }
        }
        assert_eq!([OFF, DEMOTED].map(|word| Gate::of(0, word)), [None; 2]);
    }

    #[test]
    fn only_who_is_waited_for_is_looked_at() {
        let control = Control::default();
        control.format();
        let slots = &control.slots.0;
        slots[0].gate.store(7, Ordering::Relaxed);
        let seen = |waits| slowest(&control, waits).map(|gate| gate.cursor);
        assert_eq!(seen(Waits::Bounded), None);
        slots[1]
            .gate
            .store(Kind::Bounded.gate(9), Ordering::Relaxed);
        assert_eq!(seen(Waits::All), Some(7));
        assert_eq!(seen(Waits::Bounded), Some(9));
        assert_eq!(seen(Waits::Nobody), None);
    }

    #[test]
    fn only_a_bounded_reader_that_has_not_moved_is_demoted() {
        let control = Control::default();
        control.format();
        let word = &control.slots.0[0].gate;
        let seen = |cursor, kind| Gate {
            slot: 0,
            cursor,
            kind,
        };
        word.store(5, Ordering::Relaxed);
        assert!(!demote(&control, seen(5, Kind::Bounded)));
        assert!(!demote(&control, seen(5, Kind::Lossless)));
        word.store(Kind::Bounded.gate(5), Ordering::Relaxed);
        assert!(!demote(&control, seen(4, Kind::Bounded)));
        assert!(demote(&control, seen(5, Kind::Bounded)));
        assert!(!advance(word, 5, 6));
    }
}
