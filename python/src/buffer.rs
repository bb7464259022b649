//! The bytes of a Python object, borrowed, and bytes lent to Python.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;

/// A buffer that is given back when this ends.
struct Borrowing<'a, 'py> {
    view: &'a mut ffi::Py_buffer,
    /// Giving it back needs the interpreter.
    py: PhantomData<Python<'py>>,
}

impl Drop for Borrowing<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: `view` was filled by `PyObject_GetBuffer`, has not moved since, and is released once, here. `py` says
        // that the interpreter is held: a `Borrowing` is no `Send` value, and lives in `with_bytes` alone.
        unsafe { ffi::PyBuffer_Release(self.view) }
    }
}

/// Calls `use_them` with the bytes of `object`, which must lie in one piece, the last index running fastest. The object
/// cannot be resized meanwhile.
///
/// Somebody else can write into them: another Python thread when `use_them` lets the interpreter go, or foreign code at
/// any time. The bytes must therefore be copied and never be looked at twice. Then such a race is that of whoever writes into an
/// array which is being published, as with every function of NumPy that copies it: records of both states get published, and
/// nothing else happens.
///
/// # Errors
///
/// `BufferError` or `TypeError`: it has no bytes, or not in one piece.
pub(crate) fn with_bytes<T>(
    object: &Bound<'_, PyAny>,
    use_them: impl FnOnce(&[u8]) -> T,
) -> PyResult<T> {
    borrow(object, ffi::PyBUF_SIMPLE, |start, len| {
        if len == 0 {
            return use_them(&[]);
        }
        // SAFETY: a simple buffer is `len` bytes in one piece from `start` on, which stay there until it is released:
        // after `use_them`. They are initialised, and any byte is a valid `u8`. That nobody writes into them
        // meanwhile is up to the Python program, as the documentation says; who does can change which bytes are
        // copied.
        use_them(unsafe { std::slice::from_raw_parts(start, len) })
    })
}

/// As [`with_bytes`], to be written: as with every function that reads into an array, nobody else uses it meanwhile.
///
/// # Errors
///
/// As there, and `BufferError` if it is read-only.
pub(crate) fn with_bytes_mut<T>(
    object: &Bound<'_, PyAny>,
    use_them: impl FnOnce(&mut [u8]) -> T,
) -> PyResult<T> {
    borrow(object, ffi::PyBUF_WRITABLE, |start, len| {
        if len == 0 {
            return use_them(&mut []);
        }
        // SAFETY: as in `with_bytes`, of a buffer that was asked for to be written. That nobody else uses these bytes
        // until the call returns is up to the Python program, as for `readinto` of its files.
        use_them(unsafe { std::slice::from_raw_parts_mut(start, len) })
    })
}

/// The first byte of a buffer and how many there are.
fn borrow<T>(
    object: &Bound<'_, PyAny>,
    flags: c_int,
    use_them: impl FnOnce(*mut u8, usize) -> T,
) -> PyResult<T> {
    let mut view = MaybeUninit::<ffi::Py_buffer>::zeroed();
    // SAFETY: the interpreter is held and `object` is alive, as its type says. `view` is memory for a `Py_buffer`, which
    // stays where it is until it is released.
    let result = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), view.as_mut_ptr(), flags) };
    if result != 0 {
        return Err(PyErr::fetch(object.py()));
    }
    // SAFETY: `PyObject_GetBuffer` has succeeded and so has filled it; and zeroes are a valid `Py_buffer`.
    let view = unsafe { view.assume_init_mut() };
    let borrowing = Borrowing {
        view,
        py: PhantomData,
    };
    let (buf, len) = (borrowing.view.buf, borrowing.view.len);
    let len = match buf.is_null() {
        true => 0,
        false => usize::try_from(len).unwrap_or(0),
    };
    let result = use_them(buf.cast(), len);
    drop(borrowing);
    Ok(result)
}

/// Lends `len` bytes at `address` to Python, for reading and writing, as the buffer protocol says it (`__getbuffer__`).
/// `owner` stays alive until they are given back.
///
/// # Safety
///
/// `view` is what `__getbuffer__` was called with. The bytes are there, and may be written, as long as `owner` lives.
///
/// # Errors
///
/// `BufferError`: they are not lent in the way that `flags` asks for.
pub(crate) unsafe fn lend(
    owner: &Bound<'_, PyAny>,
    address: usize,
    len: usize,
    view: *mut ffi::Py_buffer,
    flags: std::ffi::c_int,
) -> PyResult<()> {
    // An array is no longer than that.
    let len = ffi::Py_ssize_t::try_from(len).unwrap_or(ffi::Py_ssize_t::MAX);
    let buf = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: `view` and the bytes are what the caller says; the interpreter is held, as `owner` shows, and `view` gets a
    // reference of its own to it.
    let result = unsafe { ffi::PyBuffer_FillInfo(view, owner.as_ptr(), buf, len, 0, flags) };
    match result {
        0 => Ok(()),
        _ => Err(PyErr::fetch(owner.py())),
    }
}
