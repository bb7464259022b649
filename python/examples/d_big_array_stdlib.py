"""The sum of squares of a large array in several processes: as copies to a Pool, and through shared_memory.

A Pool pickles what it is given, sends it through a pipe, and unpickles it: each worker gets a copy of its
own. The same array in a SharedMemory block is one array, however many read it. For one array that is all one
needs. For the next one, somebody has to say that it is complete, and everybody that they are done with the
last: here the Pool says it, with a message to and from every worker. Compare the figures with those of
d_big_array.py.
"""

import argparse
import multiprocessing as mp
import os
import time
from multiprocessing.shared_memory import SharedMemory

import numpy as np
from arrays import Peak, fill, together


def get_ready(barrier) -> None:
    global everybody
    everybody = barrier


def squared(array: np.ndarray, k: int, workers: int) -> float:
    everybody.wait()  # all have the array at the same time, as when the work takes longer than the sending
    part = np.array_split(array, workers)[k]
    return float(part @ part)


def shared_squared(name: str, length: int, k: int, workers: int) -> float:
    block = SharedMemory(name)
    total = squared(np.ndarray(length, np.float64, block.buf), k, workers)
    block.close()
    return total


def measure(way: str, pool, square, tasks: list, arrays: int, array: np.ndarray, before: int) -> None:
    seconds = []
    for number in range(arrays + 1):
        expected = fill(array, number, len(tasks))
        begin = time.perf_counter()
        if number < arrays:
            total = sum(pool.starmap(square, tasks, 1))
            seconds.append(time.perf_counter() - begin)
        else:  # the last one is for its memory: who watches that takes time
            with Peak() as peak:
                total = sum(pool.starmap(square, tasks, 1))
        if total != expected:
            raise SystemExit(f"array {number}: the sum of squares is {total}, expected {expected}")
    median, times = sorted(seconds)[arrays // 2], (peak.bytes - before) / array.nbytes
    print(f"{way:<24} {median * 1e3:8.1f} ms, {times:.1f} arrays of memory")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=float, default=80, help="millions of bytes of an array (default: 80)")
    parser.add_argument("--arrays", type=int, default=3, help="how many, one after the other (default: 3)")
    parser.add_argument("--workers", type=int, default=4, help="how many processes (default: 4)")
    options = parser.parse_args()
    length, arrays, workers = int(options.mb * 1e6) // 8, options.arrays, options.workers
    spawn = mp.get_context("spawn")
    with spawn.Pool(workers, get_ready, (spawn.Barrier(workers),)) as pool:
        pool.starmap(squared, [(np.empty(0), k, workers) for k in range(workers)], 1)  # everybody is there
        before = together()
        block = SharedMemory(f"d-array-{os.getpid()}", create=True, size=length * 8)
        array = np.ndarray(length, np.float64, block.buf)
        names = [(block.name, length, k, workers) for k in range(workers)]
        measure("through shared_memory", pool, shared_squared, names, arrays, array, before)
        del array
        block.close()
        block.unlink()
        array = np.empty(length)
        copies = [(array, k, workers) for k in range(workers)]
        measure("pickled to a Pool", pool, squared, copies, arrays, array, before)
    print("every sum was right")


if __name__ == "__main__":
    main()
