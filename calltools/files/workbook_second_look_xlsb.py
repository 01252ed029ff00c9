"""The second look at a sheet of a binary workbook (xlsb): error cells.

A formula of this format always has a stored value. Source: [MS-XLSB], 2.1.4 and 2.4.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from calltools.files.workbook_odd_cells import CellIssues
from calltools.files.workbook_parts import find_main_part, resolve_part_name, read_relations

_XLSB_ROW: Final = 0
_XLSB_CELL_ERROR: Final = 3
_XLSB_FORMULA_ERROR: Final = 11
_XLSB_SHEET: Final = 156
#: Of a cell: column (4 bytes), style and flags (4 bytes), then its value.
_XLSB_VALUE_OFFSET: Final = 8


def find_xlsb_issues(path: Path, sheet: str) -> CellIssues:
    """The error cells of one sheet.

    Args:
        path: The workbook.
        sheet: Title of the sheet.
    """
    found, row = CellIssues(), -1
    with ZipFile(path) as package:
        data = package.read(resolve_part_name(package, _find_xlsb_sheet_part(package, sheet)))
    for kind, start in _xlsb_records(data):
        if kind == _XLSB_ROW:
            (row,) = struct.unpack_from("<I", data, start)
        elif kind in {_XLSB_CELL_ERROR, _XLSB_FORMULA_ERROR}:
            found.add_error(row, struct.unpack_from("<I", data, start)[0], data[start + _XLSB_VALUE_OFFSET])
    return found


def _find_xlsb_sheet_part(package: ZipFile, sheet: str) -> str:
    main = find_main_part(package)
    data = package.read(resolve_part_name(package, main))
    for kind, start in _xlsb_records(data):
        if kind == _XLSB_SHEET:
            relation, behind = _read_text(data, start + 8)
            title, _ = _read_text(data, behind)
            if title == sheet:
                return read_relations(package, main)[relation][1]
    raise KeyError(sheet)


def _read_text(data: bytes, start: int) -> tuple[str, int]:
    """A text and where it ends: its length in UTF-16 units, then those."""
    (length,) = struct.unpack_from("<I", data, start)
    end = start + 4 + 2 * length
    return data[start + 4 : end].decode("utf-16-le", "replace"), end


def _xlsb_records(data: bytes) -> Iterator[tuple[int, int]]:
    """Type of each record and where its bytes begin."""
    place = 0
    while place < len(data):
        kind, place = _read_variable_length(data, place, 2)
        size, place = _read_variable_length(data, place, 4)
        yield kind, place
        place += size


def _read_variable_length(data: bytes, place: int, most: int) -> tuple[int, int]:
    """A number of up to ``most`` bytes, seven bits in each, the eighth says that more follow."""
    number = 0
    for shift in range(0, 7 * most, 7):
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
    return number, place
