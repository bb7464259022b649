//! A row of Python values as the bytes of a record, without narrowing any of them.

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use ringbuf_core::{Element, Field, Schema};

use crate::buffer::with_bytes;
use crate::errors::excerpt;

/// A function of the Python half that does by NumPy what is not done here.
pub(crate) fn convert<'py>(py: Python<'py>, function: &str) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module =
        MODULE.get_or_try_init(py, || py.import("pyringbuf.convert").map(Bound::unbind))?;
    module.bind(py).getattr(function)
}

/// Where one field lies, and what it takes.
#[derive(Debug)]
struct Slot {
    name: Py<PyString>,
    element: Element,
    shape: Vec<usize>,
    offset: usize,
    size: usize,
}

/// Rows of one dtype as bytes.
#[derive(Debug)]
pub(crate) struct Encoder {
    slots: Vec<Slot>,
    dtype: Py<PyAny>,
    size: usize,
}

impl Encoder {
    /// `dtype` is that of the schema.
    pub(crate) fn new(py: Python<'_>, schema: &Schema, dtype: Py<PyAny>) -> Encoder {
        let slot = |field: &Field| Slot {
            name: PyString::intern(py, field.name()).unbind(),
            element: field.element(),
            shape: field.get_shape().to_vec(),
            offset: field.offset(),
            size: field.size(),
        };
        Encoder {
            slots: schema.fields().iter().map(slot).collect(),
            dtype,
            size: schema.size(),
        }
    }

    /// Bytes of a record.
    #[inline]
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    pub(crate) fn dtype(&self) -> &Py<PyAny> {
        &self.dtype
    }

    /// Writes a row to `record`, all of it.
    #[inline]
    pub(crate) fn encode(&self, row: &Bound<'_, PyAny>, record: &mut [u8]) -> PyResult<()> {
        if let Ok(values) = row.cast::<PyTuple>() {
            self.values(values, record)
        } else {
            self.others(row, record)
        }
    }

    #[inline(never)]
    fn others(&self, row: &Bound<'_, PyAny>, record: &mut [u8]) -> PyResult<()> {
        if let Some(slot) = self.alone()
            && (row.is_instance_of::<PyFloat>() || row.is_instance_of::<PyInt>())
        {
            return slot.put(row, record);
        }
        if let Ok(fields) = row.cast::<PyDict>() {
            return self.dict(fields, record);
        }
        if let Ok(list) = row.cast::<PyList>() {
            // What the values' own methods do to the list meanwhile does not matter so.
            return self.values(&list.to_tuple(), record);
        }
        if let Ok(bytes) = row.cast::<PyBytes>()
            && (bytes.as_bytes().len() == self.size || self.alone().is_none())
        {
            return self.whole(bytes.as_bytes(), record);
        }
        if self.is_of_dtype(row) {
            return with_bytes(row, |bytes| self.whole(bytes, record))?;
        }
        if let Some(slot) = self.alone() {
            return slot.put(row, record);
        }
        let by_numpy = convert(row.py(), "row")?;
        let names = self.slots.iter().map(|slot| &slot.name);
        let names = PyTuple::new(row.py(), names)?;
        let row = by_numpy.call1((row, names))?;
        match row.cast::<PyDict>() {
            Ok(fields) => self.dict(fields, record),
            Err(_) => self.values(row.cast::<PyTuple>()?, record),
        }
    }

    /// The only field.
    fn alone(&self) -> Option<&Slot> {
        match self.slots.as_slice() {
            [slot] => Some(slot),
            _ => None,
        }
    }

    /// Whether it is an array of one dimension of such records.
    pub(crate) fn is_batch(&self, array: &Bound<'_, PyAny>) -> bool {
        let ndim = array.getattr(pyo3::intern!(array.py(), "ndim"));
        let is_one = ndim.is_ok_and(|ndim| ndim.extract::<u8>().is_ok_and(|ndim| ndim == 1));
        is_one && self.is_of_dtype(array)
    }

