"""Legs are merged into calls, for any cut of the table."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.errors import LimitError
from calltools.model.batch import Batch, MalformedRecord, MalformedRecords
from calltools.model.finding import Findings
from calltools.vendors import legs, profile_library
from calltools.vendors.binding import MappingOptions, bind_profile
from calltools.vendors.mapping import map_batch

TITLES = (
    "src",
    "dst",
    "dcontext",
    "lastapp",
    "start",
    "answer",
    "duration",
    "billsec",
    "disposition",
    "uniqueid",
    "linkedid",
)


def leg(second, link, *, src="84950000001", context="from-trunk", answered=True, app="Dial", talk=10):
    start, answer = f"2026-03-02 10:00:{second:02}", f"2026-03-02 10:00:{second + 4:02}"
    word = "ANSWERED" if answered else "NO ANSWER"
    return (
        src,
        "s",
        context,
        app,
        start,
        answer if answered else "",
        "14",
        str(talk if answered else 0),
        word,
        f"177243480{second % 10}.1",
        link,
    )


def batches(rows, cuts):
    edges = [0, *sorted(cuts), len(rows)]
    for begin, end in itertools.pairwise(edges):
        part = rows[begin:end]
        columns = list(zip(*part, strict=True)) or [()] * len(TITLES)
        numbers = np.arange(begin + 1, end + 1)
        yield Batch(
            pa.table([pa.array(c, pa.string()) for c in columns], list(TITLES)), numbers, numbers + 1, read=len(part)
        )


@pytest.fixture(scope="module")
def mapped():
    options = MappingOptions(timezone="Europe/Moscow", region="RU", inbound_contexts=("from-trunk",))
    return bind_profile(profile_library.find_profile("asterisk"), TITLES, options)


def calls(rows, cuts, mapped):
    merged = list(legs.merge_legs(batches(rows, cuts), mapped))
    done = [map_batch(batch, mapped).sum_counts() for batch in merged]
    records = [
        record for batch in done for record in zip(batch.records.tolist(), batch.columns.to_pylist(), strict=True)
    ]
    skipped = sum((sum(batch.skipped.values()) for batch in done), 0)
    return records, skipped, sum(batch.read for batch in done)


def test_values_come_from_the_answered_leg_and_the_time_from_the_earliest(mapped):
    rows = [leg(0, "a", answered=False), leg(3, "a", src="210", context="from-internal", talk=42)]

    ((record, call),), skipped, read = calls(rows, [], mapped)

    assert record == 1
    assert call["DateTime"] == "1772434800"
    assert call["PhoneNumber"] == "84950000001"
    assert (call["TalkDuration"], call["HoldDuration"], call["CallMissed"]) == ("42", "7", "0")
    assert (skipped, read) == (1, 2)


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans(), st.booleans()), min_size=1, max_size=25),
    st.lists(st.integers(0, 25), max_size=5),
)
def test_cutting_the_table_elsewhere_changes_nothing(mapped, records, cuts):
    rows = [
        leg(number, link, answered=answered, context="from-trunk" if inbound else "from-internal")
        for number, (link, answered, inbound) in enumerate(records)
    ]

    whole = calls(rows, [], mapped)
    cut = calls(rows, [at for at in cuts if at <= len(rows)], mapped)

    assert cut == whole
    assert len(whole[0]) + whole[1] == len(rows)


BETWEEN = [leg(1, f"x{number}") for number in range(legs.LEG_WINDOW_RECORDS + 5)]


def test_the_same_id_on_another_day_is_another_call(mapped):
    again = tuple(cell.replace("2026-03-02", "2026-04-02") for cell in leg(2, "a"))
    rows = [leg(0, "a"), *BETWEEN, again]

    records, skipped, _ = calls(rows, [100, 3000], mapped)

    assert len(records) == len(rows)
    assert skipped == 0


@pytest.mark.parametrize("cuts", [[], [100, 3000], [5004, 5005]], ids=str)
def test_a_leg_that_follows_when_its_call_has_left_is_refused(cuts, mapped):
    # As in a file that somebody has sorted by the talk.
    with pytest.raises(LimitError, match="row 5008 belongs to a call") as caught:
        calls([leg(0, "a"), *BETWEEN, leg(2, "a")], cuts, mapped)

    assert "посчитан дважды" in caught.value.say("ru")


def test_findings_and_damaged_records_travel_along(mapped):
    (batch,) = batches([leg(0, "a"), leg(1, "")], [])
    noted = Batch(
        batch.columns,
        batch.records,
        batch.places,
        Findings.for_rule("CT010", records=batch.records[:1], places=batch.places[:1]),
        read=3,
        malformed=MalformedRecords.from_list([MalformedRecord(3, 4, ("x",))]),
    )

    done = list(legs.merge_legs(iter([noted]), mapped))

    # No id can be read of the damaged record: it may be a leg of any call.
    assert [code for one in done for code in one.findings.table["code"].to_pylist()] == ["CT010", "CT611"]
    assert [record for one in done for record in one.malformed] == [*noted.malformed]
    assert sum(one.read for one in done) == 3


def test_the_longest_talk_speaks_and_not_the_first_leg_that_answered(mapped):
    rows = [leg(0, "a", talk=0), leg(17, "a", talk=42)]

    ((_, call),), _, _ = calls(rows, [], mapped)

    assert (call["TalkDuration"], call["HoldDuration"], call["CallMissed"]) == ("42", "21", "0")


def test_talks_that_follow_one_another_add_up(mapped):
    rows = [leg(0, "a", talk=10), leg(14, "a", talk=30, context="from-internal")]

    ((_, call),), _, _ = calls(rows, [], mapped)

    assert (call["TalkDuration"], call["HoldDuration"]) == ("40", "4")


def test_talks_at_the_same_time_count_once(mapped):
    rows = [leg(0, "a", talk=30, app="Queue"), leg(10, "a", talk=18), leg(12, "a", talk=25)]

    ((_, call),), _, _ = calls(rows, [], mapped)

    # From second 4 to second 34, and on to second 41 in the last leg.
    assert call["TalkDuration"] == "37"


@given(st.permutations(range(4)))
def test_the_order_of_legs_in_the_file_changes_nothing(mapped, order):
    rows = [
        leg(0, "a", answered=False),
        leg(5, "a", talk=7, src="84950000002"),
        leg(20, "a", talk=9, context="from-internal", src="210"),
        leg(40, "a", answered=False, context="from-internal"),
    ]

    ((_, call),), skipped, _ = calls([rows[at] for at in order], [], mapped)

    assert call == {
        "DateTime": "1772434800", "PhoneNumber": "84950000001", "TalkDuration": "16", "HoldDuration": "9",
        "CallMissed": "0",
    }  # fmt: skip
    assert skipped == 3
