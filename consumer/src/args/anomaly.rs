//! `analyzer anomaly`, as it is typed.

use clap::{Args, ValueEnum};

use super::{Common, Plotting, values};
use crate::analysis::anomaly::{DEFAULT_THRESHOLD, DEFAULT_WINDOW, Rule, WARM_UP};

/// More would be megabytes for every field.
const MAX_WINDOW: usize = 1 << 20;

pub const HELP: &str = "\
With --center and --band a value is an anomaly when it is further than the band from the center.

Without, what is usual is learned from the values themselves, by two rules:

robust compares every value with the --window values of its field before it: how far it is from
their median, and how far from where the signal just was. It is an anomaly when one of these is
--threshold times larger than usual. The first 64 values only serve to learn, and after records
were missed as much is forgotten as they would have replaced.

change compares blocks of 1/32 of the window with the 32 blocks before. When level or spread are
that unlike three times in a row, they have changed: told once, with where it began. From then on
robust, too, only compares with what came after.

Anomalies less than a block apart (64 records by default, and with a band) are an episode: people
are told its first one and its end. With --json every one is a line; \"episode\" numbers the
episodes of a field, and \"window\" is which part of what to compare with was there: less than 1
while learning and after records were missed. What is not a number is not judged.

With --json a line has sequence, time, field, value, score, \"why\" (level, jump, change or band),
episode and window; a change has of (level or spread), before, after, missing and known_at in
place of the episode. The report has anomalies, episodes and changes, in all and, with judged and
not_judged, of each of its \"fields\".

Examples:
  analyzer anomaly imu                                 what is unlike before, and what has changed
  analyzer anomaly imu --rule change --json            only changes, one object a line
  analyzer anomaly imu --field 'accel*' --threshold 8  less, and more certain
  analyzer anomaly imu --plot anomalies.svg            a picture at the end
  analyzer anomaly temperature --center 50 --band 25   what is below 25 or above 75";

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

    /// Without a band: only this rule; may be given more than once, or as robust,change [default: both]
    #[arg(long = "rule", value_name = "RULE", conflicts_with = "center")]
    #[arg(value_enum, value_delimiter = ',')]
    pub rules: Vec<Learning>,

    /// Without a band: with how many earlier values of its field a value is compared
    #[arg(long, value_name = "N", conflicts_with = "center", default_value_t = DEFAULT_WINDOW)]
    #[arg(value_parser = window)]
    pub window: usize,

    /// Without a band: how many times further off than usual a value has to be
    #[arg(long, value_name = "SCORE", conflicts_with = "center", value_parser = values::positive)]
    #[arg(default_value_t = DEFAULT_THRESHOLD)]
    pub threshold: f64,
}

/// How what is usual is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Learning {
    /// Single values unlike the ones before them
    Robust,
    /// Changes of level or spread that last
    Change,
}

impl Anomaly {
    /// What makes a value an anomaly.
    pub fn rule(&self) -> Rule {
        if let (Some(center), Some(band)) = (self.center, self.band) {
            return Rule::Band { center, band };
        }
        let is_wanted = |rule| self.rules.is_empty() || self.rules.contains(&rule);
        Rule::Learned {
            window: self.window,
            threshold: self.threshold,
            robust: is_wanted(Learning::Robust),
            change: is_wanted(Learning::Change),
        }
    }
}

fn window(text: &str) -> Result<usize, String> {
    match values::count(text).map(usize::try_from) {
        Ok(Ok(window)) if (WARM_UP..=MAX_WINDOW).contains(&window) => Ok(window),
        _ => Err(format!(
            "found {text:?}, expected {WARM_UP} to {MAX_WINDOW} values"
        )),
    }
}
