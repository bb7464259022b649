"""Rings that several tests have."""

from typing import Any

import numpy as np

import pyringbuf as rb

RECORD = np.dtype([("n", "u8"), ("x", "f4", (3,)), ("label", "S8"), ("t", "M8[ns]")])


def short(value: object) -> str:
    return repr(value)[:10]


def rows(first: int, count: int) -> Any:
    made = np.zeros(count, RECORD)
    made["n"] = np.arange(first, first + count)
    made["x"] = made["n"][:, None] * np.float32([1, 2, 3])
    made["label"] = [b"row %d" % n for n in range(first, first + count)]
    made["t"] = made["n"].astype("i8").view("M8[ns]")
    return made


def plain(name: str = "plain", retain: int = 100, **choices: Any) -> rb.Producer:
    return rb.Producer.create(name, "u8", retain=retain, **choices)


def values(reader: rb.Reader) -> list[int]:
    """All that is there now."""
    found: list[int] = []
    while True:
        try:
            batch = reader.read(timeout=0)
        except TimeoutError:
            return found
        if batch is None:
            return found
        found += batch["value"].tolist()
