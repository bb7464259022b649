"""What is published and does not lie in memory as the ring holds it: the slow ways, by NumPy.

Nothing is narrowed without a word: what comes out is what went in, or an error says what is wrong.
"""

import datetime
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def excerpt(found: object) -> str:
    """What was found, in a few words."""
    text = repr(found)
    return (
        f"{text[:60]}... ({type(found).__name__})" if len(text) > 60 else f"{text} ({type(found).__name__})"
    )


def text_of(name: Any) -> str:
    """The name of a ring, or the path of its data file, as text."""
    text = name if isinstance(name, str) else os.fspath(name)
    if not isinstance(text, str):
        raise TypeError(f"found the name {excerpt(name)}, expected a str or a path")
    return text


def row(found: Any, names: tuple[str, ...]) -> dict[Any, Any] | tuple[Any, ...]:
    """A row that is neither a tuple nor a dict nor bytes, as one of the first two."""
    if isinstance(found, Mapping):
        return dict(found)
    if isinstance(found, np.void | np.ndarray) and found.dtype.names is not None and found.ndim == 0:
        return {name: found[name] for name in found.dtype.names}
    if isinstance(found, np.ndarray) and found.dtype.names is None and found.ndim == 1:
        return tuple(found)
    if isinstance(found, np.ndarray):
        raise TypeError(f"found an array of the shape {found.shape}, expected one record: see publish_batch")
    expected = ", ".join(names)
    raise TypeError(f"found {excerpt(found)}, expected a tuple or a dict with the values of {expected}")


def time(found: Any, form: str, name: str) -> int:
    """A time as nanoseconds, exactly."""
    expected = f"expected a time ({form[1:]}) or an integer of nanoseconds"
    if found is None or isinstance(found, str | bytes | float):
        raise TypeError(f"field {name!r}: found {excerpt(found)}, {expected}")
    if hasattr(found, "to_numpy"):
        # A timestamp of pandas, which has nanoseconds that `datetime` has not.
        found = found.to_numpy()
    if isinstance(found, datetime.datetime) and found.tzinfo is not None:
        found = found.astimezone(datetime.UTC).replace(tzinfo=None)
    value = np.asarray(found)
    if isinstance(found, datetime.timedelta if form[1] == "m" else datetime.date):
        value = np.asarray(found, dtype=form[1] + "8")
    if value.ndim or value.dtype.kind != form[1]:
        raise TypeError(f"field {name!r}: found {excerpt(found)}, {expected}")
    return int(_cast(value, np.dtype(form), name).view("i8"))


def field(found: Any, form: str, shape: tuple[int, ...], name: str) -> Array:
    """The value of a field that is an array, as it lies in the record."""
    dtype = np.dtype(form)
    if isinstance(found, bytes | bytearray | memoryview) and dtype.itemsize == 1 and len(shape) == 1:
        found = np.frombuffer(found, dtype)
    try:
        value = np.asarray(found)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"field {name!r}: found {excerpt(found)}, expected an array of {dtype}: {error}"
        ) from None
    if value.shape != shape:
        raise ValueError(f"field {name!r}: found an array of the shape {value.shape}, expected {shape}")
    return _cast(value, dtype, name)


def batch(found: Any, dtype: np.dtype[Any]) -> Any:
    """Records as they lie in the ring: what was given if it is that, a converted copy otherwise."""
    if isinstance(found, bytes | bytearray | memoryview):
        return found
    if not isinstance(found, np.ndarray):
        found = _as_array(found, dtype)
    if found.dtype.names is None:
        return _plain(found, dtype)
    if found.ndim != 1:
        shape = found.shape
        raise ValueError(f"found an array of the shape {shape}, expected one dimension: array.ravel()")
    if found.dtype == dtype:
        return np.asarray(found, order="C")
    if found.dtype.names != dtype.names:
        raise TypeError(
            f"found an array with the fields {_some(found.dtype.names)}, expected {_some(dtype.names)} in this "
            "order: array[[names in order]] picks and orders them"
        )
    records = np.empty(found.shape, dtype)
    for name in found.dtype.names:
        if found[name].shape != records[name].shape:
            shapes = found.dtype[name].shape, dtype[name].shape
            raise TypeError(f"field {name!r}: found values of the shape {shapes[0]}, expected {shapes[1]}")
        records[name] = _cast(found[name], dtype[name].base, name)
    return records


def _as_array(found: Any, dtype: np.dtype[Any]) -> Array:
    """A table of another library, or a list of plain numbers."""
    if isinstance(found, list | tuple) and dtype.names is not None and len(dtype.names) > 1:
        kind = type(found).__name__
        raise TypeError(
            f"found a {kind}, expected an array: np.array(rows, dtype=producer.dtype), or publish each"
        )
    is_table = isinstance(found, Mapping) or any(hasattr(found, word) for word in _TABLES)
    if is_table and (len(dtype.names or ()) != 1 or isinstance(found, Mapping)):
        raise TypeError(
            f"found a table ({type(found).__name__}), expected an array of {dtype}: "
            "array = np.empty(n, producer.dtype), and array[name] = table[name] for each column"
        )
    array = np.asarray(found)
    if array.dtype.kind == "O" or array.ndim == 0:
        raise TypeError(f"found {excerpt(found)}, expected an array of {dtype}")
    return array


# What tables of pandas, polars and Arrow have.
_TABLES = ("to_records", "to_struct", "to_arrow", "column_names")


