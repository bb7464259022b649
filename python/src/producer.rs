//! The producer of records.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use ringbuf_core::{
    PublishError, Retain, Schema, TryPublishError, UntypedProducer, WhenFull, inspect,
};

use crate::buffer::with_bytes;
use crate::encode::{Encoder, convert};
use crate::errors;
use crate::gil::{self, Seconds};
use crate::job::{self, Job};
use crate::options::Choices;
use crate::seat::Seat;

/// Records of at most so many bytes are put together on the stack.
const SMALL: usize = 256;
/// Bytes that are copied before signals are looked at.
const PIECE: usize = 16 << 20;

/// What `pyringbuf.Producer` is made of.
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
            seat: Seat::new(producer.name().to_owned(), producer),
            encoder,
            schema: json,
            path,
            drops,
        })
    }

    /// Publishes one record and returns its sequence, or None if the ring drops what a reader leaves no room for
    /// (when_full="drop").
    ///
    /// `row` is a tuple or list with a value for each field, a dict by their names, a record of an array (`array[i]`), or bytes
    /// of exactly one record; for a ring of one field its value alone will do, too. No value is narrowed: a float for an
    /// integer field, an integer that does not fit, text that is too long is an error that names the field. (A float is
    /// rounded to that of an "f4" field.) Times are `np.datetime64`, `datetime`, or integers of nanoseconds.
    ///
    ///     >>> with Producer.create("doc-publish", [("n", "u2"), ("label", "S4"), ("xy", "f4", (2,))]) as producer:
    ///     ...     producer.publish((1, "one", (0.5, 1.0)))
    ///     ...     producer.publish({"n": 2, "label": b"two", "xy": np.zeros(2)})
    ///     ...     producer.publish((70_000, "many", (0, 0)))
    ///     Traceback (most recent call last):
    ///     OverflowError: field "n": found 70000 (int), expected 0 to 65535 (u16)
    ///
    /// While a reader that may hold this producer is a full ring behind it waits: at most `timeout` seconds (None: for ever; 0:
    /// not at all), then it raises `Full`, which names the reader. The record is not published then, nor if Ctrl-C ends the
    /// wait. With a timeout nothing is dropped.
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

    /// Publishes the records of an array in order and returns how many: all of them, unless the ring drops what a reader
    /// leaves no room for (when_full="drop"). Much cheaper than one by one.
    ///
    /// An array of the dtype of the ring that lies in one piece is copied into the ring, once. Others are converted before: an
    /// array with the same fields in the same order whose types NumPy converts with casting="same_kind", where every integer,
    /// time and text must fit; for a ring of one field an array of its values; bytes of whole records are taken as they are.
    ///
    ///     >>> with Producer.create("doc-batch", [("t", "u8"), ("x", "f4")]) as producer:
    ///     ...     records = np.zeros(1000, producer.dtype)
    ///     ...     records["t"] = np.arange(1000)
    ///     ...     producer.publish_batch(records)
    ///     ...     producer.publish_batch(records[::2])
    ///     1000
    ///     500
    ///
    /// It waits as `publish` does, for room for all; `Full.published` says how many were published when the time was over.
    /// Those stay published, also when Ctrl-C ends the wait: `published` tells.
    ///
    /// Other threads run while it waits, and while it copies more than 64 KiB: they must not write into the array meanwhile.
    /// Who does publishes records that are partly old and partly new.
    #[pyo3(signature = (array, timeout=None))]
    fn publish_batch(
        &self,
        py: Python<'_>,
        array: &Bound<'_, PyAny>,
        timeout: Option<Seconds>,
    ) -> PyResult<usize> {
        if self.encoder.is_batch(array) {
            let published = with_bytes(array, |bytes| self.publish_bytes(py, bytes, timeout));
            match published {
                Ok(published) => return published,
                // It does not lie in one piece.
                Err(error) if error.is_instance_of::<PyValueError>(py) => {}
                Err(error) if error.is_instance_of::<PyBufferError>(py) => {}
                Err(error) => return Err(error),
            }
        }
        let by_numpy = convert(py, "batch")?;
        let array = by_numpy.call1((array, self.encoder.dtype()))?;
        with_bytes(&array, |bytes| self.publish_bytes(py, bytes, timeout))?
    }

    /// Waits until `n` readers have registered, at most `timeout` seconds (None: for ever; 0: it only looks): then it raises
    /// TimeoutError. Readers that may not register are not seen.
    #[pyo3(signature = (n=1, timeout=None))]
    fn wait_for_readers(&self, py: Python<'_>, n: usize, timeout: Option<Seconds>) -> PyResult<()> {
        self.seat.wait_for_readers(py, n, timeout)
    }

    /// Closes the ring: readers read what is left and end. The files stay, and a new producer may continue them. Closing it
    /// again does nothing, nor does closing it in a forked child.
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
        Err(errors::unpicklable())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let this = slf.get();
        Ok(format!(
            "<{} {} of {}, capacity {}, {}>",
            slf.get_type().name()?,
            this.seat.name(),
            this.encoder.dtype().bind(slf.py()).str()?,
            this.capacity,
            this.seat.state(),
        ))
    }

    /// The name of the ring.
    #[getter]
    fn name(&self) -> &str {
        self.seat.name()
    }

    /// Its data file.
    #[getter]
    fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// The type of a record.
    #[getter]
    fn dtype(&self, py: Python<'_>) -> Py<PyAny> {
        self.encoder.dtype().clone_ref(py)
    }

    /// What a record consists of, as the JSON in the file of the ring.
    #[getter]
    fn schema(&self) -> &str {
        &self.schema
    }

    /// How many records the ring keeps.
    #[getter]
    fn capacity(&self) -> u64 {
        self.capacity
    }

    /// The next sequence to be published: how many records have been, by all producers of the ring. It stays what it is
    /// once this one is closed.
    #[getter]
    fn published(&self, py: Python<'_>) -> PyResult<u64> {
        self.seat.published(py)
    }

    /// How many records were dropped because a reader left no room for them (when_full="drop"), since the ring was created.
    #[getter]
    fn refused(&self, py: Python<'_>) -> PyResult<u64> {
        self.seat.refused(py)
    }

    /// Seconds between the oldest and the newest that the ring keeps; None until something was overwritten, and on a ring
    /// that was created with stamp=False.
    #[getter]
    fn kept(&self, py: Python<'_>) -> PyResult<Option<f64>> {
        let kept = self
            .seat
            .with(py, None, false, |producer| producer.kept())?;
        Ok(kept.map(|kept| kept.as_secs_f64()))
    }

    /// How many readers have registered and live.
    #[getter]
    fn registered_readers(&self, py: Python<'_>) -> PyResult<usize> {
        self.seat.registered_readers(py)
    }

    /// Whether this producer was closed, or belongs to the process that this one was forked from.
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
        let (count, next) = job::publish(py, &self.seat, job, timeout)?;
        Ok((count > 0).then(|| next - 1))
    }

    fn publish_bytes(
        &self,
        py: Python<'_>,
        records: &[u8],
        timeout: Option<Seconds>,
    ) -> PyResult<usize> {
        let job = self.job(records, timeout);
        Ok(job::publish(py, &self.seat, job, timeout)?.0)
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
