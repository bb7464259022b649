"""Views: what lies in the ring is held while any of them lives, and not a moment longer."""

import ctypes
import gc
import io
import pickle
import struct
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import LIMIT, eventually

import pyringbuf as rb

RECORD = np.dtype([("n", "u8"), ("x", "f4", (3,)), ("label", "S8")])
TIMED = np.dtype([("n", "u8"), ("t", "M8[ns]"), ("x", "f4", (3,))])
KEPT = 16
# A lossless reader is handed a quarter of a ring at a time.
BATCH = 4


def records(first: int, count: int, dtype: np.dtype[Any] = RECORD) -> Any:
    made = np.zeros(count, dtype)
    made["n"] = np.arange(first, first + count)
    made["x"] = made["n"][:, None] + np.float32([0, 0.25, 0.5])
    return made


def make(name: str = "views", dtype: np.dtype[Any] = RECORD, **choices: Any) -> tuple[rb.Producer, rb.Reader]:
    producer = rb.Producer.create(name, dtype, retain=KEPT)
    return producer, rb.Reader.attach(name, "lossless", **choices)


def drain(reader: rb.Reader) -> None:
    """Reads what is there, and keeps none of it."""
    while True:
        try:
            batch = reader.read(timeout=0)
        except TimeoutError:
            return
        assert batch is not None
        batch.release()


def cycle(batch: Any) -> Any:
    made: dict[str, Any] = {"batch": batch, "view": batch.records}
    made["itself"] = made
    return made


VIEWS: dict[str, Callable[[Any], Any]] = {
    "records": lambda batch: batch.records,
    "column": lambda batch: batch["n"],
    "slice of a slice": lambda batch: batch.records[2:]["x"][1:, :2],
    "one record": lambda batch: batch[3],
    "rows": iter,
    "list of rows": list,
    "asarray": np.asarray,
    "asarray of the same type": lambda batch: np.asarray(batch, dtype=batch.dtype),
    "array without a copy": lambda batch: batch.__array__(copy=False),
    "bytes": lambda batch: batch.records.view("u1"),
    "reshaped": lambda batch: batch.records.reshape(2, -1)[1],
    "columns": lambda batch: batch.columns()["x[1]"],
    "of NumPy's memory": lambda batch: memoryview(batch["x"]),
    "in a circle": cycle,
}
BUFFERS: dict[str, Callable[[Any], Any]] = {
    "memoryview": memoryview,
    "slice of a memoryview": lambda batch: memoryview(batch)[1:3],
    "cast memoryview": lambda batch: memoryview(batch).cast("B"),
    "pickle buffer": pickle.PickleBuffer,
    "frombuffer": lambda batch: np.frombuffer(batch, "u1"),
}
ALL = [(RECORD, key) for key in VIEWS | BUFFERS] + [(TIMED, key) for key in VIEWS]


@pytest.mark.parametrize(
    ("dtype", "kind"), ALL, ids=[f"{key}{'' if d is RECORD else ' of times'}" for d, key in ALL]
)
def test_a_view_holds_the_records_and_nothing_else_does(dtype: np.dtype[Any], kind: str) -> None:
    producer, reader = make(dtype=dtype, reader_name="the viewer")
    producer.publish_batch(records(0, KEPT, dtype))
    batch = reader.read()
    assert batch is not None
    assert len(batch) == BATCH
    assert batch.is_in_place
    view = (VIEWS | BUFFERS)[kind](batch)
    drain(reader)
    with pytest.raises(BufferError, match="view"):
        batch.release()
    del batch
    assert reader.held == KEPT
    with pytest.raises(rb.Full) as full:
        producer.publish_batch(records(KEPT, 1, dtype), timeout=0)
    assert full.value.reader == "the viewer"
    assert reader.ledger.adds_up()
    if isinstance(view, np.ndarray):
        assert not view.flags.writeable
    del view
    gc.collect()
    assert reader.held == 0
    assert producer.publish_batch(records(KEPT, 1, dtype), timeout=0) == 1


