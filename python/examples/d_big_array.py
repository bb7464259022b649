"""The sum of squares of large arrays in several processes, which read them where they lie.

Each array is written in place into a ring that keeps one; every worker reads its part of it in place, without
a copy, and publishes its sum on a ring of its own. The next array is written as soon as all have given the
last one back: nobody has to say so. Time: from a complete array to its sum. Compare the figures with those of
d_big_array_stdlib.py.
"""

import argparse
import os
import time

import numpy as np
from arrays import Peak, fill, together
from workers import started

import pyringbuf as rb


def sum_of_squares(array: np.ndarray, k: int, workers: int) -> float:
    part = np.array_split(array, workers)[k]
    return float(part @ part)


def worker(ring: str, k: int, workers: int) -> None:
    with (
        rb.Producer.create(f"{ring}-{k}", "f8", 16) as sums,
        rb.FrameReader.attach(ring, "lossless", timeout=60) as reader,
    ):
        while frame := reader.read():  # until the ring is closed, or its producer died
            sums.publish(sum_of_squares(frame.array, k, workers))


def square(arrays: rb.FrameProducer, sums: list[rb.Reader], length: int, number: int) -> float:
    """The seconds it took."""
    with arrays.claim((length,), "f8") as array:  # waits until everybody is done with the last one
        expected = fill(array, number, len(sums))
    begin = time.perf_counter()
    total = sum(reader.read(timeout=60)["value"].sum() for reader in sums)
    seconds = time.perf_counter() - begin
    if total != expected:
        raise SystemExit(f"array {number}: the sum of squares is {total}, expected {expected}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=float, default=80, help="millions of bytes of an array (default: 80)")
    parser.add_argument("--arrays", type=int, default=3, help="how many, one after the other (default: 3)")
    parser.add_argument("--workers", type=int, default=4, help="how many processes (default: 4)")
    options = parser.parse_args()
    length, workers = int(options.mb * 1e6) // 8, options.workers
    ring = f"d-array-{os.getpid()}"
    try:
        with started(*[(worker, ring, k, workers) for k in range(workers)]):
            sums = [rb.Reader.attach(f"{ring}-{k}", "lossless", timeout=60) for k in range(workers)]
            before = together()  # everybody is there, the array is not
            with rb.FrameProducer.create(ring, frames=1, frame_bytes=length * 8, in_place=True) as arrays:
                arrays.wait_for_readers(workers, timeout=60)
                seconds = [square(arrays, sums, length, number) for number in range(options.arrays)]
                with Peak() as peak:  # the last one is for its memory: who watches that takes time
                    square(arrays, sums, length, options.arrays)
    finally:
        for name in (ring, *(f"{ring}-{k}" for k in range(workers))):
            rb.remove(name, missing_ok=True)
    median, times = sorted(seconds)[len(seconds) // 2], (peak.bytes - before) / (length * 8)
    print(f"{'read in place':<24} {median * 1e3:8.1f} ms, {times:.1f} arrays of memory")
    print("every sum was right")


if __name__ == "__main__":
    main()
