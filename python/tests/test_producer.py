"""Producers: what is published arrives as it is, or is refused by name; nobody is held up for nothing."""

import copy
import datetime
import gc
import math
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pyringbuf as rb

ROW = [
    ("t", "datetime64[ns]"),
    ("n", "i2"),
    ("x", "f4"),
    ("label", "S6"),
    ("xy", "f8", (2,)),
    ("m", "u1", (2, 3)),
]
VALUES = (np.datetime64(5, "ns"), -3, 2.5, "käse", (1.0, 2.0), ((1, 2, 3), (4, 5, 6)))


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RINGBUF_DIR", str(tmp_path / "rings"))
    return tmp_path / "rings"


@pytest.fixture
def rows() -> Iterator[rb.Producer]:
    with rb.Producer.create("rows", ROW, 100) as producer:
        yield producer


def kept(producer: rb.Producer) -> np.ndarray[Any, Any]:
    """What the ring keeps, read by a reader of its own."""
    with rb.Reader.attach(producer.path, start="oldest") as reader:
        out = np.zeros(producer.capacity, producer.dtype)
        count = 0
        while count < min(producer.published, producer.capacity):
            count += reader.read_into(out[count:], timeout=10)
        return out[:count]


def take(reader: rb.Reader, count: int) -> list[int]:
    """Reads exactly so many."""
    out = np.zeros(count, reader.dtype)
    done = 0
    while done < count:
        done += reader.read_into(out[done:], timeout=10)
    return [int(value) for value in out["value"]]


def full(name: str, dtype: Any = "u4", capacity: int = 4, **choices: Any) -> tuple[rb.Producer, rb.Reader]:
    """A ring without room, and the reader in the way."""
    producer = rb.Producer.create(name, dtype, capacity, **choices)
    reader = rb.Reader.attach(name, "lossless", reader_name="slow")
    assert producer.publish_batch(np.zeros(capacity, producer.dtype)) == capacity
    return producer, reader


def run(script: str, *arguments: str, **choices: Any) -> subprocess.CompletedProcess[str]:
    """Another interpreter."""
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **choices)


# Rows.


def test_every_kind_of_row_arrives_as_the_same_record(rows: rb.Producer) -> None:
    label = VALUES[3].encode()
    record = np.array([(*VALUES[:3], label, *VALUES[4:])], rows.dtype)
    names = rows.dtype.names
    assert names is not None
    every: list[Any] = [
        VALUES,
        list(VALUES),
        namedtuple("Row", names)(*VALUES),  # noqa: PYI024
        dict(zip(names, VALUES, strict=True)),
        dict(reversed(list(zip(names, VALUES, strict=True)))),
        record[0],
        record[0].tobytes(),
        record.reshape(()),
        record.view(np.recarray)[0],
        (5, np.int64(-3), np.float64(2.5), label, np.array([1.0, 2.0]), np.arange(1, 7).reshape(2, 3)),
        (5, np.int8(-3), np.float32(2.5), np.bytes_(label), [1, 2], [b"\1\2\3", bytearray(b"\4\5\6")]),
        (datetime.datetime(1970, 1, 1), -3, 2.5, label, np.arange(1, 5)[::2] * 1.0, [[1, 2, 3], (4, 5, 6)]),
    ]
    for sequence, row in enumerate(every):
        assert rows.publish(row) == sequence
    assert rows.published == len(every)
    found = kept(rows)
    for row, arrived in zip(every[:-3], found[:-3], strict=True):
        assert arrived == record[0], row
    times = found["t"].view("i8")
    assert list(times) == [5] * (len(every) - 1) + [0]
    for name in names[1:4]:
        assert (found[name] == record[name]).all(), name
    assert found["xy"].tolist() == [[1, 2]] * (len(every) - 1) + [[1, 3]]
    assert (found["m"] == np.arange(1, 7).reshape(2, 3)).all()


