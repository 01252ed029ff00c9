"""Error cells in the binary formats xls and xlsb, in which a formula always has a stored value.

Sources: [MS-CFB], [MS-XLS] 2.4, [MS-XLSB] 2.1.4 and 2.4.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from calltools.files.workbook.error_cells import CellIssues
from calltools.files.workbook.package import find_main_part, read_relations, resolve_part_name

_NO_SECTOR_FROM: Final = 0xFFFFFFFA  # this and above: no sector follows
_SECTORS_IN_HEADER: Final = 109
_DIRECTORY_ENTRY_BYTES: Final = 128
_WORKBOOK_STREAMS: Final = frozenset({"Workbook", "Book"})
_XLS_BOUND_SHEET: Final = 0x85
_XLS_END: Final = 0x0A
_XLS_BOOL_OR_ERROR: Final = 0x205
_XLS_FORMULA: Final = 0x06


def find_xls_issues(path: Path, number: int) -> CellIssues:
    """The error cells of one sheet of an xls workbook.

    Args:
        path: The workbook.
        number: Number of the sheet, from 0.
    """
    data = read_workbook_stream(path.read_bytes())
    found = CellIssues()
    for kind, start, _ in xls_sheet_records(data, number):
        # BoolErr: cell (6 bytes), value, then 1 for an error. Formula: cell, then a result (8 bytes); if its last two
        # bytes are 0xFFFF it is no number, its first byte is 2 for an error, and its third is the code.
        if kind == _XLS_BOOL_OR_ERROR and data[start + 7]:
            found.add_error(*_cell_position(data, start), data[start + 6])
        elif kind == _XLS_FORMULA and data[start + 6] == 2 and data[start + 12 : start + 14] == b"\xff\xff":
            found.add_error(*_cell_position(data, start), data[start + 8])
    return found


def xls_sheet_records(data: bytes, number: int) -> Iterator[tuple[int, int, int]]:
    """The records of a sheet, by its number from 0, as ``xls_records`` gives them."""
    starts = [
        struct.unpack_from("<I", data, start)[0] for kind, start, _ in xls_records(data, 0) if kind == _XLS_BOUND_SHEET
    ]
    return xls_records(data, starts[number])


def _cell_position(data: bytes, start: int) -> tuple[int, int]:
    row, column = struct.unpack_from("<HH", data, start)
    return row, column


def xls_records(data: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Type, first byte and size of each record, up to the end of the sheet or of the part for all sheets."""
    while place + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, place)
        yield kind, place + 4, size
        if kind == _XLS_END:
            return
        place += 4 + size


def read_workbook_stream(raw: bytes) -> bytes:
    """The bytes of the workbook stream in a compound file."""
    size = 1 << struct.unpack_from("<H", raw, 30)[0]
    table = _read_sector_table(raw, size)
    directory = _read_chain(raw, size, table, struct.unpack_from("<I", raw, 48)[0])
    for place in range(0, len(directory) - _DIRECTORY_ENTRY_BYTES + 1, _DIRECTORY_ENTRY_BYTES):
        length = struct.unpack_from("<H", directory, place + 64)[0]
        name = directory[place : place + max(0, length - 2)].decode("utf-16-le", "replace")
        if name in _WORKBOOK_STREAMS:
            first, count = struct.unpack_from("<II", directory, place + 116)
            return _read_entry_stream(raw, size, table, directory, (first, count))
    raise KeyError("Workbook")


def _read_entry_stream(raw: bytes, size: int, table: list[int], directory: bytes, entry: tuple[int, int]) -> bytes:
    """The bytes of a stream; a small one lies inside of the root stream, in small sectors with their own table."""
    first, count = entry
    if count >= struct.unpack_from("<I", raw, 56)[0]:
        return _read_chain(raw, size, table, first)[:count]
    small = 1 << struct.unpack_from("<H", raw, 32)[0]
    inner = _read_chain(raw, size, table, struct.unpack_from("<I", directory, 116)[0])
    numbers = _read_chain(raw, size, table, struct.unpack_from("<I", raw, 60)[0])
    # Sectors are numbered from the end of the header: here a header of one empty sector stands in for it.
    return _read_chain(b"\0" * small + inner, small, _unpack_numbers(numbers), first)[:count]


def _read_sector_table(raw: bytes, size: int) -> list[int]:
    """Sector -> the next one of its stream. The header, then a chain of sectors, lists the sectors of this table."""
    sectors = _unpack_numbers(raw[76 : 76 + 4 * _SECTORS_IN_HEADER])
    more, seen = struct.unpack_from("<I", raw, 68)[0], set[int]()
    while more < _NO_SECTOR_FROM and more not in seen:
        seen.add(more)
        listed = _unpack_numbers(_read_sector(raw, size, more))
        sectors += listed[:-1]
        more = listed[-1]
    return [
        number
        for sector in sectors
        if sector < _NO_SECTOR_FROM
        for number in _unpack_numbers(_read_sector(raw, size, sector))
    ]


def _read_chain(raw: bytes, size: int, table: list[int], first: int) -> bytes:
    # A damaged file may hold a circle.
    parts, seen = [], set[int]()
    while first < _NO_SECTOR_FROM and first not in seen:
        seen.add(first)
        parts.append(_read_sector(raw, size, first))
        first = table[first]
    return b"".join(parts)


def _read_sector(raw: bytes, size: int, number: int) -> bytes:
    return raw[size * (number + 1) : size * (number + 2)]


def _unpack_numbers(raw: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))


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
