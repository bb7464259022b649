"""Schemas: NumPy's dtypes there and back, through what the ring itself makes of them."""

import json
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib import recfunctions

from pyringbuf._core import check_schema
from pyringbuf.schema import clocks_of, dtype_of, schema_of, units_of

REPOSITORY = Path(__file__).parents[2]
GOLDEN = REPOSITORY / "ringbuf-core/tests/golden"
CORPUS = sorted((REPOSITORY / "fuzz/corpus/schema").iterdir())

ELEMENTS = ["u1", "<u2", "<u4", "<u8", "i1", "<i2", "<i4", "<i8", "<f4", "<f8", "<M8[ns]", "<m8[ns]"]
elements = st.sampled_from(ELEMENTS) | st.integers(1, 40).map(lambda n: f"S{n}")
shapes = st.lists(st.integers(1, 4), max_size=4).map(tuple)
# No brackets: "a[0]" is also an element of an array "a".
names = st.text(st.characters(exclude_categories=["C"], exclude_characters="[]"), min_size=1, max_size=20)


@st.composite
def records(draw: st.DrawFn) -> np.dtype[np.void]:
    """Any dtype of packed fields, in any order."""
    fields = draw(st.lists(st.tuples(elements, shapes), min_size=1, max_size=8))
    offset = 0
    placed = []
    for name, spec in zip(draw(st.lists(names, min_size=len(fields), unique=True)), fields, strict=False):
        placed.append((name, spec, offset))
        offset += np.dtype(spec).itemsize
    placed = draw(st.permutations(placed))
    return np.dtype(
        {
            "names": [name for name, _, _ in placed],
            "formats": [spec for _, spec, _ in placed],
            "offsets": [offset for _, _, offset in placed],
            "itemsize": offset,
        }
    )


def can_be_time(dtype: np.dtype[Any], name: str, clock: str) -> bool:
    field = dtype[name]
    return field.shape == () and field.kind != "S" and (field.kind != "M" or clock == "unix")


def assert_same(found: np.dtype[Any], expected: np.dtype[Any]) -> None:
    """As equal as dtypes can be."""
    assert found == expected
    assert (found.names, found.itemsize) == (expected.names, expected.itemsize)
    for name in expected.names or ():
        assert found.fields[name] == expected.fields[name]
        assert found[name].shape == expected[name].shape


def assert_helps(error: Exception) -> None:
    """What was found, what was expected, what to do."""
    message = str(error)
    assert type(error) in (TypeError, ValueError), repr(error)
    assert "expected" in message, message
    assert ";" in message, message


@given(records(), st.data())
def test_what_a_ring_can_have_comes_back_exactly(dtype: np.dtype[np.void], data: st.DataObject) -> None:
    field = st.sampled_from(dtype.names)
    text = st.text(st.characters(exclude_categories=["C"]), max_size=20)
    units = data.draw(st.dictionaries(field, text, max_size=3))
    clocks = data.draw(
        st.dictionaries(field, st.sampled_from(["unix", "monotonic", "recording"]), max_size=3)
    )
    clocks = {name: clock for name, clock in clocks.items() if can_be_time(dtype, name, clock)}
    schema = schema_of(dtype, units, clocks)
    assert_same(dtype_of(schema), dtype)
    assert units_of(schema) == units
    assert clocks_of(schema) == clocks
    # The other way round: what the ring wrote, said by NumPy, is to the byte what the ring wrote.
    assert schema_of(dtype_of(schema), units_of(schema), clocks_of(schema)) == schema
    assert check_schema(schema.encode()) == schema
    # What everybody else does with it: see docs/FORMAT.md.
    assert_same(np.dtype(json.loads(schema)["dtype"]), dtype)


@given(records(), st.data())
def test_the_bytes_of_a_record_mean_the_same(dtype: np.dtype[np.void], data: st.DataObject) -> None:
    record = np.frombuffer(data.draw(st.binary(min_size=dtype.itemsize, max_size=dtype.itemsize)), dtype)
    again = record.view(dtype_of(schema_of(dtype)))
    for name in dtype.names or ():
        assert record[name].tobytes() == again[name].tobytes()
        assert record[name].dtype == again[name].dtype
        assert record[name].shape == again[name].shape


@settings(max_examples=200)
@given(hnp.nested_dtypes(max_itemsize=1000) | hnp.scalar_dtypes() | hnp.array_dtypes(hnp.scalar_dtypes()))
def test_any_dtype_is_refused_or_comes_back_exactly(dtype: np.dtype[Any]) -> None:
    refused_or_same(dtype)


