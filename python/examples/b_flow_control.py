"""Flow control: a slow consumer loses nothing, because the producer waits for it.

A ring that keeps 5 int64 and a lossless reader that takes twice as long as the producer. The producer waits
while the ring is full, the consumer while it is empty; nobody counts places. Who does not want to wait is
told who is in the way. And a consumer that dies holds nobody up: that is shown at the end.
"""

import argparse
import multiprocessing as mp
import os
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

import pyringbuf as rb

KEPT, ITEMS = 5, 20


def consume(ring: str, pause: float) -> tuple[list[int], int]:
    """What came, and how far behind this was at most."""
    with rb.Reader.attach(ring, "lossless", reader_name="slow", timeout=60) as reader:
        item, taken, behind = np.empty(1, reader.dtype), [], 0
        while reader.read_into(item):  # one at a time, so that its place is free at once
            taken.append(int(item["value"][0]))
            time.sleep(pause)
            behind = max(behind, reader.lag)
        return taken, behind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", type=float, default=1, help="so many times as fast (default: 1)")
    speed = parser.parse_args().speed
    spawn = mp.get_context("spawn")
    ring = f"b-flow-{os.getpid()}"
    try:
        with ProcessPoolExecutor(1, spawn) as pool:
            with rb.Producer.create(ring, "i8", KEPT) as items:
                consumer = pool.submit(consume, ring, 0.2 / speed)
                items.wait_for_readers(timeout=60)
                waited = 0.0
                for item in range(ITEMS):
                    begin = time.perf_counter()
                    items.publish(item)
                    waited += time.perf_counter() - begin
                    time.sleep(0.1 / speed)
            taken, behind = consumer.result()
        print(f"{len(taken)} items, {'in order' if taken == list(range(ITEMS)) else 'NOT in order'}")
        print(f"the producer waited {waited:.2f} s, the consumer was {behind} of {KEPT} behind at most")

        with rb.Producer.create(ring, "i8", KEPT) as items:
            process = spawn.Process(target=consume, args=(ring, 3600))
            process.start()
            items.wait_for_readers(timeout=60)
            try:
                for item in range(2 * KEPT):
                    items.publish(item, timeout=0)
            except rb.Full as full:
                print(f"refused to wait: {full}")
            process.kill()
            for item in range(ITEMS):
                items.publish(item, timeout=60)
            print(f"the consumer was killed: the producer went on, {ITEMS} more items")
            process.join()
    finally:
        rb.remove(ring, missing_ok=True)
    if taken != list(range(ITEMS)) or behind > KEPT:
        raise SystemExit(f"not what was published: {taken}")


if __name__ == "__main__":
    main()