@pytest.mark.parametrize(
    ("field", "value", "error", "words"),
    [
        ("n", 1.0, TypeError, ["1.0 (float)", "an integer (i16)"]),
        ("n", np.float64(1), TypeError, ["float64", "an integer"]),
        ("n", "1", TypeError, ["'1' (str)"]),
        ("n", None, TypeError, ["None"]),
        ("n", 40_000, OverflowError, ["40000", "-32768 to 32767"]),
        ("n", -(1 << 70), OverflowError, ["-32768 to 32767"]),
        ("n", np.timedelta64(1, "s"), TypeError, ["timedelta64"]),
        ("x", 1e300, OverflowError, ["1e+300", "3.40"]),
        ("x", 10**400, OverflowError, ["(int)"]),
        ("x", "1.0", TypeError, ["'1.0' (str)", "a number (f32)"]),
        ("x", 1j, TypeError, ["1j (complex)"]),
        ("label", "sieben!", ValueError, ["7 bytes", "at most 6"]),
        ("label", "ßßßß", ValueError, ["8 bytes", "at most 6"]),
        ("label", 7, TypeError, ["7 (int)", "text"]),
        ("label", "\udc80", TypeError, ["text"]),
        ("xy", (1.0,), ValueError, ["1 values", "expected 2"]),
        ("xy", 1.0, ValueError, ["shape ()", "(2,)"]),
        ("xy", np.zeros(3), ValueError, ["shape (3,)", "(2,)"]),
        ("xy", np.zeros((1, 2)), ValueError, ["shape (1, 2)"]),
        ("xy", (1.0, "a"), TypeError, ["'a' (str)"]),
        ("xy", np.array(["a", "b"]), TypeError, ["<U1"]),
        ("xy", np.array([1j, 0]), TypeError, ["complex128", "float64"]),
        ("m", np.full((2, 3), 256), OverflowError, ["int64", "uint8"]),
        ("m", np.full((2, 3), -1), OverflowError, ["int64", "uint8"]),
        ("m", np.full((2, 3), 1.0), TypeError, ["float64", "uint8"]),
        ("m", ((1, 2, 3), (4, 5, 256)), OverflowError, ["256", "0 to 255"]),
        ("t", 1.5, TypeError, ["1.5 (float)", "nanoseconds"]),
        ("t", None, TypeError, ["None"]),
        ("t", "2026-01-01", TypeError, ["2026-01-01"]),
        ("t", np.timedelta64(1, "s"), TypeError, ["timedelta64"]),
        ("t", np.datetime64("3000-01-01"), OverflowError, ["cannot hold"]),
        ("t", np.datetime64(1, "ps"), OverflowError, ["cannot hold"]),
        ("t", 1 << 63, OverflowError, ["9223372036854775808"]),
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_the_field(
    rows: rb.Producer, field: str, value: Any, error: type[Exception], words: list[str]
) -> None:
    row = dict(zip(rows.dtype.names or (), VALUES, strict=True))
    row[field] = value
    for same in (row, tuple(row.values())):
        with pytest.raises(error) as caught:
            rows.publish(same)
        for word in (repr(field).strip("'"), *words):
            assert word in str(caught.value)
    assert rows.published == 0


@pytest.mark.parametrize(
    ("row", "error", "words"),
    [
        ((), ValueError, ["0 values", "expected 6: t, n"]),
        (VALUES[:5], ValueError, ["5 values", "expected 6: t, n"]),
        ((*VALUES, 1), ValueError, ["7 values", "expected 6"]),
        ({"t": 1}, ValueError, ['no field "n"']),
        ({"t": 1, "N": 2}, ValueError, ['no field "n"', "'N'"]),
        (
            {**dict(zip([name for name, *_ in ROW], VALUES, strict=True)), "more": 1},
            ValueError,
            ["an unknown field 'more'"],
        ),
        (b"short", ValueError, ["5 bytes", "expected 42, one record"]),
        (bytes(84), ValueError, ["84 bytes", "publish_batch"]),
        (None, TypeError, ["None", "t, n, x"]),
        (5, TypeError, ["5 (int)"]),
        ("text", TypeError, ["'text' (str)"]),
        (np.zeros((2, 2)), TypeError, ["(2, 2)"]),
        (np.zeros(2, ROW), ValueError, ["84 bytes", "publish_batch"]),
        (np.zeros((), [("t", "i8"), ("z", "i8")]), ValueError, ['no field "n"', "'z'"]),
    ],
)
def test_what_is_no_row_is_refused(
    rows: rb.Producer, row: Any, error: type[Exception], words: list[str]
) -> None:
    with pytest.raises(error) as caught:
        rows.publish(row)
    for word in words:
        assert word in str(caught.value)
    assert rows.published == 0


def test_a_record_of_another_dtype_is_taken_by_its_names_and_never_by_place() -> None:
    with rb.Producer.create("swapped", [("a", "u1"), ("b", "u1")], 8) as producer:
        other = np.array((2, 1), [("b", "i8"), ("a", "u2")])
        producer.publish(other[()])
        assert kept(producer).tolist() == [(1, 2)]
        other["a"] = 300
        with pytest.raises(OverflowError, match=r'field "a": found .*300'):
            producer.publish(other[()])


INTEGERS = {"u1": 255, "u2": 2**16 - 1, "u4": 2**32 - 1, "u8": 2**64 - 1}
INTEGERS |= {f"i{size}": 2 ** (8 * size - 1) - 1 for size in (1, 2, 4, 8)}


@given(data=st.data(), kind=st.sampled_from([*INTEGERS, "f4", "f8", "S5"]))
def test_a_value_arrives_exactly_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str
) -> None:
    values: st.SearchStrategy[Any] = st.one_of(
        st.integers(-(2**65), 2**65), st.floats(), st.text(max_size=6), st.binary(max_size=6), st.booleans()
    )
    if kind in INTEGERS:
        edges = [INTEGERS[kind], INTEGERS[kind] + 1, -INTEGERS[kind] - 1, -INTEGERS[kind] - 2, 0, -1]
        values = st.one_of(values, st.sampled_from(edges))
    value = data.draw(values)
    path = tmp_path_factory.mktemp("value") / "value.ring"
    with rb.Producer.create(path, kind, 1) as producer:
        try:
            producer.publish((value,))
        except (TypeError, ValueError, OverflowError) as error:
            refused: Exception | None = error
        else:
            refused = None
        if refused is not None:
            assert "value" in str(refused)
            assert not fits(kind, value)
            assert producer.published == 0
        else:
            assert fits(kind, value)
            found = kept(producer)["value"][0]
            if kind == "S5":
                text = value.encode() if isinstance(value, str) else value
                assert found == text.rstrip(b"\0")
            elif isinstance(value, float) and math.isnan(value):
                assert np.isnan(found)
            else:
                assert found == np.dtype(kind).type(value)


def fits(kind: str, value: Any) -> bool:
    if kind == "S5":
        try:
            return len(value.encode() if isinstance(value, str) else value) <= 5
        except (AttributeError, TypeError, UnicodeEncodeError):
            return False
    if not isinstance(value, int | float):
        return False
    if kind in INTEGERS:
        least = 0 if kind[0] == "u" else -INTEGERS[kind] - 1
        return isinstance(value, int) and least <= value <= INTEGERS[kind]
    with np.errstate(over="ignore"):
        return kind == "f8" or not math.isfinite(value) or bool(np.isfinite(np.float32(value)))


def test_a_ring_of_one_field_takes_values_alone() -> None:
    with rb.Producer.create("plain", "f8", 100, units={"value": "V"}) as volts:
        assert volts.dtype == np.dtype([("value", "f8")])
        given: list[Any] = [1, 2.5, np.float32(3), (4,), [5], {"value": 6}, np.array(7.0), np.array([8.0])[0]]
        for value in [*given, np.float64(9).tobytes()]:
            volts.publish(value)
        assert kept(volts)["value"].tolist() == [1, 2.5, 3, 4, 5, 6, 7, 8, 9]
        for wrong in ("1", (1, 2), [], None, b"123"):
            with pytest.raises((TypeError, ValueError), match="value"):
                volts.publish(wrong)
        assert dict(volts.units) == {"value": "V"}
    with rb.Producer.create("vector", ("f4", (3,)), 100) as vector:
        for value in [(1, 2, 3), [1, 2, 3], ([1, 2, 3],), np.array([1, 2, 3]), {"value": (1, 2, 3)}]:
            vector.publish(value)
        assert (kept(vector)["value"] == [1, 2, 3]).all()
    with rb.Producer.create("one", ("u1", (1,)), 100) as one:
        for value in [(1,), [1], ([1],), (np.array([1]),), b"\1"]:
            one.publish(value)
        assert (kept(one)["value"] == 1).all()
    with rb.Producer.create("text", "S4", 100) as text:
        for value in ["ab", b"ab", ("ab",), b"ab\0\0"]:
            text.publish(value)
        assert set(kept(text)["value"]) == {b"ab"}


def test_times_keep_every_nanosecond() -> None:
    pandas = pytest.importorskip("pandas")
    zone = datetime.timezone(datetime.timedelta(hours=2))
    given = [
        (0, pandas.Timestamp(1, unit="ns")),
        (1, np.timedelta64(-1, "us")),
        (pandas.Timestamp("2026-01-01T00:00:00.000000001Z"), pandas.Timedelta(7, "ns")),
        (datetime.datetime(2026, 1, 1, 2, tzinfo=zone), datetime.timedelta(microseconds=1)),
        (np.datetime64("NaT"), np.timedelta64("NaT")),
        (np.datetime64("2026-01-01"), np.timedelta64(3, "D")),
    ]
    new_year = 1_767_225_600_000_000_000
    expected = [1, -1000, new_year + 1, 7, new_year, 1000, -(2**63), -(2**63), new_year, 3 * 86400 * 10**9]
    with rb.Producer.create("times", [("t", "M8[ns]"), ("d", "m8[ns]")], 16) as producer:
        with pytest.raises(TypeError, match="field 'd'"):
            producer.publish(given[0])
        for row in [(given[0][1], given[1][1]), *given[2:]]:
            producer.publish(row)
        found = kept(producer)
    assert found.view("i8").tolist() == expected


def test_a_value_may_publish_while_it_is_looked_at() -> None:
    """The lock is taken after all of the program's own code has run."""
    with rb.Producer.create("nested", [("a", "u4"), ("b", "u4")], 16) as producer:

        class Index:
            def __index__(self) -> int:
                return producer.publish((7, 7)) or 0

        producer.publish((1, Index()))
        producer.publish_batch(np.zeros(2, producer.dtype))
        assert kept(producer)["a"].tolist() == [7, 1, 0, 0]

        class Fails:
            def __index__(self) -> int:
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            producer.publish((1, Fails()))


# Batches.


def test_batches_of_every_layout_arrive_as_they_are() -> None:
    with rb.Producer.create("batches", ROW, 1000) as producer:
        records = np.zeros(20, producer.dtype)
        records["n"] = np.arange(20)
        records["t"] = np.arange(20)
        records["label"] = b"ab"
        records["xy"] = np.arange(40).reshape(20, 2)
        records["m"] = 7
        wide = [
            ("t", "M8[us]"),
            ("n", ">i8"),
            ("x", "f8"),
            ("label", "U9"),
            ("xy", "f4", (2,)),
            ("m", "i4", (2, 3)),
        ]
        converted = np.zeros(20, wide)
        for name in records.dtype.names or ():
            converted[name] = records[name] if name != "t" else 0
        converted["t"] = np.arange(20)
        spread = np.zeros(20, [("before", "u1"), *ROW])[[name for name, *_ in ROW]]
        for name in records.dtype.names or ():
            spread[name] = records[name]
        read_only = records.copy()
        read_only.flags.writeable = False
        given: list[Any] = [
            records,
            read_only,
            records[::2],
            records[::-1],
            records[:0],
            records.view(np.recarray),
            spread,
            records.tobytes(),
            bytearray(records.tobytes()),
            memoryview(records.tobytes()),
            converted,
        ]
        for batch in given:
            count = len(batch) if isinstance(batch, np.ndarray) else 20
            assert producer.publish_batch(batch) == count
        found = kept(producer)
        expected = [records, records, records[::2], records[::-1], records[:0], *[records] * 5]
        last = records.copy()
        last["t"] = np.arange(20) * 1000
        assert (found == np.concatenate([*expected, last])).all()


def test_plain_arrays_go_into_rings_of_one_field() -> None:
    with rb.Producer.create("plain", "f4", 1000) as producer:
        for batch in [np.arange(3.0), np.arange(3, dtype="f4"), [0, 1, 2], range(3), np.arange(6)[::2] / 2]:
            assert producer.publish_batch(batch) == 3
        assert kept(producer)["value"].tolist() == [0, 1, 2] * 5
        with pytest.raises(ValueError, match=r"shape \(3, 1\), expected \(n\)"):
            producer.publish_batch(np.zeros((3, 1)))
        with pytest.raises(OverflowError, match=r"field 'value'.*float64"):
            producer.publish_batch(np.array([1e300]))
        producer.publish_batch(np.array([np.inf, np.nan]))
    with rb.Producer.create("vector", ("u2", (2,)), 1000) as producer:
        assert producer.publish_batch(np.arange(6).reshape(3, 2)) == 3
        assert kept(producer)["value"].tolist() == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize(
    ("batch", "error", "words"),
    [
        (np.zeros(2, [("b", "u1"), ("a", "u1")]), TypeError, ["'b', 'a'", "'a', 'b'", "in this order"]),
        (np.zeros(2, [("a", "u1")]), TypeError, ["'a'", "'a', 'b'"]),
        (np.zeros(2, [("a", "u1"), ("b", "u1"), ("c", "u1")]), TypeError, ["'c'"]),
        (np.zeros(2, [("a", "u1"), ("b", "u1", (1,))]), TypeError, ["field 'b'", "(1,)"]),
        (np.zeros(2, [("a", "u1"), ("b", "f4")]), TypeError, ["field 'b'", "float32", "uint8"]),
        (np.zeros(2, [("a", "u1"), ("b", "S1")]), TypeError, ["field 'b'"]),
        (np.array([(1, 256)], [("a", "u1"), ("b", "u2")]), OverflowError, ["field 'b'", "uint16"]),
        (np.array([(1, -1)], [("a", "u1"), ("b", "i1")]), OverflowError, ["field 'b'", "int8"]),
        (np.zeros((2, 2), [("a", "u1"), ("b", "u1")]), ValueError, ["(2, 2)", "ravel"]),
        (np.zeros((), [("a", "u1"), ("b", "u1")]), ValueError, ["()"]),
        (np.zeros(4, "u1"), TypeError, ["uint8 without fields", "view"]),
        ([(1, 2)], TypeError, ["a list", "np.array(rows, dtype=producer.dtype)"]),
        (b"abc", ValueError, ["3 bytes", "multiple of 2"]),
        (None, TypeError, ["None"]),
        ("ab", TypeError, ["'ab' (str)"]),
        (5, TypeError, ["5 (int)"]),
    ],
)
def test_a_batch_that_is_not_of_these_records_is_refused(
    batch: Any, error: type[Exception], words: list[str]
) -> None:
    with rb.Producer.create("ab", [("a", "u1"), ("b", "u1")], 16) as producer:
        with pytest.raises(error) as caught:
            producer.publish_batch(batch)
        for word in words:
            assert word in str(caught.value)
        assert producer.published == 0


def test_long_batches_arrive_whole() -> None:
    """More than is copied with the interpreter held, more than one step, and more than the ring keeps."""
    count = 3_000_000
    records = np.arange(count, dtype="u8")
    with rb.Producer.create("long", "u8", 1000) as producer:
        reader = rb.Reader.attach("long", "lossless")
        sums = []

        def read() -> None:
            sums.extend(
                (int(batch["value"].sum()), len(batch), batch.first_sequence, int(batch["value"][0]))
                for batch in reader
            )

        reading = threading.Thread(target=read)
        reading.start()
        assert producer.publish_batch(records) == count
        producer.close()
        reading.join(60)
    assert sum(found for found, *_ in sums) == count * (count - 1) // 2
    assert sum(found for _, found, *_ in sums) == count
    assert all(first == value for *_, first, value in sums)


# When there is no room.


def test_who_has_a_limit_is_told_who_is_in_the_way() -> None:
    producer, reader = full("full")
    with producer, reader:
        for timeout in (0, 0.01, np.float32(0)):
            with pytest.raises(rb.Full) as caught:
                producer.publish(1, timeout=timeout)
            error = caught.value
            assert (error.reader, error.lag, error.published) == ("slow", 4, 0)
            assert "slow" in str(error)
            assert isinstance(error, TimeoutError)
        take(reader, 2)
        for timeout, published in ((0, 2), (0.01, 0)):
            with pytest.raises(rb.Full) as caught:
                producer.publish_batch(np.arange(5), timeout=timeout)
            assert (caught.value.reader, caught.value.published) == ("slow", published)
        assert (producer.published, producer.refused) == (6, 0)


@pytest.mark.parametrize(
    ("timeout", "error"),
    [
        (-1, ValueError),
        (-1e-9, ValueError),
        (math.nan, ValueError),
        (-(10**400), ValueError),
        ("1", TypeError),
        (b"", TypeError),
        ([], TypeError),
        (1j, TypeError),
    ],
)
def test_what_is_no_time_to_wait_is_refused(timeout: Any, error: type[Exception]) -> None:
    with rb.Producer.create("timeouts", "u4", 4) as producer:
        for wait in (producer.publish, producer.publish_batch):
            with pytest.raises(error, match="timeout"):
                wait([1], timeout=timeout)
        with pytest.raises(error, match="timeout"):
            producer.wait_for_readers(1, timeout=timeout)
        for long in (1e300, math.inf, 10**400, 1 << 64, None):
            producer.publish([1], timeout=long)


def test_a_ring_that_drops_never_waits_and_counts() -> None:
    producer, reader = full("drops", when_full="drop")
    with producer, reader:
        assert producer.publish(1) is None
        assert producer.publish_batch(np.arange(3)) == 0
        assert (producer.published, producer.refused) == (4, 4)
        # Who has a limit has the record still.
        for timeout in (0, 0.01):
            with pytest.raises(rb.Full, match="slow"):
                producer.publish(1, timeout=timeout)
        assert producer.refused == 4
        take(reader, 3)
        assert producer.publish_batch(np.arange(5)) == 3
        assert (producer.published, producer.refused) == (7, 6)


def test_other_threads_make_room_while_it_waits() -> None:
    for publish in ("publish", "publish_batch"):
        producer, reader = full(f"waits-{publish}")
        with producer, reader:
            started = threading.Event()

            def read(reader: rb.Reader = reader, started: threading.Event = started) -> None:
                started.wait(10)
                time.sleep(0.1)
                reader.read_into(np.zeros(4, reader.dtype))

            reading = threading.Thread(target=read)
            reading.start()
            started.set()
            assert getattr(producer, publish)([5]) is not None
            assert producer.published == 5
            reading.join(10)


@pytest.fixture
def runs() -> Iterator[list[int]]:
    """How often another thread ran, which only does when this one lets go of the interpreter."""
    count, stop = [0], threading.Event()

    def run() -> None:
        while not stop.is_set():
            count[0] += 1
            time.sleep(0)

    before = sys.getswitchinterval()
    thread = threading.Thread(target=run)
    thread.start()
    sys.setswitchinterval(1000)
    yield count
    sys.setswitchinterval(before)
    stop.set()
    thread.join()


def test_what_has_room_is_published_without_letting_go(runs: list[int]) -> None:
    with (
        rb.Producer.create("short", [("a", "u8"), ("b", "f8")], 10_000) as producer,
        rb.FrameProducer.create("frames", 1 << 20) as frames,
    ):
        batch = np.zeros(4096, producer.dtype)  # 64 KiB
        before = runs[0]
        for _ in range(200):
            producer.publish((1, 2.0))
            producer.publish_batch(batch)
            frames.publish(batch.view("u1"))
        assert runs[0] == before


def test_long_copies_let_others_run(runs: list[int]) -> None:
    with (
        rb.Producer.create("long", ("u1", (1 << 16,)), 64) as producer,
        rb.Producer.create("long-records", ("u1", (1 << 22,)), 2) as records,
        rb.FrameProducer.create("frames", 1 << 22) as frames,
    ):
        batch = np.zeros(64, producer.dtype)
        bytes_ = bytes(1 << 22)
        for publish in (
            lambda: producer.publish_batch(batch),
            lambda: records.publish(bytes_),
            lambda: frames.publish(bytes_),
        ):
            before = runs[0]
            while runs[0] == before:
                publish()


def test_what_one_looks_at_never_waits_for_a_publication() -> None:
    producer, reader = full("looks")
    with producer, reader:
        failed = []

        def publish() -> None:
            try:
                producer.publish_batch(np.arange(8))
            except rb.PublishError as error:
                failed.append(error)

        waiting = threading.Thread(target=publish)
        waiting.start()
        for _ in range(200):
            assert (producer.published, producer.refused, producer.closed) == (4, 0, False)
            assert "published 4" in repr(producer)
            time.sleep(0.001)
        assert producer.registered_readers == 1
        with pytest.raises(rb.Full):
            producer.publish(1, timeout=0)
        producer.close()
        waiting.join(10)
        assert not waiting.is_alive()
        assert "closed" in str(failed[0])
        assert producer.published == 4


INTERRUPTED = """
    import _thread, os, signal, sys, threading, time
    import numpy as np
    import pyringbuf as rb

    producer = rb.Producer.create("interrupted", "u4", 4)
    reader = rb.Reader.attach("interrupted", "lossless")
    producer.publish_batch(range(3))

    def interrupt():
        time.sleep(0.2)  # by then it waits
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    try:
        WAITS
    except KeyboardInterrupt:
        print("interrupted", producer.published)
    assert reader.read_into(np.zeros(4, reader.dtype)) > 0
    producer.publish(7)
    print("goes on", producer.published)
"""


@pytest.mark.parametrize(
    ("waits", "published"),
    [
        ("producer.publish_batch(range(10))", 4),
        ("producer.publish(1) and producer.publish(2)", 4),
        ("producer.publish_batch(range(10), timeout=1e9)", 4),
        ("producer.wait_for_readers(2)", 3),
    ],
)
def test_ctrl_c_ends_a_wait_and_what_was_published_stays(waits: str, published: int) -> None:
    found = run(INTERRUPTED.replace("WAITS", waits))
    expected = f"interrupted {published}\ngoes on {published + 1}\n"
    assert (found.stdout, found.stderr, found.returncode) == (expected, "", 0)


def test_a_signal_handler_may_use_the_producer_that_waits() -> None:
    producer, reader = full("handler")
    with producer, reader:

        def handle(*_: Any) -> None:
            take(reader, 1)
            producer.publish(99)
            producer.close()

        before = signal.signal(signal.SIGUSR1, handle)
        try:
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            with pytest.raises(rb.PublishError, match="closed"):
                producer.publish(1)
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert producer.published == 5


def test_threads_share_a_producer() -> None:
    """Every row has a sequence of its own, and those of one thread are in order."""
    threads, each = 6, 2000
    with rb.Producer.create("shared", [("thread", "u4"), ("i", "u4")], 64) as producer:
        reader = rb.Reader.attach("shared", "lossless")
        sequences: list[list[int | None]] = [[] for _ in range(threads)]

        def publish(thread: int) -> None:
            for i in range(0, each, 4):
                for k in range(3):
                    sequences[thread].append(producer.publish((thread, i + k)))
                producer.publish_batch(np.array([(thread, i + 3)], producer.dtype))

        running = [threading.Thread(target=publish, args=(thread,)) for thread in range(threads)]
        for thread in running:
            thread.start()
        found = np.zeros(threads * each, producer.dtype)
        count = 0
        while count < len(found):
            count += reader.read_into(found[count:], timeout=30)
        for thread in running:
            thread.join(30)
        reader.close()
    for thread in range(threads):
        mine = found["thread"] == thread
        assert (found["i"][mine] == np.arange(each)).all()
        places = np.flatnonzero(mine)
        assert [int(place) for i, place in enumerate(places) if i % 4 < 3] == sequences[thread]


def test_readers_are_waited_for() -> None:
    with rb.Producer.create("waits", "u4", 4) as producer:
        producer.wait_for_readers(0)
        for timeout in (0, 0.01):
            with pytest.raises(TimeoutError, match=r"found 0 readers of ring .* expected 1"):
                producer.wait_for_readers(timeout=timeout)
        readers = []

        def attach() -> None:
            time.sleep(0.05)
            readers.append(rb.Reader.attach("waits", "lossless"))

        attaching = threading.Thread(target=attach)
        attaching.start()
        producer.wait_for_readers(1, timeout=30)
        attaching.join()
        assert producer.registered_readers == 1
        for wrong in (-1, 1 << 64, 1.5, "1"):
            with pytest.raises((TypeError, ValueError, OverflowError)):
                producer.wait_for_readers(wrong)  # type: ignore[arg-type]
        readers[0].close()


# Life and death.


def test_a_closed_producer_says_so_and_keeps_what_it_knows() -> None:
    producer = rb.Producer.create("closed", "u4", 4)
    with producer:
        producer.publish(1)
        assert not producer.closed
    assert producer.closed
    producer.close()
    for use in (
        lambda: producer.publish(1),
        lambda: producer.publish_batch([1]),
        lambda: producer.kept,
        lambda: producer.wait_for_readers(1, timeout=0),
    ):
        with pytest.raises(rb.PublishError, match="ring closed was closed"):
            use()
    assert (producer.published, producer.refused, producer.capacity) == (1, 0, 4)
    assert "closed" in repr(producer)
    with rb.Producer.create("closed", "u4", 4) as next_one:
        assert next_one.published == 1


def test_who_is_forgotten_closes_the_ring() -> None:
    producer = rb.Producer.create("forgotten", "u4", 4)
    producer.publish(1)
    del producer
    gc.collect()
    assert rb.info("forgotten").producer == "closed"


# A thread that never ends has what it has when the interpreter is gone.
HELD = "threading.Thread(target=lambda one, other: time.sleep(60), args=(one, other), daemon=True).start()"
WAITS = "threading.Thread(target=one.wait_for_readers, daemon=True).start(); time.sleep(0.1)"


@pytest.mark.parametrize(
    "ends", ["pass", "sys.exit(3)", "raise RuntimeError", "open_ = [one]; del one", HELD, WAITS]
)
def test_the_end_of_the_program_closes_rings(ends: str) -> None:
    script = f"""
        import sys, threading, time
        import pyringbuf as rb
        one = rb.Producer.create("one", "u4", 4)
        other = rb.FrameProducer.create("other", 4096)
        one.publish(1)
        other.publish(b"frame")
        self = [one]; self.append(self)  # a cycle, too
        {ends}
    """
    run(script)
    for name in ("one", "other"):
        found = rb.info(name)
        assert (found.producer, found.published) == ("closed", 1)


def test_a_forked_child_has_no_producer_and_harms_none() -> None:
    """Even when another thread of the parent holds the lock at the moment of the fork."""
    script = """
        import gc, os, sys, threading, time
        import numpy as np
        import pyringbuf as rb

        producer = rb.Producer.create("forked", "u4", 4)
        frames = rb.FrameProducer.create("frames", 4096)
        reader = rb.Reader.attach("forked", "lossless")
        producer.publish_batch(range(4))
        waiting = threading.Thread(target=producer.publish_batch, args=(range(4),), daemon=True)
        waiting.start()
        time.sleep(0.1)
        for _ in range(5):
            child = os.fork()
            if child == 0:
                for use in (
                    lambda: producer.publish(1),
                    lambda: producer.publish(b"1234", timeout=0),
                    lambda: producer.publish_batch([1]),
                    lambda: producer.published,
                    lambda: producer.refused,
                    lambda: producer.kept,
                    lambda: producer.registered_readers,
                    lambda: producer.wait_for_readers(),
                    lambda: frames.publish(b"1"),
                    lambda: frames.published,
                    lambda: frames.kept_bytes,
                ):
                    try:
                        use()
                    except rb.Forked as error:
                        assert "attach by name" in str(error)
                    else:
                        os._exit(1)
                assert producer.closed and "forked" in repr(producer) and producer.name == "forked"
                producer.close()
                with frames:
                    pass
                del producer, frames
                gc.collect()
                mine = rb.Producer.create("mine", "u4", 4)
                mine.publish(1)
                sys.exit(7)  # runs what is to be run at exit
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
            assert rb.info("mine").producer == "closed"
        assert producer.published == 4
        while reader.cursor < 8:
            reader.read_into(np.zeros(4, reader.dtype), timeout=10)
        waiting.join(30)
        assert producer.published == 8
        assert rb.info("forked").producer == rb.info("frames").producer == "live"
        print("done")
    """
    found = run(script)
    assert (found.stdout, found.returncode) == ("done\n", 0), found.stderr


def test_it_belongs_to_its_process() -> None:
    with rb.Producer.create("mine", "u4", 4) as producer, rb.FrameProducer.create("frames", 64) as frames:
        for one in (producer, frames):
            for send in (pickle.dumps, copy.copy, copy.deepcopy):
                with pytest.raises(TypeError, match="by its name"):
                    send(one)
            with pytest.raises(AttributeError):
                one.name = "other"  # type: ignore[misc]
            with pytest.raises(AttributeError):
                one.anything = 1  # type: ignore[union-attr]


def test_it_is_made_by_create_alone() -> None:
    for kind in (rb.Producer, rb.FrameProducer):
        with pytest.raises(TypeError, match="create"):
            kind("name")


def test_a_subclass_is_a_producer() -> None:
    class Sensor(rb.Producer):
        def measure(self) -> int | None:
            return self.publish(21.5)

    with Sensor.create("sensor", "f4", 4) as sensor:
        assert sensor.measure() == 0
        assert repr(sensor) == "<Sensor sensor of [('value', '<f4')], capacity 4, published 1>"


def test_what_it_says_of_itself(directory: Path) -> None:
    units, clocks = {"x": "m"}, {"t": "monotonic"}
    with rb.Producer.create("says", [("t", "u8"), ("x", "f4")], 7, units=units, clocks=clocks) as producer:
        assert producer.name == "says"
        assert producer.path == directory / "says.ring"
        assert producer.dtype == np.dtype([("t", "u8"), ("x", "f4")])
        assert producer.capacity == 7
        assert (dict(producer.units), dict(producer.clocks)) == (units, clocks)
        assert producer.schema == rb.info("says").schema
        assert producer.kept is None
        producer.publish_batch(np.zeros(8, producer.dtype))
        time.sleep(0.001)
        producer.publish((1, 1))
        assert producer.kept is not None
        assert 0 < producer.kept < 60
        with pytest.raises(TypeError):
            producer.units["x"] = "km"  # type: ignore[index]
    with rb.Producer.create("unstamped", "u1", 1, stamp=False) as producer:
        producer.publish_batch([1, 2, 3])
        assert producer.kept is None


def test_a_ring_is_continued_replaced_or_refused() -> None:
    producer = rb.Producer.create("ring", "u4", 4)
    with pytest.raises(rb.InUse, match="living producer") as caught:
        rb.Producer.create("ring", "u4", 4)
    assert isinstance(caught.value, rb.CreateError)
    producer.publish(1)
    producer.close()
    for dtype, retain in (("u4", 5), ("i4", 4)):
        with pytest.raises(rb.Different, match=r"replace=True"):
            rb.Producer.create("ring", dtype, retain)
    with pytest.raises(rb.Different):
        rb.FrameProducer.create("ring", 4096)
    with rb.Producer.create("ring", "u4", 4) as again:
        assert again.publish(2) == 1
    with rb.Producer.create("ring", "i4", 4, replace=True) as other:
        assert other.published == 0


@pytest.mark.parametrize(
    ("choices", "error", "words"),
    [
        ({"retain": 0}, ValueError, "retain=0"),
        ({"retain": -1}, ValueError, "retain=-1"),
        ({"retain": 1 << 64}, ValueError, "retain="),
        ({"retain": (1 << 64) - 1}, ValueError, "64 TiB"),
        ({"retain": 1.5}, TypeError, "retain=1.5"),
        ({"retain": "9"}, TypeError, "retain='9'"),
        ({"dtype": "?"}, TypeError, "u1"),
        ({"dtype": "O"}, TypeError, "object"),
        ({"dtype": ">f4"}, TypeError, "big-endian"),
        ({"dtype": None}, TypeError, "None"),
        ({"dtype": []}, (TypeError, ValueError), None),
        ({"units": {"y": "m"}}, ValueError, "'y'"),
        ({"clocks": {"value": "sun"}}, ValueError, "sun"),
        ({"allow": "everything"}, ValueError, "allow=.everything"),
        ({"allow": "bounded"}, ValueError, "50ms"),
        ({"allow": "bounded:-1s"}, ValueError, "50ms"),
        ({"allow": "bounded:1e400s"}, ValueError, "50ms"),
        ({"allow": None}, TypeError, "allow"),
        ({"when_full": "explode"}, ValueError, 'expected "wait" or "drop"'),
        ({"preset": "fast"}, ValueError, "throughput"),
        ({"mode": 0o666}, ValueError, "0666"),
        ({"mode": -1}, (ValueError, OverflowError), None),
        ({"mode": "0644"}, TypeError, "mode=.0644"),
        ({"register": 5}, TypeError, "register=5"),
        ({"register": "nobody"}, ValueError, "group"),
        ({"name": "no such name"}, ValueError, "name of a ring"),
        ({"name": ""}, ValueError, "name of a ring"),
        ({"name": 5}, TypeError, None),
        ({"name": "nul\0"}, ValueError, "name of a ring"),
        ({"name": "/nowhere/at/all"}, rb.CreateError, "nowhere"),
    ],
)
def test_what_makes_no_ring_is_refused(choices: Any, error: Any, words: str | None) -> None:
    with pytest.raises(error, match=words):
        rb.Producer.create(**{"name": "ring", "dtype": "u4", "retain": 4, **choices})


def test_every_choice_reaches_the_ring() -> None:
    with rb.Producer.create("a", "u4", 4, allow="bounded:1.5s", when_full="drop", mode=0o644) as producer:
        found = rb.info("a")
        assert (found.allow, found.when_full, found.stamped) == ("bounded:1.5s", "drop", True)
        assert producer.path.stat().st_mode & 0o777 == 0o644
        with pytest.raises(rb.NotAllowed):
            rb.Reader.attach("a", "lossless")
    with rb.Producer.create("b", "u4", preset="latency", register="group", stamp=False) as producer:
        assert producer.path.with_suffix(".readers").stat().st_mode & 0o777 == 0o660
        assert not rb.info("b").stamped
        assert producer.capacity == (16 << 20) // 4
    with rb.Producer.create("c", ("u1", (1 << 16,))) as producer:
        assert producer.capacity == 1024


# Frames.


@pytest.fixture
def frames() -> Iterator[rb.FrameProducer]:
    with rb.FrameProducer.create("frames", 1 << 16) as producer:
        yield producer


def newest(producer: rb.FrameProducer) -> rb.Frame:
    with rb.FrameReader.attach(producer.path, start=-1) as reader:
        frame = reader.read(timeout=10)
        assert frame is not None
        return frame


NUMBERS = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8", "M8[ns]", "m8[ns]"]


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (1, 2, 1, 3), (0,), (3, 0)])
def test_arrays_arrive_with_dtype_and_shape(
    frames: rb.FrameProducer, dtype: str, shape: tuple[int, ...]
) -> None:
    array = np.arange(math.prod(shape)).astype(dtype).reshape(shape)
    assert frames.publish(array, tag=2**64 - 1) == 0
    found = np.zeros(array.nbytes, "u1")
    with rb.FrameReader.attach("frames", start="oldest") as reader:
        header = reader.read_into(found, timeout=10)
    assert header is not None
    assert (header.dtype, header.shape, header.tag) == (array.dtype, shape, 2**64 - 1)
    assert found.tobytes() == array.tobytes()


