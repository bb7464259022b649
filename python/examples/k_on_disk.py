"""A ring in a file on a disk: written by one process, read later by another, and still there afterwards.

A name with a slash in it is a path. 128 float64 are published and the ring is closed; then a second producer
continues it and is killed in the middle. Who opens it afterwards reads every value that was published, no
half one, and is told where the producer died. (After a power loss a ring is opened only with
unverified=True.)
"""

import argparse
import multiprocessing as mp
import os
import signal
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

import pyringbuf as rb

VALUES = 128


def writer(path: Path, first: int, dies: bool) -> None:
    with rb.Producer.create(path, "f8", 2 * VALUES) as values:
        values.publish_batch(np.arange(first, first + VALUES, dtype="f8"))
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)


def reader(path: Path) -> tuple[list[float], list[str]]:
    """What was published, and what happened to its producer."""
    found, events = [], []
    with rb.Reader.attach(path, start="oldest") as reader:
        while "producer-died" not in events and (batch := reader.read(timeout=60)) is not None:
            found += batch["value"].tolist()
            events += [event.kind for event in batch.events]
    return found, events


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", help="where, on a disk (default: a temporary directory)")
    parent = parser.parse_args().directory
    spawn = mp.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix=f"k-disk-{os.getpid()}-", dir=parent) as directory,
        ProcessPoolExecutor(1, spawn) as pool,
    ):
        path = Path(directory) / "values"
        read = []
        for first, dies in ((0, False), (VALUES, True)):
            process = spawn.Process(target=writer, args=(path, first, dies))
            process.start()
            process.join()
            found, events = pool.submit(reader, path).result()
            size = path.with_suffix(".ring").stat().st_size
            print(f"another process reads {len(found)} values ({size} bytes): {events or 'closed'}")
            read.append((found, events))
        rb.remove(path)
    is_whole = [found for found, _ in read] == [list(range(VALUES)), list(range(2 * VALUES))]
    if not is_whole or "producer-died" not in events:
        raise SystemExit("not what was published")


if __name__ == "__main__":
    main()
