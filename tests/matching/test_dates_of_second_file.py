"""The times of the second file: every spelling, one order of day and month, nothing of swapped dates."""

import pytest

import calltools
from calltools.errors import UsageError

CALLS = """DateTime,PhoneNumber,ClientId
2026-03-02 14:40:47,+74950000301,
2026-03-02 15:40:47,+74950000302,
"""


def convert(folder, times, **options):
    """The ids that two calls get, and the codes of what is found."""
    (folder / "calls.csv").write_text(CALLS)
    rows = [f'+7495000030{n},"{time}",173244000012345678{n}' for n, time in enumerate(times, 1)]
    (folder / "ids.csv").write_text("\n".join(["phone,time,ClientId", *rows, ""]))
    options = {"identifiers": folder / "ids.csv", "timezone": "Europe/Moscow", "as_of": 1772500000} | options
    result = calltools.convert(folder / "calls.csv", folder / "out.csv", static_call="auto", **options)
    lines = (folder / "out.csv").read_text().splitlines()[1:]
    return [line.split(",")[0][-1:] for line in lines], {finding.code for finding in result.findings}


@pytest.mark.parametrize(
    "times",
    [
        ("02.03.2026, 14:30", "2026-03-02 15:30:47.123+03"),
        ("2/3/2026 2:30:00 PM", "22/02/2026 15:30"),
        ("2026/03/02 14:30", "1772454647.5"),
        ("02-03-2026 14:30", "22-02-2026 15:30"),
    ],
)
def test_times_are_read_in_every_spelling(tmp_path, times):
    assert convert(tmp_path, times)[0] == ["1", "2"]


@pytest.mark.parametrize(
    "times", [("02/03/2026 14:30", "02/03/2026 15:30"), ("22/02/2026 14:30", "02/22/2026 15:30"), ("02.03.2026 9:00", "2/3/2026 9:00")]
)  # fmt: skip
def test_an_order_that_nothing_tells_is_asked_for(tmp_path, times):
    with pytest.raises(UsageError) as refused:
        convert(tmp_path, times)

    assert refused.value.key == "identifier-date-order-needed"


def test_the_user_says_the_order(tmp_path):
    assert convert(tmp_path, ("02/03/2026 14:30", "3/2/2026 15:30"), date_order="dmy")[0] == ["1", ""]


def test_nothing_is_joined_by_a_swapped_date(tmp_path):
    ids, codes = convert(tmp_path, ("2026-02-03 14:30:00", "22.02.2026 15:30:00"))

    assert ids == ["", "2"]
    assert "CT610" in codes
