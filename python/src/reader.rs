//! A reader of records.

use std::ffi::CString;
use std::sync::Arc;
use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use ringbuf_core::{Next, UntypedReader};

use crate::batch::Batch;
use crate::buffer;
use crate::errors;
use crate::follow::{Choices, Copied, Failure, Follow, Inner, Wants};
use crate::follower::{Facts, Follower};
use crate::gil::{self, Seconds};
use crate::numpy::numpy;

/// The native half of `pyringbuf.Reader`.
#[pyclass(frozen, subclass, extends = Follower, module = "pyringbuf")]
pub(crate) struct Reader {
    follow: Arc<Follow<UntypedReader>>,
    dtype: Py<PyAny>,
    schema: String,
    format: Option<CString>,
    record_size: usize,
}

impl Reader {
    fn next(
        &self,
        py: Python<'_>,
        timeout: Option<Seconds>,
        wants: Wants,
    ) -> PyResult<Option<Batch>> {
        let news = self.follow.next(py, timeout, wants)?;
        Ok(news.map(|news| {
            let dtype = self.dtype.clone_ref(py);
            Batch::new(news, dtype, self.format.clone(), self.record_size)
        }))
    }

    /// That an array to read into has records of this ring.
    fn check_out(&self, py: Python<'_>, out: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(found) = out.getattr("dtype") else {
            // Bytes are bytes.
            return Ok(());
        };
        if found.is(&self.dtype) || found.eq(&self.dtype)? {
            return Ok(());
        }
        Err(PyTypeError::new_err(format!(
            "found an array of {found} to read into, expected the reader's dtype, {}: np.empty(n, reader.dtype)",
            self.dtype.bind(py)
        )))
    }
}

fn read_into(
    inner: &mut Inner<UntypedReader>,
    records: &mut [u8],
    limit: Duration,
) -> Result<Next<Copied<usize>>, Failure> {
    let Some(fetched) = &inner.unread else {
        return Ok(match inner.reader.read_into(records, limit)? {
            Next::Batch(read) => Next::Batch(Copied {
                what: Some(read.count).filter(|&count| count > 0),
                missed: read.missed,
                event: read.event,
            }),
            Next::TimedOut => Next::TimedOut,
            Next::Closed => Next::Closed,
        });
    };
    let bytes = fetched.bytes();
    let Some(room) = records.get_mut(..bytes.len()) else {
        return Err(Failure::TooLong {
            found: format!("{} records", fetched.len()),
            room: format!("{} bytes", records.len()),
        });
    };
    room.copy_from_slice(bytes);
    let copied = Copied {
        what: Some(fetched.len()).filter(|&count| count > 0),
        missed: fetched.missed(),
        event: fetched.event(),
    };
    inner.unread = None;
    Ok(Next::Batch(copied))
}

#[pymethods]
impl Reader {
    #[new]
    #[pyo3(signature = (name, choices, timeout))]
    fn new(
        py: Python<'_>,
        name: &str,
        choices: Choices,
        timeout: Option<Seconds>,
    ) -> PyResult<PyClassInitializer<Reader>> {
        let follow = Arc::new(Follow::<UntypedReader>::attach(
            py, name, &choices, timeout,
        )?);
        let schema = follow.ask(py, false, |reader| reader.schema().clone())?;
        let json = schema.to_json();
        let module = py.import("pyringbuf.schema")?;
        let dtype = module.getattr("dtype_of")?.call1((json.as_str(),))?;
        let format: Option<String> = module.getattr("format_of")?.call1((&dtype,))?.extract()?;
        let base = Follower::new("Reader", Arc::clone(&follow) as Arc<dyn Facts>);
        Ok(PyClassInitializer::from(base).add_subclass(Reader {
            follow,
            dtype: dtype.unbind(),
            schema: json,
            format: format.and_then(|format| CString::new(format).ok()),
            record_size: schema.size(),
        }))
    }

