"""What a report shows of a cell: invisible characters and terminal commands written out, long text cut."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import byte_lengths, cells_at_positions, slice_bytes
from calltools.fields.kernels.cell_kernels import replace_where
from calltools.model.cells import Cells, Mask, as_mask
from calltools.model.finding import DETAIL_SEPARATOR
from calltools.texts import escape_character

_Ranges = tuple[tuple[int, int], ...]
#: Characters that command a terminal or reorder what it shows: C0 and C1 controls, zero-width characters, direction
#: overrides, invisible operators, the byte order mark. No report holds them.
_CONTROL_RANGES: Final[_Ranges] = (
    (0x00, 0x1F), (0x7F, 0x9F), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF),
)  # fmt: skip
#: Characters that look like a space or like nothing: unusual spaces, soft hyphen, joiners, tags. The JSON report keeps
#: them: its readers are programs, and its bytes are a promise.
_BLANK_RANGES: Final[_Ranges] = (
    (0xA0, 0xA0), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x1680, 0x1680), (0x180E, 0x180E), (0x2000, 0x200A),
    (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFFF9, 0xFFFB), (0xE0000, 0xE007F),
)  # fmt: skip
_INVISIBLE_RANGES: Final = _CONTROL_RANGES + _BLANK_RANGES


def _python_pattern(ranges: _Ranges) -> "re.Pattern[str]":
    return re.compile("[" + "".join(rf"\U{first:08x}-\U{last:08x}" for first, last in ranges) + "]")


def _arrow_pattern(ranges: _Ranges) -> str:
    return "[" + "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" for first, last in ranges) + "]"


def byte_table(signs: Iterable[int]) -> Mask:
    """A table of 256 booleans that are true for these bytes."""
    table = np.zeros(256, bool)
    table[list(signs)] = True
    return table


_INVISIBLE_CHARACTER: Final = _python_pattern(_INVISIBLE_RANGES)
_INVISIBLE_PATTERN: Final = _arrow_pattern(_INVISIBLE_RANGES)
_CONTROL_CHARACTER: Final = _python_pattern(_CONTROL_RANGES)
#: The pattern of the characters that ``dump_json`` escapes, for Arrow.
JSON_UNSAFE_PATTERN: Final = _arrow_pattern(_CONTROL_RANGES)
#: First bytes of these characters in UTF-8.
_INVISIBLE_FIRST_BYTES: Final = byte_table(
    {chr(sign).encode()[0] for first, last in _INVISIBLE_RANGES for sign in range(first, last + 1)}
)
_DELETE: Final = 0x7F
_ELLIPSIS: Final = "…"
_ELLIPSIS_BYTES: Final = np.frombuffer(_ELLIPSIS.encode(), np.uint8)


def escape_invisible(text: str, *, parts: bool = False) -> str:
    r"""Replace invisible characters by escapes such as ``\u200b``.

    Args:
        text: Any text.
        parts: Whether the text is a finding's detail, whose U+001F stays.
    """
    return _INVISIBLE_CHARACTER.sub(
        lambda found: found[0] if parts and found[0] == DETAIL_SEPARATOR else escape_character(found[0]), text
    )


def escape_invisible_cells(cells: Cells, *, parts: bool = False) -> Cells:
    """The same for a column; null stays null."""
    rows = np.flatnonzero(_may_hold_invisible(cells))
    if not len(rows):
        return cells
    invisible_rows = rows[as_mask(pc.match_substring_regex(cells.take(pa.array(rows)), _INVISIBLE_PATTERN))]
    encoded = cells.take(pa.array(invisible_rows)).dictionary_encode()
    escaped = pa.array([escape_invisible(text, parts=parts) for text in encoded.dictionary.to_pylist()], pa.string())
    mask = np.zeros(len(cells), bool)
    mask[invisible_rows] = True
    return pc.replace_with_mask(cells, pa.array(mask), escaped.take(encoded.indices))


def _may_hold_invisible(cells: Cells) -> Mask:
    """Cells that may hold such a character: a table of bytes is far cheaper than a pattern."""
    data, first = slice_bytes(cells)
    if not len(data) or (data.min() >= ord(" ") and data.max() < _DELETE):
        return np.zeros(len(cells), bool)
    at = np.flatnonzero(_INVISIBLE_FIRST_BYTES[data])
    # Masked ids hold an ellipsis, whose first byte is that of a zero-width space: without this test all of them match.
    ellipsis = data[np.minimum(at[:, None] + np.arange(3), len(data) - 1)] == _ELLIPSIS_BYTES
    return cells_at_positions(cells, at[~ellipsis.all(axis=1)] + first)


def dump_json(value: Any, *, blanks: bool = False) -> str:
    """One line of JSON that holds nothing that commands a terminal.

    Args:
        value: Plain values, lists and mappings.
        blanks: Whether characters that look like a space are escaped too.
    """
    unsafe = _INVISIBLE_CHARACTER if blanks else _CONTROL_CHARACTER
    return unsafe.sub(lambda found: json.dumps(found[0])[1:-1], json.dumps(value, ensure_ascii=False))


def truncate(text: str, max_characters: int) -> str:
    """The text, or its beginning with an ellipsis behind it."""
    return text if len(text) <= max_characters else text[:max_characters] + _ELLIPSIS


def truncate_cells(cells: Cells, max_characters: int) -> Cells:
    """The same for a column; null stays null."""
    # Bytes are counted already; only cells that are long in bytes can be long in characters.
    long = byte_lengths(cells) > max_characters
    if not long.any():
        return cells
    long_cells = cells.filter(pa.array(long))
    starts = pc.utf8_slice_codeunits(long_cells, 0, max_characters)
    cut = pc.binary_join_element_wise(starts, _ELLIPSIS, "")
    return replace_where(cells, long, pc.if_else(pc.equal(starts, long_cells), long_cells, cut))
