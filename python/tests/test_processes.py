"""Other processes: forked, spawned, killed, and of the Rust half."""

import asyncio
import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import LIMIT

import pyringbuf as rb

# Since 3.12 Python warns of forks beside threads. That is what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")

RECORD = np.dtype([("n", "u8"), ("x", "f4", (3,)), ("t", "M8[ns]"), ("label", "S8")])

PRODUCER = """
import sys, time
import numpy as np
import pyringbuf as rb
producer = rb.Producer.create("killed", "u8", retain=1000)
first = producer.published
producer.publish_batch(np.arange(first, first + 100, dtype="u8"))
print(first, flush=True)
time.sleep(100)
"""


@pytest.mark.parametrize("delivery", ["lossy", "bounded:1s", "lossless"])
def test_a_producer_is_killed_and_another_goes_on(delivery: str, child: Callable[..., Any]) -> None:
    first = child(PRODUCER)
    assert first.line() == "0"
    reader = rb.Reader.attach("killed", delivery, start="oldest")
    got: list[int] = []
    events: list[Any] = []

    def read_until(enough: Callable[[], bool]) -> None:
        end = time.monotonic() + LIMIT
        while not enough():
            assert time.monotonic() < end
            batch = reader.read(timeout=LIMIT)
            assert batch is not None
            if batch.events:
                events.extend(
                    (event.kind, event.epoch, event.first_sequence, len(got)) for event in batch.events
                )
            got.extend(batch["value"].tolist())

    read_until(lambda: len(got) == 100)
    first.signal(signal.SIGKILL)
    read_until(lambda: len(events) == 1)
    second = child(PRODUCER)
    assert second.line() == "100"
    read_until(lambda: len(got) == 200)
    assert got == list(range(200))
    assert events == [("producer-died", None, None, 100), ("restarted", 2, 100, 100)]
    assert [event.kind for event in reader.events] == ["producer-died", "restarted"]
    assert reader.ledger.adds_up()


@pytest.mark.parametrize("delivery", ["lossy", "lossless"])
def test_a_reader_may_end_with_its_producer(delivery: str, child: Callable[..., Any]) -> None:
    other = child(PRODUCER)
    assert other.line() == "0"
    ends = rb.Reader.attach("killed", delivery, start="oldest", on_death="end")
    raises = rb.Reader.attach("killed", delivery, start="oldest", on_death="raise")
    fetches = rb.Reader.attach("killed", delivery, start="oldest", on_death="end")
    other.signal(signal.SIGKILL)
    other.end()
    assert sum(len(batch) for batch in ends) == 100
    with pytest.raises(StopIteration):
        next(ends)
    assert [event.kind for event in ends.events] == ["producer-died"]
    got: list[int] = []
    with pytest.raises(rb.ProducerDied, match="start it again"):
        got.extend(len(batch) for batch in raises)
    assert sum(got) == 100

    async def count() -> int:
        return sum([len(batch) async for batch in fetches])

    assert asyncio.run(asyncio.wait_for(count(), LIMIT)) == 100
    # Another one goes on, and so do they.
    second = child(PRODUCER)
    assert second.line() == "100"
    assert next(ends)["value"][0] == 100
    batch = raises.read(timeout=LIMIT)
    while batch is not None and not len(batch):
        batch = raises.read(timeout=LIMIT)
    assert batch is not None
    assert batch["value"][0] == 100
    with pytest.raises(ValueError, match='on_death="never"'):
        rb.Reader.attach("killed", on_death="never")  # type: ignore[arg-type]


def test_views_outlive_a_killed_producer(child: Callable[..., Any]) -> None:
    other = child(PRODUCER)
    other.line()
    reader = rb.Reader.attach("killed", "lossless", start="oldest")
    batch = reader.read(timeout=LIMIT)
    assert batch is not None
    view = batch["value"]
    other.signal(signal.SIGKILL)
    other.end()
    for file in Path(os.environ["RINGBUF_DIR"]).iterdir():
        file.unlink()
    assert (view == np.arange(len(view))).all()
    del reader, batch
    assert (view == np.arange(len(view))).all()


