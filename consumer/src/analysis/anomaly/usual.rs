//! What values are like, and where those of one kind become those of another.

use serde::Serialize;

use crate::analysis::robust::MAD_TO_DEVIATION;

/// What the mean of the smallest nine tenths of their distances from the median is short of.
const OF_MOST: f64 = 1.52;

/// What values are like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Usual {
    /// The median.
    pub level: f64,
    /// As wide as a standard deviation, for what is normally distributed.
    pub spread: f64,
    /// How many there were.
    #[serde(skip)]
    pub values: usize,
}

impl Usual {
    /// `None` of no values, and of some so large that nothing can be said. NaN is none.
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Usual> {
        let mut values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
        let count = values.len();
        let level = median(&mut values)?;
        for value in &mut values {
            *value = (*value - level).abs();
        }
        values.sort_unstable_by(f64::total_cmp);
        let most = &values[..count - count / 10];
        let spread = OF_MOST * most.iter().sum::<f64>() / most.len() as f64;
        spread.is_finite().then_some(Usual {
            level,
            spread,
            values: count,
        })
    }
}

/// Median, and 1.4826 · MAD.
pub fn middle(mut values: Vec<f64>) -> Option<(f64, f64)> {
    let median = median(&mut values)?;
    for value in &mut values {
        *value = (*value - median).abs();
    }
    let mad = self::median(&mut values)?;
    Some((median, MAD_TO_DEVIATION * mad))
}

fn median(values: &mut [f64]) -> Option<f64> {
    let half = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let is_odd = values.len() % 2 == 1;
    let (below, &mut above, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    if is_odd {
        return Some(above);
    }
    let below = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(below / 2.0 + above / 2.0)
}

/// The first value of the new kind, if old ones come first.
pub fn division(values: &[f64], old: Usual, new: Usual, least_spread: f64) -> usize {
    let unlikely = |value: f64, usual: Usual| {
        let spread = usual.spread.max(least_spread);
        spread.ln() + ((value - usual.level) / spread).abs()
    };
    let (mut sum, mut least, mut best) = (0.0, f64::INFINITY, values.len() - 1);
    for (i, &value) in values.iter().enumerate() {
        if value.is_nan() {
            continue;
        }
        // Strictly less: the earliest one that is as good.
        if sum < least {
            (least, best) = (sum, i);
        }
        let difference = unlikely(value, old) - unlikely(value, new);
        // What overflows decides as much as anything that large.
        sum += difference.clamp(-1e300, 1e300);
    }
    best
}
