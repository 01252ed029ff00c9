"""Cells: the one form in which values travel, and access to its buffers.

A column of cells is a ``pyarrow.StringArray`` without nulls; ``""`` means absent.
A mask is a numpy array of booleans with one item for each cell; its name says what is true of the cell.
Kernels (``fields/kernels``) work on whole columns and release the interpreter lock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Cells: TypeAlias = pa.StringArray
Mask: TypeAlias = NDArray[np.bool_]
Numbers: TypeAlias = NDArray[np.int64]


def as_mask(booleans: pa.BooleanArray) -> Mask:
    """Arrow booleans as a mask; null becomes ``False``."""
    if booleans.null_count:
        booleans = pc.fill_null(booleans, False)
    bits = booleans.buffers()[1]
    if bits is None:
        return np.zeros(len(booleans), bool)
    # Many times faster than Arrow's to_numpy, which converts bit by bit.
    first = booleans.offset // 8
    packed = np.frombuffer(bits, np.uint8)[first:]
    skipped = booleans.offset % 8
    mask: Mask = np.unpackbits(packed, count=skipped + len(booleans), bitorder="little")[skipped:].view(bool)
    return mask


def non_empty(cells: Cells) -> Mask:
    """Mask of the cells that are not empty."""
    ends = offsets(cells)
    mask: Mask = ends[1:] != ends[:-1]
    return mask


def all_empty(cells: Cells) -> bool:
    """Whether all cells are empty."""
    ends = offsets(cells)
    return bool(ends[0] == ends[-1])


def offsets(cells: Cells) -> NDArray[np.int32]:
    """The position of each cell's first byte in ``text_bytes``, and, as the last item, the end of the last cell."""
    _, raw, _ = cells.buffers()
    if raw is None:
        return np.zeros(1, np.int32)
    whole = np.frombuffer(raw, np.int32)
    own: NDArray[np.int32] = whole[cells.offset : cells.offset + len(cells) + 1]
    return own


def text_bytes(cells: Cells) -> NDArray[np.uint8]:
    """The UTF-8 bytes of the cells, to be indexed with ``offsets``; a slice shares them with the rest of its column."""
    data = cells.buffers()[2]
    return np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)


@dataclass(frozen=True, slots=True)
class DistinctCells:
    """The different cells of a column, for functions that look at each cell by itself: one answer serves all alike.

    Attributes:
        cells: The different cells; where most are, all of them.
        indices: For each cell of the column its place in ``cells``; ``None``: they are the column.
    """

    cells: Cells
    indices: pa.IntegerArray | None = None

    @staticmethod
    def of(column: Cells) -> "DistinctCells":
        """The different cells of a column."""
        if len(column) < _FEW_CELLS:
            return DistinctCells(column)
        # A sample shows at once that a column has no repeated cells, as one of ids.
        sample = column.slice(0, _FEW_CELLS)
        if 2 * len(sample.unique()) > len(sample):
            return DistinctCells(column)
        encoded = column.dictionary_encode()
        return DistinctCells(encoded.dictionary, encoded.indices)

    def expand_mask(self, test: Callable[[Cells], Mask]) -> Mask:
        """The mask of a test for the whole column."""
        mask = test(self.cells)
        return mask if self.indices is None else mask[self.indices.to_numpy()]

    def expand(self, rewrite: Callable[[Cells], Cells]) -> Cells:
        """The texts of a function for the whole column."""
        texts = rewrite(self.cells)
        return texts if self.indices is None else texts.take(self.indices)


#: For fewer cells no function takes longer than finding out which of them are alike.
_FEW_CELLS: Final = 64


def cells_from_text(texts: Sequence[str]) -> Cells:
    """Texts of one column as cells; U+FFFD stands for half a surrogate pair, so that CT011 reports it."""
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        return pa.array([replace_lone_surrogates(text) for text in texts], pa.string())


def replace_lone_surrogates(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which UTF-8 cannot hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def count_in_each(mask: Mask, ends: Numbers) -> Numbers:
    """How many rows are marked in each of some parts.

    Args:
        mask: Of the rows of all parts, one after the other.
        ends: 0, and the row at which each part ends.
    """
    if len(ends) == 2:
        return np.array([np.count_nonzero(mask)])
    counts: Numbers = np.diff(np.concatenate([[0], np.cumsum(mask)])[ends])
    return counts


def constant_cells(text: str, count: int) -> Cells:
    """A column whose cells are all the same text."""
    return pa.repeat(pa.scalar(text, pa.string()), count)


def combine_chunks(column: pa.ChunkedArray | pa.Array) -> Cells:
    """The column as one contiguous array of text."""
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column if column.type == pa.string() else column.cast(pa.string())
