"""Contiguous against strided: one column of a batch of records, and a ring of that column alone.

Records lie one after the other, so that a batch is one piece of memory, and a field of it a NumPy view with a
stride: taken out without a copy, but slower to walk through. Who needs one field only gives it a ring of its
own, or copies it once and then works on that. Both rings are read in place by another process, which needs to
be told nothing of this.
"""

import argparse
import multiprocessing as mp
import os
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

import pyringbuf as rb

FIELDS = np.dtype([("x", "f8"), ("y", "f8"), ("z", "f8"), ("t", "f8")])


def best(column: np.ndarray) -> tuple[float, float]:
    """The sum, and the shortest of 5 times it took, in milliseconds."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        total = float(column.sum())
        times.append(time.perf_counter() - begin)
    return total, min(times) * 1e3


def reader(ring: str, field: str) -> tuple[float, float, int]:
    """Sum, time and stride of a field, batch by batch."""
    total, took = 0.0, 0.0
    with rb.Reader.attach(ring, "lossless", timeout=60) as records:
        for batch in records:
            part, ms = best(batch[field])
            total, took, stride = total + part, took + ms, batch[field].strides[0]
    return total, took, stride


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="records (default: 1000000)")
    count = parser.parse_args().count
    records = np.zeros(count, FIELDS)
    records["x"] = np.arange(count)
    found = []
    for values, field in ((records, "x"), (records["x"], "value")):
        ring = f"j-{field}-{os.getpid()}"
        try:
            with ProcessPoolExecutor(1, mp.get_context("spawn")) as pool:
                reading = pool.submit(reader, ring, field)
                with rb.Producer.create(ring, values.dtype, count) as producer:
                    producer.wait_for_readers(timeout=60)
                    producer.publish_batch(values)
                found.append(reading.result())
        finally:
            rb.remove(ring, missing_ok=True)
    strided, contiguous = found
    for layout, (total, ms, stride) in (("a field of records", strided), ("a ring of its own", contiguous)):
        print(f"{layout:<18}  a value every {stride:2} bytes, sum {total:.0f}, {ms:.2f} ms")
    expected = count * (count - 1) / 2
    if (strided[0], contiguous[0]) != (expected, expected) or (strided[2], contiguous[2]) != (32, 8):
        raise SystemExit("not what was published")


if __name__ == "__main__":
    main()
