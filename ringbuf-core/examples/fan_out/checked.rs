//! Records that can be checked word by word, and the account of a reader that does.

use ringbuf_core::{Batch, Record};

/// 64 bytes, every word of them a function of the record's sequence.
#[derive(Record, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Checked {
    words: [u64; 8],
}

impl Checked {
    /// The record of this sequence.
    pub fn of(sequence: u64) -> Checked {
        Checked {
            words: std::array::from_fn(|i| word(sequence, i as u64)),
        }
    }

    /// Whether every word is that of this sequence.
    pub fn is_of(&self, sequence: u64) -> bool {
        *self == Checked::of(sequence)
    }
}

/// Different for every sequence and place: an odd factor maps no two numbers to one.
fn word(sequence: u64, i: u64) -> u64 {
    (sequence * 8 + i).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// What a reader got, checked against what it was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The sequence that must come next, but for what is missed.
    pub next: u64,
    pub read: u64,
    pub missed: u64,
    pub batches: u64,
    /// Batches that began elsewhere than they had to: records lost in silence, or delivered twice.
    pub misplaced: u64,
    /// Records with a word that is not theirs.
    pub torn: u64,
}

impl Tally {
    /// For a reader whose first record is `next`.
    pub fn from(next: u64) -> Tally {
        Tally {
            next,
            ..Tally::default()
        }
    }

    /// Takes a batch into the account.
    pub fn take(&mut self, batch: &Batch<'_, Checked>) {
        let records = batch.records();
        if batch.first_sequence() != self.next + batch.missed() {
            self.misplaced += 1;
        }
        let sequences = batch.first_sequence()..;
        self.torn += sequences
            .zip(records)
            .filter(|(sequence, record)| !record.is_of(*sequence))
            .count() as u64;
        self.batches += 1;
        self.read += records.len() as u64;
        self.missed += batch.missed();
        self.next = batch.first_sequence() + records.len() as u64;
    }

    /// Nothing was torn, out of order, delivered twice or lost in silence.
    pub fn is_faultless(&self) -> bool {
        self.misplaced == 0 && self.torn == 0
    }
}
