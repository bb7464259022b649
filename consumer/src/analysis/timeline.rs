//! Where records stand on an axis of time.

use jiff::Timestamp;
use ringbuf_console::times::Times;
use ringbuf_core::Schema;

use super::View;
use crate::plot::{Axis, Scale};

/// Gives every record its place in time, in seconds from the first one: by its own time field; without one by its
/// publication; else by its sequence.
pub struct Timeline {
    times: Times,
    /// Where the axis begins.
    origin: Option<i128>,
    is_stamped: bool,
}

impl Timeline {
    pub fn of(schema: &Schema, is_stamped: bool) -> Timeline {
        Timeline {
            times: Times::of(schema),
            origin: None,
            is_stamped,
        }
    }

    /// Seconds, or records, from the first one that had a place; `None` for a record that does not say.
    pub fn place(&mut self, view: &View<'_>, record: usize) -> Option<f64> {
        let (at, per_second) = self.at(view, record)?;
        let origin = *self.origin.get_or_insert(at);
        Some((at - origin) as f64 / per_second)
    }

    /// In nanoseconds on its clock, or the number of the record.
    fn at(&self, view: &View<'_>, record: usize) -> Option<(i128, f64)> {
        if self.times.known() {
            let at = self.times.nanoseconds(&view.records, record)?;
            Some((at, 1e9))
        } else if self.is_stamped {
            Some(((view.published)(record)?.into(), 1e9))
        } else {
            Some((i128::from(view.first_sequence) + record as i128, 1.0))
        }
    }

    /// Whether places are in seconds, and not in records.
    pub fn is_in_seconds(&self) -> bool {
        self.times.known() || self.is_stamped
    }

    /// The axis on which the places lie.
    pub fn axis(&self) -> Axis {
        let on_the_wall = !self.times.known() && self.is_stamped || self.times.is_wall();
        let begins = self
            .origin
            .and_then(|ns| Timestamp::from_nanosecond(ns).ok());
        let (label, scale) = match begins {
            Some(origin) if on_the_wall => ("time (UTC)", Scale::Clock(origin)),
            _ if self.is_in_seconds() => ("time (s)", Scale::Linear),
            _ => ("records", Scale::Linear),
        };
        Axis {
            label: label.to_owned(),
            scale,
        }
    }
}