def test_what_does_not_lie_in_one_piece_is_published_in_order(frames: rb.FrameProducer) -> None:
    array = np.arange(24, dtype="u2").reshape(4, 6)
    for other in (array.T, array[::2], array[:, ::-1], np.asfortranarray(array)):
        frames.publish(other)
        found = newest(frames).array
        assert found is not None
        assert found.tolist() == other.tolist()


def test_bytes_and_text_are_bytes(frames: rb.FrameProducer) -> None:
    array = np.arange(6, dtype="u2")
    given: list[Any] = [
        b"",
        b"bytes",
        bytearray(b"more"),
        memoryview(b"views")[1:3],
        memoryview(array),
        "täxt",
    ]
    expected = [b"", b"bytes", b"more", b"ie", array.tobytes(), "täxt".encode()]
    for sequence, (frame, bytes_) in enumerate(zip(given, expected, strict=True)):
        assert frames.publish(frame, 7) == sequence
        assert (bytes(newest(frames)), newest(frames).tag) == (bytes_, 7)


@pytest.mark.parametrize(
    ("frame", "error", "words"),
    [
        (np.zeros(3, "?"), TypeError, "view"),
        (np.zeros(3, "f2"), TypeError, "astype"),
        (np.zeros(3, "c8"), TypeError, "complex"),
        (np.zeros(3, ">f4"), TypeError, "<f4"),
        (np.zeros(3, "M8[s]"), TypeError, r"datetime64\[ns\]"),
        (np.zeros(3, "S3"), TypeError, "tobytes"),
        (np.array(["a"]), TypeError, "text itself"),
        (np.zeros(3, [("a", "u1")]), TypeError, "Producer"),
        (np.array([object()]), TypeError, "object"),
        (None, TypeError, "object"),
        (np.zeros(()), ValueError, "0 dimensions"),
        (np.zeros((1,) * 5), ValueError, "5 dimensions"),
        (5, ValueError, "0 dimensions"),
        (memoryview(b"views")[::2], BufferError, None),
        ("\udc80", UnicodeEncodeError, None),
        (bytes((1 << 16) + 1), ValueError, "65537 bytes: expected at most 65536"),
    ],
)
def test_what_is_no_frame_is_refused(
    frames: rb.FrameProducer, frame: Any, error: type[Exception], words: str | None
) -> None:
    with pytest.raises(error, match=words):
        frames.publish(frame)
    for tag in (-1, 1 << 64, 1.5, None):
        with pytest.raises((TypeError, OverflowError)):
            frames.publish(b"", tag)  # type: ignore[arg-type]
    assert frames.published == 0


