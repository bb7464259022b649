//! Looking after rings: as dicts, of which the Python half makes what people see.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use ringbuf_core::inspect::{self, FramesInfo, Reach, ReaderInfo, RingInfo, Swept};

use crate::errors;
use crate::event::Ledger;

/// What is known of one ring.
#[pyfunction]
pub(crate) fn info<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyDict>> {
    let found = py.detach(|| inspect::info(name));
    ring(py, found.map_err(|error| errors::attach(py, error))?)
}

/// The rings of this user: a dict each, or the name, the path and what is wrong with it.
#[pyfunction]
pub(crate) fn rings(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let found = py.detach(inspect::list);
    let list = PyList::empty(py);
    for listed in found.map_err(|error| errors::inspect(py, error))? {
        match listed.info {
            Ok(info) => list.append(ring(py, info)?)?,
            Err(error) => list.append((listed.name, listed.path, error.to_string()))?,
        }
    }
    Ok(list)
}

/// Removes a ring that no living producer has; its readers are told.
#[pyfunction]
pub(crate) fn remove(py: Python<'_>, name: &str) -> PyResult<()> {
    let removed = py.detach(|| inspect::remove(name));
    removed.map_err(|error| errors::inspect(py, error))
}

/// Removes what nobody uses any more.
#[pyfunction]
pub(crate) fn gc(py: Python<'_>, dry_run: bool, disk: bool) -> PyResult<Bound<'_, PyList>> {
    let reach = match disk {
        true => Reach::Disk,
        false => Reach::Memory,
    };
    let found = py.detach(|| inspect::gc(reach, dry_run));
    let list = PyList::empty(py);
    for swept in found.map_err(|error| errors::inspect(py, error))? {
        let Swept {
            path,
            what,
            bytes,
            result,
            ..
        } = swept;
        let (fate, error) = match result {
            Ok(fate) => (Some(fate.name()), None),
            Err(error) => (None, Some(error.to_string())),
        };
        list.append((path, what.name(), bytes, fate, error))?;
    }
    Ok(list)
}

/// The data file that a name stands for, whether it exists or not.
#[pyfunction]
pub(crate) fn path(name: &str) -> PyResult<PathBuf> {
    inspect::path(name).map_err(errors::name)
}

/// Where the rings of this user are.
#[pyfunction]
pub(crate) fn directory() -> PathBuf {
    inspect::directory()
}

fn ring(py: Python<'_>, info: RingInfo) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("name", info.name)?;
    dict.set_item("path", info.path)?;
    dict.set_item("ring_id", hex(&info.ring_id))?;
    dict.set_item("created_ns", info.created_ns)?;
    dict.set_item("schema", info.schema.to_json())?;
    dict.set_item("capacity", info.capacity)?;
    dict.set_item("frames", info.frames.map(|found| frames(&found)))?;
    dict.set_item("file_bytes", info.file_bytes)?;
    dict.set_item("allow", info.allow.to_string())?;
    dict.set_item("when_full", info.when_full.name())?;
    dict.set_item("refused", info.refused)?;
    dict.set_item("in_place", info.in_place)?;
    dict.set_item("stamped", info.stamped)?;
    dict.set_item("kept", info.kept.map(|kept| kept.as_secs_f64()))?;
    dict.set_item("is_on_disk", info.is_on_disk)?;
    dict.set_item("is_unverified", info.is_unverified)?;
    dict.set_item("producer", info.producer.name())?;
    dict.set_item("epoch", info.epoch)?;
    dict.set_item("published", info.published)?;
    dict.set_item("oldest", info.oldest)?;
    let readers = info.readers.map(|readers| {
        let dicts: PyResult<Vec<_>> = readers.into_iter().map(|found| reader(py, found)).collect();
        dicts
    });
    dict.set_item("readers", readers.transpose()?)?;
    Ok(dict)
}

fn frames(found: &FramesInfo) -> (u64, u64, u64) {
    (found.arena_bytes, found.kept_frames, found.kept_bytes)
}

fn reader(py: Python<'_>, info: ReaderInfo) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("slot", info.slot)?;
    dict.set_item("name", info.name)?;
    dict.set_item("delivery", info.delivery.to_string())?;
    dict.set_item("pid", info.pid)?;
    dict.set_item("attached_ns", info.attached_ns)?;
    dict.set_item("is_alive", info.is_alive)?;
    dict.set_item("is_demoted", info.is_demoted)?;
    dict.set_item("lag", info.lag)?;
    dict.set_item("lag_time", info.lag_time.map(|lag| lag.as_secs_f64()))?;
    dict.set_item("ledger", info.ledger.map(Ledger::from))?;
    Ok(dict)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
