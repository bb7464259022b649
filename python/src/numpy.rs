//! What is used of NumPy.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::IntoPyDict;

pub(crate) struct Numpy {
    frombuffer: Py<PyAny>,
    empty: Py<PyAny>,
    arange: Py<PyAny>,
    times: Py<PyAny>,
}

pub(crate) fn numpy(py: Python<'_>) -> PyResult<&Numpy> {
    static NUMPY: PyOnceLock<Numpy> = PyOnceLock::new();
    NUMPY.get_or_try_init(py, || {
        let numpy = py.import("numpy")?;
        let get = |name: &str| Ok::<_, PyErr>(numpy.getattr(name)?.unbind());
        Ok(Numpy {
            frombuffer: get("frombuffer")?,
            empty: get("empty")?,
            arange: get("arange")?,
            times: numpy.getattr("dtype")?.call1(("datetime64[ns]",))?.unbind(),
        })
    })
}

impl Numpy {
    /// An array over the bytes of an object, which it keeps alive; read-only if they are.
    pub(crate) fn over<'py>(
        &self,
        bytes: &Bound<'py, PyAny>,
        dtype: &Bound<'py, PyAny>,
        is_empty: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = bytes.py();
        if is_empty {
            return self.empty.bind(py).call1((0, dtype));
        }
        self.frombuffer.bind(py).call1((bytes, dtype))
    }

    /// What `__array__` is asked for: this array itself if it can be.
    pub(crate) fn as_asked<'py>(
        &self,
        array: Bound<'py, PyAny>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = array.py();
        let array = match dtype {
            Some(dtype) => {
                let dtype = py.import("numpy")?.getattr("dtype")?.call1((dtype,))?;
                let found = array.getattr("dtype")?;
                if copy == Some(false) && !found.eq(&dtype)? {
                    return Err(PyValueError::new_err(format!(
                        "found copy=False and {dtype}, expected {found}, or to be allowed to copy"
                    )));
                }
                let keywords = [("copy", false)].into_py_dict(py)?;
                array.call_method("astype", (dtype,), Some(&keywords))?
            }
            None => array,
        };
        match copy {
            Some(true) => array.call_method0("copy"),
            _ => Ok(array),
        }
    }

    /// Times, nanoseconds since the Unix epoch, as an array of their own.
    pub(crate) fn times<'py>(&self, py: Python<'py>, times: &[i64]) -> PyResult<Bound<'py, PyAny>> {
        let array = self
            .empty
            .bind(py)
            .call1((times.len(), self.times.bind(py)))?;
        let bytes: Vec<u8> = times.iter().flat_map(|time| time.to_ne_bytes()).collect();
        let filled = self.over(
            pyo3::types::PyBytes::new(py, &bytes).as_any(),
            self.times.bind(py),
            times.is_empty(),
        )?;
        array.set_item(py.Ellipsis(), filled)?;
        Ok(array)
    }

    /// One time.
    pub(crate) fn time<'py>(&self, py: Python<'py>, time: i64) -> PyResult<Bound<'py, PyAny>> {
        self.times(py, &[time])?.get_item(0)
    }

    /// The numbers from `first` on.
    pub(crate) fn sequences<'py>(
        &self,
        py: Python<'py>,
        first: u64,
        count: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let end = first.saturating_add(count as u64);
        let arange = self.arange.bind(py);
        arange.call1((first, end, 1, "u8"))
    }
}
