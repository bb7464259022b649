//! What is said about a run: talk on standard error, the JSON summary on standard output.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use ringbuf_console::text::grouped;

use crate::{
    behind::Kept,
    late::Late,
    supply::{FrameTally, Kind},
};

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
    /// How long after they were due records went out; none when they had no schedule, or there was none.
    pub(crate) late: Option<Late>,
    /// How the schedule was kept; none when there was none.
    pub(crate) timing: Option<Kept>,
}

impl Summary {
    /// Of a run that was over before there was a ring.
    pub(crate) fn of_nothing(ring: &str) -> Summary {
        Summary {
            ring: ring.to_owned(),
            kind: Kind::Records,
            published: 0,
            refused: 0,
            skipped: None,
            frames: None,
            kept: None,
            elapsed: Duration::ZERO,
            late: None,
            timing: None,
        }
    }

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
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let late = self.late.map_or(String::new(), |late| {
            let (p50, p99, most) = (ms(late.p50), ms(late.p99), ms(late.most));
            format!(", at most {most:.3} ms late (half of them {p50:.3}, 99 % {p99:.3})")
        });
        format!(
            "{} {}{} published to {:?} in {:.3} s, {} a second{}{skips}{late}",
            grouped(self.published),
            self.kind.of(self.published),
            self.frames.map_or(String::new(), of_frames),
            self.ring,
            self.elapsed.as_secs_f64(),
            rate(self.rate()),
            refusals(self.refused),
            skips = self.skipped.map_or(String::new(), skips),
        )
    }

    /// The summary for a program: one object on one line.
    pub(crate) fn json(&self) -> String {
        let kept = self.kept.map_or(String::new(), |kept| {
            format!(",\"kept_s\":{:.6}", kept.as_secs_f64())
        });
        let us = |time: Duration| time.as_nanos() as f64 / 1e3;
        let late = self.late.map_or(String::new(), |late| {
            let (p50, p99, most) = (us(late.p50), us(late.p99), us(late.most));
            format!(",\"late_p50_us\":{p50:.1},\"late_p99_us\":{p99:.1},\"late_max_us\":{most:.1}")
        });
        let timing = self.timing.map_or(String::new(), |timing| {
            let rate = timing
                .rate
                .map_or(String::new(), |rate| format!(",\"rate_hz\":{rate:?}"));
            format!("{rate},\"behind_s\":{:.6}", timing.behind.as_secs_f64())
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
             \"elapsed_s\":{:.6},\"{}_per_s\":{:.3}{timing}{late}{kept}}}",
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
        let kind = self.kind.plural();
        if let Some(complaint) = self
            .timing
            .and_then(|kept| kept.complaint(self.rate(), kind))
        {
            say(&complaint);
        }
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

/// How many a second, with as many digits as can be read at a glance.
fn rate(rate: f64) -> String {
    match rate {
        ..10_000.0 => format!("{rate:.1}"),
        _ => grouped(rate.round() as u64),
    }
}

/// A line that is rewritten about once a second, where a person is watching.
#[derive(Debug)]
pub(crate) struct Progress {
    kind: Kind,
    watched: bool,
    began: Instant,
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
            began: Instant::now(),
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

    /// Rewrites the line if it is time to; `share` is how much of the run is over, from 0 to 1.
    pub(crate) fn tick(&mut self, now: Instant, published: u64, refused: u64, share: Option<f64>) {
        self.blocked = None;
        if !self.is_time(now) {
            return;
        }
        let rate = self.printed.map_or(String::new(), |(then, before)| {
            let seconds = now.duration_since(then).as_secs_f64().max(1e-9);
            format!(", {} a second", rate((published - before) as f64 / seconds))
        });
        let left = share.map_or(String::new(), |share| left(share, now - self.began));
        self.print(
            now,
            published,
            &format!("{left}{rate}{}", refusals(refused)),
        );
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

/// The part of a line that says how far a run has come, and how long the rest takes if it goes on like that.
fn left(share: f64, elapsed: Duration) -> String {
    /// Nobody plans that far ahead.
    const LONGEST: f64 = 1e9;
    let share = share.clamp(0.0, 1.0);
    let left = elapsed.as_secs_f64() * (1.0 - share) / share;
    let time = if left < LONGEST {
        format!(", {} left", rough(left.ceil() as u64))
    } else {
        String::new()
    };
    format!(", {:.0} %{time}", (share * 100.0).floor())
}

/// A length of time in its two largest units.
fn rough(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {} s", seconds % 60),
        3600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
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
    use crate::behind::Waits;

    #[test]
    fn how_far_a_run_has_come_and_how_long_the_rest_takes() {
        let after = |seconds| Duration::from_secs(seconds);
        assert_eq!(left(0.25, after(10)), ", 25 %, 30 s left");
        assert_eq!(left(0.999, after(100)), ", 99 %, 1 s left");
        assert_eq!(left(1.0, after(100)), ", 100 %, 0 s left");
        assert_eq!(left(7.0, after(100)), ", 100 %, 0 s left");
        assert_eq!(left(0.0, after(100)), ", 0 %");
        assert_eq!(left(1e-30, after(100)), ", 0 %");
        let rough_ones = [59, 60, 3599, 3600, 86_399, 90_000].map(rough);
        let expected = [
            "59 s",
            "1 min 0 s",
            "59 min 59 s",
            "1 h 0 min",
            "23 h 59 min",
            "1 d 1 h",
        ];
        assert_eq!(rough_ones, expected);
    }

    #[test]
    fn a_schedule_that_was_kept_has_its_figures() {
        let text = summary().human();
        let expected = "300.0 a second, at most 0.250 ms late (half of them 0.061, 99 % 0.120)";
        assert!(text.ends_with(expected), "{text}");
        let recorded = Summary {
            timing: summary().timing.map(|kept| Kept { rate: None, ..kept }),
            ..summary()
        };
        let json: serde_json::Value = serde_json::from_str(&recorded.json()).expect("JSON");
        assert!(json.get("rate_hz").is_none() && json.get("behind_s").is_some());
    }

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
            late: Some(Late {
                p50: Duration::from_micros(61),
                p99: Duration::from_nanos(120_500),
                most: Duration::from_micros(250),
            }),
            timing: Some(Kept {
                rate: Some(300.0),
                behind: Duration::from_micros(250),
                of: Duration::from_secs(5),
                waits: Waits::default(),
            }),
        }
    }

    #[test]
    fn many_a_second_can_be_read() {
        let rates = [0.0, 99.96, 9_999.9, 10_000.0, 3_795_795.4].map(rate);
        let expected = ["0.0", "100.0", "9999.9", "10,000", "3,795,795"];
        assert_eq!(rates, expected);
    }

    #[test]
    fn json_is_one_object_with_the_agreed_names() {
        let json: serde_json::Value = serde_json::from_str(&summary().json()).expect("JSON");
        let expected = serde_json::json!({
            "ring": "a\"b", "final": true, "published": 1500, "refused": 0,
            "elapsed_s": 5.0, "records_per_s": 300.0, "rate_hz": 300.0, "behind_s": 0.00025,
            "late_p50_us": 61.0, "late_p99_us": 120.5, "late_max_us": 250.0,
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
            "elapsed_s": 5.0, "frames_per_s": 300.0, "rate_hz": 300.0, "behind_s": 0.00025,
            "late_p50_us": 61.0, "late_p99_us": 120.5, "late_max_us": 250.0,
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
            late: None,
            timing: None,
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
