"""Reading in an `asyncio` program: a thread of the reader's own waits, and the others run on."""

import asyncio
import contextlib
import math
import threading
import weakref
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar

__all__: list[str] = []

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# How long the thread waits before it looks whether anybody still wants something.
_SLICE = 0.25


class _Reads(Protocol[T_co]):
    def read(self, timeout: float | None = None) -> T_co | None: ...
    def _fetch(self, timeout: float | None = None) -> None: ...


class Waiter(Generic[T]):
    """Reads for a loop. The thread only waits, and leaves what comes to whoever reads next."""

    __slots__ = ("__weakref__", "_reader", "_waiting", "_wanted")

    def __init__(self, reader: _Reads[T]) -> None:
        # The reader has the waiter.
        self._reader = weakref.ref(reader)
        # For all loops: at most one thread waits.
        self._waiting: Future[None] | None = None
        self._wanted = 0

    async def read(self, timeout: float | None) -> T | None:
        limit = None if timeout is None else _seconds(timeout)
        # Others run now and then, however fast records come. Whoever is cancelled here has taken nothing.
        await asyncio.sleep(0)
        if limit == 0:
            return _live(self._reader).read(timeout=0)
        self._wanted += 1
        try:
            async with asyncio.timeout(limit):
                while True:
                    # In a forked child this raises: the thread was its parent's.
                    with contextlib.suppress(TimeoutError):
                        return _live(self._reader).read(timeout=0)
                    # Cancelling it leaves the thread as it is.
                    await asyncio.wrap_future(self._wait())
        finally:
            self._wanted -= 1

    def _wait(self) -> "Future[None]":
        if self._waiting is None or self._waiting.done():
            self._waiting = Future()
            self._waiting.set_running_or_notify_cancel()
            arguments = (weakref.ref(self), self._reader, self._waiting)
            threading.Thread(target=_wait, args=arguments, name="pyringbuf reader", daemon=True).start()
        return self._waiting


def _seconds(timeout: float) -> float:
    expected = "expected seconds from 0 on, or None to wait for ever"
    try:
        if isinstance(timeout, str | bytes | bytearray):
            raise TypeError
        seconds = float(timeout)
    except OverflowError:
        seconds = math.inf if timeout > 0 else -math.inf
    except (TypeError, ValueError):
        raise TypeError(f"found a timeout of {timeout!r}, {expected}") from None
    if not seconds >= 0:
        raise ValueError(f"found a timeout of {seconds}, {expected}")
    return seconds


def _live(reader: "weakref.ref[_Reads[T]]") -> _Reads[T]:
    live = reader()
    if live is None:
        raise ReferenceError("the reader is gone")
    return live


def _wait(
    waiter: "weakref.ref[Waiter[T]]", reader: "weakref.ref[_Reads[T]]", waiting: "Future[None]"
) -> None:
    """Until there is something, or nobody wants it any more."""
    # What is wrong is told to whoever reads next, too.
    with contextlib.suppress(Exception):
        while (wanting := waiter()) is not None and wanting._wanted:
            del wanting
            with contextlib.suppress(TimeoutError):
                _live(reader)._fetch(timeout=_SLICE)
                break
    waiting.set_result(None)