def test_frames_wait_drop_or_say_who_is_in_the_way() -> None:
    for when_full in ("wait", "drop"):
        with rb.FrameProducer.create(when_full, 128, when_full=when_full) as producer:  # type: ignore[arg-type]
            reader = rb.FrameReader.attach(when_full, "lossless", reader_name="slow")
            producer.publish(bytes(128))
            for timeout in (0, 0.01):
                with pytest.raises(rb.Full) as caught:
                    producer.publish(b"x", timeout=timeout)
                assert (caught.value.reader, caught.value.lag) == ("slow", 1)
            assert producer.refused == 0
            if when_full == "drop":
                assert producer.publish(b"x") is None
                assert (producer.published, producer.refused) == (1, 1)
            else:
                reading = threading.Timer(0.1, lambda reader=reader: bytes(reader.read(10)))
                reading.start()
                assert producer.publish(b"x", timeout=30) == 1
                reading.join()
            reader.close()


def test_what_a_ring_of_frames_keeps() -> None:
    with rb.FrameProducer.create("a", frames=3, frame_bytes=100) as producer:
        assert (producer.capacity, producer.arena) == (3, 3 * 128)
        for n in range(5):
            producer.publish(bytes(100), n)
        assert (producer.published, producer.kept_bytes) == (5, 3 * 128 - 28)
        assert producer.kept is not None
        assert repr(producer) == "<FrameProducer a, arena 384, capacity 3, published 5>"
    with rb.FrameProducer.create("b", 1 << 12, frames=2) as producer:
        assert (producer.capacity, producer.arena) == (2, 1 << 12)
    with rb.FrameProducer.create("c") as producer:
        assert producer.arena == 64 << 20
    for wrong in (
        {"retain_bytes": 0},
        {"retain_bytes": -1},
        {"retain_bytes": 1.5},
        {"retain_bytes": 1 << 63},
        {"frames": 0},
        {"frame_bytes": 100},
        {"retain_bytes": 100, "frames": 1, "frame_bytes": 100},
        {"frames": 1 << 63, "frame_bytes": 1 << 63},
        {"in_place": True, "allow": "lossy"},
    ):
        with pytest.raises((TypeError, ValueError)):
            rb.FrameProducer.create("d", **wrong)  # type: ignore[arg-type]


