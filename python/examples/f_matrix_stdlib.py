"""A matrix squared by blocks of rows in several processes, with multiprocessing.shared_memory and a Pool.

The matrix is in one block, the product in another; each worker computes its rows. For one matrix that works.
What it cannot do: when a worker dies in the middle, Pool.map waits for ever (concurrent.futures would
notice), and the product has rows that nobody wrote, which look like any others. That is shown at the end,
with a limit on the waiting.
"""

import argparse
import multiprocessing as mp
import os
import signal
import time
from multiprocessing.shared_memory import SharedMemory

import numpy as np


def rows(name: str, size: int, k: int, workers: int, dies: bool) -> None:
    block = SharedMemory(name)
    matrix, product = np.ndarray((2, size, size), np.float64, block.buf)
    mine = slice(size * k // workers, size * (k + 1) // workers)
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)  # as the system does when memory runs out
    np.matmul(matrix[mine], matrix, out=product[mine])
    del matrix, product
    block.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="rows and columns (default: 1000)")
    parser.add_argument("--workers", type=int, default=4, help="how many processes (default: 4)")
    parser.add_argument("--patience", type=float, default=3, help="seconds to wait for the dead (default: 3)")
    options = parser.parse_args()
    size, workers = options.size, options.workers
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # for the workers, which share the processors
    block = SharedMemory(f"f-matrix-{os.getpid()}", create=True, size=2 * size * size * 8)
    matrix, product = np.ndarray((2, size, size), np.float64, block.buf)
    matrix[:] = np.random.default_rng(1).integers(0, 10, (size, size))  # whole numbers: exact in any order
    with mp.get_context("spawn").Pool(workers) as pool:
        tasks = [(block.name, size, k, workers, False) for k in range(workers)]
        pool.starmap(rows, tasks, 1)
        begin = time.perf_counter()
        pool.starmap(rows, tasks, 1)
        together = time.perf_counter() - begin
        begin = time.perf_counter()
        expected = matrix @ matrix
        alone = time.perf_counter() - begin
        right = np.array_equal(product, expected)
        print(f"{size} x {size}: {together * 1e3:.1f} ms by {workers}, {alone * 1e3:.1f} ms by one")
        print("the same, to the bit" if right else "NOT the same")

        product[:] = 0
        tasks = [(block.name, size, k, workers, k == workers - 1) for k in range(workers)]
        noticed = True
        try:
            pool.starmap_async(rows, tasks, 1).get(timeout=options.patience)
        except mp.TimeoutError:
            noticed = False
            empty = int((product == 0).all(axis=1).sum())
            print(f"a worker was killed: nobody is told, {empty} rows of the product are empty")
    del matrix, product
    block.close()
    block.unlink()
    if not right or noticed:
        raise SystemExit("not what was expected")


if __name__ == "__main__":
    main()
