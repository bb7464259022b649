//! How a reader attaches.

use std::time::Duration;

use pyo3::prelude::*;
use ringbuf_core::{Delivery, ReaderOptions, Start, Until, Wait};

use crate::options;

/// How to attach, as the Python half has checked and said it.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Choices {
    delivery: String,
    start: (String, i64),
    until: Option<(String, i64)>,
    wait: String,
    reader_name: String,
    unverified: bool,
    on_death: String,
}

/// What a reader does when the producer is gone without closing the ring, and everything was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDeath {
    /// It waits for another.
    Wait,
    /// It ends, as if the ring had been closed.
    End,
    Raise,
}

impl Choices {
    pub(super) fn on_death(&self) -> PyResult<OnDeath> {
        let choices = [
            ("wait", OnDeath::Wait),
            ("end", OnDeath::End),
            ("raise", OnDeath::Raise),
        ];
        options::choice("on_death", &self.on_death, &choices)
    }

    pub(super) fn options(&self) -> PyResult<(ReaderOptions, Delivery)> {
        let delivery = options::delivery("delivery", &self.delivery)?;
        let options = match delivery {
            Delivery::Bounded(most) => ReaderOptions::bounded(most),
            Delivery::Lossless => ReaderOptions::lossless(),
            _ => ReaderOptions::lossy(),
        };
        let (kind, number) = (self.start.0.as_str(), self.start.1);
        let count = number.unsigned_abs();
        let start = match kind {
            "oldest" => Start::Oldest,
            "sequence" => Start::Sequence(count),
            "last" => Start::Last(count),
            "last_for" => Start::LastFor(Duration::from_nanos(count)),
            "at" => Start::At(number),
            _ => Start::Now,
        };
        let waits = [
            ("sleep", Wait::Sleep),
            ("yield", Wait::Yield),
            ("spin", Wait::Spin),
        ];
        let mut options = options
            .start(start)
            .named(self.reader_name.as_str())
            .wait(options::choice("wait", &self.wait, &waits)?);
        if let Some((kind, number)) = &self.until {
            options = options.until(match kind.as_str() {
                "at" => Until::At(*number),
                _ => Until::Sequence(number.unsigned_abs()),
            });
        }
        if self.unverified {
            options = options.unverified();
        }
        Ok((options, delivery))
    }
}
