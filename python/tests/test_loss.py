"""What a reader is told that it missed, and what happened."""

import logging

import numpy as np
import pytest
from conftest import LIMIT
from rings_of import plain, values

import pyringbuf as rb


class TestLoss:
    def test_what_was_missed_is_exact(self) -> None:
        producer = plain(retain=64)
        reader = rb.Reader.attach("plain", "lossy")
        generator = np.random.default_rng(7)
        next_value, got, missed = 0, 0, 0
        for _ in range(200):
            count = int(generator.integers(0, 200))
            producer.publish_batch(np.arange(next_value, next_value + count, dtype="u8"))
            next_value += count
            while True:
                try:
                    batch = reader.read(timeout=0)
                except TimeoutError:
                    break
                assert batch is not None
                missed += batch.missed
                if len(batch):
                    # What was missed lies right in front of it, and nothing is missing within.
                    assert batch.first_sequence == got + missed
                    assert (batch["value"] == batch.sequences).all()
                got += len(batch)
            assert got + missed == next_value
            assert reader.missed == missed
            assert reader.ledger.adds_up()
        assert missed > 0
        assert got > 0

    def test_iterating_tells_all_that_was_missed(self) -> None:
        producer = plain(retain=16)
        reader = rb.Reader.attach("plain", "lossy")
        for n in range(100):
            producer.publish(n)
        producer.close()
        batches = list(reader)
        assert all(len(batch) for batch in batches)
        assert sum(batch.missed + len(batch) for batch in batches) == 100

    def test_a_bounded_reader_is_demoted_and_joins_again(self) -> None:
        producer = plain(retain=16)
        reader = rb.Reader.attach("plain", "bounded:20ms")
        assert reader.delivery.startswith("bounded")
        assert not reader.is_demoted
        producer.publish_batch(np.arange(100, dtype="u8"), timeout=LIMIT)
        events, got, missed = [], 0, 0
        while got + missed < 100:
            batch = reader.read(timeout=1)
            assert batch is not None
            events += batch.events
            got, missed = got + len(batch), missed + batch.missed
        assert [event.kind for event in events] == ["demoted"]
        assert reader.events == tuple(events)
        assert reader.is_demoted
        assert missed == reader.missed > 0
        # It holds nobody now.
        producer.publish_batch(np.arange(100, 200, dtype="u8"), timeout=1)
        reader.rejoin()
        assert not reader.is_demoted
        values(reader)
        assert reader.ledger.adds_up()
        with pytest.raises(rb.Full):
            producer.publish_batch(np.arange(40, dtype="u8"), timeout=0)


def test_events_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    producer = plain(retain=16)
    reader = rb.Reader.attach("plain", "bounded:20ms")
    producer.publish_batch(np.arange(100, dtype="u8"), timeout=LIMIT)
    producer.close()
    with caplog.at_level("WARNING", "pyringbuf"):
        assert all(len(batch) for batch in reader)
    assert [record.name for record in caplog.records] == ["pyringbuf"]
    assert "plain" in caplog.text


def test_what_read_brings_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    producer = plain(retain=16)
    reader = rb.Reader.attach("plain", "bounded:20ms")
    producer.publish_batch(np.arange(100, dtype="u8"), timeout=LIMIT)
    producer.close()
    with caplog.at_level("WARNING", "pyringbuf"):
        batches = list(iter(reader.read, None))
    assert [str(event)[:11] for batch in batches for event in batch.events] == ["this reader"]
    assert not caplog.records


@pytest.mark.parametrize("is_iterating", [True])
def test_a_log_that_fails_loses_nothing(is_iterating: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    producer = plain(retain=16)
    reader = rb.Reader.attach("plain", "bounded:20ms")
    producer.publish_batch(np.arange(100, dtype="u8"), timeout=LIMIT)
    producer.close()
    batches = []

    def read_all() -> None:
        while (batch := next(reader, None) if is_iterating else reader.read()) is not None:
            batches.append(batch)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(logging.getLogger("pyringbuf"), "warning", fail)
        with pytest.raises(KeyboardInterrupt):
            read_all()
    read_all()
    assert [event.kind for batch in batches for event in batch.events] == ["demoted"]
    assert [event.kind for event in reader.events] == ["demoted"]
    assert sum(len(batch) + batch.missed for batch in batches) == 100
