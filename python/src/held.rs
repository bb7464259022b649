//! What was handed out and may be viewed by others: the memory behind a batch or a frame.
#![allow(unsafe_code)]

use std::ffi::{CString, c_int, c_void};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::errors;
use crate::fork::Generation;

/// Something of the core's that has bytes as long as it lives.
pub(crate) trait Bytes: Send + Sync {
    /// Always the same place, in the process that was handed it.
    fn bytes(&self) -> &[u8];
    /// They lie in the ring: a forked child has none.
    fn is_in_place(&self) -> bool;
}

/// What was handed out, until it is given back. Given back it is only when nobody has a view of it.
///
/// All this is called under the interpreter's lock: nobody waits for `held`, and views do not come while it is given back.
#[derive(Debug)]
pub(crate) struct Held<H> {
    held: Mutex<Option<H>>,
    /// Buffers that were lent and not released: each array over these bytes has one, or an array that does.
    views: AtomicUsize,
    /// It is to be given back as soon as nobody has a view of it.
    is_done: AtomicBool,
    born: Generation,
}

impl<H: Bytes> Held<H> {
    pub(crate) fn new(held: H) -> Held<H> {
        Held {
            held: Mutex::new(Some(held)),
            views: AtomicUsize::new(0),
            is_done: AtomicBool::new(false),
            born: Generation::current(),
        }
    }

    /// What there is to say of it, `None` when it was given back.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&H) -> T) -> Option<T> {
        self.held.lock().as_ref().map(look)
    }

    /// As [`Held::look`], for who wants what lies there.
    pub(crate) fn get<T>(&self, py: Python<'_>, look: impl FnOnce(&H) -> T) -> PyResult<T> {
        if !self.born.is_current() && self.look(H::is_in_place) == Some(true) {
            return Err(errors::forked(py));
        }
        self.look(look).ok_or_else(given_back)
    }

    /// Gives it back, as soon as nobody has a view of it; whether that was now.
    pub(crate) fn give_back(&self) -> bool {
        if self.views.load(Ordering::Relaxed) > 0 {
            self.is_done.store(true, Ordering::Relaxed);
            return false;
        }
        *self.held.lock() = None;
        true
    }

    /// As `release` of Python's `memoryview`.
    pub(crate) fn release(&self) -> PyResult<()> {
        let views = self.views.load(Ordering::Relaxed);
        if views > 0 {
            return Err(PyBufferError::new_err(format!(
                "found {views} views of it that live, expected none: delete the arrays made from it, and the slices of those"
            )));
        }
        self.give_back();
        Ok(())
    }

    /// A buffer was released.
    pub(crate) fn unview(&self) {
        let views = self.views.fetch_sub(1, Ordering::Relaxed);
        if views == 1 && self.is_done.load(Ordering::Relaxed) {
            self.give_back();
        }
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
        let py = owner.py();
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
        let is_contiguous = layout.is_contiguous_both_ways();
        if wants(ffi::PyBUF_F_CONTIGUOUS) && !wants(ffi::PyBUF_C_CONTIGUOUS) && !is_contiguous {
            return Err(PyBufferError::new_err(
                "found a request for an array whose first index runs fastest, expected one whose last does: use \
                 np.asfortranarray(...)",
            ));
        }
        let (start, len) = self.get(py, |held| {
            let bytes = held.bytes();
            (bytes.as_ptr(), bytes.len())
        })?;
        if layout.bytes != Some(len) {
            return Err(PyBufferError::new_err(format!(
                "found {len} bytes, expected those of an array of {:?}: use bytes(...)",
                layout.shape
            )));
        }
        view.buf = start.cast_mut().cast::<c_void>();
        view.len = len.cast_signed();
        view.itemsize = layout.itemsize;
        view.readonly = 1;
        view.format = match &layout.format {
            Some(format) if wants(ffi::PyBUF_FORMAT) => format.as_ptr().cast_mut(),
            _ => ptr::null_mut(),
        };
        // Who does not ask for a shape gets plain bytes.
        (view.ndim, view.shape) = match wants(ffi::PyBUF_ND) {
            true => (
                layout.shape.len() as c_int,
                layout.shape.as_ptr().cast_mut(),
            ),
            false => (1, ptr::null_mut()),
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
    /// Of all of it; `None`: more than there can be.
    bytes: Option<usize>,
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
        let sizes = shape.iter().copied();
        Layout {
            bytes: sizes
                .clone()
                .any(|size| size == 0)
                .then_some(0)
                .or_else(|| sizes.into_iter().try_fold(itemsize, usize::checked_mul)),
            format,
            itemsize: itemsize.cast_signed(),
            shape: shape.iter().map(|size| size.cast_signed()).collect(),
            strides,
        }
    }

    pub(crate) fn nbytes(&self) -> usize {
        self.bytes.unwrap_or(0)
    }

    /// Whether a buffer can say what these are.
    pub(crate) fn has_format(&self) -> bool {
        self.format.is_some()
    }

    fn is_contiguous_both_ways(&self) -> bool {
        self.bytes == Some(0) || self.shape.iter().filter(|&&size| size != 1).count() <= 1
    }
}

/// The bytes alone of what was handed out, where a buffer cannot say what they are; NumPy is told on its own.
#[pyclass(frozen, module = "pyringbuf")]
pub(crate) struct Raw {
    lends: Arc<dyn Lends>,
    layout: Layout,
}

/// What has bytes to be viewed, whatever else it is.
trait Lends: Send + Sync {
    /// As [`Held::lend`].
    ///
    /// # Safety
    ///
    /// As there.
    unsafe fn lend(
        &self,
        owner: Bound<'_, PyAny>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
        layout: &Layout,
    ) -> PyResult<()>;

    fn unview(&self);
}

impl<H: Bytes> Lends for Held<H> {
    unsafe fn lend(
        &self,
        owner: Bound<'_, PyAny>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
        layout: &Layout,
    ) -> PyResult<()> {
        // SAFETY: as of the caller.
        unsafe { self.lend(owner, view, flags, layout) }
    }

    fn unview(&self) {
        self.unview();
    }
}

impl Raw {
    pub(crate) fn of<H: Bytes + 'static>(py: Python<'_>, held: &Arc<Held<H>>) -> PyResult<Py<Raw>> {
        let len = held.get(py, |held| held.bytes().len())?;
        let layout = Layout::new(Some(c"B".into()), 1, &[len]);
        let lends = Arc::<Held<H>>::clone(held);
        Py::new(py, Raw { lends, layout })
    }
}

#[pymethods]
impl Raw {
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let raw = slf.get();
        // SAFETY: Python calls this for a buffer of `slf`, which is frozen and so keeps `lends` and `layout` where they are.
        unsafe {
            raw.lends
                .lend(slf.clone().into_any(), view, flags, &raw.layout)
        }
    }

    unsafe fn __releasebuffer__(&self, _view: *mut ffi::Py_buffer) {
        self.lends.unview();
    }
}

pub(crate) fn given_back() -> PyErr {
    PyBufferError::new_err(
        "it was given back to the producer: released, or the next one was asked for while no view of it lived; keep a \
         view of it, or a .copy()",
    )
}
