//! `--from` and `--until`: which records to read, as they are typed.

use std::time::Duration;

use jiff::Timestamp;
use ringbuf_core::{Start, Until};

use crate::duration;
use crate::usage::Usage;

/// Reads where to begin.
pub fn start(text: &str) -> Result<Start, String> {
    let found = match text {
        "now" => Some(Start::Now),
        "oldest" => Some(Start::Oldest),
        _ => last(text)
            .map(Start::Last)
            .or_else(|| before_newest(text).map(Start::LastFor))
            .or_else(|| sequence(text).map(Start::Sequence))
            .or_else(|| time(text).map(Start::At)),
    };
    found.ok_or_else(|| {
        format!(
            "found {text:?}, expected now, oldest, a sequence (1_000), last:1_000 (that many records), -5s \
             (published in the 5 s before the newest) or a time with its zone (2026-11-20T10:00:00Z)"
        )
    })
}

/// Reads where to end.
pub fn until(text: &str) -> Result<Until, String> {
    sequence(text)
        .map(Until::Sequence)
        .or_else(|| time(text).map(Until::At))
        .ok_or_else(|| {
            format!(
                "found {text:?}, expected a sequence (1_000) or a time with its zone (2026-11-20T10:00:00Z)"
            )
        })
}

/// Refuses a span that holds nothing, whatever the ring holds.
pub fn check(start: Option<Start>, until: Option<Until>) -> Result<(), Usage> {
    let is_empty = match (start, until) {
        (Some(Start::Sequence(from)), Some(Until::Sequence(until))) => from >= until,
        (Some(Start::At(from)), Some(Until::At(until))) => from >= until,
        _ => false,
    };
    if is_empty {
        let what = "nothing lies in that span: --until has to be later than --from";
        return Err(Usage(what.to_owned()));
    }
    Ok(())
}

/// A whole number, with `_` between the digits if wanted.
pub fn sequence(text: &str) -> Option<u64> {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit());
    is_number.then(|| text.replace('_', "").parse().ok())?
}

fn last(text: &str) -> Option<u64> {
    let count = sequence(text.strip_prefix("last:")?)?;
    (count > 0).then_some(count)
}

fn before_newest(text: &str) -> Option<Duration> {
    duration::parse(text.strip_prefix('-')?).ok()
}

/// Nanoseconds since the Unix epoch.
fn time(text: &str) -> Option<i64> {
    let timestamp: Timestamp = text.parse().ok()?;
    timestamp.as_nanosecond().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: i64 = 1_795_168_800_000_000_000;

    #[test]
    fn a_beginning_has_six_forms() {
        assert_eq!(start("now"), Ok(Start::Now));
        assert_eq!(start("oldest"), Ok(Start::Oldest));
        assert_eq!(start("0"), Ok(Start::Sequence(0)));
        assert_eq!(start("1_000_000"), Ok(Start::Sequence(1_000_000)));
        assert_eq!(start("last:1_000"), Ok(Start::Last(1_000)));
        assert_eq!(start("-5s"), Ok(Start::LastFor(Duration::from_secs(5))));
        assert_eq!(
            start("-1.5ms"),
            Ok(Start::LastFor(Duration::from_micros(1_500)))
        );
        assert_eq!(start("2026-11-20T10:00:00Z"), Ok(Start::At(TEN)));
        assert_eq!(
            start("2026-11-20T12:00:00.000000007+02:00"),
            Ok(Start::At(TEN + 7))
        );
    }

    #[test]
    fn an_end_is_a_sequence_or_a_time() {
        assert_eq!(until("1_000"), Ok(Until::Sequence(1_000)));
        assert_eq!(until("2026-11-20T10:00:00Z"), Ok(Until::At(TEN)));
        for text in ["now", "oldest", "last:5", "-5s", "5s"] {
            assert!(until(text).unwrap_err().contains("expected"), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_refused_with_a_hint() {
        for text in [
            "",
            "yesterday",
            "last:",
            "last:0",
            "last:-1",
            "-5",
            "-0s",
            "--5s",
            "5s",
            "+5",
            "_5",
            "99999999999999999999",
            // No zone: whose ten o'clock?
            "2026-11-20T10:00:00",
            "2026-11-20",
            // No nanoseconds for it in a ring.
            "2999-01-01T00:00:00Z",
        ] {
            assert!(start(text).unwrap_err().contains("last:1_000"), "{text}");
        }
    }

    #[test]
    fn a_span_ends_after_it_begins() {
        let checked = |from, to| check(Some(start(from).unwrap()), Some(until(to).unwrap()));
        assert_eq!(checked("5", "6"), Ok(()));
        assert!(checked("5", "5").is_err());
        assert!(checked("2026-11-20T10:00:00Z", "2026-11-20T09:59:59Z").is_err());
        assert_eq!(
            checked("2026-11-20T10:00:00Z", "2026-11-20T10:00:01Z"),
            Ok(())
        );
        // Only the ring can tell.
        assert_eq!(checked("5", "2026-11-20T09:59:59Z"), Ok(()));
        assert_eq!(check(None, Some(Until::Sequence(0))), Ok(()));
    }
}