@given(records(), st.data())
def test_misplaced_fields_are_refused_or_come_back_exactly(
    dtype: np.dtype[np.void], data: st.DataObject
) -> None:
    fields = dtype.fields or {}
    moved = [max(0, place[1] + data.draw(st.sampled_from([0, 0, 0, 1, -1, 8]))) for place in fields.values()]
    end = max(offset + field.itemsize for offset, (field, *_) in zip(moved, fields.values(), strict=True))
    formats = [place[0] for place in fields.values()]
    misplaced = {"names": list(fields), "formats": formats, "offsets": moved}
    refused_or_same(np.dtype(misplaced | {"itemsize": end + data.draw(st.sampled_from([0, 0, 0, 1]))}))


def refused_or_same(dtype: np.dtype[Any]) -> None:
    try:
        schema = schema_of(dtype)
    except (TypeError, ValueError) as error:
        assert_helps(error)
        return
    expected = dtype if dtype.names else np.dtype([("value", dtype)])
    assert_same(dtype_of(schema), expected)
    covered = sorted((offset, offset + field.itemsize) for field, offset in (expected.fields or {}).values())
    assert [begin for begin, _ in covered] == [0, *(end for _, end in covered[:-1])]
    assert covered[-1][1] == dtype.itemsize


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name[:8])
def test_what_a_fuzzer_found_is_refused_or_comes_back_exactly(path: Path) -> None:
    text = path.read_bytes()
    try:
        schema = check_schema(text)
    except ValueError as error:
        assert_helps(error)
        for read in (dtype_of, units_of, clocks_of):
            with pytest.raises(ValueError, match="expected"):
                read(text)
        return
    assert schema_of(dtype_of(text), units_of(text), clocks_of(text)) == schema


def test_the_corpus_has_both() -> None:
    good = 0
    for path in CORPUS:
        try:
            check_schema(path.read_bytes())
        except ValueError:
            continue
        good += 1
    assert 5 < good < len(CORPUS) - 5


def golden(name: str) -> tuple[str, bytes]:
    """Schema and data of a ring that a program of another language wrote."""
    ring = (GOLDEN / name).read_bytes()
    (schema_len,) = struct.unpack_from("<Q", ring, 136)
    return ring[8192 : 8192 + schema_len].decode(), ring[65536:]


def test_a_ring_of_records_written_long_ago() -> None:
    schema, data = golden("small.ring")
    expected = np.dtype([("t_ns", "<u8"), ("accel", "<f4", (3,)), ("flags", "<u2"), ("count", "u1", (2,))])
    assert_same(dtype_of(schema), expected)
    assert units_of(schema) == {"t_ns": "ns", "accel": "m/s2"}
    assert clocks_of(schema) == {"t_ns": "unix"}
    assert schema_of(expected, {"t_ns": "ns", "accel": "m/s2"}, {"t_ns": "unix"}) == schema
    cells = np.frombuffer(data, dtype_of(schema), 8)
    for sequence in range(8, 13):
        record = cells[sequence % 8]
        assert record["t_ns"] == 1_700_000_000_000_000_000 + sequence
        assert record["accel"].tolist() == [sequence, -sequence, sequence / 4]
        assert record["flags"] == 0x100 + sequence
        assert record["count"].tolist() == [sequence, 7]


def test_a_ring_of_frames_written_long_ago() -> None:
    schema, data = golden("frames.ring")
    assert dtype_of(schema).itemsize == 64
    assert units_of(schema) == {"start": "B", "len": "B"}
    assert schema_of(dtype_of(schema), units_of(schema), clocks_of(schema)) == schema
    descriptors = np.frombuffer(data, dtype_of(schema), 4)
    assert (descriptors["start"] % 64 == 0).all()
    assert (descriptors["ndim"] <= 4).all()


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("f8", [("value", "<f8")]),
        (("f4", (3,)), [("value", "<f4", (3,))]),
        (("S5", (2, 3)), [("value", "S5", (2, 3))]),
        (float, [("value", "<f8")]),
        (np.int64, [("value", "<i8")]),
        (np.longlong, [("value", "<i8")]),
        ("M8[ns]", [("value", "<M8[ns]")]),
        ("u1,f4", [("f0", "u1"), ("f1", "<f4")]),
        (("f4", (1,)), [("value", "<f4", (1,))]),
    ],
)
def test_anything_that_numpy_takes(plain: Any, expected: Any) -> None:
    assert_same(dtype_of(schema_of(plain)), np.dtype(expected))


