"""Byte-level kernels on whole columns: which cells consist of digits, how they begin and end, their numbers."""

from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.model.cells import (
    Cells,
    Mask,
    Numbers,
    as_mask,
    flatnonzero_sparse,
    memoized,
    non_empty,
    offsets,
    text_bytes,
)

ByteArray: TypeAlias = NDArray[np.uint8]

ZERO, NINE, SPACE = 0x30, 0x39, 0x20
_BEYOND_ASCII: Final = 0x80
#: Digits of the longest number that ``numbers_behind`` reads: two words of eight, less the sign before them.
MAX_DIGITS: Final = 15
#: Bytes of a word.
WORD_BYTES: Final = 8
#: Of so many cells one may hold a marked byte, and it is still faster to look at those bytes only.
_SPARSE_FACTOR: Final = 16


def cells_at_positions(cells: Cells, positions: Numbers) -> Mask:
    """The cells in which the bytes at these positions (absolute, as in ``text_bytes``) stand."""
    mask: Mask = np.zeros(len(cells), bool)
    if len(positions):
        mask[np.searchsorted(offsets(cells), positions, side="right") - 1] = True
    return mask


def count_marked_bytes(cells: Cells, marked: Mask) -> NDArray[np.int32]:
    """How many marked bytes stand in each cell; the mask is one over ``own_bytes``."""
    return np.diff(_cumulative_counts(cells, marked))


def _cumulative_counts(cells: Cells, marked: Mask) -> NDArray[np.int32]:
    """How many marked bytes stand before each cell, and how many in all."""
    before = np.zeros(len(marked) + 1, np.int32)
    np.cumsum(marked, out=before[1:])
    found: NDArray[np.int32] = before[offsets(cells) - slice_bytes(cells)[1]]
    return found


def slice_bytes(cells: Cells) -> tuple[ByteArray, int]:
    """The bytes of these cells alone, and the absolute position of the first of them."""
    ends = offsets(cells)
    return text_bytes(cells)[ends[0] : ends[-1]], int(ends[0])


def cells_with_marked_bytes(cells: Cells, marked: Mask) -> Mask:
    """The cells in which a marked byte stands; the mask is one over ``own_bytes``."""
    if np.count_nonzero(marked) < len(cells) // _SPARSE_FACTOR:
        return cells_at_positions(cells, flatnonzero_sparse(marked) + slice_bytes(cells)[1])
    mask = non_empty(cells)
    if mask.any():
        # Between the beginnings of two filled cells stand only empty ones.
        mask[mask] = np.logical_or.reduceat(marked, (offsets(cells)[:-1] - slice_bytes(cells)[1])[mask])
    return mask


@memoized
def byte_lengths(cells: Cells) -> Numbers:
    """Bytes of each cell."""
    return np.diff(offsets(cells)).astype(np.int64)


@memoized
def digits_only(cells: Cells) -> Mask:
    """Nothing but ASCII digits, or nothing at all."""
    data, _ = slice_bytes(cells)
    mask: Mask = ~cells_with_marked_bytes(cells, (data - np.uint8(ZERO)) > NINE - ZERO)
    return mask


@memoized
def first_bytes(cells: Cells) -> np.ndarray:
    """The first byte of each cell; 0 where it is empty."""
    return _bytes_at(cells, offsets(cells)[:-1])


@memoized
def last_bytes(cells: Cells) -> np.ndarray:
    """The last byte of each cell; 0 where it is empty."""
    return _bytes_at(cells, offsets(cells)[1:] - 1)


def is_single_character(cells: Cells, sign: str) -> Mask:
    """Cells that are one ASCII sign and nothing else."""
    mask: Mask = (first_bytes(cells) == ord(sign)) & (byte_lengths(cells) == 1)
    return mask


def _bytes_at(cells: Cells, positions: np.ndarray) -> np.ndarray:
    data = text_bytes(cells)
    if not len(data):
        return np.zeros(len(cells), np.uint8)
    found = data.take(positions, mode="clip")
    empty = ~non_empty(cells)
    if empty.any():
        found[empty] = 0
    return found


