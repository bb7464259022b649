"""A reader of records: where it begins and ends, what it is told, and what it refuses."""

import copy
import datetime
import math
import pickle
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import LIMIT, eventually
from hypothesis import given, settings
from hypothesis import strategies as st

import pyringbuf as rb
from pyringbuf import _core

RECORD = np.dtype([("n", "u8"), ("x", "f4", (3,)), ("label", "S8"), ("t", "M8[ns]")])


def short(value: object) -> str:
    return repr(value)[:10]


def rows(first: int, count: int) -> Any:
    made = np.zeros(count, RECORD)
    made["n"] = np.arange(first, first + count)
    made["x"] = made["n"][:, None] * np.float32([1, 2, 3])
    made["label"] = [b"row %d" % n for n in range(first, first + count)]
    made["t"] = made["n"].astype("i8").view("M8[ns]")
    return made


def plain(name: str = "plain", retain: int = 100, **choices: Any) -> rb.Producer:
    return rb.Producer.create(name, "u8", retain=retain, **choices)


def values(reader: rb.Reader) -> list[int]:
    """All that is there now."""
    found: list[int] = []
    while True:
        try:
            batch = reader.read(timeout=0)
        except TimeoutError:
            return found
        if batch is None:
            return found
        found += batch["value"].tolist()


@pytest.mark.parametrize("delivery", ["lossy", "bounded:10s", "lossless"])
@pytest.mark.parametrize("wait", ["sleep", "yield", "spin"])
def test_what_is_published_is_read(delivery: str, wait: Any) -> None:
    with rb.Producer.create("all", RECORD, retain=64) as producer:
        reader = rb.Reader.attach("all", delivery, wait=wait)
        sent = rows(0, 1000)
        thread = threading.Thread(target=lambda: (producer.publish_batch(sent), producer.close()))
        thread.start()
        got = [batch.copy() for batch in reader]
        thread.join()
        ledger = reader.ledger
        assert ledger.adds_up()
        assert (ledger.joined, ledger.cursor) == (0, 1000)
        found = np.concatenate(got)
        # What came is what was sent, and the rest is counted.
        assert (found == sent[found["n"]]).all()
        assert len(found) == ledger.read == 1000 - reader.missed
        if delivery == "lossless":
            assert reader.missed == 0
        assert reader.read() is None
        assert reader.read(timeout=0) is None
        assert list(reader) == []


def test_where_a_reader_begins() -> None:
    producer = plain(retain=100)
    producer.publish_batch(np.arange(50, dtype="u8"))
    for start, expected in [
        ("now", []),
        ("oldest", range(50)),
        (0, range(50)),
        (np.int32(20), range(20, 50)),
        (50, []),
        (-1, [49]),
        (-10, range(40, 50)),
        (-1000, range(50)),
        (datetime.timedelta(days=1), range(50)),
        (np.timedelta64(1, "D"), range(50)),
        (datetime.datetime(2001, 1, 1), range(50)),
        (datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC), range(50)),
        (np.datetime64("2001-01-01"), range(50)),
    ]:
        reader = rb.Reader.attach("plain", start=start)
        assert values(reader) == list(expected), start
        assert not reader.begins_late
    with pytest.raises(rb.AttachError, match="51"):
        rb.Reader.attach("plain", start=51)
    with pytest.raises(rb.AttachError):
        rb.Reader.attach("plain", start=datetime.datetime(2200, 1, 1))
    with pytest.raises(rb.AttachError):
        _unstamped = plain("unstamped", stamp=False)
        rb.Reader.attach("unstamped", start=datetime.timedelta(1))


def test_a_start_that_is_gone_is_told_of() -> None:
    producer = plain(retain=16)
    producer.publish_batch(np.arange(100, dtype="u8"))
    reader = rb.Reader.attach("plain", start=10)
    batch = reader.read(timeout=1)
    assert batch is not None
    first = batch.first_sequence
    assert batch["value"][0] == first >= 84
    assert batch.missed == reader.missed == first - 10


