"""The word ``difference``: seconds between two columns, however they write times."""

import pyarrow as pa
import pytest

from calltools.model.assumptions import Assumptions
from calltools.vendors.transforms import difference


@pytest.mark.parametrize(
    ("later", "earlier", "layouts", "seconds"),
    [
        ("72", "60", (), "12"),
        ("72", "0", (), ""),
        ("1772434812", "1772434800", ("unix",), "12"),
        ("0", "1772434800", ("unix",), ""),
        ("2026-03-02 10:00:12", "2026-03-02 10:00:00", ("%Y-%m-%d %H:%M:%S",), "12"),
        ("2026-03-02T07:00:12.120Z", "2026-03-02T07:00:00.551Z", ("iso",), "12"),
        ("2026-03-02T10:00:12+03:00", "2026-03-02T07:00:00Z", ("iso",), "12"),
        ("", "2026-03-02T07:00:00Z", ("iso",), ""),
        ("2026-03-02T07:00:12", "2026-03-02T07:00:00Z", ("iso",), ""),
        ("2026-03-02T07:00:12Z", "1772434800", ("iso",), "12"),
        ("2026-03-02 10:00:12", "", ("%Y-%m-%d %H:%M:%S",), ""),
        # As a spreadsheet, or another program that saved the export again, may write durations and Unix seconds.
        ("72.0", "60", (), "12"),
        ("0:01:12", "60", (), "12"),
        ("0:01:12", "0:01:00", (), "12"),
        ("1 min 12 s", "PT1M", (), "12"),
        ("0:01:12", "0:00:00", (), ""),
        ("1772434812.0", "1772434800,00", ("unix",), "12"),
        ("0000-00-00 00:00:00", "2026-03-02 10:00:00", ("%Y-%m-%d %H:%M:%S",), ""),
        ("NULL", "1772434800", ("unix",), ""),
        # What cannot be read is named by a rule; another column must not be taken in its place.
        ("72", "sixty", (), "sixty"),
        ("1:12", "60", (), "1:12"),
        ("soon", "1772434800", ("unix",), "soon"),
        ("2026-13-02 10:00:12", "2026-03-02 10:00:00", ("%Y-%m-%d %H:%M:%S",), "2026-13-02 10:00:12"),
    ],
)
def test_seconds_between_two_times(later, earlier, layouts, seconds):
    found = difference(pa.array([later, later]), pa.array([earlier, earlier]), layouts, Assumptions(0))

    assert found.to_pylist() == [seconds, seconds]


def test_durations_in_minutes_are_read_as_the_user_says():
    later, earlier = pa.array(["1:12"]), pa.array(["1:00"])

    assert difference(later, earlier, (), Assumptions(0, duration_format="mm:ss")).to_pylist() == ["12"]
    assert difference(later, earlier, (), Assumptions(0, duration_format="h:mm")).to_pylist() == ["720"]


@pytest.mark.parametrize("known", [{"date_order": "mdy"}, {"proven_orders": (("/", "mdy"),)}])
def test_times_that_a_spreadsheet_has_written_anew_are_read_as_those_of_the_call(known):
    later, earlier = pa.array(["11/29/2026 09:19:01"]), pa.array(["11/29/2026 09:18:54"])

    assert difference(later, earlier, ("%Y-%m-%d %H:%M:%S",), Assumptions(0, **known)).to_pylist() == ["7"]
