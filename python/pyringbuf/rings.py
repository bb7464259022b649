"""Looking after rings: what is there, who uses it, and taking away what the dead left.

Nothing here affects a living producer or reader.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from . import _core
from .convert import text_of
from .errors import NotFound
from .schema import Described, dtype_of

__all__ = ["FramesInfo", "ReaderInfo", "RingInfo", "Swept", "gc", "info", "path", "remove", "rings"]


@dataclass(frozen=True)
class ReaderInfo:
    """A registered reader, as it was at one moment."""

    slot: int
    name: str
    delivery: str
    """What it asks of the producer: "lossy", "lossless", or "bounded:50ms"."""
    pid: int
    """Its process; in another container this means nothing here."""
    attached_ns: int
    """When it attached, nanoseconds since the Unix epoch."""
    is_alive: bool
    """Whether it holds its lock; the dead are shown until their slot is used again."""
    is_demoted: bool
    """It is bounded, and held its producer for too long: it reads as a lossy one."""
    lag: int | None
    """Records published and not yet read."""
    lag_time: float | None
    """Seconds since the oldest of them was published; None without publication times."""
    ledger: _core.Ledger | None
    """What became of every record since it joined; None if that changed too fast to be read."""


@dataclass(frozen=True)
class FramesInfo:
    """What a ring of frames keeps, as it was at one moment."""

    arena: int
    """Bytes for frames: as long as one may be."""
    kept_frames: int
    kept_bytes: int
    """Bytes of the arena from the oldest of them to the newest."""


@dataclass(frozen=True)
class RingInfo(Described):
    """A ring, as it was at one moment."""

    name: str
    path: Path
    """Its data file."""
    problem: str | None = None
    """Why it cannot be looked at; all below is empty then."""
    ring_id: str = ""
    """Its identity, which no other ring has."""
    created_ns: int = 0
    """Nanoseconds since the Unix epoch."""
    schema: str = ""
    """What a record consists of, as JSON; of a ring of frames: what is noted of each."""
    capacity: int = 0
    """Records it keeps, or frames at most."""
    frames: FramesInfo | None = None
    """None: it is a ring of records."""
    file_bytes: int = 0
    allow: str = ""
    """The most demanding delivery a reader may ask for."""
    when_full: str = ""
    refused: int = 0
    """Records dropped because a reader left no room for them."""
    in_place: bool = False
    stamped: bool = False
    """Its records have publication times."""
    kept: float | None = None
    """Seconds between the oldest record kept and the newest; None without publication times."""
    is_on_disk: bool = False
    """It outlives the system."""
    is_unverified: bool = False
    """It lies on a disk and its end was not written in order: records may be damaged."""
    producer: Literal["live", "closed", "died", ""] = ""
    epoch: int = 0
    """How many producers it has had."""
    published: int = 0
    """The next sequence to be published."""
    oldest: int = 0
    """The oldest sequence still readable."""
    readers: tuple[ReaderInfo, ...] | None = None
    """Who has registered; None if this user may not see them. Lossy readers may be there that nobody sees."""

    @property
    def dtype(self) -> np.dtype[np.void]:
        """What a record consists of."""
        return dtype_of(self.schema)


@dataclass(frozen=True)
class Swept:
    """What `gc` did with one file or ring."""

    path: Path
    what: str
    """"ring", "unfinished file" or "readers without a ring"."""
    nbytes: int
    fate: str | None
    """"removed"; or why it was kept: "on a disk" or "unverified". None: it could not be removed."""
    problem: str | None
    """Why it could not."""


def info(name: str | os.PathLike[str]) -> RingInfo:
    """Looks at one ring.

    >>> import pyringbuf as rb
    >>> with rb.Producer.create("doc-info", "f8", retain=100, units={"value": "V"}) as producer:
    ...     found = rb.info("doc-info")
    >>> found.producer, found.capacity, dict(found.units), found.readers
    ('live', 100, {'value': 'V'}, ())
    >>> rb.remove("doc-info")

    Raises `NotFound` if there is none, and `AttachError` for one that cannot be read.
    """
    return _ring(_core.info(text_of(name)))


def rings() -> list[RingInfo]:
    """The rings that names stand for, sorted by name. Of one that cannot be looked at, `problem` says why."""
    return [_ring(found) if isinstance(found, dict) else RingInfo(*found) for found in _core.rings()]


def remove(name: str | os.PathLike[str], *, missing_ok: bool = False) -> None:
    """Removes a ring that no living producer has; its readers are told.

    Raises `InUse` while its producer lives, and `NotFound` if there is none, unless `missing_ok`.
    """
    try:
        _core.remove(text_of(name))
    except NotFound:
        if not missing_ok:
            raise


def gc(dry_run: bool = False, *, disk: bool = False) -> list[Swept]:
    """Removes what the dead left: rings without a living producer and living readers, and unfinished files.

    With `dry_run` nothing is touched, and what would be done is returned. Rings on a disk are kept unless `disk` is true.
    """
    return [Swept(*found) for found in _core.gc(bool(dry_run), bool(disk))]


def path(name: str | os.PathLike[str]) -> Path:
    """The data file that a name stands for, whether it exists or not.

    Raises ValueError if it names no ring.

    >>> path("/data/run7.ring"), path("imu").name
    (PosixPath('/data/run7.ring'), 'imu.ring')
    """
    return _core.path(text_of(name))


def _ring(found: dict[str, Any]) -> RingInfo:
    frames, readers = found["frames"], found["readers"]
    found["frames"] = frames and FramesInfo(*frames)
    found["readers"] = None if readers is None else tuple(ReaderInfo(**reader) for reader in readers)
    return RingInfo(**found)
