"""What every test has."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture(autouse=True)
def rings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the rings of this test and of the processes it starts are: never among the user's, and gone afterwards."""
    directory = tempfile.mkdtemp(
        prefix="ringbuf-python-", dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    )
    monkeypatch.setenv("RINGBUF_DIR", directory)
    yield Path(directory)
    shutil.rmtree(directory, ignore_errors=True)
