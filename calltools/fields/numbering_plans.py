"""Numbering plans as sorted ranges of numbers, so that a whole column is classified at once.

The ranges are built at run time from the metadata of phonenumbers.
"""

import re
from collections.abc import Iterator, Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from calltools.errors import DefectError
from calltools.fields.kernels.byte_kernels import MAX_DIGITS, parse_prefixed_numbers
from calltools.model.cells import Cells, Numbers

#: First and last of each, in order, apart from one another. Leading zeros count: that is what the length is for.
NumberRanges: TypeAlias = list[tuple[int, int]]
#: Digits -> the numbers of so many digits.
RangesByLength: TypeAlias = Mapping[int, NumberRanges]

_TOKEN: Final = re.compile(r"\\d|\[[0-9-]+\]|\(\?:|[0-9|?)]|\{[0-9]+(?:,[0-9]+)?\}")
_SPAN: Final = re.compile("([0-9])(?:-([0-9]))?")
_NO_DIGITS: Final[RangesByLength] = {0: [(0, 0)]}
#: No number of a plan has more digits.
_MAX_PATTERN_DIGITS: Final = 17


def parse_pattern_ranges(pattern: str) -> RangesByLength:
    """The numbers that a pattern matches whole.

    Raises:
        DefectError: The pattern holds more than plans are known to hold.
    """
    words = _TOKEN.findall(pattern)
    if "".join(words) != pattern:
        raise DefectError("check-failed", check="phone-plan", reason=pattern)
    return _parse_alternatives(iter([*words, ")"]))


def merge_ranges(some: NumberRanges) -> NumberRanges:
    """The ranges in order, those that meet made one."""
    found: NumberRanges = []
    for first, last in sorted(some):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _parse_alternatives(words: Iterator[str]) -> RangesByLength:
    """What stands up to the closing bracket."""
    found: dict[int, NumberRanges] = {}
    items: list[RangesByLength] = []
    for word in words:
        if word in {"|", ")"}:
            _extend_ranges(found, _concatenate_all(items))
            items = []
            if word == ")":
                break
        elif word == "?" or word[0] == "{":
            items.append(_repeat(items.pop(), *_repeat_bounds(word)))
        else:
            items.append(_parse_alternatives(words) if word == "(?:" else {1: _digit_ranges(word)})
    return {size: merge_ranges(some) for size, some in found.items()}


def _digit_ranges(word: str) -> NumberRanges:
    if word == r"\d":
        return [(0, 9)]
    return merge_ranges([(int(first), int(last or first)) for first, last in _SPAN.findall(word)])


def _repeat_bounds(word: str) -> tuple[int, int]:
    if word == "?":
        return 0, 1
    least, _, most = word[1:-1].partition(",")
    return int(least), int(most or least)


def _repeat(item: RangesByLength, least: int, most: int) -> RangesByLength:
    if item == {1: [(0, 9)]}:
        return {size: [(0, 10**size - 1)] for size in range(least, min(most, _MAX_PATTERN_DIGITS) + 1)}
    found: dict[int, NumberRanges] = {}
    so_far = _NO_DIGITS
    for times in range(most + 1):
        if times >= least:
            _extend_ranges(found, so_far)
        so_far = _concatenate(item, so_far)
    return {size: merge_ranges(some) for size, some in found.items()}


def _concatenate_all(items: list[RangesByLength]) -> RangesByLength:
    # From the end: what follows is mostly "any digits", and a range followed by any digits is a range.
    found = _NO_DIGITS
    for item in reversed(items):
        found = _concatenate(item, found)
    return found


def _concatenate(item: RangesByLength, rest: RangesByLength) -> RangesByLength:
    found: dict[int, NumberRanges] = {}
    for size, some in item.items():
        for more, others in rest.items():
            if size + more <= _MAX_PATTERN_DIGITS:
                found.setdefault(size + more, []).extend(_combine_ranges(some, others, 10**more))
    return {size: merge_ranges(some) for size, some in found.items()}


def _combine_ranges(some: NumberRanges, others: NumberRanges, step: int) -> NumberRanges:
    if others == [(0, step - 1)]:
        return [(first * step, last * step + step - 1) for first, last in some]
    return [
        (number * step + low, number * step + high)
        for first, last in some
        for number in range(first, last + 1)
        for low, high in others
    ]


def _extend_ranges(found: dict[int, NumberRanges], more: RangesByLength) -> None:
    for size, some in more.items():
        found.setdefault(size, []).extend(some)


_NUMBER_TYPES: Final = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
    "voicemail",
)  # fmt: skip


class NumberStatus(IntEnum):
    """What a number plan says of a number."""

    ASSIGNED = 0
    NOT_ASSIGNED = 1
    IMPOSSIBLE = 2


