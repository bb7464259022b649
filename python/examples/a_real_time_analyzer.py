"""A sensor and two analyzers, three processes, on one ring.

The sensor publishes samples (normally distributed, around 50) at 100 Hz; `stats` and `anomaly` read them as
they come: nobody polls, a reader sleeps until there is something new. All may be started in any order. At the
end: what a reader is told when it was away for two whole laps of the ring.
"""

import argparse
import multiprocessing as mp
import os
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

import pyringbuf as rb

KEPT = 10_000


def sensor(ring: str, rate: float, count: int) -> int:
    with rb.Producer.create(ring, "f8", KEPT) as samples:
        samples.wait_for_readers(2, timeout=60)
        for sample in np.random.default_rng(1).normal(50, 10, count):
            samples.publish(sample)
            time.sleep(1 / rate)  # the sensor's own pace
        return samples.published


def analyzer(ring: str, kind: str) -> tuple[int, int]:
    """How many samples it read, and how many it missed."""
    with rb.Reader.attach(ring, reader_name=kind, timeout=60) as reader:
        parts = []
        for batch in reader:  # until the sensor has closed the ring and all is read
            values = batch["value"]
            parts.append(values)
            if kind == "anomaly":
                for at in np.flatnonzero(np.abs(values - 50) > 25):
                    print(f"anomaly: sample {batch.first_sequence + at} is {values[at]:.1f}", flush=True)
        samples = np.concatenate(parts)
        mean, deviation = samples.mean(), samples.std(ddof=1)
        print(f"{kind}: {len(samples)} samples, mean {mean:.2f}, deviation {deviation:.2f}", flush=True)
        return reader.ledger.read, reader.ledger.missed


def two_laps_away(ring: str) -> tuple[int, int]:
    """What a reader finds, and what it is told it missed."""
    with rb.Producer.create(ring, "f8", KEPT) as samples, rb.Reader.attach(ring) as reader:
        samples.publish_batch(np.zeros(2 * KEPT))
        samples.close()
        found = sum(len(batch) for batch in reader)
        return found, reader.missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=100, help="samples a second (default: 100)")
    parser.add_argument("--seconds", type=float, default=5, help="how long (default: 5)")
    options = parser.parse_args()
    ring = f"a-analyzer-{os.getpid()}"
    try:
        with ProcessPoolExecutor(3, mp.get_context("spawn")) as pool:
            analyzers = [pool.submit(analyzer, ring, kind) for kind in ("stats", "anomaly")]
            published = pool.submit(sensor, ring, options.rate, int(options.rate * options.seconds)).result()
            counts = [analyzer.result() for analyzer in analyzers]
        found, missed = two_laps_away(ring)  # continues the ring: sequences go on
    finally:
        rb.remove(ring, missing_ok=True)
    print(f"away for two laps: {2 * KEPT} samples published, {found} found, {missed} missed, to the sample")
    if counts != [(published, 0)] * 2 or (found, missed) != (KEPT, KEPT):
        raise SystemExit(f"{published} samples were published; read and missed: {counts}")


if __name__ == "__main__":
    main()
