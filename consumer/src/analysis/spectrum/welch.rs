//! The power spectral density of a signal, by Welch's method (IEEE Trans. Audio Electroacoust. 15, 1967).
//!
//! A segment has its mean taken away, is weighed with a periodic Hann window and transformed; the squares of many
//! segments are averaged. As `scipy.signal.welch` does it by default.

use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Turns segments into densities.
pub struct Welch {
    fft: Arc<dyn RealToComplex<f64>>,
    window: Vec<f64>,
    /// The sum of the squares of the window.
    weight: f64,
    weighed: Vec<f64>,
    transformed: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

/// The densities of many segments.
#[derive(Debug, Clone, PartialEq)]
pub struct Densities {
    /// One-sided, as if there were one value a second.
    sum: Vec<f64>,
    pub segments: u64,
    /// Segments left out, for a gap or for a value in them that is not finite.
    pub dropped: u64,
    /// Values that are in any of the segments.
    pub used: u64,
}

impl Welch {
    /// For segments of so many values, which must not be 0.
    pub fn of(window: usize) -> Welch {
        let fft = RealFftPlanner::new().plan_fft_forward(window);
        let hann = |i| 0.5 - 0.5 * (TAU * i as f64 / window as f64).cos();
        let window: Vec<f64> = (0..window).map(hann).collect();
        Welch {
            weight: window.iter().map(|weight| weight * weight).sum(),
            weighed: fft.make_input_vec(),
            transformed: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
            window,
        }
    }

    /// How many frequencies there are, from 0 to half the rate.
    pub fn bins(&self) -> usize {
        self.transformed.len()
    }

    /// Adds the density of a segment, and says whether it has one: what is not finite, or too large to be squared, has
    /// none.
    pub fn add(&mut self, values: &[f64], into: &mut Densities) -> bool {
        let n = values.len() as f64;
        let mean = values.iter().map(|value| value / n).sum::<f64>();
        for ((weighed, value), weight) in self.weighed.iter_mut().zip(values).zip(&self.window) {
            *weighed = (value - mean) * weight;
        }
        let done = self.fft.process_with_scratch(
            &mut self.weighed,
            &mut self.transformed,
            &mut self.scratch,
        );
        let power: f64 = self.transformed.iter().map(Complex::norm_sqr).sum();
        if done.is_err() || !power.is_finite() {
            return false;
        }
        // What is at a negative frequency too; only 0 and half the rate are not.
        let last = if values.len().is_multiple_of(2) {
            self.bins() - 1
        } else {
            self.bins()
        };
        for (bin, (sum, value)) in into.sum.iter_mut().zip(&self.transformed).enumerate() {
            let sides = if bin == 0 || bin == last { 1.0 } else { 2.0 };
            *sum += value.norm_sqr() * (sides / self.weight);
        }
        true
    }
}

impl Densities {
    pub fn none(bins: usize) -> Densities {
        Densities {
            sum: vec![0.0; bins],
            segments: 0,
            dropped: 0,
            used: 0,
        }
    }

    /// Adds those of a period, and forgets them there.
    pub fn take(&mut self, period: &mut Densities) {
        for (sum, other) in self.sum.iter_mut().zip(&mut period.sum) {
            *sum += std::mem::take(other);
        }
        self.segments += std::mem::take(&mut period.segments);
        self.dropped += std::mem::take(&mut period.dropped);
        self.used += std::mem::take(&mut period.used);
    }

    /// Their mean at this rate, in squared units per hertz; `None` without a segment.
    pub fn mean(&self, rate_hz: f64) -> Option<Vec<f64>> {
        let scale = 1.0 / (self.segments as f64 * rate_hz);
        let density = || self.sum.iter().map(|sum| sum * scale).collect();
        (self.segments > 0).then(density)
    }
}
