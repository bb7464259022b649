//! How findings are written: every one of them for programs, for people when something begins and when it is over.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use ringbuf_console::times::Time;

use super::Anomaly;
use super::change::{Change, Of};
use super::episode::Episode;
use super::judge::{Told, What};
use super::usual::Usual;
use super::values::Why;
use crate::output::{Format, Output};
use crate::table::figure;

/// A score to one digit; of one that is beyond all measure, its size.
fn shown(score: f64) -> String {
    match score.abs() < 1e6 {
        true => format!("{score:.1}"),
        false => format!("{score:.1e}"),
    }
}

#[derive(Serialize)]
struct Finding<'a, T> {
    sequence: u64,
    time: Time,
    field: &'a str,
    value: f64,
    score: f64,
    #[serde(flatten)]
    own: T,
}

#[derive(Serialize)]
struct OfPoint {
    why: Why,
    episode: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<f64>,
}

#[derive(Serialize)]
struct OfChange {
    why: &'static str,
    of: Of,
    before: Usual,
    after: Usual,
    missing: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    restarted: bool,
    known_at: u64,
    window: f64,
}

impl Anomaly {
    /// Tells what there is to tell of a record of the chunk that begins with this sequence.
    pub fn tell(&self, told: &Told, first: u64, output: &mut Output) -> io::Result<()> {
        let sequence = first.saturating_add(told.record as u64);
        match (output.format(), &told.what) {
            (Format::Json, What::Point(point)) => {
                let own = OfPoint {
                    why: point.why,
                    episode: point.episode.0,
                    window: point.window,
                };
                let (value, score) = (point.value, point.score);
                self.object(told.column, sequence, value, score, own, output)
            }
            (Format::Json, What::Change(change)) => {
                let own = OfChange {
                    why: "change",
                    of: change.of,
                    before: change.before,
                    after: change.after,
                    missing: change.missing,
                    restarted: change.restarted,
                    known_at: change.known_at,
                    window: change.window,
                };
                let (value, score) = (change.after.level, change.score);
                self.object(told.column, change.sequence, value, score, own, output)
            }
            (Format::Json, What::Over(_)) => Ok(()),
            (Format::Human, What::Point(point)) if !point.episode.1 => Ok(()),
            (Format::Human, What::Point(point)) => {
                let why = why(point.why);
                let unit = self.unit(told.column);
                let score = point.score;
                let value = Quantity(point.value, unit);
                let part = Part(point.window);
                let text = format_args!("{value:>16}  score {:>6}  {why}{part}", shown(score));
                self.line(told.column, sequence, text, output)
            }
            (Format::Human, What::Change(change)) => {
                let text = ChangeText(change, self.unit(told.column));
                self.line(told.column, change.sequence, text, output)
            }
            // Of a single value all was said.
            (Format::Human, What::Over(episode)) if episode.findings == 1 => Ok(()),
            (Format::Human, What::Over(episode)) => {
                let text = EpisodeText(episode, "over", self.unit(told.column));
                self.line(told.column, sequence, text, output)
            }
        }
    }

    /// What is under way when all is over.
    pub fn end_episodes(&mut self, output: &mut Output) -> io::Result<()> {
        for column in 0..self.judges.len() {
            let Some(episode) = self.judges[column].end() else {
                continue;
            };
            if output.format() == Format::Human && episode.findings > 1 {
                let text = EpisodeText(&episode, "still so", self.unit(column));
                self.line(column, episode.last, text, output)?;
            }
        }
        Ok(())
    }

    fn object(
        &self,
        column: usize,
        sequence: u64,
        value: f64,
        score: f64,
        own: impl Serialize,
        output: &mut Output,
    ) -> io::Result<()> {
        let finding = Finding {
            sequence,
            time: self.moments.time(sequence),
            field: self.judges[column].column.name(),
            value,
            score,
            own,
        };
        output.line(&finding)
    }

    fn line(
        &self,
        column: usize,
        sequence: u64,
        text: impl fmt::Display,
        output: &mut Output,
    ) -> io::Result<()> {
        output.name_ring()?;
        let out = output.writer();
        write!(out, "{sequence:>10}  ")?;
        if self.moments.times().known() {
            write!(out, "{:>24}  ", self.moments.time(sequence))?;
        }
        let (field, width) = (self.judges[column].column.name(), self.name_width);
        writeln!(out, "{field:<width$}  {text}")
    }

    fn unit(&self, column: usize) -> Option<&str> {
        self.judges[column].column.unit()
    }
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Band => "outside the band",
        Why::Level => "unusual level",
        Why::Jump => "jump",
    }
}

/// A number with its unit.
struct Quantity<'a>(f64, Option<&'a str>);

impl fmt::Display for Quantity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(unit) => f.pad(&format!("{} {unit}", figure(self.0))),
            None => f.pad(&figure(self.0)),
        }
    }
}

/// With which part of a window something was compared, if that is worth a word.
struct Part(Option<f64>);

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(part) if part < 0.995 => write!(f, " ({:.0} % of a window)", part * 100.0),
            _ => Ok(()),
        }
    }
}

struct ChangeText<'a>(&'a Change, Option<&'a str>);

impl fmt::Display for ChangeText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ChangeText(change, unit) = *self;
        let (before, after) = (change.before, change.after);
        let level = Quantity(after.level, unit);
        write!(f, "{level:>16}  score {:>6}  change:", shown(change.score))?;
        if change.of != Of::Spread {
            write!(
                f,
                " level {} -> {}",
                figure(before.level),
                figure(after.level)
            )?;
        }
        if change.of != Of::Level {
            let comma = if change.of == Of::Both { "," } else { "" };
            write!(
                f,
                "{comma} spread {} -> {}",
                figure(before.spread),
                figure(after.spread)
            )?;
        }
        match change.missing {
            0 => {}
            1 => write!(f, " (a record before it is missing)")?,
            missing => write!(f, " ({missing} records before it are missing)")?,
        }
        if change.restarted {
            write!(f, " (another producer carried on there)")?;
        }
        write!(f, "{}", Part(Some(change.window)))
    }
}

struct EpisodeText<'a>(&'a Episode, &'static str, Option<&'a str>);

impl fmt::Display for EpisodeText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EpisodeText(episode, word, unit) = *self;
        let (first, last) = (episode.first, episode.last);
        let (value, score) = episode.worst;
        let value = Quantity(value, unit);
        let findings = episode.findings;
        write!(
            f,
            "{word}: {findings} anomalies from {first} to {last}, the worst {value} with score {}",
            shown(score)
        )
    }
}
