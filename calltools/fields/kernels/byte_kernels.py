"""Kernels on the bytes of whole columns: digits, first and last bytes, numbers, regular expressions.

A column is one buffer of UTF-8 and one of offsets (``offsets``, ``text_bytes``). These kernels compute on the whole
buffer with numpy and then assign the result to cells: no Python object is made for a cell.
"""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.model.cells import (
    Cells,
    Mask,
    Numbers,
    as_mask,
    non_empty,
    offsets,
    text_bytes,
)

ByteArray: TypeAlias = NDArray[np.uint8]
#: Eight bytes of text in one number. The first byte is the lowest one.
Words: TypeAlias = NDArray[np.uint64]

ZERO, NINE, SPACE = 0x30, 0x39, 0x20
_BEYOND_ASCII: Final = 0x80
#: Digits of the longest number that ``parse_prefixed_numbers`` reads: two words, less the byte of the prefix.
MAX_DIGITS: Final = 15
WORD_BYTES: Final = 8
#: With fewer marked bytes than one in so many cells, looking up their cells is faster than a pass over all bytes.
_SPARSE_FACTOR: Final = 16
#: ``np.flatnonzero`` is as fast on a shorter mask.
_SMALL_MASK: Final = 20_000
#: The canonical columns, and one for what a rule has made of a column.
_MEMOIZED_COLUMNS: Final = 16

_Answer = TypeVar("_Answer")
_Arguments = ParamSpec("_Arguments")


