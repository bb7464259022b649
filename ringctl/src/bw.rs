//! `ringctl bw RING`

use ringbuf_console::reader::Kind;
use ringbuf_core::Start;
use serde::Serialize;

use crate::args::BwArgs;
use crate::hz;
use crate::peek::{self, By, Found, Interval, Intervals, Measure, Seen, Window};
use crate::run::End;

/// As in ROS.
const WINDOW: usize = 100;

/// How many bytes come a second.
struct Bw {
    intervals: Intervals,
    window: Window<Weighed>,
}

struct Weighed {
    bytes: usize,
    /// That in front of it.
    interval: Option<Interval>,
}

#[derive(Serialize)]
struct Own {
    /// `None` while there is no interval, or if all were published at once.
    bytes_per_s: Option<f64>,
    mean_bytes: Option<f64>,
    min_bytes: Option<usize>,
    max_bytes: Option<usize>,
    window: usize,
}

pub(crate) fn run(args: &BwArgs, json: bool) -> anyhow::Result<End> {
    let bw = Bw {
        intervals: Intervals::default(),
        window: Window::new(args.window, WINDOW),
    };
    peek::measure(&args.peek, "ringctl bw", bw, json)
}

impl Measure for Bw {
    type Own = Own;
    const IS_PATIENT: bool = true;

    fn begin(&mut self, found: &Found<'_>) -> anyhow::Result<(Start, By)> {
        hz::begin(found)
    }

    fn note(&self, by: By, kind: Kind) -> String {
        hz::note(by, kind)
    }

    fn add(&mut self, seen: &Seen) {
        self.window.push(Weighed {
            bytes: seen.bytes,
            interval: self.intervals.to(seen),
        });
    }

    fn broken(&mut self) {
        self.intervals.broken();
    }

    fn own(&mut self) -> Own {
        let all = || self.window.iter().map(|one| one.bytes);
        let mean = |sizes: &mut dyn Iterator<Item = usize>| {
            let (count, sum) = sizes.fold((0u64, 0u64), |(count, sum), size| {
                (count + 1, sum.saturating_add(size as u64))
            });
            (count > 0).then(|| sum as f64 / count as f64)
        };
        // Bytes flow in the time in front of a record, of which the first has none.
        let timed = self.window.iter().filter(|one| one.interval.is_some());
        let timed_mean = mean(&mut timed.map(|one| one.bytes));
        let rate = peek::rate(self.window.iter().filter_map(|one| one.interval.as_ref()));
        let own = Own {
            bytes_per_s: rate.zip(timed_mean).map(|(rate, mean)| rate * mean),
            mean_bytes: mean(&mut all()),
            min_bytes: all().min(),
            max_bytes: all().max(),
            window: self.window.len(),
        };
        self.window.told();
        own
    }

    fn text(own: &Own, kind: Kind) -> Option<String> {
        let window = own.window;
        let (mean, min, max) = (own.mean_bytes?, own.min_bytes?, own.max_bytes?);
        let noun = match kind {
            Kind::Records => "Record",
            Kind::Frames => "Frame",
        };
        let unit = Unit::of(own.bytes_per_s.unwrap_or(mean));
        let flow = match own.bytes_per_s {
            Some(flow) => format!("{}/s", unit.text(flow)),
            None if window == 1 => return None,
            None => "- (published at once)".to_owned(),
        };
        // The same unit, as in ROS, unless nothing would be left of them.
        let unit = unit.min(Unit::of(mean * 10.0));
        let sizes = [mean, min as f64, max as f64].map(|size| unit.text(size));
        let [mean, min, max] = sizes;
        Some(format!(
            "{flow} from {window} {}\n\t{noun} size mean: {mean} min: {min} max: {max}",
            kind.word(window as u64)
        ))
    }
}

/// Of sizes, by thousands as in ROS.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    B,
    Kb,
    Mb,
}

impl Unit {
    fn of(bytes: f64) -> Unit {
        match bytes {
            ..1e3 => Unit::B,
            ..1e6 => Unit::Kb,
            _ => Unit::Mb,
        }
    }

    fn text(self, bytes: f64) -> String {
        match self {
            Unit::B => format!("{bytes:.0} B"),
            Unit::Kb => format!("{:.2} KB", bytes / 1e3),
            Unit::Mb => format!("{:.2} MB", bytes / 1e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(frames: &[(u64, i64, usize)]) -> String {
        let mut bw = Bw {
            intervals: Intervals::default(),
            window: Window::new(None, WINDOW),
        };
        for &(sequence, ms, bytes) in frames {
            bw.add(&Seen {
                sequence,
                at_ns: Some(ms * 1_000_000),
                now_ns: 0,
                bytes,
            });
        }
        Bw::text(&bw.own(), Kind::Frames).unwrap_or_default()
    }

    #[test]
    fn it_reads_as_in_ros() {
        assert_eq!(
            told(&[(0, 0, 240), (1, 500, 760), (2, 1000, 760)]),
            "1.52 KB/s from 3 frames\n\tFrame size mean: 0.59 KB min: 0.24 KB max: 0.76 KB"
        );
        assert_eq!(
            told(&[(0, 0, 10), (1, 1000, 20)]),
            "20 B/s from 2 frames\n\tFrame size mean: 15 B min: 10 B max: 20 B"
        );
        assert_eq!(
            told(&[(0, 0, 0), (1, 1, 20_000)]),
            "20.00 MB/s from 2 frames\n\tFrame size mean: 10.00 KB min: 0.00 KB max: 20.00 KB"
        );
    }

    #[test]
    fn what_was_missed_was_published_all_the_same() {
        let told = told(&[(0, 0, 100), (1, 100, 100), (10, 1000, 100)]);
        assert!(told.starts_with("1.00 KB/s from 3 frames\n"), "{told}");
    }

    #[test]
    fn without_time_there_is_no_flow() {
        assert_eq!(told(&[(0, 0, 100)]), "");
        let told = told(&[(0, 0, 100), (1, 0, 100)]);
        assert!(
            told.starts_with("- (published at once) from 2 frames\n"),
            "{told}"
        );
    }
}
