"""A reader of frames, and frames in hand."""

import contextlib
import gc
import os
import pickle
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import LIMIT, eventually
from hypothesis import given, settings
from hypothesis import strategies as st

import pyringbuf as rb

SHAPES: list[tuple[str, tuple[int, ...]]] = [
    ("u1", (480, 640, 3)),
    ("u2", (7,)),
    ("u4", (1, 1)),
    ("u8", (2, 3)),
    ("i1", (5, 1)),
    ("i2", (1,)),
    ("i4", (3, 2, 1, 2)),
    ("i8", (4,)),
    ("f4", (10, 3)),
    ("f8", (2, 2, 2)),
    ("M8[ns]", (2, 5)),
    ("m8[ns]", (6,)),
    ("u1", (0,)),
    ("f4", (0, 3)),
    ("f4", (3, 0)),
    ("M8[ns]", (0,)),
]
IDS = [f"{form}{shape}" for form, shape in SHAPES]


def picture(form: str, shape: tuple[int, ...], seed: int = 0) -> Any:
    generator = np.random.default_rng(seed)
    dtype = np.dtype(form)
    if dtype.kind == "f":
        return generator.random(shape).astype(dtype)
    return generator.integers(0, 100, shape, "i8").astype(dtype)


@pytest.mark.parametrize("delivery", ["lossy", "bounded:10s", "lossless"])
@pytest.mark.parametrize(("form", "shape"), SHAPES, ids=IDS)
def test_frames_come_as_they_were_published(delivery: str, form: str, shape: tuple[int, ...]) -> None:
    with rb.FrameProducer.create("camera") as camera:
        reader = rb.FrameReader.attach("camera", delivery)
        sent = [picture(form, shape, seed) for seed in range(3)]
        for n, each in enumerate(sent):
            assert camera.publish(each, tag=n + 7) == n
        latest = reader.latest()
        for n, each in enumerate(sent):
            frame = reader.read(timeout=1)
            assert frame
            assert (frame.sequence, frame.tag, frame.missed, frame.events) == (n, n + 7, 0, ())
            assert (frame.dtype, frame.shape, frame.nbytes) == (np.dtype(form), shape, each.nbytes)
            for found in (frame.array, np.asarray(frame), frame.copy()):
                assert (found.dtype, found.shape) == (np.dtype(form), shape)
                assert (found == each).all()
            assert bytes(frame) == each.tobytes()
            assert len(frame) == each.nbytes
            assert frame.is_in_place is (delivery == "lossless")
            assert frame.published is not None
            if np.dtype(form).kind not in "Mm":
                view = memoryview(frame)
                assert view.shape == shape
                assert view.tobytes() == each.tobytes()
                assert view.readonly
            elif each.nbytes:
                with pytest.raises(BufferError, match="times"):
                    memoryview(frame)
        assert latest is not None
        assert (latest.sequence, latest.tag) == (2, 9)
        assert (latest.array == sent[2]).all()
        assert reader.ledger.adds_up()
        camera.close()
        assert reader.read() is None


def test_bytes_and_text() -> None:
    with rb.FrameProducer.create("lines") as lines:
        reader = rb.FrameReader.attach("lines", "lossless")
        for line in (b"", b"a line", "größe".encode(), b"\xff\xfe", os.urandom(70_000)):
            lines.publish(line)
            frame = reader.read(timeout=1)
            assert frame
            assert bytes(frame) == line
            assert frame.text == line.decode(errors="replace")
            assert frame.array.dtype == np.uint8
            assert frame.array.tobytes() == line
            assert memoryview(frame).tobytes() == line
            # True, however short it is.
            assert frame


VIEWS: dict[str, Callable[[Any], Any]] = {
    "array": lambda frame: frame.array,
    "asarray": np.asarray,
    "slice of a slice": lambda frame: frame.array[1:][:, :1],
    "reshaped": lambda frame: frame.array.reshape(-1)[3:],
    "of bytes": lambda frame: frame.array.view("u1"),
    "channel": lambda frame: frame.array[..., 0],
    "transposed": lambda frame: frame.array.T,
}
BUFFERS: dict[str, Callable[[Any], Any]] = {
    "memoryview": memoryview,
    "cast": lambda frame: memoryview(frame).cast("B"),
    "pickle buffer": pickle.PickleBuffer,
}


