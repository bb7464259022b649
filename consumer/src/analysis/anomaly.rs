//! `anomaly`: values outside a fixed band, or unlike the values before them, and changes that last.
//!
//! A finding is one value of one record, judged by itself and at once, or a change, known three blocks after it began.
//! What is found is the same however the records arrive, as long as the same records are missed.
//!
//! | rule | finding | score |
//! | --- | --- | --- |
//! | band | further than `--band` from `--center`; infinite is outside, NaN is not | distance / band |
//! | robust | level or jump above `--threshold` (see `robust`) | the larger one of the two |
//! | change | three blocks unlike the ones before (see `change`) | the least of the three |
//!
//! Without a band both others are looked for, and a change also says from where on the robust rule compares: what has
//! changed and stays is one finding, and not half a window of them. Programs are told every finding; people, when an
//! episode of them begins, and when it is over.
//!
//! The defaults of the robust rule were chosen on recordings of real sensors (in `data/`), in the
//! middle of a region in which they hardly matter; a test keeps the figures. On the temperature
//! of a machine (a value every 5 minutes; four labelled windows, two of them failures), findings:
//!
//! | window, threshold | early oddity | shutdown | onset | failure | outside |
//! | --- | --- | --- | --- | --- | --- |
//! | 1440, 6 | 2 | 237 | 2 | 62 | 0.76 % |
//! | **2048, 6** | 2 | 43 | 2 | 310 | 0.74 % |
//! | 2048, 8 | 0 | 23 | 0 | 5 | 0.29 % |
//! | 4096, 6 | 2 | 11 | 41 | 7 | 0.56 % |
//!
//! So the shutdown and the failure are found; two findings in a window of 567 values are no more
//! than chance would put there. With shorter windows slow sensors are compared with too little of
//! their past (1.1 % outside at 1024). Iglewicz and Hoaglin's threshold of 3.5 (1993) is for
//! independent values, and those of a sensor follow one another: it finds 4 % outside. An inertial
//! sensor marked as at rest or moving has findings in 3 % of its records at rest and in half of
//! those in which it moves.
//!
//! The change rule has the same window and threshold, and 32 blocks of it; how well all of it does on the recordings,
//! beside trivial detectors, is in `docs/ANOMALIES.md` and checked by `ci/anomalies.py`.

use std::io;

use ringbuf_console::times::Times;
use ringbuf_console::usage::Usage;
use ringbuf_core::{Column, Records};

mod change;
mod episode;
mod judge;
mod moments;
mod picture;
mod report;
mod telling;
mod usual;
mod values;

use self::judge::Judge;
use self::moments::Moments;
use self::report::Own;
pub use super::robust::WARM_UP;
use super::timeline::Timeline;
use super::{Analysis, Subject, View};
use crate::output::{Format, Output};
use crate::plot::{PANELS, Panel, not_drawn};
use crate::progress::{Report, Summary};
use crate::reporter::Reporter;

/// With how many earlier values a value is compared.
pub const DEFAULT_WINDOW: usize = 2048;
/// From which score on a value is a finding.
pub const DEFAULT_THRESHOLD: f64 = 6.0;

/// With a band, so many records without a finding end an episode.
const QUIET: u64 = 64;

/// Values in the windows of all fields, at most: each is remembered four times.
const MOST_VALUES: usize = 1 << 22;

/// Records of which the findings are put in order at a time.
const CHUNK: usize = 4096;

/// What makes a value an anomaly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Being further than the band from the center.
    Band { center: f64, band: f64 },
    /// Being unlike the values before.
    Learned {
        window: usize,
        threshold: f64,
        /// Look for single values.
        robust: bool,
        /// Look for changes that last.
        change: bool,
    },
}

/// Values outside a fixed band or unlike the values before them, and changes of what is usual.
pub struct Anomaly {
    judges: Vec<Judge>,
    moments: Moments,
    name_width: usize,
    /// What was counted in all, for the picture.
    counted: Vec<judge::Counts>,
    /// Fields of which there will be no picture.
    left_out: usize,
}

