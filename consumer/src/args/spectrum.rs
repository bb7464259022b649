//! `analyzer spectrum`, as it is typed.

use clap::Args;

use super::{Common, Plotting};
use crate::analysis::spectrum::Options;

pub const HELP: &str = "\
Examples:
  analyzer spectrum imu";

#[derive(Debug, Args)]
pub struct Spectrum {
    #[command(flatten)]
    pub common: Common,

    #[command(flatten)]
    pub plotting: Plotting,
}

impl Spectrum {
    /// What is asked of the analysis.
    pub fn options(&self) -> Options {
        Options
    }
}
