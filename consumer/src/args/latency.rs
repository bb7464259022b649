//! `analyzer latency`, as it is typed.

use clap::Args;

use super::{Common, Plotting};
use crate::analysis::latency::Options;

pub const HELP: &str = "\
Of every record, or frame, how long ago it was published when this analyzer looked at it, by the
clock of its publication: the ring needs publication times (producer gives them, without
--no-stamp).

The analyzer's own waiting is in it: the wake-up, its turn on a core, and what came at once and had
to be looked at together; a reader that only observes looks every 10 to 20 ms. So it is what an
analyzer like this one gets, and not what the ring costs. Records that were missed have no latency,
and those published before the analyzer attached (--from oldest) are counted and left out: they
waited for it, and would be all one sees. Where the clock went back an age counts as 0.

Quantiles are good to a thousandth of their size. With --json all is in microseconds: count, min_us,
mean_us, p50_us, p90_us, p99_us, p99_9_us, max_us; then before_attach, clock_back and untold, the
records that are left out, taken as 0, and left out for want of a clock.

Examples:
  producer synth --ring live --rate 1000 --duration 5m &
  analyzer latency live --every 1s --duration 5s
  analyzer latency live --lossless --count 10_000 --json
  analyzer latency live --duration 10s --plot latency.svg
  producer frames --test-card 640x480 --ring cam --rate 30 --duration 5m &
  analyzer latency cam --duration 5s";

#[derive(Debug, Args)]
pub struct Latency {
    #[command(flatten)]
    pub common: Common,

    #[command(flatten)]
    pub plotting: Plotting,
}

impl Latency {
    /// What is asked of the analysis.
    pub fn options(&self) -> Options {
        Options
    }
}
