//! The producer of records.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use ringbuf_core::{
    PublishError, Retain, Schema, TryPublishError, UntypedProducer, WhenFull, inspect,
};

use crate::buffer::with_bytes;
use crate::encode::Encoder;
use crate::errors;
use crate::gil::{self, Seconds};
use crate::options::Choices;
use crate::seat::{Job, Seat};

/// Records of at most so many bytes are put together on the stack.
const SMALL: usize = 256;
/// Bytes that are copied before signals are looked at.
const PIECE: usize = 16 << 20;

/// The one process that publishes records; see `pyringbuf.Producer`.
#[pyclass(module = "pyringbuf", name = "Producer", subclass, frozen, weakref)]
#[derive(Debug)]
pub(crate) struct Producer {
    seat: Seat<UntypedProducer>,
    encoder: Encoder,
    schema: String,
    path: PathBuf,
    capacity: u64,
    drops: bool,
}

#[pymethods]
impl Producer {
    #[new]
    fn new(
        py: Python<'_>,
        name: &str,
        schema: &str,
        dtype: Py<PyAny>,
        retain: u64,
        choices: Choices,
    ) -> PyResult<Producer> {
        let schema = Schema::from_json(schema.as_bytes()).map_err(errors::schema)?;
        let drops = choices.when_full()? == WhenFull::Drop;
        let options = choices.options()?;
        let path = inspect::path(name).map_err(errors::name)?;
        let json = schema.to_json();
        let encoder = Encoder::new(py, &schema, dtype);
        // Allocating the file can take a while.
        let producer = py
            .detach(|| {
                UntypedProducer::create_with(name, schema, Retain::records(retain), &options)
            })
            .map_err(|error| errors::create(py, error))?;
        Ok(Producer {
            capacity: producer.capacity(),
            seat: Seat::new(producer.name().to_owned().as_str(), producer),
            encoder,
            schema: json,
            path,
            drops,
        })
    }

    #[pyo3(signature = (row, timeout=None))]
    fn publish(
        &self,
        py: Python<'_>,
        row: &Bound<'_, PyAny>,
        timeout: Option<Seconds>,
    ) -> PyResult<Option<u64>> {
        let size = self.encoder.size();
        if let Ok(bytes) = row.cast::<PyBytes>()
            && bytes.as_bytes().len() == size
        {
            return self.publish_record(py, bytes.as_bytes(), timeout);
        }
        if size <= SMALL {
            let mut record = [0; SMALL];
            self.encoder.encode(row, &mut record[..size])?;
            self.publish_record(py, &record[..size], timeout)
        } else {
            let mut record = vec![0; size];
            self.encoder.encode(row, &mut record)?;
            self.publish_record(py, &record, timeout)
        }
    }

    #[pyo3(signature = (array, timeout=None))]
    fn publish_batch(
        &self,
        py: Python<'_>,
        array: &Bound<'_, PyAny>,
        timeout: Option<Seconds>,
    ) -> PyResult<usize> {
        let convert = py.import("pyringbuf.convert")?.getattr("batch")?;
        let array = convert.call1((array, self.encoder.dtype()))?;
        with_bytes(&array, |bytes| self.publish_bytes(py, bytes, timeout))?
    }

    #[pyo3(signature = (n=1, timeout=None))]
    fn wait_for_readers(
        &self,
        py: Python<'_>,
        n: usize,
        timeout: Option<Seconds>,
    ) -> PyResult<bool> {
        self.seat.wait_for_readers(py, n, timeout)
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.seat.close(py)
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) -> PyResult<()> {
        self.seat.close(py)
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a producer belongs to one process: attach readers by its name in others",
        ))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let py = slf.py();
        let this = slf.get();
        let kind: Bound<'_, PyType> = slf.get_type();
        let state = match this.seat.is_closed() {
            true => ", closed",
            false => "",
        };
        Ok(format!(
            "<{} {} of {}, capacity {}, published {}{state}>",
            kind.name()?,
            this.seat.name(),
            this.encoder.dtype().bind(py).str()?,
            this.capacity,
            this.seat.published(py).unwrap_or(0),
        ))
    }

    #[getter]
    fn name(&self) -> &str {
        self.seat.name()
    }

    #[getter]
    fn path(&self) -> PathBuf {
        self.path.clone()
    }

    #[getter]
    fn dtype(&self, py: Python<'_>) -> Py<PyAny> {
        self.encoder.dtype().clone_ref(py)
    }

    #[getter]
    fn schema(&self) -> &str {
        &self.schema
    }

    #[getter]
    fn capacity(&self) -> u64 {
        self.capacity
    }

    #[getter]
    fn published(&self, py: Python<'_>) -> PyResult<u64> {
        self.seat.published(py)
    }

    #[getter]
    fn refused(&self, py: Python<'_>) -> PyResult<u64> {
        self.seat.refused(py)
    }

    #[getter]
    fn kept(&self, py: Python<'_>) -> PyResult<Option<f64>> {
        let kept = self.seat.with(py, |producer| producer.kept())?;
        Ok(kept.map(|kept| kept.as_secs_f64()))
    }

    #[getter]
    fn registered_readers(&self, py: Python<'_>) -> PyResult<usize> {
        self.seat.with(py, |producer| producer.registered_readers())
    }

    #[getter]
    fn closed(&self) -> bool {
        self.seat.is_closed()
    }
}