def test_what_makes_no_difference_to_numpy_makes_none_here() -> None:
    plain = np.dtype([("a", "<f4"), ("b", "<i4")])
    aligned = np.dtype([("a", "<f4"), ("b", "<i4")], align=True)
    record = np.dtype((np.record, [("a", "<f4"), ("b", "<i4")]))
    told = np.dtype([("a", np.dtype("<f4", metadata={"from": "h5py"})), ("b", "<i4")])
    for same in (aligned, record, told):
        assert same == plain
        assert schema_of(same) == schema_of(plain)


REFUSED: list[tuple[Any, type[Exception], str, str]] = [
    (bool, TypeError, "is bool", "use u1"),
    ([("on", "?", (2,))], TypeError, "the field 'on' is bool", "use u1"),
    ("f2", TypeError, "float16", "use f4 or f8"),
    ("g", TypeError, "float128", "use f4 or f8"),
    ("c8", TypeError, "complex64", "real and imaginary part"),
    (">c8", TypeError, "c8", "real and imaginary part"),
    ("U4", TypeError, "<U4", "np.char.encode"),
    ("O", TypeError, "object", "use numbers"),
    (dict, TypeError, "object", "use numbers"),
    (">f8", TypeError, "big-endian (>f8)", "newbyteorder('<')"),
    ([("x", ">i4", (2,))], TypeError, "the field 'x' is big-endian (>i4)", "newbyteorder('<')"),
    (">M8[ns]", TypeError, "big-endian (>M8[ns])", "newbyteorder('<')"),
    ("M8[us]", TypeError, "datetime64[us]", "astype('datetime64[ns]')"),
    ("M8", TypeError, "datetime64", "astype('datetime64[ns]')"),
    ("M8[10ns]", TypeError, "datetime64[10ns]", "astype('datetime64[ns]')"),
    ("m8[s]", TypeError, "timedelta64[s]", "astype('timedelta64[ns]')"),
    ("V8", TypeError, "V8", "('u1', (16,))"),
    ("S", TypeError, "S0", "S16"),
    ([("a", [("x", "f4"), ("y", "f4")])], TypeError, "('x', 'y')", "a_x, a_y"),
    ([("a", [("x", "f4")], (3,))], TypeError, "the field 'a' is a record", "flatten"),
    ((("f4", (3,)), (2,)), TypeError, "an array of arrays", "shape (2, 3)"),
    ([(("long name", "a"), "f4")], ValueError, "the title 'long name'", "leave the title off"),
    ({"names": ["a", "b"], "formats": ["f4", "f4"], "offsets": [0, 2]}, ValueError, 'inside "a"', "correct"),
    ([], ValueError, "0 fields", "expected 1 to 1024"),
    ([(str(i), "u1") for i in range(1025)], ValueError, "1025 fields", "into arrays"),
    (("f4", (0,)), ValueError, "f32[0]", "change its shape"),
    (("f4", (1, 1, 1, 1, 2)), ValueError, "f32[1][1][1][1][2]", "at most 4 dimensions"),
    ([("a", "u1", (1 << 30,)), ("b", "u1")], ValueError, "1073741825", "several rings"),
    ([("a\n", "f4")], ValueError, "a\\n", "rename"),
    ([("x" * 256, "f4")], ValueError, "too long", "rename"),
    ([("\ud800", "f4")], ValueError, "'\\ud800'", "remove it"),
    ([("a", "u1", (2,)), ("a[1]", "u1")], ValueError, '"a[1]" stands for two', "rename"),
    (None, TypeError, "None", "for example [("),
    ("foo", TypeError, "foo", "for example [("),
    ("(3,f4", TypeError, "not one to NumPy", "for example [("),
    (
        {"names": ["a"], "formats": ["f4"], "offsets": [1 << 70]},
        TypeError,
        "not one to NumPy",
        "for example [(",
    ),
    (3, TypeError, "3", "for example [("),
]


@pytest.mark.parametrize(("dtype", "kind", "found", "advice"), REFUSED, ids=lambda value: str(value)[:20])
def test_refusals_say_what_to_do(dtype: Any, kind: type[Exception], found: str, advice: str) -> None:
    with pytest.raises(kind) as error:
        schema_of(dtype)
    assert_helps(error.value)
    assert found in str(error.value)
    assert advice in str(error.value)


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy 1 has no text of any length")
def test_text_of_any_length_is_refused() -> None:
    with pytest.raises(TypeError, match=r"StringDType.*use S"):
        schema_of("T")


