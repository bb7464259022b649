"""Scores what `analyzer anomaly` found against the labels of the recordings, and two trivial detectors beside it.

usage: anomalies.py DIRECTORY with machine.json, ambient.json, broad.json and imu.json: what the analyzer wrote with
--json and otherwise as it comes.

Beside it stand two trivial detectors: more than three standard deviations from the mean of all values before, and as
many episodes at random places. Of the fields of a recording the figures are added up.

- A finding is one value, or the place where a change begins. Findings of a field at most 64 records apart are one
  episode: what a person hears of once.
- A labelled window is found by a finding in it, or within 64 records of it (a block of the analyzer: windows do not
  begin more exactly than that, and places of changes are estimates). An episode without such a finding is outside.
"""

import csv
import json
import math
import random
import sys

QUIET = 64
WARM_UP = 64
ROUNDS = 200


class Recording:
    def __init__(self, name, path, windows_of):
        """`windows_of` gives the labelled windows, as first row and the one behind the last."""
        with open(path) as file:
            self.rows = list(csv.DictReader(file))
        self.name = name
        self.windows = windows_of(self.rows)
        self.label = [None] * len(self.rows)
        for i, (begin, end) in enumerate(self.windows):
            begin, end = max(begin - QUIET, 0), min(end + QUIET, len(self.rows))
            self.label[begin:end] = [i] * (end - begin)
        names = list(self.rows[0])
        self.fields = [field for field in names[1:] if field != "movement"]
        self.values = {field: [float(row[field]) for row in self.rows] for field in self.fields}


def nab(name):
    """The windows of the benchmark, as spans of rows."""
    with open("data/nab/combined_windows.subset.json") as file:
        labels = json.load(file)[f"realKnownCause/{name}"]

    def windows(rows):
        spans = []
        for begin, end in labels:
            inside = [i for i, row in enumerate(rows) if begin[:19] <= row["timestamp"] <= end[:19]]
            spans.append((inside[0], inside[-1] + 1))
        return spans

    return windows


def movement(rows):
    """Where the recording says that the sensor moves."""
    moves = [row["movement"] == "1" for row in rows] + [False]
    edges = [i for i in range(len(moves)) if moves[i] != (i > 0 and moves[i - 1])]
    return list(zip(edges[::2], edges[1::2]))


def episodes_of(places):
    """First and last record of each."""
    episodes = []
    for place in sorted(places):
        if episodes and place - episodes[-1][1] <= QUIET:
            episodes[-1][1] = place
        else:
            episodes.append([place, place])
    return episodes


class Score:
    def __init__(self, recording, places):
        label = recording.label
        self.findings = len(places)
        self.inside = [sum(label[place] == i for place in places) for i in range(len(recording.windows))]
        self.found = sum(count > 0 for count in self.inside)
        self.outside = sum(label[place] is None for place in places)
        self.normal = label.count(None)
        self.episodes = episodes_of(places)
        # An episode that is partly in a window has something to do with it.
        is_outside = lambda first, last: all(label[i] is None for i in range(first, last + 1))
        self.false_alarms = sum(is_outside(*episode) for episode in self.episodes)
        first = lambda i: min((place for place in places if label[place] == i), default=None)
        begins = [window[0] for window in recording.windows]
        self.delays = [None if first(i) is None else first(i) - begin for i, begin in enumerate(begins)]

    @property
    def flagged(self):
        return self.outside / self.normal if self.normal else math.nan


def three_sigma(values):
    """More than three standard deviations from the mean of all values before (Welford)."""
    places, count, mean, squares = [], 0, 0.0, 0.0
    for i, value in enumerate(values):
        if count >= WARM_UP and abs(value - mean) > 3 * math.sqrt(squares / (count - 1)):
            places.append(i)
        count += 1
        difference = value - mean
        mean += difference / count
        squares += difference * (value - mean)
    return places


def by_chance(recording, findings):
    """Windows that so many findings at random places are in, on average."""
    source = random.Random(1)
    size = len(recording.rows)
    hits = 0
    for _ in range(ROUNDS):
        hits += len({recording.label[source.randrange(size)] for _ in range(findings)} - {None})
    return hits / ROUNDS


