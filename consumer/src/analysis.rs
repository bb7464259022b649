//! What an analysis is: something that looks at records and has something to say.
//!
//! One file each: [`stats`], [`anomaly`] (with [`robust`] on a [`window`]), [`tail`].

pub mod anomaly;
mod quantiles;
mod robust;
mod stats;
mod tail;
mod window;

use std::io;

use ringbuf_core::{Records, Schema};

use self::anomaly::{Anomaly, Rule};
use self::stats::Stats;
use self::tail::Tail;
use crate::config::RecordOptions;
use crate::output::Output;
use crate::progress::Summary;
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
}

/// Looks at records and has something to say.
pub trait Analysis {
    /// More records, in order.
    fn update(&mut self, view: &View<'_>, output: &mut Output) -> io::Result<()>;

    /// A period has ended, or everything has: `summary` says which, and what it covers.
    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()>;

    /// Another producer carries on: what comes next need not follow what came before.
    fn restarted(&mut self) {}
}

/// Which analysis.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Stats,
    Anomaly(Rule),
    Tail,
    Record(RecordOptions),
}

impl Kind {
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Stats => "stats",
            Kind::Anomaly(_) => "anomaly",
            Kind::Tail => "tail",
            Kind::Record(_) => "record",
        }
    }

    /// The analysis of these fields of such records; of every field that is fit when none is named.
    pub fn of(&self, schema: &Schema, fields: &[String]) -> Result<Box<dyn Analysis>, Usage> {
        Ok(match self {
            Kind::Stats => Box::new(Stats::of(select::numbers(schema, fields)?)),
            Kind::Anomaly(rule) => {
                Box::new(Anomaly::of(schema, select::numbers(schema, fields)?, *rule))
            }
            Kind::Tail => Box::new(Tail::of(schema, select::all(schema, fields)?)),
            Kind::Record(_) => {
                let what = "this ring holds records, and only frames are recorded yet: analyzer tail with --json \
                            writes records down";
                return Err(Usage(what.to_owned()));
            }
        })
    }
}
