"""One measurement: a producer and its readers, each a process of its own, started and warm before the clock
starts.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from transports import Receiver, Sender, Transport, Work

from harness.memory import pss_bytes
from harness.records import Floats, Tally, Wrong, check_array, check_batches, check_singles, expected_tally

PR_SET_PDEATHSIG = 1
LIMIT = 120.0
"""Seconds after which somebody hangs."""


class Failed(Exception):
    """A measurement that gives no figure."""


@dataclass(frozen=True)
class Plan:
    """How long it takes."""

    seconds: float = 1.0
    """What one run is to last, about. Its count follows from how fast the warm-up was."""
    count: int | None = None
    """This many instead: batches or arrays, if it is them."""
    limit: float = LIMIT

    def warm_up(self, kind: str) -> int:
        """What goes first."""
        return {"singles": 1000, "batches": 20, "arrays": 2}[kind]

    def next_count(self, count: int, seconds: float) -> int:
        """How many to try next, when so many took so long. Something may have disturbed them, so not too many
        more.
        """
        return max(1, count, min(16 * count, round(count * self.seconds / seconds)))


@dataclass(frozen=True)
class Figure:
    """What was measured; there is none if anything that came was wrong."""

    count: int
    """Records or arrays, to each reader."""
    seconds: float
    """From the producer's first call until the last reader has checked the last of them."""
    memory: int | None = None
    """Bytes of all processes together above what they have at rest, at the most, while all readers have the
    same array.
    """

    @property
    def rate(self) -> float:
        """Records or arrays a second, to each reader."""
        return self.count / self.seconds


@dataclass(frozen=True)
class _Order:
    numbers: range
    hold: bool = False
    """Readers say that they have an array, and keep it until they are told to go on."""


@dataclass(frozen=True)
class _Failure:
    text: str


@dataclass
class _Role:
    name: str
    process: SpawnProcess
    control: Connection
    limit: float = LIMIT

    def tell(self, what: Any) -> None:
        self.control.send(what)

    def hear(self) -> Any:
        """What it says next."""
        if not wait([self.control, self.process.sentinel], self.limit):
            raise Failed(f"the {self.name} says nothing for {self.limit:g} s")
        try:
            said = self.control.recv() if self.control.poll() else _Failure("it ended")
        except (EOFError, ConnectionError):
            said = _Failure("it ended")
        if isinstance(said, _Failure):
            raise Failed(f"the {self.name}: {said.text}")
        return said


def measure(transport: Transport, work: Work, plan: Plan) -> Figure:
    """Runs it once.

    Raises:
        Failed: something wrong, too little or too much arrived, or somebody died or hangs.
    """
    with _started(transport, work, plan.limit) as (producer, readers):
        roles = [producer, *readers]
        for role in roles:
            role.hear()
        processes = [role.process.pid or 0 for role in roles]
        at_rest = pss_bytes(processes)
        for role in roles:
            # One after the other: the producer's end first.
            role.tell("open")
            role.hear()
        stream = Stream(producer, readers, work)
        count = plan.warm_up(work.kind)
        seconds = stream.carry(count)
        while True:
            count = plan.count or plan.next_count(count, seconds)
            seconds = stream.carry(count)
            if plan.count or seconds >= plan.seconds / 4:
                break
        memory = None
        if work.kind == "arrays":
            memory = stream.most_memory(processes) - at_rest
        for role in roles:
            role.tell(None)
        return Figure(count * (work.batch if work.kind == "batches" else 1), seconds, memory)


