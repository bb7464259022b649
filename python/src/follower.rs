//! What a reader of records and one of frames have in common, for Python.

use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::errors;
use crate::event::{Event, Ledger};
use crate::follow::{Follow, Source};

/// What both can say and do, whatever they read.
pub(crate) trait Facts: Send + Sync {
    fn name(&self) -> &str;
    fn delivery(&self) -> String;
    fn ledger(&self, py: Python<'_>) -> PyResult<ringbuf_core::Ledger>;
    fn lag(&self, py: Python<'_>) -> PyResult<u64>;
    fn lag_time(&self, py: Python<'_>) -> PyResult<Option<f64>>;
    fn held(&self, py: Python<'_>) -> PyResult<u64>;
    fn events(&self) -> Vec<Event>;
    fn is_demoted(&self) -> bool;
    fn begins_late(&self) -> bool;
    fn is_unverified(&self) -> bool;
    fn is_observer(&self) -> bool;
    fn is_closed(&self) -> bool;
    fn rejoin(&self, py: Python<'_>) -> PyResult<()>;
    fn close(&self, py: Python<'_>) -> PyResult<()>;
}

impl<R: Source> Facts for Follow<R> {
    fn name(&self) -> &str {
        self.name()
    }

    fn delivery(&self) -> String {
        self.delivery().to_string()
    }

    fn ledger(&self, py: Python<'_>) -> PyResult<ringbuf_core::Ledger> {
        self.ledger(py)
    }

    fn lag(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.watch(py)?.lag().unwrap_or(0))
    }

    fn lag_time(&self, py: Python<'_>) -> PyResult<Option<f64>> {
        let lag = self.watch(py)?.lag_time();
        Ok(lag.map(|lag| lag.as_secs_f64()))
    }

    fn held(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.watch(py)?.held())
    }

    fn events(&self) -> Vec<Event> {
        self.events()
    }

    fn is_demoted(&self) -> bool {
        self.is_demoted()
    }

    fn begins_late(&self) -> bool {
        self.facts().0
    }

    fn is_unverified(&self) -> bool {
        self.facts().1
    }

    fn is_observer(&self) -> bool {
        self.facts().2
    }

    fn is_closed(&self) -> bool {
        self.is_closed()
    }

    fn rejoin(&self, py: Python<'_>) -> PyResult<()> {
        self.ask(py, false, R::rejoin)?
            .map_err(|error| errors::read(py, error))
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.close(py)
    }
}

/// The common base of the readers of records and of frames.
#[pyclass(frozen, subclass, weakref, module = "pyringbuf")]
pub(crate) struct Follower {
    kind: &'static str,
    facts: Arc<dyn Facts>,
}

impl Follower {
    pub(crate) fn new(kind: &'static str, facts: Arc<dyn Facts>) -> Follower {
        Follower { kind, facts }
    }
}

#[pymethods]
impl Follower {
    /// A bounded reader that was demoted holds the producer again, from here on.
    fn rejoin(&self, py: Python<'_>) -> PyResult<()> {
        self.facts.rejoin(py)
    }

    /// Stops reading, and holds nobody any more, but by views that live. As leaving a `with`.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.facts.close(py)
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        _kind: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
        _trace: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.facts.close(py)
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a reader belongs to one process and cannot be copied: attach another one by the name of the ring",
        ))
    }

    /// The ring's name.
    #[getter]
    fn name(&self) -> &str {
        self.facts.name()
    }

    /// "lossy", "bounded:50ms" or "lossless".
    #[getter]
    fn delivery(&self) -> String {
        self.facts.delivery()
    }

    /// The next sequence this reader will read.
    #[getter]
    fn cursor(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.facts.ledger(py)?.cursor)
    }

    /// Records published and not yet read.
    #[getter]
    fn lag(&self, py: Python<'_>) -> PyResult<u64> {
        self.facts.lag(py)
    }

    /// How long the oldest record not yet read has been published, in seconds, 0 if all were read; None without publication
    /// times.
    #[getter]
    fn lag_time(&self, py: Python<'_>) -> PyResult<Option<f64>> {
        self.facts.lag_time(py)
    }

    /// Records overwritten before this reader got them, since it joined.
    #[getter]
    fn missed(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.facts.ledger(py)?.missed)
    }

    /// What became of every record since this reader joined.
    #[getter]
    fn ledger(&self, py: Python<'_>) -> PyResult<Ledger> {
        self.facts.ledger(py).map(Ledger::from)
    }

    /// Records in batches that are held.
    #[getter]
    fn held(&self, py: Python<'_>) -> PyResult<u64> {
        self.facts.held(py)
    }

    /// What happened to the producer since this reader attached, the newest 1000.
    #[getter]
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.facts.events())
    }

    /// Whether this reader was bounded, held the producer for too long, and reads as a lossy one now.
    #[getter]
    fn is_demoted(&self) -> bool {
        self.facts.is_demoted()
    }

    /// Whether what it was to begin with was not kept any more.
    #[getter]
    fn begins_late(&self) -> bool {
        self.facts.begins_late()
    }

    /// Whether the ring lies on a disk and its end was not written in order.
    #[getter]
    fn is_unverified(&self) -> bool {
        self.facts.is_unverified()
    }

    /// Whether it is unlisted: all places were taken, or this user may not register.
    #[getter]
    fn is_observer(&self) -> bool {
        self.facts.is_observer()
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.facts.is_closed()
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let state = match (self.facts.is_closed(), self.facts.ledger(py)) {
            (false, Ok(ledger)) => format!("at {}, {} missed", ledger.cursor, ledger.missed),
            _ => "closed".to_owned(),
        };
        format!(
            "<{} of ring {}, {}, {state}>",
            self.kind,
            self.facts.name(),
            self.facts.delivery()
        )
    }
}
