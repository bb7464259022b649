//! What is said about a run: talk on standard error, the JSON summary on standard output.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use ringbuf_console::text::grouped;

use crate::supply::{FrameTally, Kind};

/// Prints one line of talk. Talk that nobody can hear is no reason to end.
pub fn say(line: &str) {
    // One write: other processes talk to the same terminal.
    let _ = io::stderr().write_all(format!("producer: {line}\n").as_bytes());
}

/// The end of a run.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) ring: String,
    pub(crate) kind: Kind,
    pub(crate) published: u64,
    pub(crate) refused: u64,
    /// Never made, as their time had passed; of what can be made only in time.
    pub(crate) skipped: Option<u64>,
    /// Of a ring of frames.
    pub(crate) frames: Option<FrameTally>,
    /// The time between the oldest and the newest record the ring keeps, if it is known.
    pub(crate) kept: Option<Duration>,
    pub(crate) elapsed: Duration,
    /// The most a record went out after it was due; none when records had no schedule.
    pub(crate) latest: Option<Duration>,
}

impl Summary {
    fn rate(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 {
            self.published as f64 / seconds
        } else {
            0.0
        }
    }

    /// The summary for a person.
    pub(crate) fn human(&self) -> String {
        let late = match self.latest {
            Some(latest) => format!(", at most {:.3} ms late", latest.as_secs_f64() * 1e3),
            None => String::new(),
        };
        format!(
            "{} {}{} published to {:?} in {:.3} s, {:.1} a second{}{skips}{late}",
            grouped(self.published),
            self.kind.of(self.published),
            self.frames.map_or(String::new(), of_frames),
            self.ring,
            self.elapsed.as_secs_f64(),
            self.rate(),
            refusals(self.refused),
            skips = self.skipped.map_or(String::new(), skips),
        )
    }

    /// The summary for a program: one object on one line.
    pub(crate) fn json(&self) -> String {
        let kept = self.kept.map_or(String::new(), |kept| {
            format!(",\"kept_s\":{:.6}", kept.as_secs_f64())
        });
        let frames = self.frames.map_or(String::new(), |frames| {
            format!(
                ",\"bytes\":{},\"too_long\":{}",
                frames.bytes, frames.too_long
            )
        });
        let skipped = self
            .skipped
            .map_or(String::new(), |some| format!(",\"skipped\":{some}"));
        format!(
            "{{\"ring\":{},\"final\":true,\"published\":{},\"refused\":{}{skipped}{frames},\
             \"elapsed_s\":{:.6},\"{}_per_s\":{:.3}{kept}}}",
            serde_json::Value::from(self.ring.as_str()),
            self.published,
            self.refused,
            self.elapsed.as_secs_f64(),
            self.kind.plural(),
            self.rate(),
        )
    }

