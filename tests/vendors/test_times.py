"""Times of exports: date and time of day in two columns, spellings beside the layout, and what ids prove of them."""

import pytest

import calltools
from calltools.errors import UsageError
from calltools.model.batch import Hints
from calltools.vendors import profile_library
from calltools.vendors.recognize import match_header

BY_IDS = [profile for profile in profile_library.load_built_in_profiles() if profile.epoch_id is not None]
PROFILE = """
name = "own"
title = "Own"
confidence = "documented"
recognize = ["day", "clock", "phone"]
epoch_id = "id"
[fields.DateTime]
from = ["day", "clock"]
format = "%d.%m.%Y %H:%M:%S"
ZONE
[fields.PhoneNumber]
from = "phone"
"""
ROWS = (
    "02.03.2026,10:00:00,+74950000000,1772434800.1",
    "02.03.2026,10:01,+74950000001,1772434899.2",
    "2026-03-02 00:00:00,10:02:00,+74950000002,1772434920.3",
    "02.03.2026 0:00,10:03:00 AM,+74950000003,1772434980.4",
)
SECONDS = [1772434800, 1772434860, 1772434920, 1772434980]


def convert(folder, rows, zone="", **options):
    (folder / "own.toml").write_text(PROFILE.replace("ZONE", zone))
    (folder / "calls.csv").write_text("\n".join(["day,clock,phone,id", *rows, ""]))
    options = {"vendor": str(folder / "own.toml"), "static_call": "1", "as_of": 1772500000} | options
    result = calltools.convert(folder / "calls.csv", folder / "out.csv", **options)
    header, *lines = (folder / "out.csv").read_text().splitlines()
    place = header.split(",").index("DateTime")
    return [int(line.split(",")[place]) for line in lines], {finding.code for finding in result.findings}


def test_date_and_time_of_day_in_two_columns(tmp_path):
    written, codes = convert(tmp_path, ROWS, timezone="Europe/Moscow")

    assert written == SECONDS
    assert codes <= {"CT301", "CT403"}


def test_ids_prove_the_zone_of_two_columns(tmp_path):
    with pytest.raises(UsageError) as refused:
        convert(tmp_path, ROWS, timezone="Asia/Yekaterinburg")

    assert (refused.value.key, refused.value.facts["suggestion"]) == ("zone-contradicted", "Europe/Moscow")


def test_a_missing_zone_is_suggested(tmp_path):
    with pytest.raises(UsageError) as refused:
        convert(tmp_path, ROWS)

    assert refused.value.facts["suggestion"] == "Europe/Moscow"


def test_every_spelling_is_of_the_zone_that_the_profile_fixes(tmp_path):
    rows = [row.rsplit(",", 1)[0] + "," for row in ROWS]
    written, _ = convert(tmp_path, rows, zone='zone = "UTC"', timezone="Asia/Yekaterinburg", as_of=1772500000)

    assert written == [moment + 3 * 3600 for moment in SECONDS]


@pytest.mark.parametrize("clock", ["10:00:60", "", "25:00:00", "10.00"])
def test_a_date_without_a_time_of_day_is_no_time(tmp_path, clock):
    written, codes = convert(tmp_path, [f"02.03.2026,{clock},+74950000000,"], timezone="Europe/Moscow")

    assert written == []
    assert "CT212" in codes


@pytest.mark.parametrize("profile", BY_IDS, ids=[profile.name for profile in BY_IDS])
@pytest.mark.parametrize(
    "times",
    [
        ("02.03.2026 10:00", "02.03.2026 10:01"),
        ("2.3.2026 9:00:00", "2.3.2026 9:01:00"),
        ("2026-03-02 10:00:00", "2026-03-02 10:01:00"),
        ("2026-03-02T10:00:00.5", "2026-03-02T10:01:00.5"),
        ("02.03.2026, 10:00:00 AM", "02.03.2026, 10:01:00 AM"),
    ],
)
def test_ids_of_every_profile_prove_the_zone_of_every_spelling(tmp_path, profile, times):
    columns = {name for step in profile.fields["DateTime"] for name in step.columns}
    titles = list(dict.fromkeys([*profile.recognize, *columns, profile.epoch_id]))
    titles += match_header(profile, titles).missing
    hours = 9 if " 9:" in times[0] else 10
    rows = [
        [
            time
            if title in columns
            else f"{1772434800 + (hours - 10) * 3600 + n * 60}.{n}"
            if title == profile.epoch_id
            else "x"
            for title in titles
        ]
        for n, time in enumerate(times)
    ]
    lines = [";".join(f'"{cell}"' for cell in row) for row in [titles, *rows]]
    (tmp_path / "calls.csv").write_text("\n".join([*lines, ""]))

    with pytest.raises(UsageError) as refused:
        calltools.validate(
            tmp_path / "calls.csv",
            vendor=profile.name,
            hints=Hints(delimiter=";"),
            timezone="Asia/Yekaterinburg",
            region="RU",
            inbound_contexts=("x",),
            own_numbers=("x",),
        )

    assert (refused.value.key, refused.value.facts["suggestion"]) == ("zone-contradicted", "Europe/Moscow")
