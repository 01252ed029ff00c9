"""The second look at a sheet of an old binary workbook (xls): error cells.

A formula of this format always has a stored value. Sources: [MS-CFB], [MS-XLS] 2.4.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from calltools.files.workbook_odd_cells import OddCells

_FREE: Final = 0xFFFFFFFA  # this and above: no sector follows
_LISTED: Final = 109
_ENTRY: Final = 128
_STREAMS: Final = frozenset({"Workbook", "Book"})
_BOUND_SHEET: Final = 0x85
_EOF: Final = 0x0A
_BOOL_OR_ERROR: Final = 0x205
_FORMULA: Final = 0x06


def xls_odd_cells(path: Path, number: int) -> OddCells:
    """The error cells of one sheet.

    Args:
        path: The workbook.
        number: Which of its sheets, from 0.
    """
    data = _stream(path.read_bytes())
    starts = [struct.unpack_from("<I", data, start)[0] for kind, start, _ in _records(data, 0) if kind == _BOUND_SHEET]
    found = OddCells()
    for kind, start, _ in _records(data, starts[number]):
        if kind == _BOOL_OR_ERROR and data[start + 7]:
            found.add_error(*_place(data, start), data[start + 6])
        elif kind == _FORMULA and data[start + 6] == 2 and data[start + 12 : start + 14] == b"\xff\xff":
            found.add_error(*_place(data, start), data[start + 8])
    return found


def _place(data: bytes, start: int) -> tuple[int, int]:
    row, column = struct.unpack_from("<HH", data, start)
    return row, column


def _records(data: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Type, first byte and size of each record up to the end of the sheet or of the globals."""
    while place + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, place)
        yield kind, place + 4, size
        if kind == _EOF:
            return
        place += 4 + size


def _stream(raw: bytes) -> bytes:
    """The bytes of the workbook's stream in a compound file."""
    size = 1 << struct.unpack_from("<H", raw, 30)[0]
    table = _table(raw, size)
    directory = _chain(raw, size, table, struct.unpack_from("<I", raw, 48)[0])
    for place in range(0, len(directory) - _ENTRY + 1, _ENTRY):
        length = struct.unpack_from("<H", directory, place + 64)[0]
        name = directory[place : place + max(0, length - 2)].decode("utf-16-le", "replace")
        if name in _STREAMS:
            first, count = struct.unpack_from("<II", directory, place + 116)
            return _found(raw, size, table, directory, (first, count))
    raise KeyError("Workbook")


def _found(raw: bytes, size: int, table: list[int], directory: bytes, entry: tuple[int, int]) -> bytes:
    """A stream: a small one lies within the root's, in sectors of its own."""
    first, count = entry
    if count >= struct.unpack_from("<I", raw, 56)[0]:
        return _chain(raw, size, table, first)[:count]
    small = 1 << struct.unpack_from("<H", raw, 32)[0]
    inner = _chain(raw, size, table, struct.unpack_from("<I", directory, 116)[0])
    numbers = _chain(raw, size, table, struct.unpack_from("<I", raw, 60)[0])
    return _chain(b"\0" * small + inner, small, _numbers(numbers), first)[:count]


def _table(raw: bytes, size: int) -> list[int]:
    """Which sector follows which. The list of its own sectors starts in the header and goes on in a chain."""
    sectors = _numbers(raw[76 : 76 + 4 * _LISTED])
    more, seen = struct.unpack_from("<I", raw, 68)[0], set[int]()
    while more < _FREE and more not in seen:
        seen.add(more)
        listed = _numbers(_sector(raw, size, more))
        sectors += listed[:-1]
        more = listed[-1]
    return [number for sector in sectors if sector < _FREE for number in _numbers(_sector(raw, size, sector))]


def _chain(raw: bytes, size: int, table: list[int], first: int) -> bytes:
    parts, seen = [], set[int]()
    while first < _FREE and first not in seen:
        seen.add(first)
        parts.append(_sector(raw, size, first))
        first = table[first]
    return b"".join(parts)


def _sector(raw: bytes, size: int, number: int) -> bytes:
    return raw[size * (number + 1) : size * (number + 2)]


def _numbers(raw: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))
