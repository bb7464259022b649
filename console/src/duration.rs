//! Durations on the command line: `50ms`, `1s`, `2m`, `1h30m`.

use std::time::Duration;

use jiff::SignedDuration;

/// Reads a length of time that is more than nothing.
pub fn parse(text: &str) -> Result<Duration, String> {
    let refused = || {
        format!(
            "found {text:?}, expected a length of time above 0 with its unit: 500ms, 1.5s, 2m, 1h30m"
        )
    };
    let signed: SignedDuration = text.trim().parse().map_err(|_| refused())?;
    match Duration::try_from(signed) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        let millis = |text: &str| parse(text).unwrap().as_millis();
        assert_eq!(millis("50ms"), 50);
        assert_eq!(millis("1s"), 1_000);
        assert_eq!(millis("1.5s"), 1_500);
        assert_eq!(millis("2m"), 120_000);
        assert_eq!(millis("1h30m"), 5_400_000);
        assert_eq!(parse("250us").unwrap(), Duration::from_micros(250));
    }

    #[test]
    fn what_is_not_a_duration_is_refused_with_a_hint() {
        for text in [
            "",
            "s",
            "5",
            "0s",
            "-1s",
            "1x",
            "1 fortnight",
            "1e999s",
            "1mo",
        ] {
            assert!(parse(text).unwrap_err().contains("expected"), "{text}");
        }
    }
}
