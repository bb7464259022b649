"""Pictures inverted, blurred and sharpened by rows in several processes, with multiprocessing.shared_memory.

First as tutorials do it: one block, each worker changes its rows in place. But a row depends on its
neighbours, and a worker that does not look beyond its rows gets the seams wrong (one that looks may see them
already changed). Then with two blocks: workers read from one, with two rows more on either side, and write to
the other. That is right. The price: everybody waits for everybody at the end of each picture, because nothing
says who still reads it.
"""

import argparse
import multiprocessing as mp
import os
import time
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np
import pictures


def in_place(source: str, _: str, shape: tuple, k: int, workers: int) -> None:
    block = SharedMemory(source)
    rows = np.ndarray(shape, np.uint8, block.buf)[pictures.rows_of(shape[0], k, workers)]
    rows[:] = pictures.processed(rows)
    del rows
    block.close()


def from_one_to_the_other(source: str, target: str, shape: tuple, k: int, workers: int) -> None:
    one, other = SharedMemory(source), SharedMemory(target)
    rows = pictures.rows_of(shape[0], k, workers)
    picture, result = np.ndarray(shape, np.uint8, one.buf), np.ndarray(shape, np.uint8, other.buf)
    result[rows] = pictures.part(picture, k, workers)
    del picture, result
    one.close()
    other.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1280x720", help="WIDTHxHEIGHT (default: 1280x720)")
    parser.add_argument("--count", type=int, default=8, help="how many pictures (default: 8)")
    parser.add_argument("--workers", type=int, default=4, help="how many processes (default: 4)")
    parser.add_argument("--out", type=Path, default=Path("pictures"), help="where they are saved")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    shape, count, workers = (height, width, 3), options.count, options.workers
    blocks = [SharedMemory(f"e-{name}-{os.getpid()}", True, height * width * 3) for name in ("one", "other")]
    source, result = (np.ndarray(shape, np.uint8, block.buf) for block in blocks)
    tasks = [(blocks[0].name, blocks[1].name, shape, k, workers) for k in range(workers)]
    with mp.get_context("spawn").Pool(workers) as pool:
        source[:] = pictures.made_up(0, height, width)
        expected = pictures.processed(source)
        pool.starmap(in_place, tasks)
        wrong = np.unique(np.nonzero((source != expected).any(axis=(1, 2)))[0]).tolist()
        print(f"in place, each its own rows: rows {wrong} are wrong, at the seams")

        begin, results = time.perf_counter(), []
        for number in range(count):
            source[:] = pictures.made_up(number, height, width)
            pool.starmap(from_one_to_the_other, tasks)
            results.append(result.copy())
        together = (time.perf_counter() - begin) * 1e3 / count
    expected, alone = pictures.alone(count, height, width)
    print(f"{count} pictures: {together:.1f} ms each by {workers} workers, {alone:.1f} ms alone")
    pictures.save(results, options.out)
    right = np.array_equal(results, expected)
    print("the same as in one process, to the pixel" if right else "NOT the same as in one process")
    del source, result
    for block in blocks:
        block.close()
        block.unlink()
    if not right or (workers > 1 and not wrong):
        raise SystemExit("not what was expected")


if __name__ == "__main__":
    main()
