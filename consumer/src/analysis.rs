//! What an analysis is: something that looks at records and has something to say.
//!
//! One file each: [`stats`], [`anomaly`] (with [`robust`] on a [`window`]), [`spectrum`], [`health`], [`latency`],
//! [`tail`].

pub mod anomaly;
pub mod health;
pub mod latency;
mod quantiles;
mod robust;
pub mod spectrum;
pub mod stats;
mod tail;
mod timeline;
mod window;

use std::io;
use std::time::Instant;

use ringbuf_core::{Column, Records, Schema};

use self::anomaly::{Anomaly, Rule};
use self::health::Health;
use self::latency::Latency;
use self::spectrum::Spectrum;
use self::stats::Stats;
use self::tail::Tail;
use crate::config::RecordOptions;
use crate::output::Output;
use crate::reporter::Reporter;
use ringbuf_console::select;
use ringbuf_console::usage::Usage;

/// When a record was published, by its place among those at hand, nanoseconds since the Unix epoch; `None` if the
/// ring does not tell.
pub type Published<'a> = &'a dyn Fn(usize) -> Option<i64>;

/// Consecutive records.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub records: Records<'a>,
    /// Sequence of the first of them.
    pub first_sequence: u64,
    /// Records lost directly before the first of them.
    pub missed: u64,
    pub published: Published<'a>,
    /// This moment, on the same clock.
    pub now: &'a dyn Fn() -> Option<i64>,
}

/// Looks at records and has something to say.
pub trait Analysis: Reporter {
    /// More records, in order.
    fn update(&mut self, view: &View<'_>, output: &mut Output) -> io::Result<()>;
}

/// Which analysis.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Stats(stats::Options),
    Anomaly(Rule),
    Spectrum(spectrum::Options),
    Health(health::Options),
    Latency(latency::Options),
    Tail,
    Record(RecordOptions),
}

impl Kind {
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Stats(_) => "stats",
            Kind::Anomaly(_) => "anomaly",
            Kind::Spectrum(_) => "spectrum",
            Kind::Health(_) => "health",
            Kind::Latency(_) => "latency",
            Kind::Tail => "tail",
            Kind::Record(_) => "record",
        }
    }

    /// The analysis of the records of this ring.
    pub fn of(&self, what: &Subject<'_>) -> Result<Box<dyn Analysis>, Usage> {
        Ok(match self {
            Kind::Stats(options) => Box::new(Stats::of(what, options)?),
            Kind::Anomaly(rule) => Box::new(Anomaly::of(what, *rule)?),
            Kind::Spectrum(options) => Box::new(Spectrum::of(what, options)?),
            Kind::Health(options) => Box::new(Health::of(what, options)?),
            Kind::Latency(options) => Box::new(Latency::of(what, options)?),
            Kind::Tail => Box::new(Tail::of(what)?),
            Kind::Record(_) => {
                let what = "this ring holds records, and only frames are recorded yet: analyzer tail with --json \
                            writes records down";
                return Err(Usage(what.to_owned()));
            }
        })
    }
}

/// What an analysis is made for.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub schema: &'a Schema,
    /// Names and patterns of the fields to look at; none: all that are fit.
    pub fields: &'a [String],
    /// Every record has the time of its publication.
    pub is_stamped: bool,
    /// There will be a picture: see [`Reporter::panels`].
    pub is_plotted: bool,
    /// Just before the reader was there.
    pub attached: Instant,
}

impl Subject<'_> {
    /// The columns to calculate with.
    pub fn numbers(&self) -> Result<Vec<Column>, Usage> {
        select::numbers(self.schema, self.fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All fields of such records, in a ring without publication times, not to be plotted.
    pub fn subject(schema: &Schema) -> Subject<'_> {
        Subject {
            schema,
            fields: &[],
            is_stamped: false,
            is_plotted: false,
            attached: Instant::now(),
        }
    }

    /// Records without publication times.
    pub fn view(records: Records<'_>, first_sequence: u64, missed: u64) -> View<'_> {
        View {
            records,
            first_sequence,
            missed,
            published: &|_| None,
            now: &|| None,
        }
    }
}