@pytest.mark.parametrize(
    ("form", "kind"), [("f4", key) for key in VIEWS | BUFFERS] + [("M8[ns]", key) for key in VIEWS]
)
def test_a_view_holds_the_frame_and_nothing_else_does(form: str, kind: str) -> None:
    shape = (4, 4, 2)
    size = int(np.prod(shape)) * np.dtype(form).itemsize
    camera = rb.FrameProducer.create("views", frames=4, frame_bytes=size)
    reader = rb.FrameReader.attach("views", "lossless", reader_name="the viewer")
    sent = picture(form, shape)
    camera.publish(sent)
    frame = reader.read()
    assert frame
    view = (VIEWS | BUFFERS)[kind](frame)
    with pytest.raises(BufferError, match="view"):
        frame.release()
    del frame
    # Everything but that frame is read, and given back.
    room = 0
    while room == 0 or reader.lag:
        with contextlib.suppress(rb.Full):
            room += camera.publish(sent, timeout=0) is not None
        with contextlib.suppress(TimeoutError):
            reader.read(timeout=0).release()  # type: ignore[union-attr]
    for _ in range(4):
        with contextlib.suppress(rb.Full):
            camera.publish(sent, timeout=0)
    with pytest.raises(rb.Full) as full:
        camera.publish(sent, timeout=0)
    assert full.value.reader == "the viewer"
    if isinstance(view, np.ndarray):
        assert not view.flags.writeable
        with pytest.raises(ValueError, match="WRITEABLE"):
            view.flags.writeable = True
        if kind in ("array", "asarray"):
            assert (view == sent).all()
    assert reader.held > 0
    del view
    gc.collect()
    assert reader.held == 0
    assert camera.publish(sent, timeout=0) is not None


def test_whoever_asks_for_memory_is_told_what_lies_there() -> None:
    """Every way in which the buffer protocol can be asked."""
    asks = pytest.importorskip("_testbuffer")
    camera = rb.FrameProducer.create("asked")
    reader = rb.FrameReader.attach("asked", "lossless")
    sent = np.arange(12, dtype="u2").reshape(3, 4)
    camera.publish(sent)
    frame = reader.read()
    assert frame
    names = [
        "SIMPLE",
        "FORMAT",
        "ND",
        "STRIDES",
        "INDIRECT",
        "C_CONTIGUOUS",
        "ANY_CONTIGUOUS",
        "RECORDS_RO",
        "FULL_RO",
    ]
    names += ["CONTIG_RO", "STRIDED_RO"]
    for name in names:
        flags = getattr(asks, f"PyBUF_{name}")
        view = asks.ndarray(frame, getbuf=flags)
        assert view.nbytes == 24
        assert view.readonly
        if flags & asks.PyBUF_ND:
            assert (view.shape, view.ndim) == ((3, 4), 2)
            assert view.tobytes() == sent.tobytes()
        if flags & asks.PyBUF_STRIDES == asks.PyBUF_STRIDES:
            assert view.strides == (8, 2)
    for name in ("F_CONTIGUOUS", "WRITABLE", "FULL", "CONTIG", "STRIDED", "RECORDS"):
        with pytest.raises(BufferError, match="expected"):
            asks.ndarray(frame, getbuf=getattr(asks, f"PyBUF_{name}"))
    del view
    # A row is contiguous both ways.
    camera.publish(sent[:1])
    row = reader.read()
    assert asks.ndarray(row, getbuf=asks.PyBUF_F_CONTIGUOUS).tobytes() == sent[:1].tobytes()


def test_given_back_at_the_next_read() -> None:
    camera = rb.FrameProducer.create("back", frames=1, frame_bytes=1000)
    reader = rb.FrameReader.attach("back", "lossless")
    # One frame is all that it keeps: iterating never holds two.
    sender = threading.Thread(
        target=lambda: [camera.publish(bytes([n]) * 1000) for n in range(50)] and camera.close()
    )
    sender.start()
    first = None
    for n, frame in enumerate(reader):
        first = first or frame
        assert bytes(frame) == bytes([n]) * 1000
    sender.join()
    assert first is not None
    for use in (
        lambda: first.array,
        lambda: bytes(first),
        lambda: first.text,
        lambda: memoryview(first),
        lambda: first.copy(),
        lambda: np.asarray(first),
    ):
        with pytest.raises(BufferError, match="given back"):
            use()
    assert (first.nbytes, first.sequence) == (1000, 0)
    assert "given back" in repr(first)


