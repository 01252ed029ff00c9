"""The compound file of an xls workbook: its stream found whatever its name's letters, and put into a file that is read.

Sources: [MS-CFB]; [MS-XLS] 2.4.52 (CodePage) and 2.4.117 (FilePass).
"""

import struct
from collections.abc import Iterator
from typing import Final

#: This and above: no sector follows.
_NO_SECTOR_FROM: Final = 0xFFFFFFFA
_END_OF_CHAIN, _FREE, _TABLE, _LIST = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC
_SECTORS_IN_HEADER: Final = 109
_SECTOR_BYTES: Final = 512
_DIRECTORY_ENTRY_BYTES: Final = 128
#: Smaller streams lie in small sectors.
_LARGE_STREAM_BYTES: Final = 4096
#: Names of the stream, in small letters, and the names that calamine looks for.
STREAM_NAMES: Final = {"workbook": "Workbook", "book": "Book"}
_RECORD_BOF: Final = 0x809
_RECORD_CODE_PAGE: Final = 0x42
_RECORD_FILE_PASS: Final = 0x2F
RECORD_END: Final = 0x0A
_BIFF8: Final = 0x600
_UTF_16: Final = 1200
#: Code pages of old programs -> the same one by the number that calamine knows.
_CODE_PAGES: Final = {0: 1252, 367: 1252, 0x8000: 10000, 0x8001: 1252}


class EncryptedError(Exception):
    """The workbook has a password."""


def mend_workbook(raw: bytes) -> bytes:
    """The file as it is if calamine reads it right, else its stream in a file that calamine reads.

    calamine wants the name of the stream in certain letters and a code page that it knows; and where texts are Unicode
    but the code page is not, it gives a NUL between the letters.

    Raises:
        EncryptedError: It has a password.
        KeyError: There is no workbook in it.
        struct.error: It is damaged.
    """
    name, stream = read_workbook_stream(raw)
    mended = bytearray(stream)
    version = 0
    for kind, start, size in iterate_records(stream, 0):
        if kind == _RECORD_BOF and not version:
            (version,) = struct.unpack_from("<H", stream, start)
        elif kind == _RECORD_FILE_PASS and size:
            raise EncryptedError
        elif kind == _RECORD_CODE_PAGE:
            (page,) = struct.unpack_from("<H", stream, start)
            struct.pack_into("<H", mended, start, _UTF_16 if version == _BIFF8 else _CODE_PAGES.get(page, page))
    if name in STREAM_NAMES.values() and mended == stream:
        return raw
    return _build_compound_file(bytes(mended), STREAM_NAMES[name.lower()])


def iterate_records(data: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Type, first byte and size of each record, up to the end of the sheet or of the part for all sheets."""
    while place + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, place)
        yield kind, place + 4, size
        if kind == RECORD_END:
            return
        place += 4 + size


def read_workbook_stream(raw: bytes) -> tuple[str, bytes]:
    """Name and bytes of the workbook stream in a compound file."""
    size = 1 << struct.unpack_from("<H", raw, 30)[0]
    table = _read_sector_table(raw, size)
    directory = _read_chain(raw, size, table, struct.unpack_from("<I", raw, 48)[0])
    for place in range(0, len(directory) - _DIRECTORY_ENTRY_BYTES + 1, _DIRECTORY_ENTRY_BYTES):
        length = struct.unpack_from("<H", directory, place + 64)[0]
        name = directory[place : place + max(0, length - 2)].decode("utf-16-le", "replace")
        if name.lower() in STREAM_NAMES:
            first, count = struct.unpack_from("<II", directory, place + 116)
            return name, _read_entry_stream(raw, size, table, directory, (first, count))
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


def _build_compound_file(stream: bytes, name: str) -> bytes:
    """A compound file with one stream: header, lists of the table, table, directory, stream."""
    stream = stream.ljust(_LARGE_STREAM_BYTES, b"\0")
    stream += b"\0" * (-len(stream) % _SECTOR_BYTES)
    count, per_sector = len(stream) // _SECTOR_BYTES, _SECTOR_BYTES // 4
    tables = lists = 0
    # The table has an entry for its own sectors, too, and for those of the lists that do not fit into the header.
    while tables * per_sector < count + 1 + tables + lists:
        tables += 1
        lists = -(-max(0, tables - _SECTORS_IN_HEADER) // (per_sector - 1))
    first_table = lists
    chain = [_LIST] * lists + [_TABLE] * tables + [_END_OF_CHAIN]
    chain += [*range(len(chain) + 1, len(chain) + count), _END_OF_CHAIN]
    chain += [_FREE] * (tables * per_sector - len(chain))
    listed = [*range(first_table, first_table + tables)]
    header = struct.pack(
        "<8s16xHHHHH10xIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6),
        *(tables, first_table + tables, 0, _LARGE_STREAM_BYTES, _END_OF_CHAIN, 0),
        *(0 if lists else _END_OF_CHAIN, lists),
    )
    head = listed[:_SECTORS_IN_HEADER]
    header += struct.pack(f"<{_SECTORS_IN_HEADER}I", *head, *[_FREE] * (_SECTORS_IN_HEADER - len(head)))
    more = b""
    for number in range(lists):
        first = _SECTORS_IN_HEADER + number * (per_sector - 1)
        part = listed[first : first + per_sector - 1]
        following = number + 1 if number + 1 < lists else _END_OF_CHAIN
        more += struct.pack(f"<{per_sector}I", *part, *[_FREE] * (per_sector - 1 - len(part)), following)
    directory = _build_entry("Root Entry", 5, 1, _END_OF_CHAIN, 0)
    directory += _build_entry(name, 2, _FREE, first_table + tables + 1, len(stream))
    table = struct.pack(f"<{len(chain)}I", *chain)
    return header + more + table + directory.ljust(_SECTOR_BYTES, b"\0") + stream


def _build_entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
    encoded = f"{name}\0".encode("utf-16-le")
    return struct.pack("<64sHBBIII36xIQ", encoded, len(encoded), kind, 1, _FREE, _FREE, child, first, size)
