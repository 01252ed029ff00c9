"""Typed cells as text."""

import math
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.files.workbook.cells import format_cells, format_without_exponent

moment = datetime.fromisoformat


def texts(*values):
    return format_cells(values).cells.to_pylist()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("", "", id="absent"),
        pytest.param(" +7 495 000-00-00 ", " +7 495 000-00-00 ", id="text as it is"),
        pytest.param(79161234567.0, "79161234567", id="phone in a number cell"),
        pytest.param(7.9161234567e10, "79161234567", id="phone shown with an exponent"),
        pytest.param(-5.0, "-5", id="negative"),
        pytest.param(-0.0, "0", id="negative zero"),
        pytest.param(1500.5, "1500.5", id="money"),
        pytest.param(1e-7, "0.0000001", id="small"),
        pytest.param(2.0**53, "9007199254740992", id="first inexact integer"),
        pytest.param(1.234567890123457e18, "1234567890123457000", id="19 digits: no digit invented"),
        pytest.param(1e22, "10000000000000000000000", id="huge"),
        pytest.param(12345678901234567890, "12345678901234567890", id="integer of the library"),
        pytest.param(True, "true", id="yes"),
        pytest.param(False, "false", id="no"),
        pytest.param(moment("2026-03-02 10:00:00"), "2026-03-02 10:00:00", id="moment"),
        pytest.param(moment("2026-03-02 09:59:59.999000"), "2026-03-02 10:00:00", id="computed moment"),
        pytest.param(date(2026, 3, 2), "2026-03-02", id="day"),
        pytest.param(time(0, 3, 15), "00:03:15", id="time"),
        pytest.param(timedelta(hours=30, seconds=5), "30:00:05", id="over a day"),
        pytest.param(timedelta(seconds=-61), "-00:01:01", id="negative span"),
        pytest.param(timedelta(minutes=3, seconds=14, microseconds=999_999), "00:03:15", id="computed span"),
        pytest.param(time(0, 3, 14, 999_999), "00:03:15", id="computed time"),
        pytest.param(time(23, 59, 59, 600_000), "24:00:00", id="computed midnight"),
        pytest.param("\ud800x", "\ufffdx", id="half a surrogate pair"),
    ],
)
def test_a_cell_becomes_text(value, text):
    assert texts(value) == [text]
    assert texts("head", value) == ["head", text]


def test_cells_of_many_types_keep_their_places():
    values = ["a", 1.0, "", True, 2.5, moment("2026-03-02 01:00:00"), 3, 4.0]

    assert texts(*values) == ["a", "1", "", "true", "2.5", "2026-03-02 01:00:00", "3", "4"]


def test_a_day_stays_a_day_but_where_its_cell_shows_hours():
    days = format_cells(["2026-03-01", date(2026, 3, 2), "", date(2026, 3, 3)])

    assert days.cells.to_pylist() == ["2026-03-01", "2026-03-02", "", "2026-03-03"]
    assert days.with_midnights({0, 3}).cells.to_pylist() == ["2026-03-01", "2026-03-02", "", "2026-03-03 00:00:00"]
    assert days.with_midnights(()) is days


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_number_is_written_without_exponent_or_tail_and_means_the_same(numbers):
    written = texts(*numbers)

    assert [float(text) for text in written] == numbers
    assert not any("e" in text or "E" in text or text.endswith(".0") for text in written)
    assert texts("", *numbers) == ["", *written]


def test_plain_keeps_what_is_not_a_number():
    assert math.isnan(float(format_without_exponent(math.nan)))
