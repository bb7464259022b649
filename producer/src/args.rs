//! The command line, as it is typed.

mod columns;
mod frames;
mod stdin;
mod system;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

use ringbuf_console::version::version;
use ringbuf_core::{Delivery, Register, WhenFull};

pub(crate) use self::{
    columns::ColumnArgs,
    frames::{FramesArgs, LinesArgs},
    stdin::{InputFormat, StdinArgs},
    system::SystemArgs,
};
use crate::{source::signal::ChannelSpec, values};

/// Publishes sensor readings to a ring, for any number of analyzers to read.
#[derive(Debug, Parser)]
#[command(name = "producer", version = version(), after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) source: SourceArgs,
}

const EXAMPLES: &str = "\
Examples:
  producer synth --ring demo --rate 100
  producer csv data/xio-fusion/sensor_data.csv --ring imu --speed 10
  producer stdin --ring tty < /dev/ttyUSB0
  producer frames --test-card 640x480 --ring cam
  journalctl -f | producer lines --ring log
  producer system --ring host
  producer synth --help        every option of a source

The ring is made if there is none of that name, and continued if there is one like it: sequences go
on. One that is different is left alone unless --replace is given.
The ring is closed when the producer ends: analyzers read what is left and end as well.

Records go out when they are due, counted from the start: a stall is caught up, and the rate has no
drift. --json ends with one object: ring, final, published, refused, elapsed_s, records_per_s (or
frames_per_s); where there was a schedule rate_hz (what was wanted; none with recorded timing),
behind_s (how far behind it was at the end), and how long after they were due records went out:
late_p50_us, late_p99_us, late_max_us; kept_s (the time the ring keeps); bytes
and too_long of frames. A rate that was not reached is told in a sentence, with what held it up.

Ctrl-C and SIGTERM close the ring and finish the report; a second one ends at once.
Exit status: 0 done, 1 failed, 2 wrong usage.";

#[derive(Debug, Subcommand)]
pub(crate) enum SourceArgs {
    /// A made-up sensor with several channels
    #[command(after_help = SYNTH_HELP)]
    Synth(SynthArgs),
    /// A recording in a CSV file
    #[command(after_help = CSV_HELP)]
    Csv(CsvArgs),
    /// Records that come through standard input: CSV, a JSON object a line, or their bytes
    #[command(after_help = stdin::STDIN_HELP, mut_arg("rate", |rate| rate.help(stdin::RATE_HELP)))]
    Stdin(StdinArgs),
    /// Images, pieces of any file, or a test card: one frame each
    #[command(after_help = frames::FRAMES_HELP)]
    Frames(FramesArgs),
    /// Lines of standard input: one frame each
    #[command(after_help = frames::LINES_HELP)]
    Lines(LinesArgs),
    /// This machine's own figures: processors, memory, network, disks, load, pressure, temperatures
    #[command(after_help = system::SYSTEM_HELP)]
    System(SystemArgs),
}

const SYNTH_HELP: &str = "\
Signals (NAME may end in a unit, as in 'pressure (hPa)'):
  gaussian:MEAN,STD              normally distributed noise
  sine:AMPLITUDE,HZ[,OFFSET]     a sine wave
  steps:SECONDS,LEVEL,LEVEL,...  each level for so many seconds, round and round
  dropout:PROBABILITY            the value is missing (NaN) in so many of the records
  joined by +                    the sum, as in sine:3,0.5+gaussian:0,0.1+dropout:0.01

Without --channel there are four:
  value=gaussian:50,10  wave=sine:10,1+gaussian:0,0.5
  level=steps:5,20,30,25  flaky=gaussian:20,2+dropout:0.01

The field `time` is when each sample was taken: the start plus n / rate, free of drift.

