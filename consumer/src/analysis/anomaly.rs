//! `anomaly`: values outside a fixed band, or unlike the values before them.
//!
//! A finding is one value of one record; every value is judged by itself and at once. What is
//! found is the same however the records arrive, as long as the same records are missed.
//!
//! | rule | finding | score |
//! | --- | --- | --- |
//! | band | further than `--band` from `--center`; infinite is outside, NaN is not | distance / band |
//! | robust | level or jump above `--threshold` (see `robust`) | the larger one of the two |
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

use std::io::{self, Write};

use ringbuf_console::usage::Usage;
use ringbuf_core::{Column, Records};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::robust::Robust;
pub use super::robust::WARM_UP;
use super::{Analysis, Subject, View};
use crate::output::{Format, Output};
use crate::progress::{Report, Summary};
use crate::table::figure;
use ringbuf_console::times::{Time, Times};

/// With how many earlier values a value is compared.
pub const DEFAULT_WINDOW: usize = 2048;
/// From which score on a value is a finding.
pub const DEFAULT_THRESHOLD: f64 = 6.0;

/// Records of which the findings are put in order at a time.
const CHUNK: usize = 4096;

/// What makes a value an anomaly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    Band { center: f64, band: f64 },
    Robust { window: usize, threshold: f64 },
}

/// Why a value is an anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Why {
    Band,
    Level,
    Jump,
}

/// Values outside a fixed band, or unlike the values before them.
pub struct Anomaly {
    times: Times,
    columns: Vec<ColumnJudge>,
    name_width: usize,
}

struct ColumnJudge {
    column: Column,
    judge: Judge,
    period: Counts,
    /// All periods before this one.
    total: Counts,
}

enum Judge {
    Band { center: f64, band: f64 },
    Robust { robust: Box<Robust>, threshold: f64 },
}

/// Of one field: how many values were judged, and how many were anomalies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
struct Counts {
    judged: u64,
    anomalies: u64,
}

/// Which value, and how bad it is.
struct Found {
    record: usize,
    column: usize,
    value: f64,
    score: f64,
    why: Why,
}

#[derive(Serialize)]
struct Finding<'a> {
    sequence: u64,
    time: Time,
    field: &'a str,
    value: f64,
    score: f64,
    why: Why,
}

#[derive(Serialize)]
struct Own<'a> {
    anomalies: u64,
    fields: Fields<'a>,
}

/// A map that keeps the order of the fields.
struct Fields<'a>(Vec<(&'a str, Counts)>);

impl Anomaly {
    pub fn of(what: &Subject<'_>, rule: Rule) -> Result<Anomaly, Usage> {
        let width = |column: &Column| column.name().chars().count();
        let columns = what.numbers()?;
        Ok(Anomaly {
            times: Times::of(what.schema),
            name_width: columns.iter().map(width).max().unwrap_or(0),
            columns: columns
                .into_iter()
                .map(|column| ColumnJudge {
                    column,
                    judge: Judge::of(rule),
                    period: Counts::default(),
                    total: Counts::default(),
                })
                .collect(),
        })
    }

    fn write(
        &self,
        found: &Found,
        records: &Records<'_>,
        first_sequence: u64,
        output: &mut Output,
    ) -> io::Result<()> {
        let column = &self.columns[found.column].column;
        let finding = Finding {
            sequence: first_sequence.saturating_add(found.record as u64),
            time: self.times.at(records, found.record),
            field: column.name(),
            value: found.value,
            score: found.score,
            why: found.why,
        };
        match output.format() {
            Format::Json => output.line(&finding),
            Format::Human => self.write_line(&finding, column.unit(), output),
        }
    }

    fn write_line(
        &self,
        finding: &Finding<'_>,
        unit: Option<&str>,
        output: &mut Output,
    ) -> io::Result<()> {
        if let Some(ring) = output.ring().map(str::to_owned) {
            write!(output.writer(), "{ring}  ")?;
        }
        let out = output.writer();
        write!(out, "{:>10}  ", finding.sequence)?;
        if self.times.known() {
            write!(out, "{:>24}  ", finding.time)?;
        }
        let value = match unit {
            Some(unit) => format!("{} {unit}", figure(finding.value)),
            None => figure(finding.value),
        };
        let why = match finding.why {
            Why::Band => "outside the band",
            Why::Level => "unusual level",
            Why::Jump => "jump",
        };
        let (field, width, score) = (finding.field, self.name_width, finding.score);
        writeln!(
            out,
            "{field:<width$}  {value:>16}  score {score:>6.1}  {why}"
        )
    }
}

