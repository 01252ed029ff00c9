"""Which dates of an xls or xlsb are shown with a time of day (see ``clock_formats``).

Sources: [MS-XLS] 2.4.126 Format, 2.4.353 XF, 2.4.180 Number, 2.4.220 RK, 2.4.175 MulRk, 2.4.127 Formula;
[MS-XLSB] 2.4.691 BrtFmt, 2.4.880 BrtXF, 2.5.9 Cell.
"""

import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from calltools.files.workbook.binary_file import iterate_records, read_workbook_stream
from calltools.files.workbook.clock_formats import Cell, styles_with_hours
from calltools.files.workbook.error_cells_binary import (
    XLSB_ROW,
    find_xlsb_sheet_part,
    read_wide_text,
    xls_sheet_records,
    xlsb_records,
)
from calltools.files.workbook.package import find_main_part, read_relations, resolve_part_name

_XLS_FORMAT: Final = 0x41E
_XLS_STYLE: Final = 0xE0
#: Formula, number, RK number: the cell, its style, then the value.
_XLS_CELLS: Final = frozenset({0x06, 0x203, 0x27E})
_XLS_ROW_OF_CELLS: Final = 0xBD
_XLS_VERSION: Final = 0x809
_BIFF8: Final = 0x600
_XLSB_FORMAT: Final = 44
_XLSB_STYLE: Final = 47
_XLSB_STYLES_BEGIN: Final = 617
_XLSB_STYLES_END: Final = 618
#: RK number, number, formula with a number.
_XLSB_CELLS: Final = frozenset({2, 5, 9})
#: The style of a cell in an xlsb has three bytes; flags follow.
_STYLE_BITS: Final = 0xFFFFFF


def find_xls_clock_cells(path: Path, number: int, wanted: Collection[Cell]) -> frozenset[Cell]:
    """Those of the cells whose format shows hours.

    Args:
        path: The workbook.
        number: Number of the sheet, from 0.
        wanted: Cells to look at.
    """
    _, data = read_workbook_stream(path.read_bytes())
    formats, codes, version = [], {}, _BIFF8
    for kind, start, size in iterate_records(data, 0):
        if kind == _XLS_VERSION:
            (version,) = struct.unpack_from("<H", data, start)
        elif kind == _XLS_STYLE:
            formats.append(struct.unpack_from("<H", data, start + 2)[0])
        elif kind == _XLS_FORMAT:
            codes[struct.unpack_from("<H", data, start)[0]] = _xls_format_code(data[start : start + size], version)
    styles = styles_with_hours(formats, codes)
    return frozenset(cell for cell, style in _xls_cells(data, number) if cell in wanted and style in styles)


def _xls_format_code(raw: bytes, version: int) -> str:
    """The code of a format: after its length one byte a character, or two, as a flag says; before BIFF8 one."""
    if version < _BIFF8:
        return raw[3 : 3 + raw[2]].decode("latin-1")
    (length,) = struct.unpack_from("<H", raw, 2)
    return (
        raw[5 : 5 + 2 * length].decode("utf-16-le", "replace") if raw[4] & 1 else raw[5 : 5 + length].decode("latin-1")
    )


def _xls_cells(data: bytes, number: int) -> Iterator[tuple[Cell, int]]:
    """Each cell with a number, and its style."""
    for kind, start, size in xls_sheet_records(data, number):
        if kind in _XLS_CELLS:
            row, column, style = struct.unpack_from("<HHH", data, start)
            yield (row, column), style
        elif kind == _XLS_ROW_OF_CELLS:
            row, first = struct.unpack_from("<HH", data, start)
            for place in range((size - 6) // 6):
                yield (row, first + place), struct.unpack_from("<H", data, start + 4 + 6 * place)[0]


def find_xlsb_clock_cells(path: Path, sheet: str, wanted: Collection[Cell]) -> frozenset[Cell]:
    """Those of the cells whose format shows hours.

    Args:
        path: The workbook.
        sheet: Title of the sheet.
        wanted: Cells to look at.
    """
    with ZipFile(path) as package:
        styles = _xlsb_clock_styles(package)
        data = package.read(resolve_part_name(package, find_xlsb_sheet_part(package, sheet)))
    found, row = set(), -1
    for kind, start in xlsb_records(data):
        if kind == XLSB_ROW:
            (row,) = struct.unpack_from("<I", data, start)
        elif kind in _XLSB_CELLS:
            column, style = struct.unpack_from("<II", data, start)
            if (row, column) in wanted and style & _STYLE_BITS in styles:
                found.add((row, column))
    return frozenset(found)


def _xlsb_clock_styles(package: ZipFile) -> frozenset[int]:
    relations = read_relations(package, find_main_part(package)).values()
    part = next((target for kind, target in relations if kind.endswith("/styles")), None)
    if part is None:
        return frozenset()
    data = package.read(resolve_part_name(package, part))
    formats, codes, of_cells = [], {}, False
    for kind, start in xlsb_records(data):
        if kind in {_XLSB_STYLES_BEGIN, _XLSB_STYLES_END}:
            of_cells = kind == _XLSB_STYLES_BEGIN
        elif kind == _XLSB_FORMAT:
            codes[struct.unpack_from("<H", data, start)[0]] = read_wide_text(data, start + 2)[0]
        elif kind == _XLSB_STYLE and of_cells:
            formats.append(struct.unpack_from("<H", data, start + 2)[0])
    return styles_with_hours(formats, codes)
