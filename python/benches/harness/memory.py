"""How much memory processes have together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def pss_bytes(processes: Iterable[int]) -> int:
    """The memory of these processes, by their ids; what several share is counted once, among those that share
    it.

    >>> import os
    >>> pss_bytes([os.getpid()]) > 1 << 20
    True
    """
    return sum(_pss_bytes(process) for process in processes)


def _pss_bytes(process: int) -> int:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) << 10
    raise OSError(f"found no Pss of process {process}")
