"""The closed vocabulary of profiles: one pure function for each word, on whole columns.

Each function takes cells and returns cells. A need of three profiles becomes a new word; a need of one profile is a
sign to look at that profile again.
"""

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields import local_times
from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import digits_only, full_match, memoized
from calltools.fields.kinds import normalize_field_cells
from calltools.fields.time_layouts import WrittenTimes, read_in_layouts
from calltools.model.assumptions import Assumptions, DurationFormat
from calltools.model.cells import Cells, Mask, Numbers, as_mask, cells_from_text, constant_cells, non_empty
from calltools.vendors.profile import Condition

_MAX_LITERAL_LENGTH: Final = 10_000
_SECONDS_PATTERN: Final = r"[0-9]{1,10}"
#: No time, or no duration: an empty cell, 0, and the date of zeros that databases write.
_NEVER_PATTERN: Final = r"[0:. T-]*"
_ABOVE_ZERO_PATTERN: Final = r"0*[1-9][0-9]*"
_MINUTE_AT_END: Final = r"[ T][0-9]{1,2}:([0-9]{2})$"
_NO_SECONDS: Final = r"([ T][0-9]{1,2}:[0-9]{2}):00$"
_MINUTE_OF_CLOCK: Final = r"(?:^|[ T])[0-9]{1,2}:([0-9]{2}):[0-9]{2}"
_SECOND_OF_CLOCK: Final = r"(?:^|[ T])[0-9]{1,2}:[0-9]{2}:([0-9]{2})"
_RUSSIAN_BOOLEANS: Final = (("истина", "true"), ("ложь", "false"))
_QUARTER_MIN: Final = 15
_MIDNIGHT_START: Final = "0:00"
#: The bracket of a group, or what may hold one that opens none: an escape, a set of characters.
_BRACKET: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?!\?)", re.DOTALL)
_MIDNIGHT_AT_END: Final = r"[ T]0{1,2}:00(?::00(?:[.]0+)?)?$"


def first_of(columns: Sequence[Cells]) -> Cells:
    """The first filled cell of each row."""
    return reduce(lambda left, right: pc.if_else(pc.equal(left, ""), right, left), columns)


def join_filled(columns: Sequence[Cells], between: str) -> Cells:
    """The filled cells of each row, with a text between them."""

    def join_two(left: Cells, right: Cells) -> Cells:
        joined = pc.binary_join_element_wise(left, right, between)
        return pc.if_else(pc.equal(left, ""), right, pc.if_else(pc.equal(right, ""), left, joined))

    return reduce(join_two, columns)


def drop_midnight(cells: Cells) -> Cells:
    """Dates without the time 00:00:00 behind them; any other cell is unchanged."""
    if not pc.any(pc.match_substring(cells, _MIDNIGHT_START)).as_py():
        return cells
    return pc.replace_substring_regex(cells, _MIDNIGHT_AT_END, "")


def extract(cells: Cells, pattern: str) -> Cells:
    """The text that the only group of a pattern matches; empty where the pattern does not match."""
    return pc.fill_null(pc.struct_field(pc.extract_regex(cells, _name_group(pattern)), [0]), "")


def pattern_fault(pattern: str) -> str:
    """Why ``extract`` cannot use a pattern that Python reads; empty: it can. Arrow knows no look-around."""
    try:
        # No cell is needed, and without one pandas is not imported.
        pc.extract_regex(pa.nulls(0, pa.string()), _name_group(pattern))
    except pa.ArrowInvalid as fault:
        return str(fault)
    return ""


def _name_group(pattern: str) -> str:
    """The pattern with a name for its group: Arrow returns no other; profiles write the plain group of Python."""
    return _BRACKET.sub(lambda part: "(?P<found>" if part[0] == "(" else part[0], pattern)


def url_parameter(cells: Cells, name: str) -> Cells:
    """The value of a query parameter of each URL; empty where the URL has none."""
    return extract(cells, rf"[?&#]{re.escape(name)}=([^&#]*)")


def pluck(cells: Cells, key: str) -> Cells:
    """The values of a key in a JSON list of objects, or the words of a list (key ``""``), joined by ``; ``.

    A cell that is neither JSON nor a Python literal is unchanged.
    """
    return _rewrite_distinct(cells, lambda text: _pluck_text(text, key))


