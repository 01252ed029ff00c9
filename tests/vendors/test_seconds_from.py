"""The word ``seconds_from``: a time without seconds takes them from a clock that shows the same moment."""

import pyarrow as pa
import pytest

from calltools.errors import ProfileError
from calltools.vendors import profile_tests
from calltools.vendors.loader import load_profile
from calltools.vendors.transforms import with_seconds

PROFILE = """
name = "own"
title = "Own"
confidence = "documented"
recognize = ["utc"]
[fields.DateTime]
from = "utc"
seconds_from = ["local", "clock"]
format = ["%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"]
zone = "UTC"
[[examples]]
why = "own"
"""


@pytest.mark.parametrize(
    ("time", "clock", "whole"),
    [
        ("02/03/2026 07:00", "10:00:12", "02/03/2026 07:00:12"),
        ("02/03/2026 7:05", "8:05:09", "02/03/2026 7:05:09"),
        ("02/03/2026 07:00", "01:00:12 PM", "02/03/2026 07:00:12"),
        ("02/03/2026 07:00", "02/03/2026 10:00:12", "02/03/2026 07:00:12"),
        ("2026-03-02T07:00", "2026-03-02T10:00:12+03:00", "2026-03-02T07:00:12"),
        ("02/03/2026 07:10", "12:40:31", "02/03/2026 07:10:31"),
        ("02/03/2026 07:10", "12:55:31", "02/03/2026 07:10:31"),
        ("02/03/2026 07:10", "12:41:31", "02/03/2026 07:10"),
        ("2026-03-02 07:10:00", "08:10:25", "2026-03-02 07:10:25"),
        ("2026-03-02 07:10:00", "08:11:25", "2026-03-02 07:10:00"),
        ("2026-03-02 07:10:00", "", "2026-03-02 07:10:00"),
        ("02/03/2026 07:00:44", "10:00:12", "02/03/2026 07:00:44"),
        ("02/03/2026 07:00", "10:00", "02/03/2026 07:00"),
        ("02/03/2026 07:00", "", "02/03/2026 07:00"),
        ("02/03/2026", "10:00:12", "02/03/2026"),
        ("", "10:00:12", ""),
    ],
)
def test_seconds_are_added_only_to_a_time_that_lacks_them_at_the_same_moment(time, clock, whole):
    found = with_seconds(pa.array([time, "x"]), pa.array([clock, "10:00:12"]))

    assert found.to_pylist() == [whole, "x"]


@pytest.mark.parametrize(
    ("source", "epoch"),
    [
        ({"local": "10:00:12"}, 1772434812),
        ({"clock": "10:00:12"}, 1772434812),
        ({"local": "10:00:12", "clock": "10:00:13"}, 1772434812),
        ({"local": "", "clock": "10:00:13"}, 1772434813),
        ({}, 1772434800),
    ],
)
def test_the_first_filled_column_counts_and_none_is_needed(source, epoch):
    listed = ", ".join(f'{name} = "{text}"' for name, text in {"utc": "02/03/2026 07:00", **source}.items())

    profile = load_profile(f'{PROFILE}source = {{ {listed} }}\nexpect = {{ DateTime = "{epoch}" }}\n', "own.toml")

    assert list(profile_tests.run_examples(profile)) == []


def test_columns_must_be_words():
    text = PROFILE.replace('["local", "clock"]', "5").replace('why = "own"', 'why = "own"\nsource = { utc = "1" }')

    with pytest.raises(ProfileError) as raised:
        load_profile(text, "own.toml")

    assert [(path, key) for path, key, _ in raised.value.problems] == [
        ("$.fields.DateTime.seconds_from", "profile-not-text")
    ]
