"""Statistics of the calls."""

import numpy as np
import pyarrow as pa

from calltools.fields.call_statistics import compute_call_statistics
from calltools.model.summary import CallStatistics

MONDAY_TEN = 1772434800  # 2026-03-02 10:00 in Moscow, 07:00 UTC
DAY = MONDAY_TEN // 86_400


def drawn(zone=None, **columns):
    cells = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    return compute_call_statistics(cells, len(next(iter(cells.values()))), zone)


def test_hours_and_weekdays_are_those_of_the_zone():
    times = [str(MONDAY_TEN), str(MONDAY_TEN + 3600)]

    moscow = drawn("Europe/Moscow", DateTime=times, CallMissed=["0", "1"])
    utc = drawn(None, DateTime=times, CallMissed=["0", "1"])

    assert (moscow.answered_by_hour[0, 10], moscow.missed_by_hour[0, 11]) == (1, 1)
    assert (utc.answered_by_hour[0, 7], utc.missed_by_hour[0, 8]) == (1, 1)
    assert moscow.answered_by_hour.sum() == moscow.missed_by_hour.sum() == 1


def test_a_call_late_in_the_evening_belongs_to_the_day_of_the_zone():
    late = MONDAY_TEN - MONDAY_TEN % 86_400 + 22 * 3600

    found = drawn("Europe/Moscow", DateTime=[str(late)])

    assert list(found.days) == [DAY + 1]


def test_only_cells_that_can_be_read_are_counted():
    found = drawn(None, DateTime=["02.03.2026", "", str(MONDAY_TEN)], TalkDuration=["-1", "12:00", "61"])

    assert found.calls == 3
    assert found.answered_by_hour.sum() == 1
    assert found.talk.tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_missed_calls_have_no_talk_and_placeholders_identify_nobody():
    found = drawn(
        None,
        ClientId=["1604591025698235234", "(not set)", ""],
        CallMissed=["1", "0", "0"],
        TalkDuration=["0", "0", "10"],
    )

    assert found.talk.tolist()[:2] == [1, 1]
    assert found.identified == {"ClientId": 1}
    assert found.unidentified == 2


def test_parts_add_up_to_the_whole():
    rng = np.random.default_rng(7)
    times = [str(MONDAY_TEN + int(step)) for step in rng.integers(0, 10**6, 400)]
    missed = [str(flag) for flag in rng.integers(0, 2, 400)]
    talk = [str(seconds) for seconds in rng.integers(0, 4000, 400)]

    whole = drawn("Europe/Moscow", DateTime=times, CallMissed=missed, TalkDuration=talk)
    added = CallStatistics()
    for start in range(0, 400, 37):
        part = slice(start, start + 37)
        added.merge(drawn("Europe/Moscow", DateTime=times[part], CallMissed=missed[part], TalkDuration=talk[part]))

    assert (added.answered_by_hour == whole.answered_by_hour).all()
    assert (added.missed_by_hour == whole.missed_by_hour).all()
    assert (added.talk == whole.talk).all()
    assert {day: counts.tolist() for day, counts in added.days.items()} == {
        day: counts.tolist() for day, counts in whole.days.items()
    }
