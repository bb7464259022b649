"""Producers: who publishes."""

from __future__ import annotations

import atexit
import itertools
import operator
import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import DTypeLike

from . import _core
from .convert import text_of
from .errors import InUse
from .schema import Described, dtype_of, schema_of

__all__ = ["FrameProducer", "Producer"]

# What a ring keeps by default.
_KEPT_BYTES = 16 << 20
_KEPT_LEAST = 1024
_FRAMES_BYTES = 64 << 20


class Producer(_core.Producer, Described):
    """The one process that publishes records into a ring.

    Closing it, at the latest at the end of the program, closes the ring: readers read what is left and end.

    >>> import pyringbuf as rb
    >>> with rb.Producer.create("doc-imu", [("t_ns", "u8"), ("accel", "f4", (3,))], retain=1000) as imu:
    ...     imu.publish((1, (0.0, 0.0, 9.8)))
    ...     imu.publish({"t_ns": 2, "accel": [0.0, 0.1, 9.7]})
    0
    1
    >>> rb.remove("doc-imu")

    Threads may share a producer. A row is published as a whole; a batch that has to wait for room lets rows of other
    threads in between.
    """

    __slots__ = ()

    if not TYPE_CHECKING:

        def __new__(cls, *_args, **_choices):
            raise TypeError(f"make it with {cls.__name__}.create(name, dtype)")

    @classmethod
    def create(
        cls,
        name: str | os.PathLike[str],
        dtype: DTypeLike,
        retain: int | None = None,
        *,
        units: Mapping[str, str] | None = None,
        clocks: Mapping[str, str] | None = None,
        stamp: bool = True,
        allow: str = "lossless",
        when_full: Literal["wait", "drop"] = "wait",
        preset: Literal["throughput", "latency"] = "throughput",
        mode: int | None = None,
        register: Literal["owner", "group", "all"] | None = None,
        replace: bool = False,
    ) -> Self:
        """Creates the ring `name`, or continues one of the same records and capacity whose producer is gone.

        name
            A name, or the path of the data file: anything with a "/" in it.
        dtype
            What a record consists of; whatever `np.dtype` takes. A plain type, as "f8" or ("f4", (3,)), becomes one field
            "value".
        retain
            Records kept: exactly so many. By default as many as fit into 16 MiB with their times, and 1024 at least.
        units, clocks
            What the fields are measured in, as {"accel": "m/s2"}, and which of them is the time of the record, on which
            clock: {"t_ns": "unix"}, "monotonic" or "recording".
        stamp
            Notes when each record was published (8 bytes each): for the lag in time, and to read from a time on.
        allow
            The most demanding readers: "lossless", "bounded:100ms" or "lossy".
        when_full
            "wait" for readers that may hold this producer, or "drop" what they leave no room for.
        preset
            "throughput", or "latency" for single records that are read at once.
        mode
            Who may read the data file: 0o600, 0o604, 0o640 or 0o644.
        register
            Who may register as a reader: "owner", "group" or "all".
        replace
            Takes the place of a ring of this name whose producer is gone, even of one that differs.

        Raises `InUse` if the ring has a living producer, `Different` if it keeps other records, ValueError or TypeError for
        arguments that make no ring, and `CreateError` otherwise.
        """
        schema = schema_of(dtype, units, clocks)
        kept = dtype_of(schema)
        if retain is None:
            retain = max(_KEPT_BYTES // (kept.itemsize + 8 * bool(stamp)), _KEPT_LEAST)
        choices = _choices(
            stamp=stamp,
            allow=allow,
            when_full=when_full,
            preset=preset,
            mode=mode,
            register=register,
            replace=replace,
        )
        with _is_it_ours(name):
            made = _core.Producer.__new__(
                cls, text_of(name), schema, kept, _count("retain", retain, 1), choices
            )
        _close_at_exit(made)
        return made

    def __del__(self) -> None:
        # Closing may take a while, as for a ring on a disk: here other threads run meanwhile.
        self.close()


class FrameProducer(_core.FrameProducer):
    """The one process that publishes frames: arrays, text and bytes of any size, each with a tag.

    Closing it, at the latest at the end of the program, closes the ring: readers read what is left and end.

    >>> import numpy as np
    >>> import pyringbuf as rb
    >>> with rb.FrameProducer.create("doc-camera", frames=4, frame_bytes=480 * 640 * 3) as camera:
    ...     camera.publish(np.zeros((480, 640, 3), "u1"), tag=7)
    ...     camera.publish(b"and a few words")
    0
    1
    >>> rb.remove("doc-camera")

    Threads may share a producer.
    """

    __slots__ = ()

    if not TYPE_CHECKING:

        def __new__(cls, *_args, **_choices):
            raise TypeError(f"make it with {cls.__name__}.create(name)")

    @classmethod
    def create(
        cls,
        name: str | os.PathLike[str],
        retain_bytes: int | None = None,
        *,
        frames: int | None = None,
        frame_bytes: int | None = None,
        stamp: bool = True,
        allow: str = "lossless",
        when_full: Literal["wait", "drop"] = "wait",
        in_place: bool = False,
        mode: int | None = None,
        register: Literal["owner", "group", "all"] | None = None,
        replace: bool = False,
    ) -> Self:
        """Creates the ring `name`, or continues one of frames that keeps as much and whose producer is gone.

        retain_bytes
            Keeps the newest frames, as many as fit into so many bytes; a frame may be as long as all of them. By
            default 64 MiB.
        frames, frame_bytes
            Instead: the newest so many frames of so many bytes each. `frames` beside `retain_bytes`: no more than that.
        in_place
            For `claim`, which gives memory of the ring to be written. Only lossless readers may attach then.

        The rest as for `Producer.create`.
        """
        if frame_bytes is not None:
            if retain_bytes is not None or frames is None:
                raise ValueError("found frame_bytes, expected frames beside it, and no retain_bytes")
            # As the ring counts them: each begins at a multiple of 64.
            each = -(-max(_count("frame_bytes", frame_bytes, 0), 1) // 64) * 64
            arena = each * _count("frames", frames, 1)
        else:
            arena = _count("retain_bytes", _FRAMES_BYTES if retain_bytes is None else retain_bytes, 1)
        most = None if frames is None else _count("frames", frames, 1)
        choices = _choices(
            stamp=stamp,
            allow=allow,
            when_full=when_full,
            mode=mode,
            register=register,
            replace=replace,
            in_place=in_place,
        )
        with _is_it_ours(name):
            made = _core.FrameProducer.__new__(
                cls, text_of(name), _count("the bytes of all frames", arena, 1), most, choices
            )
        _close_at_exit(made)
        return made

    def __del__(self) -> None:
        self.close()


def _choices(**choices: Any) -> dict[str, Any]:
    """What the native half takes, which looks at the words itself."""
    choices = {"preset": "throughput", "in_place": False, **choices}
    for name in ("stamp", "replace", "in_place"):
        if not isinstance(choices[name], bool | np.bool_):
            raise TypeError(f"found {name}={choices[name]!r}, expected True or False")
        choices[name] = bool(choices[name])
    if choices["mode"] is not None:
        mode = _count("mode", choices["mode"], 0, 1 << 16)
        if str(mode) in _MODES:
            raise ValueError(f"found mode={mode}, which is 0o{mode:o}: expected octal digits, 0o{mode}")
        choices["mode"] = mode
    for name in ("allow", "when_full", "preset", "register"):
        found = choices[name]
        if not isinstance(found, str) and not (name == "register" and found is None):
            raise TypeError(f"found {name}={found!r}, expected a str")
    return choices


# What is meant by decimal digits.
_MODES = frozenset(["600", "604", "640", "644"])


class _Producer(Protocol):
    def close(self) -> None: ...
    @property
    def closed(self) -> bool: ...
    @property
    def path(self) -> Path: ...


@contextmanager
def _is_it_ours(name: str | os.PathLike[str]) -> Iterator[None]:
    """Says so if the producer in the way is one of this process: what happens to who runs a line twice."""
    try:
        yield
    except InUse as error:
        ours = _core.path(text_of(name))
        if any(other.path == ours and not other.closed for other in list(_OPEN.values())):
            raise InUse(
                f"ring {text_of(name)} has a living producer in this process: close() it first"
            ) from error
        raise


_OPEN: weakref.WeakValueDictionary[int, _Producer] = weakref.WeakValueDictionary()
_NUMBERS = itertools.count()


def _close_at_exit(made: Any) -> None:
    _OPEN[next(_NUMBERS)] = made


@atexit.register
def _close_all() -> None:
    """In the order in which they were made; while everything that closing needs is still there."""
    for _, made in sorted(_OPEN.items()):
        made.close()


def _count(argument: str, found: Any, least: int, most: int = (1 << 64) - 1) -> int:
    try:
        count = operator.index(found)
    except TypeError:
        raise TypeError(f"found {argument}={found!r}, expected an integer") from None
    if not least <= count <= most:
        raise ValueError(f"found {argument}={found!r}, expected {least} to {most}")
    return count
