"""The end of the interpreter, whatever is alive then: code 0, nothing said, and nobody held."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import eventually

import pyringbuf as rb

BEGIN = """
import asyncio, threading, sys, os, time
import numpy as np
import pyringbuf as rb
def ready():
    print("ready", flush=True)
    input()
"""
ENDS = {
    "a reader": 'reader = rb.Reader.attach("exit", DELIVERY); ready()',
    "a batch": 'reader = rb.Reader.attach("exit", DELIVERY, start="oldest"); batch = reader.read(); ready()',
    "a view": """
reader = rb.Reader.attach("exit", DELIVERY, start="oldest")
view = reader.read()["value"]
ready()
""",
    "a view of a module": """
import builtins
builtins.view = rb.Reader.attach("exit", DELIVERY, start="oldest").read().records
ready()
""",
    "a circle": """
made = {"view": rb.Reader.attach("exit", DELIVERY, start="oldest").read().records}
made["self"] = made
ready()
""",
    "a generator": """
def follow():
    for batch in rb.Reader.attach("exit", DELIVERY, start="oldest"):
        yield batch["value"]
following = follow()
next(following)
ready()
""",
    "a thread that reads": """
reader = rb.Reader.attach("exit", DELIVERY)
def follow():
    for batch in reader:
        pass
threading.Thread(target=follow, daemon=True).start()
time.sleep(0.1)
ready()
""",
    "a thread that reads all the time": """
reader = rb.Reader.attach("exit", DELIVERY)
def follow():
    views = []
    while True:
        try:
            views = [reader.read(timeout=0)["value"]]
        except TimeoutError:
            pass
for _ in range(3):
    threading.Thread(target=follow, daemon=True).start()
time.sleep(0.1)
ready()
""",
    "threads that read into": """
reader = rb.Reader.attach("exit", DELIVERY)
def follow():
    while True:
        reader.read_into(np.empty(100_000, reader.dtype))
for _ in range(3):
    threading.Thread(target=follow, daemon=True).start()
time.sleep(0.1)
ready()
""",
    "a thread that ends when the main one does": """
reader = rb.Reader.attach("exit", DELIVERY)
def follow():
    try:
        reader.read()
    except rb.ReadError:
        pass
def close():
    threading.main_thread().join()
    reader.close()
threading.Thread(target=follow).start()
threading.Thread(target=close).start()
ready()
""",
    "a thread that attaches": """
threading.Thread(target=lambda: rb.Reader.attach("nowhere", timeout=None), daemon=True).start()
reader = rb.Reader.attach("exit", DELIVERY)
time.sleep(0.1)
ready()
""",
    "an asyncio wait": """
reader = rb.Reader.attach("exit", DELIVERY)
async def run():
    try:
        await reader.aread(timeout=0.1)
    except TimeoutError:
        pass
asyncio.run(run())
ready()
""",
    "an asyncio loop that nobody closed": """
reader = rb.Reader.attach("exit", DELIVERY)
loop = asyncio.new_event_loop()
task = loop.create_task(reader.aread())
loop.call_later(0.1, loop.stop)
loop.run_forever()
task.cancel()
try:
    loop.run_until_complete(task)
except asyncio.CancelledError:
    pass
loop.close()
ready()
""",
    "an asyncio loop in a thread": """
reader = rb.Reader.attach("exit", DELIVERY)
async def run():
    async for batch in reader:
        pass
threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()
time.sleep(0.2)
ready()
""",
    "an atexit handler that reads": """
import atexit
reader = rb.Reader.attach("exit", DELIVERY, start="oldest")
atexit.register(lambda: reader.read(timeout=0))
ready()
""",
    "a finalizer that reads": """
class Last:
    def __init__(self):
        self.reader = rb.Reader.attach("exit", DELIVERY, start="oldest")
    def __del__(self):
        try:
            self.reader.read(timeout=0)
            self.reader.close()
        except TimeoutError:
            pass
last = Last()
ready()
""",
    "sys.exit": """
reader = rb.Reader.attach("exit", DELIVERY, start="oldest")
v = reader.read().records
ready()
sys.exit(0)
""",
    "os._exit": """
reader = rb.Reader.attach("exit", DELIVERY, start="oldest")
v = reader.read().records
ready()
os._exit(0)
""",
}


@pytest.mark.parametrize("delivery", ["lossy", "lossless"])
@pytest.mark.parametrize("what", ENDS.values(), ids=ENDS)
def test_the_interpreter_ends(what: str, delivery: str, child: Callable[..., Any]) -> None:
    producer = rb.Producer.create("exit", "u8", retain=64)
    producer.publish_batch(np.arange(40, dtype="u8"))
    other = child(BEGIN + what.replace("DELIVERY", repr(delivery)))
    assert other.line() == "ready"
    # Nobody has the reader of a copy any more.
    assert producer.registered_readers == 1 or delivery == "lossy"
    other.say()
    assert other.end() == (0, "", "")
    eventually(lambda: producer.registered_readers == 0)
    # At once: without waiting for the dead to be noticed.
    assert producer.publish_batch(np.arange(1000, dtype="u8"), timeout=20) == 1000


def test_a_stream_runs_while_the_interpreter_ends(child: Callable[..., Any]) -> None:
    """Threads are in the middle of everything when it ends; again and again."""
    producer = rb.Producer.create("exit", "u8", retain=64)
    may_end = threading.Event()

    def publish() -> None:
        while not may_end.is_set():
            with contextlib.suppress(rb.Full):
                producer.publish_batch(np.arange(10, dtype="u8"), timeout=0.01)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        for n in range(6):
            other = child(
                BEGIN
                + f"""
reader = rb.Reader.attach("exit", {["lossy", "lossless"][n % 2]!r})
def follow():
    for batch in reader:
        view = batch["value"]
        del view
def into():
    while True:
        reader.read_into(np.empty(16, reader.dtype))
for target in (follow, into, follow):
    threading.Thread(target=target, daemon=True).start()
time.sleep(0.05 * {n})
"""
            )
            assert other.end() == (0, "", "")
    finally:
        may_end.set()
        thread.join()
