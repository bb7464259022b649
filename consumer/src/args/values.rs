//! Single values on the command line.

use crate::span;

/// A whole number that is not 0, with `_` between the digits if wanted.
pub fn count(text: &str) -> Result<u64, String> {
    match span::sequence(text) {
        Some(count) if count > 0 => Ok(count),
        _ => Err(format!(
            "found {text:?}, expected a whole number above 0, such as 10_000"
        )),
    }
}

/// A whole number, 0 too.
pub fn tag(text: &str) -> Result<u64, String> {
    span::sequence(text).ok_or_else(|| format!("found {text:?}, expected a whole number such as 7"))
}

/// A number.
pub fn finite(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if f64::is_finite(number) => Ok(number),
        _ => Err(format!("found {text:?}, expected a number")),
    }
}

/// A number above 0.
pub fn positive(text: &str) -> Result<f64, String> {
    match finite(text) {
        Ok(number) if number > 0.0 => Ok(number),
        _ => Err(format!("found {text:?}, expected a number above 0")),
    }
}