    /// Says how the run went, on standard output if `json`. A pipe that nobody reads any more is a
    /// normal end.
    pub(crate) fn print(&self, json: bool) -> io::Result<()> {
        if !json {
            say(&self.human());
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match writeln!(out, "{}", self.json()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

/// A line that is rewritten about once a second, where a person is watching.
#[derive(Debug)]
pub(crate) struct Progress {
    kind: Kind,
    watched: bool,
    printed: Option<(Instant, u64)>,
    next: Instant,
    /// Since when records have waited for a reader.
    blocked: Option<Instant>,
    /// When that was told last, where nobody is watching.
    complained: Option<Instant>,
}

/// A reader that is in the way all the time is told of this often.
const COMPLAIN_AGAIN: Duration = Duration::from_secs(60);

impl Progress {
    const EVERY: Duration = Duration::from_secs(1);

    /// Progress of a run that begins now.
    pub(crate) fn new(kind: Kind) -> Progress {
        Progress {
            kind,
            watched: io::stderr().is_terminal(),
            printed: None,
            next: Instant::now() + Progress::EVERY,
            blocked: None,
            complained: None,
        }
    }

    /// When the line should be rewritten, if anybody is watching.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.watched.then_some(self.next)
    }

    /// Rewrites the line if it is time to.
    pub(crate) fn tick(&mut self, now: Instant, published: u64, refused: u64) {
        self.blocked = None;
        if !self.is_time(now) {
            return;
        }
        let rate = self.printed.map_or(String::new(), |(then, before)| {
            let seconds = now.duration_since(then).as_secs_f64().max(1e-9);
            format!(", {:.1} a second", (published - before) as f64 / seconds)
        });
        self.print(now, published, &format!("{rate}{}", refusals(refused)));
    }

    /// Says, if it is time to, that records wait for a reader, and for which.
    pub(crate) fn blocked(
        &mut self,
        now: Instant,
        published: u64,
        reader: impl FnOnce() -> String,
    ) {
        if self.is_time(now) {
            self.print(now, published, &format!(", waiting for {}", reader()));
        } else if !self.watched {
            self.complain(now, reader);
        }
    }

    /// Where nobody is watching, a wait is told when it has become a long one, and not again and again.
    fn complain(&mut self, now: Instant, reader: impl FnOnce() -> String) {
        let began = *self.blocked.get_or_insert(now);
        let is_due = self
            .complained
            .is_none_or(|then| now - then > COMPLAIN_AGAIN);
        if is_due && now - began > Progress::EVERY {
            self.complained = Some(now);
            say(&format!("{} wait for {}", self.kind.plural(), reader()));
        }
    }

    fn is_time(&self, now: Instant) -> bool {
        self.watched && now >= self.next
    }

    fn print(&mut self, now: Instant, published: u64, more: &str) {
        let (count, kind) = (grouped(published), self.kind.plural());
        let line = format!("\r\x1b[Kproducer: {count} {kind}{more}");
        let mut out = io::stderr().lock();
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
        self.printed = Some((now, published));
        self.next = now + Progress::EVERY;
    }

    /// Wipes the line.
    pub(crate) fn clear(&mut self) {
        if self.printed.take().is_some() {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// The part of a line that says how many records found no room; nothing if all did.
fn refusals(refused: u64) -> String {
    match refused {
        0 => String::new(),
        some => format!(", {} refused", grouped(some)),
    }
}

/// The part of a line that says how many were not made in time; nothing if all were.
fn skips(skipped: u64) -> String {
    match skipped {
        0 => String::new(),
        some => format!(", {} skipped as their time had passed", grouped(some)),
    }
}

/// The part of a line that says more of frames than their number.
fn of_frames(frames: FrameTally) -> String {
    let bytes = format!(" ({} bytes)", grouped(frames.bytes));
    match frames.too_long {
        0 => bytes,
        some => format!("{bytes}, {} too long and passed over,", grouped(some)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        Summary {
            ring: "a\"b".to_owned(),
            kind: Kind::Records,
            published: 1500,
            refused: 0,
            skipped: None,
            frames: None,
            kept: None,
            elapsed: Duration::from_millis(5000),
            latest: Some(Duration::from_micros(250)),
        }
    }

    #[test]
    fn json_is_one_object_with_the_agreed_names() {
        let json: serde_json::Value = serde_json::from_str(&summary().json()).expect("JSON");
        let expected = serde_json::json!({
            "ring": "a\"b", "final": true, "published": 1500, "refused": 0,
            "elapsed_s": 5.0, "records_per_s": 300.0,
        });
        assert_eq!(json, expected);
        assert!(!summary().json().contains('\n'));
    }

    #[test]
    fn what_was_refused_and_is_kept_is_said_where_there_is_something_to_say() {
        let some = Summary {
            refused: 12_345,
            kept: Some(Duration::from_millis(1500)),
            ..summary()
        };
        let json: serde_json::Value = serde_json::from_str(&some.json()).expect("JSON");
        assert_eq!(
            (json["refused"].as_u64(), json["kept_s"].as_f64()),
            (Some(12_345), Some(1.5))
        );
        assert!(
            some.human().contains("300.0 a second, 12,345 refused, at"),
            "{}",
            some.human()
        );
        assert!(!summary().human().contains("refused"));
    }

    #[test]
    fn what_was_skipped_is_said_where_something_can_be() {
        let skipped = |skipped| Summary {
            skipped: Some(skipped),
            ..summary()
        };
        let json: serde_json::Value = serde_json::from_str(&skipped(0).json()).expect("JSON");
        assert_eq!(json["skipped"], 0);
        let expected = ", 1,234 skipped as their time had passed, at most";
        assert!(skipped(1234).human().contains(expected));
        assert!(!skipped(0).human().contains("skipped"));
        assert!(!summary().json().contains("skipped"));
    }

    #[test]
    fn frames_have_bytes_and_some_are_too_long() {
        let frames = |too_long| Summary {
            kind: Kind::Frames,
            frames: Some(FrameTally {
                bytes: 12_345,
                too_long,
            }),
            ..summary()
        };
        let json: serde_json::Value = serde_json::from_str(&frames(2).json()).expect("JSON");
        let expected = serde_json::json!({
            "ring": "a\"b", "final": true, "published": 1500, "refused": 0, "bytes": 12_345, "too_long": 2,
            "elapsed_s": 5.0, "frames_per_s": 300.0,
        });
        assert_eq!(json, expected);
        let text = frames(2).human();
        let expected = "1,500 frames (12,345 bytes), 2 too long and passed over, published to";
        assert!(text.starts_with(expected), "{text}");
        let text = Summary {
            published: 1,
            ..frames(0)
        };
        let text = text.human();
        assert!(text.starts_with("1 frame (12,345 bytes)"), "{text}");
        let text = frames(0).human();
        assert!(
            text.starts_with("1,500 frames (12,345 bytes) published to"),
            "{text}"
        );
    }

    #[test]
    fn a_run_of_no_time_has_no_rate() {
        let none = Summary {
            elapsed: Duration::ZERO,
            latest: None,
            ..summary()
        };
        assert!(none.json().contains("\"records_per_s\":0.000"));
        assert!(!none.human().contains("late"));
    }

    #[test]
    fn people_read_groups_of_three() {
        assert!(summary().human().starts_with("1,500 records"));
        assert_eq!(
            (grouped(0), grouped(999), grouped(1_000_000)),
            ("0".into(), "999".into(), "1,000,000".into())
        );
    }
}
