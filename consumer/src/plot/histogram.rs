//! How values are distributed, for looking at, in bounded memory.

use super::bins::{Bar, Bins};

/// Values before which it is not yet clear how wide a bin has to be.
const KEPT: usize = 4096;
/// Values that lie outside the bins and are remembered one by one.
const FAR: usize = 512;
/// So few of all values do not make the bins wider.
const RARE: f64 = 0.001;

/// Counts finite values in bins of one width. The width is a power of two, and is doubled when values do not fit in any more:
/// two bins become one exactly. A few values far away do not make it wider; how many they are is known, where they are only of
/// the last ones.
#[derive(Debug, Clone)]
pub struct Histogram {
    values: Values,
    count: u64,
}

#[derive(Debug, Clone)]
enum Values {
    Kept(Vec<f64>),
    Binned(Binned),
}

#[derive(Debug, Clone)]
struct Binned {
    bins: Bins,
    far: Vec<f64>,
    /// Values that were far away and are forgotten.
    forgotten: u64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram {
            values: Values::Kept(Vec::new()),
            count: 0,
        }
    }
}

impl Histogram {
    /// A value that is not finite is left out.
    #[inline]
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.count += 1;
        match &mut self.values {
            Values::Kept(kept) => {
                kept.push(value);
                if kept.len() == KEPT {
                    self.values = Values::Binned(Binned::of(kept));
                }
            }
            Values::Binned(binned) => binned.add(value, self.count),
        }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// As bars from one value to another that together hold all values between them, but for rounding to bins and for what is
    /// forgotten.
    pub fn bars(&self, from: f64, to: f64) -> Vec<Bar> {
        let inside = |value: &&f64| (from..=to).contains(*value);
        let bins = match &self.values {
            Values::Kept(kept) => {
                let kept: Vec<f64> = kept.iter().filter(inside).copied().collect();
                Bins::of(&kept)
            }
            Values::Binned(binned) => {
                let mut bins = binned.bins.clone();
                let far = binned.far.iter().filter(inside);
                far.for_each(|&value| bins.add_anywhere(value));
                bins
            }
        };
        // Rice's rule, up to as many as can be told apart.
        let most = (2.0 * (self.count as f64).cbrt()).clamp(8.0, 60.0) as usize;
        bins.bars(bins.place(from), bins.place(to), most)
    }
}

impl Binned {
    /// With bins for all of them but the farthest, if these lie far from the others.
    fn of(values: &[f64]) -> Binned {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let ends = (values.len() as f64 * RARE) as usize;
        let central = &sorted[ends..sorted.len() - ends];
        let length = |values: &[f64]| match values {
            [first, .., last] => last / 2.0 - first / 2.0,
            _ => 0.0,
        };
        let are_far = length(central) > 0.0 && length(&sorted) > 2.0 * length(central);
        let of = if are_far { central } else { &sorted };
        let mut binned = Binned {
            bins: Bins::of(of),
            far: Vec::new(),
            forgotten: 0,
        };
        if are_far {
            let both = sorted[..ends].iter().chain(&sorted[sorted.len() - ends..]);
            both.for_each(|&value| binned.add(value, values.len() as u64));
        }
        binned
    }

    #[inline]
    fn add(&mut self, value: f64, count: u64) {
        if !self.bins.add(value) {
            self.far.push(value);
            if self.far.len() == FAR {
                self.make_room(count);
            }
        }
    }

    /// Forgets the farther half if they are rare among so many; else the nearer half gets bins.
    #[cold]
    fn make_room(&mut self, count: u64) {
        let bins = &self.bins;
        self.far
            .sort_unstable_by(|a, b| bins.distance(*a).total_cmp(&bins.distance(*b)));
        let all = self.far.len() as u64 + self.forgotten;
        if all as f64 <= count as f64 * RARE {
            self.forgotten += (FAR / 2) as u64;
            self.far.truncate(FAR / 2);
        } else {
            for value in self.far.drain(..FAR / 2) {
                self.bins.add_anywhere(value);
            }
        }
    }
}

#[cfg(test)]
#[path = "histogram_tests.rs"]
mod tests;
