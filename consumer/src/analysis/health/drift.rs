//! Slow changes: of the rate, and of a clock against another one.
//!
//! Both are looked at over windows of [`RECORDS`] records, but a second at least, in which chance evens out. What is
//! usual is declared, or it is what four windows in a row agreed on to half the tolerance; who never agrees is
//! unsteady, and is not judged. Drift is what two windows in a row find beyond the tolerance on the same side.

/// Of a window, at least.
const RECORDS: u64 = 256;
const NANOSECONDS: i128 = 1_000_000_000;
/// Windows that have to agree on what is usual.
const AGREED: usize = 4;
/// Windows that have to find it changed.
const SURE: u32 = 2;

/// Something that should stay as it is.
#[derive(Debug)]
pub struct Drift {
    usual: Option<f64>,
    /// How much of it is no drift.
    tolerance: f64,
    learning: Vec<f64>,
    /// Windows in a row that were too large, or too small.
    above: u32,
    below: u32,
    is_told: bool,
}

/// News of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum News {
    Begins { now: f64, usual: f64 },
    Ends { now: f64, usual: f64 },
}

impl Drift {
    pub fn of(declared: Option<f64>, tolerance: f64) -> Drift {
        Drift {
            usual: declared,
            tolerance,
            learning: Vec::new(),
            above: 0,
            below: 0,
            is_told: false,
        }
    }

    /// What one more window found.
    pub fn window(&mut self, now: f64) -> Option<News> {
        let Some(usual) = self.usual else {
            self.learn(now);
            return None;
        };
        let off = now / usual - 1.0;
        let grown = |windows: u32, is_off: bool| if is_off { windows + 1 } else { 0 };
        self.above = grown(self.above, off > self.tolerance);
        self.below = grown(self.below, off < -self.tolerance);
        let is_off = self.above.max(self.below) >= SURE;
        if is_off && !self.is_told {
            self.is_told = true;
            Some(News::Begins { now, usual })
        } else if self.is_told && off.abs() <= self.tolerance / 2.0 {
            self.is_told = false;
            Some(News::Ends { now, usual })
        } else {
            None
        }
    }

    fn learn(&mut self, now: f64) {
        if self.learning.len() == AGREED {
            self.learning.remove(0);
        }
        self.learning.push(now);
        let largest = self.learning.iter().copied().fold(f64::MIN, f64::max);
        let smallest = self.learning.iter().copied().fold(f64::MAX, f64::min);
        let is_agreed = largest <= smallest * (1.0 + self.tolerance / 2.0);
        if self.learning.len() == AGREED && smallest > 0.0 && is_agreed {
            self.usual = Some(self.learning.iter().sum::<f64>() / AGREED as f64);
        }
    }

    pub fn usual(&self) -> Option<f64> {
        self.usual
    }

    pub fn is_open(&self) -> bool {
        self.is_told
    }
}

/// A window that is being filled.
#[derive(Debug, Default)]
pub struct Window {
    records: u64,
    /// By the one clock and by the other, in nanoseconds.
    sums: (i128, i128),
}

/// A full one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Full {
    pub records: f64,
    pub first_s: f64,
    pub second_s: f64,
}

impl Window {
    /// One step, by the clock that measures the window and by another one.
    #[inline]
    pub fn add(&mut self, first: i128, second: i128) -> Option<Full> {
        self.records += 1;
        self.sums.0 = self.sums.0.saturating_add(first);
        self.sums.1 = self.sums.1.saturating_add(second);
        if self.records < RECORDS || self.sums.0 < NANOSECONDS {
            return None;
        }
        let full = Full {
            records: self.records as f64,
            first_s: self.sums.0 as f64 / 1e9,
            second_s: self.sums.1 as f64 / 1e9,
        };
        *self = Window::default();
        Some(full)
    }

    /// What comes next does not follow.
    pub fn clear(&mut self) {
        *self = Window::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_is_what_lasts() {
        let mut drift = Drift::of(Some(100.0), 0.05);
        for now in [100.0, 104.9, 95.1, 106.0, 100.0, 94.0, 106.0, 94.0] {
            assert_eq!(drift.window(now), None, "{now}");
        }
        let usual = 100.0;
        assert_eq!(drift.window(90.0), Some(News::Begins { now: 90.0, usual }));
        assert!(drift.is_open());
        assert_eq!(drift.window(80.0), None);
        assert_eq!(drift.window(96.0), None);
        assert_eq!(drift.window(98.0), Some(News::Ends { now: 98.0, usual }));
        assert!(!drift.is_open());
    }

    #[test]
    fn what_is_usual_is_agreed_on() {
        let mut drift = Drift::of(None, 0.05);
        for now in [10.0, 100.0, 101.0, 100.0, 99.0, 150.0] {
            assert_eq!(drift.window(now), None);
        }
        assert_eq!(drift.usual(), Some(100.0));
        assert!(drift.window(150.0).is_some());
        let mut unsteady = Drift::of(None, 0.05);
        for n in 0..1000 {
            assert_eq!(unsteady.window(f64::from(n % 7 + 1)), None);
        }
        assert_eq!(unsteady.usual(), None);
    }

    #[test]
    fn a_window_has_enough_records_and_lasts_a_second() {
        let full = |step: i128| {
            let mut window = Window::default();
            (1..)
                .find_map(|n| Some((n, window.add(step, 2 * step)?)))
                .unwrap()
        };
        let (records, fast) = full(1_000_000);
        assert_eq!((records, fast.first_s, fast.second_s), (1000, 1.0, 2.0));
        assert_eq!(full(1_000_000_000).0, RECORDS);
    }
}
