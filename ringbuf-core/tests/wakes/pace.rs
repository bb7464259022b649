//! When to wake: around the moment at which the other falls asleep.

use std::hint::spin_loop;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::rows::Core;
use crate::support::Numbers;

/// The centre moves by this part of itself, and at least so much.
const STEP: i64 = 8;
const STEP_NS: i64 = 50;
/// What is drawn lies this far from the centre at most.
const AROUND_NS: u64 = 1_500;
/// Who takes longer to fall asleep had no processor.
const MOST_NS: i64 = 1_000_000;
/// Now and then anything up to this.
const ANY_NS: u64 = 50_000;

/// Draws delays around that after which about two of three sleepers are asleep: where the race is, and a round that
/// nobody sleeps in shows less.
pub struct Pace {
    numbers: Numbers,
    centre_ns: i64,
    /// Sleeps of the others, when last asked.
    sleeps: u64,
    pass: fn(u64),
}

impl Pace {
    pub fn new(seed: u64, core: Core) -> Pace {
        Pace {
            numbers: Numbers::new(seed),
            centre_ns: 2_000,
            sleeps: 0,
            pass: match core {
                Core::Any | Core::Different => spin_for,
                // The other can only fall asleep meanwhile if it has the core; the end of our sleep takes it away
                // wherever it is just then.
                Core::Same => |ns| sleep(Duration::from_nanos(ns)),
            },
        }
    }

    /// Says whether it had to sleep after the last delay.
    pub fn learn(&mut self, has_slept: bool) {
        let step = STEP_NS.max(self.centre_ns / STEP);
        let step = if has_slept { -step } else { 2 * step };
        self.centre_ns = (self.centre_ns + step).clamp(0, MOST_NS);
    }

    /// Says how often these sleepers have slept in all: whether most of them had to after the last delay.
    pub fn learn_from(&mut self, sleeps: u64, sleepers: u64) {
        self.learn(2 * (sleeps - self.sleeps) > sleepers);
        self.sleeps = sleeps;
    }

    pub fn delay(&mut self) {
        let ns = match self.numbers.below(8) {
            0 => self.numbers.below(ANY_NS),
            _ => (self.centre_ns.cast_unsigned() + self.numbers.below(2 * AROUND_NS))
                .saturating_sub(AROUND_NS),
        };
        (self.pass)(ns);
    }
}

pub fn spin_for(ns: u64) {
    let (begin, time) = (Instant::now(), Duration::from_nanos(ns));
    while begin.elapsed() < time {
        spin_loop();
    }
}

/// Looks until it is so.
pub fn until(mut is_so: impl FnMut() -> bool) {
    let mut looks = 0;
    while !is_so() {
        looks += 1;
        // The other may need this processor. Who yields one of few to many may get it back much later than who sleeps.
        match looks % 16_384 {
            0 => sleep(Duration::from_micros(20)),
            _ => spin_loop(),
        }
    }
}
