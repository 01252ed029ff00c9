"""Ids that hold the second in which a call began."""

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calltools.fields.local_times import offset_at, zone_exists
from calltools.vendors.epoch_ids import agrees_with_times, epochs_in_ids
from calltools.vendors.zones import find_zone

IDS = st.from_regex(r"(mia-|-| |[0-9]-)?[0-9]{8,11}([.,][0-9]{0,2})?[ ]?", fullmatch=True) | st.text(
    "0189.,- ", max_size=14
)


@given(st.lists(IDS, max_size=30))
@example(
    [
        "1771672800.12",
        " 1771672800.12",
        "mia-1771672800.12",
        "999999999.1",
        "1771672800.",
        "1771672800",
        "1771672800,12",
    ]
)
def test_the_second_is_read_from_ids_of_all_ages_and_machines(texts):
    epochs, found_mask = epochs_in_ids(pa.array(texts, pa.string()))

    found = [re.search(r"(?:^|-)([0-9]{9,10})[.,][0-9]+", text.strip()) for text in texts]
    assert found_mask.tolist() == [one is not None for one in found]
    assert epochs[found_mask].tolist() == [int(one[1]) for one in found if one]


@pytest.mark.parametrize(
    ("ids", "times", "agrees"),
    [
        (["1772434800.1", "1772434860.2"], ["2026-03-02 10:00:00", "2026-03-02 10:01:00"], True),
        (["1772434803.1", "1772434860.2"], ["2026-03-02 10:00", "2026-03-02 10:01"], True),
        (["x-1772434800.1", "1772434860,2"], ["2026-03-02 12:30:00", "2026-03-02 12:31:00"], True),
        (["1772434800.1"], ["2026-03-02 10:00:00"], False),
        (["1772434800.1", "1772434860.2"], ["2026-03-02 10:05:00", "2026-03-02 10:06:00"], False),
        (["1772434800.1", "1772434860.2"], ["2026-03-04 10:00:00", "2026-03-04 10:01:00"], False),
        (["1772434800.1", "1772434860.2", "7"], ["2026-03-02 10:00:00", "2026-03-02 10:01:00", "2026-03-02 10:02:00"], False),
        (["1772434800.1", "1772434860.2", ""], ["2026-03-02 10:00:00", "2026-03-02 10:01:00", "2026-03-02 10:02:00"], True),
        (["1772434800", "1772434860"], ["2026-03-02 10:00:00", "2026-03-02 10:01:00"], False),
    ],
)  # fmt: skip
def test_ids_agree_with_times_at_a_whole_quarter_hour(ids, times, agrees):
    assert agrees_with_times(pa.array(ids), pa.array(times), "%Y-%m-%d %H:%M:%S") is agrees


JANUARY, JULY = 1_768_000_000, 1_783_000_000


@pytest.mark.parametrize(
    ("hours", "epoch", "zone"),
    [
        (3, JULY, "Europe/Moscow"),
        (-4, JULY, "America/New_York"),
        (-5, JANUARY, "America/New_York"),
        (-7, JULY, "America/Los_Angeles"),
        (-7, JANUARY, "America/Denver"),
        (-9.5, JULY, "Pacific/Marquesas"),
        (-10, JULY, "Etc/GMT+10"),
        (13, JULY, "Etc/GMT-13"),
        (0.25, JULY, None),
    ],
)
def test_a_zone_that_is_suggested_had_the_offset_then_and_can_be_given(hours, epoch, zone):
    found = find_zone(int(3600 * hours), np.array([epoch]))

    assert found == zone
    if found is not None:
        assert zone_exists(found)
        assert offset_at(np.array([epoch]), found).tolist() == [3600 * hours]
