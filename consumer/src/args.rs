//! The command line as it was typed. What it means is in [`config`](crate::config).

mod anomaly;
mod health;
mod latency;
mod record;
mod spectrum;
mod stats;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand};
use ringbuf_core::{Start, Until};

pub use self::anomaly::Anomaly;
pub use self::health::Health;
pub use self::latency::Latency;
pub use self::record::Record;
pub use self::spectrum::Spectrum;
pub use self::stats::Stats;
use crate::span;
use ringbuf_console::{duration, version::version};

/// Follow a ring and say what is in it.
#[derive(Debug, Parser)]
#[command(name = "analyzer", version = version(), after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    pub analysis: Analysis,
}

const EXAMPLES: &str = "\
Examples:
  analyzer stats imu                            a table every second, the total at the end
  analyzer stats imu --every 1s --json          the same for programs, one object a line
  analyzer stats imu --bounded 50ms             hold the producer up, 50 ms at a time at most
  analyzer stats imu arm --field 'acc*'         two rings, some of their fields
  analyzer stats imu --plot imu.svg             a picture at the end
  analyzer anomaly imu --center 50 --band 25    values more than 25 away from 50
  analyzer spectrum imu --field accel           its dominant frequencies
  analyzer health imu --expect 50ms             says at once when nothing comes for 50 ms
  analyzer latency imu --every 1s               how old records are when they are looked at
  analyzer tail imu --field accel --count 10    the next ten readings of one sensor
  analyzer tail imu --from -5s                  from the last five seconds on
  analyzer tail imu --from 1_000 --until 2_000  these thousand records, while they are kept
  analyzer tail log                             the lines of a ring of frames, images described
  analyzer record cam pictures/ --lossless      every frame as a file
  analyzer tail imu --from 2026-11-20T10:00:00Z --until 2026-11-20T10:00:05Z

The ring need not be there yet: analyzers wait for it. They end when its producer closes it;
when the producer dies instead they say so and wait for the next one. Of a ring without a living
producer they read what it kept. Ctrl-C and SIGTERM finish the report first.

Exit: 0 done, 1 failed, 2 wrong usage, 3 finished but records were missed, or the ring did not
reach back to --from TIME. A ring that was removed or replaced is an end like any other, after
all that had been published was read; with --json the last line of who has read a ring says in
\"ended\" what it was: closed, until, count, duration, stopped, removed, replaced or failed.";

#[derive(Debug, Subcommand)]
pub enum Analysis {
    /// Mean, standard deviation, extremes and quantiles of every field
    #[command(after_help = stats::HELP)]
    Stats(Stats),
    /// Values unlike the ones before them, or outside a fixed band
    #[command(after_help = anomaly::HELP)]
    Anomaly(Anomaly),
    /// Which frequencies are in a signal
    #[command(after_help = spectrum::HELP)]
    Spectrum(Spectrum),
    /// Whether the sensor and its clock behave
    #[command(after_help = health::HELP)]
    Health(Health),
    /// How long records take from publication to being read
    #[command(after_help = latency::HELP)]
    Latency(Latency),
    /// The records, or frames, themselves
    Tail(Common),
    /// Every frame as a file
    #[command(after_help = record::HELP)]
    Record(Record),
}

/// For analyses that can be seen.
#[derive(Debug, ClapArgs)]
pub struct Plotting {
    /// At the end also draw a picture into this file, which has to be called .svg
    #[arg(long, value_name = "FILE.svg", value_parser = plot_file)]
    pub plot: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct Common {
    /// Names of rings, or the paths of their data files; several are followed at the same time
    #[arg(value_name = "RING", required_unless_present = "rings")]
    pub places: Vec<String>,

    /// The same, as an option
    #[arg(long = "ring", value_name = "RING", conflicts_with = "places")]
    pub rings: Vec<String>,

    // Not a doc comment: rustdoc would take [0] for a link.
    #[arg(long = "field", value_name = "NAME")]
    #[arg(
        help = "Only this field, such as accel, accel[0] or 'cpu*' (* is any text, ? any character); may be given \
                  more than once"
    )]
    pub fields: Vec<String>,

    #[command(flatten)]
    pub options: Options,
}

/// What all of them have in common but the ring.
#[derive(Debug, ClapArgs)]
pub struct Options {
    /// Lose nothing: while this analyzer is a full ring behind, the producer waits for it
    #[arg(long)]
    pub lossless: bool,

    /// As --lossless, but the producer waits this long at most, such as 50ms
    ///
    /// Then it demotes the analyzer and goes on. The analyzer says so, may miss records as if it had no such
    /// option, and when it has caught up the producer waits for it again.
    #[arg(long, value_name = "TIME", conflicts_with = "lossless", value_parser = duration::parse)]
    pub bounded: Option<Duration>,

