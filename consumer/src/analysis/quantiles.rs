//! Quantiles of a stream in bounded memory.
//!
//! A quantile is that of NumPy and most others: where it falls between two values in their order,
//! it is interpolated linearly.
//!
//! Up to [`EXACT`] values are kept, and the quantiles are exact. Beyond that they come from
//! sketches (`DDSketch`, Masson, Rim and Lee, VLDB 2019) that are right to [`ACCURACY`] of the
//! value, wherever in the distribution.
//!
//! Right to a fraction *of the value* says little about an air pressure that moves by 10 Pa around
//! 101 325 Pa. So there are two sketches, one of the values and one of their distances from the
//! first value; each knows how far off it may be, and the better one answers.
//!
//! A sketch covers 14 decades on either side of zero (more would be memory without a bound); of
//! values that span more the smallest are taken for larger ones.

use sketches_ddsketch::{Config, DDSketch};

/// Values kept before the sketches take over.
const EXACT: usize = 4096;
/// How far off a sketch may be, as a fraction of what it was given.
const ACCURACY: f64 = 0.002;
/// Bins of a sketch, at most; a decade takes `ln 10 / (2 · ACCURACY)` = 576 of them.
const BINS: u32 = 8192;

/// The distribution of finite values. Those that are merged have to share an origin.
#[derive(Clone)]
pub struct Quantiles {
    origin: f64,
    values: Values,
}

#[derive(Clone)]
enum Values {
    Kept(Vec<f64>),
    Sketched(Box<Sketches>),
}

#[derive(Clone)]
struct Sketches {
    values: DDSketch,
    distances: DDSketch,
}

impl Quantiles {
    /// No values yet; `origin` is one that may be typical.
    pub fn around(origin: f64) -> Quantiles {
        Quantiles {
            origin,
            values: Values::Kept(Vec::new()),
        }
    }

    pub fn add(&mut self, value: f64) {
        let origin = self.origin;
        match &mut self.values {
            Values::Kept(kept) if kept.len() < EXACT => kept.push(value),
            Values::Sketched(sketches) => sketches.add(value, origin),
            Values::Kept(_) => self.sketched().add(value, origin),
        }
    }

    pub fn merge(&mut self, other: &Quantiles) {
        match &other.values {
            Values::Kept(kept) => kept.iter().for_each(|&value| self.add(value)),
            Values::Sketched(sketches) => {
                let own = self.sketched();
                // Sketches refuse others of a different configuration; there is only one here.
                let _ = own.values.merge(&sketches.values);
                let _ = own.distances.merge(&sketches.distances);
            }
        }
    }

    /// The values that these fractions of all values lie below; `None` without values.
    pub fn at(&self, fractions: impl IntoIterator<Item = f64>) -> Vec<Option<f64>> {
        let fractions = fractions.into_iter();
        match &self.values {
            Values::Kept(kept) => {
                let mut sorted = kept.clone();
                sorted.sort_unstable_by(f64::total_cmp);
                let ranked = |rank: usize| sorted.get(rank).copied();
                fractions
                    .map(|q| interpolated(sorted.len(), q, ranked))
                    .collect()
            }
            Values::Sketched(sketches) => fractions.map(|q| sketches.at(q, self.origin)).collect(),
        }
    }

    #[cold]
    fn sketched(&mut self) -> &mut Sketches {
        if let Values::Kept(kept) = &self.values {
            let mut sketches = Sketches::new();
            kept.iter()
                .for_each(|&value| sketches.add(value, self.origin));
            self.values = Values::Sketched(Box::new(sketches));
        }
        match &mut self.values {
            Values::Sketched(sketches) => sketches,
            Values::Kept(_) => unreachable!("replaced above"),
        }
    }
}

/// The quantile of `n` values of which `ranked` tells each by its rank, the smallest having 0.
fn interpolated(n: usize, q: f64, ranked: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    let place = q * n.checked_sub(1)? as f64;
    let (below, above) = (
        ranked(place.floor() as usize)?,
        ranked(place.ceil() as usize)?,
    );
    let part = place.fract();
    // Not below + part * (above - below): the difference may be more than an f64 can hold.
    Some(below * (1.0 - part) + above * part)
}

impl Sketches {
    fn new() -> Sketches {
        let config = Config::new(ACCURACY, BINS, f64::MIN_POSITIVE);
        Sketches {
            values: DDSketch::new(config),
            distances: DDSketch::new(config),
        }
    }

    #[inline]
    fn add(&mut self, value: f64, origin: f64) {
        self.values.add(value);
        // An infinite distance would ask for infinitely many bins.
        let distance = (value - origin).clamp(f64::MIN, f64::MAX);
        self.distances.add(distance);
    }

