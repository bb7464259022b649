//! `analyzer health`, as it is typed.

use clap::Args;

use super::Common;
use crate::analysis::health::Options;

pub const HELP: &str = "\
Examples:
  analyzer health imu";

#[derive(Debug, Args)]
pub struct Health {
    #[command(flatten)]
    pub common: Common,
}

impl Health {
    /// What is asked of the analysis.
    pub fn options(&self) -> Options {
        Options
    }
}