@pytest.mark.parametrize("dtype", [RECORD, TIMED], ids=["plain", "times"])
def test_what_a_view_shows_stays(dtype: np.dtype[Any]) -> None:
    producer, reader = make(dtype=dtype)
    producer.publish_batch(records(0, BATCH, dtype))
    batch = reader.read()
    assert batch is not None
    seen = batch.records
    expected = records(0, BATCH, dtype)
    assert producer.publish_batch(records(BATCH, 12, dtype)) == 12
    drain(reader)
    with pytest.raises(rb.Full):
        producer.publish_batch(records(16, 10, dtype), timeout=0.05)
    assert (seen == expected).all()
    assert seen.dtype == dtype


@pytest.mark.parametrize("delivery", ["lossless", "bounded:10s", "lossy"])
@pytest.mark.parametrize("dtype", [RECORD, TIMED], ids=["plain", "times"])
def test_views_cannot_be_written(delivery: str, dtype: np.dtype[Any]) -> None:
    with rb.Producer.create("const", dtype, retain=KEPT) as producer:
        reader = rb.Reader.attach("const", delivery)
        producer.publish_batch(records(0, 4, dtype))
        batch = reader.read()
        assert batch is not None
        array = batch.records
        for view in (array, array["n"], array[1:], array["x"].T, np.asarray(batch)):
            assert not view.flags.writeable
            with pytest.raises(ValueError, match="WRITEABLE"):
                view.flags.writeable = True
        with pytest.raises(ValueError, match="read-only"):
            array["n"][0] = 7
        with pytest.raises((BufferError, TypeError, ValueError)):
            (ctypes.c_char * 4).from_buffer(batch)
        # Whoever asks for memory to write to gets none.
        if dtype is RECORD:
            for write in (
                lambda: io.BytesIO(b"overwritten").readinto(batch),
                lambda: struct.pack_into("B", batch, 0, 255),
                lambda: rb.Reader.attach("const", start=0).read_into(batch),
            ):
                with pytest.raises((BufferError, TypeError)):
                    write()
            view = memoryview(batch)
            assert view.readonly
            assert view.cast("B").readonly
            with pytest.raises(TypeError, match="read-only"):
                view.cast("B")[0] = 1
        assert list(batch["n"]) == [0, 1, 2, 3]


def test_a_batch_without_views_is_given_back_at_the_next_read() -> None:
    producer, reader = make()
    producer.publish_batch(records(0, BATCH))
    first = reader.read()
    assert first is not None
    assert reader.held == BATCH
    with pytest.raises(TimeoutError):
        reader.read(timeout=0)
    assert reader.held == 0
    for use in (
        lambda: first.records,
        lambda: first["n"],
        lambda: first[0],
        lambda: memoryview(first),
        lambda: iter(first),
        lambda: first.copy(),
        lambda: first.columns(),
        lambda: first.published,
    ):
        with pytest.raises(BufferError, match=r"given back.*copy"):
            use()
    # What is known without the records stays known.
    assert (len(first), first.first_sequence, first.nbytes) == (BATCH, 0, BATCH * RECORD.itemsize)
    assert "given back" in repr(first)
    first.release()


def test_views_that_die_after_the_next_read_give_back_at_once() -> None:
    producer, reader = make()
    producer.publish_batch(records(0, 8))
    first = reader.read()
    assert first is not None
    view = first["n"][2:]
    second = reader.read()
    assert second is not None
    assert reader.held == 8
    # Nobody reads now: the end of the view is enough.
    del view
    assert reader.held == 4
    assert producer.publish_batch(records(8, 12), timeout=0) == 12
    with pytest.raises(BufferError, match="given back"):
        _ = first.records


def test_leaving_a_with_gives_back_when_the_last_view_ends() -> None:
    producer, reader = make()
    producer.publish_batch(records(0, 4))
    with reader.read() as batch:  # type: ignore[union-attr]
        view = batch["n"]
    assert reader.held == 4
    assert view.sum() == 6
    del view
    assert reader.held == 0
    producer.publish_batch(records(4, 4))
    with reader.read() as batch:  # type: ignore[union-attr]
        pass
    assert reader.held == 0


