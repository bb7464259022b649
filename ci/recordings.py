"""Compares what the analyzers said with the recording itself."""

import csv
import json
import math
import sys

results = sys.argv[1]
name = "machine_temperature_system_failure.csv"
with open(f"data/nab/{name}") as file:
    rows = list(csv.DictReader(file))
values = sorted(float(row["value"]) for row in rows)
count = len(values)
mean = math.fsum(values) / count
std = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))


def quantile(p):
    place = p * (count - 1)
    below = int(place)
    above = min(below + 1, count - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


def last_object(file):
    with open(f"{results}/{file}") as lines:
        return json.loads(lines.readlines()[-1])


stats = last_object("stats.json")
assert (stats["read"], stats["missed"]) == (count, 0), stats
found = stats["fields"]["value"]
for key, expected, tolerance in [
    ("count", count, 0),
    ("mean", mean, 1e-9),
    ("std", std, 1e-9),
    ("min", values[0], 0),
    ("max", values[-1], 0),
    ("p50", quantile(0.5), 0.01),
    ("p99", quantile(0.99), 0.01),
]:
    error = abs(found[key] - expected) / abs(expected)
    print(f"{key:>5}  found {found[key]:<20}  expected {expected:<20}  relative error {error:.1e}")
    assert error <= tolerance, key
