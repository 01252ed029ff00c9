"""Wall-clock times on whole columns: reads one layout, and converts with IANA time zones."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.fields.kernels.byte_kernels import memoized
from calltools.model.cells import Cells, Mask, Numbers, offsets, text_bytes

SECONDS_PER_DAY: Final = 86_400
#: Letter of ``strptime`` -> digits of the number. A layout with other letters (%b) has no fixed width.
_WIDTHS: Final = {"d": 2, "m": 2, "Y": 4, "H": 2, "M": 2, "S": 2}
#: Offsets are known between these moments; outside of them the nearest known one is taken.
_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2051, 1, 1, tzinfo=UTC)
#: The shortest time between two transitions of a zone since then is a week, as in Gaza or in Recife.
_BETWEEN_LOOKS: Final = timedelta(days=3)
#: Month -> its days in a common year; month 0 has none, so that no day of it exists.
_MONTH_DAYS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@dataclass(frozen=True, slots=True)
class LocalTimes:
    """A column of wall-clock times, read in a zone.

    Attributes:
        epoch: Unix seconds; the earlier moment where a time is ambiguous; 0 where it is not ``ok``.
        ok: Whether the cell has the layout, the date exists, and the zone has the time (once or twice).
        ambiguous: Whether the zone had this time twice: clocks were put back.
        nonexistent: Whether the zone skipped this time: clocks were put forward.
    """

    epoch: Numbers
    ok: Mask
    ambiguous: Mask
    nonexistent: Mask


def zone_exists(name: str) -> bool:
    """Whether there is an IANA time zone of this name."""
    return name in _zones()


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # The set is read from a folder of files, and each vendor profile with a zone asks for it.
    return frozenset(available_timezones())


def offset_at(epochs: Numbers, zone: str) -> Numbers:
    """The UTC offset of the zone at each moment, in seconds east of UTC."""
    moments, seconds = _transitions(zone)
    at: Numbers = seconds[np.searchsorted(moments, epochs, side="right")]
    return at


def format_epochs(epochs: Numbers) -> Cells:
    """Unix seconds as cells: decimal text."""
    return pc.cast(pa.array(epochs), pa.string())


def resolve_in_zone(local: Numbers, read: Mask, zone: str) -> LocalTimes:
    """Wall-clock times in a zone.

    Args:
        local: Seconds since 1970-01-01 on the clock.
        read: Where there is a time.
        zone: IANA name.
    """
    # A wall clock is at most 14 hours from UTC, and transitions are days apart. So the offset that holds at a local
    # time is the one a day before or a day after, and each of the two gives a candidate for the moment.
    before, after = offset_at(local - SECONDS_PER_DAY, zone), offset_at(local + SECONDS_PER_DAY, zone)
    first, second = local - before, local - after
    # A candidate is right if its own offset is the one it was computed with. Both are where clocks were put back (two
    # moments have this local time), neither where they were put forward (no moment has it).
    first_holds, second_holds = offset_at(first, zone) == before, offset_at(second, zone) == after
    ambiguous: Mask = read & first_holds & second_holds & (first != second)
    nonexistent: Mask = read & ~first_holds & ~second_holds
    ok: Mask = read & ~nonexistent
    epoch = np.where(first_holds, first, second)
    return LocalTimes(np.where(ok, epoch, 0), ok, ambiguous, nonexistent)


@lru_cache(maxsize=64)
def _transitions(zone: str) -> tuple[Numbers, Numbers]:
    """Moments (Unix seconds) at which the offset changes, and the offsets before, between and after them.

    ``zoneinfo`` has no list of them, and answers for one moment at a time. So look every few days, once for each zone.
    """
    info = ZoneInfo(zone)
    moments, seconds = [], [_utc_offset_s(info, _EARLIEST)]
    moment = _EARLIEST
    while moment < _LATEST:
        later = moment + _BETWEEN_LOOKS
        if _utc_offset_s(info, later) != seconds[-1]:
            moments.append(_find_transition(info, moment, later))
            seconds.append(_utc_offset_s(info, later))
        moment = later
    return np.array(moments, np.int64), np.array(seconds, np.int64)


def _find_transition(info: ZoneInfo, low: datetime, high: datetime) -> int:
    """Bisect for the second from which on the offset is that of ``high``."""
    first, last = int(low.timestamp()), int(high.timestamp())
    target = _utc_offset_s(info, high)
    while last - first > 1:
        middle = (first + last) // 2
        if _utc_offset_s(info, datetime.fromtimestamp(middle, UTC)) == target:
            last = middle
        else:
            first = middle
    return last


def _utc_offset_s(info: ZoneInfo, moment: datetime) -> int:
    return int(moment.astimezone(info).utcoffset().total_seconds())  # type: ignore[union-attr]  # the moment is aware, so it has an offset


@memoized
def parse_fixed_width(cells: Cells, layout: str) -> tuple[Numbers, Mask]:
    """Read the cells that are exactly as wide as a layout of numbers; for a layout with names nothing is read.

    Returns:
        Local time as seconds since 1970-01-01 on the same clock, and a mask of the cells that were read.
    """
    local, read = np.zeros(len(cells), np.int64), np.zeros(len(cells), bool)
    parts = re.findall(r"%(.)|([^%])", layout)
    if not all(letter in _WIDTHS for letter, _ in parts if letter):
        return local, read
    width = sum(_WIDTHS.get(letter, 0) or len(separator.encode()) for letter, separator in parts)
    ends = offsets(cells).astype(np.int64)
    rows = np.flatnonzero(np.diff(ends) == width)
    if not len(rows):
        return local, read
    matrix = _byte_matrix(text_bytes(cells), ends, rows, width)
    values, good = _parse_digit_fields(matrix, parts)
    seconds, exists = to_local_seconds(values)
    local[rows], read[rows] = np.where(good & exists, seconds, 0), good & exists
    return local, read


def _byte_matrix(data: NDArray[np.uint8], ends: Numbers, rows: Numbers, width: int) -> NDArray[np.uint8]:
    """The bytes of some cells, a row for each cell and a column for each byte."""
    # Usually all cells have the same width: then the buffer is the matrix already, without a copy.
    if len(rows) == len(ends) - 1:
        return data[ends[0] : ends[-1]].reshape(-1, width)
    matrix: NDArray[np.uint8] = data[ends[rows][:, None] + np.arange(width)]
    return matrix


def _parse_digit_fields(matrix: NDArray[np.uint8], parts: list[tuple[str, str]]) -> tuple[dict[str, Numbers], Mask]:
    """The numbers by letter of the layout, and the rows with digits and separators where the layout has them."""
    values: dict[str, Numbers] = {}
    good: Mask = np.ones(len(matrix), bool)
    column = 0
    for letter, separator in parts:
        if letter:
            number = np.zeros(len(matrix), np.int64)
            for _ in range(_WIDTHS[letter]):
                # Unsigned: a byte below "0" wraps around to a large number.
                digit = matrix[:, column] - np.uint8(48)
                good &= digit <= 9
                number = number * 10 + digit
                column += 1
            values[letter] = number
        else:
            for byte in separator.encode():
                good &= matrix[:, column] == byte
                column += 1
    return values, good


def to_local_seconds(values: dict[str, Numbers]) -> tuple[Numbers, Mask]:
    """Local seconds of numbers by their letters in ``strptime``, and a mask of the dates and times that exist."""
    count = len(next(iter(values.values())))
    zero = np.zeros(count, np.int64)
    year, month, day = values.get("Y", zero + 1970), values.get("m", zero + 1), values.get("d", zero + 1)
    hour, minute, second = values.get("H", zero), values.get("M", zero), values.get("S", zero)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = _MONTH_DAYS[np.where((month >= 1) & (month <= 12), month, 0)] + (leap & (month == 2))
    exists = (day >= 1) & (day <= longest) & (hour <= 23) & (minute <= 59) & (second <= 59) & (year >= 1)
    return _days_since_epoch(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second, exists


def _days_since_epoch(year: Numbers, month: Numbers, day: Numbers) -> Numbers:
    """Days since 1970-01-01 in the proleptic Gregorian calendar.

    Source:
        Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
    """
    # Years begin in March here, so that a leap day is the last day of its year. 400 years, an era, have 146,097 days.
    shifted = year - (month <= 2)
    era = shifted // 400
    of_era = shifted - era * 400
    # 153 days are five months from March on; 719,468 are the days from 0000-03-01 to 1970-01-01.
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days: Numbers = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return days


def parse_distinct(cells: Cells, layout: str) -> tuple[Numbers, Mask]:
    """Read cells with ``strptime``, each distinct text once: local seconds, or those of UTC if the layout has ``%z``.

    This is slow: for the few cells, or the rare layouts, that nothing else reads.
    """
    encoded = cells.dictionary_encode()
    moments = [_strptime_epoch(text, layout) for text in encoded.dictionary.to_pylist()]
    seconds = np.array([0 if moment is None else moment for moment in moments], np.int64)
    known = np.array([moment is not None for moment in moments], bool)
    rows = encoded.indices.to_numpy()
    return seconds[rows], known[rows]


def _strptime_epoch(text: str, layout: str) -> int | None:
    # strptime takes other scripts' digits and spaces; only names of months and days may be beyond ASCII.
    if not text.isascii() and "%b" not in layout and "%a" not in layout:
        return None
    try:
        moment = datetime.strptime(text, layout)  # noqa: DTZ007 - a wall-clock time; its zone is applied later
    except ValueError:
        return None
    return int(moment.replace(tzinfo=UTC).timestamp()) if moment.tzinfo is None else int(moment.timestamp())
