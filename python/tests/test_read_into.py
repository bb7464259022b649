"""Reading into memory of one's own."""

import threading
import time

import numpy as np
import pytest
from conftest import LIMIT, eventually
from rings_of import RECORD, plain, rows, values

import pyringbuf as rb


class TestReadInto:
    def test_it_fills_the_front(self) -> None:
        producer = rb.Producer.create("into", RECORD, retain=64)
        for delivery in ("lossy", "bounded:10s", "lossless"):
            reader = rb.Reader.attach("into", delivery, start="now")
            first = producer.published
            producer.publish_batch(rows(first, 5))
            out = rows(1000, 8)
            count = 0
            while count < 5:
                n = reader.read_into(out[count:], timeout=1)
                assert reader.cursor == first + count + n
                count += n
            assert (out[:5] == rows(first, 5)).all()
            with pytest.raises(TimeoutError):
                reader.read_into(out, timeout=0)
            assert reader.ledger.adds_up()
            reader.close()
        producer.close()
        end = rb.Reader.attach("into")
        assert end.read_into(np.empty(1, end.dtype)) == 0

    def test_it_takes_what_fits(self) -> None:
        producer = plain()
        producer.publish_batch(np.arange(50, dtype="u8"))
        for delivery in ("lossy", "lossless"):
            reader = rb.Reader.attach("plain", delivery, start=0)
            for n in range(50):
                out = np.zeros(1, reader.dtype)
                assert reader.read_into(out) == 1
                assert out["value"][0] == n
            reader.close()

    @pytest.mark.parametrize("delivery", ["lossy", "lossless"])
    def test_it_takes_any_bytes_in_one_piece(self, delivery: str) -> None:
        producer = plain()
        reader = rb.Reader.attach("plain", delivery)
        for out in (
            bytearray(8),
            bytearray(23),
            memoryview(bytearray(16)),
            np.empty((2, 2), reader.dtype),
            np.empty(2, reader.dtype)[:1],
        ):
            producer.publish(7)
            assert reader.read_into(out) == 1
            assert bytes(out)[:8] == (7).to_bytes(8, "little")

    @pytest.mark.parametrize("delivery", ["lossy", "lossless"])
    def test_it_refuses_the_rest(self, delivery: str) -> None:
        producer = plain()
        reader = rb.Reader.attach("plain", delivery)
        producer.publish(7)
        const = np.empty(4, reader.dtype)
        const.flags.writeable = False
        for out, error in [
            (np.empty(4, "u8"), TypeError),
            (np.empty(4, "i8"), TypeError),
            (np.empty(4, [("value", "<i8")]), TypeError),
            (np.empty(4, reader.dtype)[::2], (ValueError, BufferError)),
            (np.empty((4, 4), reader.dtype).T[1:], (ValueError, BufferError)),
            (const, (ValueError, BufferError)),
            (bytes(8), (TypeError, BufferError)),
            (memoryview(bytes(8)), (TypeError, BufferError)),
            (bytearray(7), ValueError),
            (bytearray(), ValueError),
            (np.empty(0, reader.dtype), ValueError),
            (None, TypeError),
            ("text", TypeError),
            ([0], TypeError),
            (8, TypeError),
        ]:
            with pytest.raises(error):
                reader.read_into(out, timeout=0)  # type: ignore[arg-type]
        assert reader.cursor == 0
        assert values(reader) == [7]

    def test_more_than_there_will_ever_be(self) -> None:
        producer = plain(retain=1000)
        reader = rb.Reader.attach("plain", "lossy")
        producer.publish_batch(np.arange(900, dtype="u8"))
        out = np.full(1 << 20, 1, reader.dtype)
        count = reader.read_into(out)
        assert (out["value"][:count] == np.arange(count)).all()

    def test_the_time_is_that_of_the_whole_call(self) -> None:
        _producer = plain()
        reader = rb.Reader.attach("plain")
        begin = time.monotonic()
        with pytest.raises(TimeoutError):
            reader.read_into(np.empty(1, reader.dtype), timeout=0.3)
        assert time.monotonic() - begin >= 0.3

    def test_the_memory_cannot_be_taken_away(self) -> None:
        """A bytearray cannot be resized while somebody reads into it."""
        producer = plain()
        reader = rb.Reader.attach("plain")
        out = bytearray(8)
        thread = threading.Thread(target=lambda: reader.read_into(out, LIMIT))
        thread.start()

        def is_lent() -> bool:
            try:
                out.append(0)
                out.pop()
            except BufferError:
                return True
            return False

        eventually(is_lent)
        producer.publish(9)
        thread.join()
        assert out[0] == 9
        out.append(0)
