"""What the README of the repository shows of Python, as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)


def start(block: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", block], stdout=subprocess.PIPE, text=True)


def test_the_producer_and_the_reader_are_two_processes() -> None:
    producer, reader = map(start, blocks()[:2])
    printed, _ = reader.communicate(timeout=50)
    producer.communicate(timeout=10)
    assert (producer.returncode, reader.returncode) == (0, 0)
    *batches, ledger = printed.splitlines()
    assert "read=10000, missed=0" in ledger
    assert sum(int(line.split()[0]) for line in batches) == 10_000


def test_a_frame_is_published_where_it_lies() -> None:
    *_, frames = blocks()
    printed, _ = start(frames).communicate(timeout=50)
    assert printed == "(480, 640, 3) 1 128.0\n"
