"""What the machine and Python do by themselves, with no transport: every figure beside them is to be read
against these.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from transports import Work

from harness.records import RECORD, ULP, Batches, check_array, check_singles, fill, fill_array, record

ROOT = Path(__file__).resolve().parents[3]


class Line:
    """The program `bare` of the Rust benchmarks: what a cache line needs from one processor to the other, and
    more.

    On a shared host it changes severalfold within minutes, and everything else with it.
    """

    def __init__(self, wanted: bool) -> None:
        self.missing: str | None = None
        self._program: Path | None = None
        if not wanted:
            self.missing = "not wanted"
        elif shutil.which("cargo") is None:
            self.missing = "found no cargo to build `bare` with"
        else:
            self._program = _built()
            if self._program is None:
                self.missing = "`cargo build --release -p benches --bin bare` failed"

    def measure(self) -> dict[str, Any]:
        """Some tenths of a second; empty if it is missing."""
        if self._program is None:
            return {}
        done = subprocess.run([self._program], capture_output=True, text=True, timeout=60, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def _built() -> Path | None:
    build = ["cargo", "build", "--release", "--quiet", "-p", "benches", "--bin", "bare"]
    if subprocess.run(build, cwd=ROOT, check=False).returncode != 0:
        return None
    about = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    done = subprocess.run(about, cwd=ROOT, capture_output=True, text=True, check=True)
    return Path(json.loads(done.stdout)["target_directory"], "release", "bare")


def alone(work: Work) -> dict[str, float]:
    """What the producer's and a reader's Python needs for the same work with no transport in between.

    Nanoseconds to make and to check a record one by one and in batches, GB/s of arrays, and GB/s of
    `np.copyto`.
    """
    count = 50_000
    numbers, values = zip(*map(record, range(count)), strict=True)
    array, copy = np.zeros(work.elements), np.zeros(work.elements)
    records = np.empty(work.batch, RECORD)
    words = records.view(np.uint64)
    fill(words, 0)

    def make_singles() -> None:
        for number in range(count):
            _ = (number, 1.0 + number * ULP)

    def check_batch() -> None:
        batches.check(records)
        batches.begin_again()

    batches = Batches(0)
    fill_array(array, 1)
    size = array.nbytes
    return {
        "singles_make_ns": _best(make_singles, 5) / count,
        "singles_check_ns": _best(lambda: check_singles(zip(numbers, values, strict=True), 0, count), 5)
        / count,
        "batches_make_ns": _best(lambda: fill(words, 0), 2000) / work.batch,
        "batches_check_ns": _best(check_batch, 2000) / work.batch,
        "arrays_make_gbps": size / _best(lambda: fill_array(array, 1), 5),
        "arrays_check_gbps": size / _best(lambda: check_array(array, 1, work.elements), 5),
        "copyto_gbps": size / _best(lambda: np.copyto(copy, array), 5),
        "copyto_1mib_gbps": (1 << 20) / _best(lambda: np.copyto(copy[: 1 << 17], array[: 1 << 17]), 50),
    }


def _best(call: Callable[[], Any], times: int) -> float:
    """Nanoseconds of the quickest call."""
    took = []
    for _ in range(times):
        start = time.perf_counter_ns()
        call()
        took.append(time.perf_counter_ns() - start)
    return float(min(took))


def machine() -> dict[str, Any]:
    """Where this runs, and the versions of all that is compared."""
    return {
        "cpu": _cpu(),
        "cpus": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in ("numpy", "pyringbuf", "iceoryx2")},
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
