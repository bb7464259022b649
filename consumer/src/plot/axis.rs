//! Where a value stands along an axis, and from where to where the axis goes.

use std::ops::Range;

use super::{Axis, Scale};

/// Differences below it are none, and nor are logarithms: there would be no numbers left to count them with.
const SMALLEST: f64 = 1e-300;
/// The same for values that are so much larger than their differences.
const FINEST: f64 = 1e-12;

/// An axis from end to end. Both are finite, the second one is larger.
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    pub low: f64,
    pub high: f64,
    pub is_log: bool,
}

/// What has to have room on an axis.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    is_log: bool,
    low: f64,
    high: f64,
}

impl Extent {
    pub fn of(axis: &Axis) -> Extent {
        Extent {
            is_log: axis.scale == Scale::Log,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        }
    }

    pub fn include(&mut self, value: f64) {
        if has_place(value, self.is_log) {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
        }
    }

    pub fn include_all(&mut self, values: impl IntoIterator<Item = f64>) {
        values.into_iter().for_each(|value| self.include(value));
    }

    /// Nothing has to be shown.
    pub fn is_empty(&self) -> bool {
        self.low > self.high
    }

    /// The axis, longer than it must be by a part of itself at either end.
    pub fn reach(self, room: Range<f64>) -> Reach {
        let is_log = self.is_log;
        if self.is_empty() {
            let (low, high) = if is_log { (1.0, 10.0) } else { (0.0, 1.0) };
            return Reach { low, high, is_log };
        }
        let (low, high) = match is_log {
            true => (self.low.log10(), self.high.log10()),
            false => (self.low, self.high),
        };
        // Neither the length of an axis nor what it is made longer by need be a number, but half of it is.
        let half = high / 2.0 - low / 2.0;
        let size = low.abs().max(high.abs());
        let (below, above) = if half <= SMALLEST || half <= size * FINEST {
            let some = if is_log || size < SMALLEST {
                0.5
            } else {
                size * 0.05
            };
            (some, some)
        } else {
            (half * 2.0 * room.start, half * 2.0 * room.end)
        };
        let (low, high) = (low - below, high + above);
        let (low, high) = match is_log {
            true => (10f64.powf(low).max(SMALLEST), 10f64.powf(high)),
            false => (low, high),
        };
        Reach {
            low: low.max(f64::MIN),
            high: high.min(f64::MAX),
            is_log,
        }
    }
}

impl Reach {
    /// 0 at the low end, 1 at the high end; `None` for what has no place between them.
    pub fn place(&self, value: f64) -> Option<f64> {
        if !has_place(value, self.is_log) {
            return None;
        }
        let part = if self.is_log {
            let (low, high) = (self.low.log10(), self.high.log10());
            (value.log10() - low) / (high - low)
        } else {
            (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
        };
        // A little beyond the end by rounding is at the end.
        (-1e-6..=1.000_001)
            .contains(&part)
            .then(|| part.clamp(0.0, 1.0))
    }

    /// As [`place`](Reach::place), and at the end for what lies beyond it.
    pub fn clamped(&self, value: f64) -> Option<f64> {
        if value.is_nan() || self.is_log && value < SMALLEST {
            return None;
        }
        self.place(value.clamp(self.low, self.high))
    }
}

/// Whether there is a place for a value on any axis of this kind.
fn has_place(value: f64, is_log: bool) -> bool {
    value.is_finite() && !(is_log && value < SMALLEST)
}
