"""What a file is, by its first bytes and never by its name."""

import re
from pathlib import Path
from typing import Final

from calltools.errors import SourceError
from calltools.files.inputs import INPUTS
from calltools.files.workbook_preflight import parts_of

_HEAD: Final = 4096
_PIECE: Final = 1 << 20
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
#: Size of an entry in the directory of an OLE file; its name comes first.
_OLE_ENTRY: Final = 128
_ARCHIVES: Final = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!": "rar",
}
_OTHERS: Final = {
    b"%PDF": "PDF",
    b"{\\rtf": "RTF",
    b"PAR1": "Parquet",
    b"SQLite format 3": "SQLite",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"MZ": "EXE",
    b"\x7fELF": "ELF",
}
_HTML: Final = re.compile(r"<(?:!doctype html|html|head|meta|style|body|table|div|script|title)[\s>/]", re.IGNORECASE)
_MHTML: Final = re.compile(r"(?:mime-version|content-type: *multipart/related)\b", re.IGNORECASE)
_XML_SPREADSHEET: Final = re.compile(r"urn:schemas-microsoft-com:office:spreadsheet|<(?:\w+:)?Workbook[\s>]")
#: A list or an object; ``[`` alone may well begin the first title of a CSV, and ``[];`` its first record.
_JSON: Final = re.compile(r"""\[\s*(?:[\[{"]|\]\s*\Z|\Z)|\{\s*(?:["}]|\Z)""")


def kind_of(path: Path, name: str) -> str:
    """What the file holds.

    Args:
        path: Where its bytes are.
        name: What the user calls it.

    Returns:
        One of the ``kinds`` of a form in ``INPUTS``, or the key of a form that is known by its first bytes.

    Raises:
        SourceError: It holds something that is not a table; the sentence names it.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    for form, known in INPUTS.items():
        if head.startswith(known.begins):
            return form
    if head.startswith(_ZIP):
        return _in_zip(path, name)
    if head.startswith(_OLE):
        return _in_ole(path, name)
    for start, what in _ARCHIVES.items():
        if head.startswith(start):
            raise SourceError("source-archive", path=name, what=what)
    for start, what in _OTHERS.items():
        if head.startswith(start):
            raise SourceError("source-other", path=name, what=what)
    return _in_text(head, name)


def _in_zip(path: Path, name: str) -> str:
    parts = parts_of(path)
    if not parts:
        raise SourceError("workbook-damaged", path=name)
    lower = {part.lower() for part in parts}
    if any(part.endswith("workbook.bin") for part in lower):
        return "xlsb"
    if "[content_types].xml" in lower and any(part.startswith("xl/") for part in lower):
        return "xlsx"
    if "content.xml" in lower and "mimetype" in lower:
        return "ods"
    for part, what in (("word/document.xml", "Word"), ("ppt/presentation.xml", "PowerPoint")):
        if part in lower:
            raise SourceError("source-other", path=name, what=what)
    # Other producers put the workbook elsewhere; its relations then say where.
    if "[content_types].xml" in lower and any(part.endswith("workbook.xml") for part in lower):
        return "xlsx"
    raise SourceError("source-archive", path=name, what="zip")


def _in_ole(path: Path, name: str) -> str:
    found = _ole_names(path, ("EncryptedPackage", "Workbook", "Book", "WordDocument"))
    if "EncryptedPackage" in found:
        raise SourceError("workbook-password", path=name)
    if found & {"Workbook", "Book"}:
        return "xls"
    if "WordDocument" in found:
        raise SourceError("source-other", path=name, what="Word")
    raise SourceError("source-ole", path=name)


def _ole_names(path: Path, names: tuple[str, ...]) -> set[str]:
    """Which of the names stand in the directory of an OLE file, whose entries lie at multiples of 128 bytes."""
    wanted = {name: name.encode("utf-16-le").ljust(64, b"\0") for name in names}
    found = set()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            for name, entry in wanted.items():
                place = piece.find(entry)
                while place >= 0 and place % _OLE_ENTRY:
                    place = piece.find(entry, place + 1)
                if place >= 0:
                    found.add(name)
    return found


def _in_text(head: bytes, name: str) -> str:
    text = _decoded(head).lstrip("\ufeff \t\r\n")
    if _JSON.match(text):
        return "json"
    if _HTML.match(text):
        raise SourceError("source-html", path=name)
    if _MHTML.match(text):
        raise SourceError("source-mhtml", path=name)
    if text.startswith("<?xml"):
        raise _in_xml(text, name)
    return "text"


def _in_xml(text: str, name: str) -> SourceError:
    if _XML_SPREADSHEET.search(text):
        return SourceError("source-xml-spreadsheet", path=name)
    return SourceError("source-html" if "<html" in text.lower() else "source-other", path=name, what="XML")


def _decoded(head: bytes) -> str:
    """The head as far as its ASCII letters go; UTF-16 is known by its mark or its zero bytes."""
    if head.startswith(b"\xff\xfe") or head[1:2] == b"\0":
        return head.decode("utf-16-le", "replace")
    if head.startswith(b"\xfe\xff") or head[:1] == b"\0":
        return head.decode("utf-16-be", "replace")
    return head.decode("utf-8", "replace")