    /// What is new, waiting for it at most `timeout` seconds (None: for ever; 0: not at all). None: the producer closed the
    /// ring, and everything was read.
    ///
    /// A batch may be empty, when it only says what was missed or brings an event; iterating passes over those.
    ///
    /// Raises TimeoutError; ReadError when the ring was removed, replaced or damaged; BufferError when views of what
    /// was read before keep the producer waiting, so that nothing can come.
    ///
    ///     >>> with Producer.create("doc-read", "f8") as producer:
    ///     ...     reader = Reader.attach("doc-read")
    ///     ...     producer.publish(20.5)
    ///     0
    ///     >>> reader.read(timeout=1)["value"]
    ///     array([20.5])
    ///     >>> reader.read() is None
    ///     True
    #[pyo3(signature = (timeout=None))]
    fn read(&self, py: Python<'_>, timeout: Option<Seconds>) -> PyResult<Option<Batch>> {
        self.next(py, timeout, Wants::Anything)
    }

    /// Copies what is new to the front of `out`, a writable contiguous array of `reader.dtype`, and returns how many records
    /// that is: at least one, or 0 when the producer closed the ring and everything was read. Each was checked: none is
    /// torn, and one follows the other without a gap. They are those in front of `reader.cursor`.
    ///
    /// Waits at most `timeout` seconds (None: for ever; 0: not at all); raises as `read` does.
    ///
    ///     >>> with Producer.create("doc-into", "f8") as producer:
    ///     ...     reader = Reader.attach("doc-into")
    ///     ...     producer.publish_batch(np.arange(3.0))
    ///     3
    ///     >>> out = np.empty(100, reader.dtype)
    ///     >>> n = reader.read_into(out)
    ///     >>> out["value"][:n]
    ///     array([0., 1., 2.])
    #[pyo3(signature = (out, timeout=None))]
    fn read_into(
        &self,
        py: Python<'_>,
        out: &Bound<'_, PyAny>,
        timeout: Option<Seconds>,
    ) -> PyResult<usize> {
        self.check_out(py, out)?;
        self.follow.give_back_mine(py)?;
        buffer::with_bytes_mut(out, |records| {
            let is_large = gil::is_long(records.len());
            let look = |inner: &mut Inner<UntypedReader>, limit| read_into(inner, records, limit);
            let news = self
                .follow
                .wait(py, timeout, is_large, Wants::Something, look)?;
            Ok(news.and_then(|news| news.found.what).unwrap_or(0))
        })?
    }

    /// Waits until there is something to read, and leaves it to `read` and the others.
    #[pyo3(signature = (timeout=None))]
    fn _fetch(&self, py: Python<'_>, timeout: Option<Seconds>) -> PyResult<()> {
        self.follow.fetch(py, timeout)
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Batch>> {
        self.next(py, None, Wants::Something)
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    /// The newest record, wherever this reader is, which it does not move; None when there is none yet, or the producer
    /// overwrites it again and again. On a ring that is written in place only what this reader holds.
    ///
    ///     >>> with Producer.create("doc-latest", [("n", "u4"), ("x", "f8")]) as producer:
    ///     ...     reader = Reader.attach("doc-latest")
    ///     ...     for n in range(3):
    ///     ...         _ = producer.publish((n, n / 2))
    ///     >>> reader.latest()["x"]
    ///     np.float64(1.0)
    ///     >>> reader.lag
    ///     3
    fn latest<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = self.follow.ask(py, false, |reader| reader.latest())?;
        let found = found.map_err(|error| errors::read(py, error))?;
        let Some((_, record)) = found else {
            return Ok(None);
        };
        let bytes = PyBytes::new(py, &record);
        let array = numpy(py)?.over(bytes.as_any(), self.dtype.bind(py), false)?;
        Ok(Some(array.get_item(0)?))
    }

    /// The type of a record.
    #[getter]
    fn dtype(&self, py: Python<'_>) -> Py<PyAny> {
        self.dtype.clone_ref(py)
    }

    /// What the file of the ring says of its records, as JSON.
    #[getter]
    fn schema(&self) -> &str {
        &self.schema
    }
}