def test_a_killed_reader_holds_nobody(child: Callable[..., Any]) -> None:
    producer = rb.Producer.create("readers", "u8", retain=16)
    producer.publish_batch(np.arange(16, dtype="u8"))
    other = child(
        """
import time
import pyringbuf as rb
view = rb.Reader.attach("readers", "lossless", start="oldest").read()["value"]
print("holds", flush=True)
time.sleep(100)
"""
    )
    assert other.line() == "holds"
    with pytest.raises(rb.Full):
        producer.publish(1, timeout=0.1)
    other.signal(signal.SIGKILL)
    producer.publish(1, timeout=LIMIT)


def in_child(go: Callable[[], object]) -> int:
    """Runs something in a forked child, and returns its exit code; killed if it hangs."""
    pid = os.fork()
    if pid == 0:
        code = 77
        try:
            signal.alarm(20)
            go()
            code = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class TestFork:
    def test_what_is_inherited_raises(self) -> None:
        producer = rb.Producer.create("forked", RECORD, retain=64)
        readers = [rb.Reader.attach("forked", delivery) for delivery in ("lossless", "lossy")]
        producer.publish_batch(np.ones(8, RECORD))
        batches = [reader.read() for reader in readers]
        view = batches[0]["n"]  # type: ignore[index]

        def go() -> None:
            for reader in readers:
                for use in (
                    reader.read,
                    lambda reader=reader: reader.read(timeout=0),
                    lambda reader=reader: next(reader),
                    lambda reader=reader: reader.read_into(bytearray(1000)),
                    lambda reader=reader: reader.lag,
                    lambda reader=reader: reader.lag_time,
                    lambda reader=reader: reader.cursor,
                    lambda reader=reader: reader.held,
                    lambda reader=reader: reader.ledger,
                    reader.latest,
                    reader.rejoin,
                ):
                    with pytest.raises(rb.Forked, match="forked"):
                        use()
                reader.close()
                repr(reader)
                _ = (
                    reader.name,
                    reader.dtype,
                    reader.events,
                    reader.is_demoted,
                    reader.closed,
                    reader.schema,
                )
            in_place, copied = batches
            assert in_place is not None
            assert copied is not None
            for use in (
                lambda: in_place.records,
                lambda: in_place["n"],
                lambda: memoryview(in_place["n"]),
                in_place.copy,
                in_place.columns,
                lambda: np.asarray(in_place, "u1"),
                lambda: in_place.published,
            ):
                with pytest.raises((rb.Forked, TypeError, ValueError)) as found:
                    use()
                assert found.type is rb.Forked or "asarray" in str(use)
            repr(in_place)
            in_place.__exit__(None, None, None)
            # What is a copy is the child's, too.
            assert copied["n"].tolist() == [1] * 8
            copied.release()

        assert in_child(go) == 0
        # The parent has all that it had.
        assert view.tolist() == [1] * len(view)
        assert readers[0].held == 8
        producer.publish_batch(np.ones(8, RECORD))
        for reader in readers:
            batch = reader.read(timeout=1)
            assert batch is not None
            assert reader.ledger.adds_up()
        with pytest.raises(rb.Full):
            producer.publish_batch(np.ones(64, RECORD), timeout=0)
        assert view.tolist() == [1] * len(view)

    def test_memory_that_is_the_parents_is_not_lent(self) -> None:
        producer = rb.Producer.create("forked", "u8", retain=64)
        reader = rb.Reader.attach("forked", "lossless")
        producer.publish_batch(np.arange(8, dtype="u8"))
        batch = reader.read()

        def go() -> None:
            with pytest.raises(rb.Forked):
                memoryview(batch)  # type: ignore[arg-type]
            with pytest.raises(rb.Forked):
                bytes(batch)  # type: ignore[arg-type]

        assert in_child(go) == 0

    def test_a_child_that_ends_frees_nothing(self) -> None:
        """By the ordinary end of the interpreter, with everything being torn down."""
        producer = rb.Producer.create("forked", "u8", retain=16)
        reader = rb.Reader.attach("forked", "lossless")
        producer.publish_batch(np.arange(16, dtype="u8"))
        batch = reader.read()
        assert batch is not None
        view = batch["value"]
        context = multiprocessing.get_context("fork")
        for _ in range(3):
            process = context.Process(
                target=tear_down, args=({"reader": reader, "batch": batch, "view": view},)
            )
            process.start()
            process.join(LIMIT)
            assert process.exitcode == 0
        assert producer.registered_readers == 1
        assert view.tolist() == list(range(len(view)))
        with pytest.raises(rb.Full):
            producer.publish(16, timeout=0)
        assert not reader.closed

    def test_a_fork_while_threads_have_every_lock(self) -> None:
        producer = rb.Producer.create("forked", "u8", retain=256)
        lossless = rb.Reader.attach("forked", "lossless")
        lossy = rb.Reader.attach("forked", "lossy")
        may_end = threading.Event()

        def publish() -> None:
            while not may_end.is_set():
                with contextlib.suppress(rb.Full):
                    producer.publish_batch(np.arange(10, dtype="u8"), timeout=0.01)

        def follow(reader: rb.Reader) -> None:
            views: list[Any] = []
            while not may_end.is_set():
                try:
                    batch = reader.read(timeout=0.01)
                    assert batch is not None
                    views.append(batch["value"])
                    del views[:-2]
                    reader.latest()
                except (TimeoutError, BufferError):
                    pass

        def look(reader: rb.Reader) -> None:
            while not may_end.is_set():
                _ = (reader.lag, reader.held, reader.ledger, reader.events, repr(reader))

        threads = [threading.Thread(target=publish)]
        threads += [
            threading.Thread(target=each, args=(reader,))
            for each in (follow, look)
            for reader in (lossless, lossy)
        ]
        for thread in threads:
            thread.start()

        def go() -> None:
            for reader in (lossless, lossy):
                with pytest.raises(rb.Forked):
                    reader.read(timeout=0)
                with pytest.raises(rb.Forked):
                    _ = reader.held
                with pytest.raises(rb.Forked):
                    reader.latest()
                reader.close()
                repr(reader)
            # One of its own it may have.
            with rb.Reader.attach("forked", "lossy", timeout=5) as mine:
                mine.read(timeout=10)

        try:
            for _ in range(200):
                assert in_child(go) == 0
        finally:
            may_end.set()
            for thread in threads:
                thread.join(LIMIT)
        assert lossless.ledger.adds_up()
        assert lossless.missed == 0

    def test_asyncio_in_a_child(self) -> None:
        import asyncio

        _producer = rb.Producer.create("forked", "u8", retain=64)
        reader = rb.Reader.attach("forked")

        async def wait() -> None:
            with pytest.raises(TimeoutError):
                await reader.aread(timeout=0.05)

        asyncio.run(wait())

        def go() -> None:
            with pytest.raises(rb.Forked):
                asyncio.run(reader.aread(timeout=5))

        assert in_child(go) == 0

    def test_frames(self) -> None:
        camera = rb.FrameProducer.create("forked", frames=8, frame_bytes=1000)
        reader = rb.FrameReader.attach("forked", "lossless")
        camera.publish(np.ones((10, 10), "u1"))
        frame = reader.read()
        assert frame
        view = frame.array

        def go() -> None:
            for use in (
                lambda: frame.array,
                lambda: bytes(frame),
                lambda: frame.text,
                lambda: memoryview(frame),
                frame.copy,
                reader.read,
                reader.latest,
                lambda: reader.read_into(bytearray(1000)),
            ):
                with pytest.raises(rb.Forked):
                    use()

        assert in_child(go) == 0
        assert view is not None
        assert view.sum() == 100


