"""A block in a file on a disk, with mmap: written by one process, read later by another.

1 KiB: 128 float64, written and flushed. That works, and the file is still there afterwards. What it does not
know: how much of it is valid. A writer that is killed in the middle of the second round leaves half of the
new values before half of the old ones, and whoever opens the file later cannot tell.
"""

import mmap
import multiprocessing as mp
import os
import signal
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

VALUES = 128


def writer(path: Path, value: float, dies: bool) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), VALUES * 8) as block:
        values = np.frombuffer(block)
        half = VALUES // 2
        values[:half] = value
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        values[half:] = value
        block.flush()
        del values


def reader(path: Path) -> list[float]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as block:
        return np.frombuffer(block).tolist()


def main() -> None:
    spawn = mp.get_context("spawn")
    with tempfile.TemporaryDirectory() as directory, ProcessPoolExecutor(1, spawn) as pool:
        path = Path(directory) / "values"
        path.write_bytes(bytes(VALUES * 8))
        whole, torn = [], []
        for dies, found in ((False, whole), (True, torn)):
            process = spawn.Process(target=writer, args=(path, 2.0 if dies else 1.0, dies))
            process.start()
            process.join()
            found += pool.submit(reader, path).result()
        print(f"written and flushed: another process reads {whole.count(1.0)} values")
        new, old = torn.count(2.0), torn.count(1.0)
        print(f"killed in the second round: {new} new values, {old} old ones, and nothing says which")
    if whole != [1.0] * VALUES or (new, old) != (VALUES // 2, VALUES // 2):
        raise SystemExit("not what was expected")


if __name__ == "__main__":
    main()
