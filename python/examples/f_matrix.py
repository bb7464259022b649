"""A matrix squared by blocks of rows in several processes.

The matrix is a frame that all workers read in place; each computes its rows of the product straight into a
ring of its own. They are joined, and must be exactly what one process computes. At the end a worker is killed
in the middle: whoever waits for its rows is told so at once, and nothing half-written is ever delivered.
"""

import argparse
import os
import signal
import time

import numpy as np
from workers import started

import pyringbuf as rb

DEADLY = 1  # the tag of a matrix over which the last worker dies


def worker(ring: str, k: int, workers: int, size: int) -> None:
    mine = slice(size * k // workers, size * (k + 1) // workers)
    count = mine.stop - mine.start
    with (
        rb.FrameProducer.create(f"{ring}-{k}", frames=1, frame_bytes=count * size * 8, in_place=True) as rows,
        rb.FrameReader.attach(ring, "lossless", timeout=60) as reader,
    ):
        while frame := reader.read():  # until the ring is closed, or its producer died
            with rows.claim((count, size), "f8", tag=frame.tag) as product:
                if frame.tag == DEADLY and k == workers - 1:
                    product[: count // 2] = -1
                    os.kill(os.getpid(), signal.SIGKILL)  # as the system does when memory runs out
                np.matmul(frame.array[mine], frame.array, out=product)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="rows and columns (default: 1000)")
    parser.add_argument("--workers", type=int, default=4, help="how many processes (default: 4)")
    options = parser.parse_args()
    size, workers, ring = options.size, options.workers, f"f-matrix-{os.getpid()}"
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # for the workers, which share the processors
    matrix = np.random.default_rng(1).integers(0, 10, (size, size)).astype(float)  # exact in any order
    tasks = [(worker, ring, k, workers, size) for k in range(workers)]
    try:
        with started(*tasks), rb.FrameProducer.create(ring, frames=1, frame_bytes=matrix.nbytes) as factors:
            rows = [rb.FrameReader.attach(f"{ring}-{k}", "lossless", timeout=60) for k in range(workers)]
            factors.wait_for_readers(workers, timeout=60)
            for _ in range(2):  # the second time they are warm
                begin = time.perf_counter()
                factors.publish(matrix)
                product = np.concatenate([reader.read(timeout=60).array for reader in rows])
                together = time.perf_counter() - begin
            begin = time.perf_counter()
            expected = matrix @ matrix
            alone = time.perf_counter() - begin
            print(f"{size} x {size}: {together * 1e3:.1f} ms by {workers}, {alone * 1e3:.1f} ms by one")
            factors.publish(matrix, tag=DEADLY)
            frames = [reader.read(timeout=60) for reader in rows]
        dead = [k for k, frame in enumerate(frames) if "producer-died" in (e.kind for e in frame.events)]
        complete = [k for k, frame in enumerate(frames) if len(frame)]
        print(f"worker {dead} was killed: told at once; complete: the rows of {complete}")
    finally:
        for name in (ring, *(f"{ring}-{k}" for k in range(workers))):
            rb.remove(name, missing_ok=True)
    if not np.array_equal(product, expected):
        raise SystemExit("NOT the same as in one process")
    print("the same, to the bit")
    if dead != [workers - 1] or complete != list(range(workers - 1)):
        raise SystemExit("not what was expected of a death")


if __name__ == "__main__":
    main()
