"""What everybody does wrong at first, and that the message says what to do instead."""

from typing import Any

import numpy as np
import pandas
import polars
import pyarrow
import pytest

import pyringbuf as rb


@pytest.mark.parametrize("delivery", ["lossy", "lossless"])
def test_a_ring_of_frames_is_no_ring_of_records(delivery: str) -> None:
    with rb.FrameProducer.create("frames", 1 << 16) as producer:
        for dtype in (None, "f8"):
            with pytest.raises(rb.SchemaMismatch, match=r"holds frames.*FrameReader\.attach"):
                rb.Reader.attach("frames", delivery, dtype=dtype)
        assert producer.registered_readers == 0


def test_records_that_look_like_what_is_noted_of_frames_are_records() -> None:
    with rb.FrameProducer.create("frames", 1 << 16):
        noted = rb.info("frames").dtype
    with rb.Producer.create("records", noted, 4) as producer, rb.Reader.attach("records") as reader:
        producer.publish_batch(np.zeros(3, noted))
        batch = reader.read()
        assert batch is not None
        assert len(batch) == 3


@pytest.mark.parametrize(
    "create", [lambda: rb.Producer.create("ring", "f8", 4), lambda: rb.FrameProducer.create("ring")]
)
def test_a_line_that_is_run_twice_is_told_who_has_the_ring(create: Any) -> None:
    first = create()
    with pytest.raises(rb.InUse, match=r"living producer in this process: close\(\) it first"):
        create()
    first.close()
    create().close()


@pytest.mark.parametrize(("mode", "octal"), [(600, "0o600"), (604, "0o604"), (640, "0o640"), (644, "0o644")])
def test_a_mode_in_decimal_digits(mode: int, octal: str) -> None:
    with pytest.raises(ValueError, match=f"mode={mode}, .* {octal}$"):
        rb.Producer.create("ring", "f8", 4, mode=mode)


@pytest.mark.parametrize("choice", ["stamp", "replace"])
@pytest.mark.parametrize("found", ["no", 0, 1, None])
def test_what_is_neither_true_nor_false(choice: str, found: Any) -> None:
    with pytest.raises(TypeError, match=f"found {choice}={found!r}, expected True or False"):
        rb.Producer.create("ring", "f8", 4, **{choice: found})
    rb.Producer.create("ring", "f8", 4, **{choice: np.False_}).close()


@pytest.mark.parametrize("argument", ["delivery", "wait", "reader_name"])
@pytest.mark.parametrize("found", [5, b"lossy", ["lossy"]])
def test_words_of_a_reader(argument: str, found: Any) -> None:
    with (
        rb.Producer.create("ring", "f8", 4),
        pytest.raises(TypeError, match=f"found {argument}=.*expected a str"),
    ):
        rb.Reader.attach("ring", **{argument: found})


@pytest.mark.parametrize(
    ("tags", "error"),
    [(1, TypeError), (["a"], TypeError), ([-1], ValueError), ([1 << 64], ValueError)],
)
def test_tags_that_no_frame_can_have(tags: Any, error: type[Exception]) -> None:
    with rb.FrameProducer.create("ring"), pytest.raises(error, match=r"found tags=.*expected the tags"):
        rb.FrameReader.attach("ring", tags=tags)


def test_tags_of_numpy() -> None:
    with (
        rb.FrameProducer.create("ring") as producer,
        rb.FrameReader.attach("ring", tags=np.arange(2)) as reader,
    ):
        for tag in (2, 1):
            producer.publish(b"", tag)
        frame = reader.read()
        assert frame is not None
        assert frame.tag == 1


@pytest.mark.parametrize("use", [rb.info, rb.path, rb.remove, rb.Reader.attach, rb.FrameProducer.create])
def test_a_name_of_bytes_is_none(use: Any) -> None:
    with pytest.raises(TypeError, match=r"found the name b'ring' \(bytes\), expected a str or a path"):
        use(b"ring")


COLUMNS = {"n": [1, 2], "x": [0.5, 1.5]}


@pytest.mark.parametrize(
    "table", [COLUMNS, pandas.DataFrame(COLUMNS), polars.DataFrame(COLUMNS), pyarrow.table(COLUMNS)]
)
def test_a_table_goes_by_its_columns(table: Any) -> None:
    with rb.Producer.create("ring", [("n", "i4"), ("x", "f8")], 4) as producer:
        with pytest.raises(TypeError, match=r"found a table .*array\[name\] = table\[name\]"):
            producer.publish_batch(table)
        # As the message says:
        array = np.empty(2, producer.dtype)
        for name in producer.dtype.names or ():
            array[name] = table[name]
        assert producer.publish_batch(array) == 2


def test_rows_of_plain_numbers() -> None:
    from numpy.lib.recfunctions import unstructured_to_structured

    rows = np.array([[1, 0.5], [2, 1.5], [3, 2.5]])
    with rb.Producer.create("ring", [("n", "i4"), ("x", "f8")], 4) as producer:
        with pytest.raises(TypeError, match=r"unstructured_to_structured\(array, producer.dtype\)"):
            producer.publish_batch(rows)
        assert producer.publish_batch(unstructured_to_structured(rows, producer.dtype)) == 3
