//! What a reader of frames is by its documents.

use ringbuf_core::{Event, Ledger};

use super::ring::Ring;
use crate::ops::Kind;
use crate::reader::Hold;

#[derive(Debug)]
pub struct Reader {
    pub name: String,
    pub kind: Kind,
    pub only: Option<u64>,
    pub hold: Hold,
    /// It was told that it was demoted.
    pub is_demoted: bool,
    pub epoch: u64,
    pub ledger: Ledger,
    /// Missed, and not told yet.
    pub untold: u64,
}

/// What a look brings.
#[derive(Debug, PartialEq)]
pub enum Seen {
    Event(Event),
    /// The frame with this sequence, and perhaps some of those behind it, up to the second one.
    Frames(u64, u64),
    Missed,
    Nothing,
    Closed,
}

impl Reader {
    pub fn wants(&self, ring: &Ring, sequence: u64) -> bool {
        let tag = ring.made[sequence as usize].tag();
        self.only.is_none_or(|only| only == tag)
    }

    /// Whether there is a frame for it.
    pub fn has_some(&self, ring: &Ring) -> bool {
        let first = self.ledger.cursor.max(ring.oldest());
        (first..ring.published()).any(|sequence| self.wants(ring, sequence))
    }

    /// One look, up to where frames are taken.
    pub fn look(&mut self, ring: &Ring) -> Seen {
        loop {
            let next = ring.epochs.get(self.epoch as usize).copied();
            if let Some(first) = next.filter(|&first| first <= self.ledger.cursor) {
                self.epoch += 1;
                return Seen::Event(Event::Restarted {
                    epoch: self.epoch,
                    first_sequence: Some(first),
                });
            }
            let end = next.unwrap_or(u64::MAX).min(ring.published());
            if self.ledger.cursor >= end {
                return match (self.untold, ring.is_closed) {
                    (1.., _) => Seen::Missed,
                    (0, true) => Seen::Closed,
                    (0, false) => Seen::Nothing,
                };
            }
            if self.hold == Hold::Lost && !self.is_demoted {
                self.is_demoted = true;
                return Seen::Event(Event::Demoted);
            }
            self.misses(ring.oldest().clamp(self.ledger.cursor, end));
            let cursor = self.ledger.cursor;
            if let Some(first) = (cursor..end).find(|&sequence| self.wants(ring, sequence)) {
                return Seen::Frames(first, end);
            }
            self.goes_to(end, 0);
        }
    }

    /// Missed up to a sequence.
    pub fn misses(&mut self, first: u64) {
        let missed = first - self.ledger.cursor;
        let holds = matches!(self.hold, Hold::From(_));
        assert!(missed == 0 || !holds, "a frame that was held is gone");
        self.ledger.cursor = first;
        self.ledger.missed += missed;
        self.untold += missed;
    }

    /// Read so many up to a sequence; the others were skipped.
    pub fn goes_to(&mut self, end: u64, read: u64) {
        self.ledger.read += read;
        self.ledger.skipped += end - self.ledger.cursor - read;
        self.ledger.cursor = end;
        if let Hold::From(gate) = &mut self.hold {
            *gate = end.max(*gate);
        }
    }
}