def _pluck_text(text: str, key: str) -> str:
    if not text.startswith(("[", "{")):
        return text
    parsed = _parse_list(text)
    if parsed is None:
        return text
    words: list[str] = []
    for item in parsed if isinstance(parsed, list) else [parsed]:
        value = item.get(key, "") if isinstance(item, dict) else item
        words += [str(word) for word in (value if isinstance(value, list) else [value]) if word not in ("", None)]
    return "; ".join(words)


def _parse_list(text: str) -> object:
    """The value of JSON text, or of the Python literal that some exporters write instead; ``None``: neither."""
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    # An unknown escape would make the parser print a warning; long literals would take it too much memory.
    if len(text) < _MAX_LITERAL_LENGTH and "\\" not in text:
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            return ast.literal_eval(text)
    return None


def translate_words(cells: Cells, words: Mapping[str, str], otherwise: str | None) -> tuple[Cells, Mask]:
    """Source words as canonical text, and the rows with an unknown word.

    Args:
        cells: Source words; case and outer white space do not matter.
        words: Source word -> canonical text; the guards of spreadsheets around a word do not matter.
        otherwise: Canonical text for any other word; ``None``: such a word is unchanged and unknown.
    """
    encoded = _dictionary_encode(cells)
    table = {word.lower(): text for word, text in words.items()}
    listed = pa.array(list(table), pa.string())
    written = pc.utf8_trim_whitespace(encoded.dictionary)
    folded = _with_english_booleans(pc.utf8_lower(cell_kernels.without_guards(written)), listed)
    # A word of the profile may look like a guarded one. pandas writes 1 as 1.0 where other cells are empty.
    number = cell_kernels.without_decimal_tail(folded)
    position = pc.coalesce(*(pc.index_in(one, listed) for one in (pc.utf8_lower(written), folded, number)))
    known, filled = pc.is_valid(position), non_empty(folded)
    other = encoded.dictionary if otherwise is None else pc.if_else(pa.array(filled), otherwise, "")
    translated = pc.if_else(known, pc.take(pa.array(list(table.values()), pa.string()), position), other)
    unknown = ~as_mask(known) & filled if otherwise is None else _no_rows(folded)
    return pc.take(translated, encoded.indices), unknown[encoded.indices.to_numpy()]


def scale(cells: Cells, factor: str) -> Cells:
    """Whole numbers times a factor, rounded down; other cells are unchanged."""
    cells = cell_kernels.without_decimal_tail(cells)
    # Every number of 18 digits fits in 64 bits, and so does what is multiplied.
    longest = 18 - len(factor) if factor.isdigit() else 18
    whole = digits_only(cells) & non_empty(cells) & (pc.binary_length(cells).to_numpy() <= longest)
    if not whole.any():
        return cells
    numbers = pc.cast(cells.filter(pa.array(whole)), pa.int64()).to_numpy()
    # Division by a whole number is exact; multiplication by 0.001 is not.
    scaled = numbers * int(factor) if factor.isdigit() else numbers // round(1 / float(factor))
    return cell_kernels.replace_where(cells, whole, pc.cast(pa.array(scaled), pa.string()))


def difference(later: Cells, earlier: Cells, layouts: tuple[str, ...], assumptions: Assumptions) -> Cells:
    """Seconds from the earlier to the later time, or by which one duration is longer; empty where one is missing.

    Likewise where only one of them says its offset, or is Unix seconds: the other may be of any zone.
    Where a cell is neither a time nor a duration, it is that cell alone, so that a rule can name it.

    Args:
        later: Times, or the longer durations.
        earlier: Times, or the shorter ones.
        layouts: Of the times.
        assumptions: The order of day and month, and how durations such as 3:15 are read.
    """
    later, earlier = (_spelled_as_seconds(cells, layouts, assumptions) for cells in (later, earlier))
    ends, has_end, end_is_utc = _parse_moments(later, layouts, assumptions)
    starts, has_start, start_is_utc = _parse_moments(earlier, layouts, assumptions)
    both = has_end & has_start & (end_is_utc == start_is_utc)
    text = pc.cast(pa.array(np.where(both, ends - starts, 0)), pa.string())
    filled = np.logical_and.reduce(
        [~cell_kernels.absent(one) & ~full_match(one, _NEVER_PATTERN) for one in (later, earlier)]
    )
    unreadable = pc.if_else(pa.array(has_end), earlier, later)
    return pc.if_else(pa.array(both), text, pc.if_else(pa.array(filled & ~(has_end & has_start)), unreadable, ""))


