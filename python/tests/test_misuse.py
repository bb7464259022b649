"""Arguments that mean nothing, and calls that nobody should make."""

import contextlib
import copy
import datetime
import math
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rings_of import plain, values

import pyringbuf as rb
from pyringbuf import _core


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        ({"start": "noon"}, TypeError),
        ({"start": True}, TypeError),
        ({"start": 1.5}, TypeError),
        ({"start": None}, TypeError),
        ({"start": 2**63}, ValueError),
        ({"start": -(2**70)}, ValueError),
        ({"start": np.timedelta64(-1, "s")}, ValueError),
        ({"start": np.datetime64("NaT", "ns")}, ValueError),
        ({"start": np.datetime64("9999-01-01")}, ValueError),
        ({"start": datetime.timedelta.max}, ValueError),
        ({"start": datetime.datetime.max}, ValueError),
        ({"start": datetime.datetime(2026, 1, 1)}, ValueError),
        ({"until": datetime.datetime(2026, 1, 1)}, ValueError),
        ({"until": -1}, ValueError),
        ({"until": "now"}, TypeError),
        ({"until": np.datetime64("NaT", "ns")}, ValueError),
        ({"wait": "nap"}, ValueError),
        ({"wait": None}, TypeError),
        ({"delivery": "eventually"}, ValueError),
        ({"delivery": "bounded"}, ValueError),
        ({"delivery": "bounded:"}, ValueError),
        ({"delivery": "bounded:5"}, ValueError),
        ({"delivery": "bounded:-5ms"}, ValueError),
        ({"delivery": "bounded:1e99s"}, ValueError),
        ({"delivery": 7}, TypeError),
        ({"delivery": "bounded:5\udc80s"}, (ValueError, TypeError)),
        ({"reader_name": 7}, TypeError),
        ({"unverified": "yes"}, TypeError),
        ({"timeout": -1}, ValueError),
        ({"timeout": math.nan}, ValueError),
        ({"timeout": "1"}, TypeError),
        ({"timeout": [1]}, TypeError),
        ({"dtype": "f8"}, rb.SchemaMismatch),
        ({"dtype": object()}, TypeError),
        ({"dtype": [("value", "u8"), ("x", "u8")]}, rb.SchemaMismatch),
    ],
    ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", repr(value)),
)
def test_what_cannot_be_meant_is_refused(choice: dict[str, Any], error: Any) -> None:
    producer = plain()
    with pytest.raises(error) as found:
        rb.Reader.attach("plain", **choice)
    text = str(found.value)
    assert not isinstance(found.value, rb.Error) or found.type is rb.SchemaMismatch
    for word in ("Some(", "None)", "usize", "u64)", "PyErr", "&str", "Duration", "unwrap", "`"):
        assert word not in text, text
    # Nobody is left behind.
    assert producer.registered_readers == 0


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b", "a" * 300, "\udc80", ".hidden", "a b", "/", "ring/"])
def test_names_of_all_kinds(name: str) -> None:
    with pytest.raises((ValueError, rb.AttachError)):
        rb.Reader.attach(name)


@pytest.mark.parametrize("name", [None, 7, b"bytes", 1.5, object()])
def test_names_that_are_none(name: Any) -> None:
    with pytest.raises(TypeError):
        rb.Reader.attach(name)


def test_paths_are_names_too(rings: Path) -> None:
    producer = plain()
    producer.publish(1)
    assert values(rb.Reader.attach(Path(producer.path), start=0)) == [1]


def test_names_of_readers_may_be_anything() -> None:
    producer = plain()
    for name in ("", "ä" * 100, "a\0b", "line\nbreak", "a" * 10_000):
        with rb.Reader.attach("plain", "lossless", reader_name=name) as reader:
            assert producer.registered_readers == 1
            assert not reader.is_observer


