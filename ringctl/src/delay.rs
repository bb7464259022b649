//! `ringctl delay RING`

use anyhow::bail;
use ringbuf_console::reader::Kind;
use ringbuf_core::{Clock, Element, Field, Role, Start};
use serde::Serialize;

use crate::args::DelayArgs;
use crate::peek::{self, By, Found, Measure, Seen, Spread, Window, decimals, spread_text};
use crate::run::End;
use ringbuf_console::text::printable;

/// As in ROS.
const WINDOW: usize = 10_000;

/// How old records are when they are read.
struct Delay {
    /// Nanoseconds.
    window: Window<i64>,
    since_publication: bool,
    /// The name of the time that a record carries.
    field: String,
}

#[derive(Serialize)]
struct Own {
    mean_s: Option<f64>,
    #[serde(flatten)]
    spread: Option<Spread>,
    window: usize,
}

pub(crate) fn run(args: &DelayArgs, json: bool) -> anyhow::Result<End> {
    let delay = Delay {
        window: Window::new(args.window, WINDOW),
        since_publication: args.published,
        field: String::new(),
    };
    peek::measure(&args.peek, "ringctl delay", delay, json)
}

impl Measure for Delay {
    type Own = Own;
    // What waits in the ring grows older.
    const IS_PATIENT: bool = false;

    fn begin(&mut self, found: &Found<'_>) -> anyhow::Result<(Start, By)> {
        let info = found.info;
        let time = info
            .schema
            .time_field()
            .filter(|field| is_on_the_wall(field));
        let by = match time {
            Some(field) if info.frames.is_none() && !self.since_publication => {
                self.field = printable(field.name());
                By::Measured
            }
            _ if info.stamped => By::Published,
            _ if self.since_publication => bail!(
                "ring {} has no publication times: use this without --published, or have its producer create it \
                 with such times",
                info.name
            ),
            _ => bail!(
                "ring {} has neither a time field on the wall clock nor publication times, expected one of them to \
                 tell how old a record is: have its producer create it with such times",
                info.name
            ),
        };
        // What was there before was not read as soon as it could be.
        Ok((Start::Now, by))
    }

    fn note(&self, by: By, _: Kind) -> String {
        match by {
            By::Measured => format!("since the time in field {}", self.field),
            _ => "since publication".to_owned(),
        }
    }

    fn add(&mut self, seen: &Seen) {
        if let Some(at_ns) = seen.at_ns {
            self.window.push(seen.now_ns.saturating_sub(at_ns));
        }
    }

    fn own(&mut self) -> Own {
        let spread = Spread::of_ns(self.window.iter().map(|&ns| ns as f64));
        let own = Own {
            mean_s: spread.map(|spread| spread.mean),
            spread,
            window: self.window.len(),
        };
        self.window.told();
        own
    }

    fn text(own: &Own, _: Kind) -> Option<String> {
        let spread = own.spread.as_ref()?;
        let (mean, window) = (spread.mean, own.window);
        let decimals = decimals(mean);
        let spread = spread_text(spread, decimals);
        Some(format!(
            "average delay: {mean:.decimals$}\n\t{spread} window: {window}"
        ))
    }
}

/// Whether a time is one on the wall clock, as this machine has it too.
fn is_on_the_wall(field: &Field) -> bool {
    field.role() == Role::Time(Clock::Unix) || field.element() == Element::DateTimeNs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_in_ros() {
        let mut delay = Delay {
            window: Window::new(None, WINDOW),
            since_publication: false,
            field: String::new(),
        };
        for (at_ns, now_ns) in [(0, 100_000_000), (7, 300_000_007)] {
            delay.add(&Seen {
                sequence: 0,
                at_ns: Some(at_ns),
                now_ns,
                bytes: 8,
            });
        }
        let expected =
            "average delay: 0.200\n\tmin: 0.100s max: 0.300s std dev: 0.10000s window: 2";
        assert_eq!(Delay::text(&delay.own(), Kind::Records).unwrap(), expected);
    }
}
