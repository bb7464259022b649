"""iceoryx2: publish and subscribe, samples loaned and written in place, nothing dropped (no overflow, the
publisher retries).

`iceoryx2` looks for samples again and again, as its examples do, but gives its processor away in between
instead of sleeping for a time. `iceoryx2-event` tells its readers by an event service, as its example
`event_based_communication` does, and they sleep there.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from functools import partial
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

import iceoryx2 as iox2
import numpy as np
from harness.records import RECORD, ULP, Floats, fill, fill_array
from numpy.typing import NDArray

from transports import KINDS, End, Link, Receiver, Sender, Transport, Work

BUFFER = {"singles": 1024, "batches": 64, "arrays": 1}
"""Samples that wait for a subscriber at most."""


class Row(ctypes.Structure):
    """A record."""

    _fields_ = (("number", ctypes.c_uint64), ("value", ctypes.c_double))

    @staticmethod
    def type_name() -> str:
        """What both ends call it."""
        return "Row"


class _End(End):
    def __init__(self, name: str, work: Work, events: bool) -> None:
        iox2.set_log_level(iox2.LogLevel.Fatal)
        self._work = work
        self._node = iox2.NodeBuilder.new().create(iox2.ServiceType.Ipc)
        payload = {
            "singles": Row,
            "batches": iox2.Slice[ctypes.c_uint8],
            "arrays": iox2.Slice[ctypes.c_uint8],
        }[work.kind]
        self._service = (
            self._node.service_builder(iox2.ServiceName.new(name))
            .publish_subscribe(payload)
            .payload_alignment(iox2.Alignment.new(64))
            .enable_safe_overflow(False)
            .history_size(0)
            .max_publishers(1)
            .max_subscribers(work.readers)
            .subscriber_max_buffer_size(BUFFER[work.kind])
            .subscriber_max_borrowed_samples(1)
            .open_or_create()
        )
        self._events = None
        if events:
            self._events = (
                self._node.service_builder(iox2.ServiceName.new(f"{name}/event")).event().open_or_create()
            )

    def close(self) -> None:
        for port in self._ports:
            port.delete()

    _ports: list[Any]


class Publisher(_End, Sender):
    """Publishes."""

    def __init__(self, name: str, work: Work, events: bool) -> None:
        super().__init__(name, work, events)
        builder = (
            self._service.publisher_builder()
            .backpressure_strategy(iox2.BackpressureStrategy.RetryUntilDelivered)
            .max_loaned_samples(1)
        )
        if work.kind != "singles":
            size = 8 * work.elements if work.kind == "arrays" else RECORD.itemsize * work.batch
            builder = builder.initial_max_slice_len(size).allocation_strategy(iox2.AllocationStrategy.Static)
        self._publisher = builder.create()
        self._ports = [self._publisher]
        self._notify = None
        if self._events:
            notifier = self._events.notifier_builder().create()
            self._ports.append(notifier)
            self._notify = notifier.notify

    def singles(self, numbers: range) -> None:
        # Faster than `send_copy`, `write_payload` and `payload`.
        loan, at, notify = self._publisher.loan_uninit, Row.from_address, self._notify
        for number in numbers:
            sample = loan()
            row = at(sample.payload_ptr)
            row.number = number
            row.value = 1.0 + number * ULP
            sample.assume_init().send()
            if notify:
                notify()

    def batches(self, numbers: range) -> None:
        size = RECORD.itemsize * self._work.batch
        for first in numbers[:: self._work.batch]:
            sample = self._publisher.loan_slice_uninit(size)
            fill(_seen(sample, np.uint64), first)
            self._send(sample)

    def arrays(self, numbers: range) -> None:
        for number in numbers:
            sample = self._publisher.loan_slice_uninit(8 * self._work.elements)
            fill_array(_seen(sample, np.float64), number)
            self._send(sample)

    def _send(self, sample: Any) -> None:
        sample.assume_init().send()
        if self._notify:
            self._notify()


class Subscriber(_End, Receiver):
    """Subscribes."""

    def __init__(self, name: str, work: Work, events: bool) -> None:
        super().__init__(name, work, events)
        self._subscriber = self._service.subscriber_builder().buffer_size(BUFFER[work.kind]).create()
        self._ports = [self._subscriber]
        self._wait: Any = os.sched_yield
        if self._events:
            listener = self._events.listener_builder().create()
            self._ports.append(listener)
            self._wait = listener.blocking_wait

    def singles(self) -> Iterator[tuple[int, float]]:
        receive, wait, at = self._subscriber.receive, self._wait, Row.from_address
        while True:
            sample = receive()
            if sample is None:
                wait()
                continue
            row = at(sample.payload_ptr)
            values = row.number, row.value
            sample.delete()
            yield values

    def batches(self) -> Iterator[NDArray[Any]]:
        return self._samples(RECORD)

    def arrays(self) -> Iterator[Floats]:
        return self._samples(np.dtype(np.float64))

    def _samples(self, dtype: np.dtype[Any]) -> Iterator[NDArray[Any]]:
        receive, wait = self._subscriber.receive, self._wait
        while True:
            sample = receive()
            if sample is None:
                wait()
                continue
            yield _seen(sample, dtype)
            sample.delete()


def _seen(sample: Any, dtype: Any) -> NDArray[Any]:
    # Its payload is a slice of bytes: one of larger elements says its length in bytes (0.10.0).
    # Faster than `payload`.
    memory = ctypes.c_uint8 * sample.header.number_of_elements
    return np.frombuffer(memory.from_address(sample.payload_ptr), dtype)


def _link(events: bool, work: Work, context: SpawnContext, directory: Path) -> Link:
    name = f"pyringbuf-bench/{directory.name}"
    return Link(
        partial(Publisher, name, work, events), [partial(Subscriber, name, work, events)] * work.readers
    )


TRANSPORTS = [
    Transport(
        "iceoryx2",
        "iceoryx2 publish_subscribe, loaned and read in place, no overflow; looks again after sched_yield",
        KINDS,
        partial(_link, False),
    ),
    Transport(
        "iceoryx2-event",
        "the same, its readers told by an event service, sleeping there",
        KINDS,
        partial(_link, True),
    ),
]
