//! Waiting and copying without holding the interpreter up: other Python threads run, and signals are handled.

use std::time::{Duration, Instant};

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;

/// How long somebody waits before signals are looked at: Ctrl-C works within that.
pub(crate) const SLICE: Duration = Duration::from_millis(40);
/// Bytes that are copied with the interpreter held.
const LONG_COPY: usize = 64 << 10;

/// How long to wait, as the argument `timeout` of Python: seconds from 0 on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seconds(Duration);

impl<'py> FromPyObject<'_, 'py> for Seconds {
    type Error = PyErr;

    fn extract(found: Borrowed<'_, 'py, PyAny>) -> PyResult<Seconds> {
        let expected = "expected seconds from 0 on, or None to wait for ever";
        let seconds: f64 = match found.extract() {
            Ok(seconds) => seconds,
            // An integer beyond all floats.
            Err(error) if error.is_instance_of::<PyOverflowError>(found.py()) => {
                match found.lt(0)? {
                    true => f64::NEG_INFINITY,
                    false => f64::INFINITY,
                }
            }
            Err(_) => {
                let found = crate::errors::excerpt(&found);
                let message = format!("found a timeout of {found}, {expected}");
                return Err(PyTypeError::new_err(message));
            }
        };
        if seconds.is_nan() || seconds < 0.0 {
            let message = format!("found a timeout of {seconds}, {expected}");
            return Err(PyValueError::new_err(message));
        }
        // More seconds than that are for ever, too.
        let limit = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        Ok(Seconds(limit))
    }
}

/// When a wait is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    /// `None`: never.
    end: Option<Instant>,
}

impl Deadline {
    /// So many seconds from now; `None` is never.
    pub(crate) fn of(timeout: Option<Seconds>) -> Deadline {
        let end = timeout.and_then(|Seconds(limit)| Instant::now().checked_add(limit));
        Deadline { end }
    }

    /// Whether it has come.
    pub(crate) fn is_over(self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }

    /// How long to wait before signals are looked at.
    pub(crate) fn slice(self) -> Duration {
        let left = self
            .end
            .map(|end| end.saturating_duration_since(Instant::now()));
        left.map_or(SLICE, |left| left.min(SLICE))
    }
}

/// Whether copying so many bytes takes longer than letting the interpreter go and getting it back.
#[inline]
pub(crate) fn is_long(bytes: usize) -> bool {
    bytes > LONG_COPY
}
