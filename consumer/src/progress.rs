//! How far the analyzer has come: the ledger of a period, and of the whole.
//!
//! For both, at every moment: `read + missed + skipped = next_sequence - first_sequence`.

use std::fmt;
use std::time::{Duration, Instant};

use ringbuf_console::reader::Kind;
use serde::Serialize;

/// What ended a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The producer closed the ring, or nobody can carry it on; all of it was read.
    Closed,
    /// The records asked for end here.
    Until,
    /// So many records were asked for.
    Count,
    /// The time to follow the ring was over.
    Duration,
    /// By a signal.
    Stopped,
    /// The ring was removed; all of it was read.
    Removed,
    /// Another ring has its name; all of it was read.
    Replaced,
    /// By an error.
    Failed,
}

impl Ended {
    /// Whether there would have been more to read.
    fn is_early(self) -> bool {
        matches!(self, Ended::Duration | Ended::Stopped | Ended::Failed)
    }
}

/// How far the analyzer is behind the newest record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lag {
    pub records: u64,
    /// How long the first of them has been there; `None` if the ring does not tell.
    pub time: Option<Duration>,
}

/// What every report begins with. A periodic one covers its period, the last one everything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub ring: String,
    #[serde(skip)]
    pub is_one_of_several: bool,
    pub reader: String,
    #[serde(skip)]
    pub kind: Kind,
    #[serde(rename = "final")]
    pub last: bool,
    pub read: u64,
    pub missed: u64,
    pub skipped: u64,
    pub first_sequence: u64,
    pub next_sequence: u64,
    pub elapsed_s: f64,
    /// At the end of what it covers.
    pub lag: u64,
    pub lag_s: Option<f64>,
    /// How often the producer went on without this analyzer; `None` unless it waits for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demotions: Option<u64>,
    /// Only in the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

impl Summary {
    /// Which part of what should have been read is missing: 0 for nothing, 1 for all of it.
    pub fn missing(&self) -> f64 {
        match self.read + self.missed {
            0 => 0.0,
            wanted => self.missed as f64 / wanted as f64,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, next) = (self.first_sequence, self.next_sequence);
        if self.is_one_of_several {
            write!(f, "{}: ", self.ring)?;
        }
        let total = if self.last { "total: " } else { "" };
        let (read, word) = (self.read, self.kind.word(self.read));
        write!(
            f,
            "{total}{read} {word} in {:.1} s ({first}..{next})",
            self.elapsed_s
        )?;
        if self.missed > 0 {
            write!(f, ", {} missed ({})", self.missed, percent(self.missing()))?;
        }
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        match self.demotions.unwrap_or(0) {
            0 => {}
            1 => write!(f, ", demoted once")?,
            times => write!(f, ", demoted {times} times")?,
        }
        if self.lag > 0 && self.ended.is_some_and(Ended::is_early) {
            write!(f, ", {} behind", self.lag)?;
            if let Some(lag) = self.lag_s {
                write!(f, " ({lag:.3} s)")?;
            }
        }
        Ok(())
    }
}

/// A part of a whole, never so rounded that something looks like nothing, or not all like all.
pub fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent > 0.0 && percent < 0.01 {
        "< 0.01 %".to_owned()
    } else if percent > 99.99 && percent < 100.0 {
        "> 99.99 %".to_owned()
    } else {
        format!("{percent:.2} %")
    }
}

/// A line of a report: the summary, and what the analysis itself has to say.
#[derive(Debug, Serialize)]
pub struct Report<'a, T> {
    #[serde(flatten)]
    pub summary: &'a Summary,
    #[serde(flatten)]
    pub own: T,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    read: u64,
    missed: u64,
    skipped: u64,
    demotions: u64,
    first_sequence: u64,
    began: Instant,
}

impl Span {
    fn beginning(first_sequence: u64, began: Instant) -> Span {
        Span {
            read: 0,
            missed: 0,
            skipped: 0,
            demotions: 0,
            first_sequence,
            began,
        }
    }
}

/// Who reads what.
#[derive(Debug, Clone)]
pub struct Who {
    pub ring: String,
    /// Other rings are read at the same time.
    pub is_one_of_several: bool,
    pub reader: String,
    pub kind: Kind,
    pub can_be_demoted: bool,
}

