"""The transports that are compared, behind one small interface.

A transport hands out a `Link`: how the producer opens its end, how each reader opens its own, each in a
process of its own. An end does the three kinds of work in its own loops, so that nobody pays for an
interface: a sender makes the records (`harness.records`), a receiver only says what came; the harness
compares.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.context import SpawnContext
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from harness.records import Floats
from numpy.typing import NDArray

KINDS = ("singles", "batches", "arrays")

OURS = "ours"
THEIRS = "theirs"
"""Something that is made for this, used as its documentation says."""
BY_HAND = "by hand"
"""A protocol of one's own on what the system has: no limits of its own, and no promises. Shown, and compared
apart.
"""


@dataclass(frozen=True)
class Work:
    """What is to be carried."""

    kind: str
    """Records one by one, records in batches, or arrays."""
    readers: int
    batch: int = 1000
    """Records in a batch."""
    elements: int = 10_000_000
    """Float64 in an array."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"found the work {self.kind!r}, expected one of {', '.join(KINDS)}")


class End:
    """What a process has of a transport."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Behind an error views live on in its frames, and the process is about to end.
        if kind is None:
            self.close()

    def close(self) -> None:
        """Gives back what there is to give back."""


class Sender(End):
    """The producer's end. What it sends is numbered; it returns when all of it is on its way."""

    def singles(self, numbers: range) -> None:
        """Sends these records, each by a call of its own."""
        raise NotImplementedError

    def batches(self, numbers: range) -> None:
        """Sends these records, `Work.batch` at a time; their count is a multiple of it."""
        raise NotImplementedError

    def arrays(self, numbers: range) -> None:
        """Sends these arrays."""
        raise NotImplementedError


class Receiver(End):
    """A reader's end. What it yields may be a view that lives until the next is asked for."""

    def singles(self) -> Iterator[tuple[int, float]]:
        """Records, one at a time, until the caller has enough."""
        raise NotImplementedError

    def batches(self) -> Iterator[NDArray[Any]]:
        """Batches of records, of any length, until the caller has enough."""
        raise NotImplementedError

    def arrays(self) -> Iterator[Floats]:
        """Arrays, until the caller has enough."""
        raise NotImplementedError


@dataclass(frozen=True)
class Link:
    """Both ends, to be opened in other processes: the producer's first, readers before anything is sent."""

    sender: Callable[[], Sender]
    receivers: list[Callable[[], Receiver]]
    kept: list[Any] = field(default_factory=list)
    """What must live in this process meanwhile."""
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Transport:
    """One way to bring records to other processes."""

    name: str
    how: str
    """What it does, for the report."""
    kinds: tuple[str, ...]
    connect: Callable[[Work, SpawnContext, Path], Link]
    """Makes a link; the directory is for files, and removed afterwards."""
    received_as: str | None = None
    """How single records are taken, if not one by one: as batches."""
    group: str = THEIRS


def transports() -> tuple[list[Transport], dict[str, str]]:
    """All that can be used here, and why the others cannot."""
    found: list[Transport] = []
    missing: dict[str, str] = {}
    for name in ("queue", "pipe", "shared_memory", "shared_counters", "iceoryx", "ringbuf"):
        try:
            module = importlib.import_module(f"transports.{name}")
        except ImportError as error:
            missing[name] = f"left out: {error}"
        else:
            found += module.TRANSPORTS
    return found, missing
