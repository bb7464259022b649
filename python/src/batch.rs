//! Records in hand.
#![allow(unsafe_code)]

use std::ffi::{CString, c_int};
use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use ringbuf_core::HeldBatch;

use crate::event::Event;
use crate::follow::News;
use crate::held::{Bytes, Held, Layout, Raw};
use crate::numpy::numpy;

impl Bytes for HeldBatch {
    fn bytes(&self) -> &[u8] {
        self.bytes()
    }

    fn is_in_place(&self) -> bool {
        self.is_in_place()
    }
}

/// Records in order, as a read-only structured array.
///
/// Those of a lossless reader lie in the ring, and the producer does not overwrite them while a view of them lives (an array
/// made from the batch, or a slice of one). A batch of which no view lives is given back when the next one is asked for.
/// Others are copies, valid as long as they are wanted.
///
///     >>> with Producer.create("doc-batch", [("t", "u8"), ("x", "f4")], stamp=False) as producer:
///     ...     reader = Reader.attach("doc-batch", "lossless")
///     ...     producer.publish_batch(np.array([(1, 0.5), (2, 1.5)], producer.dtype))
///     ...     batch = reader.read()
///     2
///     >>> batch["x"].mean(), batch.first_sequence, batch.missed
///     (np.float32(1.0), 0, 0)
#[pyclass(frozen, weakref, module = "pyringbuf")]
pub(crate) struct Batch {
    held: Arc<Held<HeldBatch>>,
    dtype: Py<PyAny>,
    layout: Layout,
    len: usize,
    #[pyo3(get)]
    /// The sequence of the first record; the others follow it one by one.
    first_sequence: u64,
    #[pyo3(get)]
    /// How many records just before the first one this reader missed.
    missed: u64,
    events: Vec<Event>,
}

impl Batch {
    pub(crate) fn new(
        news: News<Arc<Held<HeldBatch>>>,
        dtype: Py<PyAny>,
        format: Option<CString>,
        record_size: usize,
    ) -> Batch {
        let facts = news.found.look(|held| (held.len(), held.first_sequence()));
        let (len, first_sequence) = facts.unwrap_or_default();
        Batch {
            held: news.found,
            dtype,
            layout: Layout::new(format, record_size, &[len]),
            len,
            first_sequence,
            missed: news.missed,
            events: news.events,
        }
    }

    fn array<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let batch = slf.get();
        let py = slf.py();
        batch.held.get(py, |_| ())?;
        let (dtype, is_empty) = (batch.dtype.bind(py), batch.len == 0);
        match batch.layout.has_format() {
            true => numpy(py)?.over(slf.as_any(), dtype, is_empty),
            false => {
                let raw = Raw::of(py, &batch.held)?;
                numpy(py)?.over(raw.bind(py).as_any(), dtype, is_empty)
            }
        }
    }
}

#[pymethods]
impl Batch {
    fn __len__(&self) -> usize {
        self.len
    }

    /// All the records, a structured array over the memory in which they lie.
    #[getter]
    fn records<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Batch::array(slf)
    }

    /// A column by its name, or what a structured array gives for an index.
    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Batch::array(slf)?.get_item(key)
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Batch::array(slf)?.try_iter()?.into_any())
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        slf: &Bound<'py, Self>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        numpy(slf.py())?.as_asked(Batch::array(slf)?, dtype, copy)
    }

    /// A structured array of its own, which may be written and kept.
    fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Batch::array(slf)?.call_method0("copy")
    }

    /// Columns by name, one-dimensional: `accel[0]`, `accel[1]` and so on of an array in the record. What
    /// `pandas.DataFrame`, `polars.DataFrame` and `pyarrow.table` take.
    fn columns<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let array = Batch::array(slf)?;
        let columns = slf.py().import("pyringbuf.schema")?.getattr("columns_of")?;
        columns.call1((array,))
    }

    /// The sequences of the records.
    #[getter]
    fn sequences<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        numpy(py)?.sequences(py, self.first_sequence, self.len)
    }

    /// When each record was published, datetime64[ns] in UTC; None on a ring without such times.
    #[getter]
    fn published<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let times: Option<Vec<i64>> = self.held.get(py, |held| {
            (0..self.len).map(|i| held.published_ns(i)).collect()
        })?;
        times.map(|times| numpy(py)?.times(py, &times)).transpose()
    }

    /// What happened just before the first record; see `Event`.
    #[getter]
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.events.clone())
    }

    /// The type of a record.
    #[getter]
    fn dtype(&self, py: Python<'_>) -> Py<PyAny> {
        self.dtype.clone_ref(py)
    }

    /// Bytes of all records.
    #[getter]
    fn nbytes(&self) -> usize {
        self.layout.nbytes()
    }

    /// Whether the records lie in the ring, and hold its producer while a view of them lives.
    #[getter]
    fn is_in_place(&self) -> bool {
        self.held.look(HeldBatch::is_in_place).unwrap_or(false)
    }

    /// Gives the records back to the producer now.
    ///
    /// Raises BufferError while a view of them lives.
    fn release(&self) -> PyResult<()> {
        self.held.release()
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __exit__(
        &self,
        _kind: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
        _trace: &Bound<'_, PyAny>,
    ) {
        // While views live, when the last of them ends.
        self.held.give_back();
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a batch may lie in the ring and cannot be sent or copied as it is: use batch.copy(), an array",
        ))
    }

    fn __repr__(&self) -> String {
        let given_back = match self.held.look(|_| ()) {
            Some(()) => "",
            None => ", given back",
        };
        format!(
            "<Batch of {} records from {}, {} missed before{given_back}>",
            self.len, self.first_sequence, self.missed
        )
    }

    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let batch = slf.get();
        // SAFETY: Python calls this for a buffer of `slf`, which is frozen and so keeps `held` and `layout` where they are.
        unsafe {
            batch
                .held
                .lend(slf.clone().into_any(), view, flags, &batch.layout)
        }
    }

    unsafe fn __releasebuffer__(&self, _view: *mut ffi::Py_buffer) {
        self.held.unview();
    }
}