def tear_down(inherited: dict[str, Any]) -> None:
    inherited.clear()


def follow_by_name(name: str, queue: Any) -> None:
    reader = rb.Reader.attach(name, "lossless", timeout=LIMIT)
    queue.put("attached")
    queue.put(sum(int(batch["n"].sum()) for batch in reader))


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_processes_of_multiprocessing_attach_by_name(method: Any) -> None:
    context = multiprocessing.get_context(method)
    producer = rb.Producer.create("started", RECORD, retain=64)
    queue = context.Queue()
    processes = [context.Process(target=follow_by_name, args=("started", queue)) for _ in range(2)]
    for process in processes:
        process.start()
    for _ in processes:
        assert queue.get(timeout=LIMIT) == "attached"
    sent = np.zeros(1000, RECORD)
    sent["n"] = np.arange(1000)
    producer.publish_batch(sent)
    producer.close()
    for _ in processes:
        assert queue.get(timeout=LIMIT) == 999 * 500
    for process in processes:
        process.join(LIMIT)
        assert process.exitcode == 0


def test_a_reader_cannot_be_sent() -> None:
    _producer = rb.Producer.create("started", RECORD, retain=64)
    reader = rb.Reader.attach("started")
    context = multiprocessing.get_context("spawn")
    with pytest.raises(TypeError, match="attach another one by the name"):
        context.Process(target=print, args=(reader,)).start()