    fn is_of_dtype(&self, row: &Bound<'_, PyAny>) -> bool {
        let py = row.py();
        let dtype = row.getattr(pyo3::intern!(py, "dtype"));
        dtype.is_ok_and(|dtype| {
            let mine = self.dtype.bind(py);
            dtype.is(mine) || dtype.eq(mine).unwrap_or(false)
        })
    }

    #[inline]
    fn values(&self, values: &Bound<'_, PyTuple>, record: &mut [u8]) -> PyResult<()> {
        if values.len() != self.slots.len() {
            // An array that is all there is may be given by itself.
            return match self.alone() {
                Some(slot) if !slot.shape.is_empty() => slot.put(values, record),
                _ => Err(self.wrong_count(values)),
            };
        }
        if let Some(slot) = self.alone()
            && slot.is_array_of_one(values)
        {
            return slot.put(values, record);
        }
        for (i, slot) in self.slots.iter().enumerate() {
            let value = values.get_borrowed_item(i)?;
            slot.put(&value, &mut record[slot.offset..][..slot.size])?;
        }
        Ok(())
    }

    fn dict(&self, fields: &Bound<'_, PyDict>, record: &mut [u8]) -> PyResult<()> {
        for slot in &self.slots {
            let Some(value) = fields.get_item(slot.name.bind(fields.py()))? else {
                return Err(self.wrong_names(fields));
            };
            slot.put(&value, &mut record[slot.offset..][..slot.size])?;
        }
        match fields.len() == self.slots.len() {
            true => Ok(()),
            false => Err(self.wrong_names(fields)),
        }
    }

    fn whole(&self, bytes: &[u8], record: &mut [u8]) -> PyResult<()> {
        if bytes.len() != self.size {
            return Err(PyValueError::new_err(format!(
                "found {} bytes, expected {}, one record: give several to publish_batch",
                bytes.len(),
                self.size
            )));
        }
        record.copy_from_slice(bytes);
        Ok(())
    }

    #[cold]
    fn wrong_count(&self, values: &Bound<'_, PyTuple>) -> PyErr {
        PyValueError::new_err(format!(
            "found {} values, expected {}: {}",
            values.len(),
            self.slots.len(),
            self.names(values.py())
        ))
    }

    #[cold]
    fn wrong_names(&self, fields: &Bound<'_, PyDict>) -> PyErr {
        let py = fields.py();
        let is_missing = |slot: &&Slot| !fields.contains(&slot.name).unwrap_or(false);
        let missing = self.slots.iter().find(is_missing);
        let is_unknown = |name: &Bound<'_, PyAny>| {
            let is = |slot: &Slot| name.eq(&slot.name).unwrap_or(false);
            !self.slots.iter().any(is)
        };
        let unknown = fields.keys().iter().find(is_unknown);
        let found = match (missing, unknown) {
            (Some(slot), Some(unknown)) => {
                format!("no field {:?}, but {}", slot.name(py), excerpt(&unknown))
            }
            (Some(slot), None) => format!("no field {:?}", slot.name(py)),
            (None, Some(unknown)) => format!("an unknown field {}", excerpt(&unknown)),
            (None, None) => "fields that changed meanwhile".into(),
        };
        PyValueError::new_err(format!(
            "found {found}, expected a value for each of {}",
            self.names(py)
        ))
    }

    fn names(&self, py: Python<'_>) -> String {
        let names: Vec<String> = self.slots.iter().map(|slot| slot.name(py)).collect();
        names.join(", ")
    }
}

impl Slot {
    fn name(&self, py: Python<'_>) -> String {
        self.name.bind(py).to_string()
    }

    /// For a ring of arrays of one value each: whether this is such an array rather than a row that holds one.
    fn is_array_of_one(&self, values: &Bound<'_, PyTuple>) -> bool {
        let is_nested = |value: Borrowed<'_, '_, PyAny>| value.len().is_ok();
        !self.shape.is_empty() && !values.get_borrowed_item(0).is_ok_and(is_nested)
    }