    /// Where to begin: now, oldest, SEQ, last:N, -5s or TIME [default: now; oldest if the ring came after the
    /// analyzer or has no living producer]
    ///
    /// SEQ is the sequence of a record, as tail shows it; what is not kept any more counts as missed. last:1_000 are
    /// the newest thousand, -5s is what was published in the five seconds before the newest record, and a TIME such
    /// as 2026-11-20T10:00:00Z begins with the first record published then or later. The last two need a ring with
    /// publication times. With --lossless or --bounded the oldest record of a running producer may be up to an eighth
    /// of the ring later.
    #[arg(long, value_name = "WHERE", allow_hyphen_values = true, value_parser = span::start)]
    pub from: Option<Start>,

    /// End in front of this record: SEQ, or TIME for the first one published then or later
    #[arg(long, value_name = "WHERE", allow_hyphen_values = true, value_parser = span::until)]
    pub until: Option<Until>,

    /// Read a ring on a disk that may be damaged: the system stopped before its producer had closed it
    #[arg(long)]
    pub unverified: bool,

    /// Also report every so often, such as 1s [default: 1s for stats and latency, unless --json]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub every: Option<Duration>,

    /// End after this many records, or frames
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub count: Option<u64>,

    /// End after following the ring for this long, such as 5s
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub duration: Option<Duration>,

    /// Give up when there is no ring after this long [default: wait for ever]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub wait_for_ring: Option<Duration>,

    /// Give up at once when there is no ring
    #[arg(long, conflicts_with = "wait_for_ring")]
    pub no_wait: bool,

    /// Name by which this reader is listed [default: the analysis]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

fn plot_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_svg = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("svg"));
    is_svg
        .then_some(path)
        .ok_or_else(|| format!("found {text:?}, expected the name of a file that ends in .svg"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    fn refused(line: &str) -> ErrorKind {
        Args::try_parse_from(line.split(' ')).unwrap_err().kind()
    }

    #[test]
    fn every_example_is_understood() {
        ringbuf_console::examples::check::<Args>().unwrap();
    }

    #[test]
    fn the_definition_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn wrong_usage_is_refused() {
        use ErrorKind::*;
        assert_eq!(refused("analyzer stats"), MissingRequiredArgument);
        assert_eq!(refused("analyzer guess r"), InvalidSubcommand);
        assert_eq!(refused("analyzer stats r --ring r"), ArgumentConflict);
        assert_eq!(refused("analyzer stats r --count 0"), ValueValidation);
        assert_eq!(refused("analyzer stats r --every 5"), ValueValidation);
        assert_eq!(
            refused("analyzer anomaly r --center 5"),
            MissingRequiredArgument
        );
        assert_eq!(
            refused("analyzer anomaly r --threshold nan"),
            ValueValidation
        );
        assert_eq!(refused("analyzer anomaly r --window 8"), ValueValidation);
        let both = "analyzer anomaly r --center 5 --band 1 --window 100";
        assert_eq!(refused(both), ArgumentConflict);
        assert_eq!(refused("analyzer record r"), MissingRequiredArgument);
        assert_eq!(refused("analyzer record r d --ring r"), ArgumentConflict);
        assert_eq!(refused("analyzer record r d --tag x"), ValueValidation);
        assert_eq!(refused("analyzer health r --expect 5"), ValueValidation);
        assert_eq!(refused("analyzer health r --stuck 1"), ValueValidation);
        assert_eq!(refused("analyzer health r --range 5"), ValueValidation);
        assert_eq!(refused("analyzer health r --plot a.svg"), UnknownArgument);
        let both = "analyzer tail r --no-wait --wait-for-ring 1s";
        assert_eq!(refused(both), ArgumentConflict);
        let both = "analyzer tail r --lossless --bounded 50ms";
        assert_eq!(refused(both), ArgumentConflict);
        assert_eq!(refused("analyzer tail r --bounded 50"), ValueValidation);
        assert_eq!(refused("analyzer tail r --from then"), ValueValidation);
        assert_eq!(refused("analyzer tail r --until now"), ValueValidation);
        assert_eq!(refused("analyzer tail r --from --json"), ValueValidation);
    }

    #[test]
    fn a_center_may_be_negative() {
        let line = "analyzer anomaly r --center -5 --band 2.5";
        let args = Args::try_parse_from(line.split(' ')).unwrap();
        let Analysis::Anomaly(anomaly) = args.analysis else {
            panic!("expected anomaly");
        };
        assert_eq!((anomaly.center, anomaly.band), (Some(-5.0), Some(2.5)));
    }
}
