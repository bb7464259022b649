"""A sensor and two analyzers on multiprocessing.shared_memory, as tutorials do it.

The sensor writes samples into a circular buffer of 10,000 places, and beside it the place of the next one.
Every 100 ms each analyzer looks at that place and takes what is new. At 100 Hz that works, and the run says
so. What it cannot do: the place begins again at 0, so that a whole lap between two looks reads as "nothing
new", which is shown at the end; and nothing says whether a sample was overwritten while it was copied.
"""

import argparse
import multiprocessing as mp
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.shared_memory import SharedMemory

import numpy as np

PLACES = 10_000


class Buffer:
    """Samples, and the place of the next one, in one block."""

    def __init__(self, name: str, create: bool = False) -> None:
        self.block = SharedMemory(name, create, size=8 + 8 * PLACES)
        self.next = np.ndarray(1, np.int64, self.block.buf)
        self.samples = np.ndarray(PLACES, np.float64, self.block.buf, offset=8)

    def put(self, sample: float) -> None:
        """Write it, and only then say so."""
        self.samples[self.next[0]] = sample
        self.next[0] = (self.next[0] + 1) % PLACES

    def since(self, seen: int) -> tuple[np.ndarray, int]:
        """What is new, and how far that is."""
        now = int(self.next[0])
        return self.samples[np.arange(seen, now if now >= seen else now + PLACES) % PLACES], now


def analyzer(name: str, kind: str, count: int) -> int:
    buffer, seen, samples = Buffer(name), 0, np.empty(0)
    while len(samples) < count:
        new, seen = buffer.since(seen)
        samples = np.append(samples, new)
        for sample in new[np.abs(new - 50) > 25] if kind == "anomaly" else ():
            print(f"anomaly: {sample:.1f}", flush=True)
        time.sleep(0.1)
    mean, deviation = samples.mean(), samples.std(ddof=1)
    print(f"{kind}: {count} samples, mean {mean:.2f}, deviation {deviation:.2f}", flush=True)
    return len(samples)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=100, help="samples a second (default: 100)")
    parser.add_argument("--seconds", type=float, default=5, help="how long (default: 5)")
    options = parser.parse_args()
    count = int(options.rate * options.seconds)
    name = f"a-analyzer-{os.getpid()}"
    buffer = Buffer(name, create=True)
    try:
        with ProcessPoolExecutor(2, mp.get_context("spawn")) as pool:
            analyzers = [pool.submit(analyzer, name, kind, count) for kind in ("stats", "anomaly")]
            for sample in np.random.default_rng(1).normal(50, 10, count):
                buffer.put(sample)
                time.sleep(1 / options.rate)
            found = [analyzer.result() for analyzer in analyzers]
        seen = int(buffer.next[0])
        for _ in range(PLACES):
            buffer.put(0.0)
        late, _ = buffer.since(seen)
    finally:
        buffer.block.unlink()
    print(f"a whole lap between two looks: {PLACES} samples written, {len(late)} found, nobody is told")
    if found != [count, count] or len(late):
        raise SystemExit("not what was expected")


if __name__ == "__main__":
    main()