def test_release_waits_for_the_views() -> None:
    producer, reader = make()
    producer.publish_batch(records(0, 4))
    batch = reader.read()
    assert batch is not None
    views = [batch.records, batch["n"], memoryview(batch)]
    for left in (3, 2, 1):
        with pytest.raises(BufferError, match=f"{left} views"):
            batch.release()
        views.pop()
    batch.release()
    assert reader.held == 0
    batch.release()


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1), (1, 3, 0, 2)])
def test_batches_may_end_in_any_order(order: tuple[int, ...]) -> None:
    producer, reader = make()
    held: list[Any] = []
    for n in range(4):
        producer.publish_batch(records(4 * n, 4))
        batch = reader.read()
        assert batch is not None
        held.append(batch.records)
        del batch
        assert reader.ledger.adds_up()
    ended: set[int] = set()
    for which in order:
        assert (held[which]["n"] == np.arange(4 * which, 4 * which + 4)).all()
        held[which] = None
        ended.add(which)
        oldest = min(set(range(4)) - ended, default=4)
        # The gate stands at the oldest that lives.
        assert reader.held == 16 - 4 * oldest
        assert reader.ledger.adds_up()
    assert producer.publish_batch(records(16, KEPT), timeout=0) == KEPT


def test_the_producer_goes_on_while_the_reader_sleeps() -> None:
    producer, reader = make()
    producer.publish_batch(records(0, KEPT))
    batch = reader.read()
    assert batch is not None
    view = batch["n"]
    came: list[Any] = []
    drain(reader)
    sleeper = threading.Thread(target=lambda: came.append(reader.read(timeout=LIMIT).copy()))  # type: ignore[union-attr]
    sleeper.start()
    blocked = threading.Thread(target=lambda: producer.publish_batch(records(KEPT, 2), timeout=LIMIT))
    blocked.start()
    eventually(lambda: reader.lag == 0)
    assert not came
    # This thread was handed the batch: who sleeps leaves it alone.
    del view, batch
    blocked.join(LIMIT)
    sleeper.join(LIMIT)
    assert came[0]["n"][0] == 16


def test_views_in_other_threads_hold() -> None:
    producer, reader = make()
    producer.publish_batch(records(0, KEPT))
    has_it, may_end = threading.Event(), threading.Event()
    sums = []

    def hold(view: Any) -> None:
        has_it.set()
        may_end.wait(LIMIT)
        sums.append(int(view.sum()))

    batch = reader.read()
    assert batch is not None
    thread = threading.Thread(target=hold, args=(batch["n"],))
    del batch
    drain(reader)
    thread.start()
    has_it.wait(LIMIT)
    with pytest.raises(rb.Full):
        producer.publish_batch(records(16, 1), timeout=0.05)
    may_end.set()
    thread.join()
    del thread
    assert sums == [6]
    assert producer.publish_batch(records(16, 1), timeout=0) == 1


def test_circles_are_collected_before_somebody_waits_for_himself() -> None:
    producer, reader = make()
    producer.publish_batch(records(0, KEPT))
    held = cycle(reader.read())
    drain(reader)
    is_gone = weakref.ref(held["batch"])
    gc.disable()
    try:
        del held
        assert is_gone() is not None
        blocked = threading.Thread(target=lambda: producer.publish_batch(records(16, 1)), daemon=True)
        blocked.start()
        batch = reader.read(timeout=LIMIT)
        assert batch is not None
        assert batch["n"][0] == 16
    finally:
        gc.enable()


