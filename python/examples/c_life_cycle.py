"""Create, attach by name, close and remove, and what each wrong order says.

This process creates a ring and publishes two values; when it has closed it, another process continues it with
two more (one producer at a time: the kernel sees to that); both read all four. Whoever attaches may ask for a
type, and is refused if the ring holds another. What nobody uses any more is removed by name.
"""

import multiprocessing as mp
import os
from collections.abc import Callable

import numpy as np

import pyringbuf as rb


def values(ring: str, dtype: str) -> list[float]:
    with rb.Reader.attach(ring, start="oldest", dtype=dtype) as reader:
        return [value for batch in reader for value in batch["value"].tolist()]


def second(ring: str, dtype: str) -> None:
    with rb.Producer.create(ring, dtype, 4) as producer:
        producer.publish_batch(np.array([3, 4], dtype))
    print(f"  the other process reads {values(ring, dtype)}", flush=True)


def refused(order: str, expected: type[Exception], call: Callable[[], object]) -> None:
    try:
        call()
    except expected as error:
        message = str(error).replace("\n", "\n    ")
        print(f"  {order}: {type(error).__name__}: {message}")
    else:
        raise SystemExit(f"{order}: not refused")


def life(ring: str, dtype: str, wrong: str) -> list[float]:
    refused("attached too early", rb.NotFound, lambda: rb.Reader.attach(ring))
    with rb.Producer.create(ring, dtype, 4) as producer:
        refused("created twice", rb.InUse, lambda: rb.Producer.create(ring, dtype, 4))
        refused("attached as another type", rb.SchemaMismatch, lambda: rb.Reader.attach(ring, dtype=wrong))
        refused("removed too early", rb.Error, lambda: rb.remove(ring))
        producer.publish_batch(np.array([1, 2], dtype))
    refused("published after the close", rb.Error, lambda: producer.publish(5))
    refused("continued as another type", rb.Different, lambda: rb.Producer.create(ring, wrong, 4))
    other = mp.get_context("spawn").Process(target=second, args=(ring, dtype))
    other.start()
    other.join()
    result = values(ring, dtype)
    print(f"  this process reads {result}")
    rb.remove(ring)
    refused("removed twice", rb.NotFound, lambda: rb.remove(ring))
    return result


def main() -> None:
    ring = f"c-life-{os.getpid()}"
    for dtype, wrong in (("u1", "f8"), ("f8", "u1")):
        print(f"{np.dtype(dtype).name}:")
        result = life(ring, dtype, wrong)
        if result != [1, 2, 3, 4]:
            raise SystemExit(f"not what was published: {result}")


if __name__ == "__main__":
    main()
