"""Reading in an `asyncio` program: a thread of the reader's own waits, and the others run on."""

import asyncio
import contextlib
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

__all__: list[str] = []

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# How long the thread waits before it looks whether the loop still wants it to.
_SLICE = 0.25


class _Reads(Protocol[T_co]):
    def read(self, timeout: float | None = None) -> T_co | None: ...


class Waiter(Generic[T]):
    """Reads for a loop: at most one read at a time is under way, and what it brings is kept until somebody takes it."""

    __slots__ = ("__weakref__", "_found", "_reader", "_reading")

    def __init__(self, reader: _Reads[T]) -> None:
        # The reader has the waiter.
        self._reader = weakref.ref(reader)
        self._reading: asyncio.Future[None] | None = None
        self._found: deque[Callable[[], T | None]] = deque()

    async def read(self, timeout: float | None) -> T | None:
        if not self._found:
            reading = self._reading
            if reading is None or reading.done() or reading.get_loop().is_closed():
                with contextlib.suppress(TimeoutError):
                    found = _live(self._reader).read(timeout=0)
                    # Others run now and then, however fast records come.
                    await asyncio.sleep(0)
                    return found
                reading = self._reading = self._begin()
            elif reading.get_loop() is not asyncio.get_running_loop():
                raise RuntimeError("another event loop reads with this reader: attach another one here")
            # Shielded: who is cancelled gives up waiting, and what comes is there for the next.
            async with asyncio.timeout(timeout):
                await asyncio.shield(reading)
        return self._found.popleft()()

    def _begin(self) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        arguments = (self._reader, self._found, loop, future)
        threading.Thread(target=_wait, args=arguments, name="pyringbuf reader", daemon=True).start()
        return future


def _live(reader: "weakref.ref[_Reads[T]]") -> _Reads[T]:
    live = reader()
    if live is None:
        raise ReferenceError("the reader is gone")
    return live


def _wait(
    reader: "weakref.ref[_Reads[T]]",
    found: "deque[Callable[[], T | None]]",
    loop: asyncio.AbstractEventLoop,
    future: "asyncio.Future[None]",
) -> None:
    """Reads once, unless the loop does not want it any more."""
    while not loop.is_closed():
        outcome = _attempt(reader)
        if outcome is None:
            continue
        found.append(outcome)
        # The loop may be closed by now.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_wake, future)
        return


def _attempt(reader: "weakref.ref[_Reads[T]]") -> Callable[[], T | None] | None:
    """What reading gave or raised, for whoever takes it; None if nothing came."""
    try:
        value = _live(reader).read(timeout=_SLICE)
    except TimeoutError:
        return None
    except BaseException as error:
        failure = error

        def fail() -> T | None:
            raise failure

        return fail
    return lambda: value


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