def test_frames_outlive_the_reader() -> None:
    with rb.FrameProducer.create("outlive") as camera:
        reader = rb.FrameReader.attach("outlive", "lossless")
        sent = picture("f4", (30, 40))
        camera.publish(sent)
        frame = reader.read()
        assert frame
        array = frame.array
        reader.close()
        del reader, frame
        gc.collect()
    gc.collect()
    assert (array == sent).all()


def test_several_held_and_ended_in_any_order() -> None:
    camera = rb.FrameProducer.create("several", frames=8, frame_bytes=100)
    reader = rb.FrameReader.attach("several", "lossless")
    views = []
    for n in range(6):
        camera.publish(np.full(100, n, "u1"))
        views.append(reader.read().array)  # type: ignore[union-attr]
    for n in (3, 0, 5, 1, 2, 4):
        assert (views[n] == n).all()
        views[n] = None
        assert reader.ledger.adds_up()
    assert reader.held == 0
    for _ in range(8):
        camera.publish(bytes(100), timeout=0)


def test_tags() -> None:
    with rb.FrameProducer.create("tags") as camera:
        all_of_them = rb.FrameReader.attach("tags", "lossless")
        some = rb.FrameReader.attach("tags", "lossless", tags=[1, 3, 2**64 - 1])
        none = rb.FrameReader.attach("tags", tags=())
        for tag in (0, 1, 2, 3, 2**64 - 1):
            camera.publish(b"x", tag=tag)
    assert [frame.tag for frame in all_of_them] == [0, 1, 2, 3, 2**64 - 1]
    assert [frame.tag for frame in some] == [1, 3, 2**64 - 1]
    assert list(none) == []
    assert (some.ledger.read, some.ledger.skipped) == (3, 2)
    assert none.ledger.skipped == 5
    assert some.ledger.adds_up()


@pytest.mark.parametrize("tags", [[-1], [2**64], ["x"], 7, [None], [1.5]])
def test_tags_that_are_none(tags: Any) -> None:
    _camera = rb.FrameProducer.create("tags")
    with pytest.raises((TypeError, ValueError, OverflowError)):
        rb.FrameReader.attach("tags", tags=tags)


class TestReadInto:
    @pytest.mark.parametrize("delivery", ["lossy", "bounded:10s", "lossless"])
    def test_it_fills_the_front(self, delivery: str) -> None:
        camera = rb.FrameProducer.create("into")
        reader = rb.FrameReader.attach("into", delivery)
        sent = picture("f4", (100, 200))
        out = np.empty((100, 200), "f4")
        for n in range(5):
            camera.publish(sent + n, tag=n)
            header = reader.read_into(out, timeout=1)
            assert header is not None
            assert (header.sequence, header.tag, header.nbytes) == (n, n, sent.nbytes)
            assert (header.dtype, header.shape) == (np.dtype("f4"), (100, 200))
            assert header.published is not None
            assert (out == sent + n).all()
            assert reader.ledger.adds_up()
        camera.publish(b"short")
        assert reader.read_into(out).nbytes == 5  # type: ignore[union-attr]
        assert out.tobytes()[:5] == b"short"
        camera.close()
        assert reader.read_into(out) is None

    @pytest.mark.parametrize("delivery", ["lossy", "bounded:10s", "lossless"])
    def test_too_short_loses_nothing(self, delivery: str) -> None:
        camera = rb.FrameProducer.create("into")
        reader = rb.FrameReader.attach("into", delivery)
        camera.publish(b"x" * 100)
        for size in (0, 1, 99):
            with pytest.raises(ValueError, match="100"):
                reader.read_into(bytearray(size), timeout=0)
        assert reader.cursor == 0
        assert reader.read_into(bytearray(100)).nbytes == 100  # type: ignore[union-attr]

    def test_what_cannot_be_read_into(self) -> None:
        camera = rb.FrameProducer.create("into")
        reader = rb.FrameReader.attach("into")
        camera.publish(b"x" * 8)
        const = np.empty(8, "u1")
        const.flags.writeable = False
        for out in (b"x" * 8, const, np.empty(16, "u1")[::2], np.empty((4, 4), "u1").T[1:], None, "text", 8):
            with pytest.raises((TypeError, ValueError, BufferError)):
                reader.read_into(out, timeout=0)  # type: ignore[arg-type]
        assert reader.read(timeout=0)


