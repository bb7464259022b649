"""`multiprocessing.shared_memory` without semaphores: each side has a count in memory that the other looks at
all the time.

By hand, and compared apart: no document of Python promises that a process sees another's stores in their
order. It works where the processor keeps them in order by itself, as x86 does, it occupies a processor while
there is nothing to do, and a process that dies hangs the others. It shows what all of that is worth.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from functools import partial
from multiprocessing.context import SpawnContext
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np
from harness.records import RECORD, ULP, Floats, fill
from numpy.typing import NDArray

from transports import BY_HAND, End, Link, Receiver, Sender, Transport, Work
from transports.shared_memory import Memory, remove

ROW = struct.Struct("=Qd")
RECORDS = 1 << 18
LINE = 8
"""Words from one counter to the next: a cache line."""


class _End(End):
    def __init__(self, name: str, work: Work) -> None:
        self._work = work
        self._memory = Memory(name)
        self._counts = self._memory.buffer[RECORDS * ROW.size :].cast("Q")
        self._at = 0

    def close(self) -> None:
        self._counts.release()
        self._memory.close()


class CountingSender(_End, Sender):
    """Fills what all readers have taken, then moves its count."""

    def singles(self, numbers: range) -> None:
        pack_into, memory, counts, size = ROW.pack_into, self._memory.buffer, self._counts, ROW.size
        at, end = self._at, self._room(1)
        for number in numbers:
            if at == end:
                self._at = at
                end = self._room(1)
            pack_into(memory, at % RECORDS * size, number, 1.0 + number * ULP)
            at += 1
            counts[0] = at
        self._at = at

    def batches(self, numbers: range) -> None:
        batch = self._work.batch
        words = self._memory.bytes[: RECORDS * ROW.size].view(np.uint64)
        end = self._at
        for first in numbers[::batch]:
            if end - self._at < batch:
                end = self._room(batch)
            begin = self._at % RECORDS
            until_the_end = min(batch, RECORDS - begin)
            fill(words[2 * begin : 2 * (begin + until_the_end)], first)
            if until_the_end < batch:
                fill(words[: 2 * (batch - until_the_end)], first + until_the_end)
            self._at += batch
            self._counts[0] = self._at

    def arrays(self, numbers: range) -> None:
        raise NotImplementedError("records only")

    def _room(self, count: int) -> int:
        """Where there is room up to, once that is for `count` records."""
        while True:
            end = min(self._counts[LINE * (1 + reader)] for reader in range(self._work.readers)) + RECORDS
            if end - self._at >= count:
                return end
            os.sched_yield()


class CountingReceiver(_End, Receiver):
    """Looks at the producer's count, and moves its own when it has read."""

    def __init__(self, name: str, work: Work, reader: int) -> None:
        super().__init__(name, work)
        self._mine = LINE * (1 + reader)

    def singles(self) -> Iterator[tuple[int, float]]:
        for records in self.batches():
            yield from zip(records["number"].tolist(), records["value"].tolist(), strict=True)

    def batches(self) -> Iterator[NDArray[Any]]:
        ring = self._memory.bytes[: RECORDS * ROW.size].view(RECORD)
        counts = self._counts
        while True:
            begin = self._at % RECORDS
            count = min(counts[0] - self._at, RECORDS - begin, 4096)
            if not count:
                os.sched_yield()
                continue
            self._at += count
            try:
                yield ring[begin : begin + count]
            finally:
                counts[self._mine] = self._at

    def arrays(self) -> Iterator[Floats]:
        raise NotImplementedError("records only")


def _link(work: Work, context: SpawnContext, directory: Path) -> Link:
    memory = SharedMemory(create=True, size=RECORDS * ROW.size + 8 * LINE * (1 + work.readers))
    return Link(
        partial(CountingSender, memory.name, work),
        [partial(CountingReceiver, memory.name, work, reader) for reader in range(work.readers)],
        close=partial(remove, memory),
    )


TRANSPORTS = [
    Transport(
        "shared_counters",
        "shared_memory, a count for each side that the other looks at all the time: right on x86 alone",
        ("singles", "batches"),
        _link,
        group=BY_HAND,
    )
]
