"""Workbooks of Excel 97 (.xls), built record by record: what no library writes any more, and some programs still do.

Sources: [MS-CFB]; [MS-XLS] 2.4 and 2.5.
"""

import struct

_SECTOR = 512
_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
#: Most bytes of a record; what is longer goes on in CONTINUE records.
_MAX_RECORD = 8224
_GLOBALS, _SHEET = 0x05, 0x10


def record(kind, body=b""):
    """A record of the stream."""
    return struct.pack("<HH", kind, len(body)) + body


def begin(kind):
    """The record that begins the globals or a sheet."""
    return record(0x809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def text_cell(row, column, text):
    """A LABEL record: its text has at most 255 characters in Excel, and more in files of other programs."""
    return record(0x204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le"))


def shared_text_cell(row, column, number):
    """A cell whose text is one of the shared strings."""
    return record(0xFD, struct.pack("<HHHI", row, column, 0, number))


def number_cell(row, column, number, style=0):
    """A NUMBER record."""
    return record(0x203, struct.pack("<HHHd", row, column, style, number))


def shared_strings(texts):
    """The SST record with its CONTINUE records; each text is cut where a record is full, and its flags come again."""
    records, body = [], struct.pack("<II", len(texts), len(texts))
    for text in texts:
        narrow = text.isascii()
        body += struct.pack("<HB", len(text), not narrow)
        rest = text.encode("latin-1" if narrow else "utf-16-le")
        while rest:
            room = (_MAX_RECORD - len(body)) // 2 * 2
            body, rest = body + rest[:room], rest[room:]
            if rest:
                records.append(body)
                body = bytes([not narrow])
        if len(body) > _MAX_RECORD - 8:
            records.append(body)
            body = b""
    first, *more = [*records, body]
    return record(0xFC, first) + b"".join(record(0x3C, one) for one in more)


def number_format(number, text):
    """A FORMAT record."""
    return record(0x41E, struct.pack("<HHB", number, len(text), 0) + text.encode("latin-1"))


def style(number_format_number):
    """An XF record."""
    return record(0xE0, struct.pack("<HHH", 0, number_format_number, 0) + bytes(14))


def workbook_stream(sheets, before=b"", code_page=1200):
    """The stream of a workbook.

    Args:
        sheets: Title, type (0 sheet, 1 macro sheet, 2 chart, 6 module) and records of each.
        before: Records of the globals.
        code_page: Its number.
    """
    head = begin(_GLOBALS) + record(0x42, struct.pack("<H", code_page)) + before
    size = len(head) + sum(4 + 8 + len(title) for title, _, _ in sheets) + 4
    listed, bodies = b"", b""
    for title, kind, cells in sheets:
        listed += record(0x85, struct.pack("<IBBBB", size + len(bodies), 0, kind, len(title), 0) + title.encode())
        bodies += begin(_SHEET) + cells + record(0x0A)
    return head + listed + record(0x0A) + bodies


def compound_file(stream, name="Workbook"):
    """An OLE file with one stream."""
    stream = stream.ljust(max(len(stream), 4096), b"\0")
    stream += b"\0" * (-len(stream) % _SECTOR)
    count = len(stream) // _SECTOR
    tables = -(-(count + 2) // (_SECTOR // 4 - 1)) or 1
    # The table of sectors first, then the directory, then the stream.
    chain = [_TABLE] * tables + [_END] + [*range(tables + 2, tables + 1 + count), _END]
    chain += [_FREE] * (tables * _SECTOR // 4 - len(chain))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    head += struct.pack("<IIIIIIII", tables, tables, 0, 4096, _END, 0, _END, 0)[:32]
    head += struct.pack("<109I", *range(tables), *[_FREE] * (109 - tables))
    directory = _entry("Root Entry", 5, 1, _END, 0) + _entry(name, 2, _FREE, tables + 1, len(stream))
    return head + struct.pack(f"<{len(chain)}I", *chain) + directory.ljust(_SECTOR, b"\0") + stream


def _entry(name, kind, child, first, size):
    encoded = (name + "\0").encode("utf-16-le")
    head = encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded), kind, 1, _FREE, _FREE, child)
    return head + bytes(36) + struct.pack("<IQ", first, size)


def simple(rows):
    """Records of a sheet of text cells."""
    return b"".join(text_cell(*place, text) for place, text in _places(rows))


def _places(rows):
    return [((row, column), text) for row, cells in enumerate(rows) for column, text in enumerate(cells)]
