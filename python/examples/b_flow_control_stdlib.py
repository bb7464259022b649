"""Flow control on multiprocessing.shared_memory: a slow consumer loses nothing.

A buffer of 5 int64 and two semaphores: one counts free places, the other filled ones. The producer waits
while the buffer is full, the consumer while it is empty. That works, as does a multiprocessing.Queue(5),
which copies through a pipe. What neither can do: when the consumer dies, nobody gives its places back, and
the producer waits for ever. That is shown at the end (with a limit).
"""

import argparse
import multiprocessing as mp
import os
import time
from multiprocessing.shared_memory import SharedMemory

import numpy as np

PLACES, ITEMS = 5, 20


def consume(name, free, filled, pause, answers) -> None:
    block = SharedMemory(name)
    places = np.ndarray(PLACES, np.int64, block.buf)
    taken = []
    for item in range(ITEMS):
        filled.acquire()
        taken.append(int(places[item % PLACES]))
        free.release()
        time.sleep(pause)
    del places
    block.close()
    answers.put(taken)


def produce(places, free, filled, pause, limit) -> int:
    """How many of the items found a place."""
    for item in range(ITEMS):
        if not free.acquire(timeout=limit):
            return item
        places[item % PLACES] = item
        filled.release()
        time.sleep(pause)
    return ITEMS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", type=float, default=1, help="so many times as fast (default: 1)")
    speed = parser.parse_args().speed
    spawn = mp.get_context("spawn")
    block = SharedMemory(f"b-flow-{os.getpid()}", create=True, size=8 * PLACES)
    places = np.ndarray(PLACES, np.int64, block.buf)

    free, filled, answers = spawn.Semaphore(PLACES), spawn.Semaphore(0), spawn.Queue()
    consumer = spawn.Process(target=consume, args=(block.name, free, filled, 0.2 / speed, answers))
    consumer.start()
    produce(places, free, filled, 0.1 / speed, limit=60)
    taken = answers.get(timeout=60)
    consumer.join()
    print(f"{len(taken)} items, {'in order' if taken == list(range(ITEMS)) else 'NOT in order'}")

    free, filled = spawn.Semaphore(PLACES), spawn.Semaphore(0)
    consumer = spawn.Process(target=consume, args=(block.name, free, filled, 3600, answers))
    consumer.start()
    consumer.kill()
    consumer.join()
    put = produce(places, free, filled, 0, limit=2 / speed)
    print(f"the consumer was killed: the producer put {put} of {ITEMS} items, then it waits for ever")

    del places
    block.close()
    block.unlink()
    if taken != list(range(ITEMS)) or put > PLACES + 1:
        raise SystemExit("not what was expected")


if __name__ == "__main__":
    main()