/// Counts what was read, missed and skipped.
#[derive(Debug)]
pub struct Progress {
    who: Who,
    next_sequence: u64,
    period: Span,
    total: Span,
}

impl Progress {
    pub fn beginning(who: Who, joined: u64, now: Instant) -> Progress {
        let span = Span::beginning(joined, now);
        Progress {
            who,
            next_sequence: joined,
            period: span,
            total: span,
        }
    }

    /// `read` records from `first_sequence` on were analyzed, and `missed` before them were lost.
    pub fn advance(&mut self, first_sequence: u64, read: u64, missed: u64) {
        let passed = first_sequence.saturating_sub(self.next_sequence);
        let missed = missed.min(passed);
        for span in [&mut self.period, &mut self.total] {
            span.read += read;
            span.missed += missed;
            span.skipped += passed - missed;
        }
        self.next_sequence += passed + read;
    }

    /// The reader has come to `cursor`, and has missed so many in all: what was not told before is counted now.
    pub fn pass(&mut self, cursor: u64, missed: u64) {
        let untold = missed.saturating_sub(self.total.missed);
        self.advance(cursor, 0, untold);
    }

    /// The producer went on without this analyzer.
    pub fn demoted(&mut self) {
        self.period.demotions += 1;
        self.total.demotions += 1;
    }

    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    pub fn read(&self) -> u64 {
        self.total.read
    }

    pub fn missed(&self) -> u64 {
        self.total.missed
    }

    /// Whether something happened since the last period ended.
    pub fn is_in_period(&self) -> bool {
        self.next_sequence > self.period.first_sequence
    }

    /// Whether a period has ended before.
    pub fn had_periods(&self) -> bool {
        self.period.began > self.total.began
    }

    /// Ends a period and begins the next.
    pub fn period(&mut self, now: Instant, lag: Lag) -> Summary {
        let summary = self.summary(&self.period, now, lag, None);
        self.period = Span::beginning(self.next_sequence, now);
        summary
    }

    pub fn total(&self, now: Instant, lag: Lag, ended: Ended) -> Summary {
        self.summary(&self.total, now, lag, Some(ended))
    }