def memoized(
    compute: Callable[Concatenate[Cells, _Arguments], _Answer],
) -> Callable[Concatenate[Cells, _Arguments], _Answer]:
    """Decorate a function of a column so that its answer is computed once: several rules need the same one.

    Each thread keeps the answers for its last columns. Arrays in an answer are shared, so they are made read-only.
    """
    memory = threading.local()

    @wraps(compute)
    def answer(cells: Cells, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:
        known: dict[object, tuple[Cells, _Answer]] = memory.__dict__.setdefault("known", {})
        key = (_memory_key(cells), args, *kwargs.items())
        if key in known:
            return known[key][1]
        computed = compute(cells, *args, **kwargs)
        for part in computed if isinstance(computed, tuple) else (computed,):
            if isinstance(part, np.ndarray):
                part.setflags(write=False)
        if len(known) >= _MEMOIZED_COLUMNS:
            # A dictionary keeps the order of insertion: the first key is the oldest.
            del known[next(iter(known))]
        # The cells stay alive with the answer. Otherwise another column could get the same addresses.
        known[key] = (cells, computed)
        return computed

    return answer


def _memory_key(cells: Cells) -> tuple[object, ...]:
    """Identify a column by its buffers: pyarrow makes a new Python object at each access to the same column."""
    ends, data = (None if buffer is None else buffer.address for buffer in cells.buffers()[1:])
    return len(cells), cells.offset, ends, data


def flatnonzero_sparse(mask: Mask) -> Numbers:
    """Indices at which a mask is true, in order: ``np.flatnonzero``, but faster where few are."""
    whole = len(mask) // WORD_BYTES * WORD_BYTES
    if len(mask) < _SMALL_MASK or not mask.flags.c_contiguous:
        return np.flatnonzero(mask)
    # numpy tests byte by byte. Eight booleans are one word here, and nearly all words of a sparse mask are zero.
    words = mask[:whole].view(np.uint64)
    hit = np.flatnonzero(words != 0)
    at = np.flatnonzero(words[hit].view(bool))
    # at >> 3 is the index of the word among those that were hit, at & 7 the byte in the word.
    found = (hit[at >> 3] << 3) + (at & 7)
    return np.concatenate([found, np.flatnonzero(mask[whole:]) + whole])


def span_indices(begins: NDArray[np.signedinteger], ends: NDArray[np.signedinteger]) -> tuple[Numbers, Numbers]:
    """All indices from ``begins`` to ``ends`` (exclusive), span after span, and the number of the span of each."""
    sizes = ends - begins
    span_of = np.repeat(np.arange(len(sizes)), sizes)
    return np.arange(len(span_of)) + np.repeat(ends - np.cumsum(sizes), sizes), span_of


def cells_at_positions(cells: Cells, positions: Numbers) -> Mask:
    """Mask of the cells that contain the bytes at these positions (absolute ones, as in ``text_bytes``)."""
    mask: Mask = np.zeros(len(cells), bool)
    if len(positions):
        mask[np.searchsorted(offsets(cells), positions, side="right") - 1] = True
    return mask


def count_marked_bytes(cells: Cells, marked: Mask) -> NDArray[np.int32]:
    """Count the marked bytes in each cell; ``marked`` has one item for each byte of ``slice_bytes``."""
    return np.diff(_cumulative_counts(cells, marked))


def _cumulative_counts(cells: Cells, marked: Mask) -> NDArray[np.int32]:
    """Marked bytes before the beginning of each cell, and, as the last item, all of them."""
    before = np.zeros(len(marked) + 1, np.int32)
    np.cumsum(marked, out=before[1:])
    counts: NDArray[np.int32] = before[offsets(cells) - slice_bytes(cells)[1]]
    return counts


def slice_bytes(cells: Cells) -> tuple[ByteArray, int]:
    """The bytes of these cells without those of other slices, and the absolute position of the first byte."""
    ends = offsets(cells)
    return text_bytes(cells)[ends[0] : ends[-1]], int(ends[0])


def cells_with_marked_bytes(cells: Cells, marked: Mask) -> Mask:
    """Mask of the cells with a marked byte; ``marked`` has one item for each byte of ``slice_bytes``."""
    if np.count_nonzero(marked) < len(cells) // _SPARSE_FACTOR:
        return cells_at_positions(cells, flatnonzero_sparse(marked) + slice_bytes(cells)[1])
    mask = non_empty(cells)
    if mask.any():
        # Between the beginnings of two filled cells there are only empty cells, so reduceat sees whole cells.
        mask[mask] = np.logical_or.reduceat(marked, (offsets(cells)[:-1] - slice_bytes(cells)[1])[mask])
    return mask


@memoized
def byte_lengths(cells: Cells) -> Numbers:
    """Size of each cell in bytes."""
    return np.diff(offsets(cells)).astype(np.int64)


@memoized
def digits_only(cells: Cells) -> Mask:
    """Mask of the cells that consist of ASCII digits; an empty cell does, too."""
    data, _ = slice_bytes(cells)
    # Unsigned subtraction wraps around: bytes below "0" become large, so that one comparison is enough.
    mask: Mask = ~cells_with_marked_bytes(cells, (data - np.uint8(ZERO)) > NINE - ZERO)
    return mask


@memoized
def first_bytes(cells: Cells) -> ByteArray:
    """The first byte of each cell; 0 where it is empty."""
    return _bytes_at(cells, offsets(cells)[:-1])


@memoized
def last_bytes(cells: Cells) -> ByteArray:
    """The last byte of each cell; 0 where it is empty."""
    return _bytes_at(cells, offsets(cells)[1:] - 1)


def is_single_character(cells: Cells, character: str) -> Mask:
    """Mask of the cells that are this one ASCII character."""
    mask: Mask = (first_bytes(cells) == ord(character)) & (byte_lengths(cells) == 1)
    return mask


def _bytes_at(cells: Cells, positions: NDArray[np.int32]) -> ByteArray:
    data = text_bytes(cells)
    if not len(data):
        return np.zeros(len(cells), np.uint8)
    # An empty cell at either end of the column points outside of the buffer; its byte is replaced below.
    found = data.take(positions, mode="clip")
    empty = ~non_empty(cells)
    if empty.any():
        found[empty] = 0
    return found


def load_words(cells: Cells, positions: NDArray[np.int32]) -> Words:
    """The eight bytes from each position on, as one number whose lowest byte is the first.

    Args:
        cells: Any text.
        positions: Absolute positions in ``text_bytes``, from 16 before the first cell to the end of the last one.
            Outside of the cells of this slice all bytes are zero.
    """
    # Positions in the padded copy that _aligned_words makes: a word index (>> 3) and bits within it (& 7, then * 8).
    shifts = positions - (slice_bytes(cells)[1] - 2 * WORD_BYTES)
    at = shifts >> 3
    shifts &= 7
    shifts <<= 3
    # Gathering two aligned words takes half the time of gathering one that is not aligned.
    bits, aligned = shifts.astype(np.uint64), _aligned_words(cells)
    found, rest = aligned.take(at), aligned.take(at + 1)
    found >>= bits
    # The next word moves up by 64 - bits. For bits == 0 that is 64, a shift that C leaves undefined: so in two steps.
    rest <<= np.uint64(1)
    rest <<= np.uint64(63) - bits
    found |= rest
    return found


@memoized
def _aligned_words(cells: Cells) -> Words:
    """The bytes of the cells between zeros: 16 before them, and enough behind to read two words at their end."""
    data, _ = slice_bytes(cells)
    behind = 2 * WORD_BYTES + -len(data) % WORD_BYTES
    return np.concatenate([np.zeros(2 * WORD_BYTES, np.uint8), data, np.zeros(behind, np.uint8)]).view("<u8")


@memoized
def leading_words(cells: Cells) -> Words:
    """The first eight bytes of each cell as a number that sorts as the text does.

    A shorter cell is followed by bytes of the next one: compare cells of equal size, or of eight bytes and more.
    """
    # The first byte becomes the highest one.
    return load_words(cells, offsets(cells)[:-1]).byteswap()


def sorts_before(cells: Cells, text: str) -> Mask:
    """Mask of the cells that are as long as ``text`` (eight bytes or more) and sort before it."""
    alike = byte_lengths(cells) == len(text)
    begins, word = leading_words(cells), np.uint64(int.from_bytes(text[:WORD_BYTES].encode(), "big"))
    mask: Mask = alike & (begins < word)
    same = np.flatnonzero(alike & (begins == word)) if len(text) > WORD_BYTES else ()
    if len(same):
        mask[same] = as_mask(pc.less(cells.take(pa.array(same)), text))
    return mask


def parse_prefixed_numbers(cells: Cells, prefix: int) -> tuple[Numbers, NDArray[np.int8]]:
    """Read numbers such as ``+74950000000``: the number behind the prefix, and how many digits it has.

    Args:
        cells: Any text.
        prefix: The first byte of the cell. One to 15 digits and nothing else must follow it.

    Returns:
        Number and count of digits of each cell; both are 0 for any other cell.
    """
    sizes = byte_lengths(cells) - 1
    good = (sizes > 0) & (sizes <= MAX_DIGITS) & (first_bytes(cells) == prefix)
    digits = np.where(good, sizes, 0)
    values, read = _parse_digits_before(cells, offsets(cells)[1:], digits)
    good &= read
    return np.where(good, values, 0), np.where(good, digits, 0).astype(np.int8)


def parse_whole_parts(cells: Cells, digits: int) -> tuple[Numbers, Mask]:
    """Read the whole part of decimal numbers such as ``1772434800.25``.

    Args:
        cells: Any text.
        digits: Exact count of digits before the point, at most 16; at least one digit must follow the point.

    Returns:
        The whole part of each cell, and a mask of the cells that begin with such a number.
    """
    begins, ends = offsets(cells)[:-1], offsets(cells)[1:]
    long = ends - begins > digits + 1
    # A shorter cell has no point there. Any valid position will do: the mask excludes the cell.
    points = np.where(long, begins + digits, ends)
    values, read = _parse_digits_before(cells, points, np.full(len(cells), digits))
    read &= long
    data = text_bytes(cells)
    read[read] = (data[points[read]] == ord(".")) & (data[points[read] + 1] - np.uint8(ZERO) <= NINE - ZERO)
    return values, read


def _parse_digits_before(cells: Cells, positions: NDArray[np.int32], digits: Numbers) -> tuple[Numbers, Mask]:
    """Read the ``digits`` bytes (at most 16) before each position as a number; the mask tells where all are digits."""
    low = _keep_last_bytes(load_words(cells, positions - WORD_BYTES), np.minimum(digits, WORD_BYTES))
    high = _keep_last_bytes(load_words(cells, positions - 2 * WORD_BYTES), np.maximum(digits - WORD_BYTES, 0))
    values = (_parse_eight_digits(high) * np.uint64(10**WORD_BYTES) + _parse_eight_digits(low)).view(np.int64)
    return values, _are_digits(low) & _are_digits(high)


#: How many bytes at the end of a word count -> the mask of their bits. The last byte of the text is the highest.
_KEEP_BITS: Final = np.array([(1 << 64) - (1 << 8 * (WORD_BYTES - size)) for size in range(WORD_BYTES + 1)], np.uint64)
#: Eight times the character "0".
_ZEROS: Final = np.uint64(0x3030303030303030)
_HIGH_HALVES: Final = np.uint64(0xF0F0F0F0F0F0F0F0)


def _keep_last_bytes(words: Words, sizes: Numbers) -> Words:
    """The words with all but their last ``sizes`` bytes replaced by the character "0", as leading zeros."""
    kept = _KEEP_BITS[sizes]
    return (words & kept) | (_ZEROS & ~kept)


def _are_digits(words: Words) -> Mask:
    """Whether all eight bytes are digits."""
    # Digits are 0x30 to 0x39. Adding 6 leaves the high half at 3 for them, and makes it 4 for 0x3A to 0x3F.
    above = (words + np.uint64(0x0606060606060606)) & _HIGH_HALVES
    mask: Mask = ((words & _HIGH_HALVES) == _ZEROS) & (above == _ZEROS)
    return mask


def _parse_eight_digits(words: Words) -> Words:
    """The number that eight digits write, computed for all digits of a word at once.

    Source:
        Daniel Lemire, "Quickly parsing eight digits": pairs of digits, then all four pairs in two multiplications.
    """
    # Byte 2k now holds the pair of digits 2k and 2k + 1 as a number below 100; the odd bytes are ignored.
    pairs = (words - _ZEROS) * np.uint64(10) + ((words - _ZEROS) >> np.uint64(8))
    every_other = np.uint64(0x000000FF000000FF)
    # The factors are 100 + (1000000 << 32) and 1 + (10000 << 32). The upper half of each product is the sum of the
    # two pairs with their weights: first and third pair, then second and fourth.
    first_and_third = (pairs & every_other) * np.uint64(0x000F424000000064)
    second_and_fourth = ((pairs >> np.uint64(16)) & every_other) * np.uint64(0x0000271000000001)
    return (first_and_third + second_and_fourth) >> np.uint64(32)


#: First, last and middle bytes of white space beyond ASCII in UTF-8.
_SPACE_FIRST_BYTES: Final = np.isin(np.arange(256), [0xC2, 0xE1, 0xE2, 0xE3])
_SPACE_LAST_BYTES: Final = np.isin(np.arange(256), [*range(0x80, 0x8B), 0x9F, 0xA0, 0xA8, 0xA9, 0xAF])
_SPACE_MIDDLE_BYTES: Final = np.isin(np.arange(256), [0xC2, 0x80, 0x81, 0x9A])


def trim_whitespace(cells: Cells) -> Cells:
    """The cells without outer white space; the same object when there is none."""
    return pc.utf8_trim_whitespace(cells) if _may_have_outer_space(cells) else cells


def _may_have_outer_space(cells: Cells) -> bool:
    begins, last = first_bytes(cells), last_bytes(cells)
    # Minus one, so that the 0 of an empty cell wraps around and is not taken for a space.
    if (np.minimum(begins - np.uint8(1), last - np.uint8(1)) < SPACE).any():
        return True
    if max(begins.max(initial=0), last.max(initial=0)) < _BEYOND_ASCII:
        return False
    ends = offsets(cells)[1:][_SPACE_LAST_BYTES[last]]
    before = text_bytes(cells).take(ends - 2, mode="clip") if len(ends) else np.zeros(0, np.uint8)
    return bool(_SPACE_FIRST_BYTES[begins].any() or _SPACE_MIDDLE_BYTES[before].any())


def full_match(cells: Cells, pattern: str) -> Mask:
    """Mask of the cells that an RE2 pattern matches from beginning to end."""
    return as_mask(pc.match_substring_regex(cells, f"^(?:{pattern})$"))


def rewrite_matches(cells: Cells, pattern: str, by: str) -> tuple[Mask, Cells]:
    r"""Mask of the cells that a pattern matches whole, and the texts to replace them by (``\1`` is the first group)."""
    mask = full_match(cells, pattern)
    if not mask.any():
        return mask, pa.array([], pa.string())
    return mask, pc.replace_substring_regex(cells.filter(pa.array(mask)), f"^(?:{pattern})$", by)


def remove_characters(cells: Cells, characters: bytes) -> Cells:
    """The cells without these ASCII characters."""
    data, _ = slice_bytes(cells)
    kept = np.ones(256, bool)
    kept[list(characters)] = False
    # The new offsets are the counts of the kept bytes, so the array is built from its buffers directly.
    counts = _cumulative_counts(cells, kept.take(data))
    buffers = [None, pa.py_buffer(counts), pa.py_buffer(data.tobytes().translate(None, characters))]
    return pa.Array.from_buffers(pa.string(), len(cells), buffers)
