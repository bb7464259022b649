//! The choices of Python, which are words, as those of the core.

use std::fmt::Display;
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use ringbuf_core::{CreateOptions, Delivery, Preset, Register, WhenFull};

/// One of the words, or an error that lists them.
pub(crate) fn choice<T: Copy>(what: &str, found: &str, choices: &[(&str, T)]) -> PyResult<T> {
    let known = choices.iter().find(|(word, _)| *word == found);
    known.map(|&(_, value)| value).ok_or_else(|| {
        let words: Vec<String> = choices
            .iter()
            .map(|(word, _)| format!("{word:?}"))
            .collect();
        unknown(what, found, words.join(" or "))
    })
}

fn unknown(what: &str, found: &str, expected: impl Display) -> PyErr {
    PyValueError::new_err(format!("found {what}={found:?}, expected {expected}"))
}

/// `lossy`, `lossless` or `bounded:50ms`.
pub(crate) fn delivery(what: &str, found: &str) -> PyResult<Delivery> {
    let bounded = found.strip_prefix("bounded:").map(duration);
    match (found, bounded) {
        ("lossy", _) => Ok(Delivery::Lossy),
        ("lossless", _) => Ok(Delivery::Lossless),
        (_, Some(Some(most))) => Ok(Delivery::Bounded(most)),
        _ => Err(unknown(
            what,
            found,
            "\"lossy\", \"lossless\", or \"bounded:\" and a time, as in \"bounded:50ms\"",
        )),
    }
}

/// A number and a unit: `50ms`, `1.5s`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 6] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("min", 60.0),
    ];
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit() && c != '.');
    let unit = &text[digits.len()..];
    let &(_, seconds) = UNITS.iter().find(|(word, _)| *word == unit)?;
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let number: f64 = digits
        .chars()
        .all(is_number)
        .then(|| digits.parse().ok())??;
    Duration::try_from_secs_f64(number * seconds).ok()
}

/// What `create` was told, apart from what is kept.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Choices {
    stamp: bool,
    allow: String,
    when_full: String,
    preset: String,
    mode: Option<u32>,
    register: Option<String>,
    replace: bool,
    in_place: bool,
}

impl Choices {
    pub(crate) fn when_full(&self) -> PyResult<WhenFull> {
        let choices = [("wait", WhenFull::Wait), ("drop", WhenFull::Drop)];
        choice("when_full", &self.when_full, &choices)
    }

    pub(crate) fn options(&self) -> PyResult<CreateOptions> {
        let presets = [
            ("throughput", Preset::Throughput),
            ("latency", Preset::Latency),
        ];
        let options = CreateOptions::default()
            .stamp(self.stamp)
            .in_place(self.in_place)
            .replace(self.replace)
            .allow(delivery("allow", &self.allow)?)
            .when_full(self.when_full()?)
            .preset(choice("preset", &self.preset, &presets)?);
        let options = match self.mode {
            Some(bits) => options.mode(bits),
            None => options,
        };
        let registers = [
            ("owner", Register::Owner),
            ("group", Register::Group),
            ("all", Register::All),
        ];
        Ok(match &self.register {
            Some(who) => options.register(choice("register", who, &registers)?),
            None => options,
        })
    }
}