# Claims.


@pytest.fixture
def camera() -> Iterator[rb.FrameProducer]:
    with rb.FrameProducer.create("camera", frames=2, frame_bytes=64, in_place=True) as producer:
        yield producer


def test_a_claim_is_written_where_it_lies(camera: rb.FrameProducer) -> None:
    reader = rb.FrameReader.attach("camera", "lossless")
    with camera.claim((2, 3), "f4", tag=5) as image:
        assert (image.shape, image.dtype, image.flags.writeable) == ((2, 3), np.dtype("f4"), True)
        image[...] = 1.5
        image[0, 0] = 2.5
        assert camera.published == 0
    assert camera.published == 1
    assert not image.flags.writeable
    frame = reader.read(10)
    assert frame is not None
    assert (frame.array.tolist(), frame.tag) == ([[2.5, 1.5, 1.5], [1.5, 1.5, 1.5]], 5)
    del frame
    claim = camera.claim(3, "M8[ns]")
    claim.array[:] = np.datetime64(7, "ns")
    assert claim.array is claim.array
    assert claim.commit() == 1
    frame = reader.read(10)
    assert frame is not None
    assert (bytes(frame), frame.dtype) == ((7).to_bytes(8, "little") * 3, np.dtype("M8[ns]"))
    assert camera.claim(0).commit() == 2
    del frame
    reader.close()


