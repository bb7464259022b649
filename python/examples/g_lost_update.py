"""4 processes count, and no update is lost: each publishes on a ring of its own.

One process reads all of them and adds up. Nothing is read, changed and written back, so that there is nothing
to lose and nobody holds a lock. A second producer on one ring cannot be: it is refused. The 4 rings are
followed at the same time with asyncio.
"""

import argparse
import asyncio
import multiprocessing as mp
import os
from concurrent.futures import ProcessPoolExecutor

import pyringbuf as rb

WORKERS = 4


def add(ring: str, times: int) -> None:
    with rb.Producer.create(ring, "i8", 100) as steps:
        steps.wait_for_readers(timeout=60)
        for _ in range(times):
            steps.publish(1)


async def total(reader: rb.Reader) -> int:
    return sum([int(batch["value"].sum()) async for batch in reader])


async def fan_in(readers: list[rb.Reader]) -> list[int]:
    return await asyncio.gather(*map(total, readers))


def is_refused(ring: str) -> bool:
    """Whether nobody else may publish on a ring that has a producer."""
    with rb.Producer.create(ring, "i8", 100):
        try:
            rb.Producer.create(ring, "i8", 100)
        except rb.InUse as error:
            print(f"a second producer: {error}")
            return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000, help="how often each adds 1 (default: 1000)")
    times = parser.parse_args().times
    rings = [f"g-counter-{os.getpid()}-{k}" for k in range(WORKERS)]
    try:
        with ProcessPoolExecutor(WORKERS, mp.get_context("spawn")) as pool:
            workers = [pool.submit(add, ring, times) for ring in rings]
            readers = [rb.Reader.attach(ring, "lossless", timeout=60) for ring in rings]
            totals = asyncio.run(fan_in(readers))
            for worker in workers:
                worker.result()
        refused = is_refused(rings[0])
    finally:
        for ring in rings:
            rb.remove(ring, missing_ok=True)
    expected = WORKERS * times
    lost = expected - sum(totals)
    print(f"without a lock: {sum(totals)} of {expected}, {lost} lost")
    if lost or not refused:
        raise SystemExit(f"not what was published: {totals}")


if __name__ == "__main__":
    main()