def classify_numbers(numbers: Cells) -> NDArray[np.int8]:
    """What the plans say of each cell. What is not ``+`` and at most 15 digits is impossible.

    Source:
        ITU-T E.164; the metadata of libphonenumber as the installed ``phonenumbers`` carries it.
    """
    values, sizes = parse_prefixed_numbers(numbers, ord("+"))
    codes = _calling_codes(values, sizes)
    found = np.full(len(values), NumberStatus.IMPOSSIBLE, np.int8)
    firsts, lasts, possible = _plan_arrays(tuple(np.flatnonzero(np.bincount(codes, minlength=1)[1:]) + 1))
    found[possible[codes, sizes]] = NumberStatus.NOT_ASSIGNED
    # The digits of a code lead no other code, so that a number tells its plan; and its size, for no code begins with 0.
    nearest = np.searchsorted(firsts, values, side="right") - 1
    found[(values <= lasts[nearest]) & (codes > 0)] = NumberStatus.ASSIGNED
    return found


def _calling_codes(values: Numbers, sizes: NDArray[np.int8]) -> Numbers:
    """The country calling code with which each number begins; 0 for none, or for no number."""
    begun = values // _POWERS_OF_TEN[np.maximum(sizes, 3) - 3]
    # Zeros that stand for digits which are not there must not make a code.
    begun[sizes < 3] *= _POWERS_OF_TEN[3 - np.clip(sizes[sizes < 3], 0, 3)]
    codes = _CODE_BY_FIRST_DIGITS[begun]
    return np.where(sizes > _CODE_SIZES[codes], codes, 0)


def _leading_calling_code(digits: str) -> int:
    """The calling code with which three digits begin; 0 if there is none."""
    begins = (int(digits[:size]) for size in (1, 2, 3) if digits[0] != "0")
    return next((code for code in begins if code in COUNTRY_CODE_TO_REGION_CODE), 0)


_POWERS_OF_TEN: Final = np.array([10**size for size in range(MAX_DIGITS + 1)], np.int64)
_CODE_BY_FIRST_DIGITS: Final = np.array([_leading_calling_code(f"{number:03}") for number in range(1000)], np.int64)
_CODE_SIZES: Final = np.array([len(str(code)) for code in range(1000)], np.int8)


@lru_cache(maxsize=64)
def _plan_arrays(codes: tuple[int, ...]) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
    """The first and last assigned numbers of each range of some calling codes, and the possible sizes of each code."""
    plans = [_plan_of_code(int(code)) for code in codes]
    # One range of no number, so that each number has a nearest one.
    found = sorted([(-1, -1), *(one for assigned, _ in plans for one in assigned)])
    possible = np.zeros((1000, MAX_DIGITS + 1), bool)
    for code, (_, sizes) in zip(codes, plans, strict=True):
        possible[code, [size for size in sizes if size <= MAX_DIGITS]] = True
    firsts, lasts = np.array(found, np.int64).T
    return np.ascontiguousarray(firsts), np.ascontiguousarray(lasts), possible


@lru_cache(maxsize=512)
def _plan_of_code(code: int) -> tuple[NumberRanges, frozenset[int]]:
    """Assigned numbers of a calling code, with it, and how many digits a number may have, with it."""
    national: dict[int, NumberRanges] = {}
    for metadata in _metadata_of_code(code):
        for kind in _NUMBER_TYPES:
            for size, some in _assigned_ranges(metadata, kind).items():
                national.setdefault(size, []).extend(some)
    lead = len(str(code))
    assigned = [
        (code * 10**size + first, code * 10**size + last)
        for size, some in national.items()
        if lead + size <= MAX_DIGITS
        for first, last in merge_ranges(some)
    ]
    return assigned, frozenset(
        lead + size for metadata in _metadata_of_code(code) for size in _possible_lengths(metadata)
    )


def _assigned_ranges(metadata: PhoneMetadata, kind: str) -> RangesByLength:
    """National numbers of a type."""
    described = getattr(metadata, kind)
    if described is None or not described.national_number_pattern:
        return {}
    sizes = described.possible_length or _possible_lengths(metadata)
    return {
        size: some for size, some in _cached_pattern_ranges(described.national_number_pattern).items() if size in sizes
    }


@lru_cache(maxsize=256)
def _cached_pattern_ranges(pattern: str) -> RangesByLength:
    # Countries that share a calling code share patterns.
    return parse_pattern_ranges(pattern)


def _possible_lengths(metadata: PhoneMetadata) -> tuple[int, ...]:
    described = metadata.general_desc
    return () if described is None else tuple(described.possible_length)


def _metadata_of_code(code: int) -> list[PhoneMetadata]:
    regions = COUNTRY_CODE_TO_REGION_CODE[code]
    if regions == ("001",):
        found = [PhoneMetadata.metadata_for_nongeo_region(code, None)]
    else:
        found = [PhoneMetadata.metadata_for_region(region, None) for region in regions]
    return [metadata for metadata in found if metadata is not None]
