//! `ringctl hz RING`

use anyhow::bail;
use ringbuf_console::reader::Kind;
use ringbuf_core::Start;
use serde::Serialize;

use crate::args::HzArgs;
use crate::peek::{
    self, By, Found, Interval, Intervals, Measure, Seen, Spread, Window, decimals, spread_text,
};
use crate::run::End;

/// As in ROS.
const WINDOW: usize = 10_000;

/// How many records come a second.
struct Hz {
    intervals: Intervals,
    window: Window<Interval>,
}

#[derive(Serialize)]
struct Own {
    /// `None` while there is no interval, or if all were published at once.
    rate_hz: Option<f64>,
    #[serde(flatten)]
    spread: Option<Spread>,
    window: usize,
}

pub(crate) fn run(args: &HzArgs, json: bool) -> anyhow::Result<End> {
    let hz = Hz {
        intervals: Intervals::default(),
        window: Window::new(args.window, WINDOW),
    };
    peek::measure(&args.peek, "ringctl hz", hz, json)
}

/// Where to begin, and by which time, to tell how fast records come.
pub(crate) fn begin(found: &Found<'_>) -> anyhow::Result<(Start, By)> {
    let name = &found.info.name;
    match found.info.stamped {
        true => Ok((peek::usual_start(found), By::Published)),
        // What was there before does not arrive.
        false if peek::is_alive(found.info) => Ok((Start::Now, By::Arrival)),
        false => bail!(
            "ring {name} has neither publication times nor a living producer, expected one of them to tell how fast \
             records come: start its producer, or have it create the ring with such times"
        ),
    }
}

/// Which time that is.
pub(crate) fn note(by: By, kind: Kind) -> String {
    match by {
        By::Arrival => "by arrival, since the ring has no publication times".to_owned(),
        _ => format!("by the publication times of {}", kind.word(2)),
    }
}

impl Measure for Hz {
    type Own = Own;
    const IS_PATIENT: bool = true;

    fn begin(&mut self, found: &Found<'_>) -> anyhow::Result<(Start, By)> {
        begin(found)
    }

    fn note(&self, by: By, kind: Kind) -> String {
        note(by, kind)
    }

    fn add(&mut self, seen: &Seen) {
        if let Some(interval) = self.intervals.to(seen) {
            self.window.push(interval);
        }
    }

    fn broken(&mut self) {
        self.intervals.broken();
    }

    fn own(&mut self) -> Own {
        let neighbours = self.window.iter().filter(|interval| interval.records == 1);
        let own = Own {
            rate_hz: peek::rate(self.window.iter()),
            spread: Spread::of_ns(neighbours.map(|interval| interval.ns as f64)),
            window: self.window.len(),
        };
        self.window.told();
        own
    }

    fn text(own: &Own, _: Kind) -> Option<String> {
        let window = own.window;
        if window == 0 {
            return None;
        }
        let Some(rate) = own.rate_hz else {
            return Some(format!(
                "average rate: - (published at once) window: {window}"
            ));
        };
        let spread = match &own.spread {
            Some(spread) => spread_text(spread, decimals(1.0 / rate)),
            None => "min: - max: - std dev: -".to_owned(),
        };
        Some(format!(
            "average rate: {rate:.3}\n\t{spread} window: {window}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(times: &[(u64, i64)]) -> String {
        let mut hz = Hz {
            intervals: Intervals::default(),
            window: Window::new(None, WINDOW),
        };
        for &(sequence, ms) in times {
            hz.add(&Seen {
                sequence,
                at_ns: Some(ms * 1_000_000),
                now_ns: 0,
                bytes: 8,
            });
        }
        Hz::text(&hz.own(), Kind::Records).unwrap_or_default()
    }

    #[test]
    fn it_reads_as_in_ros() {
        let expected =
            "average rate: 10.000\n\tmin: 0.099s max: 0.101s std dev: 0.00082s window: 3";
        assert_eq!(told(&[(0, 0), (1, 99), (2, 200), (3, 300)]), expected);
        assert_eq!(told(&[(0, 0)]), "");
        let kilohertz = told(&[(0, 0), (1, 1), (2, 2)]);
        let expected =
            "average rate: 1000.000\n\tmin: 0.00100s max: 0.00100s std dev: 0.0000000s window: 2";
        assert_eq!(kilohertz, expected);
    }

    #[test]
    fn what_was_missed_was_published_all_the_same() {
        // Ten intervals in a second, nine of them unseen.
        let told = told(&[(0, 0), (1, 100), (10, 1000)]);
        assert_eq!(
            told,
            "average rate: 10.000\n\tmin: 0.100s max: 0.100s std dev: 0.00000s window: 2"
        );
    }

    #[test]
    fn what_came_at_once_has_no_rate() {
        let at_once = told(&[(0, 5), (1, 5), (2, 5)]);
        assert_eq!(at_once, "average rate: - (published at once) window: 2");
        let gaps_only = told(&[(0, 0), (10, 1000)]);
        assert_eq!(
            gaps_only,
            "average rate: 10.000\n\tmin: - max: - std dev: - window: 1"
        );
    }
}
