"""Times: Unix seconds in UTC."""

import re
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields import local_times
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
from calltools.model.assumptions import Assumptions, DateOrder
from calltools.model.cells import Cells, Mask, as_mask, non_empty

#: 2010-01-01 00:00:00 UTC: an earlier time is not the time of a call.
EARLIEST_CALL: Final = 1_262_304_000
_EARLIEST: Final = str(EARLIEST_CALL)
_SECONDS_DIGITS: Final = 10
_TOLERANCE_S: Final = 300
#: Digits of milli-, micro- and nanoseconds between 2001 and 2286.
_FINER_UNITS: Final = {13: "milliseconds", 16: "microseconds", 19: "nanoseconds"}
_ISO_WITH_OFFSET: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)? ?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)
_TIME: Final = r"[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?"
_EXCEL_SERIAL: Final = r"[2-7][0-9]{4}(?:[.,][0-9]+)?"
#: What a cell that is no Unix time looks like: the first pattern that fits. The wording knows the names.
_TIME_FORMATS: Final = (
    ("iso-8601", rf"{_ISO_WITH_OFFSET}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:{_TIME})?"),
    ("dotted-date", rf"[0-9]{{1,2}}[.][0-9]{{1,2}}[.][0-9]{{2,4}}(?:{_TIME})?"),
    ("slashed-date", rf"[0-9]{{1,4}}/[0-9]{{1,2}}/[0-9]{{1,4}}(?:{_TIME})?(?: ?[AaPp][Mm])?"),
    ("excel-serial", _EXCEL_SERIAL),
    ("month-name", r".*(?:[A-Za-z]{3}|[а-яА-Я]{3}).*"),
    ("number", r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[Ee][+-]?[0-9]+)?"),
)
#: A date such as 03/04/2026. Only a number over 12 can prove which of the two is the day.
_TWO_SHORT_NUMBERS: Final = (
    r"^(?P<first>[0-9]{1,2})SEPARATOR(?P<second>[0-9]{1,2})SEPARATOR(?:[0-9]{2}|[0-9]{4})(?:[T ,].*)?$"
)
_MONTHS: Final = 12
_LAYOUTS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
                   "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M")  # fmt: skip
_SLASHED_LAYOUTS: Final = {"dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y", "ymd": "%Y/%m/%d"}


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
        Run `calltools convert --timezone Europe/Moscow` with the zone of the file's clock; slashed dates need
        --date-order as well. In Excel: =(A1-DATE(1970,1,1))*86400-3*3600 for Moscow, as a number without decimals.

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
        early &= sorts_before(clean, _EARLIEST)
    negative = non_empty(clean) & (first_bytes(clean) == ord("-")) & _is_count_of_seconds(clean)
    serial = full_match(clean, _EXCEL_SERIAL) if small.any() else small
    mask: Mask = ((small & ~serial) | early | negative) & ~finer_than_seconds(cells)
    return mask


def describe_time_format(cells: Cells, assumptions: Assumptions | None = None) -> Cells:
    """What each cell looks like, for cells that are no Unix time: a name of ``_TIME_FORMATS``, or a reason.

    The reasons are ``text`` (nothing known), and of local times ``twice`` (ambiguous in the zone) and ``never``.
    """
    clean = cell_kernels.cleaned(cells)
    formats = np.full(len(cells), "text", object)
    rest: Mask = np.ones(len(cells), bool)
    for name, pattern in _TIME_FORMATS:
        fits = rest & full_match(clean, pattern)
        formats[fits] = name
        rest &= ~fits
    if assumptions is not None and assumptions.timezone is not None:
        for layout in _layouts(assumptions):
            times = local_times.parse_local(clean, layout, assumptions.timezone)
            formats[times.ambiguous], formats[times.nonexistent] = "twice", "never"
    return pa.array(formats, pa.string())


