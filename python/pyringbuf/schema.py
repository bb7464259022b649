"""What a record consists of: NumPy dtypes, and the JSON in which the file of a ring says the same.

    >>> import numpy as np
    >>> imu = np.dtype([("t_ns", "u8"), ("accel", "f4", (3,)), ("label", "S8")])
    >>> text = schema_of(imu, units={"accel": "m/s2"}, clocks={"t_ns": "unix"})
    >>> dtype_of(text) == imu
    True
    >>> units_of(text), clocks_of(text)
    ({'accel': 'm/s2'}, {'t_ns': 'unix'})

A field is a number (``u1 u2 u4 u8 i1 i2 i4 i8 f4 f8``), text (``S16``: bytes of UTF-8, filled up with NULs),
or a time (``datetime64[ns]``, ``timedelta64[ns]``); or an array of these of up to 4 dimensions. Everything is
little-endian, and every byte of a record belongs to one field. Anything else is refused, with what to do
instead.
"""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.typing import DTypeLike

from ._core import check_schema

__all__ = ["clocks_of", "dtype_of", "schema_of", "units_of"]

_CLOCKS: Final = ("unix", "monotonic", "recording")
# Whatever the order of their bytes.
_KNOWN: Final = frozenset(["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8", "M8[ns]", "m8[ns]"])
# As the module `struct` writes them.
_CODES: Final = {
    "u1": "B",
    "i1": "b",
    "u2": "<H",
    "i2": "<h",
    "u4": "<I",
    "i4": "<i",
    "u8": "<Q",
    "i8": "<q",
    "f4": "<f",
    "f8": "<d",
}
# By the kind of the type. Half and long double are the floats that are left.
_INSTEAD: Final = {
    "b": "use u1: array.astype('u1')",
    "f": "use f4 or f8: array.astype('f8')",
    "c": "use an array of two, real and imaginary part: ('f8', (2,))",
    "U": "use S, bytes of UTF-8, with the bytes of the longest: np.char.encode(array, 'utf-8')",
    "T": "use S, bytes of UTF-8, with the bytes of the longest, such as S16",
    "M": "use datetime64[ns]: array.astype('datetime64[ns]')",
    "m": "use timedelta64[ns]: array.astype('timedelta64[ns]')",
    "O": "an object is nothing to another process: use numbers, text (S16) or times (datetime64[ns])",
    "S": "say how many bytes there are at most, such as S16",
    "V": "use an array of bytes, such as ('u1', (16,))",
}


def schema_of(
    dtype: DTypeLike, units: Mapping[str, str] | None = None, clocks: Mapping[str, str] | None = None
) -> str:
    """The JSON that the file of a ring holds for records of `dtype`, which is anything that `np.dtype` takes.

    `units` says in what unit a field is. `clocks` says of a field that it is the time of its record, and what
    it counts from: "unix", "monotonic" (this machine started) or "recording" (the recording began).

    A dtype without fields is that of one field, "value":

    >>> schema_of("f8", units={"value": "V"})
    '{"dtype":{"names":["value"],"formats":["<f8"],"offsets":[0],"itemsize":8},"fields":{"value":{"unit":"V"}}}'

    Metadata of a dtype are for the program that attached them, as in NumPy: two dtypes that differ in nothing
    else are equal, and have the same schema.

    Raises TypeError for a type that a record cannot hold, ValueError for fields that do not make a record.

    >>> schema_of([("on", "?")])
    Traceback (most recent call last):
    TypeError: the field 'on' is bool, expected a number, text (S) or a time in ns; use u1: array.astype('u1')
    """
    described = _dtype(dtype)
    if described.names is None:
        described = np.dtype({"names": ["value"], "formats": [described]})
        _refuse_element("the dtype", described["value"])
    names = list(described.names or ())
    fields = [_field(described, name) for name in names]
    _refuse_padding(described.itemsize, fields)
    document = {
        "dtype": {
            "names": names,
            "formats": [_format(field) for field, _ in fields],
            "offsets": [offset for _, offset in fields],
            "itemsize": described.itemsize,
        },
        "fields": _meanings(names, units, clocks),
    }
    # What does not depend on NumPy is checked where it is checked for all.
    return check_schema(_utf8(json.dumps(document, ensure_ascii=False)))


