//! How much counters have grown since a moment ago.
//!
//! Many counters of the kernel move only at its ticks, so that the difference of two samples a millisecond apart says
//! nothing. A window keeps what the counters were for as long as it takes, and measures over that.

use std::collections::VecDeque;

/// The place of a counter that is not there.
const MISSING: u64 = u64::MAX;

/// What is kept of a window at most: samples closer together than this part of it are not all kept.
const PARTS: u64 = 64;

/// How long a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Nanoseconds that a sample has to be old, to be measured from.
    least: u64,
    /// Nanoseconds between those that are kept.
    apart: u64,
}

impl Span {
    /// A window of so many nanoseconds, of samples that come one after such a period.
    pub(super) fn new(length: u64, period: u64) -> Span {
        Span {
            // A sample is never exactly on time; half a period tells it from its neighbours.
            least: length.max(period) - period / 2,
            apart: (length / PARTS).saturating_sub(period / 2),
        }
    }
}

/// Counters, and what they were.
#[derive(Debug)]
pub(super) struct Window {
    span: Span,
    /// A counter that goes back by no more than this stays where it was: some of the kernel's do now and then.
    slack: u64,
    now: u64,
    counters: Vec<u64>,
    /// What is being read.
    next: Vec<u64>,
    /// Since when each has been there and has not gone back.
    since: Vec<u64>,
    rows: VecDeque<Row>,
    spare: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    time: u64,
    counters: Vec<u64>,
}

impl Window {
    /// A window on so many counters.
    pub(super) fn new(span: Span, counters: usize) -> Window {
        Window {
            span,
            slack: 0,
            now: 0,
            counters: vec![MISSING; counters],
            next: vec![MISSING; counters],
            since: vec![MISSING; counters],
            rows: VecDeque::new(),
            spare: Vec::new(),
        }
    }

    /// The same for counters that may go back a little.
    pub(super) fn with_slack(self, slack: u64) -> Window {
        Window { slack, ..self }
    }

    /// Sets the counters from this one on, of the sample that [`Window::advance`] will end.
    pub(super) fn set<const N: usize>(&mut self, first: usize, values: [u64; N]) {
        let places = self.next.get_mut(first..first + N);
        places
            .into_iter()
            .for_each(|places| places.copy_from_slice(&values));
    }

    /// Ends the sample that was taken at `now`, later than the one before it. What was not set is missing.
    pub(super) fn advance(&mut self, now: u64) {
        self.now = now;
        let slack = self.slack;
        let counters = self.counters.iter_mut().zip(&mut self.next);
        for ((counter, next), since) in counters.zip(&mut self.since) {
            *since = match (*counter, *next) {
                (_, MISSING) => MISSING,
                (MISSING, _) => now,
                (last, next) if next.saturating_add(slack) < last => now,
                _ => *since,
            };
            *counter = std::mem::replace(next, MISSING);
        }
        let old = now.checked_sub(self.span.least);
        while self.rows.get(1).is_some_and(|row| Some(row.time) <= old) {
            self.spare.extend(self.rows.pop_front());
        }
        let is_time = |last: &Row| now.saturating_sub(last.time) >= self.span.apart;
        if self.rows.back().is_none_or(is_time) {
            self.keep();
        }
    }

    fn keep(&mut self) {
        let row = self.spare.pop();
        let mut row = row.unwrap_or_else(|| Row {
            time: 0,
            counters: vec![MISSING; self.counters.len()],
        });
        row.time = self.now;
        row.counters.copy_from_slice(&self.counters);
        self.rows.push_back(row);
    }

    /// What is measured from; none before there is a whole window.
    fn base(&self) -> Option<&Row> {
        let old = self.now.checked_sub(self.span.least)?;
        self.rows.front().filter(|row| row.time <= old)
    }

    /// How much a counter has grown in the window; none if it was not there all the time, or went back.
    pub(super) fn growth(&self, counter: usize) -> Option<f64> {
        let base = self.base()?;
        (*self.since.get(counter)? <= base.time).then_some(())?;
        let (from, to) = (base.counters.get(counter)?, self.counters.get(counter)?);
        Some(to.saturating_sub(*from) as f64)
    }