def _spelled_as_seconds(cells: Cells, layouts: tuple[str, ...], assumptions: Assumptions) -> Cells:
    """Durations, and Unix seconds out of number cells, as plain seconds: 60.0, 0:01:00; other cells are unchanged."""
    others = ~full_match(cells, _SECONDS_PATTERN) & non_empty(cells)
    others[others] = ~_read_times(cells.filter(pa.array(others)), layouts, assumptions).read
    return cell_kernels.rewrite_where(
        cells, others, lambda spelled: normalize_field_cells("HoldDuration", spelled, assumptions)
    )


def sum_durations(columns: Sequence[Cells], layout: DurationFormat | None = None) -> Cells:
    """Durations added, in seconds; where a cell is not a duration, that cell alone, so that a rule can name it.

    Args:
        columns: The durations.
        layout: How those such as 3:15 are read; ``None``: they are not.
    """
    assumptions = Assumptions(now=0, duration_format=layout)
    seconds = [normalize_field_cells("HoldDuration", cells, assumptions) for cells in columns]
    readable = [pa.array(full_match(cells, _SECONDS_PATTERN)) for cells in seconds]
    numbers = [pc.cast(pc.if_else(mask, cells, "0"), pa.int64()) for mask, cells in zip(readable, seconds, strict=True)]
    total = pc.cast(reduce(pc.add, numbers), pa.string())
    unreadable = first_of([pc.if_else(mask, "", cells) for mask, cells in zip(readable, seconds, strict=True)])
    filled = np.logical_or.reduce([non_empty(cells) for cells in seconds])
    return pc.if_else(pc.equal(unreadable, ""), pc.if_else(pa.array(filled), total, ""), unreadable)


def with_seconds(cells: Cells, clocks: Cells) -> Cells:
    """Times without seconds, with the seconds of a second clock that shows the same moment.

    Two zones differ by whole quarters of an hour. If the minutes differ otherwise, the clocks show two moments, and
    the time is unchanged.
    """
    # A workbook stores a time without seconds as one with :00, so those are replaced, too.
    short = pc.replace_substring_regex(cells, _NO_SECONDS, r"\1")
    minute, other = extract(short, _MINUTE_AT_END), extract(clocks, _MINUTE_OF_CLOCK)
    seconds = extract(clocks, _SECOND_OF_CLOCK)
    both = non_empty(minute) & non_empty(other) & non_empty(seconds)
    apart = [pc.cast(pc.if_else(pa.array(both), text, "0"), pa.int64()).to_numpy() for text in (minute, other)]
    same = both & ((apart[0] - apart[1]) % _QUARTER_MIN == 0)
    return pc.if_else(pa.array(same), pc.binary_join_element_wise(short, seconds, ":"), cells)


def _read_times(cells: Cells, layouts: tuple[str, ...], assumptions: Assumptions) -> WrittenTimes:
    return read_in_layouts(cells, layouts, assumptions.date_order, assumptions.proven_orders)


def _parse_moments(cells: Cells, layouts: tuple[str, ...], assumptions: Assumptions) -> tuple[Numbers, Mask, Mask]:
    """Seconds in UTC, or on the clock of the cells; the rows that hold a time; and those whose time is in UTC."""
    # Zero means "never" in columns of Unix seconds.
    in_seconds = full_match(cells, _SECONDS_PATTERN) & ~as_mask(pc.equal(cells, "0"))
    seconds = np.zeros(len(cells), np.int64)
    if in_seconds.any():
        seconds[in_seconds] = pc.cast(cells.filter(pa.array(in_seconds)), pa.int64()).to_numpy()
    if in_seconds.all():
        return seconds, in_seconds, in_seconds
    times = _read_times(cells, layouts, assumptions)
    seconds = np.where(in_seconds, seconds, times.local - times.offset)
    return seconds, in_seconds | times.read, in_seconds | times.has_offset


