//! Gates: the one word by which a lossless reader keeps the producer from overwriting what it needs.
//!
//! A gate is the oldest sequence its reader still needs, or [`OFF`]. The reader moves it forward with a
//! Release store after its last access to the records below; the producer loads it with Acquire before
//! it claims their cells, so those accesses happen before the overwriting stores.
//!
//! **Joining while the producer runs on an old limit.** The producer stores LIMIT and then looks at the
//! gates, the joiner stores its gate and then looks at LIMIT, with a SeqCst fence on both sides in
//! between. In the single order of the two fences one comes first: if the producer's, the joiner sees
//! that LIMIT and starts at `LIMIT - C` or later, so everything below LIMIT may be overwritten without it
//! losing anything; if the joiner's, the producer's second look sees the gate.

use crate::layout::Control;
use crate::sync::Ordering;

/// Nobody waits behind this gate: the slot is free, or its reader is lossy.
pub const OFF: u64 = u64::MAX;

/// A slot and the sequence its gate stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    pub slot: usize,
    pub cursor: u64,
}

/// The slowest gate, `None` when nobody holds one.
pub fn slowest(control: &Control) -> Option<Gate> {
    control
        .slots
        .0
        .iter()
        .enumerate()
        .map(|(slot, words)| Gate {
            slot,
            // [G1] pairs with the Release store of the reader's release [G2] and leave [G3]: what the
            // reader did with the records below happens before they are overwritten.
            cursor: words.gate.load(Ordering::Acquire),
        })
        .filter(|gate| gate.cursor != OFF)
        .min_by_key(|gate| gate.cursor)
}
