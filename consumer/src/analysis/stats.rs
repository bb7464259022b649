//! `stats`: what the values of every field are like.
//!
//! Mean and standard deviation are Welford's (crate `average`), merged from period to total; the
//! standard deviation is that of a sample (divided by n − 1), so one value has none. Values that
//! are not finite are counted and otherwise left out, as are times that are missing.

use std::io;

use average::{Estimate, Merge, Variance};
use ringbuf_console::usage::Usage;
use ringbuf_core::Column;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::quantiles::Quantiles;
use super::{Analysis, Subject, View};
use crate::output::{Format, Output};
use crate::progress::{Report, Summary};
use crate::table::{Table, figure};

/// What the values of every field are like.
pub struct Stats {
    columns: Vec<ColumnStats>,
}

struct ColumnStats {
    column: Column,
    /// The first value, around which quantiles are resolved best.
    origin: Option<f64>,
    period: Distribution,
    /// All periods before this one.
    total: Distribution,
}

#[derive(Default)]
struct Distribution {
    moments: Variance,
    /// There from the first value on.
    quantiles: Option<Quantiles>,
    min: f64,
    max: f64,
    not_finite: u64,
}

/// One field's line.
#[derive(Debug, PartialEq, Serialize)]
struct Figures {
    count: u64,
    mean: Option<f64>,
    std: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    p50: Option<f64>,
    p99: Option<f64>,
    not_finite: u64,
}

impl Stats {
    pub fn of(what: &Subject<'_>) -> Result<Stats, Usage> {
        let fresh = |column| ColumnStats {
            column,
            origin: None,
            period: Distribution::default(),
            total: Distribution::default(),
        };
        let columns = what.numbers()?;
        Ok(Stats {
            columns: columns.into_iter().map(fresh).collect(),
        })
    }
}

impl Analysis for Stats {
    fn update(&mut self, view: &View<'_>, _: &mut Output) -> io::Result<()> {
        for column in &mut self.columns {
            for value in view.records.numbers(&column.column) {
                let origin = &mut column.origin;
                if value.is_finite() {
                    column.period.add(value, *origin.get_or_insert(value));
                } else {
                    column.period.not_finite += 1;
                }
            }
        }
        Ok(())
    }

    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        let figures = |column: &mut ColumnStats| {
            let period = std::mem::take(&mut column.period);
            column.total.merge(&period);
            let covered = if summary.last { &column.total } else { &period };
            covered.figures()
        };
        let figures: Vec<Figures> = self.columns.iter_mut().map(figures).collect();
        let named = self
            .columns
            .iter()
            .map(|column| &column.column)
            .zip(&figures);
        match output.format() {
            Format::Json => {
                let fields = Fields(named.collect());
                let own = Own { fields };
                output.object(&Report { summary, own })
            }
            Format::Human => {
                output.text(summary)?;
                output.text(table(named))?;
                output.text("")
            }
        }
    }
}

impl Distribution {
    #[inline]
    fn add(&mut self, value: f64, origin: f64) {
        let quantiles = self.quantiles.get_or_insert_with(|| {
            (self.min, self.max) = (value, value);
            Quantiles::around(origin)
        });
        quantiles.add(value);
        self.moments.add(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    fn merge(&mut self, other: &Distribution) {
        self.not_finite += other.not_finite;
        let Some(quantiles) = &other.quantiles else {
            return;
        };
        match &mut self.quantiles {
            Some(own) => {
                own.merge(quantiles);
                self.min = self.min.min(other.min);
                self.max = self.max.max(other.max);
            }
            own @ None => {
                *own = Some(quantiles.clone());
                (self.min, self.max) = (other.min, other.max);
            }
        }
        self.moments.merge(&other.moments);
    }

    fn figures(&self) -> Figures {
        let count = self.moments.len();
        let quantile = |q| {
            let value = self.quantiles.as_ref()?.at(q)?;
            Some(value.max(self.min).min(self.max))
        };
        Figures {
            count,
            mean: (count > 0).then(|| self.moments.mean()),
            std: (count > 1).then(|| self.moments.sample_variance().sqrt()),
            min: (count > 0).then_some(self.min),
            max: (count > 0).then_some(self.max),
            p50: quantile(0.5),
            p99: quantile(0.99),
            not_finite: self.not_finite,
        }
    }
}

#[derive(Serialize)]
struct Own<'a> {
    fields: Fields<'a>,
}

/// A map that keeps the order of the fields.
struct Fields<'a>(Vec<(&'a Column, &'a Figures)>);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (column, figures) in &self.0 {
            map.serialize_entry(column.name(), figures)?;
        }
        map.end()
    }
}

fn table<'a>(rows: impl Iterator<Item = (&'a Column, &'a Figures)>) -> Table {
    let mut table = Table::new([
        "field", "count", "mean", "std", "min", "p50", "p99", "max", "unit",
    ]);
    for (column, figures) in rows {
        let mut unit = column.unit().unwrap_or("").to_owned();
        if figures.not_finite > 0 {
            unit = format!("{unit}  ({} not finite)", figures.not_finite);
        }
        table.row([
            column.name().to_owned(),
            figures.count.to_string(),
            figure(figures.mean),
            figure(figures.std),
            figure(figures.min),
            figure(figures.p50),
            figure(figures.p99),
            figure(figures.max),
            unit,
        ]);
    }
    table
}

#[cfg(test)]
#[path = "stats_tests.rs"]
mod tests;
