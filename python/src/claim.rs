//! A frame that is claimed: memory of the ring, as an array to be written.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyWeakrefMethods, PyWeakrefReference};
use ringbuf_core::{
    FrameInfo, FrameProducer as Core, OwnedFrameClaim, PublishError, RingMemory, TryPublishError,
};

use crate::buffer::lend;
use crate::errors;
use crate::frames_out::{FrameProducer, info};
use crate::gil::{Deadline, Seconds};
use crate::seat::{Away, Place, Seat};

/// A frame that is claimed and not yet published; see `FrameProducer.claim`.
///
/// As a context manager it gives the array, commits at the end, and gives the frame up if an exception ends it.
#[pyclass(module = "pyringbuf", frozen, weakref)]
#[derive(Debug)]
pub(crate) struct FrameClaim {
    producer: Py<FrameProducer>,
    lent: Lent,
    info: FrameInfo,
    shape: Py<PyAny>,
    dtype: Py<PyAny>,
    is_open: AtomicBool,
    /// Weak, since the array has a reference to the claim.
    array: Mutex<Option<Py<PyWeakrefReference>>>,
}

/// Bytes of a ring, and what keeps them where they are.
#[derive(Debug)]
struct Lent {
    address: usize,
    len: usize,
    _memory: RingMemory,
}

/// Why there is no claim.
enum Refused {
    Full(TryPublishError),
    Error(PublishError),
    Away(Away),
}

impl FrameClaim {
    pub(crate) fn new(
        producer: &Bound<'_, FrameProducer>,
        shape: Py<PyAny>,
        dtype: Py<PyAny>,
        len: usize,
        tag: u64,
        timeout: Option<Seconds>,
    ) -> PyResult<FrameClaim> {
        let py = producer.py();
        let info = info(dtype.bind(py), shape.bind(py))?.tagged(tag);
        Ok(FrameClaim {
            lent: claim(producer, len, timeout)?,
            producer: producer.clone().unbind(),
            info,
            shape,
            dtype,
            is_open: AtomicBool::new(true),
            array: Mutex::new(None),
        })
    }

    /// Gives the producer back, with what became of the frame.
    fn end<T: Send>(
        &self,
        py: Python<'_>,
        end: impl Fn(OwnedFrameClaim) -> (T, Core) + Send + Sync,
    ) -> PyResult<T> {
        let seat = &self.producer.get().seat;
        let was_open = self.is_open.swap(false, Ordering::Relaxed);
        if !was_open {
            return Err(errors::not_claimed(py, seat.name()));
        }
        self.shut(py);
        let ended = seat.locked(py, None, false, |place| {
            match std::mem::replace(place, Place::Closed) {
                Place::Claimed(claim) => {
                    let (result, producer) = end(claim);
                    seat.note(&producer);
                    *place = Place::Here(producer);
                    Ok(result)
                }
                // Closed meanwhile: what was claimed is given up.
                other => {
                    *place = other;
                    Err(Away::Closed)
                }
            }
        });
        let ended = ended.inspect_err(|_| self.is_open.store(true, Ordering::Relaxed))?;
        ended.map_err(|away| seat.away(py, away))
    }

    /// Lets nobody write through the array any more. Views of it are out of reach.
    fn shut(&self, py: Python<'_>) {
        let array = self.array.lock().take();
        let array = array.and_then(|array| array.bind(py).upgrade());
        if let Some(flags) = array.and_then(|array| array.getattr("flags").ok()) {
            let _ = flags.setattr("writeable", false);
        }
    }
}

/// Waits for room as long as it may, first without letting the interpreter go.
fn claim(
    producer: &Bound<'_, FrameProducer>,
    len: usize,
    timeout: Option<Seconds>,
) -> PyResult<Lent> {
    let py = producer.py();
    let this = producer.get();
    let deadline = Deadline::of(timeout);
    let drops = this.drops && timeout.is_none();
    let mut is_waiting = false;
    loop {
        let taken = this.seat.locked(py, Some(deadline), is_waiting, |place| {
            let limit = match is_waiting {
                true => deadline.slice(),
                false => Duration::ZERO,
            };
            take(&this.seat, place, len, (!drops).then_some(limit))
        })?;
        match taken {
            Ok(lent) => return Ok(lent),
            Err(Refused::Full(_)) if !drops && !deadline.is_over() => is_waiting = true,
            Err(Refused::Full(full)) => return Err(errors::try_publish(py, full)),
            Err(Refused::Error(error)) => return Err(errors::publish(py, error)),
            Err(Refused::Away(away)) => return Err(this.seat.away(py, away)),
        }
        py.check_signals()?;
    }
}

