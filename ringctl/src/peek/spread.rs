//! How much times spread, and how it is said.

use average::{Estimate, Max, Min, Variance};
use serde::Serialize;

/// How much values spread, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    #[serde(skip)]
    pub(crate) mean: f64,
    #[serde(rename = "min_s")]
    pub(crate) min: f64,
    #[serde(rename = "max_s")]
    pub(crate) max: f64,
    /// Of the population, as ROS has it.
    #[serde(rename = "std_s")]
    pub(crate) std: f64,
}

impl Spread {
    /// Of nanoseconds; `None` if there are none.
    pub(crate) fn of_ns(values: impl Iterator<Item = f64>) -> Option<Spread> {
        let (mut variance, mut min, mut max) = (Variance::new(), Min::new(), Max::new());
        for seconds in values.map(|ns| ns / 1e9) {
            variance.add(seconds);
            min.add(seconds);
            max.add(seconds);
        }
        (!variance.is_empty()).then(|| Spread {
            mean: variance.mean(),
            min: min.min(),
            max: max.max(),
            std: variance.population_variance().sqrt(),
        })
    }
}

/// Decimals of seconds about as large as these: three as in ROS, and more where that would be nothing but zeros. Of
/// deviations two more.
pub(crate) fn decimals(seconds: f64) -> usize {
    const LEAST: f64 = 3.0;
    const MOST: f64 = 9.0;
    if seconds == 0.0 || !seconds.is_finite() {
        return LEAST as usize;
    }
    let leading_zeros = -(seconds.abs() * 2.0).log10();
    (leading_zeros.ceil() + 2.0).clamp(LEAST, MOST) as usize
}

/// Seconds as ROS writes them: the least, the most and the deviation.
pub(crate) fn spread_text(spread: &Spread, decimals: usize) -> String {
    let Spread { min, max, std, .. } = spread;
    let more = decimals + 2;
    format!("min: {min:.decimals$}s max: {max:.decimals$}s std dev: {std:.more$}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_those_of_the_population() {
        let spread = Spread::of_ns([1e9, 2e9, 3e9, 4e9].into_iter()).unwrap();
        assert_eq!((spread.mean, spread.min, spread.max), (2.5, 1.0, 4.0));
        assert!((spread.std - 1.25f64.sqrt()).abs() < 1e-12);
        assert_eq!(Spread::of_ns([7e9].into_iter()).unwrap().std, 0.0);
        assert_eq!(Spread::of_ns(std::iter::empty()), None);
    }

    #[test]
    fn decimals_grow_as_times_shrink() {
        let found = [100.0, 1.0, 0.1, 0.06, 0.01, 0.001, 1e-6, 1e-12].map(decimals);
        assert_eq!(found, [3, 3, 3, 3, 4, 5, 8, 9]);
        assert_eq!(
            [0.0, f64::NAN, f64::INFINITY, -0.01].map(decimals),
            [3, 3, 3, 4]
        );
    }
}
