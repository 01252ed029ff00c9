"""The dates that the bytes of a file may hold, wherever they stand: found in one pass, without reading its records.

It finds every date that ``date_order.see_dates`` would see in a column, and some that stand in other columns or are
none. So what it does not find is nowhere in the file.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

import numpy as np

from calltools.fields.date_order import YEAR_FIRST, DateFamily, SeenDates
from calltools.fields.kernels.byte_kernels import NINE, ZERO, ByteArray, flatnonzero_sparse
from calltools.fields.kernels.cell_kernels import ZERO_WIDTH_SIGNS
from calltools.model.cells import Mask, Numbers

#: Bytes that are looked at together: what is computed of them stays in the cache of a processor.
_WINDOW_BYTES: Final = 256 << 10
#: The longest date with the year first, and a byte on both sides.
_OVERLAP_BYTES: Final = 16
_MARKS: Final = b"-./"
#: Bytes before the first mark, and behind it, that tell what stands there.
_BEFORE: Final = 5
_AROUND: Final = np.arange(-_BEFORE, 7)
#: Dates that are looked at together.
_DATES_PER_PASS: Final = 50_000
#: Bytes of the longest zero-width character in UTF-8.
_SIGN_BYTES: Final = 3
_LAST_ASCII: Final = 0x7F


def find_written_dates(pieces: Iterable[memoryview], encoding: str) -> SeenDates | None:
    """What the dates in some bytes show, if all of them are dates of the column.

    Args:
        pieces: The bytes, piece by piece; a cell may begin in one and end in the next.
        encoding: UTF-8, or an encoding of one byte a letter in which ASCII stands for itself.

    Returns:
        At least what ``see_dates`` gives for any column of the file; ``None``: there may be any date.
    """
    seen, scratch = SeenDates(), _Scratch()
    found: list[ByteArray] = []
    for window in _windows(pieces):
        at = scratch.first_marks(window)
        if _is_zero_width(window, scratch.beyond_ascii_behind_parts(window), encoding):
            return None
        at = at[np.searchsorted(at, _BEFORE) :]
        if len(at):
            found.append(window.take(at[:, np.newaxis] + _AROUND, mode="clip"))
        if sum(map(len, found)) > _DATES_PER_PASS:
            seen |= _see_candidates(np.concatenate(found))
            found = []
    return seen | _see_candidates(np.concatenate(found)) if found else seen


def _windows(pieces: Iterable[memoryview]) -> Iterator[ByteArray]:
    """The bytes in windows that overlap; before the first one the line end that is there in a file."""
    tail = np.full(_OVERLAP_BYTES, ord("\n"), np.uint8)
    for piece in pieces:
        data = np.frombuffer(piece, np.uint8)
        # Dates that begin in one piece and end in the next one.
        yield np.concatenate([tail, data[:_OVERLAP_BYTES]])
        for start in range(0, len(data), _WINDOW_BYTES):
            yield data[max(start - _OVERLAP_BYTES, 0) : start + _WINDOW_BYTES]
        tail = np.concatenate([tail, data[-_OVERLAP_BYTES:]])[-_OVERLAP_BYTES:]


class _Scratch:
    """Masks of a window. They are used again for each: to ask the system for memory takes longer than to fill it."""

    def __init__(self) -> None:
        self._resize(0)

    def _resize(self, size: int) -> None:
        self._shifted = np.empty(size, np.uint8)
        self._marks, self._parts, self._near, self._digits = (np.empty(size, bool) for _ in range(4))

    def first_marks(self, data: ByteArray) -> Numbers:
        """Where a mark stands with a digit behind it, and another mark two or three bytes further on."""
        size = len(data)
        if size > len(self._shifted):
            self._resize(size)
        marks, digits, near = self._marks[:size], self._digits[: max(size - 3, 0)], self._near[: max(size - 3, 0)]
        np.less(self._shift(data), len(_MARKS), out=marks)
        if not len(near):
            return np.zeros(0, np.int64)
        np.greater(self._parts[1 : size - 2], marks[1:-2], out=digits)
        np.logical_or(marks[2:-1], marks[3:], out=near)
        near &= marks[:-3]
        near &= digits
        return flatnonzero_sparse(near)

    def beyond_ascii_behind_parts(self, data: ByteArray) -> Numbers:
        """Where a byte beyond ASCII stands behind a part of a date; to be called after ``first_marks``."""
        behind, parts = self._near[: len(data) - 1], self._parts[: len(data) - 1]
        np.greater(data[1:], _LAST_ASCII, out=behind)
        behind &= parts
        return flatnonzero_sparse(behind) + 1

    def _shift(self, data: ByteArray) -> ByteArray:
        # Unsigned subtraction wraps around. The marks stand right before the digits: one comparison for each.
        shifted = self._shifted[: len(data)]
        np.subtract(data, np.uint8(_MARKS[0]), out=shifted)
        np.less_equal(shifted, NINE - _MARKS[0], out=self._parts[: len(data)])
        return shifted


def _is_zero_width(data: ByteArray, at: Numbers, encoding: str) -> bool:
    """Whether a zero-width character, which ``see_dates`` does not see, begins at one of these places."""
    if not len(at):
        return False
    if encoding != "utf-8":
        return bool(_zero_width_bytes(encoding)[data[at]].any())
    signs, pairs = _zero_width_utf8()
    at = at[pairs[data[at].astype(np.intp) << 8 | data.take(at + 1, mode="clip")]]
    # A character that ends beyond the window stands whole in the next one.
    return any(data[place : place + _SIGN_BYTES].tobytes().startswith(signs) for place in at.tolist())


@lru_cache(maxsize=1)
def _zero_width_utf8() -> tuple[tuple[bytes, ...], Mask]:
    """The zero-width characters in UTF-8, and a table of the two bytes with which they begin."""
    signs = tuple(sign.encode() for sign in ZERO_WIDTH_SIGNS)
    pairs = np.zeros(1 << 16, bool)
    pairs[[int.from_bytes(sign[:2], "big") for sign in signs]] = True
    return signs, pairs


@lru_cache(maxsize=4)
def _zero_width_bytes(encoding: str) -> Mask:
    """A table of the bytes that are zero-width characters in an encoding of one byte a letter."""
    return np.array([bytes([byte]).decode(encoding, "replace") in ZERO_WIDTH_SIGNS for byte in range(256)])


def _see_candidates(contexts: ByteArray) -> SeenDates:
    """What dates show that are given by the bytes around their first marks, one row each."""
    around = np.ascontiguousarray(contexts.T)
    digits, values = _are_digits(around), around.astype(np.int16) - ZERO
    mark = around[_BEFORE]
    families: dict[str, DateFamily] = {}
    # Digits before the first mark: one or two of them are a day or a month, four are a year.
    one, two = digits[_BEFORE - 1], digits[_BEFORE - 2]
    short = one & ~(two & digits[_BEFORE - 3])
    year = one & two & digits[_BEFORE - 3] & digits[_BEFORE - 4] & ~digits[_BEFORE - 5]
    before = values[_BEFORE - 1] + np.where(two, 10 * values[_BEFORE - 2], 0)
    for size in (1, 2):
        second = _BEFORE + 1 + size
        between = values[_BEFORE + 1] if size == 1 else 10 * values[_BEFORE + 1] + values[_BEFORE + 2]
        closed = _are_marks(around[second]) & digits[_BEFORE + size] & digits[second + 1]
        day = np.where(digits[second + 2], 10 * values[second + 1] + values[second + 2], values[second + 1])
        _add(families, YEAR_FIRST, day[year & closed], np.zeros(1, np.int16))
        ends = short & closed & digits[second + 2]
        for sign in _MARKS:
            rows = ends & (mark == sign)
            _add(families, chr(sign), before[rows], between[rows])
    return SeenDates(families)


def _add(families: dict[str, DateFamily], name: str, first: Numbers, second: Numbers) -> None:
    if len(first):
        families[name] = families.get(name, DateFamily()) | DateFamily.of_numbers(first, second)


def _are_digits(signs: ByteArray) -> Mask:
    mask: Mask = (signs - np.uint8(ZERO)) <= NINE - ZERO
    return mask


def _are_marks(signs: ByteArray) -> Mask:
    mask: Mask = (signs - np.uint8(_MARKS[0])) < len(_MARKS)
    return mask