def test_the_advice_about_padding_works() -> None:
    aligned = np.zeros(3, np.dtype([("a", "u1"), ("b", "f8")], align=True))
    with pytest.raises(ValueError, match=r"bytes 1 to 7 .*repack_fields\(array\)"):
        schema_of(aligned.dtype)
    assert schema_of(recfunctions.repack_fields(aligned).dtype) == schema_of([("a", "u1"), ("b", "f8")])
    some = np.zeros(3, "f4,f4,f4")[["f0", "f2"]]
    with pytest.raises(ValueError, match=r"bytes 4 to 7 .*repack_fields\(array\)"):
        schema_of(some.dtype)
    assert schema_of(recfunctions.repack_fields(some).dtype) == schema_of([("f0", "f4"), ("f2", "f4")])
    # Behind the last field.
    with pytest.raises(ValueError, match=r"bytes 4 to 7 .*repack_fields\(array\)"):
        schema_of({"names": ["a"], "formats": ["f4"], "itemsize": 8})


def test_the_other_advice_works() -> None:
    for array, better in [
        (big := np.array([(1, 2.5)], [("a", ">u2"), ("b", ">f8")]), big.astype(big.dtype.newbyteorder("<"))),
        (on := np.array([True, False]), on.astype("u1")),
        (half := np.array([0.5], "f2"), half.astype("f8")),
        (times := np.array(["2026-01-01"], "M8[D]"), times.astype("datetime64[ns]")),
        (words := np.array(["µ", "abc"]), np.char.encode(words, "utf-8")),
    ]:
        with pytest.raises(TypeError):
            schema_of(array.dtype)
        schema_of(better.dtype)
        assert array.shape == better.shape


@pytest.mark.parametrize(
    ("arguments", "kind", "found"),
    [
        ({"units": {"y": "V"}}, ValueError, "units names 'y', expected fields of the dtype ('t', 'x')"),
        ({"clocks": {"y": "unix"}}, ValueError, "clocks names 'y'"),
        ({"units": "V"}, TypeError, "units is 'V', expected a dict"),
        ({"clocks": "unix"}, TypeError, "clocks is 'unix', expected a dict"),
        ({"clocks": {"t": "gps"}}, ValueError, "'gps', expected one of 'unix', 'monotonic', 'recording'"),
        ({"clocks": {"t": "Unix"}}, ValueError, "'Unix'"),
        ({"clocks": {"t": ["unix"]}}, ValueError, "['unix']"),
        ({"clocks": {"x": "unix"}}, ValueError, "expected one number"),
        ({"clocks": {"t": "recording"}}, ValueError, "the unix clock for dates"),
        ({"units": {"x": 3}}, TypeError, "the unit of 'x' is 3"),
        ({"units": {"x": "a\nb"}}, ValueError, "a\\nb"),
        ({"units": {"x": "V" * 256}}, ValueError, "too long"),
        ({"units": {"x": "\udc80"}}, ValueError, "'\\udc80'"),
    ],
)
def test_meanings_that_are_refused(arguments: dict[str, Any], kind: type[Exception], found: str) -> None:
    with pytest.raises(kind) as error:
        schema_of([("t", "M8[ns]"), ("x", "f4", (2,))], **arguments)
    assert found in str(error.value)
    assert "expected" in str(error.value)


def test_no_unit_is_not_an_empty_unit() -> None:
    assert units_of(schema_of("f4")) == {}
    assert units_of(schema_of("f4", {})) == {}
    assert units_of(schema_of("f4", {"value": ""})) == {"value": ""}


def test_the_largest_schema() -> None:
    fields = [(f"{i:04}" + '"' * 251, "u8") for i in range(1024)]
    schema = schema_of(fields, {name: "\\" * 255 for name, _ in fields})
    assert_same(dtype_of(schema), np.dtype(fields))
    assert_same(dtype_of(schema_of(("u1", (1 << 30,)))), np.dtype([("value", "u1", (1 << 30,))]))


def test_numpy_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for shape in [(), (1,), (1, 1), (2, 3)]:
            assert_same(dtype_of(schema_of(("f4", shape))), np.dtype([("value", "f4", shape)]))


@pytest.mark.parametrize("schema", ["", "{}", "null", b"\xff", "\udc80", "[" * 10_000])
def test_what_is_no_schema_is_refused(schema: str | bytes) -> None:
    for read in (dtype_of, units_of, clocks_of):
        with pytest.raises(ValueError, match="expected"):
            read(schema)
