//! `analyzer anomaly`, as it is typed.

use clap::Args;

use super::{Common, Plotting, values};
use crate::analysis::anomaly::{DEFAULT_THRESHOLD, DEFAULT_WINDOW, WARM_UP};

/// More would be megabytes for every field.
const MAX_WINDOW: usize = 1 << 20;

pub const HELP: &str = "\
With --center and --band a value is an anomaly when it is further than the band from the center.

Without, every value is compared with the --window values of its field before it: how far it is
from their median, and how far from where the signal just was. It is an anomaly when one of these
is --threshold times larger than usual. The first 64 values only serve to learn what is usual, and
after records were missed as much is forgotten as they would have replaced.

What is not a number is not judged.";

#[derive(Debug, Args)]
pub struct Anomaly {
    #[command(flatten)]
    pub common: Common,

    #[command(flatten)]
    pub plotting: Plotting,

    /// Middle of a fixed band, together with --band
    #[arg(
        long,
        value_name = "VALUE",
        requires = "band",
        allow_negative_numbers = true
    )]
    #[arg(value_parser = values::finite)]
    pub center: Option<f64>,

    /// A value further than this from --center is an anomaly
    #[arg(long, value_name = "DISTANCE", requires = "center", value_parser = values::positive)]
    pub band: Option<f64>,

    /// Without a band: with how many earlier values of its field a value is compared
    #[arg(long, value_name = "N", conflicts_with = "center", default_value_t = DEFAULT_WINDOW)]
    #[arg(value_parser = window)]
    pub window: usize,

    /// Without a band: how many times further off than usual a value has to be
    #[arg(long, value_name = "SCORE", conflicts_with = "center", value_parser = values::positive)]
    #[arg(default_value_t = DEFAULT_THRESHOLD)]
    pub threshold: f64,
}

fn window(text: &str) -> Result<usize, String> {
    match values::count(text).map(usize::try_from) {
        Ok(Ok(window)) if (WARM_UP..=MAX_WINDOW).contains(&window) => Ok(window),
        _ => Err(format!(
            "found {text:?}, expected {WARM_UP} to {MAX_WINDOW} values"
        )),
    }
}