def test_what_is_given_up_is_never_seen(camera: rb.FrameProducer) -> None:
    with pytest.raises(ZeroDivisionError), camera.claim(10):
        raise ZeroDivisionError
    claim = camera.claim(10)
    claim.abort()
    claim.abort()
    with pytest.raises(rb.PublishError, match="has ended"):
        claim.commit()
    with pytest.raises(BufferError, match="has ended"):
        _ = claim.array
    assert "ended" in repr(claim)
    forgotten = camera.claim(10)
    with pytest.raises(rb.PublishError, match="is claimed"):
        camera.publish(b"")
    with pytest.raises(rb.PublishError, match="is claimed"):
        camera.claim(1)
    del forgotten
    gc.collect()
    assert camera.publish(b"the next") == 0
    with camera.claim(1) as _, pytest.raises(rb.PublishError, match="is claimed"):
        camera.publish(b"")
    with pytest.raises(rb.PublishError, match="was closed"), camera.claim(1):
        camera.close()


def test_a_claim_by_hand_inside_with() -> None:
    with rb.FrameProducer.create("hand", 4096, in_place=True) as producer:
        claim = producer.claim(4)
        with claim as array:
            array[:] = 1
            assert claim.commit() == 0
        with (claim := producer.claim(4)):
            claim.abort()
        assert producer.published == 1


