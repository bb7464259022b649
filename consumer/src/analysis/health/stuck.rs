//! Stuck: the same value for much longer than is usual for this field.
//!
//! Judged by default is who is measured (see [`nature`](super::nature)); it is stuck after [`TIMES`] as many records
//! as the longest time it ever stood still before, [`LEAST`] at least. At the smallest or the largest value so far it
//! takes [`TIMES`] as many again: there slow signals turn, and clipped ones stay. Who was stuck [`SPELLS`] times and went on again
//! every time does so by nature, and that is learnt, too.

use super::finding::{At, Log, State};
use super::nature::{Kind, Nature};
use super::what::What;

/// So many times the usual is stuck.
const TIMES: u64 = 8;
/// But never fewer records.
const LEAST: u64 = 16;
/// So many times it may recover before that is usual.
const SPELLS: u64 = 4;

/// From when on a field is stuck.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Patience {
    /// By what is usual for it.
    Usual,
    /// After so many records, whatever it is.
    Records(u64),
    /// After so many nanoseconds.
    Time(i128),
}

/// Watches one field stand still.
#[derive(Debug)]
pub struct Stuck {
    patience: Patience,
    nature: Nature,
    /// The last value, where it began and how many records have had it since; NaN for none.
    value: f64,
    since: At,
    run: u64,
    /// From how many on it is to be looked at.
    limit: u64,
    is_told: bool,
    /// What is usual.
    longest: u64,
    spells: u64,
    /// Told since the last report.
    told: u64,
}

impl Stuck {
    pub fn with(patience: Patience) -> Stuck {
        let mut stuck = Stuck {
            patience,
            nature: Nature::default(),
            value: f64::NAN,
            since: At::default(),
            run: 0,
            limit: u64::MAX,
            is_told: false,
            longest: 1,
            spells: 0,
            told: 0,
        };
        stuck.look();
        stuck
    }

    /// One more finite value. `is_extreme` says whether it is the smallest or the largest so far, and is asked seldom.
    #[inline]
    pub fn add(&mut self, value: f64, at: At, is_extreme: impl Fn() -> bool, log: &mut Log) {
        if value == self.value {
            self.run += 1;
            if self.run == 2 {
                self.nature.stood();
            }
            if self.run >= self.limit {
                self.judge(at, is_extreme, log);
            }
        } else {
            self.changed(value, at, log);
        }
    }

    fn changed(&mut self, value: f64, at: At, log: &mut Log) {
        if self.is_told {
            log.tell(at, self.what(State::End, at));
            self.spells += 1;
        }
        if !self.is_told || self.spells >= SPELLS {
            self.longest = self.longest.max(self.run);
        }
        match self.value.is_nan() {
            true => self.nature.saw(value),
            false => self.nature.changed(self.value, value),
        }
        self.is_told = false;
        (self.value, self.since, self.run) = (value, at, 1);
        self.look();
    }

    fn look(&mut self) {
        self.limit = match self.patience {
            Patience::Records(records) => records,
            Patience::Time(_) => 2,
            Patience::Usual if self.nature.kind() == Kind::Measured => self.usual(),
            Patience::Usual => u64::MAX,
        };
    }

    fn usual(&self) -> u64 {
        LEAST.max(self.longest.saturating_mul(TIMES))
    }

    fn judge(&mut self, at: At, is_extreme: impl Fn() -> bool, log: &mut Log) {
        match self.patience {
            Patience::Time(time) if at.since(self.since).is_none_or(|stood| stood < time) => return,
            Patience::Usual if is_extreme() && self.limit == self.usual() => {
                self.limit = self.limit.saturating_mul(TIMES);
                return;
            }
            _ => {}
        }
        self.is_told = true;
        self.told += 1;
        self.limit = u64::MAX;
        log.tell(self.since, self.what(State::Begin, at));
    }

    fn what(&self, state: State, at: At) -> What {
        What::Stuck {
            state,
            value: self.value,
            records: self.run,
            for_s: at.since(self.since).map(|ns| ns as f64 / 1e9),
        }
    }

    /// Records are missing here, so nobody knows whether it stood still. Who is known to be stuck is so until another
    /// value comes.
    pub fn lost(&mut self) {
        if !self.is_told {
            self.value = f64::NAN;
            self.run = 0;
        }
    }

    /// How often it was found stuck since this was asked last.
    pub fn told(&mut self) -> u64 {
        std::mem::take(&mut self.told)
    }

    pub fn is_open(&self) -> bool {
        self.is_told
    }

    pub fn kind(&self) -> Kind {
        self.nature.kind()
    }

    /// The longest run that is usual.
    pub fn longest(&self) -> u64 {
        self.longest.max(if self.is_told { 0 } else { self.run })
    }
}
