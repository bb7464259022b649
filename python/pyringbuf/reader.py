"""Readers: who follows a ring."""

from __future__ import annotations

import datetime
import logging
import operator
import os
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import DTypeLike

from . import _core
from .aio import Waiter
from .convert import text_of
from .errors import SchemaMismatch
from .schema import Described, dtype_of, schema_of

__all__ = ["FrameReader", "Reader"]

Start = (
    Literal["now", "oldest"] | int | datetime.timedelta | np.timedelta64 | datetime.datetime | np.datetime64
)
Until = int | datetime.datetime | np.datetime64
Wait = Literal["sleep", "yield", "spin"]
OnDeath = Literal["wait", "end", "raise"]


class Reader(_core.Reader, Described):
    """Follows a ring of records, at its own pace.

    >>> with Producer.create("doc-reader", [("t", "u8"), ("x", "f4")], retain=1000) as producer:
    ...     with Reader.attach("doc-reader", "lossless") as reader:
    ...         producer.publish_batch(np.array([(1, 0.5), (2, 1.5)], producer.dtype))
    ...         producer.close()
    ...         for batch in reader:  # sleeps while nothing comes; ends when the producer has closed the ring
    ...             print(batch["x"], batch.missed)
    2
    [0.5 1.5] 0

    Threads may share a reader: one at a time reads, each record comes to one of them, and what a reader says
    of itself (`lag`, `missed`, `ledger`...) never waits. With `asyncio`: `async for batch in reader`.

    A reader belongs to its process: forked children get `Forked` from it, and attach one of their own.
    """

    __slots__ = ("_waiter",)
    _waiter: Waiter[_core.Batch]

    if not TYPE_CHECKING:

        def __new__(cls, *_args, **_choices):
            """Use `attach`."""
            raise TypeError(f"make it with {cls.__name__}.attach(name)")

    @classmethod
    def attach(
        cls,
        name: str | os.PathLike[str],
        delivery: str = "lossy",
        *,
        start: Start = "now",
        until: Until | None = None,
        wait: Wait = "sleep",
        reader_name: str | None = None,
        dtype: DTypeLike | None = None,
        unverified: bool = False,
        on_death: OnDeath = "wait",
        timeout: float | None = 0,
    ) -> Self:
        """Attaches to the ring `name`.

        delivery
            "lossy": the producer never waits for this reader, which gets copies and is told exactly what
            it missed. "lossless": the producer waits while this reader is a full ring behind; nothing is lost
            and nothing is copied. "bounded:50ms": the producer waits at most so long at a time, then the
            reader goes on as a lossy one.
        start
            "now", "oldest", a sequence, a negative number for the newest so many records (-100), a time span
            before the newest record (datetime.timedelta), or a time (a datetime with its zone, or np.datetime64 in UTC).
        until
            Where it ends as if the ring had been closed: in front of a sequence, or of what was published
            from a time on.
        wait
            "sleep", "yield" (for the latency of a few microseconds) or "spin" (a whole core).
        reader_name
            What tools show; by default the name of the program.
        dtype
            What is expected: another ring is refused with `SchemaMismatch`.
        unverified
            Also reads a ring on a disk whose end was not written in order.
        on_death
            What to do when the producer is gone without closing the ring, and everything was read: "wait" for another one,
            "end" as if the ring had been closed, or "raise" `ProducerDied`.
        timeout
            How many seconds to wait for a ring of this name to appear; None: for ever.

        Raises `NotFound` if there is no such ring, `NotAllowed` if its producer does not take such readers,
        `SchemaMismatch` if it holds frames or other records,
        ValueError or TypeError for arguments that mean nothing, and `AttachError` otherwise.

        >>> with Producer.create("doc-attach", "u8") as producer:
        ...     producer.publish_batch(np.arange(10, dtype="u8"))
        ...     reader = Reader.attach("doc-attach", start=-3, until=9)
        10
        >>> [batch["value"].tolist() for batch in reader]
        [[7, 8]]
        """
        choices = _choices(delivery, start, until, wait, reader_name, unverified, on_death)
        expected = None if dtype is None else dtype_of(schema_of(dtype))
        reader = _core.Reader.__new__(cls, text_of(name), choices, timeout)
        if reader.dtype.names == _FRAME_FIELDS and _core.info(text_of(name))["frames"] is not None:
            reader.close()
            raise SchemaMismatch(
                f"ring {name} holds frames, expected records: read it with FrameReader.attach"
            )
        if expected is not None and reader.dtype != expected:
            reader.close()
            raise SchemaMismatch(
                f"ring {name} holds other records\n  found:    {reader.dtype}\n  expected: {expected}"
            )
        reader._waiter = Waiter(reader)
        return reader

    async def aread(self, timeout: float | None = None) -> _core.Batch | None:
        """As `read`, for `asyncio`: others run meanwhile, and a cancelled wait loses nothing.

        >>> import asyncio
        >>> with Producer.create("doc-aread", "f8") as producer:
        ...     reader = Reader.attach("doc-aread")
        ...     producer.publish(20.5)
        0
        >>> asyncio.run(reader.aread(timeout=1))["value"]
        array([20.5])
        """
        return await self._waiter.read(timeout)

    async def __aiter__(self) -> AsyncIterator[_core.Batch]:
        while (batch := await self._waiter.read(None)) is not None:
            if len(batch):
                yield batch
            else:
                _log(self.name, batch.events)