def test_an_array_outlives_its_claim_and_its_producer() -> None:
    producer = rb.FrameProducer.create("outlives", 4096, in_place=True)
    claim = producer.claim(100)
    array = claim.array
    view = array[10:]
    array[:] = 9
    claim.commit()
    producer.close()
    rb.remove("outlives")
    del claim, producer
    gc.collect()
    assert (array == 9).all()
    del array
    gc.collect()
    assert (view == 9).all()


def test_closing_ends_a_claim(camera: rb.FrameProducer) -> None:
    claim = camera.claim(10)
    camera.close()
    assert rb.info("camera").producer == "closed"
    with pytest.raises(rb.PublishError, match="was closed"):
        claim.commit()
    del claim


@pytest.mark.parametrize(
    ("shape", "dtype", "error", "words"),
    [
        (-1, None, ValueError, "negative"),
        ((2, -1), None, ValueError, "negative"),
        ((), None, ValueError, "0 dimensions"),
        ((1,) * 5, None, ValueError, "5 dimensions"),
        (1.5, None, TypeError, None),
        ("ab", None, (TypeError, AttributeError), None),
        (None, None, TypeError, None),
        (129, None, ValueError, "129 bytes: expected at most 128"),
        ((1 << 62, 4), None, ValueError, "memory"),
        ((1 << 200,), None, ValueError, "memory"),
        ((0, 1 << 200), None, ValueError, None),
        (4, "?", TypeError, "bool"),
        (4, "O", TypeError, "object"),
        (4, "S2", TypeError, None),
        (4, ">f4", TypeError, "<f4"),
        (4, "nonsense", TypeError, None),
    ],
)
def test_what_cannot_be_claimed_is_refused(
    camera: rb.FrameProducer, shape: Any, dtype: Any, error: Any, words: str | None
) -> None:
    with pytest.raises(error, match=words):
        camera.claim(shape, dtype)
    with pytest.raises((TypeError, OverflowError)):
        camera.claim(1, tag=-1)
    assert camera.publish(b"goes on") == 0