def test_what_was_missed_is_exact() -> None:
    camera = rb.FrameProducer.create("loss", frames=8, frame_bytes=128)
    reader = rb.FrameReader.attach("loss")
    for n in range(100):
        camera.publish(bytes([n]) * 100)
    camera.close()
    got = list(reader)
    missed = sum(frame.missed for frame in got)
    assert missed + len(got) == 100
    assert missed == reader.missed > 0
    assert all(bytes(frame) == bytes([frame.sequence or 0]) * 100 for frame in got)
    assert reader.ledger.adds_up()


def test_only_news() -> None:
    camera = rb.FrameProducer.create("news", frames=4, frame_bytes=64)
    reader = rb.FrameReader.attach("news", "bounded:10ms")
    for n in range(20):
        camera.publish(bytes([n]), timeout=LIMIT)
    kinds = []
    while reader.lag:
        frame = reader.read(timeout=1)
        assert frame is not None
        kinds += [event.kind for event in frame.events]
        if not frame:
            with pytest.raises(ValueError, match="if frame"):
                _ = frame.array
            assert (frame.sequence, len(frame), frame.nbytes) == (None, 0, 0)
            assert (frame.dtype, frame.shape, frame.published, frame.text) == (None, None, None, "")
            assert bytes(frame) == b""
            assert len(memoryview(frame)) == 0
            frame.release()
    assert kinds == ["demoted"]
    assert reader.is_demoted


def test_another_thread_runs_while_a_frame_is_copied() -> None:
    size = 8 << 20
    camera = rb.FrameProducer.create("large", retain_bytes=2 * size)
    reader = rb.FrameReader.attach("large")
    camera.publish(np.ones(size, "u1"))
    out = np.zeros(size, "u1")
    was_seen = threading.Event()
    may_end = threading.Event()

    def watch() -> None:
        # Sees the copy grow from within: only somebody who runs meanwhile can.
        while not may_end.is_set():
            if out[0] == 1 and out[-1] == 0:
                was_seen.set()
                return

    for _ in range(200):
        out[:] = 0
        thread = threading.Thread(target=watch)
        thread.start()
        assert reader.read_into(out, timeout=1)
        may_end.set()
        thread.join()
        may_end.clear()
        if was_seen.is_set():
            return
        camera.publish(np.ones(size, "u1"))
    pytest.fail("nobody ever ran while a frame was copied")


def test_weak_references() -> None:
    camera = rb.FrameProducer.create("weak")
    reader = rb.FrameReader.attach("weak", "lossless")
    camera.publish(b"x")
    frame = reader.read()
    gone = weakref.ref(frame)
    is_reader_gone = weakref.ref(reader)
    del frame, reader
    assert gone() is None
    assert is_reader_gone() is None
    eventually(lambda: camera.registered_readers == 0)


def test_a_frame_says_why_it_cannot_be_sent() -> None:
    camera = rb.FrameProducer.create("sent")
    reader = rb.FrameReader.attach("sent")
    camera.publish(b"x")
    for found in (reader.read(), reader):
        with pytest.raises(TypeError, match=r"copy\(\)|by the name"):
            pickle.dumps(found)


@given(st.lists(st.tuples(st.binary(max_size=300), st.integers(0, 2**64 - 1)), max_size=20))
@settings(max_examples=100)
def test_any_bytes(frames: list[tuple[bytes, int]]) -> None:
    with rb.FrameProducer.create("any", frames=64, frame_bytes=512, replace=True) as camera:
        readers = [
            rb.FrameReader.attach("any", delivery) for delivery in ("lossy", "bounded:10s", "lossless")
        ]
        for found, tag in frames:
            camera.publish(found, tag)
        camera.close()
        for reader in readers:
            assert [(bytes(frame), frame.tag) for frame in reader] == frames
            assert reader.ledger.adds_up()
