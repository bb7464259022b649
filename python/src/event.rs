//! What happened to the producer, and what became of records.

use pyo3::prelude::*;

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
    /// What is said of it to people.
    pub(crate) fn message(&self, ring: &str) -> String {
        match (self.kind, self.epoch, self.first_sequence) {
            ("restarted", Some(epoch), Some(first)) => {
                format!(
                    "ring {ring}: another producer (number {epoch}) continues it from sequence {first} on"
                )
            }
            ("restarted", ..) => format!("ring {ring}: another producer continues it"),
            ("demoted", ..) => format!(
                "ring {ring}: this reader held the producer for as long as it may, and may miss records from here on"
            ),
            _ => format!("ring {ring}: its producer died; waiting for another"),
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
            ringbuf_core::Event::Demoted => plain("demoted"),
            ringbuf_core::Event::Restarted {
                epoch,
                first_sequence,
            } => Event {
                kind: "restarted",
                epoch: Some(epoch),
                first_sequence,
            },
            // Nothing else has happened to a producer yet.
            _ => plain("producer-died"),
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