def run(programs: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(programs / arguments[0]), *arguments[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def tail(programs: Path, ring: str) -> list[dict[str, Any]]:
    """Everything that `analyzer tail` says of a ring, one object for each record and one for the end."""
    command = [str(programs / "analyzer"), "tail", ring, "--json", "--from", "oldest", "--lossless"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


# With time to build the programs.
@pytest.mark.timeout(900)
class TestRust:
    @pytest.mark.parametrize("delivery", ["lossless", "bounded:5s", "lossy"])
    def test_a_table_of_the_rust_half(self, delivery: str, programs: Path, tmp_path: Path) -> None:
        generator = np.random.default_rng(5)
        rows = 3000
        table = np.zeros(rows, [("n", "f8"), ("x", "f8"), ("label", "S8")])
        table["n"] = np.arange(rows)
        table["x"] = generator.random(rows) * 10.0 ** generator.integers(-300, 300, rows)
        table["label"] = [b"row %d" % n for n in range(rows)]
        file = tmp_path / "table.csv"
        lines = [f"{n!r},{x!r},{label.decode()}\n" for n, x, label in table.tolist()]
        file.write_text("n,x,label\n" + "".join(lines))
        choices = [
            "--no-time",
            "--text",
            "label=8",
            "--rate",
            "0",
            "--wait-for-readers",
            "1",
            "--capacity",
            "256",
        ]
        producer = run(programs, "producer", "csv", str(file), "--ring", "rust", *choices)
        reader = rb.Reader.attach("rust", delivery, timeout=LIMIT, dtype=table.dtype)
        found = np.concatenate([batch.copy() for batch in reader])
        _, said = producer.communicate(timeout=LIMIT)
        assert producer.returncode == 0, said
        assert reader.ledger.adds_up()
        assert reader.ledger.read + reader.missed == rows
        # Each value, bit by bit.
        assert found.tobytes() == table[found["n"].astype("i8")].tobytes()
        if delivery == "lossless":
            assert len(found) == rows

    def test_a_made_up_sensor_of_the_rust_half(self, programs: Path) -> None:
        choices = ["--rate", "0", "--count", "2000", "--seed", "7"]
        producer = run(programs, "producer", "synth", "--ring", "synth", *choices, "--wait-for-readers", "1")
        reader = rb.Reader.attach("synth", "lossless", timeout=LIMIT)
        found = np.concatenate([batch.copy() for batch in reader])
        producer.communicate(timeout=LIMIT)
        assert producer.returncode == 0
        assert len(found) == 2000
        assert reader.clocks
        # What the Rust half reads in the same ring is the same, value by value.
        said = tail(programs, "synth")
        assert said[-1]["final"]
        assert said[-1]["read"] == 2000
        names = [name for name in found.dtype.names or () if name != "time"]
        for row, line in zip(found, said, strict=False):
            for name in names:
                value = line["fields"][name]
                assert (np.isnan(row[name]) and value is None) or row[name] == value, (name, line)

    def test_records_for_the_rust_half(self, programs: Path) -> None:
        dtype = np.dtype(
            [("n", "u8"), ("x", "f4", (3,)), ("t", "M8[ns]"), ("label", "S8"), ("i", "i2"), ("y", "f8")]
        )
        generator = np.random.default_rng(9)
        sent = np.zeros(500, dtype)
        sent["n"] = generator.integers(0, 2**64 - 1, 500, "u8")
        sent["x"] = generator.random((500, 3))
        sent["t"] = generator.integers(0, 2**61, 500)
        sent["label"] = [f"größe{n % 10}".encode()[:8] for n in range(500)]
        sent["i"] = generator.integers(-(2**15), 2**15, 500)
        sent["y"] = generator.random(500) * 10.0 ** generator.integers(-300, 300, 500)
        with rb.Producer.create(
            "python", dtype, retain=1000, units={"x": "g"}, clocks={"t": "unix"}
        ) as producer:
            producer.publish_batch(sent)
        said = tail(programs, "python")
        assert said[-1] | {"elapsed_s": 0} == said[-1] | {"read": 500, "missed": 0, "elapsed_s": 0}
        assert len(said) == 501
        for n, (row, line) in enumerate(zip(sent, said, strict=False)):
            fields = line["fields"]
            assert line["sequence"] == n
            assert np.datetime64(line["time"].rstrip("Z"), "ns") == row["t"]
            assert (fields["n"], fields["i"], fields["y"]) == (row["n"], row["i"], row["y"])
            assert [np.float32(fields[f"x[{i}]"]) for i in range(3)] == row["x"].tolist()
            assert fields["label"].encode() == row["label"]
        stats = subprocess.run(
            [str(programs / "analyzer"), "stats", "python", "--json", "--from", "oldest", "--lossless"],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=True,
        )
        found = json.loads(stats.stdout.splitlines()[-1])
        assert found["read"] == 500
        for name, column in (("x[1]", sent["x"][:, 1]), ("i", sent["i"])):
            values = column.astype("f8")
            of_it = found["fields"][name]
            assert of_it["count"] == 500
            assert (of_it["min"], of_it["max"]) == (values.min(), values.max())
            assert of_it["mean"] == pytest.approx(values.mean())
            assert of_it["std"] == pytest.approx(values.std(ddof=1))

    def test_lines_of_the_rust_half_are_frames(self, programs: Path) -> None:
        lines = ["first", "größe", "x" * 5000, "last"]
        producer = subprocess.Popen(
            [str(programs / "producer"), "lines", "--ring", "lines", "--wait-for-readers", "1"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        reader = rb.FrameReader.attach("lines", "lossless", timeout=LIMIT)
        producer.communicate("\n".join(lines) + "\n", timeout=LIMIT)
        assert [frame.text for frame in reader] == lines
        assert reader.ledger.adds_up()

    def test_frames_for_the_rust_half(self, programs: Path, tmp_path: Path) -> None:
        sent = [os.urandom(n) for n in (1, 100, 70_000)]
        with rb.FrameProducer.create("frames") as camera:
            for n, each in enumerate(sent):
                camera.publish(each, tag=n)
        command = [str(programs / "analyzer"), "record", "frames", str(tmp_path / "out"), "--from", "oldest"]
        subprocess.run(command, capture_output=True, timeout=LIMIT, check=True)
        files = [file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()]
        for each in sent:
            assert each in files