def test_start_and_end_by_time_are_exact() -> None:
    producer = plain()
    times = []
    for n in range(6):
        producer.publish(n)
        reader = rb.Reader.attach("plain", start=-1)
        batch = reader.read(timeout=1)
        assert batch is not None
        assert batch.published is not None
        times.append(batch.published[0])
        time.sleep(0.002)
    assert (np.diff(times) > np.timedelta64(0)).all()
    assert values(rb.Reader.attach("plain", start=times[3])) == [3, 4, 5]
    assert values(rb.Reader.attach("plain", start=times[3] + 1)) == [4, 5]
    ended = rb.Reader.attach("plain", start=times[1], until=times[4])
    assert values(ended) == [1, 2, 3]
    assert ended.read() is None
    since = times[5] - times[2]
    assert values(rb.Reader.attach("plain", start=since)) == [2, 3, 4, 5]


def test_where_a_reader_ends() -> None:
    producer = plain()
    producer.publish_batch(np.arange(50, dtype="u8"))
    for until, expected in [(0, 0), (10, 10), (np.uint8(30), 30)]:
        reader = rb.Reader.attach("plain", "lossless", start=0, until=until)
        assert sum(len(batch) for batch in reader) == expected
        assert reader.read() is None
    later = rb.Reader.attach("plain", until=60)
    with pytest.raises(TimeoutError):
        later.read(timeout=0)
    producer.publish_batch(np.arange(50, 100, dtype="u8"))
    assert values(later) == list(range(50, 60))


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
        ({"start": np.datetime64("NaT")}, ValueError),
        ({"start": np.datetime64("9999-01-01")}, ValueError),
        ({"start": datetime.timedelta.max}, ValueError),
        ({"start": datetime.datetime.max}, ValueError),
        ({"until": -1}, ValueError),
        ({"until": "now"}, TypeError),
        ({"until": np.datetime64("NaT")}, ValueError),
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
    ids=repr,
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


def test_no_ring() -> None:
    with pytest.raises(rb.NotFound, match="rings") as found:
        rb.Reader.attach("nowhere")
    assert isinstance(found.value, FileNotFoundError)
    begin = time.monotonic()
    with pytest.raises(rb.NotFound):
        rb.Reader.attach("nowhere", timeout=0.2)
    assert time.monotonic() - begin >= 0.2


@pytest.mark.parametrize("timeout", [None, LIMIT, math.inf, 1e300, 10**400], ids=short)
def test_a_reader_waits_for_the_ring_to_appear(timeout: Any) -> None:
    found: list[rb.Reader] = []
    thread = threading.Thread(target=lambda: found.append(rb.Reader.attach("later", timeout=timeout)))
    thread.start()
    time.sleep(0.05)
    assert not found
    producer = plain("later")
    thread.join(LIMIT)
    producer.publish(7)
    assert values(found[0]) == [7]


@pytest.mark.parametrize("timeout", [0, 0.0, 1e-9, 1e-300, 0.01, np.float32(0.01), np.int8(0), False])
def test_time_is_over(timeout: Any) -> None:
    _producer = plain()
    reader = rb.Reader.attach("plain")
    with pytest.raises(TimeoutError, match="plain"):
        reader.read(timeout=timeout)
    with pytest.raises(TimeoutError):
        reader.read_into(np.empty(1, reader.dtype), timeout)


@pytest.mark.parametrize("timeout", [None, math.inf, 1e300, 2**63, 10**400, LIMIT], ids=short)
def test_time_enough(timeout: Any) -> None:
    producer = plain()
    reader = rb.Reader.attach("plain")
    thread = threading.Timer(0.05, lambda: producer.publish_batch(np.arange(2, dtype="u8")))
    thread.start()
    batch = reader.read(timeout=timeout)
    assert batch is not None
    assert batch["value"][0] == 0
    thread.join()


@pytest.mark.parametrize("timeout", [-1, -1e-300, math.nan, -math.inf, "1", b"1", [1], {}, object(), 1j])
def test_times_that_are_none(timeout: Any) -> None:
    _producer = plain()
    reader = rb.Reader.attach("plain")
    for call in (reader.read, lambda timeout: reader.read_into(np.empty(1, reader.dtype), timeout)):
        with pytest.raises((TypeError, ValueError), match="expected seconds"):
            call(timeout)


