//! How fast records follow one another, and whether evenly enough to speak of frequencies.
//!
//! A transform takes the values of a segment as equally far apart. Of the times of a segment the best straight line
//! (least squares) gives the rate; how far they are off it, how much that blurs: where it is worth half a radian
//! (root of the mean square) a line has lost an eighth of its height.
//!
//! Time that goes back is a gap, and so is a step of half as much again as 95 % of the steps of the segment have, or one
//! that is longer than all others together. When records were published says less of when they were measured: a
//! producer may publish many at once, so of these times only the last of the rules is asked for.

use std::f64::consts::TAU;

use ringbuf_console::times::Times;
use ringbuf_core::Schema;
use serde::Serialize;

use super::super::View;

/// A step longer than so many times what most have is a gap.
const LONGER: f64 = 1.5;
/// What most are.
const MOST: f64 = 0.95;
/// The error of a phase, in radians, from which on a line counts as blurred.
const BLURRED: f64 = 0.5;

/// Where the rate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// It was given.
    Option,
    /// The ring's own time field.
    TimeField,
    PublicationTime,
}

/// The times of the records of the segment that is being filled.
pub struct Pace {
    pub by: By,
    times: Times,
    origin: Option<i128>,
    at: Vec<Option<i64>>,
}

/// What is to be made of a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Judged {
    Even(Timing),
    /// There are so many gaps in it.
    Broken {
        gaps: u64,
        /// Records in front of the last one.
        before: usize,
    },
}

/// The times of a segment, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// From one record to the next, by the straight line.
    step: f64,
    /// The mean of the squares of the distances from it.
    error: f64,
    shortest: i64,
    longest: i64,
}

/// The times of many segments.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Timings {
    segments: u64,
    steps: f64,
    errors: f64,
    /// The extremes; there with the first segment.
    ends: Option<Ends>,
    pub gaps: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Ends {
    slowest: f64,
    fastest: f64,
    shortest: i64,
    longest: i64,
}

/// How even it was, for people and programs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sampling {
    pub by: By,
    pub rate_hz: Option<f64>,
    /// The rates of the slowest segment and the fastest.
    pub slowest_hz: Option<f64>,
    pub fastest_hz: Option<f64>,
    pub shortest_step_s: Option<f64>,
    pub longest_step_s: Option<f64>,
    /// How far times are off an even grid: the root of the mean square.
    pub time_error_s: Option<f64>,
    /// Above it lines are lower and broader than they should be; `None` if none are.
    pub blurred_above_hz: Option<f64>,
    /// How often records did not follow one another.
    pub gaps: u64,
}

impl Pace {
    /// By the given rate, the own time of these records, or that of their publication; `None` if there is neither.
    pub fn of(schema: &Schema, is_stamped: bool, is_given: bool) -> Option<Pace> {
        let times = Times::of(schema);
        let by = if is_given {
            By::Option
        } else if times.known() {
            By::TimeField
        } else if is_stamped {
            By::PublicationTime
        } else {
            return None;
        };
        Some(Pace {
            by,
            times,
            origin: None,
            at: Vec::new(),
        })
    }

    /// The record after the last one.
    pub fn push(&mut self, view: &View<'_>, record: usize) {
        let at = match self.by {
            By::Option => return,
            By::TimeField => self.times.nanoseconds(&view.records, record),
            By::PublicationTime => (view.published)(record).map(i128::from),
        };
        let since = |at: i128| at.checked_sub(*self.origin.get_or_insert(at));
        let since = at.and_then(since);
        self.at.push(since.and_then(|ns| i64::try_from(ns).ok()));
    }

    /// Forgets the first so many records.
    pub fn forget(&mut self, records: usize) {
        self.at.drain(..records.min(self.at.len()));
    }

    /// Whether what is there is without a gap; `None` if nobody looks at times.
    pub fn judge(&self) -> Option<Judged> {
        if self.by == By::Option {
            return None;
        }
        let missing = self.at.iter().filter(|at| at.is_none()).count() as u64;
        if let Some(last) = self.at.iter().rposition(Option::is_none) {
            return Some(Judged::Broken {
                gaps: missing,
                before: last + 1,
            });
        }
        let at: Vec<i64> = self.at.iter().copied().flatten().collect();
        let step = |pair: &[i64]| pair[1].saturating_sub(pair[0]);
        let steps: Vec<i64> = at.windows(2).map(step).collect();
        let is_gap = self.gap(&steps);
        Some(match steps.iter().rposition(|&step| is_gap(step)) {
            Some(last) => Judged::Broken {
                gaps: steps.iter().filter(|&&step| is_gap(step)).count() as u64,
                before: last + 1,
            },
            None => Judged::Even(Timing::of(&at, &steps)),
        })
    }

