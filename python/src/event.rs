//! What happened to the producer, and what became of records.

use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::options::choice;

const DIED: &str = "producer-died";
const RESTARTED: &str = "restarted";
const DEMOTED: &str = "demoted";

/// Something that happened to the producer, where it happened in the stream.
///
/// `kind` is "producer-died" (it is gone without closing the ring; another may continue it), "restarted" (another continues
/// it: `epoch` counts producers from 1, and `first_sequence` is the first it publishes, None if that was forgotten) or
/// "demoted" (this bounded reader held the producer for as long as it may, and reads on as a lossy one).
#[pyclass(frozen, eq, module = "pyringbuf")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// "producer-died", "restarted" or "demoted".
    #[pyo3(get)]
    kind: &'static str,
    /// Which producer continues the ring, counted from 1.
    #[pyo3(get)]
    epoch: Option<u64>,
    /// The first sequence that it publishes.
    #[pyo3(get)]
    first_sequence: Option<u64>,
}

#[pymethods]
impl Event {
    #[new]
    #[pyo3(signature = (kind, epoch=None, first_sequence=None))]
    fn new(kind: &str, epoch: Option<u64>, first_sequence: Option<u64>) -> PyResult<Event> {
        let kinds = [DIED, RESTARTED, DEMOTED].map(|kind| (kind, kind));
        Ok(Event {
            kind: choice("kind", kind, &kinds)?,
            epoch,
            first_sequence,
        })
    }

    #[expect(clippy::type_complexity)]
    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> (Bound<'py, PyType>, (&'static str, Option<u64>, Option<u64>)) {
        let event = slf.get();
        (
            slf.get_type(),
            (event.kind, event.epoch, event.first_sequence),
        )
    }

    fn __str__(&self) -> String {
        self.to_string()
    }

    fn __repr__(&self) -> String {
        match (self.epoch, self.first_sequence) {
            (None, _) => format!("Event({:?})", self.kind),
            (Some(epoch), None) => format!("Event({:?}, epoch={epoch})", self.kind),
            (Some(epoch), Some(first)) => {
                format!(
                    "Event({:?}, epoch={epoch}, first_sequence={first})",
                    self.kind
                )
            }
        }
    }

    fn __hash__(&self) -> u64 {
        self.epoch.unwrap_or(0) ^ (self.kind.len() as u64) << 32
    }
}

impl Event {
    pub(crate) fn is_death(&self) -> bool {
        self.kind == DIED
    }
}

/// What is said of it to people.
impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.kind, self.epoch, self.first_sequence) {
            (RESTARTED, Some(epoch), Some(first)) => {
                write!(f, "another producer (number {epoch}) continues it from sequence {first} on")
            }
            (RESTARTED, ..) => f.write_str("another producer continues it"),
            (DEMOTED, ..) => f.write_str(
                "this reader held the producer for as long as it may, and may miss records from here on",
            ),
            _ => f.write_str("its producer died"),
        }
    }
}

impl From<ringbuf_core::Event> for Event {
    fn from(event: ringbuf_core::Event) -> Event {
        let plain = |kind| Event {
            kind,
            epoch: None,
            first_sequence: None,
        };
        match event {
            ringbuf_core::Event::Demoted => plain(DEMOTED),
            ringbuf_core::Event::Restarted {
                epoch,
                first_sequence,
            } => Event {
                kind: RESTARTED,
                epoch: Some(epoch),
                first_sequence,
            },
            // Nothing else has happened to a producer yet.
            _ => plain(DIED),
        }
    }
}

/// What became of every record since a reader joined: `read + missed + skipped == cursor - joined`, at every moment.
#[pyclass(frozen, eq, module = "pyringbuf")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ledger {
    /// The sequence at which the reader joined.
    #[pyo3(get)]
    joined: u64,
    /// The next sequence it will read.
    #[pyo3(get)]
    cursor: u64,
    /// Records it got.
    #[pyo3(get)]
    read: u64,
    /// Records overwritten before it got them.
    #[pyo3(get)]
    missed: u64,
    /// Records passed over on purpose.
    #[pyo3(get)]
    skipped: u64,
}

#[pymethods]
impl Ledger {
    #[new]
    fn new(joined: u64, cursor: u64, read: u64, missed: u64, skipped: u64) -> Ledger {
        Ledger {
            joined,
            cursor,
            read,
            missed,
            skipped,
        }
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyType>, (u64, u64, u64, u64, u64)) {
        let it = slf.get();
        let all = (it.joined, it.cursor, it.read, it.missed, it.skipped);
        (slf.get_type(), all)
    }

    /// Whether every record since the join is accounted for.
    fn adds_up(&self) -> bool {
        let sum = u128::from(self.read) + u128::from(self.missed) + u128::from(self.skipped);
        Some(sum) == self.cursor.checked_sub(self.joined).map(u128::from)
    }

    fn __repr__(&self) -> String {
        let Ledger {
            joined,
            cursor,
            read,
            missed,
            skipped,
        } = self;
        format!(
            "Ledger(joined={joined}, cursor={cursor}, read={read}, missed={missed}, skipped={skipped})"
        )
    }
}

impl From<ringbuf_core::Ledger> for Ledger {
    fn from(ledger: ringbuf_core::Ledger) -> Ledger {
        Ledger {
            joined: ledger.joined,
            cursor: ledger.cursor,
            read: ledger.read,
            missed: ledger.missed,
            skipped: ledger.skipped,
        }
    }
}

/// Says to people what no call would: through Python's logging.
pub(crate) fn warn(py: Python<'_>, message: &str) -> PyResult<()> {
    let logger = py
        .import("logging")?
        .call_method1("getLogger", ("pyringbuf",))?;
    logger.call_method1("warning", ("%s", message))?;
    Ok(())
}