def prove_date_order(cells: Cells, separators: str = "/.-") -> tuple[bool, DateOrder | None]:
    """Find out whether day or month comes first. A number over 12 is a day.

    Args:
        cells: Dates.
        separators: Characters that may separate the numbers.

    Returns:
        Whether there are dates that begin with two short numbers, and their order. The order is ``None`` when no
        number is over 12, or when dates contradict each other.
    """
    pattern = _TWO_SHORT_NUMBERS.replace("SEPARATOR", f"[{separators}]")
    parts = pc.extract_regex(cell_kernels.cleaned(cells), pattern).drop_null()
    first, second = (pc.cast(pc.struct_field(parts, name), pa.int8()).to_numpy() for name in ("first", "second"))
    day_first, month_first = bool((first > _MONTHS).any()), bool((second > _MONTHS).any())
    if day_first == month_first:
        return bool(len(parts)), None
    return True, "dmy" if day_first else "mdy"


def finer_unit(cells: Cells, _assumptions: Assumptions | None = None) -> Cells:
    """The unit of each time that is finer than seconds, for the sentence of its rule."""
    sizes = byte_lengths(cell_kernels.cleaned(cells))
    return pa.array([_FINER_UNITS.get(int(size), "milliseconds") for size in sizes], pa.string())


def _is_count_of_seconds(clean: Cells) -> Mask:
    """Mask of the whole numbers that may be a count of seconds; a serial number of a spreadsheet is a date."""
    serial = full_match(clean, _EXCEL_SERIAL)
    negative = first_bytes(clean) == ord("-")
    whole: Mask = digits_only(clean)
    if negative.any():
        whole = whole | full_match(clean, r"-[0-9]+")
    return whole & ~serial


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
    clean = cell_kernels.replace_where(clean, *rewrite_matches(clean, r"([0-9]{9,10})[.]0+", r"\1"))
    clean = _convert_offset_times(clean)
    if assumptions.timezone is None:
        return clean
    for layout in _layouts(assumptions):
        clean = _convert_wall_clock(clean, layout, assumptions.timezone)
    return clean


def _layouts(assumptions: Assumptions) -> tuple[str, ...]:
    order = assumptions.date_order
    if order is None:
        return _LAYOUTS
    return (*_LAYOUTS, f"{_SLASHED_LAYOUTS[order]} %H:%M:%S", f"{_SLASHED_LAYOUTS[order]} %H:%M")


def _convert_offset_times(cells: Cells) -> Cells:
    """Rewrite times that have their own UTC offset, which need no zone from the user."""
    return cell_kernels.rewrite_where(cells, full_match(cells, _ISO_WITH_OFFSET), _distinct_iso_to_epoch)


def _distinct_iso_to_epoch(cells: Cells) -> Cells:
    encoded = cells.dictionary_encode()
    texts = pa.array([_iso_to_epoch(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return pc.take(texts, encoded.indices)


def _iso_to_epoch(text: str) -> str:
    try:
        moment = datetime.fromisoformat(re.sub(r" ?([Zz+-][0-9:]*)$", r"\1", text.replace(",", ".")))
    except ValueError:
        return text
    return str(int(moment.timestamp()))


def _convert_wall_clock(cells: Cells, layout: str, zone: str) -> Cells:
    rest = ~digits_only(cells)
    if not rest.any():
        return cells
    times = local_times.parse_local(cells.filter(pa.array(rest)), layout, zone)
    # An ambiguous time has two readings: it stays, and its rule reports it.
    certain = times.ok & ~times.ambiguous
    rest[rest] = certain
    return cell_kernels.replace_where(cells, rest, local_times.format_epochs(times.epoch[certain]))


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
        Example("02.03.2026 10:00:00", None, "no zone was given", fault="datetime-not-unix"),
        Example("02/03/2026 10:00:00", None, "day or month first?", _MOSCOW, "datetime-not-unix"),
        Example("26.10.2014 01:30:00", None, "happened twice in Moscow", _MOSCOW, "datetime-not-unix"),
        Example("45981", None, "a spreadsheet's day", _MOSCOW, "datetime-not-unix"),
        Example("1772434800000", None, "milliseconds", fault="datetime-not-seconds"),
    ),
)