class TestReadInto:
    def test_it_fills_the_front(self) -> None:
        producer = rb.Producer.create("into", RECORD, retain=64)
        for delivery in ("lossy", "bounded:10s", "lossless"):
            reader = rb.Reader.attach("into", delivery, start="now")
            first = producer.published
            producer.publish_batch(rows(first, 5))
            out = rows(1000, 8)
            count = 0
            while count < 5:
                n = reader.read_into(out[count:], timeout=1)
                assert reader.cursor == first + count + n
                count += n
            assert (out[:5] == rows(first, 5)).all()
            with pytest.raises(TimeoutError):
                reader.read_into(out, timeout=0)
            assert reader.ledger.adds_up()
            reader.close()
        producer.close()
        end = rb.Reader.attach("into")
        assert end.read_into(np.empty(1, end.dtype)) == 0

    def test_it_takes_what_fits(self) -> None:
        producer = plain()
        producer.publish_batch(np.arange(50, dtype="u8"))
        for delivery in ("lossy", "lossless"):
            reader = rb.Reader.attach("plain", delivery, start=0)
            for n in range(50):
                out = np.zeros(1, reader.dtype)
                assert reader.read_into(out) == 1
                assert out["value"][0] == n
            reader.close()

    @pytest.mark.parametrize("delivery", ["lossy", "lossless"])
    def test_it_takes_any_bytes_in_one_piece(self, delivery: str) -> None:
        producer = plain()
        reader = rb.Reader.attach("plain", delivery)
        for out in (
            bytearray(8),
            bytearray(23),
            memoryview(bytearray(16)),
            np.empty((2, 2), reader.dtype),
            np.empty(2, reader.dtype)[:1],
        ):
            producer.publish(7)
            assert reader.read_into(out) == 1
            assert bytes(out)[:8] == (7).to_bytes(8, "little")

    @pytest.mark.parametrize("delivery", ["lossy", "lossless"])
    def test_it_refuses_the_rest(self, delivery: str) -> None:
        producer = plain()
        reader = rb.Reader.attach("plain", delivery)
        producer.publish(7)
        const = np.empty(4, reader.dtype)
        const.flags.writeable = False
        for out, error in [
            (np.empty(4, "u8"), TypeError),
            (np.empty(4, "i8"), TypeError),
            (np.empty(4, [("value", "<i8")]), TypeError),
            (np.empty(4, reader.dtype)[::2], (ValueError, BufferError)),
            (np.empty((4, 4), reader.dtype).T[1:], (ValueError, BufferError)),
            (const, (ValueError, BufferError)),
            (bytes(8), (TypeError, BufferError)),
            (memoryview(bytes(8)), (TypeError, BufferError)),
            (bytearray(7), ValueError),
            (bytearray(), ValueError),
            (np.empty(0, reader.dtype), ValueError),
            (None, TypeError),
            ("text", TypeError),
            ([0], TypeError),
            (8, TypeError),
        ]:
            with pytest.raises(error):
                reader.read_into(out, timeout=0)  # type: ignore[arg-type]
        assert reader.cursor == 0
        assert values(reader) == [7]

    def test_more_than_there_will_ever_be(self) -> None:
        producer = plain(retain=1000)
        reader = rb.Reader.attach("plain", "lossy")
        producer.publish_batch(np.arange(900, dtype="u8"))
        out = np.full(1 << 20, 1, reader.dtype)
        count = reader.read_into(out)
        assert (out["value"][:count] == np.arange(count)).all()

    def test_the_time_is_that_of_the_whole_call(self) -> None:
        _producer = plain()
        reader = rb.Reader.attach("plain")
        begin = time.monotonic()
        with pytest.raises(TimeoutError):
            reader.read_into(np.empty(1, reader.dtype), timeout=0.3)
        assert time.monotonic() - begin >= 0.3

    def test_the_memory_cannot_be_taken_away(self) -> None:
        """A bytearray cannot be resized while somebody reads into it."""
        producer = plain()
        reader = rb.Reader.attach("plain")
        out = bytearray(8)
        thread = threading.Thread(target=lambda: reader.read_into(out, LIMIT))
        thread.start()

        def is_lent() -> bool:
            try:
                out.append(0)
                out.pop()
            except BufferError:
                return True
            return False

        eventually(is_lent)
        producer.publish(9)
        thread.join()
        assert out[0] == 9
        out.append(0)


