"""`multiprocessing.shared_memory`: a ring of slots that everybody maps, and two semaphores for each reader.

A slot holds a record, a batch or an array. The producer makes its content where it lies, readers look at it
there: nothing is copied. `filled` counts the slots that a reader may look at, `free` those that the producer
may fill again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial
from multiprocessing.context import SpawnContext
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from harness.records import RECORD, ULP, Floats, fill, fill_array
from numpy.typing import NDArray

from transports import KINDS, End, Link, Receiver, Sender, Transport, Work

RING_BYTES = 4 << 20
"""Slots for records and batches are so many together."""
ROW = struct.Struct("=Qd")

T = TypeVar("T")


class Memory:
    """The memory as one end has it."""

    def __init__(self, name: str) -> None:
        self.shared = SharedMemory(name)
        self.buffer = cast(memoryview, self.shared.buf)
        self.bytes = np.ndarray(self.shared.size, np.uint8, self.shared.buf)

    def close(self) -> None:
        """Gives the mapping back. Nobody may look at it any more."""
        del self.bytes, self.buffer
        self.shared.close()


class _End(End):
    def __init__(self, name: str, work: Work, slots: int) -> None:
        self._memory = Memory(name)
        self._work = work
        self._slots = slots
        self._next = 0

    def close(self) -> None:
        self._memory.close()

    def _in_slots(self, dtype: Any) -> list[NDArray[Any]]:
        used = slot_bytes(self._work) * self._slots
        return list(self._memory.bytes[:used].view(dtype).reshape(self._slots, -1))


class SlotSender(_End, Sender):
    """Waits until every reader has given a slot back, fills it, and tells every reader."""

    def __init__(self, name: str, work: Work, slots: int, gates: list[tuple[Any, Any]]) -> None:
        super().__init__(name, work, slots)
        self._filled = [filled.release for filled, _ in gates]
        self._free = [free.acquire for _, free in gates]

    def singles(self, numbers: range) -> None:
        pack_into, memory, size = ROW.pack_into, self._memory.buffer, ROW.size
        slot, slots = self._next, self._slots
        frees, filleds = self._free, self._filled
        for number in numbers:
            for free in frees:
                free()
            pack_into(memory, slot * size, number, 1.0 + number * ULP)
            for filled in filleds:
                filled()
            slot += 1
            if slot == slots:
                slot = 0
        self._next = slot

    def batches(self, numbers: range) -> None:
        slots = self._in_slots(np.uint64)
        for first in numbers[:: self._work.batch]:
            fill(self._take(slots), first)
            self._tell()

    def arrays(self, numbers: range) -> None:
        slots = self._in_slots(np.float64)
        for number in numbers:
            fill_array(self._take(slots), number)
            self._tell()

    def _take(self, slots: list[T]) -> T:
        for free in self._free:
            free()
        slot = slots[self._next]
        self._next = (self._next + 1) % self._slots
        return slot

    def _tell(self) -> None:
        for filled in self._filled:
            filled()


class SlotReceiver(_End, Receiver):
    """Waits for a filled slot and gives it back when the next is asked for."""

    def __init__(self, name: str, work: Work, slots: int, filled: Any, free: Any) -> None:
        super().__init__(name, work, slots)
        self._filled = filled.acquire
        self._free = free.release

    def singles(self) -> Iterator[tuple[int, float]]:
        unpack_from, memory, size = ROW.unpack_from, self._memory.buffer, ROW.size
        filled, free, slots = self._filled, self._free, self._slots
        while True:
            filled()
            row = unpack_from(memory, self._next * size)
            free()
            self._next = (self._next + 1) % slots
            yield row

    def batches(self) -> Iterator[NDArray[Any]]:
        return self._in_turn(self._in_slots(RECORD))

    def arrays(self) -> Iterator[Floats]:
        return self._in_turn(self._in_slots(np.float64))

    def _in_turn(self, slots: list[T]) -> Iterator[T]:
        while True:
            self._filled()
            slot = slots[self._next]
            self._next = (self._next + 1) % self._slots
            try:
                yield slot
            finally:
                self._free()


def slot_bytes(work: Work) -> int:
    """What a slot holds."""
    return {"singles": RECORD.itemsize, "batches": RECORD.itemsize * work.batch, "arrays": 8 * work.elements}[
        work.kind
    ]


def remove(memory: SharedMemory) -> None:
    """Removes it for everybody."""
    memory.close()
    memory.unlink()


def _link(arrays: int, work: Work, context: SpawnContext, directory: Path) -> Link:
    slots = arrays if work.kind == "arrays" else RING_BYTES // slot_bytes(work)
    memory = SharedMemory(create=True, size=slots * slot_bytes(work))
    gates = [(context.Semaphore(0), context.Semaphore(slots)) for _ in range(work.readers)]
    return Link(
        partial(SlotSender, memory.name, work, slots, gates),
        [partial(SlotReceiver, memory.name, work, slots, *gate) for gate in gates],
        kept=gates,
        close=partial(remove, memory),
    )


TRANSPORTS = [
    Transport(
        "shared_memory",
        "a ring of 4 MiB (arrays: 2 slots), 2 semaphores for each reader; made and read in place",
        KINDS,
        partial(_link, 2),
    ),
    Transport(
        "shared_memory-1",
        "the same with memory for 1 array: producer and readers take turns",
        ("arrays",),
        partial(_link, 1),
    ),
]
