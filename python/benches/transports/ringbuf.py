"""`pyringbuf`: one ring for all readers, who lose nothing.

"One by one" is one call of `publish` for each record. Readers take batches as they come: `ringbuf` looks at
one record after the other in Python, as the readers of the others do, `ringbuf-vector` at whole batches,
`ringbuf-one` asks for a single record each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any, cast

import numpy as np
from harness.records import RECORD, ULP, Floats, fill, fill_array
from numpy.typing import NDArray

import pyringbuf as rb
from transports import KINDS, OURS, Link, Receiver, Sender, Transport, Work

RECORDS = 1 << 18
"""4 MiB."""
ATTACHED_WITHIN = 30.0
"""Seconds."""


@dataclass(frozen=True)
class Kept:
    """What the ring is to keep."""

    stamp: bool = False
    """The time of each publication, of which the others know nothing."""
    frames: int = 1
    in_place: bool = True
    """Arrays are made where they lie."""


class RingSender(Sender):
    """The producer of the ring."""

    def __init__(self, name: str, work: Work, kept: Kept) -> None:
        self._work = work
        self._in_place = kept.in_place
        if work.kind == "arrays":
            self._frames = rb.FrameProducer.create(
                name,
                frames=kept.frames,
                frame_bytes=8 * work.elements,
                stamp=kept.stamp,
                in_place=kept.in_place,
            )
            self._close = self._frames.close
        else:
            self._producer = rb.Producer.create(name, RECORD, RECORDS, stamp=kept.stamp)
            self._close = self._producer.close

    def close(self) -> None:
        self._close()

    def singles(self, numbers: range) -> None:
        publish = self._producer.publish
        for number in numbers:
            publish((number, 1.0 + number * ULP))

    def batches(self, numbers: range) -> None:
        records = np.empty(self._work.batch, RECORD)
        words = records.view(np.uint64)
        for first in numbers[:: self._work.batch]:
            fill(words, first)
            self._producer.publish_batch(records)

    def arrays(self, numbers: range) -> None:
        if self._in_place:
            for number in numbers:
                with self._frames.claim((self._work.elements,), "f8") as array:
                    fill_array(array, number)
        else:
            array = np.empty(self._work.elements)
            for number in numbers:
                fill_array(array, number)
                self._frames.publish(array)


class RingReceiver(Receiver):
    """A lossless reader: looks at records where they lie."""

    def __init__(self, name: str, work: Work) -> None:
        attach = rb.FrameReader.attach if work.kind == "arrays" else rb.Reader.attach
        self._reader: Any = attach(name, "lossless", timeout=ATTACHED_WITHIN)

    def close(self) -> None:
        self._reader.close()

    def singles(self) -> Iterator[tuple[int, float]]:
        return chain.from_iterable(map(_rows, self._reader))

    def batches(self) -> Iterator[NDArray[Any]]:
        for batch in self._reader:
            yield batch.records

    def arrays(self) -> Iterator[Floats]:
        for frame in self._reader:
            yield frame.array


def _rows(batch: rb.Batch) -> Iterator[tuple[int, float]]:
    records = batch.records
    return zip(records["number"].tolist(), records["value"].tolist(), strict=True)


class CopyingReceiver(RingReceiver):
    """Takes copies into memory that is there already."""

    def singles(self) -> Iterator[tuple[int, float]]:
        one = np.empty(1, RECORD)
        read_into, row = self._reader.read_into, cast("Callable[[], tuple[int, float]]", one.item)
        while read_into(one):
            yield row()

    def batches(self) -> Iterator[NDArray[Any]]:
        records = np.empty(4096, RECORD)
        while count := self._reader.read_into(records):
            yield records[:count]


def _link(
    receiver: type[RingReceiver], kept: Kept, work: Work, context: SpawnContext, directory: Path
) -> Link:
    name = str(directory / "ring")
    return Link(partial(RingSender, name, work, kept), [partial(receiver, name, work)] * work.readers)


def _ours(
    name: str,
    how: str,
    *kinds: str,
    receiver: type[RingReceiver] = RingReceiver,
    kept: Kept | None = None,
    received_as: str | None = None,
) -> Transport:
    connect = partial(_link, receiver, kept or Kept())
    return Transport(name, how, kinds or KINDS, connect, received_as, group=OURS)


TRANSPORTS = [
    _ours(
        "ringbuf",
        "pyringbuf, 4 MiB, lossless, no times noted: publish, publish_batch, batches read in place; "
        "arrays: claim, memory for 1",
    ),
    _ours(
        "ringbuf-stamped",
        "a ring as it is by default: notes when each record was published",
        "singles",
        "batches",
        kept=Kept(stamp=True),
    ),
    _ours(
        "ringbuf-vector",
        "single records, looked at in the batches they come in",
        "singles",
        received_as="batches",
    ),
    _ours("ringbuf-one", "read_into for each single record", "singles", receiver=CopyingReceiver),
    _ours("ringbuf-copy", "read_into of up to 4096 records", "batches", receiver=CopyingReceiver),
    _ours("ringbuf-2", "memory for 2 arrays", "arrays", kept=Kept(frames=2)),
    _ours(
        "ringbuf-publish",
        "arrays made elsewhere and copied in by publish, memory for 1 in the ring",
        "arrays",
        kept=Kept(in_place=False),
    ),
]
