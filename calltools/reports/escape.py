"""Escapes invisible characters and terminal commands, so that no report executes or hides what a cell holds."""

import json
import re
from collections.abc import Iterable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import cells_at_positions, slice_bytes
from calltools.model.cells import Cells, Mask, as_mask


def byte_table(signs: Iterable[int]) -> Mask:
    """A table of 256 in which these are true."""
    table = np.zeros(256, bool)
    table[list(signs)] = True
    return table


#: C0 and C1 controls, no-break and other unusual spaces, zero-width characters, direction overrides, tags.
_INVISIBLE_RANGES: Final = (
    (0x00, 0x1F), (0x7F, 0xA0), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x1680, 0x1680), (0x180E, 0x180E),
    (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x3000, 0x3000), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB),
    (0xE0000, 0xE007F),
)  # fmt: skip
#: Between the parts of a finding's detail, where it means something.
_DETAIL_SEPARATOR: Final = "\x1f"
_INVISIBLE_PATTERN: Final = "[" + "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" for first, last in _INVISIBLE_RANGES) + "]"
_INVISIBLE_CHARACTER: Final = re.compile(
    "[" + "".join(rf"\U{first:08x}-\U{last:08x}" for first, last in _INVISIBLE_RANGES) + "]"
)
#: Bytes with which the UTF-8 form of such a character begins.
_INVISIBLE_FIRST_BYTES: Final = byte_table(
    {chr(sign).encode()[0] for first, last in _INVISIBLE_RANGES for sign in range(first, last + 1)}
)
_DELETE: Final = 0x7F
_ELLIPSIS: Final = np.frombuffer("…".encode(), np.uint8)
_SHORT_ESCAPES: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def escape_invisible(text: str, *, parts: bool = False) -> str:
    """The text with such characters written out.

    Args:
        text: Anything.
        parts: Leave U+001F as it is.
    """
    return _INVISIBLE_CHARACTER.sub(
        lambda found: found[0] if parts and found[0] == _DETAIL_SEPARATOR else _escape_character(found[0]), text
    )


def escape_json_document(document: str) -> str:
    """One line of JSON with such characters as JSON writes them out."""
    return _INVISIBLE_CHARACTER.sub(lambda found: json.dumps(found[0])[1:-1], document)


def escape_invisible_cells(cells: Cells, *, parts: bool = False) -> Cells:
    """The same for a column; null stays null."""
    rows = np.flatnonzero(_may_hold_invisible(cells))
    if not len(rows):
        return cells
    odd = rows[as_mask(pc.match_substring_regex(cells.take(pa.array(rows)), _INVISIBLE_PATTERN))]
    encoded = cells.take(pa.array(odd)).dictionary_encode()
    words = pa.array([escape_invisible(text, parts=parts) for text in encoded.dictionary.to_pylist()], pa.string())
    mask = np.zeros(len(cells), bool)
    mask[odd] = True
    return pc.replace_with_mask(cells, pa.array(mask), words.take(encoded.indices))


def _may_hold_invisible(cells: Cells) -> Mask:
    """Cells that may hold such a character: a table of bytes is far cheaper than a pattern."""
    data, first = slice_bytes(cells)
    if not len(data) or (data.min() >= ord(" ") and data.max() < _DELETE):
        return np.zeros(len(cells), bool)
    at = np.flatnonzero(_INVISIBLE_FIRST_BYTES[data])
    # Shortened ids hold an ellipsis, which begins like a zero-width space and is none.
    ellipsis = data[np.minimum(at[:, None] + np.arange(3), len(data) - 1)] == _ELLIPSIS
    return cells_at_positions(cells, at[~ellipsis.all(axis=1)] + first)


def _escape_character(sign: str) -> str:
    number = ord(sign)
    if sign in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[sign]
    return f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
