"""The word ``difference``: seconds between two columns, however they write times."""

import pyarrow as pa
import pytest

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
    ],
)
def test_seconds_between_two_times(later, earlier, layouts, seconds):
    found = difference(pa.array([later, later]), pa.array([earlier, earlier]), layouts)

    assert found.to_pylist() == [seconds, seconds]