def test_claims_wait_and_name_who_is_in_the_way(camera: rb.FrameProducer) -> None:
    reader = rb.FrameReader.attach("camera", "lossless", reader_name="slow")
    camera.publish(bytes(128))
    for timeout in (0, 0.01):
        with pytest.raises(rb.Full) as caught:
            camera.claim(1, timeout=timeout)
        assert (caught.value.reader, caught.value.lag) == ("slow", 1)
    reading = threading.Timer(0.1, lambda: bytes(reader.read(10)))
    reading.start()
    with camera.claim(1, timeout=30) as array:
        array[:] = 1
    reading.join()
    assert (camera.published, camera.refused) == (2, 0)
    reader.close()


def test_a_ring_that_drops_counts_claims_too() -> None:
    with rb.FrameProducer.create("drops", 128, in_place=True, when_full="drop") as producer:
        reader = rb.FrameReader.attach("drops", "lossless")
        producer.publish(bytes(128))
        with pytest.raises(rb.Full):
            producer.claim(1)
        assert producer.refused == 1
        with pytest.raises(rb.Full):
            producer.claim(1, timeout=0)
        assert producer.refused == 1
        reader.close()


def test_only_rings_that_are_written_in_place_have_claims(frames: rb.FrameProducer) -> None:
    with pytest.raises(rb.PublishError, match="in_place=True"):
        frames.claim(10)
    assert frames.publish(b"goes on") == 0


def test_claims_of_a_forked_child_are_its_parents() -> None:
    script = """
        import gc, os
        import pyringbuf as rb

        camera = rb.FrameProducer.create("camera", 4096, in_place=True)
        claim = camera.claim(4)
        claim.array[:] = 7
        child = os.fork()
        if child == 0:
            for use in (claim.commit, claim.abort, lambda: claim.array):
                try:
                    use()
                except rb.Forked:
                    pass
                else:
                    os._exit(1)
            del claim, camera
            gc.collect()
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert claim.commit() == 0
        assert rb.info("camera").producer == "live"
        print("done")
    """
    found = run(script)
    assert (found.stdout, found.returncode) == ("done\n", 0), found.stderr


def test_who_is_waited_for_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    producer = rb.Producer.create("stalled", "u8", retain=2)
    reader = rb.Reader.attach("stalled", "lossless", reader_name="the notebook")
    producer.publish_batch(np.arange(2, dtype="u8"))
    with caplog.at_level("WARNING", "pyringbuf"), pytest.raises(rb.Full, match="arrays of them still"):
        producer.publish(2, timeout=2.5)
    assert [record.message.split(",")[0] for record in caplog.records] == [
        'ring stalled: the producer waits for reader "the notebook"'
    ]
    assert reader.lag == 2
