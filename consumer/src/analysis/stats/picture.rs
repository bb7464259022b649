//! What `stats` has to show of each field: its values in time, and beside them how they are distributed.

use ringbuf_core::{Column, Records};

use super::super::timeline::Timeline;
use super::super::{Subject, View};
use super::distribution::Figures;
use crate::plot::histogram::Histogram;
use crate::plot::trace::Trace;
use crate::plot::{Axis, Layer, Panel, Scale, not_drawn};
use crate::progress::percent;
use crate::table::figure;

/// Of more fields nothing is kept: nobody would look at so many pictures.
const FIELDS: usize = 24;
/// Records of which the places are known at a time.
const CHUNK: usize = 4096;

/// Collects what is to be seen, in bounded memory.
pub struct Picture {
    timeline: Timeline,
    columns: Vec<Seen>,
    left_out: usize,
}

struct Seen {
    column: Column,
    trace: Trace,
    histogram: Histogram,
}

impl Picture {
    pub fn of(what: &Subject<'_>, columns: &[Column]) -> Picture {
        let seen = |column: &Column| Seen {
            column: column.clone(),
            trace: Trace::default(),
            histogram: Histogram::default(),
        };
        Picture {
            timeline: Timeline::of(what.schema, what.is_stamped),
            columns: columns.iter().take(FIELDS).map(seen).collect(),
            left_out: columns.len().saturating_sub(FIELDS),
        }
    }

    pub fn add(&mut self, view: &View<'_>) {
        if view.missed > 0 {
            self.interrupted();
        }
        let schema = view.records.schema();
        let mut places = Vec::with_capacity(CHUNK);
        let mut first = 0;
        for chunk in view.records.bytes().chunks(CHUNK * schema.size()) {
            let records = Records::new(schema, chunk);
            places.clear();
            let all = first..first + records.len();
            // Where a record does not say when it is from, its values are in the histogram only.
            places.extend(all.map(|record| self.timeline.place(view, record).unwrap_or(f64::NAN)));
            first += records.len();
            for seen in &mut self.columns {
                for (value, &place) in records.numbers(&seen.column).zip(&places) {
                    seen.trace.push(place, value);
                    seen.histogram.add(value);
                }
            }
        }
    }

    /// What comes next does not follow what came before.
    pub fn interrupted(&mut self) {
        for seen in &mut self.columns {
            seen.trace.gap();
        }
    }

    /// With the figures of each field, and from where to where its distribution is worth seeing.
    pub fn panels(
        &self,
        figures: impl Iterator<Item = (Figures, (f64, f64))>,
        missing: f64,
    ) -> Vec<Panel> {
        let both = self.columns.iter().zip(figures);
        let both = both.flat_map(|(seen, (figures, shown))| {
            [
                seen.in_time(self.timeline.axis(), &figures, missing),
                seen.distribution(&figures, shown),
            ]
        });
        let mut panels: Vec<Panel> = both.collect();
        if let (1.., Some(last)) = (self.left_out, panels.last_mut()) {
            last.notes.push(not_drawn(self.left_out));
        }
        panels
    }
}

impl Seen {
    fn axis(&self) -> Axis {
        let name = self.column.name();
        Axis {
            label: match self.column.unit() {
                // Some recordings say it in the name already.
                Some(unit) if !name.ends_with(&format!("({unit})")) => format!("{name} ({unit})"),
                _ => name.to_owned(),
            },
            scale: Scale::Linear,
        }
    }

    fn in_time(&self, x: Axis, figures: &Figures, missing: f64) -> Panel {
        let unit = self.column.unit().map(|unit| format!(" {unit}"));
        let unit = unit.unwrap_or_default();
        let mut notes = vec![format!(
            "{} values, mean {}{unit}, std {}{unit}, {} to {}{unit}",
            figures.count,
            figure(figures.mean),
            figure(figures.std),
            figure(figures.min),
            figure(figures.max),
        )];
        if figures.not_finite > 0 {
            notes.push(format!("{} not finite", figures.not_finite));
        }
        if missing > 0.0 {
            notes.push(format!("{} of all records missing", percent(missing)));
        }
        let mut layers = Vec::new();
        let mut name = String::new();
        if self.trace.is_summed_up() {
            let all = "lowest to highest".to_owned();
            layers.push(Layer::Envelope(all, self.trace.envelope()));
            name = "mean".to_owned();
        }
        layers.push(Layer::Line(name, self.trace.means()));
        Panel {
            title: self.column.name().to_owned(),
            notes,
            x,
            y: self.axis(),
            layers,
            gaps: self.trace.gaps(),
            is_beside: false,
        }
    }

    fn distribution(&self, figures: &Figures, (from, to): (f64, f64)) -> Panel {
        let bars = self.histogram.bars(from, to);
        let all = self.histogram.count() as f64;
        let share = |count: u64| count as f64 / all * 100.0;
        let inside: u64 = bars.iter().map(|bar| bar.2).sum();
        let outside = self.histogram.count() - inside;
        let mut notes = Vec::new();
        if outside > 0 {
            notes.push(format!("{} lie outside", percent(outside as f64 / all)));
        }
        let bars = bars
            .iter()
            .map(|&(from, to, count)| (from, to, share(count)));
        let mut layers = vec![Layer::Bars(String::new(), bars.collect())];
        for (quantile, value) in &figures.quantiles.0 {
            if let Some(value) = value.filter(|value| (from..=to).contains(value)) {
                let label = format!("{} {}", quantile.title(), figure(value));
                layers.push(Layer::Upright(label, value));
            }
        }
        Panel {
            title: "distribution".to_owned(),
            notes,
            x: self.axis(),
            y: Axis {
                label: "values (%)".to_owned(),
                scale: Scale::Linear,
            },
            layers,
            gaps: Vec::new(),
            is_beside: true,
        }
    }
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
