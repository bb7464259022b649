//! `spectrum`: which frequencies are in a signal, and how strong they are.
//!
//! The density is Welch's (see [`welch`]): of segments that overlap by half, each without its mean, under a Hann window.
//! All fields share the segments, which begin anew behind a gap: behind records that were missed, a restart, a jump of
//! the clock (see [`pace`]). What a gap cuts off is left out, and so is of a field a segment with a value that is not
//! finite; the report says how many those are, and which part of the records is in the density. What is found is the
//! same however the records arrive, as long as the same records are missed.

mod pace;
mod peaks;
mod picture;
mod report;
mod welch;

use std::io;

use ringbuf_console::usage::Usage;
use ringbuf_core::{Column, Records};

use self::pace::{Judged, Pace, Sampling, Timings};
use self::report::{FieldReport, Own};
use self::welch::{Densities, Welch};
use super::{Analysis, Subject, View};
use crate::output::{Format, Output};
use crate::plot::Panel;
use crate::progress::{Report, Summary};
use crate::reporter::Reporter;

/// Records of a segment.
pub const DEFAULT_WINDOW: usize = 1024;
/// Frequencies to report of each field.
pub const DEFAULT_PEAKS: usize = 5;

/// Values in the segments of all fields, at most: each is remembered three times.
const MOST_VALUES: usize = 1 << 22;

/// What is asked of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Records of a segment.
    pub window: usize,
    /// Records a second; `None` to tell by their times.
    pub rate_hz: Option<f64>,
    /// Frequencies to report of each field, at most.
    pub peaks: usize,
    /// Also report the whole density, to programs.
    pub density: bool,
}

/// Which frequencies are in a signal.
pub struct Spectrum {
    options: Options,
    welch: Welch,
    pace: Pace,
    columns: Vec<ColumnSpectrum>,
    /// Records of the segment that are there.
    filled: usize,
    /// How many of them were in the one before.
    known: usize,
    period: Timings,
    /// All periods before this one.
    total: Timings,
    /// What the last report covers, to be drawn.
    drawn: Option<(Summary, Sampling)>,
}

struct ColumnSpectrum {
    column: Column,
    segment: Vec<f64>,
    /// Its first half is in a density already.
    is_half_used: bool,
    period: Densities,
    /// All periods before this one.
    total: Densities,
}

impl Spectrum {
    pub fn of(what: &Subject<'_>, options: &Options) -> Result<Spectrum, Usage> {
        let columns = what.numbers()?;
        let window = options.window;
        if columns.len().saturating_mul(window) > MOST_VALUES {
            return Err(Usage(format!(
                "found {} fields and segments of {window} records, expected at most {MOST_VALUES} values in all: \
                 choose with --field, or a smaller --window",
                columns.len()
            )));
        }
        let pace = Pace::of(what.schema, what.is_stamped, options.rate_hz.is_some());
        let Some(pace) = pace else {
            let what = "the records have neither a time field nor publication times, so nobody knows how fast they \
                        follow one another: give --rate HZ";
            return Err(Usage(what.to_owned()));
        };
        let welch = Welch::of(window);
        let fresh = |column| ColumnSpectrum {
            column,
            segment: Vec::with_capacity(window),
            is_half_used: false,
            period: Densities::none(welch.bins()),
            total: Densities::none(welch.bins()),
        };
        Ok(Spectrum {
            options: options.clone(),
            columns: columns.into_iter().map(fresh).collect(),
            welch,
            pace,
            filled: 0,
            known: 0,
            period: Timings::default(),
            total: Timings::default(),
            drawn: None,
        })
    }

    /// A segment is complete.
    fn judge(&mut self) {
        match self.pace.judge() {
            Some(Judged::Broken { gaps, before }) => return self.broken(before, gaps),
            Some(Judged::Even(timing)) => self.period.add(&timing),
            None => {}
        }
        let half = self.step();
        for column in &mut self.columns {
            column.transform(&mut self.welch, half);
        }
        self.forget(half);
        self.known = self.filled;
    }

