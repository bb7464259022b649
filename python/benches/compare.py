"""How fast records and arrays go from one Python process to others: pyringbuf and the other ways there are.

Everybody does the same work, loses nothing, and has every record compared by every reader, each in a process
of its own. The clock runs from the producer's first call until the last reader has checked the last record.
Who delivers anything wrong gets an error instead of a figure, and this program ends with 1.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import Any

from harness import bare
from harness.report import Cell, Report
from harness.session import Failed, Plan, measure
from transports import KINDS, Transport, Work, transports

EXAMPLES = """\
examples:
  python compare.py --quick                        everybody once, a few seconds: does it work?
  python compare.py > runs.md                      everything, some minutes
  python compare.py --json runs.json > runs.md     every single run as well
  python compare.py --cells batches/1 arrays       a part of it
  python compare.py --transports ringbuf shared_memory --cells singles/4 --seconds 3
"""

QUICK = {"singles": 3000, "batches": 20, "arrays": 3}


def main(arguments: list[str] | None = None) -> int:
    """The program."""
    args = _parse(arguments)
    everybody, missing = transports()
    chosen = _chosen(everybody, args.transports)
    line = bare.Line(wanted=not args.quick)
    if line.missing:
        missing["cache line"] = line.missing
    for name, why in missing.items():
        print(f"{name}: {why}", file=sys.stderr)
    sizes: dict[str, Any] = {"batch": args.batch, "elements": args.elements}
    any_work = Work("arrays", 1, **sizes)
    alone = [bare.alone(any_work)]
    cells = []
    for kind, readers in args.cells:
        cell = Cell(Work(kind, readers, **sizes), before=line.measure())
        plan = Plan(args.seconds, QUICK[kind] if args.quick else None)
        _fill(cell, [t for t in chosen if kind in t.kinds], plan, args.repeats)
        cell.after = line.measure()
        cells.append(cell)
    alone.append(bare.alone(any_work))
    report = Report(
        bare.machine(),
        alone,
        chosen,
        missing,
        cells,
        {"repeats": args.repeats, "seconds": args.seconds, "quick": args.quick},
    )
    text = json.dumps(report.json(), indent=1) + "\n"
    if args.json and args.json != "-":
        Path(args.json).write_text(text)
    print(text if args.json == "-" else report.markdown(), end="")
    return 1 if report.has_errors() else 0


def _fill(cell: Cell, chosen: list[Transport], plan: Plan, repeats: int) -> None:
    """Everybody in turn, and then again: who comes first changes."""
    for repeat in range(repeats):
        turn = repeat % len(chosen) if chosen else 0
        for transport in chosen[turn:] + chosen[:turn]:
            if transport.name in cell.errors:
                continue
            what = f"{cell.work.kind} 1 to {cell.work.readers}, {transport.name}, {repeat + 1} of {repeats}"
            try:
                figure = measure(transport, cell.work, plan)
            except Failed as error:
                cell.errors[transport.name] = str(error)
                print(f"{what}: {error}", file=sys.stderr, flush=True)
            else:
                cell.figures.setdefault(transport.name, []).append(figure)
                print(f"{what}: {figure.rate:,.0f}/s", file=sys.stderr, flush=True)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="a few thousand records and small arrays, once, to 2 readers"
    )
    parser.add_argument(
        "--cells",
        nargs="+",
        metavar="KIND[/READERS]",
        type=_cells,
        help="singles, batches or arrays, to 1 or 4 readers",
    )
    parser.add_argument("--transports", nargs="+", metavar="NAME", help="these alone")
    parser.add_argument("--seconds", type=float, help="of one run, about [1]")
    parser.add_argument("--repeats", type=int, help="runs of each [3]")
    parser.add_argument("--batch", type=int, default=1000, help="records in a batch [1000]")
    parser.add_argument("--elements", type=int, help="float64 in an array [10000000]")
    parser.add_argument(
        "--json",
        nargs="?",
        const="-",
        metavar="FILE",
        help="one JSON object instead of tables, or both, if a file is given",
    )
    args = parser.parse_args(arguments)
    quick = args.quick
    for name, fast, slow in (("seconds", 0.1, 1.0), ("repeats", 1, 3), ("elements", 100_000, 10_000_000)):
        if getattr(args, name) is None:
            setattr(args, name, fast if quick else slow)
    every = [(kind, readers) for kind in KINDS for readers in ((2,) if quick else (1, 4))]
    args.cells = [cell for cells in args.cells for cell in cells] if args.cells else every
    return args


def _cells(text: str) -> list[tuple[str, int]]:
    kind, _, readers = text.partition("/")
    if kind not in KINDS or not (readers == "" or (readers.isdecimal() and int(readers) > 0)):
        raise argparse.ArgumentTypeError(
            f"found {text!r}, expected {', '.join(KINDS)}, each perhaps with a number: batches/4"
        )
    return [(kind, int(readers))] if readers else [(kind, 1), (kind, 4)]


def _chosen(everybody: list[Transport], names: list[str] | None) -> list[Transport]:
    if names is None:
        return everybody
    known = {transport.name: transport for transport in everybody}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"compare.py: found {', '.join(unknown)}, expected some of {', '.join(known)}")
    return [known[name] for name in names]


if __name__ == "__main__":
    # As Ctrl-C: nothing of it may stay in memory.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