    fn summary(&self, span: &Span, now: Instant, lag: Lag, ended: Option<Ended>) -> Summary {
        Summary {
            ring: self.who.ring.clone(),
            is_one_of_several: self.who.is_one_of_several,
            reader: self.who.reader.clone(),
            kind: self.who.kind,
            last: ended.is_some(),
            read: span.read,
            missed: span.missed,
            skipped: span.skipped,
            first_sequence: span.first_sequence,
            next_sequence: self.next_sequence,
            elapsed_s: now.saturating_duration_since(span.began).as_secs_f64(),
            lag: lag.records,
            lag_s: lag.time.map(|time| time.as_secs_f64()),
            demotions: self.who.can_be_demoted.then_some(span.demotions),
            ended,
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::time::Duration;

    /// The summary of `read` records from sequence 0 on.
    pub fn summary_of(read: u64, last: bool) -> Summary {
        Summary {
            ring: "r".to_owned(),
            is_one_of_several: false,
            reader: "test".to_owned(),
            kind: Kind::Records,
            last,
            read,
            missed: 0,
            skipped: 0,
            first_sequence: 0,
            next_sequence: read,
            elapsed_s: 1.0,
            lag: 0,
            lag_s: None,
            demotions: None,
            ended: last.then_some(Ended::Closed),
        }
    }

    fn who(kind: Kind, can_be_demoted: bool) -> Who {
        Who {
            ring: "r".to_owned(),
            is_one_of_several: false,
            reader: "test".to_owned(),
            kind,
            can_be_demoted,
        }
    }

    fn balanced(summary: &Summary) -> bool {
        let passed = summary.next_sequence - summary.first_sequence;
        summary.read + summary.missed + summary.skipped == passed
    }

    #[test]
    fn periods_add_up_to_the_total() {
        let start = Instant::now();
        let mut progress = Progress::beginning(who(Kind::Records, true), 100, start);
        let lag = |records, time| Lag { records, time };
        progress.advance(100, 10, 0);
        progress.advance(115, 5, 3);
        progress.demoted();
        let some = lag(9, Some(Duration::from_millis(250)));
        let first = progress.period(start + Duration::from_secs(1), some);
        progress.advance(140, 1, 20);
        progress.demoted();
        progress.demoted();
        let second = progress.period(start + Duration::from_millis(1500), lag(3, None));
        let total = progress.total(start + Duration::from_secs(2), lag(0, None), Ended::Closed);
        assert!([&first, &second, &total].into_iter().all(balanced));
        assert_eq!((first.read, first.missed, first.skipped), (15, 3, 2));
        assert_eq!((second.first_sequence, second.next_sequence), (120, 141));
        assert_eq!((total.read, total.missed, total.skipped), (16, 23, 2));
        assert_eq!((second.elapsed_s, total.elapsed_s), (0.5, 2.0));
        assert!(total.last && !first.last);
        let demotions = [&first, &second, &total].map(|summary| summary.demotions);
        assert_eq!(demotions, [Some(1), Some(2), Some(3)]);
        assert_eq!((first.lag, first.lag_s), (9, Some(0.25)));
        assert_eq!((second.lag, second.lag_s), (3, None));
        assert_eq!((first.ended, total.ended), (None, Some(Ended::Closed)));
    }

    #[test]
    fn what_nobody_was_told_of_is_counted_too() {
        let now = Instant::now();
        let mut progress = Progress::beginning(who(Kind::Frames, false), 0, now);
        progress.advance(10, 1, 4);
        progress.pass(11, 4);
        progress.pass(20, 6);
        progress.pass(20, 6);
        let total = progress.total(now, Lag::default(), Ended::Closed);
        assert!(balanced(&total));
        assert_eq!((total.read, total.missed, total.skipped), (1, 6, 13));
        assert_eq!(
            total.to_string(),
            "total: 1 frame in 0.0 s (0..20), 6 missed (85.71 %), 13 skipped"
        );
    }

    #[test]
    fn who_cannot_be_demoted_says_nothing_of_it() {
        let now = Instant::now();
        let mut progress = Progress::beginning(who(Kind::Frames, false), 0, now);
        let json = serde_json::to_string(&progress.period(now, Lag::default())).unwrap();
        assert!(
            !json.contains("demotions") && !json.contains("ended"),
            "{json}"
        );
        assert!(json.ends_with(r#""lag":0,"lag_s":null}"#), "{json}");
    }

    #[test]
    fn a_summary_reads_well() {
        let mut summary = summary_of(1, false);
        assert_eq!(summary.to_string(), "1 record in 1.0 s (0..1)");
        summary.is_one_of_several = true;
        assert_eq!(summary.to_string(), "r: 1 record in 1.0 s (0..1)");
        summary = summary_of(500, true);
        summary.missed = 7;
        assert_eq!(
            summary.to_string(),
            "total: 500 records in 1.0 s (0..500), 7 missed (1.38 %)"
        );
        summary.missed = 0;
        summary.demotions = Some(0);
        assert_eq!(summary.to_string(), "total: 500 records in 1.0 s (0..500)");
        summary.demotions = Some(2);
        assert!(summary.to_string().ends_with("(0..500), demoted 2 times"));
    }

    #[test]
    fn who_is_stopped_early_says_how_much_is_left() {
        let mut summary = summary_of(5, true);
        (summary.lag, summary.lag_s) = (80, Some(0.0123));
        // Not to be read anyway.
        for ended in [Ended::Count, Ended::Until] {
            summary.ended = Some(ended);
            assert!(summary.to_string().ends_with("(0..5)"), "{summary}");
        }
        summary.ended = Some(Ended::Duration);
        assert!(summary.to_string().ends_with("(0..5), 80 behind (0.012 s)"));
        (summary.ended, summary.lag_s) = (Some(Ended::Stopped), None);
        assert!(summary.to_string().ends_with("(0..5), 80 behind"));
        summary.lag = 0;
        assert!(summary.to_string().ends_with("(0..5)"));
    }

    #[test]
    fn a_report_is_one_flat_object() {
        #[derive(Serialize)]
        struct Own {
            anomalies: u64,
        }
        let summary = summary_of(2, true);
        let report = Report {
            summary: &summary,
            own: Own { anomalies: 3 },
        };
        let expected = r#"{"ring":"r","reader":"test","final":true,"read":2,"missed":0,"skipped":0,"first_sequence":0,"next_sequence":2,"elapsed_s":1.0,"lag":0,"lag_s":null,"ended":"closed","anomalies":3}"#;
        assert_eq!(serde_json::to_string(&report).unwrap(), expected);
    }
}
