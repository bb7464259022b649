"""An int32, a float32 and a short string in one multiprocessing.shared_memory block, by offsets.

That works as long as every program knows the offsets by heart. What goes wrong without a word: a program that
was built for another order reads nonsense, and a reader that looks while a record is being written sees half
of the new one and half of the old one. Here the writer is stopped in the middle to show it.
"""

import multiprocessing as mp
import os
import struct
from multiprocessing.shared_memory import SharedMemory

NUMBER, CELSIUS, NAME = 0, 4, 8  # offsets; the name has 8 bytes


def reading(block: SharedMemory) -> tuple[int, float, str]:
    (number,) = struct.unpack_from("<i", block.buf, NUMBER)
    (celsius,) = struct.unpack_from("<f", block.buf, CELSIUS)
    (name,) = struct.unpack_from("8s", block.buf, NAME)
    return number, celsius, name.rstrip(b"\0").decode()


def writer(block_name: str, wrote, go_on) -> None:
    block = SharedMemory(block_name)
    struct.pack_into("<i", block.buf, NUMBER, 1)
    struct.pack_into("<f", block.buf, CELSIUS, 21.5)
    struct.pack_into("8s", block.buf, NAME, b"kitchen")
    wrote.set()
    go_on.wait()
    go_on.clear()
    struct.pack_into("<i", block.buf, NUMBER, 2)
    struct.pack_into("<f", block.buf, CELSIUS, 4.0)
    wrote.set()
    go_on.wait()
    struct.pack_into("8s", block.buf, NAME, b"cellar")
    block.close()


def main() -> None:
    spawn = mp.get_context("spawn")
    wrote, go_on = spawn.Event(), spawn.Event()
    block = SharedMemory(f"i-mixed-{os.getpid()}", create=True, size=16)
    process = spawn.Process(target=writer, args=(block.name, wrote, go_on))
    process.start()
    wrote.wait()
    first = reading(block)
    print(f"read by the right offsets: {first}")
    celsius, number = struct.unpack_from("<fi", block.buf)
    print(f"by those of another program, float first: {number, celsius}, and no error")
    wrote.clear()
    go_on.set()
    wrote.wait()
    torn = reading(block)
    print(f"while the next is being written: {torn}, which nobody ever measured")
    go_on.set()
    process.join()
    last = reading(block)
    print(f"a moment later: {last}")
    block.close()
    block.unlink()
    if (first, torn, last) != ((1, 21.5, "kitchen"), (2, 4.0, "kitchen"), (2, 4.0, "cellar")):
        raise SystemExit("not what was expected")


if __name__ == "__main__":
    main()
