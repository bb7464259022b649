//! Values on the command line that are more than a number.

use std::time::Duration;

use crate::source::csv_time::{TimeFormat, TimeUnit};

/// `5s`, `500ms`, `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("found {text:?}, expected a length of time with its unit: 500ms, 5s, 2m");
    let signed: jiff::SignedDuration = text.trim().parse().map_err(|_| wrong())?;
    Duration::try_from(signed).map_err(|_| wrong())
}

/// A whole number, with `_` between the digits if wanted.
pub(crate) fn count(text: &str) -> Result<u64, String> {
    text.replace('_', "")
        .parse()
        .map_err(|_| format!("found {text:?}, expected a whole number such as 10000 or 10_000"))
}

/// A whole number that is not 0.
pub(crate) fn positive_count(text: &str) -> Result<u64, String> {
    match count(text)? {
        0 => Err("found 0, expected at least 1".to_owned()),
        n => Ok(n),
    }
}

/// Readers to wait for; a ring has places for so many.
pub(crate) fn readers(text: &str) -> Result<u64, String> {
    const PLACES: u64 = 64;
    match count(text)? {
        n if n <= PLACES => Ok(n),
        n => Err(format!(
            "found {n}, expected at most {PLACES}: more readers cannot register"
        )),
    }
}

/// Records a second, 0 for as fast as possible.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.0 => Ok(rate),
        _ => Err(format!(
            "found {text:?}, expected records a second, or 0 for as fast as possible"
        )),
    }
}

/// How many times faster than recorded.
pub(crate) fn speed(text: &str) -> Result<f64, String> {
    match text.trim().trim_end_matches('x').parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err(format!(
            "found {text:?}, expected a number above 0 such as 1 or 100; as fast as possible is --rate 0"
        )),
    }
}

/// One character between columns.
pub(crate) fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        &[byte] if byte.is_ascii() && !b"\"\r\n\0".contains(&byte) => Ok(byte),
        _ => Err(format!(
            "found {text:?}, expected one character such as ; or the word tab"
        )),
    }
}

/// `COLUMN` or `COLUMN=BYTES`.
pub(crate) fn text_column(text: &str) -> Result<(String, usize), String> {
    const DEFAULT: usize = 16;
    const LARGEST: usize = 4096;
    let split = text
        .rsplit_once('=')
        .map(|(name, size)| (name, size.parse()));
    match split {
        None => Ok((text.to_owned(), DEFAULT)),
        Some((name, Ok(size))) if (1..=LARGEST).contains(&size) => Ok((name.to_owned(), size)),
        Some(_) => Err(format!(
            "found {text:?}, expected COLUMN or COLUMN=BYTES with 1 to {LARGEST} bytes"
        )),
    }
}

/// `s`, `ms`, `us`, `ns`, the same after `unix-`, or `datetime`.
pub(crate) fn time_unit(text: &str) -> Result<TimeFormat, String> {
    let format = if text == "datetime" {
        Some(TimeFormat::DateTime)
    } else if let Some(unit) = text.strip_prefix("unix-") {
        TimeUnit::named(unit).map(TimeFormat::Unix)
    } else {
        TimeUnit::named(text).map(TimeFormat::Recording)
    };
    format.ok_or_else(|| {
        format!(
            "found {text:?}, expected datetime, s, ms, us, ns, unix-s, unix-ms, unix-us or unix-ns"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("20us"), Ok(Duration::from_micros(20)));
        for junk in ["", "5", "-5s", "s", "5 parsecs", "99999999999999999999s"] {
            assert!(duration(junk).is_err(), "{junk}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(count("10_000"), Ok(10_000));
        assert!(count("-1").is_err() && count("1.5").is_err() && positive_count("0").is_err());
        assert!(readers("64").is_ok() && readers("65").is_err());
        assert_eq!(rate("1e6"), Ok(1e6));
        assert_eq!(rate("0"), Ok(0.0));
        assert!(rate("-1").is_err() && rate("inf").is_err() && rate("nan").is_err());
        assert_eq!(speed("10x"), Ok(10.0));
        assert!(speed("0").is_err() && speed("-1").is_err());
    }

    #[test]
    fn columns_and_separators() {
        assert_eq!(text_column("state"), Ok(("state".to_owned(), 16)));
        assert_eq!(text_column("a=b=8"), Ok(("a=b".to_owned(), 8)));
        assert!(text_column("a=0").is_err() && text_column("a=x").is_err());
        assert_eq!((delimiter(";"), delimiter("tab")), (Ok(b';'), Ok(b'\t')));
        assert!(delimiter("").is_err() && delimiter("ab").is_err() && delimiter("\"").is_err());
        assert_eq!(time_unit("unix-ms"), Ok(TimeFormat::Unix(TimeUnit::Millis)));
        assert_eq!(time_unit("s"), Ok(TimeFormat::Recording(TimeUnit::Seconds)));
        assert!(time_unit("weeks").is_err());
    }
}