def read(path):
    points, changes, last = {}, {}, None
    with open(path) as lines:
        for line in lines:
            line = json.loads(line)
            if "score" not in line:
                last = line
            elif line["why"] == "change":
                changes.setdefault(line["field"], []).append(line)
            else:
                points.setdefault(line["field"], []).append(line)
    assert last and last["final"] and last["missed"] == 0, last
    return points, changes, last


def row(recording, what, scores):
    """Of all fields together."""
    windows, total = len(recording.windows), len(recording.windows) * len(scores)
    episodes = sum(len(score.episodes) for score in scores)
    findings = sum(score.findings for score in scores)
    cells = [recording.name, what, f"{episodes:,}", f"{findings:,}"]
    if windows:
        found = sum(score.found for score in scores)
        chance = sum(by_chance(recording, len(score.episodes)) for score in scores)
        false_alarms = sum(score.false_alarms for score in scores)
        flagged = sum(score.outside for score in scores) / sum(score.normal for score in scores)
        delays = sorted(delay for score in scores for delay in score.delays if delay is not None)
        if len(scores) == 1:
            late = ", ".join("-" if delay is None else f"{delay:+}" for delay in scores[0].delays)
        else:
            late = f"median {delays[len(delays) // 2]:+}, {delays[0]:+} to {delays[-1]:+}" if delays else "-"
        cells += [f"{found} of {total}", f"{chance:.1f}", f"{false_alarms:,}", f"{flagged:.2%}", late]
    else:
        cells += ["no labels", "-", "-", "-", "-"]
    print("| " + " | ".join(cells) + " |")


def main(results):
    recordings = [
        Recording("machine", "data/nab/machine_temperature_system_failure.csv",
                  nab("machine_temperature_system_failure.csv")),
        Recording("ambient", "data/nab/ambient_temperature_system_failure.csv",
                  nab("ambient_temperature_system_failure.csv")),
        Recording("broad", "data/broad/24_disturbed_tapping_A.csv", movement),
        Recording("imu", "data/xio-fusion/sensor_data.csv", lambda rows: []),
    ]
    print("| recording | detector | episodes | findings | windows found | by chance | episodes outside "
          "| of normal records flagged | first finding, records after the window begins |")
    print("| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | --- |")
    scores, begins = {}, {}
    for recording in recordings:
        points, changes, last = read(f"{results}/{recording.name}.json")
        detectors = {
            "values": lambda field: [line["sequence"] for line in points.get(field, [])],
            "changes": lambda field: [line["sequence"] for line in changes.get(field, [])],
            "3 sigma": lambda field: three_sigma(recording.values[field]),
        }
        for what, places in detectors.items():
            of_fields = {field: Score(recording, places(field)) for field in recording.fields}
            scores[recording.name, what] = of_fields
            row(recording, what, list(of_fields.values()))
        for field in recording.fields:
            counts, values = last["fields"][field], scores[recording.name, "values"][field]
            begins[recording.name, field] = detectors["changes"](field)
            assert counts["anomalies"] == values.findings, counts
            assert counts["episodes"] == len(values.episodes), counts
            assert counts["changes"] == len(begins[recording.name, field]), counts
            assert counts["judged"] + counts["not_judged"] == len(recording.rows), counts
    check(recordings, scores, begins)


def check(recordings, scores, begins):
    """Loosely: so that it cannot get much worse unnoticed."""
    machine = scores["machine", "values"]["value"]
    # The second window is the planned shutdown, the last one the failure; the other two are subtle.
    assert machine.inside[1] > 10 and machine.inside[3] > 10, machine.inside
    assert machine.flagged < 0.015 and machine.false_alarms <= 20, (machine.flagged, machine.false_alarms)
    changes = scores["machine", "changes"]["value"]
    assert changes.inside[3] == 2 and changes.false_alarms <= 2, (changes.inside, changes.false_alarms)
    assert scores["ambient", "values"]["value"].false_alarms <= 6
    assert scores["ambient", "changes"]["value"].findings == 0
    broad = recordings[2]
    [(moves, _)] = broad.windows
    for field in broad.fields:
        found = begins["broad", field]
        near = [begin for begin in found if abs(begin - moves) < 700]
        assert near, f"{field}: the movement begins at {moves}, changes: {found}"
        assert all(begin > moves - 200 for begin in found), f"{field}: changes at rest: {found}"


main(sys.argv[1])
