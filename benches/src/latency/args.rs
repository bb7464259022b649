//! What is typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How long a record takes from one process to another.
///
/// One way: a record goes to the other process and one comes back, both looking all the time; half of each round trip.
/// Wake: a reader sleeps when a record is published; the time from there until it has the record. Every record is
/// checked. The bare machine does the same beside it: a cache line there and back, a futex.
#[derive(Clone, Debug, Parser)]
#[command(name = "latency", after_help = EXAMPLES)]
pub struct Args {
    /// What to measure; everything, if not said.
    #[arg(long, value_enum)]
    pub work: Vec<Work>,
    /// What the ring is made for; both, if not said.
    #[arg(long, value_enum)]
    pub preset: Vec<Preset>,
    /// What the reader asks for; both, if not said.
    #[arg(long, value_enum)]
    pub delivery: Vec<Delivery>,
    /// The size of a record: a power of two from 8 to 1024, 112, 4096 or 65536.
    #[arg(long, default_value = "64", value_parser = super::sizes::parse)]
    pub bytes: usize,
    /// Round trips in each round, for one way.
    #[arg(long, default_value = "200000", value_name = "N", value_parser = clap::value_parser!(u64).range(10..))]
    pub round_trips: u64,
    /// Wake-ups in each round.
    #[arg(long, default_value = "4000", value_name = "N", value_parser = clap::value_parser!(u64).range(10..))]
    pub wakes: u64,
    /// The time between two records, for wake-ups; shorter than 50us, and readers may not have fallen asleep.
    #[arg(long, default_value = "100us", value_name = "TIME", value_parser = gap, allow_hyphen_values = true)]
    pub gap: Duration,
    /// Everything so many times in turn; rounds in which the cores moved are left out.
    #[arg(long, default_value = "5", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub rounds: u64,
    /// Prints one JSON object instead of tables.
    #[arg(long)]
    pub json: bool,
    /// Draws the percentiles to this file, as SVG.
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  latency                                            everything, in less than a minute
  latency --work one-way --bytes 1024                larger records
  latency --work wake --preset latency --gap 1ms     a sensor of 1 kHz
  latency --plot latency.svg                         percentiles as a picture
  latency --json > latency.json";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Half a round trip between two processes that look all the time.
    OneWay,
    /// From publication until a reader that slept has the record.
    Wake,
}

/// What a ring is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Single records as soon as possible.
    Latency,
    /// Many records in batches; the library's default.
    Throughput,
}

/// What a reader asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// The producer never waits, records are copied.
    Lossy,
    /// Nothing is lost, records are read where they lie.
    Lossless,
}

/// Reads a time.
fn gap(text: &str) -> Result<Duration, String> {
    let time: Result<SignedDuration, _> = text.parse();
    time.ok()
        .and_then(|time| Duration::try_from(time).ok())
        .ok_or_else(|| format!("found {text:?}, expected a time like 100us or 1ms"))
}

impl Args {
    /// What was chosen of `all`: everything, if nothing was.
    pub(super) fn chosen<T: ValueEnum>(chosen: &[T]) -> Vec<T> {
        if chosen.is_empty() {
            T::value_variants().to_vec()
        } else {
            chosen.to_vec()
        }
    }
}
