"""Times: Unix seconds in UTC."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields import local_times
from calltools.fields.date_order import YEAR_FIRST, date_parts
from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import (
    byte_lengths,
    digits_only,
    first_bytes,
    full_match,
    rewrite_matches,
    sorts_before,
)
from calltools.fields.table import Example, Kind
from calltools.fields.time_layouts import DATE_LAYOUTS, WrittenTimes, date_orders, read_times, wall_clock_pattern
from calltools.model.assumptions import Assumptions, Orders
from calltools.model.cells import Cells, Mask, as_mask, non_empty

#: 2010-01-01 00:00:00 UTC: an earlier time is not the time of a call.
EARLIEST_CALL: Final = 1_262_304_000
_EARLIEST: Final = str(EARLIEST_CALL)
_SECONDS_DIGITS: Final = 10
_TOLERANCE_S: Final = 300
#: Digits of milli-, micro- and nanoseconds between 2001 and 2286.
_FINER_UNITS: Final = {13: "milliseconds", 16: "microseconds", 19: "nanoseconds"}
_EXCEL_SERIAL: Final = r"[2-7][0-9]{4}(?:[.,][0-9]+)?"
_ANY_DATE: Final = "|".join(DATE_LAYOUTS.values())
_SHORT_YEAR_DATE: Final = "[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2}"
#: 20260302100000: digits alone, but no count of seconds.
_COMPACT: Final = "20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?"
#: Of a number with a zero before it nobody knows what was padded.
_PADDED: Final = "0[0-9]+"
#: What a cell that is no Unix time looks like: the first pattern that fits. The wording knows the names.
_TIME_FORMATS: Final = (
    ("date-only", f"{_ANY_DATE}|{_SHORT_YEAR_DATE}"),
    ("short-year", f"{_SHORT_YEAR_DATE}(?:[T ,].*)?"),
    ("iso-8601", wall_clock_pattern("%Y-%m-%d")),
    ("dotted-date", wall_clock_pattern("%d.%m.%Y", "%Y.%m.%d")),
    ("slashed-date", wall_clock_pattern("%d/%m/%Y", "%Y/%m/%d")),
    ("dashed-date", wall_clock_pattern("%d-%m-%Y")),
    ("compact-date", _COMPACT),
    ("other-date", f"(?:{_ANY_DATE}).*"),
    ("excel-serial", _EXCEL_SERIAL),
    ("month-name", r".*(?:[A-Za-z]{3}|[а-яА-Я]{3}).*"),
    ("padded", _PADDED),
    ("number", r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[Ee][+-]?[0-9]+)?"),
)

#: Names of the formats that are read where zone and order are known.
_READABLE: Final = ("iso-8601", "dotted-date", "slashed-date", "dashed-date")


def missing_time(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """DateTime is empty.

    Why:
        Without a time Metrica cannot look for the visit before the call: the record is refused.

    Example:
        bad: an empty cell
        good: 1772434800

    Fix:
        Fill in the time of the call, or remove the record.

    Source:
        Yandex Metrica, Passing call data, DateTime: required.
    """
    return cell_kernels.absent(cells)


def not_unix(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """DateTime is not a whole number of seconds.

    Why:
        Metrica takes Unix seconds in UTC and nothing else. A date as people write it depends on a zone and on the order
        of day and month, and neither stands in the file.

    Example:
        bad: 02.03.2026 10:00:00
        good: 1772434800

    Fix:
        Run `calltools convert --timezone Europe/Moscow` with the zone of the file's clock. It reads dates with the year
        or the day first, divided by dots, hyphens or slashes (where no date tells the order, --date-order does), then a
        blank, T or a comma, then a time of day with or without seconds, fractions, AM and PM, and an offset. Dates
        without a time of day, short years and names of months stay: write them anew.
        In Excel: =(A1-DATE(1970,1,1))*86400-3*3600 for Moscow, as a number without decimals.

    Source:
        Yandex Metrica, Passing call data, DateTime: Unix time stamp.
    """
    clean = cell_kernels.cleaned(cells)
    mask: Mask = non_empty(clean) & ~_is_count_of_seconds(clean)
    return mask


def finer_than_seconds(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """DateTime holds milliseconds, microseconds or nanoseconds.

    Why:
        13, 16 or 19 digits are a finer clock. Read as seconds the call lies thousands of years ahead.

    Example:
        bad: 1772434800000
        good: 1772434800

    Fix:
        Divide by 1000 (milliseconds), and write whole seconds. In a profile: scale = "0.001".

    Source:
        Yandex Metrica, Passing call data, DateTime: seconds.
    """
    clean = cell_kernels.cleaned(cells)
    return digits_only(clean) & np.isin(byte_lengths(clean), list(_FINER_UNITS))


def in_future(cells: Cells, assumptions: Assumptions) -> Mask:
    """The call begins more than five minutes from now.

    Why:
        Metrica refuses calls of the future. Usually local time was taken for UTC: in Moscow the file then runs three
        hours ahead.

    Example:
        bad: 1772445600 when it is 1772434800 now
        good: 1772434800

    Fix:
        Convert local time with its zone: --timezone Europe/Moscow. For an old file give the day with --as-of.

    Source:
        Yandex Metrica, Passing offline conversions: the time must be in the past.
    """
    seconds = _seconds_or_empty(cells)
    latest = assumptions.now + _TOLERANCE_S
    return _later_than(seconds, str(latest))


def implausible_time(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """DateTime is zero, negative, or before 2010.

    Why:
        Such a time is not a call's. 0 is what programs write when a time is missing, and small numbers are spreadsheet
        days or durations in the wrong column.

    Example:
        bad: 0
        good: 1772434800

    Fix:
        Look which column of the export became DateTime.

    Source:
        Yandex Metrica, Passing call data; CRM import does not support times before 1970.
    """
    clean = cell_kernels.cleaned(cells)
    small = non_empty(clean) & _is_count_of_seconds(clean) & (byte_lengths(clean) < _SECONDS_DIGITS)
    early: Mask = (byte_lengths(clean) == _SECONDS_DIGITS) & digits_only(clean)
    if early.any():
        early &= sorts_before(clean, _EARLIEST) & (first_bytes(clean) != ord("0"))
    negative = non_empty(clean) & (first_bytes(clean) == ord("-")) & _is_count_of_seconds(clean)
    serial = full_match(clean, _EXCEL_SERIAL) if small.any() else small
    mask: Mask = ((small & ~serial) | early | negative) & ~finer_than_seconds(cells)
    return mask


def local_time_doubts(cells: Cells, assumptions: Assumptions) -> local_times.LocalTimes:
    """The times that the zone had twice, or never; only these two masks of the answer count."""
    written = ~digits_only(cells)
    if assumptions.timezone is None or not written.any():
        nothing: Mask = np.zeros(len(cells), bool)
        return local_times.LocalTimes(np.zeros(len(cells), np.int64), nothing, nothing, nothing)
    return _read_moments(cell_kernels.clean_unless_damaged(cells), assumptions)


def describe_time_format(cells: Cells, assumptions: Assumptions | None = None) -> Cells:
    """What each cell looks like, for cells that are no Unix time: a name of ``_TIME_FORMATS``, or a reason.

    The reasons are ``text`` (nothing known), ``no-such-date``, and of local times ``twice`` (ambiguous in the zone) and
    ``never``.
    """
    clean = cell_kernels.cleaned(cells)
    formats = np.full(len(cells), "text", object)
    rest: Mask = np.ones(len(cells), bool)
    for name, pattern in _TIME_FORMATS:
        fits = rest & full_match(clean, pattern)
        formats[fits] = name
        rest &= ~fits
    if assumptions is not None:
        times = _read_written(clean, assumptions)
        known = pa.array([YEAR_FIRST, *dict(_orders(assumptions))], pa.string())
        of_known_order = as_mask(pc.is_in(date_parts(clean)[0], known))
        formats[np.isin(formats, _READABLE) & ~times.read & of_known_order] = "no-such-date"
        moments = times.moments(assumptions.timezone)
        formats[moments.ambiguous], formats[moments.nonexistent] = "twice", "never"
    return pa.array(formats, pa.string())


def finer_unit(cells: Cells, _assumptions: Assumptions | None = None) -> Cells:
    """The unit of each time that is finer than seconds, for the sentence of its rule."""
    sizes = byte_lengths(cell_kernels.cleaned(cells))
    return pa.array([_FINER_UNITS.get(int(size), "milliseconds") for size in sizes], pa.string())


def _is_count_of_seconds(clean: Cells) -> Mask:
    """Mask of the whole numbers that may be a count of seconds.

    A serial number of a spreadsheet is a date, and so are the digits of one without separators.
    """
    date = full_match(clean, f"{_EXCEL_SERIAL}|{_COMPACT}|{_PADDED}")
    negative = first_bytes(clean) == ord("-")
    whole: Mask = digits_only(clean)
    if negative.any():
        whole = whole | full_match(clean, r"-[0-9]+")
    return whole & ~date


def _seconds_or_empty(cells: Cells) -> Cells:
    """The cells that are a count of seconds, and ``""`` for all others."""
    clean = cell_kernels.cleaned(cells)
    good = _is_count_of_seconds(clean) & (first_bytes(clean) != ord("-")) & ~finer_than_seconds(cells)
    return cell_kernels.clear_where(clean, ~good)


def earlier_than(cells: Cells, moment: int) -> Mask:
    """Mask of the times of ten digits before a moment in Unix seconds."""
    # Digits of equal length sort as numbers do, so no cell must be made a number.
    first, last = 10 ** (_SECONDS_DIGITS - 1), 10**_SECONDS_DIGITS - 1
    return sorts_before(cells, str(min(max(moment, first), last)))


def _later_than(seconds: Cells, latest: str) -> Mask:
    sizes = byte_lengths(seconds)
    later: Mask = sizes > len(latest)
    alike = sizes == len(latest)
    if alike.any():
        later |= alike & as_mask(pc.greater(seconds, latest))
    return later


def _sound(cells: Cells, assumptions: Assumptions) -> Mask:
    # No rule may fire on what is sound here: tests/fields/test_kinds.py, test_sound_text_has_no_fault.
    sound: Mask = (byte_lengths(cells) == _SECONDS_DIGITS) & digits_only(cells)
    return sound & ~sorts_before(cells, _EARLIEST) & earlier_than(cells, assumptions.now + _TOLERANCE_S + 1)


def _normalize(cells: Cells, assumptions: Assumptions) -> Cells:
    others = ~(digits_only(cells) & (byte_lengths(cells) == _SECONDS_DIGITS)) & non_empty(cells)
    return cell_kernels.rewrite_where(cells, others, lambda written: _to_unix_seconds(written, assumptions))


def _to_unix_seconds(cells: Cells, assumptions: Assumptions) -> Cells:
    clean = cell_kernels.clean_unless_damaged(cells)
    # Only a dot, unlike DECIMAL_TAIL: a time with a comma is not rewritten, and its rule reports it.
    clean = cell_kernels.replace_where(clean, *rewrite_matches(clean, r"([0-9]{9,10})[.][0-9]+", r"\1"))
    times = _read_moments(clean, assumptions)
    # An ambiguous time has two readings: it stays, and its rule reports it.
    certain = times.ok & ~times.ambiguous
    return cell_kernels.replace_where(clean, certain, local_times.format_epochs(times.epoch[certain]))


def _read_moments(clean: Cells, assumptions: Assumptions) -> local_times.LocalTimes:
    return _read_written(clean, assumptions).moments(assumptions.timezone)


def _read_written(clean: Cells, assumptions: Assumptions) -> WrittenTimes:
    return read_times(clean, _orders(assumptions))


def _orders(assumptions: Assumptions) -> Orders:
    return date_orders(assumptions.date_order, assumptions.proven_orders)


_MOSCOW: Final = (("timezone", "Europe/Moscow"),)

KIND = Kind(
    name="unix-time",
    pattern=r"[1-9][0-9]{9}",
    sound=_sound,
    normalize=_normalize,
    redact=None,
    json_type="integer",
    examples=(
        Example("1772434800", "1772434800", "Unix seconds"),
        Example("2026-03-02T10:00:00+03:00", "1772434800", "says its offset"),
        Example("2026-03-02T07:00:00Z", "1772434800", "UTC"),
        Example("02.03.2026 10:00:00", "1772434800", "wall clock", _MOSCOW),
        Example("2026-03-02 10:00", "1772434800", "wall clock without seconds", _MOSCOW),
        Example("02/03/2026 10:00:00", "1772434800", "slashes", (*_MOSCOW, ("date_order", "dmy"))),
        Example("2026-03-02 10:00:00.25+03", "1772434800", "PostgreSQL: a fraction, and an offset of hours"),
        Example("2026-03-02 07:00:00 UTC", "1772434800", "UTC in letters"),
        Example("1772434800.75", "1772434800", "Unix seconds with a fraction, which is cut off"),
        Example("2026-03-02T10:00:00.999", "1772434800", "a fraction, cut off", _MOSCOW),
        Example("02.03.2026, 10:00", "1772434800", "a browser's locale", _MOSCOW),
        Example("2.3.2026 10:00:00 AM", "1772434800", "one digit, and half a day", _MOSCOW),
        Example("2026/03/02 10:00:00", "1772434800", "slashes with the year first", _MOSCOW),
        Example("02-03-2026 10:00:00", "1772434800", "hyphens", (*_MOSCOW, ("date_order", "dmy"))),
        Example("02-03-2026 10:00:00", None, "day or month first?", _MOSCOW, "datetime-not-unix"),
        Example("02.03.2026", None, "no time of day", _MOSCOW, "datetime-not-unix"),
        Example("02.03.2026 13:00 PM", None, "there is no such hour", _MOSCOW, "datetime-not-unix"),
        Example("02.03.2026 10:00:00", None, "no zone was given", fault="datetime-not-unix"),
        Example("02/03/2026 10:00:00", None, "day or month first?", _MOSCOW, "datetime-not-unix"),
        Example("26.10.2014 01:30:00", None, "happened twice in Moscow", _MOSCOW, "datetime-not-unix"),
        Example("45981", None, "a spreadsheet's day", _MOSCOW, "datetime-not-unix"),
        Example("1772434800000", None, "milliseconds", fault="datetime-not-seconds"),
    ),
)
