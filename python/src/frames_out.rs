//! The producer of frames.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyString};
use ringbuf_core::{
    Element, FrameInfo, FrameProducer as Core, FrameRetain, PublishError, TryPublishError,
    WhenFull, inspect,
};

use crate::buffer::with_bytes;
use crate::claim::FrameClaim;
use crate::encode::convert;
use crate::errors;
use crate::gil::Seconds;
use crate::job::{self, Job};
use crate::options::Choices;
use crate::seat::Seat;

/// What `pyringbuf.FrameProducer` is made of.
#[pyclass(
    module = "pyringbuf",
    name = "FrameProducer",
    subclass,
    frozen,
    weakref
)]
#[derive(Debug)]
pub(crate) struct FrameProducer {
    pub(crate) seat: Seat<Core>,
    path: PathBuf,
    capacity: u64,
    arena: u64,
    pub(crate) drops: bool,
}

#[pymethods]
impl FrameProducer {
    #[new]
    fn new(
        py: Python<'_>,
        name: &str,
        arena: u64,
        frames: Option<u64>,
        choices: Choices,
    ) -> PyResult<FrameProducer> {
        let retain = FrameRetain::bytes(arena);
        let retain = frames.map_or(retain, |frames| retain.at_most(frames));
        let drops = choices.when_full()? == WhenFull::Drop;
        let options = choices.options()?;
        let path = inspect::path(name).map_err(errors::name)?;
        // Allocating the file can take a while.
        let producer = py
            .detach(|| Core::create_with(name, retain, &options))
            .map_err(|error| errors::create(py, error))?;
        Ok(FrameProducer {
            path,
            capacity: producer.capacity(),
            arena: producer.arena(),
            drops,
            seat: Seat::new(producer.name().to_owned(), producer),
        })
    }

    /// Publishes a frame and returns its sequence, or None if the ring drops what a reader leaves no room for
    /// (when_full="drop").
    ///
    /// An array of 1 to 4 dimensions of numbers, or of times in ns, comes with its dtype and shape; one that does not lie in one
    /// piece is copied before. Bytes, `bytearray` and `memoryview` are bytes and nothing else, and a `str` is its UTF-8. What
    /// `tag` means, 0 to 2**64 - 1, is between who publishes and who reads.
    ///
    ///     >>> with FrameProducer.create("doc-frames", 1 << 20) as producer:
    ///     ...     producer.publish(np.ones((3, 4), "f4"), tag=5)
    ///     ...     producer.publish("a line of text")
    ///     ...     reader = FrameReader.attach("doc-frames", start="oldest")
    ///     0
    ///     1
    ///     >>> for frame in reader:
    ///     ...     print(frame.tag, frame.array.dtype, frame.array.shape)
    ///     5 float32 (3, 4)
    ///     0 uint8 (14,)
    ///
    /// It waits as `Producer.publish` does. Other threads run while it waits, and while it copies more than 64 KiB: they must
    /// not write into the array meanwhile.
    #[pyo3(signature = (frame, tag=0, timeout=None))]
    fn publish(
        &self,
        py: Python<'_>,
        frame: &Bound<'_, PyAny>,
        tag: u64,
        timeout: Option<Seconds>,
    ) -> PyResult<Option<u64>> {
        let bytes = FrameInfo::tag(tag);
        if let Ok(text) = frame.cast::<PyString>() {
            return self.publish_bytes(py, text.to_str()?.as_bytes(), bytes, timeout);
        }
        if let Ok(found) = frame.cast::<PyBytes>() {
            return self.publish_bytes(py, found.as_bytes(), bytes, timeout);
        }
        let is_plain =
            frame.is_instance_of::<PyByteArray>() || frame.is_instance_of::<PyMemoryView>();
        let (array, info) = match is_plain {
            true => (frame.clone(), bytes),
            false => {
                let array = convert(py, "frame")?;
                let array = array.call1((frame,))?;
                let info = info(&array.getattr("dtype")?, &array.getattr("shape")?)?;
                (array, info.tagged(tag))
            }
        };
        with_bytes(&array, |bytes| self.publish_bytes(py, bytes, info, timeout))?
    }

