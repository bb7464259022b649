//! What is told while it happens, and not too often to be read.

use std::time::{Duration, Instant};

use crate::output::talk;
use ringbuf_console::reader::Kind;

/// Nothing of one kind is told more often.
const SELDOM: Duration = Duration::from_secs(1);

fn recently(told: Option<Instant>) -> bool {
    told.is_some_and(|told| told.elapsed() < SELDOM)
}

/// Losses not told yet.
pub struct Losses {
    kind: Kind,
    missed: u64,
    before: u64,
    told: Option<Instant>,
}

impl Losses {
    /// None so far.
    pub fn of(kind: Kind) -> Losses {
        Losses {
            kind,
            missed: 0,
            before: 0,
            told: None,
        }
    }

    pub fn add(&mut self, missed: u64, first_sequence: u64) {
        if missed == 0 {
            return;
        }
        self.missed += missed;
        self.before = first_sequence;
        self.tell();
    }

    pub fn tell(&mut self) {
        if !recently(self.told) {
            self.tell_now();
        }
    }

    fn tell_now(&mut self) {
        if self.missed > 0 {
            talk(format_args!(
                "missed {} {} before {}",
                self.missed,
                self.kind.word(self.missed),
                self.before
            ));
            self.missed = 0;
            self.told = Some(Instant::now());
        }
    }
}

/// Whether it is known that the producer does not wait for this analyzer any more.
#[derive(Default)]
pub struct Demotion {
    /// Where it happened, if that was not told yet.
    untold: Option<u64>,
    told: Option<Instant>,
}

impl Demotion {
    pub fn happened(&mut self, sequence: u64) {
        self.untold = Some(sequence);
        self.tell();
    }

    pub fn tell(&mut self) {
        if recently(self.told) {
            return;
        }
        if let Some(sequence) = self.untold.take() {
            talk(format_args!(
                "demoted at {sequence}: it was in the way for as long as --bounded says, and the producer goes on; \
                 some may be missed until this analyzer has caught up"
            ));
            self.told = Some(Instant::now());
        }
    }

    /// It is over. What nobody was told needs no end either; it is counted.
    pub fn ended(&mut self, sequence: u64, losses: &mut Losses) {
        if self.untold.take().is_none() {
            // They belong to it.
            losses.tell_now();
            talk(format_args!(
                "caught up at {sequence}: the producer waits for this analyzer again"
            ));
        }
    }
}
