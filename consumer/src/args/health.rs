//! `analyzer health`, as it is typed.

use std::time::Duration;

use clap::Args;
use ringbuf_console::duration;

use super::{Common, values};
use crate::analysis::health::{Options, Patience};
use crate::span;

pub const HELP: &str = "\
A line when something is found: where it begins, and where it ends if it lasts; what happens often
is not told every time, but counted. The report has the counts, the rate and every field; with
--json \"ok\" says whether nothing was found.

  stuck           the same value 8 times as long as ever before, 16 records at least; not fields
                  with a few values only (switches, steps), counters, or what never changed
  nan             not a number, or infinite
  saturated       the largest value, or the smallest, comes far too often to be by chance
  hole            a step in time far longer than usual, though no record was missed
  out of order    a few records behind later ones
  clock step      the records' own clock was set, back or ahead
  duplicate time, missing time
  rate drift      other than --rate, or than it was in the beginning, for two windows of at least
                  256 records and a second
  clock drift     a clock that went as fast as that of publication does so no longer
  silence         with --expect, told by a timer while it lasts
  died            the producer died; the end is that another carries on

Records are judged by their own time field, so it does not matter how fast a recording is played;
those without one by the time of their publication. Records that were missed are nobody's fault
here: what lies across such a gap is not judged, and the report says how much was missed.

Examples:
  analyzer health imu                                 until the ring is closed, or Ctrl-C
  analyzer health imu --expect 50ms --every 10s       also tell of silence; a report every 10 s
  analyzer health imu gps --expect 2s --json          two rings, one JSON object a line
  analyzer health imu --rate 100 --tolerance 1%       the rate should be 100 a second
  analyzer health imu --field 'accel*' --range=-16..16 --stuck 200ms
  analyzer health cam --expect 100ms                  frames: rate, holes, silence, death";

#[derive(Debug, Args)]
pub struct Health {
    #[command(flatten)]
    pub common: Common,

    /// Tell at once when nothing comes for this long, and how long it was when it is over
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub expect: Option<Duration>,

    /// How many records a second there should be [default: what is learnt]
    #[arg(long, value_name = "HZ", value_parser = values::positive)]
    pub rate: Option<f64>,

    /// How much of a change of the rate, or of the pace of the clock, is no drift
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = percent)]
    pub tolerance: f64,

    /// From how many equal values on, or from how long on, any field is stuck, such as 50 or 2s [default: by what is
    /// usual for the field]
    #[arg(long, value_name = "N|TIME", value_parser = stuck)]
    pub stuck: Option<Patience>,

    /// A value at these ends, or beyond, is saturated [default: where values come too often]
    #[arg(long, value_name = "LOW..HIGH", allow_hyphen_values = true, value_parser = range)]
    pub range: Option<(f64, f64)>,
}

impl Health {
    /// What is asked of the analysis.
    pub fn options(&self) -> Options {
        Options {
            expect: self.expect,
            rate: self.rate,
            tolerance: self.tolerance,
            stuck: self.stuck.unwrap_or(Patience::Usual),
            range: self.range,
        }
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let refused =
        || format!("found {text:?}, expected a percentage above 0 and below 100, such as 5%");
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    match values::positive(number) {
        Ok(percent) if percent < 100.0 => Ok(percent / 100.0),
        _ => Err(refused()),
    }
}

fn stuck(text: &str) -> Result<Patience, String> {
    if let Some(records) = span::sequence(text).filter(|&records| records > 1) {
        return Ok(Patience::Records(records));
    }
    let time = duration::parse(text).map_err(|_| {
        format!(
            "found {text:?}, expected more than one record, such as 50, or a length of time above 0 with its unit, such \
             as 2s"
        )
    })?;
    Ok(Patience::Time(
        i128::try_from(time.as_nanos()).unwrap_or(i128::MAX),
    ))
}

fn range(text: &str) -> Result<(f64, f64), String> {
    let ends = text.split_once("..");
    let ends = ends.and_then(|(low, high)| {
        let low = values::finite(low.trim()).ok()?;
        Some((low, values::finite(high.trim()).ok()?))
    });
    ends.filter(|(low, high)| low < high).ok_or_else(|| {
        format!("found {text:?}, expected two numbers, the smaller one first, such as -16..16")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read() {
        assert_eq!(percent("5%"), Ok(0.05));
        assert_eq!(percent("0.5 %"), Ok(0.005));
        assert_eq!(stuck("50"), Ok(Patience::Records(50)));
        assert_eq!(stuck("1_000"), Ok(Patience::Records(1000)));
        assert_eq!(stuck("2s"), Ok(Patience::Time(2_000_000_000)));
        assert_eq!(range("-16..16"), Ok((-16.0, 16.0)));
        assert_eq!(range("-1.5 .. 0.25"), Ok((-1.5, 0.25)));
    }

    #[test]
    fn others_are_refused_with_a_hint() {
        for text in ["", "%", "0", "100%", "-1%", "nan%"] {
            assert!(percent(text).unwrap_err().contains("5%"), "{text}");
        }
        for text in ["", "0", "1", "-5", "2x", "s"] {
            assert!(stuck(text).unwrap_err().contains("2s"), "{text}");
        }
        for text in [
            "", "..", "1..", "..1", "2..1", "1..1", "1", "nan..1", "0..inf",
        ] {
            assert!(range(text).unwrap_err().contains("-16..16"), "{text}");
        }
    }
}
