//! `analyzer latency`, as it is typed.

use clap::Args;

use super::{Common, Plotting};
use crate::analysis::latency::Options;

pub const HELP: &str = "\
Examples:
  analyzer latency imu";

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