/// Takes the producer for a claim of so many bytes, or leaves it.
fn take(
    seat: &Seat<Core>,
    place: &mut Place<Core>,
    len: usize,
    limit: Option<Duration>,
) -> Result<Lent, Refused> {
    match place {
        Place::Here(_) => {}
        Place::Claimed(_) => return Err(Refused::Away(Away::Claimed)),
        Place::Closed => return Err(Refused::Away(Away::Closed)),
    }
    let Place::Here(producer) = std::mem::replace(place, Place::Closed) else {
        return Err(Refused::Away(Away::Closed));
    };
    let mut claim = match producer.claim_owned(len, limit) {
        Ok(claim) => claim,
        Err(refused) => {
            let (producer, error) = *refused;
            seat.note(&producer);
            *place = Place::Here(producer);
            return Err(match error {
                TryPublishError::Publish(error) => Refused::Error(error),
                full => Refused::Full(full),
            });
        }
    };
    let memory = claim.memory();
    match claim.bytes_mut() {
        Ok(bytes) => {
            let lent = Lent {
                address: bytes.as_mut_ptr().expose_provenance(),
                len,
                _memory: memory,
            };
            *place = Place::Claimed(claim);
            Ok(lent)
        }
        Err(error) => {
            *place = Place::Here(claim.abort());
            Err(Refused::Error(error))
        }
    }
}

#[pymethods]
impl FrameClaim {
    /// The memory of the frame, to be written. It holds whatever the ring held there before. At the end of the claim it
    /// becomes read-only; views that were made of it must not be written any more.
    #[getter]
    fn array<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        this.producer.get().seat.check(py)?;
        let made = this.array.lock().as_ref().map(|array| array.clone_ref(py));
        if let Some(array) = made.and_then(|array| array.bind(py).upgrade()) {
            return Ok(array);
        }
        let arguments = PyDict::new(py);
        arguments.set_item("shape", &this.shape)?;
        arguments.set_item("dtype", &this.dtype)?;
        arguments.set_item("buffer", slf)?;
        let array = py
            .import("numpy")?
            .getattr("ndarray")?
            .call((), Some(&arguments))?;
        let weak = PyWeakrefReference::new(&array)?.unbind();
        *this.array.lock() = Some(weak);
        Ok(array)
    }

    /// Publishes the frame and returns its sequence.
    fn commit(&self, py: Python<'_>) -> PyResult<u64> {
        let info = self.info;
        let sequence = self.end(py, |claim| claim.commit_with(info))?;
        sequence.map_err(|error| errors::publish(py, error))
    }

    /// Gives the frame up: readers never see it. Nothing happens if the claim has ended.
    fn abort(&self, py: Python<'_>) -> PyResult<()> {
        match self.is_open.load(Ordering::Relaxed) {
            true => self.end(py, |claim| ((), claim.abort())),
            false => Ok(()),
        }
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        FrameClaim::array(slf)
    }

    #[pyo3(signature = (kind=None, _error=None, _traceback=None))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: Option<&Bound<'_, PyAny>>,
        _error: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        match kind {
            // It may have been committed, or given up, by hand.
            None if self.is_open.load(Ordering::Relaxed) => self.commit(py).map(|_| ()),
            None => Ok(()),
            Some(_) => self.abort(py),
        }
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::unpicklable())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let state = match self.is_open.load(Ordering::Relaxed) {
            true => "open",
            false => "ended",
        };
        Ok(format!(
            "<FrameClaim of {}, {} of the shape {}, {state}>",
            self.producer.get().seat.name(),
            self.dtype.bind(py).str()?,
            self.shape.bind(py).str()?,
        ))
    }

    /// # Safety
    ///
    /// As Python calls it: `view` is to be filled.
    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let this = slf.get();
        if !this.is_open.load(Ordering::Relaxed) {
            let message = "the claim has ended: claim the next frame";
            return Err(PyBufferError::new_err(message));
        }
        let Lent { address, len, .. } = this.lent;
        // SAFETY: `view` is what the method was called with. The bytes are those of the claim, which alone may be written
        // there while it is open; its `RingMemory` keeps them mapped while the object lives, and after the end of the claim,
        // too.
        unsafe { lend(slf.as_any(), address, len, view, flags) }
    }
}

impl Drop for FrameClaim {
    fn drop(&mut self) {
        if *self.is_open.get_mut() {
            // A frame that nobody commits is given up, and the producer goes on.
            self.producer.get().seat.locked_at_last(|place| {
                *place = match std::mem::replace(place, Place::Closed) {
                    Place::Claimed(claim) => Place::Here(claim.abort()),
                    other => other,
                };
            });
        }
    }
}