    fn at(&self, q: f64, origin: f64) -> Option<f64> {
        interpolated(self.values.count(), q, |rank| self.ranked(rank, origin))
    }

    fn ranked(&self, rank: usize, origin: f64) -> Option<f64> {
        // The sketch rounds down to a rank, so the middle of the way to the next one is safe.
        let last = self.values.count().checked_sub(1)?;
        let q = ((rank as f64 + 0.5) / last as f64).min(1.0);
        let value = self.values.quantile(q).ok()??;
        let distance = self.distances.quantile(q).ok()??;
        let better = if distance.abs() < value.abs() {
            origin + distance
        } else {
            value
        };
        Some(better)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(quantiles: &Quantiles, q: f64) -> Option<f64> {
        quantiles.at([q])[0]
    }

    fn of(values: impl IntoIterator<Item = f64>) -> Quantiles {
        let mut values = values.into_iter().peekable();
        let mut quantiles = Quantiles::around(*values.peek().unwrap());
        values.for_each(|value| quantiles.add(value));
        quantiles
    }

    /// Values spread evenly between two bounds, in an order that jumps about.
    fn even(from: f64, to: f64, n: usize) -> impl Iterator<Item = f64> {
        let shuffled = (0..n).map(move |i| i * 7919 % n);
        shuffled.map(move |i| from + (to - from) * i as f64 / (n - 1) as f64)
    }

    #[test]
    fn few_values_are_exact() {
        assert_eq!(at(&Quantiles::around(0.0), 0.5), None);
        assert_eq!(at(&of([7.0]), 0.99), Some(7.0));
        assert_eq!(at(&of([4.0, 1.0, 3.0, 2.0]), 0.5), Some(2.5));
        let hundred = of((1..=100).map(f64::from));
        assert!((at(&hundred, 0.99).unwrap() - 99.01).abs() < 1e-12);
    }

    #[test]
    fn many_values_are_right_to_a_fraction_of_the_value() {
        for (from, to) in [
            (0.0, 1.0),
            (-1e6, 1e6),
            (1e-12, 1e-9),
            (-40.0, -20.0),
            (0.0, 1e300),
        ] {
            let quantiles = of(even(from, to, 100_003));
            for q in [0.01, 0.5, 0.99] {
                let expected = from + (to - from) * q;
                let error = (at(&quantiles, q).unwrap() - expected).abs();
                let step = (to - from) / 1e5;
                assert!(
                    error <= ACCURACY * expected.abs() + step,
                    "{q} of {from}..{to}"
                );
            }
        }
    }

    #[test]
    fn far_tails_are_interpolated() {
        // 99 % of the way through lies between the last small value and the first large one.
        let quantiles = of((0..10_000).map(|i| if i < 9_900 { 1.0 } else { 101.0 }));
        let high = at(&quantiles, 0.99).unwrap();
        assert!((high - 2.0).abs() < 0.1, "{high}");
    }

    #[test]
    fn small_movements_around_a_large_value_are_resolved() {
        let pressure = of(even(101_320.0, 101_330.0, 50_021));
        let median = at(&pressure, 0.5).unwrap();
        assert!((median - 101_325.0).abs() < 0.02, "{median}");
        let high = at(&pressure, 0.99).unwrap();
        assert!((high - 101_329.9).abs() < 0.03, "{high}");
    }

    #[test]
    fn a_first_value_far_from_all_others_does_no_harm() {
        let quantiles = of(std::iter::once(1e12).chain(even(1.0, 2.0, 50_021)));
        let median = at(&quantiles, 0.5).unwrap();
        assert!((median - 1.5).abs() < 0.004, "{median}");
    }

    #[test]
    fn merging_is_as_good_as_adding() {
        let values: Vec<f64> = even(-5.0, 20.0, 30_011).collect();
        for cuts in [[100, 200], [100, 20_000], [15_000, 15_100]] {
            let mut merged = Quantiles::around(values[0]);
            let parts = [
                &values[..cuts[0]],
                &values[cuts[0]..cuts[1]],
                &values[cuts[1]..],
            ];
            for part in parts {
                let mut period = Quantiles::around(values[0]);
                part.iter().for_each(|&value| period.add(value));
                merged.merge(&period);
            }
            for q in [0.01, 0.5, 0.99] {
                assert_eq!(at(&merged, q), at(&of(values.iter().copied()), q));
            }
        }
    }

    #[test]
    fn extreme_values_are_survived() {
        let extremes = [
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            0.0,
            -0.0,
            5e-324,
            1.0,
        ];
        let mut quantiles = of(extremes);
        for _ in 0..2_000 {
            extremes.iter().for_each(|&value| quantiles.add(value));
        }
        assert!(at(&quantiles, 0.5).unwrap().is_finite());
        assert!(at(&quantiles, 0.99).unwrap() > 1e308);
    }
}