    /// How much it has grown each second.
    pub(super) fn rate(&self, counter: usize) -> Option<f64> {
        let seconds = (self.now - self.base()?.time) as f64 / 1e9;
        Some(self.growth(counter)? / seconds)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: u64 = 1_000_000;

    fn window(length_ms: u64, period_ms: u64, counters: usize) -> Window {
        Window::new(Span::new(length_ms * MS, period_ms * MS), counters)
    }

    fn step(window: &mut Window, ms: u64, value: u64) -> Option<f64> {
        window.set(0, [value]);
        window.advance(ms * MS);
        window.rate(0)
    }

    #[test]
    fn there_is_nothing_until_there_is_a_window() {
        let mut window = window(1000, 100, 1);
        for n in 0..10 {
            assert_eq!(step(&mut window, 100 * n, 50 * n), None, "{n}");
        }
        assert_eq!(step(&mut window, 1000, 500), Some(500.0));
        assert_eq!(step(&mut window, 1100, 650), Some(600.0));
    }

    #[test]
    fn samples_that_are_a_little_early_or_late_make_no_difference() {
        let mut window = window(1000, 100, 1);
        let rates: Vec<_> = (0..50)
            .map(|n| {
                let ms = 1000 + 100 * n - n % 3 * 20;
                step(&mut window, ms, ms)
            })
            .collect();
        assert!(rates[..10].iter().all(Option::is_none), "{rates:?}");
        let is_steady = |rate: &Option<f64>| rate.is_some_and(|rate| (rate - 1000.0).abs() < 1e-6);
        assert!(rates[10..].iter().all(is_steady), "{rates:?}");
        assert!(window.rows.len() <= 12);
    }

    #[test]
    fn with_samples_further_apart_than_the_window_it_is_from_one_to_the_next() {
        let mut window = window(200, 1000, 1);
        assert_eq!(step(&mut window, 0, 0), None);
        assert_eq!(step(&mut window, 1000, 10), Some(10.0));
        assert_eq!(step(&mut window, 1990, 30), Some(20.0 / 0.99));
    }

    #[test]
    fn after_a_stall_it_is_over_all_of_it() {
        let mut window = window(100, 10, 1);
        for n in 0..20 {
            step(&mut window, 10 * n, 10 * n);
        }
        assert_eq!(step(&mut window, 60_190, 790), Some(10.0));
        assert!(window.rows.len() <= 2);
    }

    #[test]
    fn a_counter_that_goes_back_or_away_is_nothing_for_a_window() {
        let mut window = window(100, 10, 1);
        let mut rate = |n: u64, value| {
            if value == MISSING {
                window.advance(10 * n * MS);
                return window.rate(0);
            }
            step(&mut window, 10 * n, value)
        };
        for n in 0..10 {
            assert_eq!(rate(n, 1000 + n), None);
        }
        assert_eq!(rate(10, 1010), Some(100.0));
        // Back, and soon beyond where it was: a difference of the two ends would look right.
        assert_eq!(rate(11, 3), None);
        for n in 12..21 {
            assert_eq!(rate(n, 5000 * n), None);
        }
        assert_eq!(rate(21, 5000 * 21), Some((5000.0 * 21.0 - 3.0) * 10.0));
        assert_eq!(rate(22, MISSING), None);
        for n in 23..33 {
            assert_eq!(rate(n, 1_000_000), None);
        }
        assert_eq!(rate(33, 1_000_000), Some(0.0));
    }

    #[test]
    fn a_counter_of_32_bits_that_wraps_is_nothing_for_a_window() {
        let mut window = window(100, 50, 1);
        let full = u64::from(u32::MAX);
        let values = [full - 20, full - 10, full, 10, 20, 30, 40];
        let rates: Vec<_> = (0..)
            .zip(values)
            .map(|(n, value)| step(&mut window, 50 * n, value))
            .collect();
        assert_eq!(
            rates,
            [
                None,
                None,
                Some(200.0),
                None,
                None,
                Some(200.0),
                Some(200.0)
            ]
        );
    }

    #[test]
    fn slack_lets_a_counter_go_back_a_little() {
        let mut window = window(100, 50, 1).with_slack(5);
        let rates: Vec<_> = [100, 100, 97, 110, 50, 60, 70]
            .into_iter()
            .zip(0..)
            .map(|(value, n)| step(&mut window, 50 * n, value))
            .collect();
        assert_eq!(
            rates,
            [None, None, Some(0.0), Some(100.0), None, None, Some(200.0)]
        );
    }

    #[test]
    fn memory_is_bounded_however_long_the_window() {
        let mut window = window(3_600_000, 1, 3);
        for n in 0..20_000 {
            window.set(0, [n, n, n]);
            window.advance(n * 500 * MS);
        }
        assert!(window.rows.len() + window.spare.len() <= PARTS as usize + 3);
        assert!(window.rate(2).is_some_and(|rate| (rate - 2.0).abs() < 1e-6));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Compared with a history of everything.
        #[test]
        fn rates_are_those_of_a_whole_history(
            length in 1..500_u64,
            period in 1..100_u64,
            steps in proptest::collection::vec((1..300_u64, proptest::option::weighted(0.9, 0..50_u64)), 1..200),
        ) {
            let mut window = window(length, period, 1);
            let span = window.span;
            let mut history: Vec<(u64, Option<u64>)> = Vec::new();
            let (mut now, mut value) = (0, 1000_u64);
            for (wait, growth) in steps {
                now += wait * MS;
                // Some of the steps go back, and some are missing.
                let found = growth.map(|growth| {
                    value = if growth == 7 { value / 2 } else { value + growth };
                    value
                });
                history.push((now, found));
                found.into_iter().for_each(|value| window.set(0, [value]));
                window.advance(now);
                let Some(rate) = window.rate(0) else { continue };
                prop_assert!(rate >= 0.0 && rate.is_finite());
                // It is the difference to one of the samples that are old enough, without a break since.
                let unbroken = history.iter().rev().zip(std::iter::once(&history[history.len() - 1]).chain(history.iter().rev()));
                let fits = unbroken
                    .take_while(|((_, older), (_, newer))| older.is_some() && older <= newer)
                    .filter(|((time, _), _)| now - time >= span.least)
                    .any(|((time, older), _)| {
                        let seconds = (now - time) as f64 / 1e9;
                        (value - older.unwrap_or(0)) as f64 / seconds == rate
                    });
                prop_assert!(fits, "{rate} at {now}: {history:?}");
            }
        }
    }
}
