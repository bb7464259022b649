"""Live telemetry and a fast made-up sensor, four analyzers on each: what every process costs, and that nothing is missed
and no memory is taken that was not there at the beginning."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

ANALYSES = ["stats", "anomaly", "spectrum", "health"]
TICK = os.sysconf("SC_CLK_TCK")


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|m)?", text).groups()
    return int(number) * (60 if unit == "m" else 1)


def cpu(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory(pid):
    """Its own memory in KiB, without the ring that it shares with the others."""
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"RssAnon:\s+(\d+)", file.read()).group(1))


def start(results, name, command):
    output = open(f"{results}/{name}.json", "w")
    errors = open(f"{results}/{name}.err", "w")
    return subprocess.Popen(command + ["--json"], stdout=output, stderr=errors)


def last_line(results, name):
    with open(f"{results}/{name}.json") as file:
        lines = [json.loads(line) for line in file]
    assert lines and lines[-1].get("final") is True, f"{name} did not finish its report"
    return lines[-1]


def watch(processes, length):
    """Samples of every process, every second: (CPU seconds, KiB)."""
    samples = {name: [] for name in processes}
    begin = time.monotonic()
    for second in range(1, length):
        time.sleep(max(0, begin + second - time.monotonic()))
        for name, process in processes.items():
            if process.poll() is None:
                samples[name].append((cpu(process.pid), memory(process.pid)))
        if sys.stderr.isatty():
            print(f"\r{second} of {length} s", end="", file=sys.stderr)
    return samples


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--for", dest="length", type=seconds, default=20, help="such as 20s or 10m")
    parser.add_argument("--programs", default="target/release")
    length = parser.parse_args().length
    programs = parser.parse_args().programs
    with tempfile.TemporaryDirectory() as results:
        # On /dev/shm, as by default, but nobody else's.
        with tempfile.TemporaryDirectory(dir="/dev/shm") as rings:
            os.environ["RINGBUF_DIR"] = rings
            run(results, programs, length)


def run(results, programs, length):
    processes = {}
    for ring in ["system", "synth"]:
        for analysis in ANALYSES:
            command = [f"{programs}/analyzer", analysis, ring]
            processes[f"{ring}/{analysis}".replace("/", "-")] = start(results, f"{ring}-{analysis}", command)
    duration = ["--duration", f"{length}s", "--retain", "5s"]
    wait = ["--wait-for-readers", str(len(ANALYSES))]
    sources = {
        "system": ["system", "--ring", "system", "--rate", "1000"],
        "synth": ["synth", "--ring", "synth", "--rate", "100000"],
    }
    for name, source in sources.items():
        processes[name] = start(results, name, [f"{programs}/producer"] + source + duration + wait)
    samples = watch(processes, length)
    failed = []
    for name, process in processes.items():
        if process.wait(timeout=60) != 0:
            with open(f"{results}/{name}.err") as file:
                failed.append(f"{name} ended with {process.returncode}: {file.read()}")

    published = {ring: last_line(results, ring)["published"] for ring in sources}
    assert all(published.values()), published
    print(f"{'process':<20} {'CPU':>7} {'memory at half':>15} {'most after':>11}   records")
    for name, process in processes.items():
        taken = samples[name]
        later = taken[len(taken) // 2 :]
        share = (taken[-1][0] - taken[0][0]) / max(1, len(taken) - 1)
        first, most = later[0][1], max(kib for _, kib in later)
        final = last_line(results, name)
        if "published" in final:
            counts = f"{final['published']} published, {final['refused']} refused"
            print_pace(final)
        else:
            counts = f"{final['read']} read, {final['missed']} missed"
            if final["missed"]:
                failed.append(f"{name} missed {final['missed']}")
        print(f"{name:<20} {share:>7.1%} {first:>11} KiB {most:>7} KiB   {counts}")
        # Sketches may still find a value they have not seen.
        if most > first * 1.25 + 1024:
            failed.append(f"{name} grew from {first} to {most} KiB")
        if "read" in final and final["read"] != published[name.partition("-")[0]]:
            failed.append(f"{name} read {final['read']} of {published[name.partition('-')[0]]}")
    if failed:
        sys.exit("\n".join(failed))


def print_pace(final):
    pace = {key: value for key, value in final.items() if key not in ["ring", "final"]}
    print(f"  {json.dumps(pace)}")


if __name__ == "__main__":
    main()
