//! A reader of frames, and a frame in hand.
#![allow(unsafe_code)]

use std::collections::HashSet;
use std::ffi::{CString, c_int};
use std::sync::Arc;
use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use ringbuf_core::{Element, FrameHeader as Header, FrameReader as CoreReader, HeldFrames, Next};

use crate::buffer;
use crate::errors;
use crate::event::Event;
use crate::follow::{Choices, Copied, Failure, Follow, Inner, News, Wants};
use crate::follower::{Facts, Follower};
use crate::frame_header::{self, FrameHeader};
use crate::gil::{self, Seconds};
use crate::held::{Bytes, Held, Layout, Raw};
use crate::numpy::numpy;

impl Bytes for HeldFrames {
    fn bytes(&self) -> &[u8] {
        self.get(0).map_or(&[], |frame| frame.bytes())
    }

    fn is_in_place(&self) -> bool {
        self.is_in_place()
    }
}

/// Bytes of any length, or an array of any shape, as its producer published it.
///
/// A frame of a lossless reader lies in the ring, and the producer does not overwrite it while a view of it lives (its
/// array, or a slice of that). A frame of which no view lives is given back when the next one is asked for. Others are copies.
///
///     >>> with FrameProducer.create("doc-frame") as camera:
///     ...     reader = FrameReader.attach("doc-frame", "lossless")
///     ...     camera.publish(np.zeros((480, 640, 3), "u1"), tag=7)
///     ...     frame = reader.read()
///     0
///     >>> frame.array.shape, frame.tag, memoryview(frame).shape
///     ((480, 640, 3), 7, (480, 640, 3))
#[pyclass(frozen, weakref, module = "pyringbuf")]
pub(crate) struct Frame {
    body: Body,
    header: Option<Header>,
    layout: Layout,
    missed: u64,
    events: Vec<Event>,
}

enum Body {
    Held(Arc<Held<HeldFrames>>),
    Own(Arc<Held<Own>>),
}

/// Bytes of a frame that nobody gives back.
pub(crate) struct Own(Vec<u8>);

impl Bytes for Own {
    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn is_in_place(&self) -> bool {
        false
    }
}

impl Frame {
    fn read(news: News<Arc<Held<HeldFrames>>>) -> Frame {
        let header = news
            .found
            .look(|held| held.get(0).map(|frame| *frame.header()));
        let header = header.flatten();
        Frame {
            layout: layout(header.as_ref()),
            body: Body::Held(news.found),
            header,
            missed: news.missed,
            events: news.events,
        }
    }

    fn of(header: Header, bytes: Vec<u8>) -> Frame {
        Frame {
            layout: layout(Some(&header)),
            body: Body::Own(Arc::new(Held::new(Own(bytes)))),
            header: Some(header),
            missed: 0,
            events: Vec::new(),
        }
    }

    /// Its bytes, unless it was given back.
    fn get<T>(&self, py: Python<'_>, look: impl FnOnce(&[u8]) -> T) -> PyResult<T> {
        match &self.body {
            Body::Held(held) => held.get(py, |held| look(held.bytes())),
            Body::Own(own) => own.get(py, |own| look(own.bytes())),
        }
    }

    fn is_given_back(&self) -> bool {
        match &self.body {
            Body::Held(held) => held.look(|_| ()).is_none(),
            Body::Own(own) => own.look(|_| ()).is_none(),
        }
    }

    fn element(&self) -> Option<Element> {
        self.header.as_ref().and_then(Header::element)
    }

    fn array_of<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (frame, py) = (slf.get(), slf.py());
        let is_empty = frame.get(py, <[u8]>::is_empty)?;
        let format = frame.element().unwrap_or(Element::U8).format();
        let dtype = py.import("numpy")?.getattr("dtype")?.call1((format,))?;
        let array = if frame.layout.has_format() {
            numpy(py)?.over(slf.as_any(), &dtype, is_empty)?
        } else {
            let raw = match &frame.body {
                Body::Held(held) => Raw::of(py, held)?,
                Body::Own(own) => Raw::of(py, own)?,
            };
            numpy(py)?.over(raw.bind(py).as_any(), &dtype, is_empty)?
        };
        match &frame.header {
            Some(header) if header.element().is_some() => {
                let shape = PyTuple::new(py, header.shape())?;
                array.call_method1("reshape", (shape,))
            }
            _ => Ok(array),
        }
    }
}

/// As the module `struct` writes the type of an element; nothing for times, which it does not know.
fn format(element: Element) -> Option<CString> {
    let known = match element {
        Element::U8 => c"B",
        Element::U16 => c"H",
        Element::U32 => c"I",
        Element::U64 => c"Q",
        Element::I8 => c"b",
        Element::I16 => c"h",
        Element::I32 => c"i",
        Element::I64 => c"q",
        Element::F32 => c"f",
        Element::F64 => c"d",
        Element::Text(bytes) => return CString::new(format!("{bytes}s")).ok(),
        Element::DateTimeNs | Element::DurationNs => return None,
    };
    Some(known.into())
}

