"""Tables of other libraries, by their ordinary constructors."""

from typing import Any

import numpy as np
import pytest

import pyringbuf as rb

FLAT = np.dtype([("n", "u8"), ("x", "f4"), ("y", "i2")])
DEEP = np.dtype([("n", "u8"), ("t", "M8[ns]"), ("accel", "f4", (3,)), ("m", "i2", (2, 2)), ("label", "S8")])


def batch_of(dtype: np.dtype[Any], delivery: str) -> tuple[Any, Any, Any]:
    producer = rb.Producer.create("table", dtype, retain=1000)
    reader = rb.Reader.attach("table", delivery)
    sent = np.zeros(100, dtype)
    generator = np.random.default_rng(3)
    for name in dtype.names or ():
        if dtype[name].base.kind == "S":
            sent[name] = [b"row %d" % n for n in range(100)]
        else:
            sent[name] = generator.integers(0, 1000, sent[name].shape)
    producer.publish_batch(sent)
    return producer, reader.read(), sent


@pytest.fixture(params=["lossy", "lossless"])
def delivery(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_pandas(delivery: str) -> None:
    pd = pytest.importorskip("pandas")
    _keep, batch, sent = batch_of(FLAT, delivery)
    expected = pd.DataFrame({name: sent[name].copy() for name in FLAT.names or ()})
    pd.testing.assert_frame_equal(pd.DataFrame(batch.records), expected)
    pd.testing.assert_frame_equal(pd.DataFrame(batch.columns()), expected)
    pd.testing.assert_frame_equal(pd.DataFrame.from_records(batch.records), expected)


def test_pandas_of_columns(delivery: str) -> None:
    pd = pytest.importorskip("pandas")
    _keep, batch, sent = batch_of(DEEP, delivery)
    frame = pd.DataFrame(batch.columns())
    assert list(frame.columns) == [
        *("n", "t", "accel[0]", "accel[1]", "accel[2]"),
        *("m[0][0]", "m[0][1]", "m[1][0]", "m[1][1]", "label"),
    ]
    assert frame["t"].dtype == "M8[ns]"
    assert (frame["t"].to_numpy() == sent["t"]).all()
    assert (frame["m[1][0]"].to_numpy() == sent["m"][:, 1, 0]).all()
    assert frame["label"].tolist() == sent["label"].tolist()
    assert (frame.set_index("t").index == sent["t"]).all()


def test_polars(delivery: str) -> None:
    pl = pytest.importorskip("polars")
    from polars.testing import assert_frame_equal

    _keep, batch, sent = batch_of(FLAT, delivery)
    expected = pl.DataFrame({name: sent[name].copy() for name in FLAT.names or ()})
    assert_frame_equal(pl.DataFrame(batch.columns()), expected)
    assert_frame_equal(pl.DataFrame(batch.records), expected)
    batch.release() if delivery == "lossy" else None
    _keep, batch, sent = batch_of_again(delivery)
    found = pl.DataFrame({name: column for name, column in batch.columns().items() if name != "label"})
    assert (found["accel[2]"].to_numpy() == sent["accel"][:, 2]).all()
    assert (found["t"].to_numpy() == sent["t"]).all()


def batch_of_again(delivery: str) -> tuple[Any, Any, Any]:
    producer = rb.Producer.create("deep", DEEP, retain=1000)
    reader = rb.Reader.attach("deep", delivery)
    sent = np.zeros(100, DEEP)
    sent["accel"] = np.random.default_rng(4).random((100, 3))
    sent["t"] = np.arange(100)
    producer.publish_batch(sent)
    return producer, reader.read(), sent


def test_pyarrow(delivery: str) -> None:
    pa = pytest.importorskip("pyarrow")
    _keep, batch, sent = batch_of(DEEP, delivery)
    table = pa.table(batch.columns())
    for name in ("n", "t"):
        assert (table[name].to_numpy() == sent[name]).all()
    for i in range(3):
        assert (table[f"accel[{i}]"].to_numpy() == sent["accel"][:, i]).all()
    assert table["label"].to_pylist() == sent["label"].tolist()
    assert table.num_rows == 100


def test_tables_of_an_empty_batch() -> None:
    pd = pytest.importorskip("pandas")
    pa = pytest.importorskip("pyarrow")
    with rb.Producer.create("table", DEEP, retain=16) as producer:
        reader = rb.Reader.attach("table", "bounded:1ms")
        producer.publish_batch(np.zeros(100, DEEP), timeout=30)
        batch = reader.read()
        while batch is not None and len(batch):
            batch = reader.read()
        assert batch is not None
        assert batch.events or batch.missed
        assert len(pd.DataFrame(batch.columns())) == 0
        assert pa.table(batch.columns()).num_rows == 0
        assert batch.records.dtype == DEEP
        assert batch.sequences.tolist() == []
        assert len(batch.published) == 0