Examples:
  producer synth --ring brief --rate 100 --duration 5s --capacity 10000
  producer synth --ring plain --channel value=gaussian:50,10 --no-time    one float64, nothing else
  producer synth --ring fast --rate 1e6 --channel value=gaussian:50,10 --allow lossy
  producer synth --ring live --rate 1000 --retain 1m --allow bounded:50ms
  producer synth --ring drops --rate 1000 --when-full drop --json         counts what is refused
  producer synth --ring lab --mode 0640 --register group                  shared with the group";

#[derive(Debug, Args)]
pub(crate) struct SynthArgs {
    /// A channel and its signal, in place of the four below; may be given several times
    #[arg(long = "channel", alias = "channels", value_name = "NAME=SIGNAL")]
    #[arg(value_parser = ChannelSpec::parse)]
    pub(crate) channels: Vec<ChannelSpec>,
    /// The same seed makes the same values
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Leave out the field `time`
    #[arg(long)]
    pub(crate) no_time: bool,
    #[command(flatten, next_help_heading = "The run and the ring")]
    pub(crate) common: Common,
}

const CSV_HELP: &str = "\
The first line names the columns; a column's name is its field's name. Values are float64, an empty
cell is NaN. The time column is the first one called time, timestamp, datetime, date or t, with a
unit if there is one: `timestamp`, `Time (s)`, `t_s`. A date without a zone is UTC; a number counts
from the start of the recording. Numbers become exact nanoseconds.

--schema gives fields other types and units: NAME:TYPE[:UNIT[:CLOCK]],..., such as
id:u64,accel:f32[3]:g for the columns id, accel[0], accel[1] and accel[2], or JSON or a file;
`producer stdin --help` says more. A number that its type does not have is refused, never rounded.

Recorded timing keeps every gap of the recording; a record whose time is missing or goes back is
published at once, and the schedule goes on from there. Times are passed on as they are.

Examples:
  producer csv data/xio-fusion/sensor_data.csv --ring imu                real time
  producer csv data/nab/machine_temperature_system_failure.csv --ring machine --speed 3000
  producer csv data/nab/machine_temperature_system_failure.csv --ring machine --rate 0
  producer csv data/xio-fusion/sensor_data.csv --ring short --rate 100 --retain 30s
  producer csv log.csv --ring logged --time logged --time-unit unix-ms --text state --leave-out id";

#[derive(Debug, Args)]
pub(crate) struct CsvArgs {
    /// The recording
    pub(crate) file: PathBuf,
    /// Recorded timing, X times faster [default: 1 when the file has a time column]
    #[arg(long, value_name = "X", allow_negative_numbers = true, value_parser = values::speed, conflicts_with_all = ["rate", "no_time"])]
    pub(crate) speed: Option<f64>,
    /// With recorded timing, wait no longer than this between two records
    #[arg(long, value_name = "TIME", value_parser = values::duration, conflicts_with_all = ["rate", "no_time"])]
    pub(crate) max_gap: Option<Duration>,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    /// What separates the columns: a character, or the word tab
    #[arg(long, value_name = "CHAR", default_value = ",", value_parser = values::delimiter)]
    pub(crate) delimiter: u8,
    #[command(flatten, next_help_heading = "The run and the ring")]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Records a second; 0: as fast as possible [default: 100, unless timing is recorded]
    #[arg(long, value_name = "HZ", allow_negative_numbers = true, value_parser = values::rate)]
    pub(crate) rate: Option<f64>,
    /// Records the ring keeps [default: as many as the ring of this name does already, else as many
    /// as fit into 4 MiB]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::positive_count)]
    pub(crate) capacity: Option<u64>,
    /// In place of --capacity, the records of so much time, such as 5s, at the rate of --rate
    #[arg(long, value_name = "TIME", value_parser = values::positive_duration, conflicts_with = "capacity")]
    pub(crate) retain: Option<Duration>,
}

