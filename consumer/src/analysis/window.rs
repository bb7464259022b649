//! The last N values, always sorted: their median and their spread at any moment.
//!
//! A sorted array and the order of arrival. Moving the values between the place of the one that
//! leaves and the place of the one that comes is a `memmove` of a few KiB, which for the windows
//! used here is faster than trees and heaps; median and spread are then a few steps of bisection.

use std::collections::VecDeque;

/// The last values of a stream. They have to be finite.
#[derive(Debug)]
pub struct Window {
    capacity: usize,
    arrived: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl Window {
    /// A window of `capacity` values, which must not be 0.
    pub fn new(capacity: usize) -> Window {
        Window {
            capacity,
            arrived: VecDeque::new(),
            sorted: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Which part of its values are there.
    pub fn fullness(&self) -> f64 {
        self.len() as f64 / self.capacity as f64
    }

    /// Takes a value in; the oldest one leaves when there are more than `capacity`.
    pub fn push(&mut self, value: f64) {
        let to = self.sorted.partition_point(|&other| other < value);
        let full = self.arrived.len() == self.capacity;
        self.arrived.push_back(value);
        let leaving = if full { self.arrived.pop_front() } else { None };
        let Some(oldest) = leaving else {
            self.sorted.insert(to, value);
            return;
        };
        let from = self.sorted.partition_point(|&other| other < oldest);
        if from < to {
            self.sorted.copy_within(from + 1..to, from);
            self.sorted[to - 1] = value;
        } else {
            self.sorted.copy_within(to..from, to + 1);
            self.sorted[to] = value;
        }
    }

    /// Lets the `n` oldest values leave.
    pub fn forget(&mut self, n: usize) {
        self.arrived.drain(..n.min(self.arrived.len()));
        self.sorted.clear();
        self.sorted.extend(&self.arrived);
        self.sorted.sort_unstable_by(f64::total_cmp);
    }

    /// The value in the middle; of an even number of values, the middle of the two.
    pub fn median(&self) -> Option<f64> {
        let n = self.sorted.len();
        let above = *self.sorted.get(n / 2)?;
        if n % 2 == 1 {
            return Some(above);
        }
        let below = self.sorted[n / 2 - 1];
        Some(below / 2.0 + above / 2.0)
    }

    /// The distance from `center` within which just over half of the values lie. From the median
    /// it is the median absolute deviation (MAD).
    pub fn half_width(&self, center: f64) -> Option<f64> {
        let half = self.sorted.len() / 2;
        let last = self.sorted.len().checked_sub(half + 1)?;
        // Just over half of the values, next to each other: those around the center have the
        // furthest of them as near as can be. Moving up brings the upper end away from it and the
        // lower end towards it, so bisection finds where the two balance.
        let ends = |first: usize| {
            let (low, high) = (self.sorted[first], self.sorted[first + half]);
            (center - low, high - center)
        };
        let (mut low, mut high) = (0, last);
        while low < high {
            let middle = low.midpoint(high);
            let (below, above) = ends(middle);
            if below > above {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let reach = |first: usize| {
            let (below, above) = ends(first);
            below.max(above)
        };
        let nearest = reach(low);
        Some(if low > 0 {
            nearest.min(reach(low - 1))
        } else {
            nearest
        })
    }

    /// The sum of the squared distances from `center`.
    pub fn squares(&self, center: f64) -> f64 {
        // Values equal to the center add nothing, and where this is asked for they are many.
        let below = self.sorted.partition_point(|&value| value < center);
        let above = self.sorted.partition_point(|&value| value <= center);
        let square = |&value: &f64| (value - center) * (value - center);
        let low: f64 = self.sorted[..below].iter().map(square).sum();
        let high: f64 = self.sorted[above..].iter().map(square).sum();
        low + high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random, many of them equal.
    fn numbers(n: usize) -> impl Iterator<Item = f64> {
        let mut state = 1u64;
        (0..n).map(move |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 58) as f64 - 20.0
        })
    }

    fn median_of(values: &[f64]) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        if n % 2 == 1 {
            sorted[n / 2]
        } else {
            (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0
        }
    }

    fn half_width_of(values: &[f64], center: f64) -> f64 {
        let mut distances: Vec<f64> = values.iter().map(|value| (value - center).abs()).collect();
        distances.sort_by(f64::total_cmp);
        distances[distances.len() / 2]
    }

    #[test]
    fn it_agrees_with_sorting_every_time() {
        for capacity in [1, 2, 3, 10, 101] {
            let all: Vec<f64> = numbers(1_000).collect();
            let mut window = Window::new(capacity);
            for (i, &value) in all.iter().enumerate() {
                window.push(value);
                let last = &all[(i + 1).saturating_sub(capacity)..=i];
                assert_eq!(window.len(), last.len());
                let median = median_of(last);
                assert_eq!(window.median(), Some(median));
                for center in [median, 0.5, -100.0, 100.0] {
                    assert_eq!(window.half_width(center), Some(half_width_of(last, center)));
                    let squares: f64 = last.iter().map(|value| (value - center).powi(2)).sum();
                    assert_eq!(window.squares(center), squares);
                }
            }
        }
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut window = Window::new(5);
        [5.0, 1.0, 4.0, 2.0, 3.0]
            .into_iter()
            .for_each(|value| window.push(value));
        window.forget(2);
        assert_eq!((window.len(), window.median()), (3, Some(3.0)));
        window.push(-1.0);
        assert_eq!(window.median(), Some(2.5));
        window.forget(usize::MAX);
        assert_eq!(
            (window.len(), window.median(), window.half_width(0.0)),
            (0, None, None)
        );
        window.push(7.0);
        assert_eq!(window.median(), Some(7.0));
    }

    #[test]
    fn zeros_of_both_signs_are_one_value() {
        let mut window = Window::new(2);
        [0.0, -0.0, 0.0, -0.0, 1.0, -0.0]
            .into_iter()
            .for_each(|value| window.push(value));
        assert_eq!(window.median(), Some(0.5));
    }
}
