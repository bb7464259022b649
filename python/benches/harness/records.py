"""Records and arrays that can be checked: every value follows from its number.

A record is a u64 number and an f64, 1 + number * 2**-52: exact, another one for each number, and its bits are
the number's bits plus a constant. So a batch seen as whole numbers is what the first batch was, plus a
constant, and is made and checked in one pass each. An array is made and checked in pieces that stay in the
cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Floats = NDArray[np.float64]

RECORD = np.dtype([("number", "<u8"), ("value", "<f8")])
ULP = 2.0**-52
"""`value` is 1.0 + number * ULP."""

MOST = 65_536
"""The most records that are looked at in one go."""
PIECE = 16_384
"""Elements of an array that are made and checked at a time."""

_MASK = 2**64 - 1
_ONE = 0x3FF0_0000_0000_0000
"""The bits of 1.0."""


class Wrong(Exception):
    """What arrived is not what was sent."""


@dataclass(frozen=True)
class Tally:
    """What a reader saw, every record of it compared with what it must be."""

    count: int
    total: int
    """The sum of all words modulo 2**64: of what was read, not of what was expected."""


def _first_words() -> Words:
    words = np.empty(2 * MOST, np.uint64)
    words[0::2] = np.arange(MOST)
    words[1::2] = np.arange(MOST) + _ONE
    return words


_WORDS = _first_words()
_INDICES: Floats = np.arange(PIECE, dtype=np.float64)


def fill(words: Words, first: int) -> None:
    """Makes records, seen as `words`, from the number `first` on.

    >>> records = np.empty(3, RECORD)
    >>> fill(records.view(np.uint64), 7)
    >>> records["number"].tolist(), records["value"].tolist() == [1 + n * ULP for n in (7, 8, 9)]
    ([7, 8, 9], True)
    """
    np.add(_WORDS[: len(words)], np.uint64(first), out=words)


def fill_array(array: Floats, number: int) -> None:
    """Makes array number `number`: element i is number * len(array) + i."""
    base = float(number * len(array))
    for begin in range(0, len(array), PIECE):
        piece = array[begin : begin + PIECE]
        np.add(_INDICES[: len(piece)], base + begin, out=piece)


class Batches:
    """Compares batches of records as they come, whatever their lengths.

    >>> records = np.empty(3, RECORD)
    >>> fill(records.view(np.uint64), 0)
    >>> batches = Batches(0)
    >>> batches.check(records)
    >>> batches.check(records)
    Traceback (most recent call last):
    harness.records.Wrong: found record (0, 1.0), expected (3, 1.0000000000000007)
    """

    def __init__(self, first: int) -> None:
        self._first = first
        self._expected = first
        self._total = 0
        self._words = np.zeros(2 * MOST, np.uint64)
        self._same = np.zeros(2 * MOST, np.bool_)

    def check(self, records: NDArray[Any]) -> None:
        """Compares every word of them.

        Raises:
            Wrong: one differs; it says which.
        """
        if len(records) > MOST:
            self.check(records[:MOST])
            self.check(records[MOST:])
            return
        words = records.view(np.uint64)
        less = np.subtract(words, np.uint64(self._expected), out=self._words[: len(words)])
        same = np.equal(less, _WORDS[: len(words)], out=self._same[: len(words)])
        if not same.all():
            at = int(same.argmin()) // 2
            raise Wrong(f"found record {records[at].item()}, expected {record(self._expected + at)}")
        self._total += int(np.add.reduce(words))
        self._expected += len(records)

    def tally(self) -> Tally:
        """What all of them were together."""
        return Tally(self._expected - self._first, self._total & _MASK)

    def pass_over(self, count: int) -> None:
        """So many come that are not looked at."""
        self._expected += count

    def check_last(self, records: NDArray[Any]) -> None:
        """Compares the last of those that were passed over."""
        self._expected -= len(records)
        self.check(records)

    def begin_again(self) -> None:
        """The first record is expected next."""
        self._expected, self._total = self._first, 0

    @property
    def count(self) -> int:
        """How many there were."""
        return self._expected - self._first


def record(number: int) -> tuple[int, float]:
    """The record of that number."""
    return number, 1.0 + number * ULP


def check_singles(rows: Iterable[tuple[int, float]], first: int, count: int) -> Tally:
    """Takes `count` records and compares one by one.

    >>> check_singles(map(record, range(5, 9)), 5, 4).count
    4
    >>> check_singles(map(record, (5, 7)), 5, 2)
    Traceback (most recent call last):
    harness.records.Wrong: found record (7, 1.0000000000000016), expected (6, 1.0000000000000013)

    Raises:
        Wrong: one differs, or there are fewer.
    """
    expected = first
    total = 0
    ulp = ULP
    for number, value in islice(rows, count):
        if number != expected or value != 1.0 + expected * ulp:
            raise Wrong(f"found record {(number, value)}, expected {record(expected)}")
        total += number
        expected += 1
    if expected != first + count:
        raise Wrong(f"found {expected - first} records, expected {count}")
    # Equal values have equal bits here: none of them is a zero or no number.
    return Tally(count, (2 * total + count * _ONE) & _MASK)


def check_batches(batches: Iterable[NDArray[Any]], first: int, count: int) -> Tally:
    """Takes batches until there were `count` records, and compares every word.

    Raises:
        Wrong: one differs, or there are fewer, or more.
    """
    checked = Batches(first)
    source: Iterator[NDArray[Any]] = iter(batches)
    while checked.count < count:
        records = next(source, None)
        if records is None:
            break
        checked.check(records)
        # Or it would be held while the next one is asked for.
        del records
    if checked.count != count:
        raise Wrong(f"found {checked.count} records, expected {count}")
    return checked.tally()


def check_array(array: Floats, number: int, length: int) -> int:
    """Compares every element of array number `number`; how many there are.

    Raises:
        Wrong: one differs, or there are fewer or more.
    """
    if array.shape != (length,) or array.dtype != np.float64:
        raise Wrong(f"found an array of {array.dtype} of shape {array.shape}, expected {length} of float64")
    base = float(number * length)
    less, same = _scratch()
    for begin in range(0, length, PIECE):
        piece = array[begin : begin + PIECE]
        size = len(piece)
        np.subtract(piece, base + begin, out=less[:size])
        if not np.equal(less[:size], _INDICES[:size], out=same[:size]).all():
            at = begin + int(same[:size].argmin())
            raise Wrong(f"found {array[at]} at {at} of array {number}, expected {base + at}")
    return length


_LESS: Floats = np.zeros(PIECE, np.float64)
_SAME = np.zeros(PIECE, np.bool_)


def _scratch() -> tuple[Floats, NDArray[np.bool_]]:
    return _LESS, _SAME


def expected_tally(first: int, count: int) -> Tally:
    """What that many records are together, by a formula.

    >>> checked = Batches(3)
    >>> records = np.empty(10, RECORD)
    >>> fill(records.view(np.uint64), 3)
    >>> checked.check(records)
    >>> checked.tally() == expected_tally(3, 10) == check_singles(map(record, range(3, 13)), 3, 10)
    True
    """
    numbers = count * first + count * (count - 1) // 2
    return Tally(count, (2 * numbers + count * _ONE) & _MASK)
