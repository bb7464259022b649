//! The values of one field, and what was found among them, to look at.

use std::ops::Range;

use ringbuf_core::Column;

use super::Rule;
use super::judge::Counts;
use super::report::plural;
use crate::plot::trace::Trace;
use crate::plot::{Axis, Layer, Panel, Scale};

/// More uprights than this nobody can tell apart.
const MOST_CHANGES: usize = 40;
/// The usual range is looked at once in so many records.
const USUAL_EVERY: u32 = 64;

/// What is kept of one field, however long it is.
pub struct Picture {
    label: String,
    band: Option<Range<f64>>,
    values: Trace,
    points: Trace,
    /// The lower and the upper end of what is usual.
    usual: [Trace; 2],
    until_usual: u32,
    /// Place and score of the largest ones.
    changes: Vec<(f64, f64)>,
}

impl Picture {
    pub fn of(column: &Column, rule: Rule) -> Picture {
        let band = match rule {
            Rule::Band { center, band } => Some(center - band..center + band),
            Rule::Learned { .. } => None,
        };
        let label = match column.unit() {
            // Some recordings have it in the name.
            Some(unit) if column.name().ends_with(&format!("({unit})")) => column.name().to_owned(),
            Some(unit) => format!("{} ({unit})", column.name()),
            None => column.name().to_owned(),
        };
        Picture {
            label,
            band,
            values: Trace::default(),
            points: Trace::default(),
            usual: Default::default(),
            until_usual: 0,
            changes: Vec::new(),
        }
    }

    /// The next value, and what is usual after it.
    pub fn value(&mut self, place: f64, value: f64, usual: impl FnOnce() -> Option<Range<f64>>) {
        self.values.push(place, value);
        if self.until_usual == 0 {
            self.until_usual = USUAL_EVERY;
            if let Some(usual) = usual() {
                let [low, high] = &mut self.usual;
                low.push(place, usual.start);
                high.push(place, usual.end);
            }
        }
        self.until_usual -= 1;
    }

    /// Records are missing before the next value.
    pub fn gap(&mut self) {
        self.values.gap();
        self.usual.iter_mut().for_each(Trace::gap);
        self.until_usual = 0;
    }

    pub fn point(&mut self, place: f64, value: f64) {
        self.points.push(place, value);
    }

    pub fn change(&mut self, place: f64, score: f64) {
        self.changes.push((place, score));
        if self.changes.len() > MOST_CHANGES {
            let smallest = (0..self.changes.len())
                .min_by(|&a, &b| self.changes[a].1.total_cmp(&self.changes[b].1));
            self.changes.remove(smallest.unwrap_or(0));
        }
    }

    pub fn panel(&self, title: &str, x: Axis, counts: Counts) -> Panel {
        let mut layers = Vec::new();
        if let Some(band) = &self.band {
            layers.push(Layer::Band("band".to_owned(), band.clone()));
        }
        let values = self.values.envelope();
        let usual = self.usual_within(&values);
        if !usual.is_empty() {
            layers.push(Layer::Envelope("usual levels".to_owned(), usual));
        }
        layers.push(Layer::Line("values".to_owned(), up_and_down(&values)));
        let marks = up_and_down(&self.points.envelope());
        if !marks.is_empty() {
            layers.push(Layer::Marks("anomalies".to_owned(), marks));
        }
        for (i, &(place, _)) in self.changes.iter().enumerate() {
            let label = if i == 0 { "change" } else { "" };
            layers.push(Layer::Upright(label.to_owned(), place));
        }
        Panel {
            title: title.to_owned(),
            notes: self.notes(counts),
            x,
            y: Axis {
                label: self.label.clone(),
                scale: Scale::Linear,
            },
            layers,
            gaps: self.values.gaps(),
            is_beside: false,
        }
    }

    /// What was usual. What lies so far from all values that these would be a flat line is beyond the end of the axis.
    fn usual_within(&self, values: &[(f64, f64, f64)]) -> Vec<(f64, f64, f64)> {
        let least = values.iter().map(|piece| piece.1).fold(f64::NAN, f64::min);
        let most = values.iter().map(|piece| piece.2).fold(f64::NAN, f64::max);
        let room = (most - least) / 8.0;
        let within = |end: f64| match end {
            end if end < least - room => f64::NEG_INFINITY,
            end if end > most + room => f64::INFINITY,
            end => end,
        };
        let [low, high] = &self.usual;
        let ends = low.means().into_iter().zip(high.means());
        ends.map(|((x, low), (_, high))| (x, within(low), within(high)))
            .collect()
    }

    fn notes(&self, counts: Counts) -> Vec<String> {
        let (anomalies, changes) = (counts.anomalies, counts.changes);
        let mut notes = vec![format!(
            "{} values judged, {} not",
            counts.judged, counts.not_judged
        )];
        if anomalies > 0 {
            let (y, s) = (
                plural(anomalies, "y", "ies"),
                plural(counts.episodes, "", "s"),
            );
            notes.push(format!(
                "{anomalies} anomal{y} in {} episode{s}",
                counts.episodes
            ));
        }
        if changes > 0 {
            let mut note = format!("{changes} change{}", plural(changes, "", "s"));
            if changes > self.changes.len() as u64 {
                note += &format!(", the {} largest shown", self.changes.len());
            }
            notes.push(note);
        }
        vec![notes.join("; ")]
    }
}

/// The lowest and the highest of every piece, as one line.
fn up_and_down(pieces: &[(f64, f64, f64)]) -> Vec<(f64, f64)> {
    let ends = |&(x, low, high): &(f64, f64, f64)| {
        let is_one = low == high;
        [(x, low), (x, high)].into_iter().skip(usize::from(is_one))
    };
    pieces.iter().flat_map(ends).collect()
}
