"""4 processes add 1 to one shared counter, with multiprocessing.shared_memory.

"counter += 1" reads, adds and writes: what another process wrote in between is lost. How much that is depends
on luck, so that it is also shown in slow motion: all read, and only then does anybody write. With a lock
around it nothing is lost; everybody waits for everybody, and whoever dies with the lock in hand stops the
others for ever.
"""

import argparse
import multiprocessing as mp
import os
import time
from contextlib import nullcontext
from multiprocessing.shared_memory import SharedMemory

import numpy as np

WORKERS = 4


def add(name: str, times: int, everybody, lock, slowly: bool) -> None:
    block = SharedMemory(name)
    counter = np.ndarray(1, np.int64, block.buf)
    everybody.wait()
    for _ in range(times):
        with lock or nullcontext():
            value = counter[0]
            if slowly:
                everybody.wait()
            counter[0] = value + 1
    del counter
    block.close()


def count(times: int, locked: bool = False, slowly: bool = False) -> tuple[int, float]:
    spawn = mp.get_context("spawn")
    block = SharedMemory(f"g-counter-{os.getpid()}", create=True, size=8)
    counter = np.ndarray(1, np.int64, block.buf)
    everybody = spawn.Barrier(WORKERS + (0 if slowly else 1), timeout=60)
    arguments = (block.name, times, everybody, spawn.Lock() if locked else None, slowly)
    workers = [spawn.Process(target=add, args=arguments) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    if not slowly:
        everybody.wait()
    begin = time.perf_counter()
    for worker in workers:
        worker.join()
    seconds, total = time.perf_counter() - begin, int(counter[0])
    del counter
    block.close()
    block.unlink()
    return total, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000, help="how often each adds 1 (default: 1000)")
    times = parser.parse_args().times
    expected = WORKERS * times
    unlocked, seconds = count(times)
    lost = expected - unlocked
    print(f"without a lock: {unlocked} of {expected}, {lost} lost this time, {seconds * 1e3:.0f} ms")
    slow, _ = count(1, slowly=True)
    print(f"in slow motion: {slow} of {WORKERS}, {WORKERS - slow} lost every time")
    locked, seconds = count(times, locked=True)
    print(f"with a lock:    {locked} of {expected}, {expected - locked} lost, {seconds * 1e3:.0f} ms")
    if locked != expected or slow != 1 or unlocked > expected:
        raise SystemExit("not what was expected")


if __name__ == "__main__":
    main()
