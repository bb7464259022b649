"""The example scripts as people run them: what they say, and that they leave nothing behind."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import pyringbuf as rb

# Each starts up to six processes.
pytestmark = pytest.mark.timeout(120)

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("[a-k]_*.py"))

# Small, and what must be among the lines each prints: regular expressions, in this order.
RUNS: dict[str, tuple[list[str], list[str]]] = {
    "a_real_time_analyzer.py": (
        ["--rate", "200", "--seconds", "1"],
        [
            "anomaly: sample 24 is 22.9",
            "away for two laps: 20000 .*, 10000 found, 10000 missed, to the sample",
        ],
    ),
    "a_real_time_analyzer_stdlib.py": (
        ["--rate", "200", "--seconds", "1"],
        ["a whole lap between two looks: 10000 samples written, 0 found, nobody is told"],
    ),
    "b_flow_control.py": (
        ["--speed", "20"],
        [
            "20 items, in order",
            "the producer waited .* s, the consumer was [1-5] of 5 behind at most",
            "refused to wait: .*slow.*",
            "the consumer was killed: the producer went on, 20 more items",
        ],
    ),
    "b_flow_control_stdlib.py": (
        ["--speed", "20"],
        ["20 items, in order", "the consumer was killed: .* put [56] of 20 items, then it waits for ever"],
    ),
    "c_life_cycle.py": (
        [],
        [
            "uint8:",
            "  attached too early: NotFound: .*",
            "  created twice: InUse: .*",
            "  attached as another type: SchemaMismatch: .*",
            "  continued as another type: Different: .*",
            r"  the other process reads \[1, 2, 3, 4\]",
            "  removed twice: NotFound: .*",
            "float64:",
            r"  the other process reads \[1.0, 2.0, 3.0, 4.0\]",
        ],
    ),
    "c_life_cycle_stdlib.py": (
        [],
        [
            "uint8:",
            r"  who attaches with u2 reads \[513, 1027\], and no error",
            "float64:",
            r"  this process reads \[1.0, 2.0, 3.0, 4.0\]",
        ],
    ),
    "d_big_array.py": (
        ["--mb", "4", "--arrays", "2", "--workers", "3"],
        [r"read in place +[\d.]+ ms, [\d.-]+ arrays of memory", "every sum was right"],
    ),
    "d_big_array_stdlib.py": (
        ["--mb", "4", "--arrays", "2", "--workers", "3"],
        [
            r"through shared_memory +[\d.]+ ms, [\d.-]+ arrays of memory",
            r"pickled to a Pool +[\d.]+ ms, [\d.-]+ arrays of memory",
            "every sum was right",
        ],
    ),
    "e_image_pipeline.py": (
        ["--size", "64x50", "--count", "5", "--workers", "3", "--out", "made"],
        [
            "5 pictures: .* ms each by 3 workers, .* ms alone",
            "saved in made",
            "the same as in one process, to the pixel",
        ],
    ),
    "e_image_pipeline_stdlib.py": (
        ["--size", "64x50", "--count", "5", "--workers", "3", "--out", "made"],
        [
            r"in place, .* rows \[\d+, .*\] are wrong, at the seams",
            "the same as in one process, to the pixel",
        ],
    ),
    "f_matrix.py": (
        ["--size", "60", "--workers", "3"],
        [r"worker \[2\] was killed: told at once; complete: the rows of \[0, 1\]", "the same, to the bit"],
    ),
    "f_matrix_stdlib.py": (
        ["--size", "60", "--workers", "3", "--patience", "1"],
        ["the same, to the bit", r"a worker was killed: nobody is told, \d+ rows of the product are empty"],
    ),
    "g_lost_update.py": (
        ["--times", "300"],
        ["a second producer: .*", "without a lock: 1200 of 1200, 0 lost"],
    ),
    "g_lost_update_stdlib.py": (
        ["--times", "300"],
        ["in slow motion: 1 of 4, 3 lost every time", "with a lock:    1200 of 1200, 0 lost, .*"],
    ),
    "h_leak.py": (
        [],
        [
            "its reader is told: .*",
            "gc would sweep nothing: .*",
            "a ring that lives cannot be removed",
            "gc swept the ring of the dead, which nobody reads any more",
            "nothing is left behind",
        ],
    ),
    "h_leak_stdlib.py": (
        [],
        [
            "owner and tracker killed: the block is still there, for ever",
            "a visitor attached and ended: the owner works on, its block was deleted under it",
        ],
    ),
    "i_mixed_types.py": (
        [],
        [
            "the ring says: .*'number', '<i4'.*'celsius', '<f4'.*'name', 'S8'.*",
            "  1: kitchen, 21.5 °C",
            "  3: garden, -7.25 °C",
            "float first: .*",
        ],
    ),
    "i_mixed_types_stdlib.py": (
        [],
        [r"while the next is being written: \(2, 4.0, 'kitchen'\), which nobody ever measured"],
    ),
    "j_layout.py": (
        ["--count", "10000"],
        [
            "a field of records  a value every 32 bytes, sum 49995000, .* ms",
            "a ring of its own   a value every  8 bytes, sum 49995000, .* ms",
        ],
    ),
    "j_layout_stdlib.py": (
        ["--count", "10000"],
        ["one piece:        sum 49995000, .* ms", "the wrong layout: sum .*, and no error"],
    ),
    "k_on_disk.py": (
        [],
        [
            r"another process reads 128 values \(\d+ bytes\): closed",
            r"another process reads 256 values \(\d+ bytes\): .*producer-died.*",
        ],
    ),
    "k_on_disk_stdlib.py": (
        [],
        ["killed in the second round: 64 new values, 64 old ones, and nothing says which"],
    ),
}


def start(script: str, arguments: list[str], where: Path) -> subprocess.Popen[str]:
    """A script at work, with all its processes in a group of their own."""
    return subprocess.Popen(
        [sys.executable, EXAMPLES / script, *arguments],
        cwd=where,
        env={**os.environ, "PYTHONWARNINGS": "default"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What it says on stdout and on stderr until all its processes have ended."""
    try:
        return process.communicate(timeout=50)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise


