"""Error cells in the binary formats xls and xlsb, in which a formula always has a stored value.

Sources: [MS-CFB], [MS-XLS] 2.4, [MS-XLSB] 2.1.4 and 2.4.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from calltools.files.workbook.binary_file import iterate_records, read_workbook_stream
from calltools.files.workbook.error_cells import CellIssues
from calltools.files.workbook.package import find_main_part, read_relations, resolve_part_name

_XLS_BOUND_SHEET: Final = 0x85
_XLS_BOOL_OR_ERROR: Final = 0x205
_XLS_FORMULA: Final = 0x06
#: Cells with a text of their own.
_XLS_LABELS: Final = frozenset({0x204, 0xD6})
#: The text that a formula gives.
_XLS_STRING: Final = 0x207
_XLS_CONTINUE: Final = 0x3C
#: A record goes on when it is full, and it holds 8,224 bytes.
_MIN_BYTES_CONTINUED: Final = 8000


def find_xls_issues(path: Path, number: int) -> CellIssues:
    """The error cells of one sheet of an xls workbook, and the texts that calamine cuts.

    Args:
        path: The workbook.
        number: Number of the sheet, from 0.
    """
    _, data = read_workbook_stream(path.read_bytes())
    found = CellIssues()
    texts = _LongTexts(found)
    for kind, start, size in xls_sheet_records(data, number):
        # BoolErr: cell (6 bytes), value, then 1 for an error. Formula: cell, then a result (8 bytes); if its last two
        # bytes are 0xFFFF it is no number, its first byte is 2 for an error, and its third is the code.
        if kind == _XLS_BOOL_OR_ERROR and data[start + 7]:
            found.add_error(*_cell_position(data, start), data[start + 6])
        elif kind == _XLS_FORMULA and data[start + 6] == 2 and data[start + 12 : start + 14] == b"\xff\xff":
            found.add_error(*_cell_position(data, start), data[start + 8])
        if kind == _XLS_FORMULA or size > _MIN_BYTES_CONTINUED or texts.goes_on:
            texts.add_record(kind, data[start : start + size])
    return found


class _LongTexts:
    """Texts that go on in CONTINUE records: calamine gives what stands in the first record only."""

    def __init__(self, found: CellIssues) -> None:
        self._found = found
        self._formula_cell = self._cell = (0, 0)
        self._text, self._left = "", 0

    @property
    def goes_on(self) -> bool:
        """Whether a text has not ended."""
        return self._left > 0

    def add_record(self, kind: int, body: bytes) -> None:
        """Take the next record of the sheet."""
        if kind == _XLS_CONTINUE and self._left:
            self._decode(body)
            if not self._left:
                self._found.add_text(*self._cell, self._text)
            return
        self._left = 0
        if kind == _XLS_FORMULA:
            self._formula_cell = _cell_position(body, 0)
        elif kind in _XLS_LABELS:
            # Row, column and style come before the text.
            self._cell = _cell_position(body, 0)
            self._begin(body[6:])
        elif kind == _XLS_STRING:
            self._cell = self._formula_cell
            self._begin(body)

    def _begin(self, body: bytes) -> None:
        self._text, self._left = "", struct.unpack_from("<H", body)[0] if len(body) > _MIN_BYTES_CONTINUED else 0
        if self._left:
            self._decode(body[2:])

    def _decode(self, body: bytes) -> None:
        """Flags, of which the lowest says whether a letter has two bytes, then letters."""
        wide = body[0] & 1
        text = body[1 : 1 + self._left * (2 if wide else 1)].decode("utf-16-le" if wide else "latin-1", "replace")
        self._text += text
        self._left -= len(text.encode("utf-16-le")) // 2


def xls_sheet_records(data: bytes, number: int) -> Iterator[tuple[int, int, int]]:
    """The records of a sheet, by its number from 0, as ``iterate_records`` gives them."""
    starts = [
        struct.unpack_from("<I", data, start)[0]
        for kind, start, _ in iterate_records(data, 0)
        if kind == _XLS_BOUND_SHEET
    ]
    return iterate_records(data, starts[number])


def _cell_position(data: bytes, start: int) -> tuple[int, int]:
    row, column = struct.unpack_from("<HH", data, start)
    return row, column


XLSB_ROW: Final = 0
_XLSB_CELL_ERROR: Final = 3
_XLSB_FORMULA_ERROR: Final = 11
_XLSB_SHEET: Final = 156
#: A cell is its column (4 bytes), style and flags (4 bytes), then its value.
_XLSB_VALUE_OFFSET: Final = 8


def find_xlsb_issues(path: Path, sheet: str) -> CellIssues:
    """The error cells of one sheet of an xlsb workbook.

    Args:
        path: The workbook.
        sheet: Title of the sheet.
    """
    found, row = CellIssues(), -1
    with ZipFile(path) as package:
        data = package.read(resolve_part_name(package, find_xlsb_sheet_part(package, sheet)))
    for kind, start in xlsb_records(data):
        if kind == XLSB_ROW:
            (row,) = struct.unpack_from("<I", data, start)
        elif kind in {_XLSB_CELL_ERROR, _XLSB_FORMULA_ERROR}:
            found.add_error(row, struct.unpack_from("<I", data, start)[0], data[start + _XLSB_VALUE_OFFSET])
    return found


def find_xlsb_sheet_part(package: ZipFile, sheet: str) -> str:
    """Name of the part of a sheet.

    Raises:
        KeyError: There is no such sheet.
    """
    main = find_main_part(package)
    data = package.read(resolve_part_name(package, main))
    for kind, start in xlsb_records(data):
        if kind == _XLSB_SHEET:
            relation, behind = read_wide_text(data, start + 8)
            title, _ = read_wide_text(data, behind)
            if title == sheet:
                return read_relations(package, main)[relation][1]
    raise KeyError(sheet)


def read_wide_text(data: bytes, start: int) -> tuple[str, int]:
    """A text, stored as its length in UTF-16 units and these units; and the place after it."""
    (length,) = struct.unpack_from("<I", data, start)
    end = start + 4 + 2 * length
    return data[start + 4 : end].decode("utf-16-le", "replace"), end


def xlsb_records(data: bytes) -> Iterator[tuple[int, int]]:
    """Type and first byte of each record."""
    place = 0
    while place < len(data):
        kind, place = _read_variable_length(data, place, 2)
        size, place = _read_variable_length(data, place, 4)
        yield kind, place
        place += size


def _read_variable_length(data: bytes, place: int, most: int) -> tuple[int, int]:
    """A number of at most ``most`` bytes, and the place after it; the highest bit of a byte means that one follows."""
    number = 0
    for shift in range(0, 7 * most, 7):
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
    return number, place
