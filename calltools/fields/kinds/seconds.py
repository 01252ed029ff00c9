"""Durations: whole seconds."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import byte_lengths, digits_only, first_bytes, full_match, rewrite_matches
from calltools.fields.local_times import SECONDS_PER_DAY
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, as_mask, non_empty

#: As text: cells are compared as text, never made numbers.
_DAY_SECONDS: Final = str(SECONDS_PER_DAY)
_DAYS: Final = r"(?:(?P<d>[0-9]{1,3}) (?:days?|дн[яей]*|день|д[.]?),? )?"
#: Spellings with one reading; a fraction of a second is cut off. 3:15 has two, so a profile or the user must say which.
_SPELLINGS: Final = (
    rf"{_DAYS}(?P<h>[0-9]{{1,3}}):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9])(?:[.,][0-9]+)?",
    r"(?P<s>0{1,2}):00",
    r"(?:(?P<h>[0-9]{1,3}) ?(?:hours?|hrs?|h|час[аов]*|ч)[.]? ?)?"
    r"(?:(?P<m>[0-9]{1,4}) ?(?:min(?:ute)?s?|m|мин[утаы]*|м)[.]? ?)?"
    r"(?:(?P<s>[0-9]{1,6}) ?(?:seconds?|secs?|s|сек[ундаы]*|с)[.]?)?",
    r"PT(?:(?P<h>[0-9]{1,3})H)?(?:(?P<m>[0-9]{1,4})M)?(?:(?P<s>[0-9]{1,6})(?:[.][0-9]+)?S)?",
)
#: Layouts that a profile or the user may give for a duration.
DURATION_LAYOUTS: Final[Mapping[str, str]] = MappingProxyType(
    {"mm:ss": r"(?P<m>[0-9]{1,4}):(?P<s>[0-5][0-9])", "h:mm": r"(?P<h>[0-9]{1,3}):(?P<m>[0-5][0-9])"}
)
#: The first hour that no clock shows.
_FIRST_HOUR_OF_NO_CLOCK: Final = 24
_UNIT_SECONDS: Final[Mapping[str, int]] = MappingProxyType({"d": 86_400, "h": 3600, "m": 60, "s": 1})
_NEGATIVE: Final = r"-[0-9]+(?:[.,]0+)?"


def not_whole_seconds(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """A duration is not a whole number of seconds.

    Why:
        Metrica counts talk and waiting in whole seconds. From 00:03:15 or "3 min" it takes nothing, and average
        durations in reports become wrong without a word.

    Example:
        bad: 00:03:15
        good: 195

    Fix:
        Write seconds; the number that hh:mm:ss means stands in the finding. Nobody can know whether 3:15 is minutes or
        hours: `calltools convert --duration-format mm:ss` reads it as 195 seconds, `--duration-format h:mm` as 11700.

    Source:
        Yandex Metrica, Passing call data, TalkDuration and HoldDuration: seconds.
    """
    clean = cell_kernels.cleaned(cells)
    return non_empty(clean) & ~_is_canonical(clean) & ~negative_duration(cells)


def negative_duration(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """A duration is below zero.

    Why:
        No call is shorter than nothing. Some exports write -1 for "unknown", others subtract times in the wrong order.

    Example:
        bad: -1
        good: an empty cell

    Fix:
        Leave the cell empty if the duration is not known; otherwise look how the export computes it.

    Source:
        Yandex Metrica, Logs API, ym:s:offlineCallTalkDuration: UInt32.
    """
    clean = cell_kernels.cleaned(cells)
    minus = first_bytes(clean) == ord("-")
    return full_match(clean, _NEGATIVE) if minus.any() else minus


def implausible_duration(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """A duration is over 24 hours.

    Why:
        Calls do not last a day. Usually these are milliseconds, or a time of day in the wrong column; one such call
        spoils every average of the report.

    Example:
        bad: 195000
        good: 195

    Fix:
        Look at the unit of the export's column; in a profile scale = "0.001" makes seconds of milliseconds.

    Source:
        Durations seen in exports: milliseconds in some vendors' columns.
    """
    clean = cell_kernels.cleaned(cells)
    return _is_canonical(clean) & non_empty(clean) & _is_over_a_day(clean)


def _is_over_a_day(cells: Cells) -> Mask:
    """Of canonical cells: longer texts are larger numbers, and texts of equal length sort as numbers do."""
    sizes = byte_lengths(cells)
    longer: Mask = sizes > len(_DAY_SECONDS)
    alike = sizes == len(_DAY_SECONDS)
    return longer | (alike & as_mask(pc.greater(cells, _DAY_SECONDS))) if alike.any() else longer


def _is_canonical(cells: Cells) -> Mask:
    mask: Mask = digits_only(cells) & ((first_bytes(cells) != ord("0")) | (byte_lengths(cells) == 1))
    return mask


def _sound(cells: Cells, _assumptions: Assumptions) -> Mask:
    # The rules judge clean cells with the same two functions: tests/fields/test_kinds.py, test_sound_text_has_no_fault.
    return _is_canonical(cells) & ~_is_over_a_day(cells)


def _normalize(cells: Cells, assumptions: Assumptions) -> Cells:
    layout = assumptions.duration_format
    spellings = _SPELLINGS if layout is None else (*_SPELLINGS, DURATION_LAYOUTS[layout])
    return cell_kernels.rewrite_where(cells, ~_is_canonical(cells), lambda some: _to_seconds(some, spellings))


def _to_seconds(cells: Cells, spellings: Sequence[str]) -> Cells:
    clean = cell_kernels.drop_decimal_tail(cell_kernels.clean_unless_damaged(cells))
    clean = cell_kernels.replace_where(clean, *rewrite_matches(clean, r"0+([0-9]+)", r"\1"))
    for spelling in spellings:
        clean = read_layout(clean, spelling)
    return clean


def minutes_or_hours(cells: Cells) -> tuple[Cells, int]:
    """The cells such as 3:15, which have two readings, in order; and how many others are no zero."""
    clean = cell_kernels.cleaned(cells)
    zero = full_match(clean, "[0:]*")
    written = ~digits_only(clean) & ~zero
    short = full_match(clean, DURATION_LAYOUTS["mm:ss"]) & written if written.any() else written
    return clean.filter(pa.array(short)), int((non_empty(clean) & ~short & ~zero).sum())


def prove_minutes(cells: Cells) -> bool:
    """Whether a cell such as 75:10 shows that these are minutes: no clock has such an hour."""
    written = ~digits_only(cells)
    if not written.any():
        return False
    short, _ = minutes_or_hours(cells.filter(pa.array(written)))
    first = pc.cast(pc.replace_substring_regex(short, ":.*", ""), pa.int64())
    return bool(pc.any(pc.greater_equal(first, _FIRST_HOUR_OF_NO_CLOCK)).as_py())


def read_layout(cells: Cells, pattern: str) -> Cells:
    """The cells that a pattern matches whole as seconds: its groups d, h, m, s are the units; other cells stay."""
    # At least one digit: every unit of a spelling may lack.
    matched = full_match(cells, f"(?i:{pattern})") & full_match(cells, "(?s).*[0-9].*") & ~digits_only(cells)
    return cell_kernels.rewrite_where(cells, matched, lambda some: _add_units(some, pattern))


def _add_units(cells: Cells, pattern: str) -> Cells:
    groups = pc.extract_regex(cells, f"^(?i:{pattern})$")
    total = pa.array(np.zeros(len(cells), np.int64))
    for field in groups.type:
        text = pc.struct_field(groups, field.name)
        number = pc.cast(pc.if_else(pc.equal(text, ""), "0", text), pa.int64())
        total = pc.add(total, pc.multiply(number, _UNIT_SECONDS[field.name]))
    return pc.cast(total, pa.string())


KIND = Kind(
    name="seconds",
    pattern="0|[1-9][0-9]*",
    sound=_sound,
    normalize=_normalize,
    redact=None,
    json_type="integer",
    examples=(
        Example("195", "195", "seconds"),
        Example("00:03:15", "195", "hours, minutes, seconds"),
        Example("195.0", "195", "a number cell's tail"),
        Example("007", "7", "leading zeros"),
        Example("3 min", "180", "words"),
        Example("1 мин 15 сек", "75", "words"),
        Example("PT1M15S", "75", "ISO 8601"),
        Example("0 days 00:01:15.650", "75", "days, and a fraction that is cut off"),
        Example("soon", None, "no duration", fault="duration-not-seconds"),
        Example("3:15", None, "minutes or hours?", fault="duration-not-seconds"),
        Example("3:15", "195", "minutes and seconds", (("duration_format", "mm:ss"),)),
        Example("3:15", "11700", "hours and minutes", (("duration_format", "h:mm"),)),
        Example("0:03:15", "195", "all three parts, whatever two would be", (("duration_format", "h:mm"),)),
        Example("12.5", None, "a fraction", fault="duration-not-seconds"),
        Example("-1", None, "below zero", fault="duration-negative"),
    ),
)