def test_views_outlive_the_reader_and_the_producer() -> None:
    producer, reader = make()
    producer.publish_batch(records(0, 4))
    batch = reader.read()
    assert batch is not None
    view = batch["n"]
    reader.close()
    assert (view == np.arange(4)).all()
    with pytest.raises(rb.Full):
        producer.publish_batch(records(4, KEPT), timeout=0.05)
    del reader, batch
    gc.collect()
    assert (view == np.arange(4)).all()
    producer.close()
    del producer
    gc.collect()
    assert (view == np.arange(4)).all()
    with rb.Producer.create("views", RECORD, retain=KEPT) as again:
        with pytest.raises(rb.Full):
            again.publish_batch(records(again.published, KEPT), timeout=0.05)
        del view
        assert again.publish_batch(records(again.published, KEPT), timeout=0) == KEPT


def test_a_closed_reader_gives_back_what_nobody_views() -> None:
    producer, reader = make()
    producer.publish_batch(records(0, 4))
    with reader:
        batch = reader.read()
        assert batch is not None
    with pytest.raises(BufferError, match="given back"):
        _ = batch.records
    assert producer.publish_batch(records(4, KEPT), timeout=0) == KEPT


def test_a_batch_may_outlive_its_reader() -> None:
    with rb.Producer.create("views", RECORD, retain=KEPT) as producer:
        reader = rb.Reader.attach("views", "lossless")
        producer.publish_batch(records(0, 4))
        batch = reader.read()
        assert batch is not None
        del reader
        assert list(batch["n"]) == [0, 1, 2, 3]


@pytest.mark.parametrize("delivery", ["lossy", "bounded:10s"])
def test_copies_hold_nobody_and_stay_valid(delivery: str) -> None:
    producer = rb.Producer.create("copies", RECORD, retain=KEPT)
    reader = rb.Reader.attach("copies", delivery)
    producer.publish_batch(records(0, 4))
    batch = reader.read()
    assert batch is not None
    assert not batch.is_in_place
    assert reader.held == 0
    view = batch["n"]
    producer.publish_batch(records(4, 8))
    assert reader.read(timeout=1) is not None
    assert (batch.records == records(0, 4)).all()
    assert (view == np.arange(4)).all()
    reader.close()
    producer.close()
    assert (view == np.arange(4)).all()


def test_a_copy_is_its_own() -> None:
    producer, reader = make()
    producer.publish_batch(records(0, 4))
    batch = reader.read()
    assert batch is not None
    mine = batch.copy()
    assert mine.flags.writeable
    mine["n"] = 9
    assert list(batch["n"]) == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="copy"):
        batch.__array__(np.dtype("u1"), copy=False)
    batch.release()
    assert list(mine["n"]) == [9] * 4


def test_buffers_say_what_they_are() -> None:
    producer, reader = make()
    producer.publish_batch(records(0, 4))
    batch = reader.read()
    assert batch is not None
    view = memoryview(batch)
    assert (view.shape, view.strides, view.itemsize) == ((4,), (RECORD.itemsize,), RECORD.itemsize)
    assert view.c_contiguous
    assert np.asarray(view).dtype == RECORD
    assert bytes(batch) == records(0, 4).tobytes()  # type: ignore[call-overload]
    assert (np.asarray(batch) == records(0, 4)).all()
    # A field's name can be anything that a record may call it.
    for name in ("größe", "a:b", "with space", "}"):
        dtype = np.dtype([(name, "u2"), ("y", "f8")])
        with rb.Producer.create("named", dtype, retain=4, replace=True) as named:
            follower = rb.Reader.attach("named", "lossless")
            named.publish((7, 0.5))
            found = follower.read()
            assert found is not None
            assert found.records.dtype == dtype
            assert np.asarray(found).dtype == dtype
            assert found[name][0] == 7


def test_who_waits_for_himself_is_told(child: Callable[..., Any]) -> None:
    """In a process with one thread: the producer is another, which sleeps."""
    producer = rb.Producer.create("self", "u8", retain=8)
    lone = child(
        """
import pyringbuf as rb
reader = rb.Reader.attach("self", "lossless")
print("ready", flush=True)
views = []
while reader.cursor < 8:
    views.append(reader.read().records)
try:
    reader.read(timeout=25)
    print("came")
except BufferError as error:
    print("told", error, flush=True)
views.clear()
print(reader.read(timeout=25)["value"][0], flush=True)
"""
    )
    assert lone.line() == "ready"
    producer.publish_batch(np.arange(8, dtype="u8"))
    blocked = threading.Thread(target=lambda: producer.publish(8, timeout=LIMIT))
    blocked.start()
    said = lone.line()
    assert said.startswith("told ring self")
    assert "copy" in said
    assert lone.line() == "8"
    blocked.join()
    assert lone.end()[0] == 0


