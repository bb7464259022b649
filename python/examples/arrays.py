"""Arrays of which the sum of squares is known, and the memory they take, for `d_big_array*.py`."""

import os
import threading
from glob import glob
from pathlib import Path
from typing import Self

import numpy as np


def fill(array: np.ndarray, number: int, workers: int) -> float:
    """Other values for every worker and in every array; returns the sum of their squares."""
    total = 0
    for k, part in enumerate(np.array_split(array, workers)):
        part[:] = number + k
        total += len(part) * (number + k) ** 2
    return float(total)


def together() -> int:
    """Bytes that this process and its children take together; what they share counts once (Linux)."""
    processes = [str(os.getpid())]
    for path in glob("/proc/self/task/*/children"):
        processes += Path(path).read_text().split()
    # Two looks at everybody: what moves from one to another between them would count twice.
    looks = [[_of(process) for process in processes] for _ in range(2)]
    return sum(map(min, *looks))


def _of(process: str) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return 0
    # Each page counts for a process as its share among those that have it mapped.
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


class Peak:
    """The most they took meanwhile: `with Peak() as peak: ...`, then `peak.bytes`."""

    def __enter__(self) -> Self:
        self.bytes = 0
        self._is_over = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def _look(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._is_over.wait(0.005)
            self.bytes = max(self.bytes, together())

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._watch.join()
