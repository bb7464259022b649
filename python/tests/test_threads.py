"""Several threads with one reader, and others that run while it waits."""

import contextlib
import math
import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import LIMIT, eventually

import pyringbuf as rb


def plain(retain: int = 1024) -> rb.Producer:
    return rb.Producer.create("plain", "u8", retain=retain)


@pytest.mark.parametrize("delivery", ["lossy", "lossless"])
@pytest.mark.parametrize("threads", [2, 5])
def test_each_record_comes_once(delivery: str, threads: int) -> None:
    producer = plain(1 << 14)
    reader = rb.Reader.attach("plain", delivery)
    got: list[list[int]] = [[] for _ in range(threads)]
    missed = [0] * threads

    def follow(which: int) -> None:
        for batch in reader:
            got[which] += batch["value"].tolist()
            missed[which] += batch.missed

    followers = [threading.Thread(target=follow, args=(n,)) for n in range(threads)]
    for thread in followers:
        thread.start()
    for n in range(0, 10_000, 10):
        producer.publish_batch(np.arange(n, n + 10, dtype="u8"), timeout=LIMIT)
        if n % 500 == 0:
            time.sleep(0.001)
    producer.close()
    for thread in followers:
        thread.join(LIMIT)
    everything = sorted(value for each in got for value in each)
    assert len(everything) + sum(missed) == 10_000
    assert len(set(everything)) == len(everything)
    assert reader.ledger.adds_up()
    if delivery == "lossless":
        assert everything == list(range(10_000))


def waits_behind(reader: rb.Reader) -> bool:
    """Whether somebody else reads: who looks meanwhile is not let in, and waits for a moment."""
    begin = time.monotonic()
    reader.latest()
    return time.monotonic() - begin > 0.001


def test_who_waits_behind_another_has_its_own_time() -> None:
    _producer = plain()
    reader = rb.Reader.attach("plain")
    may_end = threading.Event()

    def read() -> None:
        while not may_end.is_set():
            try:
                reader.read(timeout=LIMIT)
            except (TimeoutError, rb.ReadError):
                return

    thread = threading.Thread(target=read)
    thread.start()
    try:
        eventually(lambda: waits_behind(reader))
        begin = time.monotonic()
        # Who only looks does not wait at all.
        for _ in range(500):
            # The other is at it again.
            time.sleep(0.001)
            with pytest.raises(TimeoutError):
                reader.read(timeout=0)
        for _ in range(5):
            with pytest.raises(TimeoutError):
                reader.read(timeout=0.05)
            assert reader.latest() is None
        # Not as long as the other.
        assert time.monotonic() - begin < LIMIT / 2
    finally:
        may_end.set()
        reader.close()
        thread.join()


def test_what_a_reader_says_of_itself_never_waits() -> None:
    producer = plain()
    reader = rb.Reader.attach("plain", "lossless")

    def read() -> None:
        with contextlib.suppress(rb.ReadError):
            reader.read()

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.05)
    begin = time.monotonic()
    for _ in range(2000):
        _ = (reader.lag, reader.lag_time, reader.cursor, reader.missed, reader.held, reader.ledger)
        _ = (reader.events, reader.is_demoted, reader.begins_late, reader.closed, reader.name, repr(reader))
    # One that waited would wait for a slice of the other's, each time.
    assert time.monotonic() - begin < LIMIT / 2
    assert producer.registered_readers == 1
    reader.close()
    thread.join()


@pytest.mark.parametrize("delivery", ["lossy", "bounded:1s", "lossless"])
def test_closing_from_another_thread(delivery: str) -> None:
    producer = plain()
    reader = rb.Reader.attach("plain", delivery)
    errors: list[BaseException] = []

    def read() -> None:
        try:
            reader.read()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    reader.close()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert [type(error) for error in errors] == [rb.ReadError] * 4
    assert producer.registered_readers == 0


