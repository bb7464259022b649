"""What was measured, as tables in Markdown or as one JSON object."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from transports import BY_HAND, KINDS, OURS, THEIRS, Transport, Work

from harness.session import Figure

WANTED = {"singles": 3.0, "batches": 5.0, "arrays": 1.0}
"""How many times as fast as the best of the others ours is to be."""
WANTED_MEMORY = 1.1
"""Of one array, for `ringbuf`."""

TITLES = {
    "singles": "Records of 16 bytes, sent one by one: records/s to each reader",
    "batches": "Records of 16 bytes, sent {batch} at a time: records/s to each reader",
    "arrays": "Arrays of {elements} float64 ({mb:g} MB): arrays/s to each reader, and how many arrays "
    "of memory all processes have together",
}


@dataclass
class Cell:
    """One kind of work with so many readers, by everybody."""

    work: Work
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, list[Figure]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def rate(self, name: str) -> float | None:
        """The median, if every run was right."""
        if name in self.errors or not self.figures.get(name):
            return None
        return median(figure.rate for figure in self.figures[name])

    def memory(self, name: str) -> float | None:
        """The most of all runs, of one array."""
        if self.rate(name) is None or self.work.kind != "arrays":
            return None
        return max(figure.memory or 0 for figure in self.figures[name]) / (8 * self.work.elements)

    def best(self, transports: Iterable[Transport], group: str) -> tuple[str, float] | None:
        """Who is fastest in a group."""
        rates = {t.name: self.rate(t.name) for t in transports if t.group == group}
        known = {name: rate for name, rate in rates.items() if rate is not None}
        if not known:
            return None
        name = max(known, key=lambda name: known[name])
        return name, known[name]


@dataclass
class Report:
    """All of it."""

    machine: dict[str, Any]
    alone: list[dict[str, float]]
    transports: list[Transport]
    missing: dict[str, str]
    cells: list[Cell]
    plan: dict[str, Any]

    def has_errors(self) -> bool:
        """Whether anybody has no figure."""
        return any(cell.errors for cell in self.cells)

    def json(self) -> dict[str, Any]:
        """Everything, every run."""
        return {
            "machine": self.machine,
            "plan": self.plan,
            "alone": self.alone,
            "transports": {t.name: t.how for t in self.transports},
            "missing": self.missing,
            "cells": [self._cell(cell) for cell in self.cells],
        }

    def _cell(self, cell: Cell) -> dict[str, Any]:
        best = cell.best(self.transports, THEIRS)
        rows = {}
        for transport in self.transports:
            figures, rate = cell.figures.get(transport.name, []), cell.rate(transport.name)
            if not figures and transport.name not in cell.errors:
                continue
            rows[transport.name] = {
                "median_per_s": rate,
                "runs": [{**asdict(figure), "per_s": figure.rate} for figure in figures],
                "times_one_array": cell.memory(transport.name),
                "times_best_of_theirs": rate / best[1] if best and rate else None,
                "error": cell.errors.get(transport.name),
            }
        return {
            **asdict(cell.work),
            "before": cell.before,
            "after": cell.after,
            "best_of_theirs": best[0] if best else None,
            "rows": rows,
        }

    def markdown(self) -> str:
        """Tables."""
        parts = [self._head()]
        for kind in KINDS:
            cells = [cell for cell in self.cells if cell.work.kind == kind]
            if cells:
                parts += [self._table(kind, cells)]
        parts += [self._targets(), self._notes()]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _head(self) -> str:
        machine = self.machine
        packages = ", ".join(
            f"{name} {found or 'not installed'}" for name, found in machine["packages"].items()
        )
        lines = [
            f"{machine['date']}, {machine['cpus']} x {machine['cpu']}, {machine['system']}, "
            f"Python {machine['python']}, {packages}. Medians of {self.plan['repeats']} runs (least .. most) "
            f"of about {self.plan['seconds']:g} s, everybody in turn; every record checked by every reader.",
            "",
            "| with no transport at all | before | after |",
            "|---|---:|---:|",
        ]
        names = {
            "singles_make_ns": "make a record, one by one, ns",
            "singles_check_ns": "check a record, one by one, ns",
            "batches_make_ns": "make a record, in a batch, ns",
            "batches_check_ns": "check a record, in a batch, ns",
            "arrays_make_gbps": "make an array, GB/s",
            "arrays_check_gbps": "check an array, GB/s",
            "copyto_gbps": "np.copyto of an array, GB/s",
            "copyto_1mib_gbps": "np.copyto of 1 MiB, GB/s",
        }
        for key, name in names.items():
            lines.append(f"| {name} | " + " | ".join(f"{alone[key]:.3g}" for alone in self.alone) + " |")
        return "\n".join(lines)

    def _table(self, kind: str, cells: list[Cell]) -> str:
        work = cells[0].work
        title = TITLES[kind].format(batch=work.batch, elements=work.elements, mb=work.elements * 8 / 1e6)
        columns = [f"1 to {cell.work.readers}" for cell in cells]
        head, rule = "| |", "|---|"
        for column in columns:
            head += f" {column} | x best of theirs |" + (" memory |" if kind == "arrays" else "")
            rule += "---:|---:|" + ("---:|" if kind == "arrays" else "")
        lines = [f"### {title}", "", head, rule]
        for transport in self.transports:
            if any(transport.name in cell.figures or transport.name in cell.errors for cell in cells):
                entries = [self._entries(transport, cell) for cell in cells]
                lines += ["".join([f"| {transport.name} |", *entries])]
        lines += _around(cells, "cache line, one way, ns", "line_ns") + _around(cells, "cores", "placement")
        return "\n".join(lines)

    def _entries(self, transport: Transport, cell: Cell) -> str:
        empty = " | | |" if cell.work.kind == "arrays" else " | |"
        if transport.name in cell.errors:
            return " **error**" + empty
        rate = cell.rate(transport.name)
        if rate is None:
            return " -" + empty
        rates = [figure.rate for figure in cell.figures[transport.name]]
        best = cell.best(self.transports, THEIRS)
        ratio = f"{rate / best[1]:.2f}" if best else "-"
        entries = f" {_si(rate)} ({_si(min(rates))} .. {_si(max(rates))}) | {ratio} |"
        memory = cell.memory(transport.name)
        return entries + (f" {memory:.2f} |" if memory is not None else "")

    def _targets(self) -> str:
        lines = [
            "### Ours and the best of the others",
            "",
            "| work | ours | best of theirs | ours / it | wanted | best by hand | ours / it |",
            "|---|---|---|---:|---:|---|---:|",
        ]
        for cell in self.cells:
            theirs, by_hand = (cell.best(self.transports, group) for group in (THEIRS, BY_HAND))
            for transport in self.transports:
                rate = cell.rate(transport.name)
                if transport.group == OURS and rate is not None:
                    memory = cell.memory(transport.name)
                    note = f", {memory:.2f} arrays of memory (wanted {WANTED_MEMORY})" if memory else ""
                    what = f"{cell.work.kind}, 1 to {cell.work.readers} | {transport.name} {_si(rate)}{note}"
                    wanted = f"{WANTED[cell.work.kind]:g}"
                    lines.append(
                        f"| {what} | {_versus(theirs, rate)} | {wanted} | {_versus(by_hand, rate)} |"
                    )
        return "\n".join(lines) if len(lines) > 4 else ""

    def _notes(self) -> str:
        lines = ["### Who is who", ""]
        lines += [f"- {t.name} ({t.group}): {t.how}." for t in self.transports]
        lines += [f"- {name}: {why}." for name, why in self.missing.items()]
        for cell in self.cells:
            for name, error in cell.errors.items():
                lines += [
                    "",
                    f"**{name}, {cell.work.kind}, 1 to {cell.work.readers}**:",
                    "",
                    "```",
                    error.strip(),
                    "```",
                ]
        return "\n".join(lines)


def _versus(best: tuple[str, float] | None, rate: float) -> str:
    return f"{best[0]} {_si(best[1])} | {rate / best[1]:.2f}" if best else "- | -"


def _around(cells: list[Cell], label: str, key: str) -> list[str]:
    """A row of what was measured before and after each cell, if it was."""
    if not all(key in cell.before and key in cell.after for cell in cells):
        return []
    row = f"| *{label}* |"
    for cell in cells:
        row += f" {_short(cell.before[key])} .. {_short(cell.after[key])} | |"
        row += " |" if cell.work.kind == "arrays" else ""
    return [row]


def _si(number: float) -> str:
    """
    >>> _si(12_345_678), _si(1234), _si(12.3)
    ('12.35 M', '1.23 k', '12.3')
    """
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.2f}{unit}"
    return f"{number:.3g}"


def _short(found: Any) -> str:
    return f"{found:.0f}" if isinstance(found, float) else str(found)
