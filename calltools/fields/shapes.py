"""Byte shapes of whole columns, shared by kinds: which cells are digits only, how they begin and end."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.any_cell import own_bytes, rows_of
from calltools.model.cells import Cells, Mask, Numbers, as_mask, offsets, remembered, text_bytes

ZERO, NINE = 0x30, 0x39


@remembered
def lengths(cells: Cells) -> Numbers:
    """Bytes of each cell."""
    return np.diff(offsets(cells)).astype(np.int64)


@remembered
def digits_only(cells: Cells) -> Mask:
    """Nothing but ASCII digits, or nothing at all."""
    data, first = own_bytes(cells)
    others = np.flatnonzero((data - np.uint8(ZERO)) > NINE - ZERO)
    mask: Mask = ~rows_of(cells, others + first)
    return mask


@remembered
def first_bytes(cells: Cells) -> np.ndarray:
    """The first byte of each cell; 0 where it is empty."""
    return _bytes_at(cells, offsets(cells)[:-1])


@remembered
def last_bytes(cells: Cells) -> np.ndarray:
    """The last byte of each cell; 0 where it is empty."""
    return _bytes_at(cells, offsets(cells)[1:] - 1)


def _bytes_at(cells: Cells, positions: np.ndarray) -> np.ndarray:
    data = text_bytes(cells)
    if not len(data):
        return np.zeros(len(cells), np.uint8)
    found = data[np.clip(positions, 0, len(data) - 1)]
    return np.where(np.diff(offsets(cells)) > 0, found, np.uint8(0))


def matches(cells: Cells, pattern: str) -> Mask:
    """Cells that an RE2 pattern matches whole."""
    return as_mask(pc.match_substring_regex(cells, f"^(?:{pattern})$"))


def rewritten(cells: Cells, pattern: str, by: str) -> tuple[Mask, Cells]:
    r"""Cells that a pattern matches whole, and those cells written anew (``\1`` is the first group)."""
    mask = matches(cells, pattern)
    if not mask.any():
        return mask, pa.array([], pa.string())
    return mask, pc.replace_substring_regex(cells.filter(pa.array(mask)), f"^(?:{pattern})$", by)


def without(cells: Cells, signs: bytes) -> Cells:
    """The cells without some ASCII signs."""
    data, first = own_bytes(cells)
    dropped = np.zeros(256, bool)
    dropped[list(signs)] = True
    kept = ~dropped[data]
    ends = np.zeros(len(data) + 1, np.int32)
    np.cumsum(kept, out=ends[1:])
    buffers = [None, pa.py_buffer(ends[offsets(cells) - first]), pa.py_buffer(data[kept])]
    return pa.Array.from_buffers(pa.string(), len(cells), buffers)
