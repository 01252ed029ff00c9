"""The closed vocabulary of profiles: one pure function a word, on whole columns.

Each takes cells and gives cells. A word of one profile only is a sign to look again at the profile; a need of three
profiles becomes a word here.
"""

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields import local_times
from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import digits_only, full_match, memoized
from calltools.fields.kinds import normalize_field_cells
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, Numbers, as_mask, constant_cells, non_empty
from calltools.vendors.profile import Condition

_MAX_LITERAL_LENGTH: Final = 10_000
_SECONDS_PATTERN: Final = r"[0-9]{1,10}"
_ABOVE_ZERO_PATTERN: Final = r"0*[1-9][0-9]*"
_MINUTE_AT_END: Final = r"[ T][0-9]{1,2}:([0-9]{2})$"
_NO_SECONDS: Final = r"([ T][0-9]{1,2}:[0-9]{2}):00$"
_MINUTE_OF_CLOCK: Final = r"(?:^|[ T])[0-9]{1,2}:([0-9]{2}):[0-9]{2}"
_SECOND_OF_CLOCK: Final = r"(?:^|[ T])[0-9]{1,2}:[0-9]{2}:([0-9]{2})"
_QUARTER_MIN: Final = 15


def first_of(columns: Sequence[Cells]) -> Cells:
    """The first filled cell of each row."""
    return reduce(lambda one, other: pc.if_else(pc.equal(one, ""), other, one), columns)


def join_filled(columns: Sequence[Cells], between: str) -> Cells:
    """The filled cells of each row, with a text between them."""

    def both(one: Cells, other: Cells) -> Cells:
        together = pc.binary_join_element_wise(one, other, between)
        return pc.if_else(pc.equal(one, ""), other, pc.if_else(pc.equal(other, ""), one, together))

    return reduce(both, columns)


def extract(cells: Cells, pattern: str) -> Cells:
    """What the one group of a pattern matches, or nothing."""
    named = re.sub(r"(?<!\\)\((?!\?)", "(?P<found>", pattern, count=1)
    found = pc.struct_field(pc.extract_regex(cells, named), [0])
    return pc.fill_null(found, "")


def url_parameter(cells: Cells, name: str) -> Cells:
    """The value of a query parameter of each address, or nothing."""
    return extract(cells, rf"[?&#]{name}=([^&#]*)")


def pluck(cells: Cells, key: str) -> Cells:
    """From a JSON list the values of a key, or with ``""`` the words themselves, joined by ``; ``."""
    return _rewrite_distinct(cells, lambda text: _pluck_text(text, key))


def _pluck_text(text: str, key: str) -> str:
    if not text.startswith(("[", "{")):
        return text
    told = _parse_list(text)
    if told is None:
        return text
    listed = told if isinstance(told, list) else [told]
    words: list[str] = []
    for one in listed:
        found = one.get(key, "") if isinstance(one, dict) else one
        words += [str(word) for word in (found if isinstance(found, list) else [found]) if word not in ("", None)]
    return "; ".join(words)


def _parse_list(text: str) -> object:
    """What a cell holds: JSON, or what a program of Python wrote in its place; ``None``: neither."""
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    # A backslash would make the parser warn.
    if len(text) < _MAX_LITERAL_LENGTH and "\\" not in text:
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            return ast.literal_eval(text)
    return None


def translate_words(cells: Cells, words: Mapping[str, str], otherwise: str | None) -> tuple[Cells, Mask]:
    """Source words as canonical text, and where a word is not known: it is left alone there."""
    encoded = _dictionary_encode(cells)
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(encoded.dictionary))
    table = {word.lower(): text for word, text in words.items()}
    place = pc.index_in(folded, pa.array(list(table), pa.string()))
    known, said = pc.is_valid(place), non_empty(folded)
    other = encoded.dictionary if otherwise is None else pc.if_else(pa.array(said), otherwise, "")
    translated = pc.if_else(known, pc.take(pa.array(list(table.values()), pa.string()), place), other)
    unknown = ~as_mask(known) & said if otherwise is None else _no_rows(folded)
    return pc.take(translated, encoded.indices), unknown[encoded.indices.to_numpy()]


def scale(cells: Cells, factor: str) -> Cells:
    """Whole numbers times a factor; a smaller unit is cut, not rounded. Other cells are left alone."""
    good = digits_only(cells) & non_empty(cells) & (pc.binary_length(cells).to_numpy() <= 18)
    if not good.any():
        return cells
    numbers = pc.cast(cells.filter(pa.array(good)), pa.int64()).to_numpy()
    scaled = numbers * int(factor) if factor.isdigit() else numbers // round(1 / float(factor))
    return cell_kernels.replace_where(cells, good, pc.cast(pa.array(scaled), pa.string()))


def difference(later: Cells, earlier: Cells, layouts: Sequence[str]) -> Cells:
    """Seconds from one time to another; nothing where one of them is missing or cannot be read."""
    (one, known), (other, also) = _parse_moments(later, layouts), _parse_moments(earlier, layouts)
    both = known & also
    text = pc.cast(pa.array(np.where(both, one - other, 0)), pa.string())
    return pc.if_else(pa.array(both), text, "")