impl Anomaly {
    pub fn of(what: &Subject<'_>, rule: Rule) -> Result<Anomaly, Usage> {
        let width = |column: &Column| column.name().chars().count();
        let columns = what.numbers()?;
        if let Rule::Learned { window, .. } = rule
            && columns.len().saturating_mul(window) > MOST_VALUES
        {
            return Err(Usage(format!(
                "found {} fields and windows of {window} values, expected at most {MOST_VALUES} values in all: choose \
                 with --field, or a smaller --window",
                columns.len()
            )));
        }
        let left_out = match what.is_plotted {
            true => columns.len().saturating_sub(PANELS),
            false => 0,
        };
        let keep = match rule {
            Rule::Learned {
                window,
                change: true,
                ..
            } => change::reach(window),
            // As far as the last finding of an episode that is under way may be back.
            Rule::Learned { window, .. } => change::block(window),
            Rule::Band { .. } => QUIET as usize,
        };
        let timeline = what
            .is_plotted
            .then(|| Timeline::of(what.schema, what.is_stamped));
        Ok(Anomaly {
            moments: Moments::of_last(keep, Times::of(what.schema), timeline),
            name_width: columns.iter().map(width).max().unwrap_or(0),
            judges: columns
                .into_iter()
                .enumerate()
                .map(|(i, column)| Judge::of(column, rule, what.is_plotted && i < PANELS))
                .collect(),
            counted: Vec::new(),
            left_out,
        })
    }
}

impl Analysis for Anomaly {
    fn update(&mut self, view: &View<'_>, output: &mut Output) -> io::Result<()> {
        if view.missed > 0 {
            for judge in &mut self.judges {
                judge.missed(view.missed);
            }
        }
        let schema = view.records.schema();
        for (i, chunk) in view
            .records
            .bytes()
            .chunks(CHUNK * schema.size())
            .enumerate()
        {
            let records = Records::new(schema, chunk);
            let first = i * CHUNK;
            let sequence = view.first_sequence.saturating_add(first as u64);
            self.moments.add(view, first..first + records.len());
            // Field by field is fastest; what was found is then told record by record.
            let mut told = Vec::new();
            let moments = &self.moments;
            for (index, judge) in self.judges.iter_mut().enumerate() {
                let place = |sequence| moments.place(sequence);
                judge.judge(&records, sequence, index, &place, &mut told);
            }
            told.sort_by_key(|told| (told.record, told.column));
            for told in &told {
                self.tell(told, sequence, output)?;
            }
        }
        Ok(())
    }
}

impl Reporter for Anomaly {
    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        if summary.last {
            self.end_episodes(output)?;
        }
        let counts = self
            .judges
            .iter_mut()
            .map(|judge| judge.counts(summary.last));
        let counts: Vec<_> = counts.collect();
        let names = self.judges.iter().map(|judge| judge.column.name());
        let own = Own::of(names.zip(counts.iter().copied()).collect());
        match output.format() {
            Format::Json => output.object(&Report { summary, own })?,
            Format::Human => own.write(summary, output)?,
        }
        self.counted = counts;
        Ok(())
    }

    fn restarted(&mut self) {
        for judge in &mut self.judges {
            judge.interrupted();
        }
    }

    fn panels(&self) -> Vec<Panel> {
        let Some(timeline) = self.moments.timeline() else {
            return Vec::new();
        };
        let judges = self.judges.iter().zip(&self.counted);
        let mut panels: Vec<Panel> = judges
            .filter_map(|(judge, counts)| {
                let name = judge.column.name();
                Some(judge.picture()?.panel(name, timeline.axis(), *counts))
            })
            .collect();
        if let (1.., Some(last)) = (self.left_out, panels.last_mut()) {
            last.notes.push(not_drawn(self.left_out));
        }
        panels
    }
}

#[cfg(test)]
#[path = "anomaly_tests.rs"]
mod tests;
