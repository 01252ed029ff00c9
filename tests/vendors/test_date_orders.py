"""Dates that can be read two ways: the file proves the order, or the user gives it; it is never guessed."""

import pytest

import calltools

AS_OF = 1774000000
PROFILE = """
name = "two-orders"
title = "Two orders"
confidence = "code-seen"
link = ""
recognize = ["When", "Who"]

[fields.DateTime]
from = "When"
format = ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M"]

[fields.PhoneNumber]
from = "Who"
"""


def convert(tmp_path, dates, *, vendor, **options):
    title = ("When", "Who") if vendor else ("DateTime", "PhoneNumber")
    source = tmp_path / "calls.csv"
    source.write_text(
        "\n".join([",".join(title), *(f"{date},+74950000001" for date in dates)]) + "\n", encoding="utf-8"
    )
    profile = tmp_path / "two.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    result = calltools.convert(
        source,
        tmp_path / "out.csv",
        vendor=str(profile) if vendor else "none",
        timezone="UTC",
        static_call="1",
        as_of=AS_OF,
        **options,
    )
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    title, *records = [line.split(",") for line in lines]
    return [record[title.index("DateTime")] for record in records], {one.code for one in result.findings}, result


BOTH = pytest.mark.parametrize("vendor", [False, True], ids=["canonical", "profile"])
SECOND_OF_MARCH = "1772445600"  # 2026-03-02 10:00 UTC
THIRTEENTH_OF_MARCH = "1773396000"


@BOTH
def test_a_day_over_twelve_proves_the_order_of_the_column(tmp_path, vendor):
    times, codes, result = convert(tmp_path, ["02/03/2026 10:00", "13/03/2026 10:00"], vendor=vendor)

    assert times == [SECOND_OF_MARCH, THIRTEENTH_OF_MARCH]
    assert codes.isdisjoint({"CT605", "CT212"})
    assert result.summary.source.date_order == "dmy"


@BOTH
def test_months_may_come_first(tmp_path, vendor):
    times, _, result = convert(tmp_path, ["03/02/2026 10:00", "03/13/2026 10:00"], vendor=vendor)

    assert times == [SECOND_OF_MARCH, THIRTEENTH_OF_MARCH]
    assert result.summary.source.date_order == "mdy"


@BOTH
@pytest.mark.parametrize(
    "dates",
    [["02/03/2026 10:00", "03/03/2026 10:00"], ["13/03/2026 10:00", "03/13/2026 10:00"]],
    ids=["nothing proven", "both proven"],
)
def test_without_a_proof_nothing_is_guessed(tmp_path, vendor, dates):
    times, codes, _ = convert(tmp_path, dates, vendor=vendor)

    assert times == []
    assert codes >= {"CT605", "CT212"}


@BOTH
@pytest.mark.parametrize(("order", "date"), [("dmy", "02/03/2026 10:00"), ("mdy", "03/02/2026 10:00")])
def test_the_user_may_give_the_order(tmp_path, vendor, order, date):
    times, codes, _ = convert(tmp_path, [date], vendor=vendor, date_order=order)

    assert times == [SECOND_OF_MARCH]
    assert "CT605" not in codes


@BOTH
def test_dates_that_begin_with_the_year_need_no_order(tmp_path, vendor):
    times, codes, _ = convert(tmp_path, ["2026-03-02 10:00"], vendor=vendor)

    assert times == [SECOND_OF_MARCH]
    assert "CT605" not in codes
