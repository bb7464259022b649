"""What the tests share: a directory of rings for each, other processes, and the programs of the Rust half."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Nothing in a test waits longer for what must happen, however slow the machine is.
LIMIT = 30.0

SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture(autouse=True)
def rings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the rings of this test and its processes are: never the user's, and gone afterwards."""
    directory = tempfile.mkdtemp(
        prefix="ringbuf-python-", dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    )
    monkeypatch.setenv("RINGBUF_DIR", directory)
    yield Path(directory)
    shutil.rmtree(directory, ignore_errors=True)


def eventually(condition: Callable[[], object], limit: float = LIMIT) -> None:
    """Waits for something that must become true."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.002)


class Child:
    """Another Python process."""

    def __init__(self, code: str, *arguments: str) -> None:
        command = [sys.executable, "-X", "faulthandler", "-W", "error", "-c", code, *arguments]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def line(self) -> str:
        """What it prints next."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        return line.strip()

    def say(self, line: str = "") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self) -> tuple[int, str, str]:
        """Its exit code, and all that it has said."""
        out, err = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, out, err


@pytest.fixture
def child() -> Iterator[Callable[..., Child]]:
    children = []

    def start(code: str, *arguments: str) -> Child:
        children.append(Child(code, *arguments))
        return children[-1]

    yield start
    for each in children:
        each.process.kill()
        each.process.communicate()


@pytest.fixture(scope="session")
def programs() -> Path:
    """Where the programs lie: in RINGBUF_PROGRAMS, or built here."""
    if built := os.environ.get("RINGBUF_PROGRAMS"):
        return Path(built)
    root = Path(__file__).parents[2]
    if shutil.which("cargo") is None or not (root / "producer").is_dir():
        pytest.skip("neither RINGBUF_PROGRAMS nor cargo and the sources are here")
    command = ["cargo", "build", "-q", "--no-default-features", "-p", "producer", "-p", "consumer"]
    subprocess.run(command, cwd=root, check=True, stderr=subprocess.DEVNULL)
    target = os.environ.get("CARGO_TARGET_DIR", "target")
    return root / target / "debug"