def test_nobody_is_told_when_another_is_in_the_way(child: Callable[..., Any]) -> None:
    """The lone thread holds views, but a slower reader is further behind: it waits, and something comes."""
    producer = rb.Producer.create("slow", "u8", retain=8)
    slow = rb.Reader.attach("slow", "lossless", reader_name="slow")
    lone = child(
        """
import pyringbuf as rb
reader = rb.Reader.attach("slow", "lossless", start="oldest")
print("ready", flush=True)
while reader.cursor < 8:
    last = reader.read().records
print("holds", reader.held, flush=True)
try:
    print("came", reader.read(timeout=25)["value"][0], flush=True)
except BaseException as error:
    print(type(error).__name__, error, flush=True)
"""
    )
    assert lone.line() == "ready"
    producer.publish_batch(np.arange(8, dtype="u8"))
    said = lone.line()
    assert said.startswith("holds")
    assert 0 < int(said.split()[1]) < 8
    blocked = threading.Thread(target=lambda: producer.publish(8, timeout=LIMIT))
    blocked.start()
    # So long that it would have been told.
    time.sleep(0.5)
    while slow.cursor < 8:
        batch = slow.read(timeout=1)
        assert batch is not None
        batch.release()
    assert lone.line() == "came 8"
    blocked.join()


def test_nobody_is_told_for_a_producer_that_gave_up(child: Callable[..., Any]) -> None:
    """It timed out and does something else: its mark of having slept says nothing."""
    producer = rb.Producer.create("gave-up", "u8", retain=8)
    lone = child(
        """
import pyringbuf as rb
reader = rb.Reader.attach("gave-up", "lossless")
print("ready", flush=True)
views = []
while reader.cursor < 8:
    views.append(reader.read().records)
print("holds", flush=True)
input()
try:
    reader.read(timeout=1)
except BaseException as error:
    print(type(error).__name__, flush=True)
"""
    )
    assert lone.line() == "ready"
    producer.publish_batch(np.arange(8, dtype="u8"))
    assert lone.line() == "holds"
    with pytest.raises(rb.Full):
        producer.publish(8, timeout=0.1)
    lone.say()
    assert lone.line() == "TimeoutError"


def test_others_who_may_release_are_warned_for_once(caplog: pytest.LogCaptureFixture) -> None:
    producer, reader = make()
    producer.publish_batch(records(0, KEPT))
    batch = reader.read()
    assert batch is not None
    views = [batch.records]
    drain(reader)
    blocked = threading.Thread(target=lambda: producer.publish_batch(records(16, 1), timeout=LIMIT))
    blocked.start()
    for _ in range(2):
        with caplog.at_level("WARNING", "pyringbuf"), pytest.raises(TimeoutError):
            reader.read(timeout=0.5)
    assert sum("arrays made from what was read" in record.message for record in caplog.records) == 1
    views.clear()
    assert reader.read(timeout=LIMIT) is not None
    blocked.join()


def test_each_thread_gives_back_what_it_was_handed() -> None:
    """A batch in one thread's hands is not taken away by a read of another's."""
    producer, reader = make()
    producer.publish_batch(records(0, 4))
    batch = reader.read()
    assert batch is not None
    producer.publish_batch(records(4, 4))
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(list(reader.read()["n"])))  # type: ignore[index]
    thread.start()
    thread.join()
    assert found == [[4, 5, 6, 7]]
    assert list(batch["n"]) == [0, 1, 2, 3]
    with pytest.raises(TimeoutError):
        reader.read(timeout=0)
    assert reader.held == 0
