//! What was missed, told while it happens, and not too often to be read.

use ringbuf_console::reader::Kind;

use crate::out;

/// Losses not told yet.
pub(super) struct Losses {
    kind: Kind,
    untold: u64,
    before: u64,
    told: u64,
}

impl Losses {
    /// None so far.
    pub(super) fn of(kind: Kind) -> Losses {
        Losses {
            kind,
            untold: 0,
            before: 0,
            told: 0,
        }
    }

    pub(super) fn add(&mut self, missed: u64, first_sequence: u64) {
        if missed > 0 {
            self.untold += missed;
            self.before = first_sequence;
            // The first at once: it explains what is seen.
            if self.told == 0 {
                self.tell();
            }
        }
    }

    /// Called every second at most.
    pub(super) fn tell(&mut self) {
        if self.untold > 0 {
            let (untold, word) = (self.untold, self.kind.word(self.untold));
            out::say(&format!("missed {untold} {word} before {}", self.before));
            self.told += std::mem::take(&mut self.untold);
        }
    }

    /// At the end: so many in all.
    pub(super) fn tell_last(&mut self, all: u64) {
        self.tell();
        let untold = all.saturating_sub(self.told);
        if untold > 0 {
            let word = self.kind.word(untold);
            out::say(&format!("missed {untold} {word} at the end"));
        }
    }
}
