//! What is known of a frame without its bytes.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use ringbuf_core::FrameHeader as Header;

use crate::event::Event;
use crate::numpy::numpy;

/// What is known of a frame that was read into memory of the caller's: `FrameReader.read_into`.
#[pyclass(frozen, module = "pyringbuf")]
pub(crate) struct FrameHeader {
    header: Header,
    missed: u64,
    events: Vec<Event>,
}

impl FrameHeader {
    pub(crate) fn new(header: Header, missed: u64, events: Vec<Event>) -> FrameHeader {
        FrameHeader {
            header,
            missed,
            events,
        }
    }
}

/// The dtype of its elements, if its producer said it.
pub(crate) fn dtype<'py>(py: Python<'py>, header: &Header) -> PyResult<Option<Bound<'py, PyAny>>> {
    let dtype = |format: String| py.import("numpy")?.getattr("dtype")?.call1((format,));
    header
        .element()
        .map(|element| dtype(element.format()))
        .transpose()
}

/// Its shape, if its producer said it.
pub(crate) fn shape<'py>(
    py: Python<'py>,
    header: &Header,
) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let shape = header.element().map(|_| header.shape());
    shape.map(|shape| PyTuple::new(py, shape)).transpose()
}

/// When it was published, if the ring has such times.
pub(crate) fn published<'py>(
    py: Python<'py>,
    header: &Header,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let time = header.published_ns();
    time.map(|time| numpy(py)?.time(py, time)).transpose()
}

/// What it is, in a few words.
pub(crate) fn describe(header: &Header) -> String {
    let what = match header.element() {
        Some(element) => format!("{element} {:?}", header.shape()),
        None => format!("{} bytes", header.len()),
    };
    format!("{} of {what}, tag {}", header.sequence(), header.tag())
}

#[pymethods]
impl FrameHeader {
    /// Its sequence.
    #[getter]
    fn sequence(&self) -> u64 {
        self.header.sequence()
    }

    /// What its producer marked it with.
    #[getter]
    fn tag(&self) -> u64 {
        self.header.tag()
    }

    /// Bytes of the frame: so many were copied.
    #[getter]
    fn nbytes(&self) -> usize {
        self.header.len()
    }

    /// The type of its elements; None if its producer did not say.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        dtype(py, &self.header)
    }

    /// Its shape; None if its producer did not say.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        shape(py, &self.header)
    }

    /// When it was published, datetime64[ns] in UTC; None on a ring without such times.
    #[getter]
    fn published<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        published(py, &self.header)
    }

    /// How many frames just before it this reader missed.
    #[getter]
    fn missed(&self) -> u64 {
        self.missed
    }

    /// What happened just before it; see `Event`.
    #[getter]
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.events.clone())
    }

    fn __repr__(&self) -> String {
        format!("<FrameHeader {}>", describe(&self.header))
    }
}
