"""Pictures inverted, blurred and sharpened by rows in several processes, as a stream.

Every picture is a frame of one ring. Each worker reads its rows of it in place, and two more on either side,
and publishes its part on a ring of its own. This process joins the parts, saves them, and compares them with
what it makes of the pictures alone. The source is two pictures ahead at most; no worker waits for another.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
import pictures
from workers import started

import pyringbuf as rb


def worker(ring: str, k: int, workers: int, nbytes: int) -> None:
    with (
        rb.FrameProducer.create(f"{ring}-{k}", frames=2, frame_bytes=nbytes) as parts,
        rb.FrameReader.attach(ring, "lossless", timeout=60) as reader,
    ):
        parts.wait_for_readers(timeout=60)
        while frame := reader.read():  # until the ring is closed, or its producer died
            parts.publish(pictures.part(frame.array, k, workers), tag=frame.tag)


def source(ring: str, workers: int, count: int, height: int, width: int) -> None:
    with rb.FrameProducer.create(ring, frames=2, frame_bytes=height * width * 3) as stream:
        stream.wait_for_readers(workers, timeout=60)
        for number in range(count):
            stream.publish(pictures.made_up(number, height, width), tag=number)


def joined(parts: list[rb.FrameReader], number: int) -> np.ndarray:
    """Picture `number`, from the next part of every worker."""
    frames = [reader.read(timeout=60) for reader in parts]
    if any(frame is None or frame.tag != number or frame.events for frame in frames):
        raise SystemExit(f"picture {number}: a part is missing")
    return np.concatenate([frame.array for frame in frames])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1280x720", help="WIDTHxHEIGHT (default: 1280x720)")
    parser.add_argument("--count", type=int, default=8, help="how many pictures (default: 8)")
    parser.add_argument("--workers", type=int, default=4, help="how many processes (default: 4)")
    parser.add_argument("--out", type=Path, default=Path("pictures"), help="where they are saved")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    count, workers, ring = options.count, options.workers, f"e-pictures-{os.getpid()}"
    names = [f"{ring}-{k}" for k in range(workers)]
    try:
        tasks = [(worker, ring, k, workers, height * width * 3) for k in range(workers)]
        with started((source, ring, workers, count, height, width), *tasks):
            parts = [rb.FrameReader.attach(name, "lossless", timeout=60) for name in names]
            results = [joined(parts, 0)]  # everybody is at work
            begin = time.perf_counter()
            results += [joined(parts, number) for number in range(1, count)]
            together = (time.perf_counter() - begin) * 1e3 / max(count - 1, 1)
    finally:
        for name in (ring, *names):
            rb.remove(name, missing_ok=True)
    expected, alone = pictures.alone(count, height, width)
    print(f"{count} pictures: {together:.1f} ms each by {workers} workers, {alone:.1f} ms alone")
    pictures.save(results, options.out)
    if not np.array_equal(results, expected):
        raise SystemExit("NOT the same as in one process")
    print("the same as in one process, to the pixel")


if __name__ == "__main__":
    main()
