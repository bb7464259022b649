"""Readers in an `asyncio` program."""

import asyncio
import gc
import math
import threading
import weakref
from typing import Any

import numpy as np
import pytest
from conftest import LIMIT, eventually

import pyringbuf as rb


def plain(name: str = "plain", retain: int = 100) -> rb.Producer:
    return rb.Producer.create(name, "u8", retain=retain)


def publishes(producer: rb.Producer, count: int, step: int = 7, pause: float = 0.0) -> threading.Thread:
    def go() -> None:
        for n in range(0, count, step):
            producer.publish_batch(np.arange(n, min(n + step, count), dtype="u8"), timeout=LIMIT)
            if pause:
                threading.Event().wait(pause)
        producer.close()

    thread = threading.Thread(target=go)
    thread.start()
    return thread


@pytest.mark.parametrize("delivery", ["lossy", "lossless"])
@pytest.mark.parametrize("pause", [0, 0.001])
def test_async_for(delivery: str, pause: float) -> None:
    producer = plain(retain=4096)
    reader = rb.Reader.attach("plain", delivery)

    async def run() -> list[int]:
        return [value async for batch in reader for value in batch["value"].tolist()]

    thread = publishes(producer, 2000, pause=pause)
    assert asyncio.run(run()) == list(range(2000))
    thread.join()
    # Closed and drained: again and again.
    assert asyncio.run(run()) == []
    assert asyncio.run(reader.aread()) is None