    fn gap(&self, steps: &[i64]) -> impl Fn(i64) -> bool + use<> {
        let usual = match self.by {
            By::TimeField => among(steps, MOST) as f64 * LONGER,
            _ => 0.0,
        };
        // Where most records share the time of the one before there is nothing usual.
        let longest = if usual > 0.0 { usual } else { f64::INFINITY };
        let all: f64 = steps.iter().map(|&step| step as f64).sum();
        let is_alone = steps.len() < 2;
        move |step| {
            let others = all - step as f64;
            step < 0 || step as f64 > longest || (step as f64 > others && !is_alone)
        }
    }
}

/// The step that is at this place when they are sorted, 0 for the first and 1 for the last.
fn among(steps: &[i64], place: f64) -> i64 {
    let mut steps = steps.to_vec();
    let index = (place * steps.len().saturating_sub(1) as f64) as usize;
    match steps.is_empty() {
        true => 0,
        false => *steps.select_nth_unstable(index).1,
    }
}

impl Timing {
    fn of(at: &[i64], steps: &[i64]) -> Timing {
        let n = at.len() as f64;
        let since = |ns: i64| ns.saturating_sub(at[0]) as f64;
        let middle = (n - 1.0) / 2.0;
        let mean = at.iter().map(|&ns| since(ns)).sum::<f64>() / n;
        let (mut both, mut squares) = (0.0, 0.0);
        for (i, &ns) in at.iter().enumerate() {
            let from_middle = i as f64 - middle;
            both += from_middle * (since(ns) - mean);
            squares += from_middle * from_middle;
        }
        let step = both / squares;
        let off = |(i, &ns): (usize, &i64)| since(ns) - mean - (i as f64 - middle) * step;
        let errors = at.iter().enumerate().map(off);
        Timing {
            step,
            error: errors.map(|error| error * error).sum::<f64>() / n,
            shortest: steps.iter().copied().min().unwrap_or(0),
            longest: steps.iter().copied().max().unwrap_or(0),
        }
    }
}

impl Timings {
    pub fn add(&mut self, timing: &Timing) {
        self.segments += 1;
        self.steps += timing.step;
        self.errors += timing.error;
        self.widen(Ends {
            slowest: timing.step,
            fastest: timing.step,
            shortest: timing.shortest,
            longest: timing.longest,
        });
    }

    /// Adds those of a period, and forgets them there.
    pub fn take(&mut self, period: &mut Timings) {
        let period = std::mem::take(period);
        self.segments += period.segments;
        self.steps += period.steps;
        self.errors += period.errors;
        self.gaps += period.gaps;
        if let Some(ends) = period.ends {
            self.widen(ends);
        }
    }

    fn widen(&mut self, other: Ends) {
        let ends = self.ends.get_or_insert(other);
        ends.slowest = ends.slowest.max(other.slowest);
        ends.fastest = ends.fastest.min(other.fastest);
        ends.shortest = ends.shortest.min(other.shortest);
        ends.longest = ends.longest.max(other.longest);
    }

    /// How even it was, at this rate if it was given.
    pub fn sampling(&self, by: By, given_hz: Option<f64>) -> Sampling {
        let hertz = |step: f64| Some(1e9 / step).filter(|rate| rate.is_finite() && *rate > 0.0);
        let step = self.steps / self.segments as f64;
        let rate_hz = given_hz.or_else(|| hertz(step));
        let error = self
            .ends
            .map(|_| (self.errors / self.segments as f64).sqrt() / 1e9);
        let blurred = error.map(|error| BLURRED / (TAU * error));
        let is_within = |blurred: &f64| rate_hz.is_some_and(|rate| *blurred < rate / 2.0);
        Sampling {
            by,
            rate_hz,
            slowest_hz: self.ends.and_then(|ends| hertz(ends.slowest)),
            fastest_hz: self.ends.and_then(|ends| hertz(ends.fastest)),
            shortest_step_s: self.ends.map(|ends| ends.shortest as f64 / 1e9),
            longest_step_s: self.ends.map(|ends| ends.longest as f64 / 1e9),
            time_error_s: error,
            blurred_above_hz: blurred.filter(is_within),
            gaps: self.gaps,
        }
    }
}
