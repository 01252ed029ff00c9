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
Ranges: TypeAlias = list[tuple[int, int]]
#: Digits -> the numbers of so many digits.
BySize: TypeAlias = Mapping[int, Ranges]

_WORDS: Final = re.compile(r"\\d|\[[0-9-]+\]|\(\?:|[0-9|?)]|\{[0-9]+(?:,[0-9]+)?\}")
_SPAN: Final = re.compile("([0-9])(?:-([0-9]))?")
_NOTHING: Final[BySize] = {0: [(0, 0)]}
#: No number of a plan has more digits.
_LONGEST: Final = 17


def ranges(pattern: str) -> BySize:
    """The numbers that a pattern matches whole.

    Raises:
        DefectError: The pattern holds more than plans are known to hold.
    """
    words = _WORDS.findall(pattern)
    if "".join(words) != pattern:
        raise DefectError("check-failed", check="phone-plan", reason=pattern)
    return _alternatives(iter([*words, ")"]))


def joined(some: Ranges) -> Ranges:
    """The ranges in order, those that meet made one."""
    found: Ranges = []
    for first, last in sorted(some):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _alternatives(words: Iterator[str]) -> BySize:
    """What stands up to the closing bracket."""
    found: dict[int, Ranges] = {}
    items: list[BySize] = []
    for word in words:
        if word in {"|", ")"}:
            _add(found, _sequence(items))
            items = []
            if word == ")":
                break
        elif word == "?" or word[0] == "{":
            items.append(_repeated(items.pop(), *_times(word)))
        else:
            items.append(_alternatives(words) if word == "(?:" else {1: _digits(word)})
    return {size: joined(some) for size, some in found.items()}


def _digits(word: str) -> Ranges:
    if word == r"\d":
        return [(0, 9)]
    return joined([(int(first), int(last or first)) for first, last in _SPAN.findall(word)])


def _times(word: str) -> tuple[int, int]:
    if word == "?":
        return 0, 1
    least, _, most = word[1:-1].partition(",")
    return int(least), int(most or least)


def _repeated(item: BySize, least: int, most: int) -> BySize:
    if item == {1: [(0, 9)]}:
        return {size: [(0, 10**size - 1)] for size in range(least, min(most, _LONGEST) + 1)}
    found: dict[int, Ranges] = {}
    so_far = _NOTHING
    for times in range(most + 1):
        if times >= least:
            _add(found, so_far)
        so_far = _followed(item, so_far)
    return {size: joined(some) for size, some in found.items()}


def _sequence(items: list[BySize]) -> BySize:
    # From the end: what follows is mostly "any digits", and a range followed by any digits is a range.
    found = _NOTHING
    for item in reversed(items):
        found = _followed(item, found)
    return found


def _followed(item: BySize, rest: BySize) -> BySize:
    found: dict[int, Ranges] = {}
    for size, some in item.items():
        for more, others in rest.items():
            if size + more <= _LONGEST:
                found.setdefault(size + more, []).extend(_pairs(some, others, 10**more))
    return {size: joined(some) for size, some in found.items()}


def _pairs(some: Ranges, others: Ranges, step: int) -> Ranges:
    if others == [(0, step - 1)]:
        return [(first * step, last * step + step - 1) for first, last in some]
    return [
        (number * step + low, number * step + high)
        for first, last in some
        for number in range(first, last + 1)
        for low, high in others
    ]


def _add(found: dict[int, Ranges], more: BySize) -> None:
    for size, some in more.items():
        found.setdefault(size, []).extend(some)
