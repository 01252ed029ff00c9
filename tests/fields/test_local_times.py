"""The clock against ``zoneinfo``: every hour around every change of the offset, and invalid dates."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.fields import local_times
from calltools.fields.time_layouts import read_in_layouts

LAYOUT = "%Y-%m-%d %H:%M:%S"
#: Offsets of whole hours and halves, changes at night and at midnight, laws that ended, and a month whose date varies.
ZONES = [
    "Europe/Moscow",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Tehran",
    "Africa/Casablanca",
    # A week apart.
    "Asia/Gaza",
    "America/Recife",
]
YEARS = range(1991, 2050)


def cells(*texts):
    return pa.array(texts, pa.string())


def changes(zone):
    """Days on which the zone's offset changed, found by looking at each noon."""
    info = ZoneInfo(zone)
    noons = [datetime(YEARS[0], 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(len(YEARS) * 365)]
    offsets = [noon.astimezone(info).utcoffset() for noon in noons]
    return [late for late, before, behind in zip(noons[1:], offsets, offsets[1:], strict=False) if before != behind]


def wall_clock(day, step):
    """Wall-clock times from two days before to two days behind, ``step`` apart."""
    start = day.replace(tzinfo=None) - timedelta(days=2)
    return [start + n * step for n in range(int(timedelta(days=4) / step))]


def epochs(moment, zone):
    """All moments at which a clock of the zone shows this time: none, one or two."""
    shown = [moment.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1)]
    real = {int(one.timestamp()) for one in shown}
    return sorted(
        epoch for epoch in real if datetime.fromtimestamp(epoch, ZoneInfo(zone)).replace(tzinfo=None) == moment
    )


@pytest.fixture(params=ZONES, scope="module")
def zone(request):
    return request.param


def parse(column, layout, zone):
    """The times of a column as a profile with one layout reads them."""
    return read_in_layouts(column, (layout,), proven=()).moments(zone)


@pytest.fixture(scope="module")
def moments(zone):
    """Every half hour for two days around each change, and the second before each."""
    days = changes(zone)
    halves = {one for day in days for one in wall_clock(day, timedelta(minutes=30))}
    return sorted(halves | {one - timedelta(seconds=1) for one in halves})


def test_every_zone_has_gaps_and_folds(zone, moments):
    assert {len(epochs(one, zone)) for one in moments} == {0, 1, 2}


def test_times_around_every_change_are_those_of_zoneinfo(zone, moments):
    expected = [epochs(one, zone) for one in moments]

    times = parse(cells(*(one.strftime(LAYOUT) for one in moments)), LAYOUT, zone)

    assert times.nonexistent.tolist() == [not some for some in expected]
    assert times.ambiguous.tolist() == [len(some) == 2 for some in expected]
    assert times.ok.tolist() == [bool(some) for some in expected]
    assert times.epoch.tolist() == [some[0] if some else 0 for some in expected]


def test_offsets_at_every_change_are_those_of_zoneinfo(zone):
    noons = [int(day.timestamp()) for day in changes(zone)]
    seconds = np.array([noon + 1800 * step for noon in noons for step in range(-96, 97)], np.int64)

    offsets = local_times.offset_at(seconds, zone)

    info = ZoneInfo(zone)
    assert offsets.tolist() == [
        int(datetime.fromtimestamp(second, info).utcoffset().total_seconds()) for second in seconds.tolist()
    ]


@given(
    moment=st.datetimes(datetime(1991, 1, 1), datetime(2049, 12, 31)),  # noqa: DTZ001 - wall clocks know no zone
    name=st.sampled_from([*ZONES, "UTC", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "Asia/Gaza"]),
)
def test_any_time_in_any_zone_is_that_of_zoneinfo(moment, name):
    moment = moment.replace(microsecond=0)
    expected = epochs(moment, name)

    times = parse(cells(moment.strftime(LAYOUT)), LAYOUT, name)

    assert (times.ok[0], times.ambiguous[0]) == (bool(expected), len(expected) == 2)
    assert times.epoch[0] == (expected[0] if expected else 0)


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001 - as above
def test_without_a_zone_it_is_utc_in_any_year(moment):
    moment = moment.replace(microsecond=0)

    times = parse(cells(f"{moment:%d.%m}.{moment.year:04} {moment:%H:%M:%S}"), "%d.%m.%Y %H:%M:%S", "UTC")

    assert times.ok[0]
    assert times.epoch[0] == int((moment - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001 - as above


@pytest.mark.parametrize(
    "text",
    [
        "31.02.2026 10:00:00",
        "30.02.2024 10:00:00",
        "29.02.2023 10:00:00",
        "29.02.2100 10:00:00",
        "31.04.2026 10:00:00",
        "00.03.2026 10:00:00",
        "32.03.2026 10:00:00",
        "01.00.2026 10:00:00",
        "01.13.2026 10:00:00",
        "01.03.0000 10:00:00",
        "01.03.2026 24:00:00",
        "01.03.2026 10:60:00",
        "01.03.2026 10:00:60",
        "01.03.2026 10:00:61",
        "01.03.2026 10-00-00",
        "01.03.2026",
        "0a.03.2026 10:00:00",
        "٠١.٠٣.٢٠٢٦ 10:00:00",
        " 1.03.2026 10:00:00 ",
        "",
    ],
)
def test_what_is_no_time_is_not_read(text):
    times = parse(cells(text, "29.02.2024 10:00:00"), "%d.%m.%Y %H:%M:%S", "Europe/Moscow")

    assert times.ok.tolist() == [False, True]
    assert times.epoch[0] == 0
    assert not times.ambiguous[0]
    assert not times.nonexistent[0]


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("2026-03-02 10:00:00", "%Y-%m-%d %H:%M:%S"),
        ("2026-03-02T10:00", "%Y-%m-%dT%H:%M"),
        ("02.03.2026 10:00:00", "%d.%m.%Y %H:%M:%S"),
        ("2.3.2026 10:00:00", "%d.%m.%Y %H:%M:%S"),
        ("03/02/2026 10:00", "%m/%d/%Y %H:%M"),
        ("20260302100000", "%Y%m%d%H%M%S"),
        ("02-Mar-2026 10:00:00", "%d-%b-%Y %H:%M:%S"),
    ],
)
def test_layouts_of_exports_are_read(text, layout):
    times = parse(cells(text), layout, "Europe/Moscow")

    assert times.ok[0]
    assert times.epoch[0] == int(datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Europe/Moscow")).timestamp())


def test_a_column_may_hold_all_sorts_of_times():
    texts = [
        "02.03.2026 10:00:00",
        "",
        "31.02.2026 10:00:00",
        "2.3.2026 10:00:00",
        "26.10.2014 01:30:00",
        "27.03.2011 02:30:00",
    ]

    times = parse(cells(*texts), "%d.%m.%Y %H:%M:%S", "Europe/Moscow")

    assert times.ok.tolist() == [True, False, False, True, True, False]
    assert times.ambiguous.tolist() == [False] * 4 + [True, False]
    assert times.nonexistent.tolist() == [False] * 5 + [True]


def test_a_zone_is_found_by_its_name():
    assert local_times.zone_exists("Europe/Moscow")
    assert not local_times.zone_exists("Europe/Leningrad")
    assert not local_times.zone_exists("+03:00")
