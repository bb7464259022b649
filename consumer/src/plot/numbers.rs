//! The numbers of an axis, whatever it counts.

use super::axis::Reach;
use super::canvas::width;
use super::ticks::{self, Ticks};
use super::{Axis, Scale, clock, style};

/// The numbers of an axis with room for so many.
pub fn numbers(axis: &Axis, reach: &Reach, room: f64) -> Ticks {
    let of_clock = match axis.scale {
        Scale::Clock(origin) => clock::of(reach, origin, room),
        Scale::Linear | Scale::Log => None,
    };
    of_clock.unwrap_or_else(|| ticks::of(reach, room))
}

/// As many numbers side by side as do not touch.
pub fn fitting(axis: &Axis, reach: &Reach, wide: f64) -> Ticks {
    let fits = |ticks: &Ticks| {
        let texts = ticks.major.iter().map(|tick| {
            let pixels = style::number().pixels;
            width(&tick.text, pixels).max(width(&tick.below, pixels))
        });
        let texts: Vec<f64> = texts.collect();
        let mut pairs = ticks.major.windows(2).zip(texts.windows(2));
        pairs.all(|(ticks, texts)| {
            (ticks[1].place - ticks[0].place) * wide > f64::midpoint(texts[0], texts[1]) + 8.0
        })
    };
    let rooms = [45.0, 60.0, 75.0, 95.0, 120.0, 160.0, 220.0];
    let tried = rooms.map(|each| numbers(axis, reach, wide / each));
    let [.., last] = &tried;
    tried
        .iter()
        .find(|ticks| fits(ticks))
        .unwrap_or(last)
        .clone()
}
