"""What single calls of pyringbuf cost, in one thread of one process, with everything in the cache: the least they can
cost.

`publish` for each kind of row, `publish_batch`, `read_into` and a view of a batch (`read`, `.records`, giving back the one
before) for batches of 1 to 10000 records of 16 bytes. What was read is compared with what was published.

Reads are measured in a ring with the preset "latency". With "throughput" a reader of a stream lets some microseconds pass
between two looks, so that more comes together: those are rows of their own.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

import numpy as np
from harness.bare import machine
from harness.records import RECORD, Batches, fill, record

import pyringbuf as rb

EXAMPLES = """\
examples:
  python calls.py                  some seconds
  python calls.py --json           one JSON object
  python calls.py --sizes 64 4096  other batches
"""

RECORDS = 1 << 18
"""What the ring keeps: 4 MiB."""

Preset = Literal["latency", "throughput"]
PRESETS: tuple[Preset, ...] = ("latency", "throughput")


@dataclass(frozen=True)
class Cost:
    """Of one kind of call."""

    call: str
    records: int
    """In one call."""
    ns: float
    least_ns: float
    most_ns: float

    def row(self) -> str:
        """For the table."""
        per_record = f"{self.ns / self.records:.3g}"
        spread = f"{self.least_ns:.0f} .. {self.most_ns:.0f}"
        return f"| {self.call} | {self.records} | {self.ns:.0f} | {spread} | {per_record} |"


def main(arguments: list[str] | None = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", type=int, default=[1, 10, 100, 1000, 10_000], metavar="N")
    parser.add_argument("--repeats", type=int, default=7, help="medians of so many [7]")
    parser.add_argument("--quick", action="store_true", help="hardly anything: does it work?")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    args = parser.parse_args(arguments)
    if any(not 1 <= size <= RECORDS // 4 for size in args.sizes):
        parser.error(f"found --sizes {args.sizes}, expected 1 to {RECORDS // 4}")
    bench = Bench(repeats=2 if args.quick else args.repeats, records=20_000 if args.quick else 200_000)
    with tempfile.TemporaryDirectory(prefix="pyringbuf-bench-", dir=_memory()) as directory:
        costs = bench.rows(directory)
        for size in args.sizes:
            costs.append(bench.publish_batch(directory, size))
            for preset in PRESETS:
                costs += [bench.read_into(directory, size, preset), bench.view(directory, size, preset)]
    if args.json:
        print(json.dumps({"machine": machine(), "costs": [asdict(cost) for cost in costs]}, indent=1))
    else:
        about = machine()
        print(
            f"{about['date']}, {about['cpu']}, {about['system']}, Python {about['python']}, "
            f"NumPy {np.__version__}, pyringbuf {rb.__version__}\n"
        )
        print("| call | records | ns | least .. most | ns a record |\n|---|---:|---:|---:|---:|")
        for cost in costs:
            print(cost.row())
    return 0


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@dataclass
class Bench:
    """How much of it."""

    repeats: int
    records: int
    """In one repetition, about."""

    def rows(self, directory: str) -> list[Cost]:
        """`publish`, by what it is given."""
        array = np.empty(1, RECORD)
        fill(array.view(np.uint64), 3)
        kinds: dict[str, Any] = {
            "tuple": record(3),
            "dict": dict(zip(("number", "value"), record(3), strict=True)),
            "np.void": array[0],
            "bytes": array.tobytes(),
        }
        costs = []
        for kind, row in kinds.items():
            with _ring(directory) as producer:
                with rb.Reader.attach(producer.path, start="oldest") as reader:
                    producer.publish(row)
                    found = reader.read(timeout=1)
                    assert found is not None
                    if found.records[0].item() != record(3):
                        raise AssertionError(f"found {found.records[0]}, expected {record(3)}")
                publish, count = producer.publish, self.records // 4

                def call(publish: Callable[[Any], Any] = publish, count: int = count, row: Any = row) -> None:
                    for _ in range(count):
                        publish(row)

                costs.append(self._cost(f"publish, {kind}", 1, count, call))
        return costs

    def publish_batch(self, directory: str, size: int) -> Cost:
        """`publish_batch`, nobody reading."""
        records = np.empty(size, RECORD)
        fill(records.view(np.uint64), 0)
        with _ring(directory) as producer:
            publish, count = producer.publish_batch, max(20, self.records // 4 // size)

            def call() -> None:
                for _ in range(count):
                    publish(records)

            return self._cost("publish_batch", size, count, call)

    def read_into(self, directory: str, size: int, preset: Preset) -> Cost:
        """`read_into` of a lossy reader, of what is there already."""
        out = np.empty(size, RECORD)
        filled = np.empty(size, RECORD)
        took = []
        with _ring(directory, preset) as producer, rb.Reader.attach(producer.path) as reader:
            checked = Batches(0)
            first = 0
            read = reader.read_into
            count = max(10, min(self.records, RECORDS // 2) // size // 4)
            for _ in range(self.repeats):
                for _ in range(count):
                    fill(filled.view(np.uint64), first)
                    first += producer.publish_batch(filled)
                start = time.perf_counter_ns()
                for _ in range(count):
                    read(out)
                took.append((time.perf_counter_ns() - start) / count)
                # And once more, each of them compared.
                checked.pass_over(count * size)
                checked.check_last(out)
                for _ in range(3):
                    fill(filled.view(np.uint64), first)
                    first += producer.publish_batch(filled)
                    checked.check(out[: read(out)])
        return Cost(f"read_into, {preset}", size, median(took), min(took), max(took))

    def view(self, directory: str, size: int, preset: Preset) -> Cost:
        """`read` and `.records` of a lossless reader, and giving the records before back."""
        filled = np.empty(size, RECORD)
        words = filled.view(np.uint64)
        clock = time.perf_counter_ns
        overhead = median(-clock() + clock() for _ in range(1000))
        took = []
        with _ring(directory, preset) as producer, rb.Reader.attach(producer.path, "lossless") as reader:
            checked = Batches(0)
            first = 0
            read = reader.read
            for _ in range(self.repeats):
                spent: list[int] = []
                for _ in range(max(20, min(5000, self.records // size // 4))):
                    fill(words, first)
                    first += producer.publish_batch(filled)
                    while checked.count < first:
                        start = clock()
                        batch = read()
                        records = batch.records
                        end = clock()
                        checked.check(records)
                        # At the end of the ring a batch comes in two parts.
                        if len(records) == size:
                            spent.append(end - start)
                        del records
                took.append(median(spent) - overhead)
        return Cost(f"read and .records, {preset}", size, median(took), min(took), max(took))

    def _cost(self, name: str, size: int, count: int, call: Callable[[], None]) -> Cost:
        call()
        took = []
        for _ in range(self.repeats):
            start = time.perf_counter_ns()
            call()
            took.append((time.perf_counter_ns() - start) / count)
        return Cost(name, size, median(took), min(took), max(took))


def _ring(directory: str, preset: Preset = "throughput") -> rb.Producer:
    # Each has a name of its own: the one before is still there.
    with tempfile.NamedTemporaryFile(dir=directory, prefix="ring-") as name:
        pass
    return rb.Producer.create(name.name, RECORD, RECORDS, preset=preset)


if __name__ == "__main__":
    sys.exit(main())
