//! The values of one field, one after the other, and what is found among them.

use ringbuf_core::{Column, Records};
use serde::Serialize;

use super::Rule;
use super::change::{self, Change, Changes};
use super::episode::{Episode, Episodes};
use super::picture::Picture;
use super::values::{Values, Why};
use crate::analysis::robust::Robust;

/// Something to tell of one field.
#[derive(Debug, Clone, Copy)]
pub enum What {
    Point(Point),
    /// An episode is over.
    Over(Episode),
    Change(Change),
}

/// A value that is an anomaly.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    pub value: f64,
    pub score: f64,
    pub why: Why,
    /// With which part of a window it was compared; `None` if with none.
    pub window: Option<f64>,
    /// The number of the episode, and whether it begins.
    pub episode: (u64, bool),
}

/// What there is to tell once this record is there.
pub struct Told {
    pub record: usize,
    pub column: usize,
    pub what: What,
}

/// Of one field: how many values there were, and what was found among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Counts {
    pub judged: u64,
    pub not_judged: u64,
    pub anomalies: u64,
    pub episodes: u64,
    pub changes: u64,
}

/// Judges the values of one field.
pub struct Judge {
    pub column: Column,
    values: Option<Values>,
    changes: Option<Changes>,
    episodes: Episodes,
    period: Counts,
    /// Values since the last report.
    seen: u64,
    /// All periods before this one.
    total: Counts,
    seen_before: u64,
    picture: Option<Picture>,
}

impl Judge {
    pub fn of(column: Column, rule: Rule, is_plotted: bool) -> Judge {
        let (values, changes, quiet) = match rule {
            Rule::Band { center, band } => {
                (Some(Values::Band { center, band }), None, super::QUIET)
            }
            Rule::Learned {
                window,
                threshold,
                robust,
                change,
            } => {
                let values = || Values::Robust {
                    robust: Box::new(Robust::over(window)),
                    threshold,
                };
                let changes = || Changes::over(window, threshold);
                let quiet = change::block(window) as u64;
                (robust.then(values), change.then(changes), quiet)
            }
        };
        let picture = is_plotted.then(|| Picture::of(&column, rule));
        Judge {
            column,
            values,
            changes,
            episodes: Episodes::apart(quiet),
            period: Counts::default(),
            seen: 0,
            total: Counts::default(),
            seen_before: 0,
            picture,
        }
    }

    /// The records before this one, from the last one that came, are missing.
    pub fn missed(&mut self, missed: u64) {
        if let Some(Values::Robust { robust, .. }) = &mut self.values {
            robust.lost(missed);
        }
        if let Some(picture) = &mut self.picture {
            picture.gap();
        }
    }

    /// What comes next need not follow what came before.
    pub fn interrupted(&mut self) {
        if let Some(Values::Robust { robust, .. }) = &mut self.values {
            robust.interrupted();
        }
        if let Some(changes) = &mut self.changes {
            changes.interrupted();
        }
    }

    /// Looks at the values of these records, of which the first one is `sequence`.
    pub fn judge(
        &mut self,
        records: &Records<'_>,
        sequence: u64,
        index: usize,
        place: &dyn Fn(u64) -> f64,
        told: &mut Vec<Told>,
    ) {
        let mut tell = |record, what| {
            told.push(Told {
                record,
                column: index,
                what,
            });
        };
        if let Some(change) = self.changes.as_mut().and_then(|all| all.go_to(sequence)) {
            self.changed(&change, place);
            tell(0, What::Change(change));
        }
        self.seen += records.len() as u64;
        for (record, value) in records.numbers(&self.column).enumerate() {
            let sequence = sequence.saturating_add(record as u64);
            if let Some(over) = self.episodes.over(sequence) {
                tell(record, What::Over(over));
            }
            if let Some(point) = self.point(sequence, value) {
                if let Some(picture) = &mut self.picture {
                    picture.point(place(sequence), point.value);
                }
                tell(record, What::Point(point));
            }
            if let Some(picture) = &mut self.picture {
                let usual = || self.values.as_ref().and_then(Values::usual);
                picture.value(place(sequence), value, usual);
            }
            let change = self.changes.as_mut().and_then(|all| all.push(value));
            if let Some(change) = change {
                self.changed(&change, place);
                tell(record, What::Change(change));
            }
        }
    }

    fn point(&mut self, sequence: u64, value: f64) -> Option<Point> {
        let (score, why, window) = self.values.as_mut()?.judge(value)?;
        self.period.judged += 1;
        let why = why?;
        self.period.anomalies += 1;
        let begins = self.episodes.found(sequence, value, score);
        self.period.episodes += u64::from(begins);
        Some(Point {
            value,
            score,
            why,
            window,
            episode: (self.episodes.count(), begins),
        })
    }

    fn changed(&mut self, change: &Change, place: &dyn Fn(u64) -> f64) {
        self.period.changes += 1;
        if let Some(Values::Robust { robust, .. }) = &mut self.values {
            let since = change.known_at.saturating_sub(change.sequence);
            robust.keep_last(since as usize);
        }
        if let Some(picture) = &mut self.picture {
            picture.change(place(change.sequence), change.score);
        }
    }

    /// What was counted in the period that ends now, or in all of them.
    pub fn counts(&mut self, all: bool) -> Counts {
        if self.values.is_none()
            && let Some(changes) = &mut self.changes
        {
            self.period.judged = changes.take_judged();
        }
        self.seen_before += self.seen;
        // Blocks that began in an earlier period are judged in this one.
        self.period.not_judged = self.seen.saturating_sub(self.period.judged);
        self.seen = 0;
        let period = std::mem::take(&mut self.period);
        self.total.add(period);
        // So what that period said of them is not the last word.
        self.total.not_judged = self.seen_before.saturating_sub(self.total.judged);
        if all { self.total } else { period }
    }

    /// The episode that is not over.
    pub fn end(&mut self) -> Option<Episode> {
        self.episodes.end()
    }

    pub fn picture(&self) -> Option<&Picture> {
        self.picture.as_ref()
    }
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.judged += other.judged;
        self.anomalies += other.anomalies;
        self.episodes += other.episodes;
        self.changes += other.changes;
    }
}