def run(script: str, arguments: list[str], where: Path) -> tuple[str, int]:
    """What a script says that ends well; and the number of its process."""
    process = start(script, arguments, where)
    out, err = finish(process)
    assert process.returncode == 0, out + err
    # What happens to a producer is logged; nothing else has anything to say.
    assert [line for line in err.splitlines() if not line.startswith("ring ")] == [], err
    return out, process.pid


def workers_of(process: int) -> list[int]:
    """Its child processes, but for the one that looks after what they leave behind."""
    children = [
        int(child)
        for path in Path(f"/proc/{process}/task").glob("*/children")
        for child in path.read_text().split()
    ]
    return [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.fixture(params=["d_big_array.py", "e_image_pipeline.py"])
def at_work(request: pytest.FixtureRequest, rings: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A script in the middle of very much work."""
    ring, arguments = {
        "d_big_array.py": ("d-array", ["--mb", "0.5", "--arrays", "1000000"]),
        "e_image_pipeline.py": ("e-pictures", ["--size", "32x24", "--count", "1000000"]),
    }[request.param]
    process = start(request.param, arguments, tmp_path)
    try:
        published = 0
        for _ in range(1500):
            with contextlib.suppress(rb.Error):
                published = rb.info(rings / f"{ring}-{process.pid}").published
            if published > 4:
                break
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        assert published > 4
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("which", [0, -1])
def test_a_worker_that_dies_ends_it_with_an_error(
    which: int, at_work: subprocess.Popen[str], rings: Path
) -> None:
    workers = workers_of(at_work.pid)
    assert len(workers) >= 4
    os.kill(workers[which], signal.SIGKILL)
    _, err = finish(at_work)
    assert at_work.returncode == 1, err
    assert re.search("^(array|picture) .*(sum of squares is|a part is missing)", err, re.MULTILINE), err
    assert os.listdir(rings) == []


@pytest.mark.parametrize("at_work", ["d_big_array.py"], indirect=True)
def test_its_workers_end_when_it_is_killed(at_work: subprocess.Popen[str]) -> None:
    at_work.kill()
    finish(at_work)  # they have its output
    assert at_work.returncode == -signal.SIGKILL


def test_ctrl_c_ends_it_and_leaves_nothing_behind(at_work: subprocess.Popen[str], rings: Path) -> None:
    os.killpg(at_work.pid, signal.SIGINT)
    _, err = finish(at_work)
    assert at_work.returncode == -signal.SIGINT, err
    assert os.listdir(rings) == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_it_does_what_it_says_and_leaves_nothing_behind(script: str, rings: Path, tmp_path: Path) -> None:
    arguments, expected = RUNS[script]
    out, process = run(script, arguments, tmp_path)
    lines = iter(out.splitlines())
    for pattern in expected:
        assert any(re.fullmatch(pattern, line) for line in lines), (
            f"no line {pattern!r} (in this order) in:\n{out}"
        )
    assert os.listdir(rings) == []
    # Blocks and directories of the scripts are named after what they do and the process.
    assert [
        name for name in os.listdir("/dev/shm") if re.fullmatch(rf"[a-k]-\w+-{process}(-.*)?", name)
    ] == []
    assert not list(Path(tempfile.gettempdir()).glob(f"k-disk-{process}-*"))


@pytest.mark.parametrize("script", ["e_image_pipeline.py", "e_image_pipeline_stdlib.py"])
def test_pictures_are_saved(script: str, tmp_path: Path) -> None:
    run(script, ["--size", "32x20", "--count", "2", "--workers", "2", "--out", "made"], tmp_path)
    assert sorted(os.listdir(tmp_path / "made")) == ["0000.ppm", "0001.ppm"]
    picture = (tmp_path / "made/0000.ppm").read_bytes()
    assert picture.startswith(b"P6 32 20 255\n")
    assert len(picture) == len(b"P6 32 20 255\n") + 32 * 20 * 3


@pytest.mark.parametrize("script", [name for name in SCRIPTS if "argparse" in (EXAMPLES / name).read_text()])
def test_it_explains_itself_on_one_screen(script: str, tmp_path: Path) -> None:
    help_text, _ = run(script, ["--help"], tmp_path)
    assert "default" in help_text
    assert len(help_text.splitlines()) <= 40


def test_there_is_a_twin_for_each_and_a_line_in_the_table() -> None:
    ours = [name for name in SCRIPTS if not name.endswith("_stdlib.py")]
    assert [name[0] for name in ours] == list("abcdefghijk")
    assert sorted(SCRIPTS) == sorted(RUNS)
    table = (EXAMPLES / "README.md").read_text()
    for name in ours:
        assert name.replace(".py", "_stdlib.py") in SCRIPTS
        assert table.count(f"`{name}`") == 1
