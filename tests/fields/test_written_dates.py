"""The bytes of a file tell at least the dates that its records tell."""

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calltools.fields import written_dates
from calltools.fields.date_order import see_dates
from calltools.fields.written_dates import find_written_dates

SIGNS = st.text("0123456789-./-./ T:'=\"\u00a0\u200b\u00adё", max_size=14)
DATES = st.builds(
    "{}{}{}{}{}{}{}".format,
    st.sampled_from(["", " ", "'", "p:", "\u200b", "\x1f", "1", "ё", "/"]),
    st.integers(0, 40) | st.integers(1900, 2100),
    st.sampled_from("-./"),
    st.integers(0, 40),
    st.sampled_from("-./"),
    st.integers(0, 40) | st.integers(1900, 20_000),
    st.sampled_from(["", " 10:00", "T10:00:00", "1", "\u00a010:00"]),
)


@given(st.lists(SIGNS | DATES, max_size=8), st.sampled_from(["utf-8", "cp1251", "cp1252"]), st.integers(1, 40))
@example(["12.03.2026", "2026-03-15"], "utf-8", 3)
@example(["0\u200b2.03.2026"], "utf-8", 40)
@example(["0\u00ad2.03.2026"], "cp1251", 40)
def test_no_date_of_a_column_is_missed(cells, encoding, size):
    data = ",".join(cells).encode(encoding, "ignore")
    column = [cell.decode(encoding) for cell in data.split(b",")]

    written = find_written_dates([memoryview(data[at : at + size]) for at in range(0, len(data), size)], encoding)

    assert written is None or written.covers(see_dates(pa.array(column)))


@pytest.mark.parametrize("before", [0, 5, 100])
def test_dates_at_the_borders_of_windows_are_found(monkeypatch, before):
    monkeypatch.setattr(written_dates, "_WINDOW_BYTES", 32)
    for shift in range(40):
        data = b"x" * (before + shift) + b",22.03.2026,2026-03-15,no"

        written, seen = (
            find_written_dates([memoryview(data)], "utf-8"),
            see_dates(pa.array(["22.03.2026", "2026-03-15"])),
        )
        assert written.covers(seen)
        assert seen.covers(written)


@pytest.mark.parametrize(
    "text", ["8 (495) 123-45-67", "12.5", "12345.56.78", "123.45.67", "a-b.c", "10:00:00", "1.2.3"]
)
def test_what_is_no_date_is_none(text):
    assert not find_written_dates([memoryview(f"{text}\n".encode())], "utf-8").families