def load_words(cells: Cells, places: NDArray[np.int32]) -> NDArray[np.uint64]:
    """The word of eight bytes that begins at each place, the first byte the lowest.

    Args:
        cells: Any text.
        places: As in ``text_bytes``, from 16 before the first cell to the end of the last. Zeros stand around them.
    """
    shifts = places - (slice_bytes(cells)[1] - 2 * WORD_BYTES)
    at = shifts >> 3
    shifts &= 7
    shifts <<= 3
    # Two words that are aligned are gathered in half the time of one that is not.
    bits, aligned = shifts.astype(np.uint64), _aligned_words(cells)
    found, rest = aligned.take(at), aligned.take(at + 1)
    found >>= bits
    rest <<= np.uint64(1)
    rest <<= np.uint64(63) - bits
    found |= rest
    return found


@memoized
def _aligned_words(cells: Cells) -> NDArray[np.uint64]:
    data, _ = slice_bytes(cells)
    behind = 2 * WORD_BYTES + -len(data) % WORD_BYTES
    return np.concatenate([np.zeros(2 * WORD_BYTES, np.uint8), data, np.zeros(behind, np.uint8)]).view("<u8")


@memoized
def leading_words(cells: Cells) -> NDArray[np.uint64]:
    """The eight bytes with which each cell begins, as a number that sorts as they do; those of its neighbors too."""
    return load_words(cells, offsets(cells)[:-1]).byteswap()


def sorts_before(cells: Cells, text: str) -> Mask:
    """Cells of as many bytes as a text, eight at least, that sort before it."""
    alike = byte_lengths(cells) == len(text)
    begins, word = leading_words(cells), np.uint64(int.from_bytes(text[:WORD_BYTES].encode(), "big"))
    mask: Mask = alike & (begins < word)
    same = np.flatnonzero(alike & (begins == word)) if len(text) > WORD_BYTES else ()
    if len(same):
        mask[same] = as_mask(pc.less(cells.take(pa.array(same)), text))
    return mask


def parse_prefixed_numbers(cells: Cells, sign: int) -> tuple[Numbers, NDArray[np.int8]]:
    """The number that stands behind a sign, and how many digits it has; 0 and 0 for any other cell.

    Args:
        cells: Any text.
        sign: The byte with which the cell must begin. At most 15 digits, and nothing else, must follow it.
    """
    sizes = byte_lengths(cells) - 1
    good = (sizes > 0) & (sizes <= MAX_DIGITS) & (first_bytes(cells) == sign)
    digits = np.where(good, sizes, 0)
    values, read = _parse_digits_before(cells, offsets(cells)[1:], digits)
    good &= read
    return np.where(good, values, 0), np.where(good, digits, 0).astype(np.int8)


def parse_whole_parts(cells: Cells, digits: int) -> tuple[Numbers, Mask]:
    """What stands before the point of decimal numbers, and which cells begin with one.

    Args:
        cells: Any text.
        digits: How many must stand before the point, at most 16; one at least must follow it.
    """
    begins, ends = offsets(cells)[:-1], offsets(cells)[1:]
    long = ends - begins > digits + 1
    # In a shorter cell there is no such place; any will do.
    points = np.where(long, begins + digits, ends)
    values, read = _parse_digits_before(cells, points, np.full(len(cells), digits))
    read &= long
    data = text_bytes(cells)
    read[read] = (data[points[read]] == ord(".")) & (data[points[read] + 1] - np.uint8(ZERO) <= NINE - ZERO)
    return values, read


def _parse_digits_before(cells: Cells, places: NDArray[np.int32], digits: Numbers) -> tuple[Numbers, Mask]:
    """The number in front of each place, and whether so many digits stand there, at most 16."""
    low = _keep_last_bytes(load_words(cells, places - WORD_BYTES), np.minimum(digits, WORD_BYTES))
    high = _keep_last_bytes(load_words(cells, places - 2 * WORD_BYTES), np.maximum(digits - WORD_BYTES, 0))
    values = (_parse_eight_digits(high) * np.uint64(10**WORD_BYTES) + _parse_eight_digits(low)).view(np.int64)
    return values, _are_digits(low) & _are_digits(high)