@dataclass
class Stream:
    """What goes over, all of it numbered without a gap."""

    producer: _Role
    readers: list[_Role]
    work: Work
    begin: int = 0

    def carry(self, count: int) -> float:
        """Carries so many and says how many seconds it took.

        Raises:
            Failed: a reader found something wrong, or other records than those.
        """
        numbers = self._order(count).numbers
        expected = expected_tally(numbers.start, len(numbers))
        if self.work.kind == "arrays":
            expected = Tally(count, count * self.work.elements)
        ends = []
        # A reader's error says more than a producer that waits for it.
        for reader in self.readers:
            end, tally = reader.hear()
            if tally != expected:
                raise Failed(f"the {reader.name}: found {tally}, expected {expected}")
            ends.append(end)
        return float(max(ends) - self.producer.hear()) / 1e9

    def most_memory(self, processes: list[int]) -> int:
        """The most that is seen while arrays go over, without a clock. All readers have each of them at the
        same time.
        """
        most = 0
        for _ in self._order(3, hold=True).numbers:
            waiting: dict[Any, _Role] = {reader.control: reader for reader in self.readers}
            while waiting:
                most = max(most, pss_bytes(processes))
                for control in wait(list(waiting), 0.01):
                    waiting.pop(control).hear()
            most = max(most, pss_bytes(processes))
            for reader in self.readers:
                reader.tell("go on")
        for role in [*self.readers, self.producer]:
            role.hear()
        return most

    def _order(self, count: int, hold: bool = False) -> _Order:
        """Lets all readers wait, and then the producer begin."""
        size = self.work.batch if self.work.kind == "batches" else 1
        order = _Order(range(self.begin * size, (self.begin + count) * size), hold)
        self.begin += count
        for reader in self.readers:
            reader.tell(order)
        for reader in self.readers:
            reader.hear()
        self.producer.tell(order)
        return order


@contextmanager
def _started(transport: Transport, work: Work, limit: float) -> Iterator[tuple[_Role, list[_Role]]]:
    context = multiprocessing.get_context("spawn")
    parent = Path("/dev/shm")
    directory = Path(tempfile.mkdtemp(prefix="pyringbuf-bench-", dir=parent if parent.is_dir() else None))
    roles: list[_Role] = []
    link = None
    try:
        link = transport.connect(work, context, directory)
        ends: list[Callable[[], Any]] = [link.sender, *link.receivers]
        names = ["producer", *(f"reader {reader}" for reader in range(work.readers))]
        for name, end in zip(names, ends, strict=True):
            play = _produce if end is link.sender else _read
            here, there = context.Pipe()
            arguments = (end, work, transport.received_as, there)
            process = context.Process(target=play, args=arguments, name=name, daemon=True)
            process.start()
            there.close()
            roles.append(_Role(name, process, here, limit))
        yield roles[0], roles[1:]
        for role in roles:
            role.process.join(limit)
            if role.process.exitcode != 0:
                raise Failed(f"the {role.name} ended with {role.process.exitcode}")
    finally:
        for role in roles:
            role.process.kill()
            role.process.join()
        if link:
            link.close()
        shutil.rmtree(directory, ignore_errors=True)


def _produce(end: Callable[[], Sender], work: Work, received_as: str | None, control: Connection) -> None:
    with _said(control):
        control.recv()
        with end() as sender:
            control.send("open")
            send = getattr(sender, work.kind)
            while order := control.recv():
                start = time.perf_counter_ns()
                send(order.numbers)
                control.send(start)


def _read(end: Callable[[], Receiver], work: Work, received_as: str | None, control: Connection) -> None:
    with _said(control):
        control.recv()
        with end() as receiver:
            control.send("open")
            while order := control.recv():
                control.send("waiting")
                tally = _check(receiver, work, received_as or work.kind, order, control)
                control.send((time.perf_counter_ns(), tally))


def _check(receiver: Receiver, work: Work, kind: str, order: _Order, control: Connection) -> Tally:
    first, count = order.numbers.start, len(order.numbers)
    if kind == "singles":
        return check_singles(receiver.singles(), first, count)
    if kind == "batches":
        return check_batches(receiver.batches(), first, count)
    arrays: Iterator[Floats] = iter(receiver.arrays())
    elements = 0
    for number in order.numbers:
        array = next(arrays, None)
        if array is None:
            raise Wrong(f"found {number - first} arrays, expected {count}")
        elements += check_array(array, number, work.elements)
        if order.hold:
            control.send("holding")
            control.recv()
        # Or it would be held while the next one is asked for.
        del array
    return Tally(count, elements)


def _end_with_parent() -> None:
    """Ends this process when the one that started it is gone, whatever it waits for."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def _said(control: Connection) -> Iterator[None]:
    """Says that this process is there, and what goes wrong in it."""
    _end_with_parent()
    try:
        control.send("here")
        yield
    except BaseException as error:
        text = str(error) if isinstance(error, Wrong) else traceback.format_exc()
        control.send(_Failure(text))
        # Nobody waits for what is still to be sent.
        os._exit(1)
