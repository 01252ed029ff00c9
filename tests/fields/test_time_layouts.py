"""The spellings of times, and what the dates of a column show together."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.fields.date_order import see_dates
from calltools.fields.time_layouts import date_orders, layout_orders, read_in_layouts, read_times

MOSCOW = ZoneInfo("Europe/Moscow")
ORDERS = date_orders("dmy", None)
DATES = ["{d:02}.{m:02}.{y}", "{d}.{m}.{y}", "{d:02}/{m:02}/{y}", "{d:02}-{m:02}-{y}", "{y}-{m:02}-{d:02}", "{y}/{m}/{d}",
         "{y}.{m:02}.{d:02}"]  # fmt: skip
CLOCKS = ["{H:02}:{M:02}:{S:02}", "{H}:{M:02}:{S:02}", "{H:02}:{M:02}:{S:02}.{f}", "{H:02}:{M:02}:{S:02},{f}",
          "{I}:{M:02}:{S:02} {p}", "{I:02}:{M:02}:{S:02}{p}"]  # fmt: skip
OFFSETS = {"": None, "Z": 0, " UTC": 0, "+03": 180, "+0300": 180, " +03:00": 180, "-0330": -210, "+05:45": 345}


def spell(moment, date, between, clock, offset=""):
    parts = {"d": moment.day, "m": moment.month, "y": moment.year, "H": moment.hour, "M": moment.minute}
    parts |= {"S": moment.second, "f": "250", "I": moment.hour % 12 or 12, "p": "AM" if moment.hour < 12 else "pm"}
    return date.format(**parts) + between + clock.format(**parts) + offset


@given(
    st.lists(
        st.tuples(
            st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - wall clocks know no zone
            st.sampled_from(DATES),
            st.sampled_from([" ", "T", ", "]),
            st.sampled_from(CLOCKS),
            st.sampled_from(list(OFFSETS)),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_every_spelling_is_read_as_the_same_time(drawn):
    drawn = [(moment.replace(microsecond=0), *more) for moment, *more in drawn]

    times = read_times(pa.array([spell(*one) for one in drawn], pa.string()), ORDERS)

    assert times.read.all()
    assert times.local.tolist() == [int(moment.replace(tzinfo=UTC).timestamp()) for moment, *_ in drawn]
    assert times.has_offset.tolist() == [OFFSETS[offset] is not None for *_, offset in drawn]
    assert times.offset.tolist() == [(OFFSETS[offset] or 0) * 60 for *_, offset in drawn]


@pytest.mark.parametrize(
    "text",
    ["02.03.2026", "10:00:00", "02.03-2026 10:00", "02.03.2026 13:00 PM", "02.03.2026 0:30 am", "02.03.2026 10:00 MSK",
     "2026-02-30 10:00:00", "2026-03-02 24:00:00", "02.03.26 10:00", "02.03.2026  10:00", "٠٢.٠٣.٢٠٢٦ 10:00", "x"],
)  # fmt: skip
def test_nothing_else_is_read(text):
    assert read_times(pa.array([text, "02.03.2026 10:00:00"]), ORDERS).read.tolist() == [False, True]


def test_a_profile_knows_the_order_for_its_own_separator():
    layouts = ("%m/%d/%Y %H:%M:%S",)
    cells = pa.array(["03/02/2026 10:00", "3/2/2026 10:00:00 AM", "02.03.2026 10:00", "02-03-2026 10:00"])

    times = read_in_layouts(cells, layouts).moments("Europe/Moscow")

    assert times.ok.tolist() == [True, True, True, False]
    assert set(times.epoch[:3].tolist()) == {int(datetime(2026, 3, 2, 10, tzinfo=MOSCOW).timestamp())}


def test_layouts_of_both_orders_tell_no_order():
    assert layout_orders(["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d.%m.%Y", "%Y-%m-%d"]) == ((".", "dmy"),)


def test_a_layout_with_an_offset_is_not_moved_by_the_zone():
    times = read_in_layouts(pa.array(["02/Mar/2026:10:00:00 +0500"]), ("%d/%b/%Y:%H:%M:%S %z",)).moments(
        "Europe/Moscow"
    )

    assert times.epoch.tolist() == [int(datetime(2026, 3, 2, 5, tzinfo=UTC).timestamp())]


@pytest.mark.parametrize(
    ("cells", "proven", "undecided", "swapped"),
    [
        (["02.03.2026 10:00"], {".": "dmy"}, (), ()),
        (["02.23.2026 10:00"], {".": "mdy"}, (), ()),
        (["02.23.2026 10:00", "23.02.2026 10:00"], {}, (".",), ()),
        (["02/03/2026 10:00"], {".": "dmy"}, ("/",), ()),
        (["02/23/2026", "03/02/2026"], {"/": "mdy"}, (), ()),
        (["22/02/2026", "22-02-2026"], {".": "dmy", "/": "dmy", "-": "dmy"}, (), ()),
        (["22/02/2026", "02-22-2026"], {}, ("-", "/"), ()),
        (["2026-03-02", "2026-11-30"], {".": "dmy"}, (), ()),
        (["2026-03-02", "22.02.2026"], {".": "dmy"}, (), ("Y",)),
        (["2026-03-02", "22.02.2026", "02.02.2026"], {".": "dmy"}, (), ()),
        (["2026-03-02", "2026-03-20", "22.02.2026"], {".": "dmy"}, (), ()),
        (["3/2/2026 10:00", "22.02.2026"], {".": "dmy"}, ("/",), ("/",)),
        (["02.03.2026 10:00", "02/22/2026"], {"/": "mdy"}, (".",), (".",)),
        (["02.03.2026 10:00", "22/02/2026"], {".": "dmy", "/": "dmy"}, (), ()),
    ],
)
def test_what_dates_show_together(cells, proven, undecided, swapped):
    parts = [see_dates(pa.array([cell, "no date", ""])) for cell in cells]

    for seen in (see_dates(pa.array(cells)), parts[0] if len(parts) == 1 else parts[0] | parts[1] | parts[-1]):
        assert (dict(seen.proven_orders()), seen.undecided(), seen.swapped()) == (proven, undecided, swapped)


@given(st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)), st.booleans())  # noqa: DTZ001 - as above
def test_swapped_dates_are_found_wherever_the_spreadsheet_could_read_them(start, slashed):
    days = [start + timedelta(days=day) for day in range(31)]
    form = "{m}/{d}/{y}" if slashed else "{y}-{d:02}-{m:02}"
    texts = [
        spell(day, form if day.day <= 12 else "{d:02}.{m:02}.{y}", " ", "{H:02}:{M:02}:{S:02}") for day in days
    ]  # fmt: skip

    assert see_dates(pa.array(texts)).swapped() == ("/" if slashed else "Y",)
