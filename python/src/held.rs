//! What was handed out and may be viewed by others: the memory behind a batch or a frame.
#![allow(unsafe_code)]

use std::ffi::{CString, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Something of the core's that has bytes as long as it lives.
pub(crate) trait Bytes: Send + Sync {
    /// Always the same place.
    fn bytes(&self) -> &[u8];
}

/// What was handed out, until it is given back. Given back it is only when nobody has a view of it.
#[derive(Debug)]
pub(crate) struct Held<H> {
    held: Mutex<Option<H>>,
    /// Buffers that were lent and not released: each array over these bytes has one, or an array that does.
    views: AtomicUsize,
}

impl<H: Bytes> Held<H> {
    pub(crate) fn new(held: H) -> Held<H> {
        Held {
            held: Mutex::new(Some(held)),
            views: AtomicUsize::new(0),
        }
    }

    /// What there is to say of it, `None` when it was given back. The interpreter is held meanwhile, so nobody waits.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&H) -> T) -> Option<T> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(look)
    }

    /// Gives it back unless somebody has a view of it; whether it is given back now.
    pub(crate) fn give_back(&self) -> bool {
        // Views come and go under the interpreter's lock, which the caller has.
        if self.views.load(Ordering::Relaxed) > 0 {
            return false;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held = None;
        true
    }

    /// As `release` of Python's `memoryview`.
    pub(crate) fn release(&self) -> PyResult<()> {
        match self.give_back() {
            true => Ok(()),
            false => Err(PyBufferError::new_err(format!(
                "{} views of it live, arrays made from it among them: delete those first",
                self.views.load(Ordering::Relaxed)
            ))),
        }
    }

    /// A buffer was released.
    pub(crate) fn unview(&self) {
        self.views.fetch_sub(1, Ordering::Relaxed);
    }

    /// Lends the bytes to Python, read-only, as an array of this layout.
    ///
    /// # Safety
    ///
    /// `view` is what Python has given to `__getbuffer__`, of `owner`, which has `self` and the layout, unmoved as long as it
    /// lives, and calls [`Held::unview`] in `__releasebuffer__`.
    pub(crate) unsafe fn lend(
        &self,
        owner: Bound<'_, PyAny>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
        layout: &Layout,
    ) -> PyResult<()> {
        // SAFETY: Python gives a `Py_buffer` to be filled, or nothing; nobody else has it now.
        let Some(view) = (unsafe { view.as_mut() }) else {
            return Err(PyBufferError::new_err("found no buffer to fill"));
        };
        view.obj = ptr::null_mut();
        if flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            return Err(PyBufferError::new_err(
                "found a request to write, expected one to read: others read these records too; use .copy()",
            ));
        }
        let wants = |flag: c_int| flags & flag == flag;
        if wants(ffi::PyBUF_FORMAT) && layout.format.is_none() {
            return Err(PyBufferError::new_err(
                "a buffer cannot say what these are (times): use the array",
            ));
        }
        let bytes = self.look(|held| {
            let bytes = held.bytes();
            (bytes.as_ptr(), bytes.len())
        });
        let (start, len) = bytes.ok_or_else(given_back)?;
        view.buf = start.cast_mut().cast::<c_void>();
        view.len = len.cast_signed();
        view.itemsize = layout.itemsize;
        view.readonly = 1;
        view.ndim = layout.shape.len() as c_int;
        view.format = match &layout.format {
            Some(format) if wants(ffi::PyBUF_FORMAT) => format.as_ptr().cast_mut(),
            _ => ptr::null_mut(),
        };
        view.shape = match wants(ffi::PyBUF_ND) {
            true => layout.shape.as_ptr().cast_mut(),
            false => ptr::null_mut(),
        };
        view.strides = match wants(ffi::PyBUF_STRIDES) {
            true => layout.strides.as_ptr().cast_mut(),
            false => ptr::null_mut(),
        };
        view.suboffsets = ptr::null_mut();
        view.internal = ptr::null_mut();
        // The owner, and with it these bytes, lives as long as the buffer is not released.
        view.obj = owner.into_ptr();
        self.views.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// As what kind of array bytes are lent.
#[derive(Debug)]
pub(crate) struct Layout {
    /// As the module `struct` writes it; `None` where it cannot.
    format: Option<CString>,
    itemsize: isize,
    shape: Vec<isize>,
    strides: Vec<isize>,
}

impl Layout {
    /// Contiguous, the last index running fastest.
    pub(crate) fn new(format: Option<CString>, itemsize: usize, shape: &[usize]) -> Layout {
        let mut strides: Vec<isize> = Vec::with_capacity(shape.len());
        let mut stride = itemsize;
        for size in shape.iter().rev() {
            strides.push(stride.cast_signed());
            stride = stride.saturating_mul(*size);
        }
        strides.reverse();
        Layout {
            format,
            itemsize: itemsize.cast_signed(),
            shape: shape.iter().map(|size| size.cast_signed()).collect(),
            strides,
        }
    }
}

pub(crate) fn given_back() -> PyErr {
    PyBufferError::new_err(
        "it was given back to the producer: released, or the next one was asked for while no view of it lived; keep a \
         view of it, or a .copy()",
    )
}