/// What records and frames have in common.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The ring: a name, or the path of its data file
    #[arg(long, value_name = "RING")]
    pub(crate) ring: String,
    /// Stop after so many of them
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::count)]
    pub(crate) count: Option<u64>,
    /// Stop after so much time, such as 5s
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub(crate) duration: Option<Duration>,
    /// Begin when so many readers have registered
    #[arg(long, value_name = "N", default_value = "0", allow_negative_numbers = true, value_parser = values::readers)]
    pub(crate) wait_for_readers: u64,
    /// The most a reader may ask for: lossy (nobody can hold this producer up), bounded:T (a reader
    /// can, for the time T at a stretch), lossless (for as long as it lives)
    #[arg(long, value_name = "lossy|bounded:T|lossless", default_value = "lossless", value_parser = values::delivery)]
    pub(crate) allow: Delivery,
    /// While a reader holds the producer up: wait for it, or drop what finds no room and count it
    /// as refused
    #[arg(long, value_name = "wait|drop", default_value = "wait", value_parser = values::when_full)]
    pub(crate) when_full: WhenFull,
    /// Do not note when each of them is published (8 bytes): then there is no lag in time and no
    /// reading by time, and --retain is not checked
    #[arg(long)]
    pub(crate) no_stamp: bool,
    /// Permissions of the ring, in octal as for chmod: 0640 lets the group read it [default: 0600]
    #[arg(long, value_name = "MODE", value_parser = values::mode)]
    pub(crate) mode: Option<u32>,
    /// Which of those who may read the ring may register, to hold the producer up and to be listed
    #[arg(long, value_name = "owner|group|all", value_parser = values::register)]
    pub(crate) register: Option<Register>,
    /// Put a new ring in the place of one whose producer is gone, also if it is different: fields,
    /// room, --allow, --when-full, --no-stamp
    #[arg(long)]
    pub(crate) replace: bool,
    /// End with one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_example_is_understood_and_can_be() {
        let examples = ringbuf_console::examples::check::<Cli>().expect("understood");
        let mut count = 0;
        for words in examples {
            // Those for completions, manual pages and help are not for this parser.
            if let Ok(cli) = Cli::try_parse_from(&words) {
                let config = crate::config::Config::resolve(cli);
                assert!(config.is_ok(), "{words:?}: {config:?}");
                count += 1;
            }
        }
        assert!(count >= 30, "{count}");
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn scenario_a_parses() {
        let line = "producer synth --ring r --rate 100 --channel value=gaussian:50,10 --no-time";
        let cli = Cli::try_parse_from(line.split(' ')).expect("parses");
        let SourceArgs::Synth(args) = cli.source else {
            panic!("synth")
        };
        assert_eq!(
            (args.common.rate, args.channels.len(), args.no_time),
            (Some(100.0), 1, true)
        );
    }

    #[test]
    fn wrong_usage_is_refused() {
        for line in [
            "producer",
            "producer synth",
            "producer synth --ring r --speed 2",
            "producer synth --ring r --rate -1",
            "producer synth --ring r --allow bounded",
            "producer synth --ring r --when-full burst",
            "producer synth --ring r --capacity 0",
            "producer synth --ring r --capacity 10 --retain 5s",
            "producer synth --ring r --retain 0s",
            "producer synth --ring r --mode rw-r-----",
            "producer synth --ring r --register others",
            "producer csv --ring r",
            "producer csv f --ring r --rate 1 --speed 2",
            "producer csv f --ring r --no-time --speed 2",
            "producer csv f --ring r --speed 0",
        ] {
            let error = Cli::try_parse_from(line.split(' ')).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn a_negative_number_is_told_what_is_expected() {
        for option in [
            "--rate",
            "--count",
            "--capacity",
            "--wait-for-readers",
            "--speed",
        ] {
            let line = ["producer", "csv", "f", "--ring", "r", option, "-1"];
            let error = Cli::try_parse_from(line).expect_err(option).to_string();
            assert!(error.contains("found \"-1\", expected"), "{error}");
        }
    }
}