    /// Claims a frame to be written where it lies in the ring, which must have been created with in_place=True: what is
    /// computed or decoded into it is not copied once more. `dtype` is "u1" unless given.
    ///
    ///     >>> with FrameProducer.create("doc-claim", frames=2, frame_bytes=480 * 640, in_place=True) as camera:
    ///     ...     with camera.claim((480, 640)) as image:  # commits at the end, or gives up at an exception
    ///     ...         image[...] = 128
    ///     ...     camera.published
    ///     1
    ///
    /// It waits for room as `publish` does; where that would have dropped the frame it raises `Full`. Until the claim ends the
    /// producer publishes nothing else.
    #[pyo3(signature = (shape, dtype=None, tag=0, timeout=None))]
    fn claim(
        slf: &Bound<'_, Self>,
        shape: &Bound<'_, PyAny>,
        dtype: Option<&Bound<'_, PyAny>>,
        tag: u64,
        timeout: Option<Seconds>,
    ) -> PyResult<FrameClaim> {
        let by_numpy = convert(slf.py(), "claim")?;
        let (shape, dtype, len) = by_numpy.call1((shape, dtype))?.extract()?;
        FrameClaim::new(slf, shape, dtype, len, tag, timeout)
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
            "<{} {}, arena {}, capacity {}, {}>",
            slf.get_type().name()?,
            this.seat.name(),
            this.arena,
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

    /// How many frames the ring keeps at most.
    #[getter]
    fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Bytes that the ring keeps of frames: as long as one may be.
    #[getter]
    fn arena(&self) -> u64 {
        self.arena
    }

    /// The next sequence to be published: how many frames have been, by all producers of the ring. It stays what it is
    /// once this one is closed.
    #[getter]
    fn published(&self, py: Python<'_>) -> PyResult<u64> {
        self.seat.published(py)
    }

    /// How many frames were dropped because a reader left no room for them (when_full="drop"), since the ring was created.
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

    /// Bytes of the arena that the frames kept take up.
    #[getter]
    fn kept_bytes(&self, py: Python<'_>) -> PyResult<u64> {
        self.seat
            .with(py, None, false, |producer| producer.kept_bytes())
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

impl FrameProducer {
    fn publish_bytes(
        &self,
        py: Python<'_>,
        bytes: &[u8],
        info: FrameInfo,
        timeout: Option<Seconds>,
    ) -> PyResult<Option<u64>> {
        let frame = OneFrame {
            bytes,
            info,
            drops: self.drops && timeout.is_none(),
        };
        job::publish(py, &self.seat, frame, timeout)
    }
}

/// What is said of an array.
pub(crate) fn info(dtype: &Bound<'_, PyAny>, shape: &Bound<'_, PyAny>) -> PyResult<FrameInfo> {
    let format = dtype.getattr("str")?;
    let element = Element::parse(format.extract()?)
        .map_err(|error| PyTypeError::new_err(error.to_string()))?;
    let shape: Vec<usize> = shape
        .extract()
        .map_err(|_| PyValueError::new_err("found a shape that no array can have"))?;
    Ok(FrameInfo::array(element, &shape))
}

/// A frame to publish: its sequence, or `None` if it was dropped.
struct OneFrame<'a> {
    bytes: &'a [u8],
    info: FrameInfo,
    drops: bool,
}

impl Job<Core> for OneFrame<'_> {
    type Done = Option<u64>;

    fn attempt(&mut self, producer: &mut Core) -> Result<Option<Self::Done>, TryPublishError> {
        if self.drops {
            // On such a ring it never waits.
            let sequence = producer.publish_until(self.bytes, self.info, &|| true)?;
            return Ok(Some(sequence));
        }
        let sequence = producer.try_publish(self.bytes, self.info)?;
        Ok(Some(Some(sequence)))
    }

    fn wait(
        &mut self,
        producer: &mut Core,
        most: Duration,
    ) -> Result<Option<Self::Done>, PublishError> {
        match producer.publish_timeout(self.bytes, self.info, most) {
            Ok(sequence) => Ok(Some(Some(sequence))),
            Err(TryPublishError::Publish(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn bytes(&self) -> usize {
        self.bytes.len()
    }

    fn published(&self) -> usize {
        0
    }
}
