"""An int32, a float32 and a short string in one record.

A record is what NumPy calls a structured dtype: names, types, offsets. The ring's file says them itself, with
their units, so that a reader needs to know the name of the ring and nothing else; one that expects another
record is refused. A record is published as a whole: nobody ever sees half of one.
"""

import multiprocessing as mp
import os
from concurrent.futures import ProcessPoolExecutor

import numpy as np

import pyringbuf as rb

READING = np.dtype([("number", "i4"), ("celsius", "f4"), ("name", "S8")])
WRITTEN = [(1, 21.5, b"kitchen"), (2, 4.0, b"cellar"), (3, -7.25, b"garden")]


def reader(ring: str) -> list[tuple]:
    """Another process, which has never heard of the dtype."""
    with rb.Reader.attach(ring, start="oldest") as readings:
        print(f"the ring says: {readings.dtype}, units {readings.units}", flush=True)
        records = [record for batch in readings for record in batch.copy().tolist()]
        print(f"the newest: {readings.latest()['name'].decode()}", flush=True)
    return records


def main() -> None:
    ring = f"i-mixed-{os.getpid()}"
    try:
        with rb.Producer.create(ring, READING, 100, units={"celsius": "°C"}) as readings:
            readings.publish(WRITTEN[0])  # a tuple, a dict or a record of the dtype
            readings.publish({"number": 2, "celsius": 4.0, "name": b"cellar"})
            readings.publish(np.array(WRITTEN[2], READING)[()])
        with ProcessPoolExecutor(1, mp.get_context("spawn")) as pool:
            read = pool.submit(reader, ring).result()
        for number, celsius, name in read:
            print(f"  {number}: {name.decode()}, {celsius} °C")
        other = np.dtype([("celsius", "f4"), ("number", "i4"), ("name", "S8")])
        try:
            rb.Reader.attach(ring, dtype=other)
            refused = False
        except rb.SchemaMismatch as error:
            refused = True
            print(f"float first: {error}")
    finally:
        rb.remove(ring, missing_ok=True)
    if read != WRITTEN or not refused:
        raise SystemExit(f"not what was published: {read}")


if __name__ == "__main__":
    main()
