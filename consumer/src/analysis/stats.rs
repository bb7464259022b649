//! `stats`: what the values of every field are like.
//!
//! Mean and standard deviation are Welford's (crate `average`), merged from period to total; the
//! standard deviation is that of a sample (divided by n − 1), so one value has none. Values that
//! are not finite are counted and otherwise left out, as are times that are missing.

mod distribution;
mod picture;
mod wanted;

use std::io;

use ringbuf_console::usage::Usage;
use ringbuf_core::Column;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use self::distribution::{Distribution, Figures};
use self::picture::Picture;
pub use self::wanted::{Options, Quantile};
use super::{Analysis, Subject, View};
use crate::output::{Format, Output};
use crate::plot::Panel;
use crate::progress::{Report, Summary};
use crate::reporter::Reporter;
use crate::table::{Table, figure};

/// What the values of every field are like.
pub struct Stats {
    columns: Vec<ColumnStats>,
    options: Options,
    picture: Option<Picture>,
    /// The part of all records that is missing, at the last report.
    missing: f64,
}

struct ColumnStats {
    column: Column,
    /// The first value, around which quantiles are resolved best.
    origin: Option<f64>,
    period: Distribution,
    /// All periods before this one.
    total: Distribution,
}

impl Stats {
    pub fn of(what: &Subject<'_>, options: &Options) -> Result<Stats, Usage> {
        let fresh = |column| ColumnStats {
            column,
            origin: None,
            period: Distribution::default(),
            total: Distribution::default(),
        };
        let columns = what.numbers()?;
        Ok(Stats {
            picture: what.is_plotted.then(|| Picture::of(what, &columns)),
            columns: columns.into_iter().map(fresh).collect(),
            options: options.clone(),
            missing: 0.0,
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
        if let Some(picture) = &mut self.picture {
            picture.add(view);
        }
        Ok(())
    }
}

impl Reporter for Stats {
    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        self.missing = summary.missing();
        let wanted = self.options.reported(output.format());
        let figures = |column: &mut ColumnStats| {
            let period = std::mem::take(&mut column.period);
            column.total.merge(&period);
            let covered = if summary.last { &column.total } else { &period };
            covered.figures(&wanted)
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
                let missing = self.missing;
                let own = Own { missing, fields };
                output.object(&Report { summary, own })
            }
            Format::Human => {
                output.text(summary)?;
                output.text(table(&wanted, named))?;
                output.text("")
            }
        }
    }

    fn restarted(&mut self) {
        if let Some(picture) = &mut self.picture {
            picture.interrupted();
        }
    }

    fn panels(&self) -> Vec<Panel> {
        let Some(picture) = &self.picture else {
            return Vec::new();
        };
        let marked = self.options.marked();
        let figures = self
            .columns
            .iter()
            .map(|column| (column.total.figures(&marked), column.total.worth_seeing()));
        picture.panels(figures, self.missing)
    }
}

#[derive(Serialize)]
struct Own<'a> {
    /// The part of all records that is not in these figures.
    missing: f64,
    fields: Fields<'a>,
}

#[derive(Serialize)]
struct FieldFigures<'a> {
    unit: Option<&'a str>,
    #[serde(flatten)]
    figures: &'a Figures,
}

/// A map that keeps the order of the fields.
struct Fields<'a>(Vec<(&'a Column, &'a Figures)>);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for &(column, figures) in &self.0 {
            let unit = column.unit();
            map.serialize_entry(column.name(), &FieldFigures { unit, figures })?;
        }
        map.end()
    }
}

fn table<'a>(wanted: &[Quantile], rows: impl Iterator<Item = (&'a Column, &'a Figures)>) -> Table {
    let around = |before: &[&str], names: Vec<String>, behind: &[&str]| -> Vec<String> {
        let owned = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        [owned(before), names, owned(behind)].concat()
    };
    let names = wanted.iter().map(Quantile::title).collect();
    let before = ["field", "count", "mean", "std", "min"];
    let mut table = Table::new(around(&before, names, &["max", "unit"]));
    for (column, figures) in rows {
        let mut unit = column.unit().unwrap_or("").to_owned();
        if figures.not_finite > 0 {
            unit = format!("{unit}  ({} not finite)", figures.not_finite);
        }
        let (count, mean, std) = (
            figures.count.to_string(),
            figure(figures.mean),
            figure(figures.std),
        );
        let before = [column.name(), &count, &mean, &std, &figure(figures.min)];
        let quantiles = figures.quantiles.0.iter().map(|(_, value)| figure(*value));
        table.row(around(
            &before,
            quantiles.collect(),
            &[&figure(figures.max), &unit],
        ));
    }
    table
}

#[cfg(test)]
#[path = "stats_tests.rs"]
mod tests;
