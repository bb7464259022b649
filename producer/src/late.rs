//! How late records go out: a run that holds its rate on the whole may still jitter.

use std::time::Duration;

use hdrhistogram::Histogram;

/// A record is never later than this, as far as the histogram is concerned.
const LONGEST: u64 = 24 * 3600 * 1_000_000_000;

/// Two digits: 1.02 ms is as good as 1.03 ms.
const DIGITS: u8 = 2;

/// Counts records by how late they went out.
#[derive(Debug)]
pub(crate) struct Lateness {
    late: Histogram<u64>,
    most: u64,
}

/// How late the records of a run went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Late {
    /// Half of them went out earlier.
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) most: Duration,
}

impl Lateness {
    /// Nothing has gone out.
    pub(crate) fn new() -> Lateness {
        Lateness {
            late: Histogram::new_with_max(LONGEST, DIGITS).expect("two digits are possible"),
            most: 0,
        }
    }

    /// So many records went out together at `now`, of which the first was due at `first` and the last at `last`.
    pub(crate) fn note(&mut self, first: u64, last: u64, now: u64, count: u64) {
        /// Their times lie between the two: so many of them stand for all.
        const MOST: u64 = 8;
        let (first, last) = (now.saturating_sub(first), now.saturating_sub(last));
        self.most = self.most.max(first);
        let parts = count.min(MOST);
        for part in 0..parts {
            // The middle of the part, so that one record alone is as late as the first.
            let late = match parts {
                1 => first,
                _ => first - (first - last.min(first)) / (parts - 1) * part,
            };
            let weight = count / parts + u64::from(part < count % parts);
            self.late.saturating_record_n(late.max(1), weight);
        }
    }

    /// The figures; none if nothing went out.
    pub(crate) fn figures(&self) -> Option<Late> {
        let quantile = |q| {
            let late = self.late.value_at_quantile(q).min(self.most);
            Duration::from_nanos(late)
        };
        (!self.late.is_empty()).then(|| Late {
            p50: quantile(0.5),
            p99: quantile(0.99),
            most: Duration::from_nanos(self.most),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(found: Duration, expected: u64) -> bool {
        let found = found.as_nanos() as f64;
        (found - expected as f64).abs() <= expected as f64 / 50.0
    }

    #[test]
    fn nothing_is_not_late() {
        assert_eq!(Lateness::new().figures(), None);
    }

    #[test]
    fn every_record_counts_and_not_every_round() {
        let mut lateness = Lateness::new();
        // One record is late by a second, and 989 that go out together by a tenth of it; ten by nothing.
        lateness.note(0, 0, 1_000_000_000, 1);
        lateness.note(2_000_000_000, 2_000_000_000, 2_100_000_000, 989);
        lateness.note(3_000_000_000, 3_000_000_000, 3_000_000_000, 10);
        let late = lateness.figures().expect("figures");
        assert!(about(late.p50, 100_000_000), "{late:?}");
        assert!(about(late.p99, 100_000_000), "{late:?}");
        assert_eq!(late.most, Duration::from_secs(1));
    }

    #[test]
    fn those_of_one_round_are_not_all_as_late_as_the_first() {
        let mut lateness = Lateness::new();
        // Due from 0 to 199 µs, and out at 200 µs.
        lateness.note(0, 199_000, 200_000, 200);
        let late = lateness.figures().expect("figures");
        assert!((80_000..120_000).contains(&late.p50.as_nanos()), "{late:?}");
        assert_eq!(late.most, Duration::from_micros(200));
        let counted = |count| {
            let mut lateness = Lateness::new();
            lateness.note(0, 10, 20, count);
            lateness.late.len()
        };
        let counts = [0, 1, 2, 7, 8, 9, 1001];
        assert_eq!(counts.map(counted), counts);
    }

    #[test]
    fn times_from_the_future_and_from_long_ago_do_no_harm() {
        let mut lateness = Lateness::new();
        lateness.note(5, 10, 0, 3);
        lateness.note(0, u64::MAX, u64::MAX, 3);
        let late = lateness.figures().expect("figures");
        assert_eq!(late.most, Duration::from_nanos(u64::MAX));
    }
}