def test_latest_and_lag() -> None:
    producer = rb.Producer.create("latest", RECORD, retain=64)
    reader = rb.Reader.attach("latest", "lossless")
    assert reader.latest() is None
    assert (reader.lag, reader.lag_time) == (0, 0)
    sent = rows(0, 5)
    producer.publish_batch(sent)
    newest = reader.latest()
    assert newest is not None
    assert newest == sent[4]
    assert isinstance(newest, np.void)
    assert newest["x"].tolist() == [4, 8, 12]
    assert (reader.cursor, reader.lag) == (0, 5)
    lag_time = reader.lag_time
    assert lag_time is not None
    assert 0 < lag_time < LIMIT
    while reader.lag:
        assert reader.read(timeout=1) is not None
    assert reader.lag_time == 0
    reader.close()
    with pytest.raises(rb.ReadError, match="closed"):
        reader.latest()


def test_times_are_those_of_the_clock() -> None:
    producer = plain()
    reader = rb.Reader.attach("plain", "lossless")
    for delivery in ("lossy", "lossless"):
        reader = rb.Reader.attach("plain", delivery)
        # The ring's clock is set to that of the wall when it is opened: a step of that since would show.
        before = time.time_ns()
        producer.publish_batch(np.arange(3, dtype="u8"))
        after = time.time_ns()
        batch = reader.read(timeout=1)
        assert batch is not None
        assert batch.published is not None
        assert batch.published.dtype == "M8[ns]"
        off = 50_000_000
        assert before - off <= int(batch.published[0].astype("i8")) <= after + off
        assert len(batch.published) == len(batch)
        batch.release()
        reader.close()
    unstamped = plain("unstamped", stamp=False)
    reader = rb.Reader.attach("unstamped")
    unstamped.publish(1)
    batch = reader.read(timeout=1)
    assert batch is not None
    assert batch.published is None
    assert reader.lag_time is None


def test_sequences_and_shapes() -> None:
    producer = plain()
    producer.publish_batch(np.arange(30, dtype="u8"))
    reader = rb.Reader.attach("plain", start=10)
    batch = reader.read()
    assert batch is not None
    assert batch.sequences.tolist() == list(range(10, 30))
    assert batch.sequences.dtype == np.uint64
    assert batch.nbytes == 160
    assert batch[3][0] == 13
    assert [row[0] for row in batch] == list(range(10, 30))
    assert batch[-1][0] == 29
    assert batch[2:4].shape == (2,)
    with pytest.raises(IndexError):
        batch[20]
    with pytest.raises((KeyError, ValueError)):
        batch["nothing"]


