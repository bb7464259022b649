"""`multiprocessing.Queue` and `SimpleQueue`: one for each reader. Batches go as bytes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

import numpy as np
from harness.records import RECORD, ULP, Floats, fill, fill_array
from numpy.typing import NDArray

from transports import KINDS, Link, Receiver, Sender, Transport, Work

WAITING = {"singles": 4096, "batches": 64, "arrays": 1}
"""Objects in a queue at most."""


class QueueSender(Sender):
    """Puts everything into every queue."""

    def __init__(self, queues: list[Any], work: Work) -> None:
        self._queues = queues
        self._work = work

    def close(self) -> None:
        for queue in self._queues:
            queue.close()

    def singles(self, numbers: range) -> None:
        puts = [queue.put for queue in self._queues]
        if len(puts) == 1:
            (put,) = puts
            for number in numbers:
                put((number, 1.0 + number * ULP))
        else:
            for number in numbers:
                row = (number, 1.0 + number * ULP)
                for put in puts:
                    put(row)

    def batches(self, numbers: range) -> None:
        words = np.empty(2 * self._work.batch, np.uint64)
        for first in numbers[:: self._work.batch]:
            fill(words, first)
            # A copy in any case: the queue pickles later, in a thread.
            data = words.tobytes()
            for queue in self._queues:
                queue.put(data)

    def arrays(self, numbers: range) -> None:
        for number in numbers:
            array = np.empty(self._work.elements)
            fill_array(array, number)
            for queue in self._queues:
                queue.put(array)


class QueueReceiver(Receiver):
    """Gets from its queue."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def close(self) -> None:
        self._queue.close()

    def singles(self) -> Iterator[tuple[int, float]]:
        return iter(self._queue.get, None)

    def batches(self) -> Iterator[NDArray[Any]]:
        for data in iter(self._queue.get, None):
            yield np.frombuffer(data, RECORD)

    def arrays(self) -> Iterator[Floats]:
        while True:
            yield self._queue.get()


def _link(queues: list[Any], work: Work) -> Link:
    return Link(
        partial(QueueSender, queues, work), [partial(QueueReceiver, queue) for queue in queues], kept=queues
    )


def _queues(work: Work, context: SpawnContext, directory: Path) -> Link:
    return _link([context.Queue(WAITING[work.kind]) for _ in range(work.readers)], work)


def _simple_queues(work: Work, context: SpawnContext, directory: Path) -> Link:
    return _link([context.SimpleQueue() for _ in range(work.readers)], work)


TRANSPORTS = [
    Transport("queue", "multiprocessing.Queue(maxsize): tuples, bytes of a batch, arrays", KINDS, _queues),
    Transport(
        "simple-queue", "multiprocessing.SimpleQueue: the same without its thread", KINDS, _simple_queues
    ),
]