#: Bytes at the end of a word -> the bits to keep, and the zeros (as digits) that stand for the others.
_KEEP_BITS: Final = np.array([(1 << 64) - (1 << 8 * (WORD_BYTES - size)) for size in range(WORD_BYTES + 1)], np.uint64)
_ZEROS: Final = np.uint64(0x3030303030303030)
_TENS: Final = np.uint64(0xF0F0F0F0F0F0F0F0)


def _keep_last_bytes(words: NDArray[np.uint64], sizes: Numbers) -> NDArray[np.uint64]:
    """Words of which only so many bytes at the end count; zeros stand before them."""
    kept = _KEEP_BITS[sizes]
    return (words & kept) | (_ZEROS & ~kept)


def _are_digits(words: NDArray[np.uint64]) -> Mask:
    above = (words + np.uint64(0x0606060606060606)) & _TENS
    mask: Mask = ((words & _TENS) == _ZEROS) & (above == _ZEROS)
    return mask


def _parse_eight_digits(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The number that eight digits write: pairs, then fours, then all eight, each in one multiplication."""
    pairs = (words - _ZEROS) * np.uint64(10) + ((words - _ZEROS) >> np.uint64(8))
    every_other = np.uint64(0x000000FF000000FF)
    odd = (pairs & every_other) * np.uint64(0x000F424000000064)
    even = ((pairs >> np.uint64(16)) & every_other) * np.uint64(0x0000271000000001)
    return (odd + even) >> np.uint64(32)


#: First and last bytes of white space beyond ASCII, and what stands before the last one.
_SPACE_FIRST_BYTES: Final = np.isin(np.arange(256), [0xC2, 0xE1, 0xE2, 0xE3])
_SPACE_LAST_BYTES: Final = np.isin(np.arange(256), [*range(0x80, 0x8B), 0x9F, 0xA0, 0xA8, 0xA9, 0xAF])
_SPACE_MIDDLE_BYTES: Final = np.isin(np.arange(256), [0xC2, 0x80, 0x81, 0x9A])


def trim_whitespace(cells: Cells) -> Cells:
    """The cells without white space around them; the very same ones where there is none."""
    return pc.utf8_trim_whitespace(cells) if _may_have_outer_space(cells) else cells


def _may_have_outer_space(cells: Cells) -> bool:
    begins, last = first_bytes(cells), last_bytes(cells)
    # One less, so that an empty cell's 0 becomes the highest.
    if (np.minimum(begins - np.uint8(1), last - np.uint8(1)) < SPACE).any():
        return True
    if max(begins.max(initial=0), last.max(initial=0)) < _BEYOND_ASCII:
        return False
    ends = offsets(cells)[1:][_SPACE_LAST_BYTES[last]]
    before = text_bytes(cells).take(ends - 2, mode="clip") if len(ends) else np.zeros(0, np.uint8)
    return bool(_SPACE_FIRST_BYTES[begins].any() or _SPACE_MIDDLE_BYTES[before].any())


def full_match(cells: Cells, pattern: str) -> Mask:
    """Cells that an RE2 pattern matches whole."""
    return as_mask(pc.match_substring_regex(cells, f"^(?:{pattern})$"))


def rewrite_matches(cells: Cells, pattern: str, by: str) -> tuple[Mask, Cells]:
    r"""Cells that a pattern matches whole, and those cells written anew (``\1`` is the first group)."""
    mask = full_match(cells, pattern)
    if not mask.any():
        return mask, pa.array([], pa.string())
    return mask, pc.replace_substring_regex(cells.filter(pa.array(mask)), f"^(?:{pattern})$", by)


def remove_characters(cells: Cells, signs: bytes) -> Cells:
    """The cells without some ASCII signs."""
    data, _ = slice_bytes(cells)
    dropped = np.zeros(256, bool)
    dropped[list(signs)] = True
    kept = ~dropped[data]
    buffers = [None, pa.py_buffer(_cumulative_counts(cells, kept)), pa.py_buffer(data[kept])]
    return pa.Array.from_buffers(pa.string(), len(cells), buffers)