class TestLoss:
    def test_what_was_missed_is_exact(self) -> None:
        producer = plain(retain=64)
        reader = rb.Reader.attach("plain", "lossy")
        generator = np.random.default_rng(7)
        next_value, got, missed = 0, 0, 0
        for _ in range(200):
            count = int(generator.integers(0, 200))
            producer.publish_batch(np.arange(next_value, next_value + count, dtype="u8"))
            next_value += count
            while True:
                try:
                    batch = reader.read(timeout=0)
                except TimeoutError:
                    break
                assert batch is not None
                missed += batch.missed
                if len(batch):
                    # What was missed lies right in front of it, and nothing is missing within.
                    assert batch.first_sequence == got + missed
                    assert (batch["value"] == batch.sequences).all()
                got += len(batch)
            assert got + missed == next_value
            assert reader.missed == missed
            assert reader.ledger.adds_up()
        assert missed > 0
        assert got > 0

    def test_iterating_tells_all_that_was_missed(self) -> None:
        producer = plain(retain=16)
        reader = rb.Reader.attach("plain", "lossy")
        for n in range(100):
            producer.publish(n)
        producer.close()
        batches = list(reader)
        assert all(len(batch) for batch in batches)
        assert sum(batch.missed + len(batch) for batch in batches) == 100

    def test_a_bounded_reader_is_demoted_and_joins_again(self) -> None:
        producer = plain(retain=16)
        reader = rb.Reader.attach("plain", "bounded:20ms")
        assert reader.delivery.startswith("bounded")
        assert not reader.is_demoted
        producer.publish_batch(np.arange(100, dtype="u8"), timeout=LIMIT)
        events, got, missed = [], 0, 0
        while got + missed < 100:
            batch = reader.read(timeout=1)
            assert batch is not None
            events += batch.events
            got, missed = got + len(batch), missed + batch.missed
        assert [event.kind for event in events] == ["demoted"]
        assert reader.events == tuple(events)
        assert reader.is_demoted
        assert missed == reader.missed > 0
        # It holds nobody now.
        producer.publish_batch(np.arange(100, 200, dtype="u8"), timeout=1)
        reader.rejoin()
        assert not reader.is_demoted
        values(reader)
        assert reader.ledger.adds_up()
        with pytest.raises(rb.Full):
            producer.publish_batch(np.arange(40, dtype="u8"), timeout=0)


def test_events_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    producer = plain(retain=16)
    reader = rb.Reader.attach("plain", "bounded:20ms")
    producer.publish_batch(np.arange(100, dtype="u8"), timeout=LIMIT)
    producer.close()
    with caplog.at_level("WARNING", "pyringbuf"):
        assert all(len(batch) for batch in reader)
    assert [record.name for record in caplog.records] == ["pyringbuf"]
    assert "plain" in caplog.text


def test_a_log_that_fails_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import logging

    producer = plain(retain=16)
    reader = rb.Reader.attach("plain", "bounded:20ms")
    producer.publish_batch(np.arange(100, dtype="u8"), timeout=LIMIT)
    producer.close()

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(logging.getLogger("pyringbuf"), "warning", fail)
        with pytest.raises(KeyboardInterrupt):
            list(reader)
    batches = list(reader)
    assert [event.kind for batch in batches for event in batch.events] == ["demoted"]
    assert sum(len(batch) + batch.missed for batch in batches) == 100 - (reader.ledger.read - sum(map(len, batches)))


class TestTheRing:
    def test_continued(self) -> None:
        producer = plain()
        reader = rb.Reader.attach("plain", "lossless")
        producer.publish(0)
        producer.close()
        assert values(reader) == [0]
        assert reader.read() is None
        with plain() as again:
            again.publish(1)
            batch = reader.read(timeout=1)
            assert batch is not None
            assert [event.kind for event in batch.events] == ["restarted"]
            assert (batch.events[0].epoch, batch.events[0].first_sequence) == (2, 1)
            assert values(reader) == [1]
        assert [event.kind for event in reader.events] == ["restarted"]
        assert repr(reader.events[0]) == 'Event("restarted", epoch=2, first_sequence=1)'

    def test_replaced_while_somebody_waits(self) -> None:
        producer = plain()
        reader = rb.Reader.attach("plain", "lossless")
        errors: list[BaseException] = []

        def read() -> None:
            try:
                while reader.read(timeout=LIMIT) is not None:
                    pass
                reader.read(timeout=LIMIT)
            except BaseException as error:
                errors.append(error)

        producer.publish(1)
        del producer
        with rb.Producer.create("plain", "f4", retain=4, replace=True):
            thread = threading.Thread(target=read)
            thread.start()
            thread.join(LIMIT)
        assert not thread.is_alive()
        assert not errors or isinstance(errors[0], rb.Replaced)

    def test_removed(self, rings: Path) -> None:
        producer = plain()
        reader = rb.Reader.attach("plain", "lossy")
        producer.publish(1)
        assert values(reader) == [1]
        for file in rings.iterdir():
            file.unlink()
        # As long as its producer lives nothing happens.
        producer.publish(2)
        assert values(reader) == [2]
        producer.close()
        try:
            assert reader.read(timeout=1) is None
        except rb.Removed:
            pass

    def test_another_kind(self) -> None:
        _producer = plain()
        with pytest.raises(rb.SchemaMismatch):
            rb.FrameReader.attach("plain")

    def test_what_is_no_ring(self, rings: Path) -> None:
        for suffix in ("", ".ring", ".readers"):
            (rings / f"junk{suffix}").write_bytes(b"junk" * 5000)
        with pytest.raises(rb.AttachError):
            rb.Reader.attach("junk")

    def test_not_allowed(self) -> None:
        _producer = plain(allow="bounded:100ms")
        with pytest.raises(rb.NotAllowed):
            rb.Reader.attach("plain", "lossless")
        with pytest.raises(rb.NotAllowed):
            rb.Reader.attach("plain", "bounded:1s")
        rb.Reader.attach("plain", "bounded:100ms")


