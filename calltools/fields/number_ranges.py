r"""Ranges of numbers that a pattern of a numbering plan stands for.

The patterns of phonenumbers' metadata are finite: digits, ``\d``, classes, groups, ``|``, ``?``, ``{n}``, ``{n,m}``.
Such a pattern is a set of numbers for each length, and in a number plan these sets are a few ranges each. To ask
whether a number lies in one of some ranges takes nanoseconds, for a whole column at once.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from calltools.errors import DefectError

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