fn layout(header: Option<&Header>) -> Layout {
    let element = header.and_then(Header::element);
    let (element, shape) = match (header, element) {
        (Some(header), Some(element)) => (element, header.shape().to_vec()),
        (header, _) => (Element::U8, vec![header.map_or(0, Header::len)]),
    };
    Layout::new(format(element), element.size(), &shape)
}

#[pymethods]
impl Frame {
    /// The frame as an array of the type and shape that its producer gave it, where it lies; one of bytes if it gave none.
    ///
    /// Raises ValueError where there is only something to tell: such a frame is false.
    #[getter]
    fn array<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        if slf.get().header.is_none() {
            return Err(PyValueError::new_err(
                "found no frame here, only what happened or was missed: see its events and missed, and ask `if frame` first",
            ));
        }
        Frame::array_of(slf)
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        slf: &Bound<'py, Self>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        numpy(slf.py())?.as_asked(Frame::array_of(slf)?, dtype, copy)
    }

    /// An array of its own, which may be written and kept.
    fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Frame::array_of(slf)?.call_method0("copy")
    }

    /// The bytes as text; what is not UTF-8 is replaced.
    #[getter]
    fn text(&self, py: Python<'_>) -> PyResult<String> {
        self.get(py, |bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.get(py, |bytes| PyBytes::new(py, bytes))
    }

    /// Bytes of the frame.
    fn __len__(&self) -> usize {
        self.nbytes()
    }

    fn __bool__(&self) -> bool {
        self.header.is_some()
    }

    /// Bytes of the frame.
    #[getter]
    fn nbytes(&self) -> usize {
        self.header.as_ref().map_or(0, Header::len)
    }

    /// Its sequence; None when there is only something to tell.
    #[getter]
    fn sequence(&self) -> Option<u64> {
        self.header.as_ref().map(Header::sequence)
    }

    /// What its producer marked it with.
    #[getter]
    fn tag(&self) -> u64 {
        self.header.as_ref().map_or(0, Header::tag)
    }

    /// The type of its elements; None if its producer did not say.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let header = self.header.as_ref();
        header.map_or(Ok(None), |header| frame_header::dtype(py, header))
    }

    /// Its shape; None if its producer did not say.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let header = self.header.as_ref();
        header.map_or(Ok(None), |header| frame_header::shape(py, header))
    }

    /// When it was published, datetime64[ns] in UTC; None on a ring without such times.
    #[getter]
    fn published<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let header = self.header.as_ref();
        header.map_or(Ok(None), |header| frame_header::published(py, header))
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

    /// Whether it lies in the ring, and holds its producer while a view of it lives.
    #[getter]
    fn is_in_place(&self) -> bool {
        match &self.body {
            Body::Held(held) => held.look(HeldFrames::is_in_place).unwrap_or(false),
            Body::Own(_) => false,
        }
    }

    /// Gives the frame back to the producer now.
    ///
    /// Raises BufferError while a view of it lives.
    fn release(&self) -> PyResult<()> {
        match &self.body {
            Body::Held(held) => held.release(),
            Body::Own(own) => own.release(),
        }
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
        match &self.body {
            Body::Held(held) => held.give_back(),
            Body::Own(own) => own.give_back(),
        };
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a frame may lie in the ring and cannot be sent or copied as it is: use frame.copy(), an array",
        ))
    }

    fn __repr__(&self) -> String {
        let Some(header) = &self.header else {
            return format!("<no Frame, {} missed>", self.missed);
        };
        let given_back = match self.is_given_back() {
            true => ", given back",
            false => "",
        };
        format!("<Frame {}{given_back}>", frame_header::describe(header))
    }

    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let frame = slf.get();
        let owner = slf.clone().into_any();
        match &frame.body {
            Body::Held(held) => {
                // SAFETY: Python calls this for a buffer of `slf`, which is frozen and so keeps `held` and `layout` where
                // they are.
                unsafe { held.lend(owner, view, flags, &frame.layout) }
            }
            Body::Own(own) => {
                // SAFETY: as above.
                unsafe { own.lend(owner, view, flags, &frame.layout) }
            }
        }
    }

    unsafe fn __releasebuffer__(&self, _view: *mut ffi::Py_buffer) {
        match &self.body {
            Body::Held(held) => held.unview(),
            Body::Own(own) => own.unview(),
        }
    }
}

/// The native half of `pyringbuf.FrameReader`.
#[pyclass(frozen, subclass, extends = Follower, module = "pyringbuf")]
pub(crate) struct FrameReader {
    follow: Arc<Follow<CoreReader>>,
}