def test_what_a_closed_reader_says() -> None:
    producer = plain()
    reader = rb.Reader.attach("plain", "lossless")
    producer.publish_batch(np.arange(9, dtype="u8"))
    assert values(reader) == list(range(9))
    with reader as same:
        assert same is reader
        assert not reader.closed
    assert reader.closed
    for use in (
        reader.read,
        lambda: reader.read(0),
        lambda: next(reader),
        lambda: list(reader),
        lambda: reader.read_into(bytearray(8)),
        reader.latest,
        reader.rejoin,
    ):
        with pytest.raises(rb.ReadError, match="was closed: attach another"):
            use()
    reader.close()
    assert (reader.name, reader.delivery, reader.held, reader.lag) == ("plain", "lossless", 0, 0)
    assert (reader.cursor, reader.missed, reader.ledger.read) == (9, 0, 9)
    assert reader.events == ()
    assert not reader.is_demoted
    assert "closed" in repr(reader)
    assert producer.registered_readers == 0


def test_a_reader_that_nobody_has_any_more_is_gone() -> None:
    producer = plain()
    reader = rb.Reader.attach("plain", "lossless")
    assert producer.registered_readers == 1
    del reader
    assert producer.registered_readers == 0


def test_schema_units_clocks() -> None:
    rb.Producer.create("told", RECORD, retain=4, units={"x": "m/s2"}, clocks={"t": "unix"})
    reader = rb.Reader.attach("told", dtype=RECORD)
    assert reader.dtype == RECORD
    assert (dict(reader.units), dict(reader.clocks)) == ({"x": "m/s2"}, {"t": "unix"})
    assert '"m/s2"' in reader.schema
    with pytest.raises(TypeError):
        reader.units["x"] = "g"  # type: ignore[index]


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
        with pytest.raises(TypeError, match="Mine.attach"):
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
            np.datetime64("NaT"),
            np.timedelta64("NaT"),
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

    @given(st.dictionaries(st.sampled_from(["delivery", "start", "until", "wait", "reader_name", "dtype"]), ANYTHING))
    @settings(max_examples=300)
    def test_attach(self, choices: dict[str, Any]) -> None:
        with plain() as producer:
            producer.publish_batch(np.arange(9, dtype="u8"))
            try:
                reader = rb.Reader.attach("plain", **choices)
            except EXPECTED:
                return
            try:
                reader.read(timeout=0)
            except EXPECTED:
                pass
            assert reader.ledger.adds_up()

    @given(ANYTHING, st.booleans(), st.sampled_from(["lossy", "lossless"]))
    @settings(max_examples=300)
    def test_reading(self, found: Any, is_timeout: bool, delivery: str) -> None:
        with plain() as producer:
            reader = rb.Reader.attach("plain", delivery)
            producer.publish_batch(np.arange(9, dtype="u8"))
            try:
                reader.read(found) if is_timeout else reader.read_into(found, timeout=0)
            except EXPECTED:
                pass
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
