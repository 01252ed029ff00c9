"""The word ``sum``: durations of several columns, added."""

import pyarrow as pa
import pytest

from calltools.errors import ProfileError
from calltools.vendors.loader import load_profile
from calltools.vendors.transforms import sum_durations


@pytest.mark.parametrize(
    ("one", "other", "seconds"),
    [
        ("00:00:07", "00:01:00", "67"),
        ("7", "60", "67"),
        ("0", "00:00:05", "5"),
        ("00:00:05", "", "5"),
        ("0", "0", "0"),
        ("", "", ""),
        ("00:00:05", "soon", "soon"),
    ],
)
def test_durations_are_added_and_what_is_none_is_left_to_be_named(one, other, seconds):
    found = sum_durations([pa.array([one, "1"]), pa.array([other, "2"])])

    assert found.to_pylist() == [seconds, "3"]


def test_sum_excludes_other_ways_to_pick():
    text = """
name = "own"
title = "Own"
confidence = "documented"
recognize = ["a"]
[fields.DateTime]
from = "a"
sum = ["b", "c"]
"""

    with pytest.raises(ProfileError) as raised:
        load_profile(text, "own.toml")

    assert [(path, key) for path, key, _ in raised.value.problems] == [("$.fields.DateTime", "profile-one-pick")]
