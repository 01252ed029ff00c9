"""Cells of bytes, as Arrow's tokenizer gives them, as text."""

from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from calltools.model.cells import Cells, offsets, text_bytes


def is_utf8_block(data: memoryview) -> bool:
    """Asked once of a whole block, which takes a third of what it takes to ask cell by cell.

    Cells end where ASCII stands, so that each is UTF-8 where the whole is.
    """
    ends = pa.py_buffer(np.array([0, len(data)], np.int32))
    try:
        pa.Array.from_buffers(pa.binary(), 1, [None, ends, pa.py_buffer(data)]).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def _single_chunk(column: pa.ChunkedArray) -> pa.BinaryArray:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def view_as_text(column: pa.ChunkedArray) -> Cells:
    """Bytes known to be UTF-8, as text; nothing is copied."""
    cells = _single_chunk(column)
    return pa.Array.from_buffers(pa.string(), len(cells), cells.buffers(), cells.null_count, cells.offset)


def decode_cells(column: pa.ChunkedArray, encoding: str) -> Cells:
    """Bytes of an encoding of one byte a letter, as text. Most columns of most files are plain ASCII.

    Raises:
        UnicodeDecodeError: A byte stands for no letter.
    """
    cells = _single_chunk(column)
    ends = offsets(cells)
    raw = text_bytes(cells)[ends[0] : ends[-1]]
    if not len(raw) or raw.max() < 0x80:
        return view_as_text(column)
    text = pa.py_buffer(raw.tobytes().decode(encoding).encode())
    grown = np.zeros(len(raw) + 1, np.int32)
    np.cumsum(_utf8_byte_lengths(encoding)[raw], out=grown[1:])
    return pa.Array.from_buffers(pa.string(), len(cells), [None, pa.py_buffer(grown[ends - ends[0]]), text])


@lru_cache(maxsize=4)
def _utf8_byte_lengths(encoding: str) -> NDArray[np.int32]:
    """Byte -> bytes of its letter in UTF-8."""
    return np.array([len(bytes([byte]).decode(encoding, "replace").encode()) for byte in range(256)], np.int32)
