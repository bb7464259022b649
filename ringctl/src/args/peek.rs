//! The command line of what follows a ring: `echo`, `hz`, `bw`, `delay`.

use std::time::Duration;

use clap::Args;
use ringbuf_console::{duration, span};
use ringbuf_core::Start;

use super::reference;

/// More would be tens of megabytes.
const MOST_WINDOW: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(crate) struct PeekArgs {
    /// The ring: a name, or the path of its data file
    #[arg(value_parser = reference)]
    pub(crate) ring: String,
    /// End after following the ring for this long, such as 5s
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) duration: Option<Duration>,
    /// Give up when there is no such ring, instead of waiting for it
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EchoArgs {
    /// End after so many records, or frames
    #[arg(short = 'n', long, value_name = "N", value_parser = count)]
    pub(crate) count: Option<u64>,
    /// End after one: the same as -n 1
    #[arg(long, conflicts_with = "count")]
    pub(crate) once: bool,
    // Not a doc comment: rustdoc would take [0] for a link.
    #[arg(long = "field", value_name = "NAME")]
    #[arg(help = "Only this field, such as accel or accel[0]; may be given more than once")]
    pub(crate) fields: Vec<String>,
    /// Where to begin: now, oldest, SEQ, last:N, -5s or TIME [default: now; oldest if the ring came later or has no
    /// living producer]
    #[arg(long, value_name = "WHERE", allow_hyphen_values = true, value_parser = span::start)]
    pub(crate) from: Option<Start>,
    /// One line a record, with commas between the values and a first line of their names
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Show arrays of more than 128 values whole, up to a million values a record
    #[arg(short = 'f', long)]
    pub(crate) full_length: bool,
    #[command(flatten)]
    pub(crate) peek: PeekArgs,
}

#[derive(Debug, Args)]
pub(crate) struct HzArgs {
    /// Over the newest so many intervals [default: 10000, or all since the line before if they are more]
    #[arg(short, long, value_name = "N", value_parser = window)]
    pub(crate) window: Option<usize>,
    #[command(flatten)]
    pub(crate) peek: PeekArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BwArgs {
    /// Over the newest so many [default: 100, or all since the line before if they are more]
    #[arg(short, long, value_name = "N", value_parser = window)]
    pub(crate) window: Option<usize>,
    #[command(flatten)]
    pub(crate) peek: PeekArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DelayArgs {
    /// Over the newest so many [default: 10000, or all since the line before if they are more]
    #[arg(short, long, value_name = "N", value_parser = window)]
    pub(crate) window: Option<usize>,
    /// Since publication, also if records say when they were measured
    #[arg(long)]
    pub(crate) published: bool,
    #[command(flatten)]
    pub(crate) peek: PeekArgs,
}

pub(crate) const ECHO_HELP: &str = "\
Records are shown as YAML: first a comment with the sequence and the time of publication, then a
line a field, then three dashes. Arrays of more than 128 values are cut short. Of frames, text is
printed as it is, a line each, and everything else is described. With --json a record or frame is
one object, as in `analyzer tail --json`.

It never holds a producer up: who reads more slowly than a producer writes is told what it missed.

Examples:
  ringctl echo demo --once
  ringctl echo demo -n 10 --field value
  ringctl echo demo --from last:5 -n 5 --csv
  ringctl echo demo --from oldest --json --duration 2s";

pub(crate) const HZ_HELP: &str = "\
A line every second while records come, and a last one at the end: the mean rate over the window,
and the shortest, longest and standard deviation of the intervals between neighbours, as in
`ros2 topic hz`. Intervals are those between the publication times in the ring, where it has such
times, so that the figures do not depend on this machine being busy; otherwise those between
arrivals here. Which of them is said. Records published at once have intervals of 0 between them.

Where records were missed the rate is still that of all that were published; the intervals are
those between records that were read.

A ring without a living producer is told of by what it kept.

Examples:
  ringctl hz demo --duration 3s
  ringctl hz demo -w 100 --duration 2s
  ringctl hz demo --json --duration 2s";

pub(crate) const BW_HELP: &str = "\
A line every second while records come, and a last one at the end: the bytes published a second over
the window, and the sizes, in units of 1000 as in `ros2 topic bw`. Times are those of publication,
where the ring has such times, otherwise of arrival here; which of them is said. The size of a
record is always the same; that of a frame is the length of what is in it. Where frames were missed
they are taken to be of the mean size.

Examples:
  ringctl bw demo --duration 3s
  ringctl bw demo -w 1000 --duration 2s
  ringctl bw demo --json --duration 2s";

pub(crate) const DELAY_HELP: &str = "\
How long ago a record was measured when it is read here: now minus the time it carries, if that is
one on the wall clock, as `ros2 topic delay` does with the stamp in a header; otherwise now minus
the time it was published. Which of them is said. Where there is neither, that is an error. A clock
that is wrong makes delays wrong, also negative. A recording that is played back carries the times
of its measurement: --published tells how long the way through the ring takes.

It begins with the next record: what was there before was not read as soon as it could be.

Examples:
  ringctl delay demo --duration 3s
  ringctl delay demo --published --duration 2s
  ringctl delay demo -w 100 --json --duration 2s";

/// A whole number that is not 0, with `_` between the digits if wanted.
fn count(text: &str) -> Result<u64, String> {
    match span::sequence(text) {
        Some(count) if count > 0 => Ok(count),
        _ => Err(format!(
            "found {text:?}, expected a whole number above 0, such as 10_000"
        )),
    }
}

fn window(text: &str) -> Result<usize, String> {
    match span::sequence(text).map(|count| (count, usize::try_from(count))) {
        Some((1..=MOST_WINDOW, Ok(window))) => Ok(window),
        _ => Err(format!("found {text:?}, expected 1 to {MOST_WINDOW}")),
    }
}
