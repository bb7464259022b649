//! `analyzer stats`, as it is typed.

use clap::Args;

use super::{Common, Plotting};
use crate::analysis::stats::{Options, Quantile};

pub const HELP: &str = "\
Examples:
  analyzer stats imu                                   a table every second, the total at the end
  analyzer stats imu --from oldest --plot imu.svg      and a picture of each field
  analyzer stats imu --field 'accel*' --quantiles 0.25,0.5,0.75
  analyzer stats imu gps --json --every 10s            two rings, one object a line

Without --quantiles the table has p50 and p99, and --json has p1, p5, p25, p50, p75, p95, p99 and
p99_9. Up to 4096 values they are exact; of more they are right to 0.2 % of the value, or of its
distance from the first one, whichever is less.

With --json \"fields\" holds for each field unit, count, mean, std, min, max, the quantiles, and
not_finite (how many values were NaN or infinite and are in none of these); \"missing\" is the part of
all records that was missed, from 0 to 1.";

#[derive(Debug, Args)]
pub struct Stats {
    #[command(flatten)]
    pub common: Common,

    #[command(flatten)]
    pub plotting: Plotting,

    /// Which quantiles, such as 0.01,0.5,0.999 [default: 0.5 and 0.99; more with --json]
    #[arg(long, value_name = "Q,..", value_delimiter = ',', value_parser = quantile)]
    pub quantiles: Vec<Quantile>,
}

impl Stats {
    /// What is asked of the analysis.
    pub fn options(&self) -> Options {
        Options::with(&self.quantiles)
    }
}

fn quantile(text: &str) -> Result<Quantile, String> {
    let fraction = text.trim().parse().ok().and_then(Quantile::of);
    fraction.ok_or_else(|| format!("found {text:?}, expected a number from 0 to 1, such as 0.999"))
}