impl Analysis for Anomaly {
    fn update(&mut self, view: &View<'_>, output: &mut Output) -> io::Result<()> {
        if view.missed > 0 {
            for column in &mut self.columns {
                column.judge.lost(view.missed);
            }
        }
        let schema = view.records.schema();
        let mut first_sequence = view.first_sequence;
        for chunk in view.records.bytes().chunks(CHUNK * schema.size()) {
            let records = Records::new(schema, chunk);
            // Field by field is fastest; what was found is then told record by record.
            let mut found = Vec::new();
            for (index, column) in self.columns.iter_mut().enumerate() {
                column.judge_all(&records, index, &mut found);
            }
            found.sort_unstable_by_key(|found| (found.record, found.column));
            for found in &found {
                self.write(found, &records, first_sequence, output)?;
            }
            first_sequence = first_sequence.saturating_add(records.len() as u64);
        }
        Ok(())
    }

    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        let mut fields = Vec::new();
        for column in &mut self.columns {
            let period = std::mem::take(&mut column.period);
            column.total.judged += period.judged;
            column.total.anomalies += period.anomalies;
            let covered = if summary.last { column.total } else { period };
            fields.push((column.column.name(), covered));
        }
        let anomalies = fields.iter().map(|(_, counts)| counts.anomalies).sum();
        match output.format() {
            Format::Json => {
                let fields = Fields(fields);
                let own = Own { anomalies, fields };
                output.object(&Report { summary, own })
            }
            Format::Human => {
                let s = if anomalies == 1 { "y" } else { "ies" };
                output.text(format_args!("{summary}: {anomalies} anomal{s}"))
            }
        }
    }

    fn restarted(&mut self) {
        for column in &mut self.columns {
            if let Judge::Robust { robust, .. } = &mut column.judge {
                robust.interrupted();
            }
        }
    }
}

impl ColumnJudge {
    fn judge_all(&mut self, records: &Records<'_>, index: usize, found: &mut Vec<Found>) {
        for (record, value) in records.numbers(&self.column).enumerate() {
            let Some((score, why)) = self.judge.judge(value) else {
                continue;
            };
            self.period.judged += 1;
            if let Some(why) = why {
                self.period.anomalies += 1;
                found.push(Found {
                    record,
                    column: index,
                    value,
                    score,
                    why,
                });
            }
        }
    }
}

impl Judge {
    fn of(rule: Rule) -> Judge {
        match rule {
            Rule::Band { center, band } => Judge::Band { center, band },
            Rule::Robust { window, threshold } => Judge::Robust {
                robust: Box::new(Robust::over(window)),
                threshold,
            },
        }
    }

    /// The score, and why it is a finding if it is one; `None` for what cannot be judged.
    fn judge(&mut self, value: f64) -> Option<(f64, Option<Why>)> {
        match self {
            Judge::Band { .. } if value.is_nan() => None,
            Judge::Band { center, band } => {
                let distance = (value - *center).abs();
                let outside = distance > *band;
                Some((distance / *band, outside.then_some(Why::Band)))
            }
            Judge::Robust { robust, threshold } => {
                let score = robust.score(value)?;
                let (larger, why) = if score.jump > score.level {
                    (score.jump, Why::Jump)
                } else {
                    (score.level, Why::Level)
                };
                Some((larger, (larger > *threshold).then_some(why)))
            }
        }
    }

    fn lost(&mut self, missed: u64) {
        if let Judge::Robust { robust, .. } = self {
            robust.lost(missed);
        }
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, counts) in &self.0 {
            map.serialize_entry(name, counts)?;
        }
        map.end()
    }
}

#[cfg(test)]
#[path = "anomaly_tests.rs"]
mod tests;
