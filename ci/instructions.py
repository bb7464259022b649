"""Counts the instructions of each call and compares them with what is recorded; see instructions.sh."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

RECORDED = "benches/instructions.txt"
TIMES = 20_000
# Relative, and at least so many instructions.
MOST_ABOVE, LEAST_ABOVE = 0.02, 1.0


def count(program, call, times):
    """Instructions of a whole run."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, call, str(times)]
    # No name of a directory or user may change what is counted.
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode or not found:
        sys.exit(f"counting {call!r} failed:\n{run.stderr}")
    return int(found[1])


def per_call(program, call):
    """What one call adds: starting and ending are in both runs."""
    return (count(program, call, 2 * TIMES) - count(program, call, TIMES)) / TIMES


def read():
    rows = {}
    with open(RECORDED) as lines:
        for line in lines:
            if not line.startswith("#"):
                name, _, number = line.rpartition("|")
                rows[name.strip()] = float(number)
    return rows


def compiler():
    return subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def record(counted):
    with open(RECORDED, "w") as out:
        out.write("# Instructions per call, by ci/instructions.sh --record\n")
        out.write(f"# {compiler()}, x86_64\n")
        for name, number in counted.items():
            out.write(f"{name:<42} | {number:8.1f}\n")


def compare(counted):
    recorded = read()
    print(f"| {'call':<42} | instructions | recorded |")
    print(f"|{'-' * 44}|-------------:|---------:|")
    wrong = []
    for name, number in counted.items():
        before = recorded.get(name)
        print(f"| {name:<42} | {number:12.1f} | {'-' if before is None else format(before, '.1f'):>8} |")
        if before is None:
            wrong.append(f"{name}: found {number:.1f}, nothing is recorded")
        elif number - before > max(MOST_ABOVE * before, LEAST_ABOVE):
            wrong.append(f"{name}: found {number:.1f} instructions, recorded are {before:.1f}")
    wrong += [f"{name}: recorded, but there is no such call" for name in recorded.keys() - counted.keys()]
    if wrong:
        with open(RECORDED) as lines:
            made_by = lines.readlines()[1].strip("# \n")
        sys.exit(
            "\n".join(wrong)
            + f"\nrecorded with {made_by}; this is {compiler()}"
            + f"\nIf it is worth that, `ci/instructions.sh --record` writes {RECORDED} anew: commit it with the reason."
        )


def main():
    program, *options = sys.argv[1:]
    if options not in ([], ["--record"]):
        sys.exit("usage: ci/instructions.sh [--record]")
    calls = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = dict(zip(calls, pool.map(lambda call: per_call(program, call), calls)))
    if options:
        record(counted)
    compare(counted)


main()