class FrameReader(_core.FrameReader):
    """Follows a ring of frames, at its own pace.

    >>> with FrameProducer.create("doc-frames") as camera:
    ...     reader = FrameReader.attach("doc-frames", "lossless")
    ...     for n in range(2):
    ...         camera.publish(np.full((2, 3), n, "f4"))
    ...     camera.close()
    ...     for frame in reader:
    ...         print(frame.sequence, frame.array.shape, frame.array.sum())
    0
    1
    0 (2, 3) 0.0
    1 (2, 3) 6.0
    """

    __slots__ = ("_waiter",)
    _waiter: Waiter[_core.Frame]

    if not TYPE_CHECKING:

        def __new__(cls, *_args, **_choices):
            """Use `attach`."""
            raise TypeError(f"make it with {cls.__name__}.attach(name)")

    @classmethod
    def attach(
        cls,
        name: str | os.PathLike[str],
        delivery: str = "lossy",
        *,
        start: Start = "now",
        until: Until | None = None,
        wait: Wait = "sleep",
        reader_name: str | None = None,
        tags: Iterable[int] | None = None,
        unverified: bool = False,
        on_death: OnDeath = "wait",
        timeout: float | None = 0,
    ) -> Self:
        """Attaches to the ring of frames `name`; see `Reader.attach`.

        tags
            Reads only the frames with one of these tags. The others are passed over unread, and count as
            skipped.
        """
        choices = _choices(delivery, start, until, wait, reader_name, unverified, on_death)
        wanted = None if tags is None else _tags(tags)
        reader = _core.FrameReader.__new__(cls, text_of(name), choices, wanted, timeout)
        reader._waiter = Waiter(reader)
        return reader

    async def aread(self, timeout: float | None = None) -> _core.Frame | None:
        """As `read`, for `asyncio`: others run meanwhile, and a cancelled wait loses nothing."""
        return await self._waiter.read(timeout)

    async def __aiter__(self) -> AsyncIterator[_core.Frame]:
        while (frame := await self._waiter.read(None)) is not None:
            if frame:
                yield frame
            else:
                _log(self.name, frame.events)


def _log(ring: str, events: Iterable[_core.Event]) -> None:
    """What is passed over, nobody else would say."""
    for event in events:
        logging.getLogger("pyringbuf").warning("ring %s: %s", ring, event)


# What a ring of frames notes of each.
_FRAME_FIELDS = ("start", "len", "tag", "dtype", "ndim", "shape")


def _tags(tags: Iterable[int]) -> set[int]:
    expected = "expected the tags to read, integers from 0 to 2^64 - 1, such as [1, 2]"
    try:
        wanted = {operator.index(tag) for tag in tags}
    except TypeError:
        raise TypeError(f"found tags={tags!r}, {expected}") from None
    if not all(0 <= tag < 1 << 64 for tag in wanted):
        raise ValueError(f"found tags={tags!r}, {expected}")
    return wanted


def _choices(
    delivery: str,
    start: Start,
    until: Until | None,
    wait: str,
    reader_name: str | None,
    unverified: bool,
    on_death: str,
) -> dict[str, Any]:
    reader_name = _program() if reader_name is None else reader_name
    for argument, found in (("delivery", delivery), ("wait", wait), ("reader_name", reader_name)):
        if not isinstance(found, str):
            raise TypeError(f"found {argument}={found!r}, expected a str")
    if not isinstance(unverified, bool | np.bool_):
        raise TypeError(f"found unverified={unverified!r}, expected True or False")
    return {
        "delivery": delivery,
        "start": _start(start),
        "until": None if until is None else _until(until),
        "wait": wait,
        "reader_name": reader_name,
        "unverified": bool(unverified),
        "on_death": on_death,
    }


def _program() -> str:
    return Path(sys.argv[0]).stem if sys.argv and sys.argv[0] not in ("", "-c", "-m") else "python"


def _start(start: Start) -> tuple[str, int]:
    if start in ("now", "oldest") and isinstance(start, str):
        return start, 0
    if isinstance(start, datetime.timedelta | np.timedelta64):
        span = _nanoseconds(np.timedelta64(start), "m8[ns]")
        if span < 0:
            raise ValueError(f"found start={start!r}, expected a time span from 0 on")
        return "last_for", span
    if isinstance(start, datetime.datetime | np.datetime64):
        return "at", _time(start)
    count = _integer(
        "start", start, "'now', 'oldest', a sequence, a negative number of records, a time span or a time"
    )
    return ("last", -count) if count < 0 else ("sequence", count)


def _until(until: Until) -> tuple[str, int]:
    if isinstance(until, datetime.datetime | np.datetime64):
        return "at", _time(until)
    count = _integer("until", until, "a sequence or a time")
    if count < 0:
        raise ValueError(f"found until={until!r}, expected a sequence from 0 on")
    return "sequence", count


def _integer(what: str, found: object, expected: str) -> int:
    if isinstance(found, bool) or not isinstance(found, int | np.integer):
        raise TypeError(f"found {what}={found!r}, expected {expected}")
    if not -(2**62) < found < 2**62:
        raise ValueError(f"found {what}={found}, expected a number below 2^62")
    return int(found)


def _time(time: datetime.datetime | np.datetime64) -> int:
    if isinstance(time, datetime.datetime):
        if time.tzinfo is None:
            raise ValueError(
                f"found the time {time} without a zone, expected one that names it: datetime.now(UTC)"
            )
        time = np.datetime64(time.astimezone(datetime.UTC).replace(tzinfo=None))
    return _nanoseconds(time, "M8[ns]")


def _nanoseconds(time: np.datetime64 | np.timedelta64, unit: str) -> int:
    try:
        exact = time.astype(unit)
        # Older ones of NumPy wrap around without a word.
        is_exact = not np.isnat(time) and exact.astype(time.dtype) == time
    except OverflowError:
        is_exact = False
    if not is_exact:
        raise ValueError(f"found the time {time}, expected one that nanoseconds in 64 bits can hold")
    return int(exact.astype("i8"))
