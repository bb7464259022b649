//! How reports are written.

use std::io;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::field::Values;
use super::finding::{Check, Counts};
use super::nature::Kind;
use super::steps::Lengths;
use super::words::Seconds;
use crate::output::{Format, Output};
use crate::progress::{Report, Summary};
use crate::table::{Table, figure};

/// What is known of a field.
pub struct FieldReport<'a> {
    pub name: &'a str,
    pub unit: Option<&'a str>,
    pub values: Values,
    pub kind: Kind,
    pub longest: u64,
    pub extremes: Option<(f64, f64)>,
    pub open: Vec<Check>,
}

/// All that a report says.
pub struct Covered<'a> {
    pub counts: Counts,
    pub clock: Option<&'a str>,
    pub is_stamped: bool,
    pub lengths: Lengths,
    pub usual_rate: Option<f64>,
    pub is_declared: bool,
    /// Of the clock, and of the ring.
    pub open: Vec<Check>,
    pub fields: Vec<FieldReport<'a>>,
}

#[derive(Serialize)]
struct Own<'a> {
    ok: bool,
    findings: u64,
    /// Of what was to be read, how much is missing: 0 to 1.
    missing: f64,
    checks: Counts,
    open: &'a [Check],
    clock: Option<&'a str>,
    rate_hz: Option<f64>,
    usual_rate_hz: Option<f64>,
    step_s: StepFigures,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Fields<'a>>,
}

#[derive(Serialize)]
struct StepFigures {
    p50: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

/// A map that keeps the order of the fields.
struct Fields<'a>(&'a [FieldReport<'a>]);

#[derive(Serialize)]
struct FieldFigures<'a> {
    unit: Option<&'a str>,
    kind: Kind,
    #[serde(flatten)]
    values: Values,
    longest_run: u64,
    min: Option<f64>,
    max: Option<f64>,
    open: &'a [Check],
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for field in self.0 {
            let figures = FieldFigures {
                unit: field.unit,
                kind: field.kind,
                values: field.values,
                longest_run: field.longest,
                min: field.extremes.map(|(min, _)| min),
                max: field.extremes.map(|(_, max)| max),
                open: &field.open,
            };
            map.serialize_entry(field.name, &figures)?;
        }
        map.end()
    }
}

impl Covered<'_> {
    fn is_ok(&self) -> bool {
        let is_open = self.fields.iter().any(|field| !field.open.is_empty());
        self.counts.sum() == 0 && self.open.is_empty() && !is_open
    }

    /// Writes the report.
    pub fn write(&self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        match output.format() {
            Format::Json => {
                let own = self.own(summary);
                output.object(&Report { summary, own })
            }
            Format::Human => self.write_text(summary, output),
        }
    }

    fn own(&self, summary: &Summary) -> Own<'_> {
        let lengths = &self.lengths;
        Own {
            ok: self.is_ok(),
            findings: self.counts.sum(),
            missing: summary.missing(),
            checks: self.counts,
            open: &self.open,
            clock: self.clock(),
            rate_hz: lengths.rate(),
            usual_rate_hz: self.usual_rate,
            step_s: StepFigures {
                p50: lengths.at(0.5),
                p99: lengths.at(0.99),
                max: (lengths.count > 0).then_some(lengths.max),
            },
            fields: (summary.kind == ringbuf_console::reader::Kind::Records)
                .then_some(Fields(&self.fields)),
        }
    }

    fn clock(&self) -> Option<&str> {
        self.clock.or(self.is_stamped.then_some("publication"))
    }

    fn write_text(&self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        let verdict = match self.counts.sum() {
            0 if self.is_ok() => "ok".to_owned(),
            0 => "nothing new".to_owned(),
            1 => format!("1 finding: {}", self.counts),
            findings => format!("{findings} findings: {}", self.counts),
        };
        output.text(format_args!("{summary}: {verdict}"))?;
        if !self.open.is_empty() {
            output.text(format_args!("still: {}", named(&self.open)))?;
        }
        output.text(self.rate())?;
        if !self.fields.is_empty() {
            output.text(self.table())?;
        }
        output.text("")
    }

    fn rate(&self) -> String {
        let Some(clock) = self.clock() else {
            return "rate: not known, records have neither a time nor one of publication"
                .to_owned();
        };
        let lengths = &self.lengths;
        let (Some(rate), Some(p50), Some(p99)) =
            (lengths.rate(), lengths.at(0.5), lengths.at(0.99))
        else {
            return format!("rate: not known by {clock}");
        };
        let usual = match self.usual_rate {
            Some(usual) if self.is_declared => format!(" ({} declared)", figure(usual)),
            Some(usual) => format!(" ({} learnt)", figure(usual)),
            None => String::new(),
        };
        format!(
            "rate: {} a second{usual} by {clock}; steps: half up to {}, 99 % up to {}, longest {}",
            figure(rate),
            Seconds(p50),
            Seconds(p99),
            Seconds(lengths.max)
        )
    }

    fn table(&self) -> Table {
        let header = [
            "field",
            "count",
            "nan",
            "inf",
            "stuck",
            "saturated",
            "longest run",
            "min",
            "max",
            "values",
            "unit",
        ];
        let mut table = Table::new(header);
        for field in &self.fields {
            let mut unit = field.unit.unwrap_or("").to_owned();
            if !field.open.is_empty() {
                unit = format!("{unit}  (still {})", named(&field.open));
            }
            let values = &field.values;
            table.row([
                field.name.to_owned(),
                values.count.to_string(),
                values.nan.to_string(),
                values.infinite.to_string(),
                values.stuck.to_string(),
                values.saturated.to_string(),
                field.longest.to_string(),
                figure(field.extremes.map(|(min, _)| min)),
                figure(field.extremes.map(|(_, max)| max)),
                field.kind.name().to_owned(),
                unit,
            ]);
        }
        table
    }
}

fn named(open: &[Check]) -> String {
    let names: Vec<&str> = open.iter().map(|check| check.name()).collect();
    names.join(", ")
}
