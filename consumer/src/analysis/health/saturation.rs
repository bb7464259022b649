//! Saturated: the values end at a wall.
//!
//! With a range it is saturated who is at its ends, or beyond. Without one a wall is known by what stands at it: the
//! largest value ever (or the smallest) came [`OFTEN`] times at least, in [`VISITS`] separate visits, and [`TIMES`] as
//! often as each of the three values next to it. A signal that turns by itself, noise or not, rounded or not, has no
//! such crowd at its edge. Zero is no wall: much rests there by nature.

/// So often, at least.
const OFTEN: u64 = 16;
/// In so many visits: who came once and stayed is stuck, or counts.
const VISITS: u64 = 4;
/// So many times as often as its neighbours.
const TIMES: u64 = 4;
/// The largest value and its neighbours.
const KEPT: usize = 4;

/// Both ends of what a field can say.
#[derive(Debug)]
pub struct Saturation {
    range: Option<(f64, f64)>,
    top: Edge,
    bottom: Edge,
}

/// The largest values, or with the other sign the smallest, and how often they came: exact, as what is not among them
/// any more never will be.
#[derive(Debug)]
struct Edge {
    values: [f64; KEPT],
    counts: [u64; KEPT],
    visits: u64,
    is_there: bool,
}

impl Saturation {
    pub fn of(range: Option<(f64, f64)>) -> Saturation {
        Saturation {
            range,
            top: Edge::new(),
            bottom: Edge::new(),
        }
    }

    /// One more finite value. Returns whether it is at a wall.
    #[inline]
    pub fn add(&mut self, value: f64) -> bool {
        let is_at_top = self.top.add(value);
        let is_at_bottom = self.bottom.add(-value);
        match self.range {
            Some((low, high)) => value <= low || value >= high,
            None => is_at_top || is_at_bottom,
        }
    }

    /// Whether the last value was the smallest or the largest one.
    pub fn is_extreme(&self) -> bool {
        self.top.is_there || self.bottom.is_there
    }

    /// The smallest and the largest value.
    pub fn extremes(&self) -> Option<(f64, f64)> {
        let (low, high) = (-self.bottom.values[0], self.top.values[0]);
        (self.top.visits > 0).then_some((low, high))
    }
}

impl Edge {
    fn new() -> Edge {
        Edge {
            values: [f64::NEG_INFINITY; KEPT],
            counts: [0; KEPT],
            visits: 0,
            is_there: false,
        }
    }

    #[inline]
    fn add(&mut self, value: f64) -> bool {
        if value < self.values[KEPT - 1] {
            self.is_there = false;
            return false;
        }
        self.count(value)
    }

    fn count(&mut self, value: f64) -> bool {
        let place = self.values.partition_point(|&larger| larger > value);
        if self.values[place] == value {
            self.counts[place] += 1;
        } else {
            self.values[place..].rotate_right(1);
            self.counts[place..].rotate_right(1);
            (self.values[place], self.counts[place]) = (value, 1);
            if place == 0 {
                self.visits = 0;
                self.is_there = false;
            }
        }
        let was_there = std::mem::replace(&mut self.is_there, place == 0);
        self.visits += u64::from(self.is_there && !was_there);
        self.is_there && self.is_wall()
    }

    fn is_wall(&self) -> bool {
        let beside = self.counts[1..].iter().max().copied().unwrap_or(0);
        self.counts[0] >= OFTEN.max(TIMES * beside)
            && self.visits >= VISITS
            && self.values[0] != 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of them are said to be at a wall.
    fn found(values: impl IntoIterator<Item = f64>) -> usize {
        let mut saturation = Saturation::of(None);
        values
            .into_iter()
            .filter(|&value| saturation.add(value))
            .count()
    }

    fn noise(seed: u64) -> impl Iterator<Item = f64> {
        let mut state = seed;
        std::iter::repeat_with(move || {
            // Twelve uniform ones are nearly normal (mean 0, deviation 1).
            let mut sum = -6.0;
            for _ in 0..12 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                sum += (state >> 11) as f64 / (1u64 << 53) as f64;
            }
            sum
        })
    }

    fn sine(n: usize) -> impl Iterator<Item = f64> {
        (0..n).map(|i| (i as f64 / 50.0).sin())
    }

    #[test]
    fn clipped_signals_are_found() {
        assert!(found(sine(100_000).map(|x| x.clamp(-0.9, 0.9))) > 20_000);
        assert!(found(sine(100_000).map(|x| x.min(0.9))) > 10_000);
        assert!(found(sine(100_000).map(|x| (x.min(0.8) * 100.0).round())) > 10_000);
        assert!(found(noise(1).take(100_000).map(|x| x.min(2.0))) > 2_000);
    }

    #[test]
    fn signals_that_turn_by_themselves_are_not() {
        assert_eq!(found(sine(100_000)), 0);
        for levels in [10.0, 12.5, 100.0, 1000.0] {
            assert_eq!(
                found(sine(100_000).map(|x| (x * levels).round())),
                0,
                "{levels}"
            );
        }
        for scale in [1.0, 3.0, 10.0, 1e6] {
            let rounded = noise(7).take(200_000).map(|x| (x * scale).round());
            assert_eq!(found(rounded), 0, "{scale}");
        }
        // Standing at the largest value so far, as a counter does, or going to zero.
        assert_eq!(found((0..10_000).map(|n| f64::from(n / 100))), 0);
        assert_eq!(found(sine(100_000).map(|x| x.max(0.0))), 0);
    }

    #[test]
    fn ends_of_a_range_are_saturated_at_once() {
        let mut saturation = Saturation::of(Some((-2.0, 2.0)));
        let found = [0.0, 1.9, 2.0, 7.0, -2.0].map(|value| saturation.add(value));
        assert_eq!(found, [false, false, true, true, true]);
        assert_eq!(saturation.extremes(), Some((-2.0, 7.0)));
        assert_eq!(Saturation::of(None).extremes(), None);
    }
}
