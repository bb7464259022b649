"""Create, attach by name, close and unlink a block of 4 values with multiprocessing.shared_memory.

This process creates a block and writes two values, another one attaches by name and writes the other two;
both read all four. Attaching before anybody created it and creating it twice are errors, as they should be.
What goes wrong without a word: the block does not know what is in it, so that whoever attaches with another
type reads nonsense; and unlink() takes the name away from processes that still use it.
"""

import multiprocessing as mp
import os
from multiprocessing.shared_memory import SharedMemory

import numpy as np


def second(name: str, dtype: str) -> None:
    block = SharedMemory(name)
    values = np.ndarray(4, dtype, block.buf)
    values[2:] = 3, 4
    print(f"  the other process reads {values.tolist()}")
    del values  # an array that is still there makes close() a BufferError
    block.close()


def life(dtype: str) -> bool:
    name = f"c-life-{os.getpid()}"
    try:
        SharedMemory(name)
    except FileNotFoundError as error:
        print(f"  attached too early: {error}")
    block = SharedMemory(name, create=True, size=4 * np.dtype(dtype).itemsize)
    try:
        SharedMemory(name, create=True, size=4)
    except FileExistsError as error:
        print(f"  created twice: {error}")
    values = np.ndarray(4, dtype, block.buf)
    values[:2] = 1, 2
    other = mp.get_context("spawn").Process(target=second, args=(name, dtype))
    other.start()
    other.join()
    result = values.tolist()
    print(f"  this process reads {result}")

    wrong = "i8" if dtype == "f8" else "u2"
    nonsense = np.frombuffer(block.buf, wrong).tolist()
    print(f"  who attaches with {wrong} reads {nonsense}, and no error")
    del values
    block.unlink()  # while it is still open here: nothing asks
    block.close()
    return result == [1, 2, 3, 4]


def main() -> None:
    right = True
    for dtype in ("u1", "f8"):
        print(f"{np.dtype(dtype).name}:")
        right &= life(dtype)
    if not right:
        raise SystemExit("not what was written")


if __name__ == "__main__":
    main()