impl Producer {
    #[inline]
    fn publish_record(
        &self,
        py: Python<'_>,
        record: &[u8],
        timeout: Option<Seconds>,
    ) -> PyResult<Option<u64>> {
        let attempt = |producer: &mut UntypedProducer| {
            producer.try_publish_bytes(record).ok()?;
            Some(producer.published() - 1)
        };
        if !gil::is_long(record.len())
            && let Some(sequence) = self.seat.at_once(attempt)
        {
            return Ok(Some(sequence));
        }
        self.publish_slowly(py, record, timeout)
    }

    #[cold]
    fn publish_slowly(
        &self,
        py: Python<'_>,
        record: &[u8],
        timeout: Option<Seconds>,
    ) -> PyResult<Option<u64>> {
        let job = self.job(record, timeout);
        let (count, next) = self.seat.publish(py, job, timeout)?;
        Ok((count > 0).then(|| next - 1))
    }

    fn publish_bytes(
        &self,
        py: Python<'_>,
        records: &[u8],
        timeout: Option<Seconds>,
    ) -> PyResult<usize> {
        let job = self.job(records, timeout);
        Ok(self.seat.publish(py, job, timeout)?.0)
    }

    fn job<'a>(&self, records: &'a [u8], timeout: Option<Seconds>) -> Records<'a> {
        Records {
            rest: records,
            published: 0,
            size: self.encoder.size(),
            drops: self.drops && timeout.is_none(),
        }
    }
}

/// Records to publish: how many were, and the sequence after the last of them.
struct Records<'a> {
    rest: &'a [u8],
    published: usize,
    size: usize,
    drops: bool,
}

impl Records<'_> {
    fn piece(&self) -> usize {
        // At least one record, whatever its size.
        let most = (PIECE / self.size).max(1) * self.size;
        self.rest.len().min(most)
    }

    fn advance(&mut self, count: usize, next: u64) -> Option<(usize, u64)> {
        self.published += count;
        self.rest = &self.rest[(count * self.size).min(self.rest.len())..];
        self.rest.is_empty().then_some((self.published, next))
    }
}

impl Job<UntypedProducer> for Records<'_> {
    type Done = (usize, u64);

    fn attempt(
        &mut self,
        producer: &mut UntypedProducer,
    ) -> Result<Option<Self::Done>, TryPublishError> {
        let piece = &self.rest[..self.piece()];
        if self.drops {
            let count = producer.publish_bytes(piece)?;
            self.rest = &self.rest[piece.len()..];
            return Ok(self.advance_past_dropped(count, producer.published()));
        }
        let count = producer.try_publish_bytes(piece)?;
        Ok(self.advance(count, producer.published()))
    }

    fn wait(
        &mut self,
        producer: &mut UntypedProducer,
        most: Duration,
    ) -> Result<Option<Self::Done>, PublishError> {
        let piece = &self.rest[..self.piece()];
        let count = producer.publish_bytes_timeout(piece, most)?;
        Ok(self.advance(count, producer.published()))
    }

    fn bytes(&self) -> usize {
        self.piece()
    }

    fn published(&self) -> usize {
        self.published
    }
}

impl Records<'_> {
    fn advance_past_dropped(&mut self, count: usize, next: u64) -> Option<(usize, u64)> {
        self.published += count;
        self.rest.is_empty().then_some((self.published, next))
    }
}
