//! The command line of `producer stdin`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{ColumnArgs, Common};
use crate::values;

pub(super) const RATE_HELP: &str =
    "Records a second at most, on the whole; 0: as they come [default: 0]";

pub(super) const STDIN_HELP: &str = "\
Records are published as they come. --rate and --speed hold them back until they are due; what comes
later than that goes out at once. The ring is made when the first record has come (raw: at once).
The end of standard input is the end of the run. Ctrl-C and SIGTERM end it as well. A line that is
wrong ends it too: what came before is published, and the error names the line.

csv: as `producer csv` reads files. The first line names the columns, values are float64.
ndjson: one flat JSON object a line. The first one names the keys: a number, true (1), false (0) or
  null (NaN) makes a float64, an array of numbers an array of as many (rows in rows: up to 4
  dimensions), a string text (--text) or the time. Later, a key may be missing (NaN); one that the
  first object did not have is refused, unless --leave-out-others. Blank lines are passed over.
raw: records one after the other, without anything between them, in the layout of --schema.

A whole number is never rounded: one above 2^53 that float64 does not have is refused, and wants
--schema with u64, or --text. Fractions are rounded to the nearest, as floating point is.

--schema is NAME:TYPE[:UNIT[:CLOCK]], one after the other with a comma between, as `ringctl info`
shows them. TYPE is u8, u16, u32, u64, i8, i16, i32, i64, f32, f64 (bits), text(BYTES), datetime or
duration (i64 nanoseconds), with [N] behind it for arrays, as in f32[3] or f64[3][3]. CLOCK says
that the field is the time: unix, monotonic (since the machine started) or recording; a datetime or
duration is one without being told. Or JSON as `ringctl info RING --json` prints under \"schema\", or
that output as a whole; or the name of a file with any of these, as imu.json is after
`ringctl info imu --json > imu.json`. In csv, f32[3] called accel is in
three columns: accel[0], accel[1], accel[2]. Whole numbers may not be missing, and must fit.

Many programs keep back what they write into a pipe until it is much: jq --unbuffered, grep
--line-buffered, stdbuf -oL PROGRAM and the like make them say it at once.

Examples:
  (echo time,cpu; while sleep 1; do echo $(date +%s),$(cut -d' ' -f1 /proc/loadavg); done) | \\
      producer stdin --ring load --time-unit unix-s
  ssh pi cat data.csv | producer stdin --ring pi --speed 1
  mosquitto_sub -t sensors/1 | producer stdin --format ndjson --ring sensors --leave-out-others
  jq -c '.samples[]' log.json | producer stdin --format ndjson --ring jq --text state=8 --rate 100
  nc -l 5000 | producer stdin --format raw --schema 't:u64:ns:unix,accel:f32[3]:g' --ring net
  cat dump.bin | producer stdin --format raw --schema 'a:f32,b:f32' --ring again --rate 0";

#[derive(Debug, Args)]
pub(crate) struct StdinArgs {
    /// What comes: rows of columns, a JSON object a line, or the bytes of records
    #[arg(
        long,
        value_name = "csv|ndjson|raw",
        value_enum,
        default_value = "csv",
        hide_possible_values = true
    )]
    pub(crate) format: InputFormat,
    /// Recorded timing, X times faster [default: as they come]
    #[arg(long, value_name = "X", allow_negative_numbers = true, value_parser = values::speed, conflicts_with_all = ["rate", "no_time"])]
    pub(crate) speed: Option<f64>,
    /// With recorded timing, wait no longer than this between two records
    #[arg(long, value_name = "TIME", value_parser = values::duration, conflicts_with_all = ["rate", "no_time"])]
    pub(crate) max_gap: Option<Duration>,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    /// What separates the columns of csv: a character, or the word tab [default: a comma]
    #[arg(long, value_name = "CHAR", value_parser = values::delimiter)]
    pub(crate) delimiter: Option<u8>,
    #[command(flatten, next_help_heading = "The run and the ring")]
    pub(crate) common: Common,
}

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    Csv,
    Ndjson,
    Raw,
}