    /// Among the first so many records that are there, and behind them, are gaps.
    fn broken(&mut self, before: usize, gaps: u64) {
        self.period.gaps += gaps;
        let is_cut_off = before > self.known;
        for column in &mut self.columns {
            column.period.dropped += u64::from(is_cut_off);
            column.is_half_used = false;
        }
        self.forget(before);
        self.known = 0;
    }

    fn forget(&mut self, records: usize) {
        self.pace.forget(records);
        for column in &mut self.columns {
            column.segment.drain(..records);
        }
        self.filled -= records;
    }

    /// From one segment to the next.
    fn step(&self) -> usize {
        self.options.window - self.options.window / 2
    }

    /// What the period that ends is like, or everything.
    fn covered(&mut self, is_all: bool) -> (Sampling, Vec<Densities>) {
        let mut timings = self.period;
        self.total.take(&mut self.period);
        if is_all {
            timings = self.total;
        }
        let mut densities = Vec::with_capacity(self.columns.len());
        for column in &mut self.columns {
            let period = column.period.clone();
            column.total.take(&mut column.period);
            densities.push(if is_all { column.total.clone() } else { period });
        }
        let sampling = timings.sampling(self.pace.by, self.options.rate_hz);
        (sampling, densities)
    }
}

impl Analysis for Spectrum {
    fn update(&mut self, view: &View<'_>, _: &mut Output) -> io::Result<()> {
        if view.missed > 0 {
            self.restarted();
        }
        let (all, size) = (view.records, view.records.schema().size());
        let mut taken = 0;
        while taken < all.len() {
            let next = (taken + self.options.window - self.filled).min(all.len());
            let some = Records::new(all.schema(), &all.bytes()[taken * size..next * size]);
            for column in &mut self.columns {
                column.segment.extend(some.numbers(&column.column));
            }
            (taken..next).for_each(|record| self.pace.push(view, record));
            self.filled += next - taken;
            taken = next;
            if self.filled == self.options.window {
                self.judge();
            }
        }
        Ok(())
    }
}

impl Reporter for Spectrum {
    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        let (sampling, densities) = self.covered(summary.last);
        let columns = self.columns.iter().map(|column| &column.column);
        let wanted = summary.read + summary.missed;
        let fields: Vec<FieldReport<'_>> = columns
            .zip(&densities)
            .map(|(column, densities)| {
                FieldReport::of(column, densities, &sampling, wanted, &self.options)
            })
            .collect();
        match output.format() {
            Format::Json => {
                let own = Own::of(&sampling, &fields);
                output.object(&Report { summary, own })?;
            }
            Format::Human => report::write(summary, &sampling, &fields, &self.options, output)?,
        }
        if summary.last {
            self.drawn = Some((summary.clone(), sampling));
        }
        Ok(())
    }

    fn restarted(&mut self) {
        if self.filled > 0 {
            self.broken(self.filled, 1);
        }
    }

    fn panels(&self) -> Vec<Panel> {
        let Some((summary, sampling)) = &self.drawn else {
            return Vec::new();
        };
        let wanted = summary.read + summary.missed;
        let panel = |column: &ColumnSpectrum| {
            let field = FieldReport::of(
                &column.column,
                &column.total,
                sampling,
                wanted,
                &self.options,
            );
            picture::panel(&field, sampling)
        };
        self.columns.iter().map(panel).collect()
    }
}

impl ColumnSpectrum {
    /// Adds the complete segment, of which the next one begins after so many values.
    fn transform(&mut self, welch: &mut Welch, step: usize) {
        if welch.add(&self.segment, &mut self.period) {
            self.period.segments += 1;
            let fresh = if self.is_half_used {
                step
            } else {
                self.segment.len()
            };
            self.period.used += fresh as u64;
            self.is_half_used = true;
        } else {
            self.period.dropped += 1;
            self.is_half_used = false;
        }
    }
}

#[cfg(test)]
#[path = "spectrum_tests.rs"]
mod tests;