fn read_into(
    inner: &mut Inner<CoreReader>,
    out: &mut [u8],
    limit: Duration,
) -> Result<Next<Copied<Header>>, Failure> {
    let Some(fetched) = &inner.unread else {
        return Ok(match inner.reader.read_into(out, limit)? {
            Next::Batch(copy) => Next::Batch(Copied {
                what: copy.header,
                missed: copy.missed,
                event: copy.event,
            }),
            Next::TimedOut => Next::TimedOut,
            Next::Closed => Next::Closed,
        });
    };
    let bytes = Bytes::bytes(fetched);
    let Some(room) = out.get_mut(..bytes.len()) else {
        return Err(Failure::TooLong {
            found: format!("a frame of {} bytes", bytes.len()),
            room: format!("{} bytes", out.len()),
        });
    };
    room.copy_from_slice(bytes);
    let copied = Copied {
        what: fetched.get(0).map(|frame| *frame.header()),
        missed: fetched.missed(),
        event: fetched.event(),
    };
    inner.unread = None;
    Ok(Next::Batch(copied))
}

#[pymethods]
impl FrameReader {
    #[new]
    #[pyo3(signature = (name, choices, tags, timeout))]
    fn new(
        py: Python<'_>,
        name: &str,
        choices: Choices,
        tags: Option<HashSet<u64>>,
        timeout: Option<Seconds>,
    ) -> PyResult<PyClassInitializer<FrameReader>> {
        let follow = Arc::new(Follow::<CoreReader>::attach(py, name, &choices, timeout)?);
        let mut tags = tags;
        follow.ask(py, false, |reader| {
            reader.at_most(1);
            if let Some(tags) = tags.take() {
                reader.only(move |frame| tags.contains(&frame.tag()));
            }
        })?;
        let base = Follower::new("FrameReader", Arc::clone(&follow) as Arc<dyn Facts>);
        Ok(PyClassInitializer::from(base).add_subclass(FrameReader { follow }))
    }

    /// The next frame, waiting for it at most `timeout` seconds (None: for ever; 0: not at all). None: the producer closed the
    /// ring, and everything was read.
    ///
    /// A frame may be false, when it only says what was missed or brings an event; iterating passes over those.
    ///
    /// Raises as `Reader.read` does.
    #[pyo3(signature = (timeout=None))]
    fn read(&self, py: Python<'_>, timeout: Option<Seconds>) -> PyResult<Option<Frame>> {
        Ok(self
            .follow
            .next(py, timeout, Wants::Anything)?
            .map(Frame::read))
    }

    /// Copies the next frame to the front of `out`, a writable contiguous array or other buffer, and returns what is known of
    /// it: its bytes are `nbytes` of `out`, as its dtype and shape say. None: the producer closed the ring, and everything was
    /// read.
    ///
    /// Raises ValueError when `out` is too short, and the frame can still be read; otherwise as `Reader.read` does.
    ///
    ///     >>> with FrameProducer.create("doc-frame-into") as camera:
    ///     ...     reader = FrameReader.attach("doc-frame-into")
    ///     ...     camera.publish(np.full((2, 2), 3, "u1"))
    ///     0
    ///     >>> picture = np.empty((2, 2), "u1")
    ///     >>> reader.read_into(picture)
    ///     <FrameHeader 0 of u8 [2, 2], tag 0>
    ///     >>> int(picture.sum())
    ///     12
    #[pyo3(signature = (out, timeout=None))]
    fn read_into(
        &self,
        py: Python<'_>,
        out: &Bound<'_, PyAny>,
        timeout: Option<Seconds>,
    ) -> PyResult<Option<FrameHeader>> {
        self.follow.give_back_mine(py)?;
        buffer::with_bytes_mut(out, |bytes| {
            let is_large = gil::is_long(bytes.len());
            let look = |inner: &mut Inner<CoreReader>, limit| read_into(inner, bytes, limit);
            let news = self
                .follow
                .wait(py, timeout, is_large, Wants::Something, look)?;
            Ok(news.and_then(|news| {
                let header = news.found.what?;
                Some(FrameHeader::new(header, news.missed, news.events))
            }))
        })?
    }

    /// Waits until there is something to read, and leaves it to `read` and the others.
    #[pyo3(signature = (timeout=None))]
    fn _fetch(&self, py: Python<'_>, timeout: Option<Seconds>) -> PyResult<()> {
        self.follow.fetch(py, timeout)
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Frame>> {
        Ok(self
            .follow
            .next(py, None, Wants::Something)?
            .map(Frame::read))
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    /// The newest frame, copied, wherever this reader is, which it does not move; None when there is none yet, or the producer
    /// overwrites it again and again. On a ring that is written in place only what this reader holds.
    fn latest(&self, py: Python<'_>) -> PyResult<Option<Frame>> {
        let found = self.follow.ask(py, true, |reader| reader.latest())?;
        let found = found.map_err(|error| errors::read(py, error))?;
        Ok(found.map(|(header, bytes)| Frame::of(header, bytes)))
    }
}