def _plain(found: Array, dtype: np.dtype[Any]) -> Array:
    """Numbers for a ring of one field."""
    if dtype.names is None or len(dtype.names) != 1:
        if found.ndim == 2 and found.shape[1] == len(dtype.names or ()):
            instead = (
                "numpy.lib.recfunctions.unstructured_to_structured(array, producer.dtype) for a row each"
            )
        else:
            instead = "array.view(producer.dtype) if its bytes are that"
        raise TypeError(f"found an array of {found.dtype} without fields, expected one of {dtype}: {instead}")
    (name,) = dtype.names
    shape = dtype[name].shape
    if found.ndim != 1 + len(shape) or found.shape[1:] != shape:
        expected = ", ".join(("n", *map(str, shape)))
        raise ValueError(f"found an array of the shape {found.shape}, expected ({expected})")
    return _cast(found, dtype[name].base, name)


def _cast(value: Array, dtype: np.dtype[Any], name: str) -> Array:
    """The same values in another type and in one piece; floats may be rounded, and nothing else changes."""
    if value.dtype == dtype:
        return np.asarray(value, order="C")
    found = f"field {name!r}: found {value.dtype}, expected {dtype}"
    # Python's own integers are "i8" here, whatever their values: that these fit is seen below.
    is_integer = value.dtype.kind in "iu" and dtype.kind in "iu"
    is_time = value.dtype.kind == dtype.kind and dtype.kind in "mM"
    if dtype.kind in "SU" or value.dtype.kind in "SU":
        return _text(value, dtype, name)
    if not is_integer and not np.can_cast(value.dtype, dtype, "same_kind"):
        raise TypeError(f"{found}: convert it, array.astype({str(dtype)!r})")
    with np.errstate(all="ignore"):
        result = np.asarray(value, order="C").astype(dtype)
        if is_integer:
            is_same = bool((result == value).all())
        elif is_time:
            is_same = _is_same_time(result, value)
        elif value.dtype.kind == "f":
            is_same = bool((np.isfinite(result) == np.isfinite(value)).all())
        else:
            is_same = True
    if not is_same:
        raise OverflowError(f"{found}, which cannot hold all of the values")
    return result


def _text(value: Array, dtype: np.dtype[Any], name: str) -> Array:
    found = f"field {name!r}: found {value.dtype}, expected {dtype}"
    if dtype.kind != "S" or value.dtype.kind not in "SU":
        raise TypeError(found)
    encoded = np.char.encode(value, "utf-8") if value.dtype.kind == "U" else value
    if int(np.char.str_len(encoded).max(initial=0)) > dtype.itemsize:
        raise ValueError(f"{found}: some of the text is too long; shorten it, or make the field longer")
    return np.asarray(encoded.astype(dtype), order="C")


def _is_same_time(result: Array, value: Array) -> bool:
    # NumPy wraps around without a word; back in the unit of the value it shows.
    is_nat = np.isnat(value)
    back = result.astype(value.dtype)
    return bool(((back == value) | is_nat).all() and (np.isnat(result) == is_nat).all())


def _some(names: tuple[str, ...] | None) -> str:
    names = names or ()
    return ", ".join(map(repr, names[:8])) + (", ..." if len(names) > 8 else "")


def frame(found: Any) -> Array:
    """An array that is published as a frame: what was given if it lies in one piece, a copy otherwise."""
    array = np.asarray(found, order="C")
    _check_frame(array.dtype, array.shape)
    return array


def claim(shape: Any, dtype: Any) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape, dtype and bytes of an array that is claimed as a frame."""
    kind = np.dtype("u1" if dtype is None else dtype)
    sizes = (shape,) if hasattr(shape, "__index__") else tuple(shape)
    sizes = tuple(size.__index__() for size in sizes)
    if any(size < 0 for size in sizes):
        raise ValueError(f"found the shape {sizes}, expected no negative sizes")
    _check_frame(kind, sizes)
    nbytes = math.prod(sizes) * kind.itemsize
    if nbytes >= 1 << 63:
        raise ValueError(
            f"found the shape {sizes} of {kind}, {nbytes} bytes, expected what a memory can hold"
        )
    return sizes, kind, nbytes


def _check_frame(dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    if dtype.str[1:] not in _ELEMENTS or dtype.str.startswith(">"):
        instead = _INSTEAD.get(dtype.kind, "publish its bytes, array.tobytes()")
        if dtype.names is not None:
            instead = "publish its bytes, array.tobytes(), or its records, by a Producer"
        elif dtype.str.startswith(">"):
            instead = f"convert it, array.astype({dtype.newbyteorder('<').str!r})"
        raise TypeError(f"found an array of {dtype}, expected numbers or times in ns: {instead}")
    if not 1 <= len(shape) <= 4:
        raise ValueError(f"found an array of {len(shape)} dimensions, expected 1 to 4: array.reshape(...)")


_ELEMENTS = frozenset(["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8", "M8[ns]", "m8[ns]"])
# By the kind of the type.
_INSTEAD = {
    "b": "array.view('u1')",
    "f": "array.astype('f4')",
    "c": "array.view('f4') or array.view('f8'), real and imaginary parts by turns",
    "M": "array.astype('datetime64[ns]')",
    "m": "array.astype('timedelta64[ns]')",
    "U": "give the text itself",
    "T": "give the text itself",
}
