"""Looking after rings."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import pyringbuf as rb


@pytest.fixture(autouse=True)
def directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # In memory, where `gc` sweeps.
    with tempfile.TemporaryDirectory(dir="/dev/shm") as made:
        monkeypatch.setenv("RINGBUF_DIR", made)
        yield Path(made)


def test_a_ring_is_described(directory: Path) -> None:
    dtype = [("t", "u8"), ("x", "f4")]
    with rb.Producer.create("ring", dtype, 8, units={"x": "m"}, clocks={"t": "unix"}) as producer:
        reader = rb.Reader.attach("ring", "bounded:5s", reader_name="slow")
        producer.publish_batch(np.zeros(5, producer.dtype))
        reader.read_into(np.zeros(3, reader.dtype))
        found = rb.info("ring")
        assert found.ring_id == rb.info(producer.path).ring_id
        assert (found.name, found.path, found.problem) == ("ring", directory / "ring.ring", None)
        assert (found.dtype, dict(found.units), dict(found.clocks)) == (
            producer.dtype,
            {"x": "m"},
            {"t": "unix"},
        )
        assert (found.capacity, found.published, found.oldest, found.epoch) == (8, 5, 0, 1)
        assert (found.producer, found.allow, found.when_full, found.refused) == (
            "live",
            "lossless",
            "wait",
            0,
        )
        assert found.frames is None
        assert found.stamped
        assert (found.in_place, found.is_on_disk, found.is_unverified) == (False, False, False)
        assert len(bytes.fromhex(found.ring_id)) == 16
        assert found.created_ns > 1_700_000_000 * 10**9
        assert found.file_bytes == sum(file.stat().st_size for file in directory.iterdir())
        assert found.readers is not None
        (slow,) = found.readers
        assert (slow.name, slow.delivery, slow.pid) == ("slow", "bounded:5s", os.getpid())
        assert (slow.lag, slow.is_alive, slow.is_demoted) == (2, True, False)
        assert slow.lag_time is not None
        assert slow.ledger is not None
        assert (slow.ledger.joined, slow.ledger.cursor, slow.ledger.read) == (0, 3, 3)
        assert slow.ledger.adds_up()
        reader.close()
    assert rb.info("ring").producer == "closed"


def test_a_ring_of_frames_is_described() -> None:
    with rb.FrameProducer.create("frames", 4096, frames=9) as producer:
        producer.publish(bytes(100))
        found = rb.info("frames")
    assert found.frames == rb.FramesInfo(arena=4096, kept_frames=1, kept_bytes=100)
    assert found.capacity == 9


def test_rings_are_listed_with_what_is_wrong_with_them(directory: Path) -> None:
    assert rb.rings() == []
    made = [rb.Producer.create(name, "u4", 4) for name in ("b", "a")]
    (directory / "c.ring").write_bytes(b"no ring")
    found = rb.rings()
    assert [ring.name for ring in found] == ["a", "b", "c"]
    assert [ring.producer for ring in found] == ["live", "live", ""]
    assert [ring.problem for ring in found[:2]] == [None, None]
    assert "c.ring" in (found[2].problem or "")
    with pytest.raises(rb.AttachError):
        rb.info("c")
    for producer in made:
        producer.close()


def test_a_ring_is_removed_when_nobody_has_it(directory: Path) -> None:
    producer = rb.Producer.create("ring", "u4", 4)
    with pytest.raises(rb.InUse, match="in use") as caught:
        rb.remove("ring")
    assert isinstance(caught.value, rb.InspectError)
    producer.close()
    reader = rb.Reader.attach("ring")
    rb.remove("ring")
    assert list(directory.iterdir()) == []
    with pytest.raises(rb.Removed):
        reader.read(timeout=10)
    reader.close()
    for look in (rb.remove, rb.info):
        with pytest.raises(rb.NotFound, match=r"pyringbuf\.rings") as missing:
            look("ring")
        assert isinstance(missing.value, FileNotFoundError)
        with pytest.raises(ValueError, match="name of a ring"):
            look("no name")


def test_what_the_dead_left_is_swept() -> None:
    with rb.Producer.create("alive", "u4", 4):
        script = "import os, pyringbuf as rb; p = rb.Producer.create('dead', 'u4', 4); os._exit(0)"
        subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
        assert rb.info("dead").producer == "died"
        for dry_run in (True, False):
            (swept,) = rb.gc(dry_run)
            assert (swept.path.name, swept.what, swept.fate) == ("dead.ring", "ring", "removed")
            assert swept.problem is None
            assert swept.nbytes > 0
        assert [ring.name for ring in rb.rings()] == ["alive"]
        assert rb.gc() == []


def test_paths(directory: Path) -> None:
    assert rb.path("imu") == directory / "imu.ring"
    assert rb.path(Path("/data/run7")) == Path("/data/run7.ring")
    for wrong in ("", "a b", "a\0b", ".hidden"):
        with pytest.raises(ValueError, match="ring"):
            rb.path(wrong)
    for wrong in (None, 5):
        with pytest.raises(TypeError):
            rb.path(wrong)  # type: ignore[arg-type]


def test_versions() -> None:
    assert rb.FORMAT_VERSION == 1
    assert rb.__version__.count(".") == 2


def test_removing_what_may_be_gone() -> None:
    with pytest.raises(rb.NotFound):
        rb.remove("nowhere")
    rb.remove("nowhere", missing_ok=True)
    with rb.Producer.create("here", "u8", retain=4), pytest.raises(rb.InUse):
        rb.remove("here", missing_ok=True)
    rb.remove("here", missing_ok=True)
    assert not rb.path("here").exists()
