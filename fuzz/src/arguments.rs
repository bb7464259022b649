//! What is typed on a command line.

use std::time::Duration;

use consumer::span;
use jiff::{SignedDuration, Timestamp};
use producer::source::signal::{Channel, ChannelSpec};
use producer::values;
use ringbuf_console::duration;
use ringbuf_core::{Delivery, Retain, Start, Until};

use crate::assert_is_message;

/// Every value that a text can be: what is accepted is in range and can be typed again; what is not is told.
pub(crate) fn arguments(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    lengths_of_time(text);
    positions(text);
    numbers(text);
    choices(text);
    channel(text);
}

/// What was accepted; a refusal must say what was expected.
#[track_caller]
fn accepted<T>(result: Result<T, String>) -> Option<T> {
    result.inspect_err(|error| assert_is_refusal(error)).ok()
}

#[track_caller]
fn assert_is_refusal(error: &str) {
    assert_is_message(error);
    assert!(!error.contains('\n'), "{error}");
}

fn typed(time: Duration) -> String {
    SignedDuration::try_from(time)
        .expect("it was one")
        .to_string()
}

fn lengths_of_time(text: &str) {
    let (found, followed) = (
        accepted(values::duration(text)),
        accepted(duration::parse(text)),
    );
    assert_eq!(found.filter(|time| !time.is_zero()), followed);
    assert_eq!(accepted(values::positive_duration(text)), followed);
    let Some(time) = found else {
        return;
    };
    assert_eq!(values::duration(&typed(time)), Ok(time), "{}", typed(time));
    for rate in [1e-300, 0.5, 100.0, 1e300] {
        assert_eq!(Retain::lasting(time, rate).count() == 0, time.is_zero());
    }
}

fn positions(text: &str) {
    if let Some(start) = accepted(span::start(text)) {
        let again = match start {
            Start::Now => "now".to_owned(),
            Start::Oldest => "oldest".to_owned(),
            Start::Sequence(sequence) => {
                assert!(
                    text.bytes()
                        .all(|byte| byte.is_ascii_digit() || byte == b'_')
                );
                sequence.to_string()
            }
            Start::Last(count) => format!("last:{count}"),
            Start::LastFor(time) => format!("-{}", typed(time)),
            Start::At(ns) => instant(ns),
            other => panic!("{other:?}"),
        };
        assert_eq!(span::start(&again), Ok(start), "{again}");
    }
    if let Some(until) = accepted(span::until(text)) {
        let again = match until {
            Until::Sequence(sequence) => sequence.to_string(),
            Until::At(ns) => instant(ns),
            other => panic!("{other:?}"),
        };
        assert_eq!(span::until(&again), Ok(until), "{again}");
    }
}

fn instant(ns: i64) -> String {
    let time = Timestamp::from_nanosecond(ns.into());
    time.expect("every i64 is one").to_string()
}

fn numbers(text: &str) {
    let count = accepted(values::count(text));
    if let Some(count) = count {
        assert_eq!(values::count(&count.to_string()), Ok(count));
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits.parse(), Ok(count), "{text:?}");
    }
    let positive = accepted(values::positive_count(text));
    assert_eq!(positive, count.filter(|&count| count > 0));
    if let Some(size) = accepted(values::size(text)) {
        assert_eq!(values::size(&size.to_string()), Ok(size));
        assert!(
            size > 0 && text.starts_with(|c: char| c.is_ascii_digit()),
            "{text:?}"
        );
    }
    assert!(accepted(values::readers(text)).is_none_or(|readers| readers <= 64));
    let rate = accepted(values::rate(text));
    assert!(rate.is_none_or(|rate| rate.is_finite() && rate >= 0.0));
    let speed = accepted(values::speed(text));
    assert!(speed.is_none_or(|speed| speed.is_finite() && speed > 0.0));
    if let Some(mode) = accepted(values::mode(text)) {
        assert!(mode <= 0o777);
        assert_eq!(values::mode(&format!("{mode:04o}")), Ok(mode));
    }
}

fn choices(text: &str) {
    if let Some(delivery) = accepted(values::delivery(text)) {
        assert!(delivery != Delivery::Bounded(Duration::ZERO));
        assert_eq!(values::delivery(&delivery.to_string()), Ok(delivery));
    }
    if let Some(choice) = accepted(values::when_full(text)) {
        assert_eq!(choice.name(), text);
    }
    let _ = accepted(values::register(text));
    let _ = accepted(values::time_unit(text));
    if let Some(delimiter) = accepted(values::delimiter(text)) {
        assert!(delimiter.is_ascii() && !b"\"\r\n\0".contains(&delimiter));
    }
    if let Some((name, size)) = accepted(values::text_column(text)) {
        assert!(text.starts_with(&name) && (1..=4096).contains(&size));
    }
}

fn channel(text: &str) {
    let Some(spec) = accepted(ChannelSpec::parse(text)) else {
        return;
    };
    assert_eq!(ChannelSpec::parse(text), Ok(spec.clone()));
    // Values in the middle of other bytes, and none beside them.
    let mut out = [0xA5; 4 * 11];
    Channel::new(&spec, 1, 0).write(u64::MAX - 4, 1e-3, &mut out, 2, 11);
    for record in out.chunks(11) {
        assert!(
            record[..2]
                .iter()
                .chain(&record[10..])
                .all(|&byte| byte == 0xA5)
        );
    }
}