def sum_durations(columns: Sequence[Cells]) -> Cells:
    """Durations added, in seconds. A cell that is not one stands alone, so that a rule can name it."""
    seconds = [normalize_field_cells("HoldDuration", cells, Assumptions(now=0)) for cells in columns]
    known = [full_match(cells, _SECONDS_PATTERN) for cells in seconds]
    numbers = [
        pc.cast(pc.if_else(pa.array(good), cells, "0"), pa.int64()) for good, cells in zip(known, seconds, strict=True)
    ]
    added = pc.cast(reduce(pc.add, numbers), pa.string())
    strange = first_of([pc.if_else(pa.array(good), "", cells) for good, cells in zip(known, seconds, strict=True)])
    some = np.logical_or.reduce([non_empty(cells) for cells in seconds])
    return pc.if_else(pc.equal(strange, ""), pc.if_else(pa.array(some), added, ""), strange)


def with_seconds(cells: Cells, clocks: Cells) -> Cells:
    """Times that end with the minute, with the seconds that another clock shows.

    A workbook writes such a time with ``:00``: the clock beside it knows better. Zones differ by quarters of an hour:
    where the minutes differ otherwise, it is not the same moment, and nothing is added.
    """
    short = pc.replace_substring_regex(cells, _NO_SECONDS, r"\1")
    minute, other = extract(short, _MINUTE_AT_END), extract(clocks, _MINUTE_OF_CLOCK)
    seconds = extract(clocks, _SECOND_OF_CLOCK)
    both = non_empty(minute) & non_empty(other) & non_empty(seconds)
    apart = [pc.cast(pc.if_else(pa.array(both), text, "0"), pa.int64()).to_numpy() for text in (minute, other)]
    same = both & ((apart[0] - apart[1]) % _QUARTER_MIN == 0)
    return pc.if_else(pa.array(same), pc.binary_join_element_wise(short, seconds, ":"), cells)


def _parse_moments(cells: Cells, layouts: Sequence[str]) -> tuple[Numbers, Mask]:
    """Seconds on one clock, and which cells hold a time. Zero stands for "never" in columns of Unix seconds."""
    numbers = full_match(cells, _SECONDS_PATTERN) & ~as_mask(pc.equal(cells, "0"))
    found = np.zeros(len(cells), np.int64)
    if numbers.any():
        found[numbers] = pc.cast(cells.filter(pa.array(numbers)), pa.int64()).to_numpy()
    if "iso" in layouts and not numbers.all():
        told = normalize_field_cells("DateTime", cells, Assumptions(now=0))
        fresh = full_match(told, _SECONDS_PATTERN) & non_empty(cells) & ~numbers & ~digits_only(cells)
        found[fresh] = pc.cast(told.filter(pa.array(fresh)), pa.int64()).to_numpy()
        numbers = numbers | fresh
    for layout in layouts:
        if layout not in {"unix", "iso"} and not numbers.all():
            times = local_times.parse_local(cells, layout, None)
            fresh = times.ok & ~numbers
            found[fresh], numbers = times.epoch[fresh], numbers | fresh
    return found, numbers


class ParsedTimes:
    """Wall-clock times as Unix seconds, with what cannot be decided."""

    def __init__(self, cells: Cells, layouts: Sequence[str], zone: str | None) -> None:
        self.cells = cells
        self.ambiguous = _no_rows(cells)
        self.nonexistent = _no_rows(cells)
        for layout in layouts:
            self._parse_layout(layout, zone)

    def _parse_layout(self, layout: str, zone: str | None) -> None:
        open_ = ~digits_only(self.cells)
        if layout == "unix" or not open_.any():
            return
        if layout == "iso":
            self.cells = normalize_field_cells("DateTime", self.cells, Assumptions(now=0))
            return
        times = local_times.parse_local(self.cells, layout, zone)
        self.ambiguous |= times.ambiguous
        self.nonexistent |= times.nonexistent
        sure = times.ok & ~times.ambiguous & open_
        self.cells = cell_kernels.replace_where(self.cells, sure, local_times.format_epochs(times.epoch[sure]))


def condition_mask(condition: Condition, column: Callable[[str], Cells | None], count: int) -> Mask:
    """Where a condition holds: in each of its columns stands one of its words."""
    mask: Mask = np.ones(count, bool)
    for name, words in condition.items():
        cells = column(name)
        cells = constant_cells("", count) if cells is None else cells
        encoded, told = _dictionary_encode(cells), pa.array([word.lower() for word in words], pa.string())
        listed = as_mask(pc.is_in(pc.utf8_lower(encoded.dictionary), told))[encoded.indices.to_numpy()]
        listed = listed | non_empty(cells) if "*" in words else listed
        mask &= listed | full_match(cells, _ABOVE_ZERO_PATTERN) if ">0" in words else listed
    return mask


def _rewrite_distinct(cells: Cells, rewrite: Callable[[str], str]) -> Cells:
    encoded = _dictionary_encode(cells)
    return pc.take(pa.array([rewrite(text) for text in encoded.dictionary.to_pylist()], pa.string()), encoded.indices)


@memoized
def _dictionary_encode(cells: Cells) -> pa.DictionaryArray:
    """Each distinct cell once: columns of words hold few."""
    return cells.dictionary_encode()


def _no_rows(cells: Cells) -> Mask:
    mask: Mask = np.zeros(len(cells), bool)
    return mask
