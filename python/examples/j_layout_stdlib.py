"""Contiguous against strided: the same column in two layouts of a multiprocessing.shared_memory block.

Rows of 4 float64 (a column is every 4th value) and columns one after the other (a column is one piece).
Another process adds up one column of each. Which layout a block has is for everybody to know: nothing in it
says so, and who takes one for the other gets a sum that looks like any other.
"""

import argparse
import multiprocessing as mp
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.shared_memory import SharedMemory

import numpy as np

COLUMNS = 4


def best(column: np.ndarray) -> tuple[float, float]:
    """The sum, and the shortest of 5 times it took, in milliseconds."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        total = float(column.sum())
        times.append(time.perf_counter() - begin)
    return total, min(times) * 1e3


def reader(name: str, count: int) -> list[tuple[float, float]]:
    block = SharedMemory(name)
    found = [
        best(np.ndarray((count, COLUMNS), np.float64, block.buf)[:, 0]),
        best(np.ndarray((COLUMNS, count), np.float64, block.buf, count * COLUMNS * 8)[0]),
        best(np.ndarray((COLUMNS, count), np.float64, block.buf)[0]),  # rows taken for columns
    ]
    block.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="values of a column (default: 1000000)")
    count = parser.parse_args().count
    block = SharedMemory(f"j-layout-{os.getpid()}", create=True, size=2 * count * COLUMNS * 8)
    rows = np.ndarray((count, COLUMNS), np.float64, block.buf)
    rows[:] = np.arange(count)[:, None] * [1, 10, 100, 1000]
    np.ndarray((COLUMNS, count), np.float64, block.buf, count * COLUMNS * 8)[:] = rows.T
    with ProcessPoolExecutor(1, mp.get_context("spawn")) as pool:
        strided, contiguous, mistaken = pool.submit(reader, block.name, count).result()
    print(f"every 4th value:  sum {strided[0]:.0f}, {strided[1]:.2f} ms")
    print(f"one piece:        sum {contiguous[0]:.0f}, {contiguous[1]:.2f} ms")
    print(f"the wrong layout: sum {mistaken[0]:.0f}, and no error")
    del rows
    block.close()
    block.unlink()
    expected = count * (count - 1) / 2
    if strided[0] != expected or contiguous[0] != expected or mistaken[0] == expected:
        raise SystemExit("not what was expected")


if __name__ == "__main__":
    main()
