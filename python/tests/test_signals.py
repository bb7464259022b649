"""Ctrl-C and kill, to a real process in every call that waits."""

import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pyringbuf as rb

BEGIN = """
import asyncio, sys
import numpy as np
import pyringbuf as rb
"""
WAITS = {
    "read": "reader.read()",
    "read with a time": "reader.read(timeout=1000)",
    "read_into": "reader.read_into(np.empty(4, reader.dtype))",
    "next": "next(reader)",
    "iteration": "for batch in reader: pass",
    "attach": "rb.Reader.attach('nowhere', timeout=None)",
    "async read": "asyncio.run(reader.aread())",
    "async iteration": """
async def follow():
    async for batch in reader:
        pass
asyncio.run(follow())
""",
    "publish": "full.publish(1)",
    "publish_batch": "full.publish_batch(np.arange(1000, dtype='u8'))",
    "wait_for_readers": "full.wait_for_readers(10)",
    "read while another thread reads": """
import threading
thread = threading.Thread(target=lambda: reader.read(timeout=3), daemon=True)
thread.start()
reader.read()
""",
}
PROGRAM = (
    BEGIN
    + """
reader = rb.Reader.attach("signals", "lossless")
full = rb.Producer.create("full", "u8", retain=4)
in_the_way = rb.Reader.attach("full", "lossless")
full.publish_batch(np.arange(4, dtype="u8"), timeout=0)
print("ready", flush=True)
try:
    exec(compile(sys.argv[1], "wait", "exec"), globals())
    print("came back", flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
# Everything works on.
while True:
    try:
        batch = reader.read(timeout=20)
    except TimeoutError:
        continue
    if batch is not None and len(batch):
        break
print(batch["value"][0], reader.ledger.adds_up(), flush=True)
in_the_way.close()
print(full.publish(5, timeout=10) is not None, flush=True)
"""
)


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_ctrl_c_ends_every_wait(wait: str, child: Callable[..., Any]) -> None:
    producer = rb.Producer.create("signals", "u8", retain=16)
    other = child(PROGRAM, wait)
    assert other.line() == "ready"
    time.sleep(0.3)
    other.signal(signal.SIGINT)
    assert other.line() == "interrupted"
    # Another thread of it may still be reading.
    for _ in range(2):
        producer.publish(7)
        time.sleep(0.1)
    assert other.line() == "7 True"
    assert other.line() == "True"
    assert other.end() == (0, "", "")


def test_ctrl_c_without_a_handler_ends_with_a_traceback(child: Callable[..., Any]) -> None:
    _producer = rb.Producer.create("signals", "u8", retain=16)
    other = child(BEGIN + 'reader = rb.Reader.attach("signals"); print("ready", flush=True); reader.read()')
    assert other.line() == "ready"
    time.sleep(0.1)
    other.signal(signal.SIGINT)
    code, out, err = other.end()
    assert (code, out) == (-signal.SIGINT, "")
    assert err.splitlines()[-1] == "KeyboardInterrupt"


@pytest.mark.parametrize("wait", ["read", "async read", "publish", "attach"])
def test_sigterm_kills(wait: str, child: Callable[..., Any]) -> None:
    producer = rb.Producer.create("signals", "u8", retain=16)
    other = child(PROGRAM, WAITS[wait])
    assert other.line() == "ready"
    time.sleep(0.1)
    assert producer.registered_readers == 1
    other.signal(signal.SIGTERM)
    assert other.end() == (-signal.SIGTERM, "", "")
    # Dead readers hold nobody.
    assert producer.publish_batch(np.arange(100, dtype="u8"), timeout=20) == 100


def test_handlers_of_signals_run_and_the_wait_goes_on(child: Callable[..., Any]) -> None:
    producer = rb.Producer.create("signals", "u8", retain=16)
    other = child(
        BEGIN
        + """
import signal
signal.signal(signal.SIGUSR1, lambda *_: print("handled", reader.lag, flush=True))
reader = rb.Reader.attach("signals")
print("ready", flush=True)
print(reader.read()["value"][0], flush=True)
"""
    )
    assert other.line() == "ready"
    for _ in range(3):
        time.sleep(0.1)
        other.signal(signal.SIGUSR1)
        assert other.line() == "handled 0"
    producer.publish(7)
    assert other.line() == "7"


def test_a_handler_may_close_the_reader(child: Callable[..., Any]) -> None:
    _producer = rb.Producer.create("signals", "u8", retain=16)
    other = child(
        BEGIN
        + """
import signal
signal.signal(signal.SIGTERM, lambda *_: reader.close())
reader = rb.Reader.attach("signals", "lossless")
print("ready", flush=True)
try:
    reader.read()
except rb.ReadError as error:
    print(error, flush=True)
"""
    )
    assert other.line() == "ready"
    time.sleep(0.1)
    other.signal(signal.SIGTERM)
    assert "closed" in other.line()
    assert other.end() == (0, "", "")


def test_interrupted_again_and_again_nothing_is_lost(child: Callable[..., Any]) -> None:
    producer = rb.Producer.create("signals", "u8", retain=64)
    other = child(
        BEGIN
        + """
import signal
class Interrupted(Exception): pass
armed = False
def handler(*_):
    global armed
    if armed:
        armed = False
        raise Interrupted
signal.signal(signal.SIGUSR1, handler)
reader = rb.Reader.attach("signals", "lossless")
print("ready", flush=True)
while True:
    batch = reader
    try:
        armed = True
        # Python itself may lose what a call has brought when a signal comes right behind it.
        batch = reader.read(timeout=0.05)
        armed = False
    except (Interrupted, TimeoutError):
        continue
    finally:
        armed = False
    if batch is None:
        break
ledger = reader.ledger
print(ledger.adds_up(), ledger.missed, ledger.read, flush=True)
"""
    )
    assert other.line() == "ready"
    for _ in range(200):
        producer.publish_batch(np.arange(5, dtype="u8"), timeout=20)
        other.signal(signal.SIGUSR1)
        time.sleep(0.002)
    producer.close()
    assert other.line() == "True 0 1000"