def test_others_run_while_somebody_waits() -> None:
    """In the middle of a wait, not just before it and behind it."""
    _producer = plain()
    reader = rb.Reader.attach("plain")
    begin = math.inf
    ran: list[float] = []
    may_end = threading.Event()

    def run() -> None:
        while not may_end.is_set():
            since = time.monotonic() - begin
            if 0.3 < since < 0.9:
                ran.append(since)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        for _ in range(10):
            begin = time.monotonic()
            with pytest.raises(TimeoutError):
                reader.read(timeout=1.2)
            begin = math.inf
            if ran:
                break
    finally:
        may_end.set()
        thread.join(LIMIT)
    assert ran


def test_reading_attaching_closing_at_random() -> None:
    producer = plain(256)
    end = time.monotonic() + 2
    failed: list[BaseException] = []
    shared = [rb.Reader.attach("plain", "lossless")]

    def publish() -> None:
        while time.monotonic() < end:
            with contextlib.suppress(rb.Full):
                producer.publish_batch(np.arange(20, dtype="u8"), timeout=0.01)

    def follow(seed: int) -> None:
        generator = np.random.default_rng(seed)
        views: list[Any] = []
        try:
            while time.monotonic() < end:
                reader = shared[0]
                action = generator.integers(0, 20)
                try:
                    if action == 0:
                        shared[0] = rb.Reader.attach("plain", ["lossy", "lossless", "bounded:1ms"][seed % 3])
                        reader.close()
                    elif action < 3:
                        views.clear()
                    elif action < 5:
                        reader.read_into(np.empty(16, reader.dtype), timeout=0.001)
                    elif action < 7:
                        reader.latest()
                    else:
                        batch = reader.read(timeout=0.001)
                        if batch is not None and len(batch):
                            column = batch["value"]
                            assert column[0] < 20
                            views.append(column)
                            del views[:-3]
                except (TimeoutError, rb.ReadError, BufferError):
                    pass
                if not reader.closed:
                    assert reader.ledger.cursor >= 0
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=publish)] + [
        threading.Thread(target=follow, args=(seed,)) for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert not failed, failed
    shared[0].close()
    eventually(lambda: producer.registered_readers == 0)


class TestLeaks:
    def test_descriptors_mappings_and_threads(self, rings: Path) -> None:
        producer = plain()
        producer.publish_batch(np.arange(100, dtype="u8"))

        def use() -> None:
            for delivery in ("lossy", "lossless", "bounded:1s"):
                reader = rb.Reader.attach("plain", delivery, start="oldest")
                batch = reader.read()
                assert batch is not None
                assert batch["value"][0] == 0
                reader.latest()
                reader.close()

        def counts() -> tuple[int, int, int]:
            maps = Path("/proc/self/maps").read_text()
            return len(os.listdir("/proc/self/fd")), maps.count(str(rings)), threading.active_count()

        for _ in range(10):
            use()
        before = counts()
        memory = resident()
        for _ in range(1000):
            use()
        assert counts() == before
        # A leaked mapping or batch would be hundreds of megabytes by now.
        assert resident() - memory < 32 << 20
        assert producer.registered_readers == 0

    def test_views_and_types(self) -> None:
        import sys

        producer = plain()
        reader = rb.Reader.attach("plain", "lossless")
        dtype = reader.dtype

        def use() -> None:
            producer.publish(1)
            batch = reader.read()
            assert batch is not None
            views = [batch.records, batch["value"], memoryview(batch), np.asarray(batch), batch.columns()]
            views.append(batch.published)
            with pytest.raises(BufferError):
                batch.release()

        for _ in range(10):
            use()
        before = sys.getrefcount(dtype)
        memory = resident()
        for _ in range(2000):
            use()
        assert sys.getrefcount(dtype) <= before + 2
        assert resident() - memory < 32 << 20
        with pytest.raises(TimeoutError):
            reader.read(timeout=0)
        assert reader.held == 0


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")