    #[inline]
    fn put(&self, value: &Bound<'_, PyAny>, out: &mut [u8]) -> PyResult<()> {
        match self.shape.is_empty() {
            true => self.scalar(value, out),
            false => self.array(value, &self.shape, out),
        }
    }

    #[inline]
    fn scalar(&self, value: &Bound<'_, PyAny>, out: &mut [u8]) -> PyResult<()> {
        match self.element {
            Element::F64 => {
                let number = self.float(value)?;
                out.copy_from_slice(&number.to_le_bytes());
            }
            Element::F32 => {
                let number = self.float(value)?;
                let narrow = number as f32;
                if narrow.is_infinite() && number.is_finite() {
                    return Err(self.out_of_range(value));
                }
                out.copy_from_slice(&narrow.to_le_bytes());
            }
            Element::U64 => match value.extract::<u64>() {
                Ok(number) => out.copy_from_slice(&number.to_le_bytes()),
                Err(error) => self.integer_again(value, error, out)?,
            },
            Element::Text(_) => self.text(value, out)?,
            Element::DateTimeNs | Element::DurationNs => match value.extract::<i64>() {
                Ok(number) => out.copy_from_slice(&number.to_le_bytes()),
                Err(error) => self.time(value, error, out)?,
            },
            _ => match value.extract::<i64>() {
                Ok(number) => self.narrow(value, number, out)?,
                Err(error) => self.integer_again(value, error, out)?,
            },
        }
        Ok(())
    }

    /// An integer of at most 8 bytes signed, or 4 unsigned.
    #[inline]
    fn narrow(&self, value: &Bound<'_, PyAny>, number: i64, out: &mut [u8]) -> PyResult<()> {
        let (least, most) = self.range();
        if !(least..=most).contains(&i128::from(number)) {
            return Err(self.out_of_range(value));
        }
        let bytes = number.to_le_bytes();
        out.copy_from_slice(&bytes[..out.len()]);
        Ok(())
    }

    fn range(&self) -> (i128, i128) {
        let bits = 8 * self.element.size() as u32;
        match self.element {
            Element::U8 | Element::U16 | Element::U32 | Element::U64 => (0, (1 << bits) - 1),
            _ => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        }
    }

    /// What is no `int`: a truth value of NumPy is 0 or 1, and the rest is an error.
    #[cold]
    fn integer_again(
        &self,
        value: &Bound<'_, PyAny>,
        error: PyErr,
        out: &mut [u8],
    ) -> PyResult<()> {
        let py = value.py();
        if error.is_instance_of::<PyOverflowError>(py) {
            return Err(self.out_of_range(value));
        }
        if !error.is_instance_of::<PyTypeError>(py) {
            return Err(error);
        }
        let kind = value.get_type();
        if kind.module().is_ok_and(|module| module == "numpy")
            && kind
                .name()
                .is_ok_and(|name| name == "bool" || name == "bool_")
        {
            return self.narrow(value, i64::from(value.is_truthy()?), out);
        }
        Err(self.wrong_type(value))
    }

    #[inline]
    fn float(&self, value: &Bound<'_, PyAny>) -> PyResult<f64> {
        value.extract::<f64>().map_err(|error| {
            let py = value.py();
            if error.is_instance_of::<PyOverflowError>(py) {
                self.out_of_range(value)
            } else if error.is_instance_of::<PyTypeError>(py) {
                self.wrong_type(value)
            } else {
                error
            }
        })
    }

    fn text(&self, value: &Bound<'_, PyAny>, out: &mut [u8]) -> PyResult<()> {
        let text = if let Ok(text) = value.cast::<PyString>() {
            let is_utf8 = text.to_cow();
            return match is_utf8 {
                Ok(text) => self.fill(value, text.as_bytes(), out),
                Err(_) => Err(self.wrong_type(value)),
            };
        } else if let Ok(bytes) = value.cast::<PyBytes>() {
            bytes.as_bytes()
        } else {
            return Err(self.wrong_type(value));
        };
        self.fill(value, text, out)
    }

