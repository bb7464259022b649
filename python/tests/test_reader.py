"""A reader of records: where it begins and ends, what it is told, and what it refuses."""

import contextlib
import datetime
import math
import pickle
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import LIMIT
from rings_of import RECORD, plain, rows, short, values

import pyringbuf as rb


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
        (datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC), range(50)),
        (datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC), range(50)),
        (np.datetime64("2001-01-01"), range(50)),
    ]:
        reader = rb.Reader.attach("plain", start=start)
        assert values(reader) == list(expected), start
        assert not reader.begins_late
    with pytest.raises(rb.AttachError, match="51"):
        rb.Reader.attach("plain", start=51)
    with pytest.raises(rb.AttachError):
        rb.Reader.attach("plain", start=datetime.datetime(2200, 1, 1, tzinfo=datetime.UTC))
    _unstamped = plain("unstamped", stamp=False)
    with pytest.raises(rb.AttachError):
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
    assert (np.diff(times) > np.timedelta64(0, "ns")).all()
    assert values(rb.Reader.attach("plain", start=times[3])) == [3, 4, 5]
    assert values(rb.Reader.attach("plain", start=times[3] + np.timedelta64(1, "ns"))) == [4, 5]
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
        with contextlib.suppress(rb.Removed):
            assert reader.read(timeout=1) is None

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


def test_what_became_of_records_goes_to_other_processes() -> None:
    producer = plain()
    reader = rb.Reader.attach("plain")
    producer.publish(1)
    assert values(reader) == [1]
    ledger = reader.ledger
    assert pickle.loads(pickle.dumps(ledger)) == ledger
    assert (ledger.read, ledger.adds_up()) == (1, True)
    for event in (rb.Event("producer-died"), rb.Event("restarted", epoch=2, first_sequence=7)):
        assert pickle.loads(pickle.dumps(event)) == event
    with pytest.raises(ValueError, match='kind="gone"'):
        rb.Event("gone")
