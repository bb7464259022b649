"""The benchmarks: each transport carries everything, and nobody who delivers anything wrong gets a figure."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.context import SpawnContext
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

BENCHES = Path(__file__).resolve().parents[1] / "benches"
sys.path.insert(0, str(BENCHES))

import harness.memory  # noqa: E402
import harness.records  # noqa: E402
import harness.report  # noqa: E402
from harness.records import (  # noqa: E402
    MOST,
    PIECE,
    RECORD,
    Batches,
    Tally,
    Wrong,
    check_array,
    check_batches,
    check_singles,
    expected_tally,
    fill,
    fill_array,
    record,
)
from harness.report import Cell  # noqa: E402
from harness.session import Failed, Figure, Plan, Stream, measure  # noqa: E402
from transports import KINDS, THEIRS, Link, Transport, Work, pipe, transports  # noqa: E402

FOUND, MISSING = transports()
COUNTS = {"singles": 300, "batches": 3, "arrays": 2}
ELEMENTS = PIECE + 100
"""More than is looked at in one go."""

pytestmark = pytest.mark.timeout(300)


def plan(kind: str, limit: float = 100) -> Plan:
    return Plan(count=COUNTS[kind], limit=limit)


def work(kind: str, readers: int = 1) -> Work:
    return Work(kind, readers, batch=100, elements=ELEMENTS)


def names(kind: str) -> list[str]:
    return [transport.name for transport in FOUND if kind in transport.kinds]


# Everybody


@pytest.mark.parametrize("name", ["queue", "pipe", "shared_memory", "shared_counters", "iceoryx", "ringbuf"])
def test_nobody_is_missing(name: str) -> None:
    if name == "iceoryx" and name in MISSING:
        pytest.skip(f"iceoryx2: {MISSING[name]}")
    assert name not in MISSING


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in names(kind)])
def test_everybody_carries_everything(kind: str, name: str) -> None:
    (transport,) = (transport for transport in FOUND if transport.name == name)
    figure = measure(transport, work(kind, readers=2), plan(kind))
    assert figure.count == COUNTS[kind] * (100 if kind == "batches" else 1)
    assert figure.seconds > 0
    assert (figure.memory is not None) == (kind == "arrays")


def test_the_program_prints_tables_and_saves_every_run(tmp_path: Path) -> None:
    file = tmp_path / "runs.json"
    command = [sys.executable, str(BENCHES / "compare.py"), "--quick", "--json", str(file)]
    command += ["--transports", "pipe", "ringbuf", "--cells", "singles/1", "batches/2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
    assert "| ringbuf |" in done.stdout
    assert "ours / it" in done.stdout
    cells = json.loads(file.read_text())["cells"]
    assert [(cell["kind"], cell["readers"]) for cell in cells] == [("singles", 1), ("batches", 2)]
    for cell in cells:
        assert set(cell["rows"]) == {"pipe", "ringbuf"}
        assert all(len(row["runs"]) == 1 and row["error"] is None for row in cell["rows"].values())


def test_calls_have_a_cost() -> None:
    command = [sys.executable, str(BENCHES / "calls.py"), "--quick", "--json", "--sizes", "1", "100"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
    costs = json.loads(done.stdout)["costs"]
    assert {cost["call"].partition(",")[0] for cost in costs} == {
        "publish",
        "publish_batch",
        "read_into",
        "read and .records",
    }
    assert all(cost["ns"] > 0 for cost in costs)


# Nobody who is wrong


def lost(items: Iterator[Any]) -> Iterator[Any]:
    """The fifth never comes."""
    for number, item in enumerate(items):
        if number != 4:
            yield item


def twice(items: Iterator[Any]) -> Iterator[Any]:
    """The fifth comes once more."""
    for number, item in enumerate(items):
        yield item
        if number == 4:
            yield item


def exchanged(items: Iterator[Any]) -> Iterator[Any]:
    """The fifth comes behind the sixth."""
    for number, item in enumerate(items):
        if number == 4:
            kept = item.copy() if isinstance(item, np.ndarray) else item
            yield next(items)
            yield kept
        else:
            yield item


def altered(items: Iterator[Any]) -> Iterator[Any]:
    """One bit of the last value of the fifth is another one."""
    for number, item in enumerate(items):
        if number != 4:
            yield item
        elif isinstance(item, np.ndarray):
            item = item.copy()
            item.view(np.uint64)[-1] ^= 1
            yield item
        else:
            yield item[0], float(np.nextafter(item[1], 2.0))


def ended(items: Iterator[Any]) -> Iterator[Any]:
    """Nothing comes from the fifth on."""
    for number, item in enumerate(items):
        if number == 4:
            return
        yield item


class Spoiled(pipe.PipeReceiver):
    """Delivers something else than what it received."""

    def __init__(self, fault: Any, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._fault = fault
        self._first_time = True

    def _spoil(self, items: Iterator[Any]) -> Iterator[Any]:
        # What goes first is right: it is the figure that must not be.
        if self._first_time:
            self._first_time = False
            return items
        return self._fault(items)

    def singles(self) -> Iterator[Any]:
        return self._spoil(super().singles())

    def batches(self) -> Iterator[Any]:
        return self._spoil(super().batches())

    def arrays(self) -> Iterator[Any]:
        return self._spoil(super().arrays())


def spoiled_link(fault: Any, work: Work, context: SpawnContext, directory: Path) -> Link:
    link = pipe._link(pipe.PipeSender, pipe.PipeReceiver, work, context, directory)
    receivers = [partial(Spoiled, fault, *receiver.args) for receiver in link.receivers]
    return replace(link, receivers=receivers)


@pytest.mark.parametrize("fault", [lost, twice, exchanged, altered, ended])
@pytest.mark.parametrize("kind", KINDS)
def test_there_is_no_figure_of_wrong_records(kind: str, fault: Any) -> None:
    transport = Transport("spoiled", "", KINDS, partial(spoiled_link, fault))
    enough = Plan(count=6 if kind == "arrays" else max(COUNTS[kind], 6), limit=100)
    with pytest.raises(Failed, match="reader 0: found"):
        measure(transport, work(kind), enough)


def test_there_is_no_figure_when_something_is_still_missing() -> None:
    transport = Transport("late", "", KINDS, partial(spoiled_link, lost_at_the_end))
    with pytest.raises(Failed, match="says nothing for 5 s"):
        measure(transport, work("singles"), plan("singles", limit=5))


def lost_at_the_end(items: Iterator[Any]) -> Iterator[Any]:
    """The last one never comes."""
    for number, item in enumerate(items):
        if number != COUNTS["singles"] - 1:
            yield item


@dataclass
class Role:
    """Says what it is told to say."""

    says: list[Any]
    name: str = "reader 0"

    def tell(self, what: Any) -> None:
        pass

    def hear(self) -> Any:
        return self.says.pop(0)


@pytest.mark.parametrize(
    ("kind", "right"), [("singles", expected_tally(0, 3)), ("arrays", Tally(3, 3 * ELEMENTS))]
)
def test_what_a_reader_counted_and_added_up_must_be_what_was_sent(kind: str, right: Tally) -> None:
    def seconds(tally: Tally) -> float:
        producer: Any = Role([1_000_000_000])
        reader: Any = Role(["waiting", (3_000_000_000, tally)])
        return Stream(producer, [reader], work(kind)).carry(3)

    assert seconds(right) == 2
    for wrong in (replace(right, count=2), replace(right, total=right.total + 1)):
        with pytest.raises(Failed, match="reader 0: found Tally"):
            seconds(wrong)


def died(items: Iterator[Any]) -> Iterator[Any]:
    raise KeyboardInterrupt


def test_there_is_no_figure_when_a_reader_dies() -> None:
    with pytest.raises(Failed, match="KeyboardInterrupt"):
        measure(Transport("died", "", KINDS, partial(spoiled_link, died)), work("singles"), plan("singles"))


def test_the_program_says_error_instead_of_a_figure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import compare

    spoiled = Transport("spoiled", "nothing right", KINDS, partial(spoiled_link, lost))
    monkeypatch.setattr(compare, "transports", lambda: ([spoiled], {}))
    assert compare.main(["--quick", "--cells", "batches/1"]) == 1
    out = capsys.readouterr().out
    assert "| spoiled | **error** |" in out
    assert "reader 0: found record" in out


def test_who_was_wrong_once_has_no_figure_at_all() -> None:
    cell = Cell(
        work("arrays"), figures={"pipe": [Figure(2, 1.0, memory=100)], "queue": [Figure(1, 1.0, memory=100)]}
    )
    assert cell.rate("pipe") == 2
    assert cell.best(FOUND, THEIRS) == ("pipe", 2)
    cell.errors["pipe"] = "found something else"
    assert cell.rate("pipe") is None
    assert cell.memory("pipe") is None
    assert cell.best(FOUND, THEIRS) == ("queue", 1)


# The checks


@pytest.mark.parametrize(
    "module", [harness.memory, harness.records, harness.report], ids=lambda m: m.__name__
)
def test_the_examples_run(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def made(first: int, count: int) -> np.ndarray[Any, Any]:
    records = np.empty(count, RECORD)
    for begin in range(0, count, MOST):
        fill(records[begin : begin + MOST].view(np.uint64), first + begin)
    return records


def test_records_follow_from_their_numbers() -> None:
    assert made(2**40, 1000).tolist() == [record(2**40 + i) for i in range(1000)]


@pytest.mark.parametrize("lengths", [[1], [5, 1, 700], [MOST + 3, 2]])
@pytest.mark.parametrize("first", [0, 1, 2**45])
def test_what_is_right_is_counted_and_added_up(first: int, lengths: list[int]) -> None:
    batches: list[Any] = []
    for length in lengths:
        batches.append(made(first + sum(map(len, batches)), length))
    expected = expected_tally(first, sum(lengths))
    assert check_batches(batches, first, sum(lengths)) == expected
    rows: Iterable[Any] = (row for batch in batches for row in batch.tolist())
    assert check_singles(rows, first, sum(lengths)) == expected


@pytest.mark.parametrize("at", [0, 1, 499, 998, 999])
@pytest.mark.parametrize("word", [0, 1])
@pytest.mark.parametrize("bit", [0, 31, 63])
def test_every_bit_of_a_record_counts(at: int, word: int, bit: int) -> None:
    records = made(17, 1000)
    records.view(np.uint64)[2 * at + word] ^= np.uint64(1 << bit)
    with pytest.raises(Wrong, match="found record"):
        Batches(17).check(records)
    with pytest.raises(Wrong, match="found record"):
        check_singles(records.tolist(), 17, 1000)


@pytest.mark.parametrize("at", [0, 1, PIECE - 1, PIECE, ELEMENTS - 1])
@pytest.mark.parametrize("bit", [0, 51, 63])
def test_every_bit_of_an_array_counts(at: int, bit: int) -> None:
    array = np.empty(ELEMENTS)
    fill_array(array, 3)
    assert check_array(array, 3, ELEMENTS) == ELEMENTS
    array.view(np.uint64)[at] ^= np.uint64(1 << bit)
    with pytest.raises(Wrong, match=f"at {at} of array 3"):
        check_array(array, 3, ELEMENTS)


@pytest.mark.parametrize("wrong", [np.zeros(3), np.zeros(ELEMENTS, "f4"), np.zeros((ELEMENTS, 1))])
def test_an_array_has_its_length_and_type(wrong: Any) -> None:
    with pytest.raises(Wrong, match="expected"):
        check_array(wrong, 0, ELEMENTS)


def test_too_few_and_too_many_are_wrong() -> None:
    with pytest.raises(Wrong, match="found 3 records, expected 4"):
        check_singles(map(record, range(3)), 0, 4)
    with pytest.raises(Wrong, match="found 3 records, expected 4"):
        check_batches([made(0, 3)], 0, 4)
    with pytest.raises(Wrong, match="found 5 records, expected 4"):
        check_batches([made(0, 5)], 0, 4)
