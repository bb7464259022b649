"""Reading in an `asyncio` program: a thread of the reader's own waits, and the others run on."""

import asyncio
import contextlib
import math
import threading
import weakref
from collections import deque
from concurrent.futures import Future
from typing import Any, Generic, Protocol, TypeVar

__all__: list[str] = []

T = TypeVar("T")

# How long the thread waits before it looks whether anybody still wants something.
_SLICE = 0.25


class _Reads(Protocol[T]):
    @property
    def lag(self) -> int: ...

    def read(self, timeout: float | None = None) -> T | None: ...


class Waiter(Generic[T]):
    """Reads for a loop: at most one wait at a time is under way, and what it brings is kept until somebody takes it."""

    __slots__ = ("__weakref__", "_found", "_last", "_reader", "_reading", "_wanted")

    def __init__(self, reader: _Reads[T]) -> None:
        # The reader has the waiter.
        self._reader = weakref.ref(reader)
        self._found: deque[T | BaseException | None] = deque()
        self._last: weakref.ref[Any] | None = None
        # The wait of the thread. Whatever loop asks next goes on with it: the order is that of the ring.
        self._reading: Future[None] | None = None
        self._wanted = 0

    async def read(self, timeout: float | None) -> T | None:
        limit = None if timeout is None else _seconds(timeout)
        # Raises in a forked child: the thread is its parent's.
        _ = _live(self._reader).lag
        # Others run now and then, however fast records come. Whoever is cancelled here has taken nothing.
        await asyncio.sleep(0)
        self._give_back_last()
        if limit == 0:
            if not self._is_found(wait=False):
                raise TimeoutError("nothing new within the timeout")
            return self._take()
        self._wanted += 1
        try:
            async with asyncio.timeout(limit):
                while not self._is_found(wait=True):
                    assert self._reading is not None
                    # Cancelling this leaves the thread as it is, and what it brings for the next.
                    await asyncio.wrap_future(self._reading)
        finally:
            self._wanted -= 1
        return self._take()

    def _is_found(self, *, wait: bool) -> bool:
        """Whether there is something to take; otherwise somebody waits for it now, if so wanted."""
        if self._found:
            return True
        if self._reading is not None and not self._reading.done():
            return False
        # It may have brought something since.
        if self._found:
            return True
        with contextlib.suppress(TimeoutError):
            self._found.append(_live(self._reader).read(timeout=0))
            return True
        if wait:
            self._reading = Future()
            self._reading.set_running_or_notify_cancel()
            arguments = (weakref.ref(self), self._reader, self._found, self._reading)
            threading.Thread(target=_wait, args=arguments, name="pyringbuf reader", daemon=True).start()
        return False

    def _take(self) -> T | None:
        found = self._found.popleft()
        if isinstance(found, BaseException):
            raise found
        if found is not None:
            self._last = weakref.ref(found)
        return found

    def _give_back_last(self) -> None:
        """As every read does with what the same thread has read before; here threads come and go."""
        last = self._last() if self._last is not None else None
        self._last = None
        if last is not None:
            last.__exit__(None, None, None)


def _seconds(timeout: float) -> float:
    expected = "expected seconds from 0 on, or None to wait for ever"
    try:
        seconds = float(timeout)
    except OverflowError:
        seconds = math.inf if timeout > 0 else -math.inf
    except (TypeError, ValueError):
        raise TypeError(f"found a timeout of {timeout!r}, {expected}") from None
    if isinstance(timeout, str | bytes):
        raise TypeError(f"found a timeout of {timeout!r}, {expected}")
    if not seconds >= 0:
        raise ValueError(f"found a timeout of {timeout!r}, {expected}")
    return seconds


def _live(reader: "weakref.ref[_Reads[T]]") -> _Reads[T]:
    live = reader()
    if live is None:
        raise ReferenceError("the reader is gone")
    return live


def _wait(
    waiter: "weakref.ref[Waiter[T]]",
    reader: "weakref.ref[_Reads[T]]",
    found: "deque[T | None | BaseException]",
    reading: "Future[None]",
) -> None:
    """Reads once, unless nobody wants it any more."""
    try:
        while (wanting := waiter()) is not None and wanting._wanted:
            del wanting
            try:
                found.append(_live(reader).read(timeout=_SLICE))
            except TimeoutError:
                continue
            return
    except BaseException as error:
        found.append(error)
    finally:
        reading.set_result(None)
