//! When the last records were: what is found about one of them may be told later.

use std::collections::VecDeque;
use std::ops::Range;

use ringbuf_console::times::{Time, Times};

use crate::analysis::View;
use crate::analysis::timeline::Timeline;

/// When a record was.
#[derive(Debug, Clone, Copy)]
struct Moment {
    sequence: u64,
    nanoseconds: Option<i128>,
    /// On the axis of a picture.
    place: f64,
}

/// The moments of the last records.
pub struct Moments {
    times: Times,
    /// Only if there will be a picture.
    timeline: Option<Timeline>,
    keep: usize,
    last: VecDeque<Moment>,
}

impl Moments {
    /// Of so many records, beside those that were added last.
    pub fn of_last(keep: usize, times: Times, timeline: Option<Timeline>) -> Moments {
        Moments {
            times,
            timeline,
            keep,
            last: VecDeque::new(),
        }
    }

    pub fn times(&self) -> &Times {
        &self.times
    }

    pub fn timeline(&self) -> Option<&Timeline> {
        self.timeline.as_ref()
    }

    /// These records of a view come next.
    pub fn add(&mut self, view: &View<'_>, records: Range<usize>) {
        let passed = self.last.len().saturating_sub(self.keep);
        self.last.drain(..passed);
        for record in records {
            let place = match &mut self.timeline {
                Some(timeline) => timeline.place(view, record),
                None => None,
            };
            self.last.push_back(Moment {
                sequence: view.first_sequence.saturating_add(record as u64),
                nanoseconds: self.times.nanoseconds(&view.records, record),
                place: place.unwrap_or(f64::NAN),
            });
        }
    }

    /// When this record was, if it is among them.
    pub fn time(&self, sequence: u64) -> Time {
        match self.moment(sequence).and_then(|moment| moment.nanoseconds) {
            Some(nanoseconds) if self.times.is_wall() => Time::wall(nanoseconds),
            Some(nanoseconds) => Time::Seconds(nanoseconds as f64 / 1e9),
            None => Time::Missing,
        }
    }

    /// Where it is in the picture; NaN if that is not known.
    pub fn place(&self, sequence: u64) -> f64 {
        self.moment(sequence)
            .map_or(f64::NAN, |moment| moment.place)
    }

    fn moment(&self, sequence: u64) -> Option<&Moment> {
        let found = self
            .last
            .binary_search_by_key(&sequence, |moment| moment.sequence);
        self.last.get(found.ok()?)
    }
}
