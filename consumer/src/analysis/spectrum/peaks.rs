//! The frequencies that stand out of a density.
//!
//! A peak is higher than the noise on both of its sides: than the median of up to half an octave there, by as much as
//! the highest of all frequencies of white noise would be only once in a thousand spectra, but twice as high at least, as
//! what a sensor does is less steady than that; and there is a valley of that depth between it and anything higher nearby,
//! so that a broad hill is one peak and not many. What goes less than three times into a segment cannot be told from a
//! trend.
//!
//! The power of a peak is what lies above the noise under the main lobe of the window, which for a steady sine is all of it
//! but a part in two thousand; from the two highest values its frequency follows exactly (Grandke, IEEE Trans. Instrum.
//! Meas. 32, 1983), apart from noise and neighbours.

use std::f64::consts::PI;
use std::ops::RangeInclusive;

use serde::Serialize;

/// Times that a frequency has to go into a segment.
pub const LOWEST: usize = 3;
/// Half of the main lobe of a Hann window, in frequencies.
const LOBE: usize = 2;
/// Frequencies beside a peak that are looked at, at least and at most.
const BESIDE: RangeInclusive<usize> = 32..=512;
/// How many times its noise a peak is, at least.
const LEAST: f64 = 2.0;
/// How often the highest of all is as high by chance.
const CHANCE: f64 = 1e-3;

/// What has no more than this part of the power comes from rounding.
const ROUNDING: f64 = 1e-24;

/// A frequency that stands out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Peak {
    pub frequency_hz: f64,
    /// Of a sine that has all of its power.
    pub amplitude: f64,
    /// The density at its top.
    pub psd: f64,
    pub over_noise_db: f64,
    /// Its part of the power at all frequencies.
    pub share: f64,
}

/// The power at all frequencies but 0.
pub fn power(psd: &[f64], resolution_hz: f64) -> f64 {
    psd.iter().skip(1).sum::<f64>() * resolution_hz
}

/// The most powerful ones of a density that is the mean of so many segments, the most powerful first.
pub fn find(psd: &[f64], resolution_hz: f64, segments: u64, most: usize) -> Vec<Peak> {
    let height = height_of_chance(psd.len(), segments).max(LEAST);
    let all = power(psd, resolution_hz);
    let mut found: Vec<Peak> = (LOWEST..psd.len().saturating_sub(LOWEST))
        .filter(|&top| psd[top] > psd[top - 1] && psd[top] >= psd[top + 1])
        .filter_map(|top| {
            let (left, right) = noise_beside(psd, top);
            let is_high = psd[top] >= left.max(right) * height;
            let is_peak = is_high && has_valleys(psd, top, height);
            is_peak.then(|| peak(psd, resolution_hz, top, (left, right), all))
        })
        .filter(|peak| peak.share > ROUNDING)
        .collect();
    found.sort_by(|a, b| b.amplitude.total_cmp(&a.amplitude));
    found.truncate(most);
    found
}

fn peak(psd: &[f64], resolution_hz: f64, top: usize, noise: (f64, f64), all: f64) -> Peak {
    // Beside the lowest ones there may be nothing but their own foot.
    let (noise, higher) = (noise.0.min(noise.1), noise.0.max(noise.1));
    let above = |bin: usize| (psd[bin] - noise).max(0.0);
    // Another one's slope is not part of this one.
    let falls = |from: usize, to: usize| psd[to] <= psd[from];
    let mut lobe = above(top);
    let left = (1..=LOBE).take_while(|by| falls(top - by + 1, top - by));
    lobe += left.map(|by| above(top - by)).sum::<f64>();
    let right = (1..=LOBE).take_while(|by| falls(top + by - 1, top + by));
    lobe += right.map(|by| above(top + by)).sum::<f64>();
    let power = lobe * resolution_hz;

    let (neighbour, side) = if above(top + 1) >= above(top - 1) {
        (above(top + 1), 1.0)
    } else {
        (above(top - 1), -1.0)
    };
    let ratio = (neighbour / above(top)).sqrt();
    // 0 where the line lies on a frequency, and the neighbour has a quarter of its power.
    let off = ((2.0 * ratio - 1.0) / (ratio + 1.0)).clamp(-0.5, 0.5);
    Peak {
        frequency_hz: (top as f64 + side * off) * resolution_hz,
        amplitude: (2.0 * power).sqrt(),
        psd: psd[top],
        over_noise_db: 10.0 * (psd[top] / higher).log10(),
        share: (power / all).min(1.0),
    }
}

/// The medians of the two sides of a top.
fn noise_beside(psd: &[f64], top: usize) -> (f64, f64) {
    let beside = beside(top);
    let below = top.saturating_sub(beside).max(1)..=(top.saturating_sub(LOBE + 1)).max(1);
    let above = (top + LOBE + 1).min(psd.len() - 2)..=(top + beside).min(psd.len() - 2);
    (median(&psd[below]), median(&psd[above]))
}

fn has_valleys(psd: &[f64], top: usize, height: f64) -> bool {
    let valley = |values: &mut dyn Iterator<Item = &f64>| {
        let until_higher = values.take(beside(top)).take_while(|&&v| v <= psd[top]);
        until_higher.copied().fold(f64::INFINITY, f64::min)
    };
    let left = valley(&mut psd[1..top].iter().rev());
    let right = valley(&mut psd[top + 1..psd.len() - 1].iter());
    left.max(right) * height <= psd[top]
}

fn beside(top: usize) -> usize {
    (top / 4).clamp(*BESIDE.start(), *BESIDE.end())
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// How many times its median the highest of so many frequencies of white noise is, by chance.
///
/// The mean of so many segments is distributed as χ², with two degrees of freedom for each of them, less a twentieth:
/// they overlap by half (Welch). Its quantiles by Wilson and Hilferty (PNAS 17, 1931).
fn height_of_chance(bins: usize, segments: u64) -> f64 {
    let segments = segments as f64;
    let freedom = 2.0 * segments / (1.0 + (segments - 1.0) / segments / 18.0);
    // Of a normal distribution, so far out in its tail that the first two terms will do.
    let rarity = (bins as f64 / CHANCE).ln();
    let deviations = (2.0 * rarity - (4.0 * PI * rarity).ln()).sqrt();
    let spread = 2.0 / (9.0 * freedom);
    let (median, high) = (1.0 - spread, 1.0 - spread + deviations * spread.sqrt());
    (high / median).powi(3)
}

#[cfg(test)]
#[path = "peaks_tests.rs"]
mod tests;
