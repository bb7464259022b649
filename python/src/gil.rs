//! Waiting and copying without holding the interpreter up: other Python threads run, and signals are handled.

use std::time::{Duration, Instant};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// How long somebody waits before signals are looked at: Ctrl-C works within that.
pub(crate) const SLICE: Duration = Duration::from_millis(40);
/// Bytes that are copied with the interpreter held.
const LONG_COPY: usize = 64 << 10;

/// How long to wait, as the argument `timeout` of Python: seconds from 0 on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seconds(Duration);

impl Seconds {
    /// Not at all: try once.
    pub(crate) const ZERO: Seconds = Seconds(Duration::ZERO);

    pub(crate) fn at_most(limit: Duration) -> Seconds {
        Seconds(limit)
    }
}

impl<'py> FromPyObject<'_, 'py> for Seconds {
    type Error = PyErr;

    fn extract(found: Borrowed<'_, 'py, PyAny>) -> PyResult<Seconds> {
        let expected = "expected seconds from 0 on, or None to wait for ever";
        let seconds: f64 = found.extract().map_err(|_| {
            let found = crate::errors::excerpt(&found);
            PyTypeError::new_err(format!("found a timeout of {found}, {expected}"))
        })?;
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

/// What a step of a wait came to.
#[derive(Debug)]
pub(crate) enum Step<T> {
    /// It is over.
    Done(T),
    /// Something was done, and there is more to do at once, whatever the time.
    Progress,
    /// Nothing yet.
    Waiting,
}

/// Takes steps, each of which may wait as long as it is told, until one is done or the time is over: `None`. With a
/// timeout of 0 one step is taken. The interpreter is let go of during each, and signals are handled in between: what
/// their handlers raise ends the wait.
///
/// # Errors
///
/// What a signal handler has raised, `KeyboardInterrupt` above all.
pub(crate) fn wait<T: Send>(
    py: Python<'_>,
    timeout: Option<Seconds>,
    mut step: impl FnMut(Duration) -> Step<T> + Send,
) -> PyResult<Option<T>> {
    let deadline = Deadline::of(timeout);
    loop {
        match py.detach(|| step(deadline.slice())) {
            Step::Done(value) => return Ok(Some(value)),
            Step::Waiting if deadline.is_over() => return Ok(None),
            Step::Waiting | Step::Progress => py.check_signals()?,
        }
    }
}

/// Whether copying so many bytes takes longer than letting the interpreter go and getting it back.
#[inline]
pub(crate) fn is_long(bytes: usize) -> bool {
    bytes > LONG_COPY
}

/// Runs what copies so many bytes, and lets the interpreter go if that takes long.
#[inline]
pub(crate) fn copying<T: Send>(py: Python<'_>, bytes: usize, copy: impl FnOnce() -> T + Send) -> T {
    match is_long(bytes) {
        true => py.detach(copy),
        false => copy(),
    }
}
