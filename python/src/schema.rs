//! The schema, as the ring reads it.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use ringbuf_core::Schema;

/// The schema as a ring holds it: the same for all that mean the same.
///
/// >>> from pyringbuf import _core
/// >>> _core.check_schema(b'{"dtype":{"names":["x"],"formats":["f4"],"offsets":[0],"itemsize":4}}')
/// '{"dtype":{"names":["x"],"formats":["<f4"],"offsets":[0],"itemsize":4},"fields":{}}'
///
/// ValueError if it is none, or if a ring cannot have it.
#[pyfunction]
pub fn check_schema(json: &[u8]) -> PyResult<String> {
    Schema::from_json(json)
        .map(|schema| schema.to_json())
        .map_err(|error| PyValueError::new_err(error.to_string()))
}
