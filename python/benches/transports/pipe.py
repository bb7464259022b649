"""`multiprocessing.Pipe`: one for each reader, messages of bytes.

`pipe-stream` uses the same pipes as streams of bytes: `os.write` for each record, batch or array, and
`os.readv` of whatever is there into memory that is there already.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

import numpy as np
from harness.records import RECORD, ULP, Floats, fill, fill_array
from numpy.typing import NDArray

from transports import BY_HAND, KINDS, End, Link, Receiver, Sender, Transport, Work

ROW = struct.Struct("=Qd")
PIPE_BYTES = 1 << 20
"""What the system lets anybody ask for; 64 KiB is the default, and slower."""
TAKEN_BYTES = 1 << 18
"""The most that a stream's reader takes at once."""


class _End(End):
    def __init__(self, *pipes: Connection) -> None:
        self._pipes = pipes

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.close()


class PipeSender(_End, Sender):
    """Sends everything into every pipe."""

    def __init__(self, pipes: list[Connection], work: Work) -> None:
        super().__init__(*pipes)
        self._work = work
        self._sends: list[Callable[[Any], Any]] = [pipe.send_bytes for pipe in pipes]
        for pipe in pipes:
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def singles(self, numbers: range) -> None:
        pack = ROW.pack
        if len(self._sends) == 1:
            (send,) = self._sends
            for number in numbers:
                send(pack(number, 1.0 + number * ULP))
        else:
            for number in numbers:
                row = pack(number, 1.0 + number * ULP)
                for send in self._sends:
                    send(row)

    def batches(self, numbers: range) -> None:
        words = np.empty(2 * self._work.batch, np.uint64)
        data = memoryview(words).cast("B")
        for first in numbers[:: self._work.batch]:
            fill(words, first)
            for send in self._sends:
                send(data)

    def arrays(self, numbers: range) -> None:
        array = np.empty(self._work.elements)
        data = memoryview(array).cast("B")
        for number in numbers:
            fill_array(array, number)
            for send in self._sends:
                send(data)


class StreamSender(PipeSender):
    """Writes without frames. A pipe takes all of it before `os.write` returns: its writers block."""

    def __init__(self, pipes: list[Connection], work: Work) -> None:
        super().__init__(pipes, work)
        self._sends = [partial(os.write, pipe.fileno()) for pipe in pipes]


class PipeReceiver(_End, Receiver):
    """Receives from its pipe."""

    def __init__(self, pipe: Connection, work: Work) -> None:
        super().__init__(pipe)
        self._pipe = pipe
        self._work = work

    def singles(self) -> Iterator[tuple[int, float]]:
        receive, unpack = self._pipe.recv_bytes, ROW.unpack
        while True:
            yield unpack(receive())

    # `recv_bytes_into` receives into memory of its own first, and copies: it is slower.

    def batches(self) -> Iterator[NDArray[Any]]:
        receive = self._pipe.recv_bytes
        while True:
            yield np.frombuffer(receive(), RECORD)

    def arrays(self) -> Iterator[Floats]:
        while True:
            yield np.frombuffer(self._pipe.recv_bytes())


class StreamReceiver(PipeReceiver):
    """Reads whatever is there, whole records of it."""

    def singles(self) -> Iterator[tuple[int, float]]:
        for records in self.batches():
            yield from zip(records["number"].tolist(), records["value"].tolist(), strict=True)

    def batches(self) -> Iterator[NDArray[Any]]:
        data = np.empty(TAKEN_BYTES, np.uint8)
        view = memoryview(data)
        file = self._pipe.fileno()
        size = RECORD.itemsize
        begun = 0
        while True:
            begun += os.readv(file, [view[begun:]])
            whole = begun - begun % size
            if whole:
                yield data[:whole].view(RECORD)
                rest = begun - whole
                view[:rest] = view[whole:begun]
                begun = rest

    def arrays(self) -> Iterator[Floats]:
        array = np.empty(self._work.elements)
        view = memoryview(array).cast("B")
        file = self._pipe.fileno()
        while True:
            begun = 0
            while begun < len(view):
                begun += os.readv(file, [view[begun:]])
            yield array


def _link(
    sender: type[PipeSender], receiver: type[PipeReceiver], work: Work, context: SpawnContext, directory: Path
) -> Link:
    pipes = [context.Pipe(duplex=False) for _ in range(work.readers)]
    return Link(
        partial(sender, [written for _, written in pipes], work),
        [partial(receiver, read, work) for read, _ in pipes],
        kept=pipes,
    )


TRANSPORTS = [
    Transport(
        "pipe",
        "multiprocessing.Pipe of 1 MiB: send_bytes, recv_bytes, looked at as they are",
        KINDS,
        partial(_link, PipeSender, PipeReceiver),
    ),
    Transport(
        "pipe-stream",
        "the same pipe as a stream: os.write each record or batch, os.readv up to 256 KiB of what is there",
        KINDS,
        partial(_link, StreamSender, StreamReceiver),
        group=BY_HAND,
    ),
]
