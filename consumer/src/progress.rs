//! How far the analyzer has come: the ledger of a period, and of the whole.
//!
//! For both, at every moment: `read + missed + skipped = next_sequence - first_sequence`.

use std::fmt;
use std::time::Instant;

use serde::Serialize;

/// What every report begins with. A periodic one covers its period, the last one everything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub ring: String,
    pub reader: String,
    #[serde(rename = "final")]
    pub last: bool,
    pub read: u64,
    pub missed: u64,
    pub skipped: u64,
    pub first_sequence: u64,
    pub next_sequence: u64,
    pub elapsed_s: f64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, next) = (self.first_sequence, self.next_sequence);
        let total = if self.last { "total: " } else { "" };
        let (read, s) = (self.read, if self.read == 1 { "" } else { "s" });
        write!(
            f,
            "{total}{read} record{s} in {:.1} s ({first}..{next})",
            self.elapsed_s
        )?;
        if self.missed > 0 {
            write!(f, ", {} missed", self.missed)?;
        }
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
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
    first_sequence: u64,
    began: Instant,
}

impl Span {
    fn beginning(first_sequence: u64, began: Instant) -> Span {
        Span {
            read: 0,
            missed: 0,
            skipped: 0,
            first_sequence,
            began,
        }
    }
}

/// Counts what was read, missed and skipped.
#[derive(Debug)]
pub struct Progress {
    ring: String,
    reader: String,
    next_sequence: u64,
    period: Span,
    total: Span,
}

impl Progress {
    pub fn beginning(ring: &str, reader: &str, joined: u64, now: Instant) -> Progress {
        let span = Span::beginning(joined, now);
        Progress {
            ring: ring.to_owned(),
            reader: reader.to_owned(),
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
    pub fn period(&mut self, now: Instant) -> Summary {
        let summary = self.summary(&self.period, now, false);
        self.period = Span::beginning(self.next_sequence, now);
        summary
    }

    pub fn total(&self, now: Instant) -> Summary {
        self.summary(&self.total, now, true)
    }

    fn summary(&self, span: &Span, now: Instant, last: bool) -> Summary {
        Summary {
            ring: self.ring.clone(),
            reader: self.reader.clone(),
            last,
            read: span.read,
            missed: span.missed,
            skipped: span.skipped,
            first_sequence: span.first_sequence,
            next_sequence: self.next_sequence,
            elapsed_s: now.saturating_duration_since(span.began).as_secs_f64(),
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
            reader: "test".to_owned(),
            last,
            read,
            missed: 0,
            skipped: 0,
            first_sequence: 0,
            next_sequence: read,
            elapsed_s: 1.0,
        }
    }

    fn balanced(summary: &Summary) -> bool {
        let passed = summary.next_sequence - summary.first_sequence;
        summary.read + summary.missed + summary.skipped == passed
    }

    #[test]
    fn periods_add_up_to_the_total() {
        let start = Instant::now();
        let mut progress = Progress::beginning("r", "test", 100, start);
        progress.advance(100, 10, 0);
        progress.advance(115, 5, 3);
        let first = progress.period(start + Duration::from_secs(1));
        progress.advance(140, 1, 20);
        let second = progress.period(start + Duration::from_millis(1500));
        let total = progress.total(start + Duration::from_secs(2));
        assert!([&first, &second, &total].into_iter().all(balanced));
        assert_eq!((first.read, first.missed, first.skipped), (15, 3, 2));
        assert_eq!((second.first_sequence, second.next_sequence), (120, 141));
        assert_eq!((total.read, total.missed, total.skipped), (16, 23, 2));
        assert_eq!((second.elapsed_s, total.elapsed_s), (0.5, 2.0));
        assert!(total.last && !first.last);
    }

    #[test]
    fn a_summary_reads_well() {
        let mut summary = summary_of(1, false);
        assert_eq!(summary.to_string(), "1 record in 1.0 s (0..1)");
        summary = summary_of(500, true);
        summary.missed = 7;
        assert_eq!(
            summary.to_string(),
            "total: 500 records in 1.0 s (0..500), 7 missed"
        );
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
        let expected = r#"{"ring":"r","reader":"test","final":true,"read":2,"missed":0,"skipped":0,"first_sequence":0,"next_sequence":2,"elapsed_s":1.0,"anomalies":3}"#;
        assert_eq!(serde_json::to_string(&report).unwrap(), expected);
    }
}