def dtype_of(schema: str | bytes) -> np.dtype[np.void]:
    """The dtype of the records of a ring with this schema.

    >>> dtype_of('{"dtype":{"names":["x"],"formats":["(2,)<f4"],"offsets":[0],"itemsize":8}}')
    dtype([('x', '<f4', (2,))])

    Raises ValueError if the text is no schema.
    """
    described: np.dtype[np.void] = np.dtype(_document(schema)["dtype"])
    return described


def units_of(schema: str | bytes) -> dict[str, str]:
    """The units of the fields that have one.

    >>> units_of(schema_of([("t", "f8"), ("u", "f4")], units={"u": "V"}))
    {'u': 'V'}

    Raises ValueError if the text is no schema.
    """
    return dict(_told(schema, "unit"))


def clocks_of(schema: str | bytes) -> dict[str, str]:
    """The clocks of the fields that are times.

    >>> clocks_of(schema_of([("t", "datetime64[ns]"), ("u", "f4")], clocks={"t": "unix"}))
    {'t': 'unix'}

    Raises ValueError if the text is no schema.
    """
    return dict(_told(schema, "time"))


class Described:
    """What has a schema that says what its records consist of."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def schema(self) -> str: ...

    @property
    def units(self) -> Mapping[str, str]:
        """What the fields are measured in, of those that say so."""
        return MappingProxyType(units_of(self.schema))

    @property
    def clocks(self) -> Mapping[str, str]:
        """The fields that are the time of a record, and on which clock."""
        return MappingProxyType(clocks_of(self.schema))


def _document(schema: str | bytes) -> dict[str, Any]:
    text = schema if isinstance(schema, bytes) else _utf8(schema)
    return cast(dict[str, Any], json.loads(check_schema(text)))


def _told(schema: str | bytes, what: str) -> Iterator[tuple[str, str]]:
    document = _document(schema)
    meanings = document["fields"]
    for name in document["dtype"]["names"]:
        if what in meanings.get(name, ()):
            yield name, meanings[name][what]


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        wrong = text[error.start : error.end]
        raise ValueError(
            f"a name or unit has {wrong!r} in it, expected text that can be written as UTF-8; remove it"
        ) from None


def _dtype(dtype: DTypeLike) -> np.dtype[Any]:
    expected = "expected what a record consists of; say for example [('t', 'u8'), ('x', 'f4')]"
    # To NumPy nothing is a float.
    if dtype is None:
        raise TypeError(f"the dtype is None, {expected}")
    try:
        return np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError, OverflowError) as error:
        raise TypeError(f"the dtype is not one to NumPy ({error}), {expected}") from error


def _field(record: np.dtype[Any], name: str) -> tuple[np.dtype[Any], int]:
    """Type and offset of a field that a ring can have."""
    field, offset, *title = record.fields[name]  # type: ignore[index]
    where = f"the field {name!r}"
    if title:
        raise ValueError(f"{where} has the title {title[0]!r}, expected a name alone; leave the title off")
    _refuse_element(where, field)
    return field, offset


def _refuse_element(where: str, field: np.dtype[Any]) -> None:
    element = field.base
    if element.subdtype is not None:
        shape = field.shape
        while element.subdtype is not None:
            element, inner = element.subdtype
            shape += inner
        raise TypeError(f"{where} is an array of arrays, expected one array; give it the shape {shape}")
    if element.names is not None:
        parts = ", ".join(f"'{part}'" for part in element.names[:3])
        raise TypeError(
            f"{where} is a record of its own ({parts}), expected a number, text or a time; flatten it: name "
            "the fields a_x, a_y where now x and y are fields of a"
        )
    is_text = element.kind == "S" and element.itemsize > 0
    if element.str[1:] not in _KNOWN and not is_text:
        instead = _INSTEAD.get(element.kind, "use another type")
        raise TypeError(f"{where} is {element}, expected a number, text (S) or a time in ns; {instead}")
    if element.str.startswith(">"):
        raise TypeError(
            f"{where} is big-endian ({element.str}), expected little-endian; convert the array: "
            "array.astype(array.dtype.newbyteorder('<'))"
        )


def _refuse_padding(size: int, fields: list[tuple[np.dtype[Any], int]]) -> None:
    """Fields that overlap are left to `check_schema`."""
    end = 0
    places = sorted((offset, offset + field.itemsize) for field, offset in fields)
    for begin, behind in [*places, (size, size)]:
        if begin > end:
            raise ValueError(
                f"bytes {end} to {begin - 1} of the record belong to no field, expected no padding; leave "
                "off align=True, or pack dtype and array: numpy.lib.recfunctions.repack_fields(array)"
            )
        end = max(end, behind)


def _format(field: np.dtype[Any]) -> str:
    shape = ",".join(map(str, field.shape))
    return f"({shape}){field.base.str}" if shape else field.base.str


def _meanings(
    names: list[str], units: Mapping[str, str] | None, clocks: Mapping[str, str] | None
) -> dict[str, dict[str, str]]:
    meanings: dict[str, dict[str, str]] = {}
    for argument, key, given in (("units", "unit", units), ("clocks", "time", clocks)):
        for name, value in _given(argument, given).items():
            if name not in names:
                known = _some(names)
                raise ValueError(
                    f"{argument} names {name!r}, expected fields of the dtype ({known}); correct it"
                )
            if key == "time" and value not in _CLOCKS:
                raise ValueError(
                    f"the clock of {name!r} is {value!r}, expected one of {_some(_CLOCKS)}; correct it"
                )
            if not isinstance(value, str):
                raise TypeError(f"the unit of {name!r} is {value!r}, expected text such as 'm/s2'")
            meanings.setdefault(name, {})[key] = value
    return meanings


def _given(argument: str, given: Mapping[str, str] | None) -> Mapping[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        example = "{'accel': 'm/s2'}" if argument == "units" else "{'t': 'unix'}"
        raise TypeError(f"{argument} is {given!r}, expected a dict by the names of fields such as {example}")
    return given


def _some(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(map(repr, names[:10])) + (", ..." if len(names) > 10 else "")


def format_of(dtype: np.dtype[Any]) -> str | None:
    """How the buffer protocol says what a record consists of; None where it cannot, because it knows no times.

    >>> format_of(np.dtype([("n", "<u4"), ("x", "<f8", (3,)), ("label", "S8")]))
    'T{<I:n:(3)<d:x:8s:label:}'
    """
    fields: Mapping[str, Any] = dtype.fields or {}
    described = [(name, *fields[name][:2]) for name in dtype.names or ()]
    if described != sorted(described, key=lambda field: field[2]):
        return None
    parts = []
    for name, field, _ in described:
        base = field.base
        code = f"{base.itemsize}s" if base.kind == "S" else _CODES.get(base.str[1:])
        if code is None or ":" in name:
            return None
        shape = f"({','.join(map(str, field.shape))})" if field.shape else ""
        parts.append(f"{shape}{code}:{name}:")
    return "T{" + "".join(parts) + "}"


def columns_of(records: np.ndarray[Any, np.dtype[Any]]) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
    """The columns of a structured array by name; of an array in a record one for each of its values.

    >>> columns_of(np.zeros(2, [("t", "u8"), ("accel", "f4", (2,))]))
    {'t': array([0, 0], dtype=uint64), 'accel[0]': array([0., 0.], dtype=float32), 'accel[1]': array([0., 0.], dtype=float32)}
    """
    columns = {}
    for name in records.dtype.names or ():
        column = records[name]
        for index in np.ndindex(column.shape[1:]):
            label = name + "".join(f"[{i}]" for i in index)
            columns[label] = column[(slice(None), *index)]
    return columns