    fn fill(&self, value: &Bound<'_, PyAny>, text: &[u8], out: &mut [u8]) -> PyResult<()> {
        if text.len() > out.len() {
            return Err(PyValueError::new_err(format!(
                "field {:?}: found {} bytes of text, {}, expected at most {}: shorten it, or make the field longer",
                self.name(value.py()),
                text.len(),
                excerpt(value),
                out.len()
            )));
        }
        let (front, rest) = out.split_at_mut(text.len());
        front.copy_from_slice(text);
        rest.fill(0);
        Ok(())
    }

    /// A time that is not given in nanoseconds.
    #[cold]
    fn time(&self, value: &Bound<'_, PyAny>, error: PyErr, out: &mut [u8]) -> PyResult<()> {
        let py = value.py();
        if error.is_instance_of::<PyOverflowError>(py) {
            return Err(self.out_of_range(value));
        }
        let by_numpy = convert(py, "time")?;
        let number = by_numpy.call1((value, self.element.format(), &self.name))?;
        out.copy_from_slice(&number.extract::<i64>()?.to_le_bytes());
        Ok(())
    }

    /// An array, as sequences in each other, or as anything that NumPy takes for one.
    fn array(&self, value: &Bound<'_, PyAny>, shape: &[usize], out: &mut [u8]) -> PyResult<()> {
        let Some((&len, inner)) = shape.split_first() else {
            return self.scalar(value, out);
        };
        let list;
        let values = if let Ok(values) = value.cast::<PyTuple>() {
            values
        } else if let Ok(values) = value.cast::<PyList>() {
            list = values.to_tuple();
            &list
        } else {
            return self.array_by_numpy(value, shape, out);
        };
        if values.len() != len {
            return Err(PyValueError::new_err(format!(
                "field {:?}: found {} values, {}, expected {len} (of the shape {:?})",
                self.name(value.py()),
                values.len(),
                excerpt(value),
                self.shape
            )));
        }
        let step = out.len() / len;
        for (i, out) in out.chunks_exact_mut(step).enumerate() {
            let value = values.get_borrowed_item(i)?;
            self.array(&value, inner, out)?;
        }
        Ok(())
    }

    fn array_by_numpy(
        &self,
        value: &Bound<'_, PyAny>,
        shape: &[usize],
        out: &mut [u8],
    ) -> PyResult<()> {
        let py = value.py();
        let by_numpy = convert(py, "field")?;
        let shape = PyTuple::new(py, shape)?;
        let array = by_numpy.call1((value, self.element.format(), shape, &self.name))?;
        with_bytes(&array, |bytes| match bytes.len() == out.len() {
            true => {
                out.copy_from_slice(bytes);
                Ok(())
            }
            false => Err(self.wrong_type(value)),
        })?
    }

    #[cold]
    fn out_of_range(&self, value: &Bound<'_, PyAny>) -> PyErr {
        let expected = match self.element {
            Element::F32 => format!("at most {:e}", f32::MAX),
            Element::F64 => format!("at most {:e}", f64::MAX),
            _ => {
                let (least, most) = self.range();
                format!("{least} to {most}")
            }
        };
        PyOverflowError::new_err(format!(
            "field {:?}: found {}, expected {expected} ({})",
            self.name(value.py()),
            excerpt(value),
            self.element
        ))
    }

    #[cold]
    fn wrong_type(&self, value: &Bound<'_, PyAny>) -> PyErr {
        let expected = match self.element {
            Element::F32 | Element::F64 => "a number",
            Element::Text(_) => "text that UTF-8 can hold, or bytes",
            Element::DateTimeNs | Element::DurationNs => "a time, or an integer of nanoseconds",
            _ => "an integer",
        };
        PyTypeError::new_err(format!(
            "field {:?}: found {}, expected {expected} ({})",
            self.name(value.py()),
            excerpt(value),
            self.element
        ))
    }
}
