"""Cells: the one form in which values travel.

A column of cells is a ``pyarrow.StringArray`` without nulls; ``""`` means absent.
A mask is a numpy array of booleans, one a cell, ``True`` where something is so.
Kernels work on whole columns and release the interpreter lock.
"""

import threading
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Cells: TypeAlias = pa.StringArray
Mask: TypeAlias = NDArray[np.bool_]
Numbers: TypeAlias = NDArray[np.int64]

_Answer = TypeVar("_Answer")
_Arguments = ParamSpec("_Arguments")
#: Canonical columns, and one more for what a test has made of a column.
_MEMOIZED_COLUMNS: Final = 16
#: Places that are looked at one by one as fast as eight at a time.
_SMALL_MASK: Final = 20_000


def memoized(
    compute: Callable[Concatenate[Cells, _Arguments], _Answer],
) -> Callable[Concatenate[Cells, _Arguments], _Answer]:
    """A question about a column that is answered once: rules ask the same of it one after the other.

    Each thread remembers its last columns, by the memory in which they lie. The arrays of an answer are shared and
    cannot be written to.
    """
    own = threading.local()

    @wraps(compute)
    def answer(cells: Cells, /, *more: _Arguments.args, **named: _Arguments.kwargs) -> _Answer:
        known: dict[object, tuple[Cells, _Answer]] = own.__dict__.setdefault("known", {})
        place = (_memory_key(cells), more, *named.items())
        if place in known:
            return known[place][1]
        fact = compute(cells, *more, **named)
        for part in fact if isinstance(fact, tuple) else (fact,):
            if isinstance(part, np.ndarray):
                part.setflags(write=False)
        if len(known) >= _MEMOIZED_COLUMNS:
            del known[next(iter(known))]
        # With the cells, so that nothing else comes to lie there.
        known[place] = (cells, fact)
        return fact

    return answer


def _memory_key(cells: Cells) -> tuple[object, ...]:
    """Where a column lies: of the same table's column Python makes another object each time."""
    ends, data = (None if buffer is None else buffer.address for buffer in cells.buffers()[1:])
    return len(cells), cells.offset, ends, data


def as_mask(verdict: pa.BooleanArray) -> Mask:
    """An Arrow verdict as a mask; null is ``False``."""
    if verdict.null_count:
        verdict = pc.fill_null(verdict, False)
    bits = verdict.buffers()[1]
    if bits is None:
        return np.zeros(len(verdict), bool)
    # Many times faster than Arrow's own way, which goes bit by bit.
    first = verdict.offset // 8
    packed = np.frombuffer(bits, np.uint8)[first:]
    skipped = verdict.offset % 8
    mask: Mask = np.unpackbits(packed, count=skipped + len(verdict), bitorder="little")[skipped:].view(bool)
    return mask


def non_empty(cells: Cells) -> Mask:
    """Where a cell holds anything."""
    ends = offsets(cells)
    mask: Mask = ends[1:] != ends[:-1]
    return mask


def all_empty(cells: Cells) -> bool:
    """Whether no cell holds anything."""
    ends = offsets(cells)
    return bool(ends[0] == ends[-1])


def offsets(cells: Cells) -> NDArray[np.int32]:
    """Where each cell begins in ``text_bytes``, and where the last one ends (absolute positions)."""
    _, raw, _ = cells.buffers()
    if raw is None:
        return np.zeros(1, np.int32)
    whole = np.frombuffer(raw, np.int32)
    found: NDArray[np.int32] = whole[cells.offset : cells.offset + len(cells) + 1]
    return found


def text_bytes(cells: Cells) -> NDArray[np.uint8]:
    """The UTF-8 bytes behind the cells; index them with ``offsets``. Shared with neighbors of a slice."""
    data = cells.buffers()[2]
    return np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)


def flatnonzero_sparse(mask: Mask) -> Numbers:
    """Places at which a mask is true, in order. Fast where few are, as in most masks over the bytes of a column."""
    whole = len(mask) // 8 * 8
    if len(mask) < _SMALL_MASK or not mask.flags.c_contiguous:
        return np.flatnonzero(mask)
    # numpy goes place by place; eight of them are one word here, and nearly all words are zero.
    words = mask[:whole].view(np.uint64)
    hit = np.flatnonzero(words != 0)
    at = np.flatnonzero(words[hit].view(bool))
    found = (hit[at >> 3] << 3) + (at & 7)
    return np.concatenate([found, np.flatnonzero(mask[whole:]) + whole])


def span_indices(begins: NDArray[np.signedinteger], ends: NDArray[np.signedinteger]) -> tuple[Numbers, Numbers]:
    """Each place in some spans, one span after the other, and the number of the span that it is in."""
    sizes = ends - begins
    span_of = np.repeat(np.arange(len(sizes)), sizes)
    return np.arange(len(span_of)) + np.repeat(ends - np.cumsum(sizes), sizes), span_of


def cells_from_text(texts: Sequence[str]) -> Cells:
    """Texts of one column as cells; U+FFFD stands for half a surrogate pair, so that CT011 reports it."""
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        return pa.array([replace_lone_surrogates(text) for text in texts], pa.string())


def replace_lone_surrogates(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which UTF-8 cannot hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def constant_cells(text: str, count: int) -> Cells:
    """A column in which each cell is the same text."""
    return pa.repeat(pa.scalar(text, pa.string()), count)


def combine_chunks(column: pa.ChunkedArray | pa.Array) -> Cells:
    """The column as one contiguous array of text."""
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column if column.type == pa.string() else column.cast(pa.string())