class TestMisuse:
    def test_classes_cannot_be_called(self) -> None:
        _producer = plain()
        for make in (
            lambda: rb.Reader("plain"),
            lambda: rb.FrameReader("plain"),
            lambda: rb.Batch(),
            lambda: rb.Frame(),
            lambda: rb.Event(),  # type: ignore[call-arg]
            lambda: rb.FrameHeader(),
            lambda: rb.Ledger(),  # type: ignore[call-arg]
            lambda: object.__new__(rb.Reader),
            lambda: object.__new__(rb.Batch),
            lambda: _core.Follower(),
            lambda: _core.Follower.__new__(rb.Reader),
        ):
            with pytest.raises(TypeError):
                make()

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("plain",),
            ("plain", None, None),
            ("plain", {}, None),
            ("plain", {"delivery": 1}, None),
            (None, {}, None),
            (object(), object(), object()),
            ("plain", {"delivery": "lossy", "start": (1, 2), "until": None, "wait": "sleep"}, 0),
            ("plain", {"delivery": "lossy", "start": ("at", 2**70), "until": None, "wait": "sleep"}, 0),
        ],
    )
    def test_the_native_half_takes_no_nonsense(self, arguments: Any) -> None:
        _producer = plain()
        for kind in (_core.Reader, _core.FrameReader):
            with pytest.raises((TypeError, KeyError, ValueError, OverflowError)):
                kind(*arguments)

    def test_a_native_reader_lacks_nothing_it_needs(self) -> None:
        producer = plain()
        choices = {
            "delivery": "lossless",
            "start": ("nonsense", -(2**63)),
            "until": None,
            "wait": "sleep",
            "reader_name": "x",
            "unverified": False,
            "on_death": "wait",
        }
        reader = _core.Reader("plain", choices, 0)
        producer.publish(1)
        batch = reader.read()
        assert batch is not None
        assert batch["value"][0] == 1

    def test_nothing_can_be_pickled_or_copied(self) -> None:
        producer = plain()
        reader = rb.Reader.attach("plain")
        producer.publish(1)
        batch = reader.read()
        for found in (reader, batch):
            for use in (pickle.dumps, copy.copy, copy.deepcopy):
                with pytest.raises(TypeError, match=r"by the name|\.copy\(\)"):
                    use(found)

    def test_subclasses(self) -> None:
        class Mine(rb.Reader):
            extra = 7

            def read_all(self) -> int:
                return sum(len(batch) for batch in self)

        with plain() as producer:
            mine = Mine.attach("plain", "lossless")
            mine.note = "has a dict"  # type: ignore[attr-defined]
            producer.publish_batch(np.arange(9, dtype="u8"))
        assert type(mine) is Mine
        assert mine.read_all() == 9
        with pytest.raises(TypeError, match=r"Mine\.attach"):
            Mine()
        with pytest.raises(TypeError):
            type("No", (rb.Batch,), {})

    def test_nothing_can_be_set(self) -> None:
        producer = plain()
        reader = rb.Reader.attach("plain")
        producer.publish(1)
        batch = reader.read()
        for found, name in [(reader, "lag"), (reader, "name"), (batch, "missed"), (batch, "first_sequence")]:
            with pytest.raises(AttributeError):
                setattr(found, name, 1)
            with pytest.raises(AttributeError):
                delattr(found, name)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.datetimes(),
    st.timedeltas(),
    st.complex_numbers(),
    st.sampled_from(
        [
            object(),
            np.float32(1),
            np.datetime64("NaT", "ns"),
            np.timedelta64("NaT", "ns"),
            np.zeros(3),
            np.zeros((), "u8"),
            np.datetime64(5, "Y"),
            np.timedelta64(2**62, "W"),
            int,
            "oldest",
            "now",
            "lossless",
            "bounded:1ms",
        ]
    ),
)
EXPECTED = (TypeError, ValueError, OverflowError, rb.Error, TimeoutError, BufferError)


class TestAnything:
    """Whatever the arguments: an exception that says so, or it works."""

    @given(
        st.dictionaries(
            st.sampled_from(["delivery", "start", "until", "wait", "reader_name", "dtype"]), ANYTHING
        )
    )
    @settings(max_examples=300)
    def test_attach(self, choices: dict[str, Any]) -> None:
        with plain() as producer:
            producer.publish_batch(np.arange(9, dtype="u8"))
            try:
                reader = rb.Reader.attach("plain", **choices)
            except EXPECTED:
                return
            with contextlib.suppress(*EXPECTED):
                reader.read(timeout=0)
            assert reader.ledger.adds_up()

    @given(ANYTHING, st.booleans(), st.sampled_from(["lossy", "lossless"]))
    @settings(max_examples=300)
    def test_reading(self, found: Any, is_timeout: bool, delivery: str) -> None:
        with plain() as producer:
            reader = rb.Reader.attach("plain", delivery)
            producer.publish_batch(np.arange(9, dtype="u8"))
            with contextlib.suppress(*EXPECTED):
                reader.read(found) if is_timeout else reader.read_into(found, timeout=0)
            assert reader.ledger.adds_up()

    @given(ANYTHING, ANYTHING)
    @settings(max_examples=300)
    def test_indexing(self, key: Any, dtype: Any) -> None:
        with plain() as producer:
            reader = rb.Reader.attach("plain", "lossless")
            producer.publish_batch(np.arange(9, dtype="u8"))
            batch = reader.read()
            assert batch is not None
            for use in (lambda: batch[key], lambda: np.asarray(batch, dtype), lambda: batch.__array__(dtype)):
                try:
                    use()
                except (*EXPECTED, IndexError, KeyError, SyntaxError, DeprecationWarning):
                    pass
            assert batch.records.tolist() == [(n,) for n in range(len(batch))]