def test_several_readers_in_one_loop() -> None:
    producers = [plain(f"ring-{n}") for n in range(5)]
    readers = [rb.Reader.attach(f"ring-{n}", "lossless") for n in range(5)]
    sums = [0] * 5

    async def follow(which: int) -> None:
        async for batch in readers[which]:
            sums[which] += int(batch["value"].sum())

    async def run() -> None:
        await asyncio.gather(*map(follow, range(5)))

    threads = [publishes(producer, 500, pause=0.0005) for producer in producers]
    asyncio.run(run())
    for thread in threads:
        thread.join()
    assert sums == [500 * 499 // 2] * 5


def test_the_loop_runs_while_somebody_waits() -> None:
    producer = plain()
    reader = rb.Reader.attach("plain", "lossless")

    async def run() -> int:
        ticks = 0
        waiting = asyncio.create_task(reader.aread(timeout=LIMIT))
        while ticks < 20:
            await asyncio.sleep(0.005)
            ticks += 1
            assert not waiting.done()
        producer.publish(7)
        batch = await waiting
        assert batch is not None
        assert batch["value"][0] == 7
        return ticks

    assert asyncio.run(run()) == 20


def test_others_run_however_fast_records_come() -> None:
    producer = plain(retain=1000)
    reader = rb.Reader.attach("plain", "lossless")
    producer.publish_batch(np.arange(1000, dtype="u8"))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    async def run() -> None:
        ticking = asyncio.create_task(tick())
        for _ in range(4):
            await reader.aread()
        ticking.cancel()

    asyncio.run(run())
    assert ticks >= 3


def test_cancelling_loses_nothing() -> None:
    producer = plain(retain=4096)
    reader = rb.Reader.attach("plain", "lossless")
    got: list[int] = []
    cancelled = 0

    async def run() -> None:
        nonlocal cancelled
        generator = np.random.default_rng(11)
        while True:
            task = asyncio.create_task(reader.aread())
            # At once, in the first step, while it waits, when it has come.
            for _ in range(int(generator.integers(0, 4))):
                await asyncio.sleep(0)
            if generator.random() < 0.5:
                await asyncio.sleep(float(generator.random()) * 0.002)
            task.cancel()
            try:
                batch = await task
            except asyncio.CancelledError:
                cancelled += 1
                continue
            if batch is None:
                return
            got.extend(batch["value"].tolist())

    thread = publishes(producer, 3000, pause=0.0005)
    asyncio.run(run())
    thread.join()
    assert got == list(range(3000))
    assert cancelled > 10
    assert reader.ledger.adds_up()


def test_a_time_that_is_over_loses_nothing() -> None:
    producer = plain(retain=4096)
    reader = rb.Reader.attach("plain", "lossless")
    got: list[int] = []

    async def run() -> int:
        over = 0
        while True:
            try:
                batch = await reader.aread(timeout=0.0007 if over % 3 else 0)
            except TimeoutError:
                over += 1
                continue
            if batch is None:
                return over
            got.extend(batch["value"].tolist())

    thread = publishes(producer, 2000, pause=0.001)
    assert asyncio.run(run()) > 0
    thread.join()
    assert got == list(range(2000))


@pytest.mark.parametrize("timeout", [-1, math.nan, "1", b"1", [], object(), -(10**400)])
def test_times_that_are_none(timeout: Any) -> None:
    _producer = plain()
    reader = rb.Reader.attach("plain")
    with pytest.raises((TypeError, ValueError), match="expected seconds"):
        asyncio.run(reader.aread(timeout))


@pytest.mark.parametrize(
    "timeout", [math.inf, 1e300, 10**400, LIMIT, None], ids=lambda value: repr(value)[:10]
)
def test_time_enough(timeout: Any) -> None:
    producer = plain()
    reader = rb.Reader.attach("plain")
    timer = threading.Timer(0.05, lambda: producer.publish(1))
    timer.start()
    batch = asyncio.run(reader.aread(timeout))
    assert batch is not None
    timer.join()


def test_one_loop_after_the_other() -> None:
    """What the wait of an ended loop brings comes first in the next."""
    producer = plain(retain=4096)
    reader = rb.Reader.attach("plain", "lossless")
    got: list[int] = []

    async def some(limit: float) -> bool:
        try:
            async with asyncio.timeout(limit):
                async for batch in reader:
                    got.extend(batch["value"].tolist())
                return True
        except TimeoutError:
            return False

    thread = publishes(producer, 3000, pause=0.0005)
    loops = 1
    while not asyncio.run(some(0.003)):
        loops += 1
    thread.join()
    assert loops > 5
    assert got == list(range(3000))


def test_what_a_cancelled_wait_brought_is_read_by_whatever_comes_next() -> None:
    producer = plain()
    uses: list[Any] = [
        lambda reader: reader.read(timeout=LIMIT)["value"].tolist(),
        lambda reader: next(reader)["value"].tolist(),
        lambda reader: into(reader, 20),
        lambda reader: asyncio.run(reader.aread())["value"].tolist(),
    ]

    def into(reader: rb.Reader, size: int) -> Any:
        out = np.empty(size, reader.dtype)
        return out["value"][: reader.read_into(out, timeout=LIMIT)].tolist()

    async def fetched(reader: rb.Reader) -> None:
        waiting = asyncio.create_task(reader.aread())
        while reader._waiter._waiting is None:
            await asyncio.sleep(0.001)
        producer.publish_batch(np.arange(10, dtype="u8"))
        # Without a pause in which the loop could see that it has come.
        while not reader._waiter._waiting.done():
            pass
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    for delivery in ("lossless", "lossy"):
        for use in uses:
            reader = rb.Reader.attach("plain", delivery)
            asyncio.run(fetched(reader))
            with pytest.raises(ValueError, match="cancelled aread"):
                into(reader, 2) if reader.cursor % 10 else into(reader, 1)
            got: list[int] = []
            while len(got) < 10:
                got += use(reader)
            assert got == list(range(10))
            with pytest.raises(TimeoutError):
                reader.read(timeout=0)
            assert reader.ledger.adds_up()
            reader.close()


def test_several_tasks_with_one_reader() -> None:
    """Each record comes once, to one of them."""
    producer = plain(retain=4096)
    reader = rb.Reader.attach("plain", "lossless")
    got: list[int] = []

    async def follow() -> None:
        async for batch in reader:
            got.extend(batch["value"].tolist())
            await asyncio.sleep(0)

    async def run() -> None:
        await asyncio.gather(*(follow() for _ in range(5)))

    thread = publishes(producer, 2000, pause=0.0005)
    asyncio.run(asyncio.wait_for(run(), LIMIT))
    thread.join()
    assert sorted(got) == list(range(2000))


def test_a_batch_is_given_back_at_the_next_read() -> None:
    """Also when one was brought by the thread and the next by the loop: a ring of few records goes round."""
    producer = plain(retain=4)
    reader = rb.Reader.attach("plain", "lossless")
    got: list[int] = []
    kept: list[Any] = []

    async def run() -> None:
        async for batch in reader:
            got.extend(batch["value"].tolist())
            kept.append(batch)

    thread = publishes(producer, 100, step=1, pause=0.0002)
    asyncio.run(asyncio.wait_for(run(), LIMIT))
    thread.join()
    assert got == list(range(100))
    with pytest.raises(BufferError, match="given back"):
        _ = kept[0].records
    assert reader.held == 0


def test_frames() -> None:
    with rb.FrameProducer.create("camera") as camera:
        reader = rb.FrameReader.attach("camera", "lossless")
        for n in range(20):
            camera.publish(np.full((4, 4), n, "u1"))

    async def run() -> list[int]:
        first = await reader.aread()
        assert first
        return [int(first.array[0, 0])] + [int(frame.array[0, 0]) async for frame in reader]

    assert asyncio.run(run()) == list(range(20))


def test_errors_come_to_the_loop() -> None:
    _producer = plain()
    reader = rb.Reader.attach("plain")

    async def run() -> None:
        waiting = asyncio.create_task(reader.aread())
        await asyncio.sleep(0.05)
        reader.close()
        await waiting

    with pytest.raises(rb.ReadError, match="closed"):
        asyncio.run(run())
    with pytest.raises(rb.ReadError, match="closed"):
        asyncio.run(reader.aread())


def test_nobody_waits_when_nobody_wants(caplog: pytest.LogCaptureFixture) -> None:
    """The thread ends with the loop, the reader with the last who has it."""
    producer = plain()
    readers = [rb.Reader.attach("plain")]

    async def run() -> None:
        with pytest.raises(TimeoutError):
            await readers[0].aread(timeout=0.01)

    asyncio.run(run())
    eventually(lambda: not any(thread.name.startswith("pyringbuf") for thread in threading.enumerate()))
    is_gone = weakref.ref(readers[0])
    readers.clear()
    gc.collect()
    assert is_gone() is None
    assert producer.registered_readers == 0
    assert not caplog.records


def test_a_loop_that_is_thrown_away(caplog: pytest.LogCaptureFixture) -> None:
    producer = plain()
    reader = rb.Reader.attach("plain", "lossless")
    loop = asyncio.new_event_loop()
    task = loop.create_task(reader.aread())
    loop.call_later(0.02, loop.stop)
    loop.run_forever()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()
    producer.publish(1)
    batch = asyncio.run(reader.aread(timeout=LIMIT))
    assert batch is not None
    assert batch["value"][0] == 1
    assert not caplog.records


def test_threads_do_not_pile_up() -> None:
    producer = plain(retain=4096)
    reader = rb.Reader.attach("plain", "lossless")
    most = 0

    async def run() -> None:
        nonlocal most
        async for _ in reader:
            most = max(most, threading.active_count())

    before = threading.active_count()
    thread = publishes(producer, 1000, step=3, pause=0.0005)
    asyncio.run(run())
    thread.join()
    assert most <= before + 3