@dataclass(frozen=True, slots=True)
class ParsedTimes:
    """Wall-clock times as Unix seconds.

    Attributes:
        cells: Unix seconds as text; a time that cannot be read, or stands for two moments, is unchanged.
        ambiguous: Rows whose time the zone had twice, as a clock was put back (CT602).
        nonexistent: Rows whose time the zone never had, as a clock was put forward (CT603).
    """

    cells: Cells
    ambiguous: Mask
    nonexistent: Mask

    def restrict(self, rows: Mask) -> "ParsedTimes":
        """The same times with doubts in some rows only."""
        return replace(self, ambiguous=self.ambiguous & rows, nonexistent=self.nonexistent & rows)

    def combine(self, other: "ParsedTimes") -> "ParsedTimes":
        """The same times with the doubts of both."""
        return replace(
            self, ambiguous=self.ambiguous | other.ambiguous, nonexistent=self.nonexistent | other.nonexistent
        )


def parse_times(cells: Cells, times: WrittenTimes, zone: str | None) -> ParsedTimes:
    """Times as Unix seconds.

    Args:
        cells: Times as text.
        times: What ``read_in_layouts`` has read of them.
        zone: IANA name of the zone of times without an offset; ``None``: such times stay unread.
    """
    moments = times.moments(zone)
    sure = moments.ok & ~moments.ambiguous
    if sure.any():
        cells = cell_kernels.replace_where(cells, sure, local_times.format_epochs(moments.epoch[sure]))
    return ParsedTimes(cells, moments.ambiguous, moments.nonexistent)


def condition_mask(condition: Condition, column: Callable[[str], Cells | None], count: int) -> Mask:
    """Rows in which every column of a condition holds one of its words.

    Args:
        condition: Column -> words; case and outer white space do not matter.
        column: Gives the cells of a source column; ``None``: the file lacks it, and its cells are empty.
        count: Number of rows.
    """
    mask: Mask = np.ones(count, bool)
    for name, words in condition.items():
        cells = column(name)
        cells = constant_cells("", count) if cells is None else cells
        encoded, folded_words = _dictionary_encode(cells), pa.array([word.lower() for word in words], pa.string())
        written = _with_english_booleans(pc.utf8_lower(pc.utf8_trim_whitespace(encoded.dictionary)), folded_words)
        number = cell_kernels.without_decimal_tail(written)
        listed = (as_mask(pc.is_in(written, folded_words)) | as_mask(pc.is_in(number, folded_words)))[
            encoded.indices.to_numpy()
        ]
        listed = listed | non_empty(cells) if "*" in words else listed
        mask &= listed | _above_zero(encoded) if ">0" in words else listed
    return mask


def _with_english_booleans(words: Cells, listed: Cells) -> Cells:
    """Words in lower case, with those that a Russian Excel writes for TRUE and FALSE in English; listed ones stay."""
    for russian, english in _RUSSIAN_BOOLEANS:
        if pc.index(listed, russian).as_py() < 0:
            words = pc.if_else(pc.equal(words, russian), english, words)
    return words


def _above_zero(encoded: pa.DictionaryArray) -> Mask:
    """The cells with a number or a duration above zero, as a spreadsheet may write it, too: 60.0, 0:01:00."""
    # 3:15 is above zero, be it minutes or hours.
    assumptions = Assumptions(now=0, duration_format="mm:ss")
    numbers = normalize_field_cells("TalkDuration", encoded.dictionary, assumptions)
    mask: Mask = full_match(numbers, _ABOVE_ZERO_PATTERN)[encoded.indices.to_numpy()]
    return mask


def _rewrite_distinct(cells: Cells, rewrite: Callable[[str], str]) -> Cells:
    encoded = _dictionary_encode(cells)
    # JSON may hold half a surrogate pair.
    return pc.take(cells_from_text([rewrite(text) for text in encoded.dictionary.to_pylist()]), encoded.indices)


@memoized
def _dictionary_encode(cells: Cells) -> pa.DictionaryArray:
    """Cells as a dictionary: a column of words holds few distinct ones, and each is worked on once."""
    return cells.dictionary_encode()


def _no_rows(cells: Cells) -> Mask:
    mask: Mask = np.zeros(len(cells), bool)
    return mask
