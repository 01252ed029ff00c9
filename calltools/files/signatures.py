"""The format of a file by its first bytes."""

import re
from pathlib import Path
from typing import Final

from calltools.errors import SourceError
from calltools.files.inputs import INPUTS
from calltools.files.workbook.package import list_package_parts

_HEAD_BYTES: Final = 4096
_CHUNK_BYTES: Final = 1 << 20
_OLE_SIGNATURE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_SIGNATURES: Final = (b"PK\x03\x04", b"PK\x05\x06")
#: Size of an entry in the directory of an OLE file; its name comes first.
_OLE_ENTRY_BYTES: Final = 128
_ARCHIVE_SIGNATURES: Final = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!": "rar",
}
_OTHER_SIGNATURES: Final = {
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
_HTML_START: Final = re.compile(
    r"<(?:!doctype html|html|head|meta|style|body|table|div|script|title)[\s>/]", re.IGNORECASE
)
_MHTML_START: Final = re.compile(r"(?:mime-version|content-type: *multipart/related)\b", re.IGNORECASE)
_XML_SPREADSHEET: Final = re.compile(r"urn:schemas-microsoft-com:office:spreadsheet|<(?:\w+:)?Workbook[\s>]")
#: A list or an object; ``[`` alone may well begin the first title of a CSV, and ``[];`` its first record.
_JSON_START: Final = re.compile(r"""\[\s*(?:[\[{"]|\]\s*\Z|\Z)|\{\s*(?:["}]|\Z)""")


def sniff_format(path: Path, name: str) -> str:
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
        head = stream.read(_HEAD_BYTES)
    for form, known in INPUTS.items():
        if head.startswith(known.signatures):
            return form
    if head.startswith(_ZIP_SIGNATURES):
        return _sniff_zip(path, name)
    if head.startswith(_OLE_SIGNATURE):
        return _sniff_ole(path, name)
    for start, what in _ARCHIVE_SIGNATURES.items():
        if head.startswith(start):
            raise SourceError("source-archive", path=name, what=what)
    for start, what in _OTHER_SIGNATURES.items():
        if head.startswith(start):
            raise SourceError("source-other", path=name, what=what)
    return _sniff_text(head, name)


def _sniff_zip(path: Path, name: str) -> str:
    parts = list_package_parts(path)
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


def _sniff_ole(path: Path, name: str) -> str:
    found = _find_ole_entries(path, ("EncryptedPackage", "Workbook", "Book", "WordDocument"))
    if "EncryptedPackage" in found:
        raise SourceError("workbook-password", path=name)
    if found & {"Workbook", "Book"}:
        return "xls"
    if "WordDocument" in found:
        raise SourceError("source-other", path=name, what="Word")
    raise SourceError("source-ole", path=name)


def _find_ole_entries(path: Path, names: tuple[str, ...]) -> set[str]:
    """Which of the names stand in the directory of an OLE file, whose entries lie at multiples of 128 bytes."""
    wanted = {name: name.encode("utf-16-le").ljust(64, b"\0") for name in names}
    found = set()
    with path.open("rb") as stream:
        while piece := stream.read(_CHUNK_BYTES):
            for name, entry in wanted.items():
                place = piece.find(entry)
                while place >= 0 and place % _OLE_ENTRY_BYTES:
                    place = piece.find(entry, place + 1)
                if place >= 0:
                    found.add(name)
    return found


def _sniff_text(head: bytes, name: str) -> str:
    text = _decode_head(head).lstrip("\ufeff \t\r\n")
    if _JSON_START.match(text):
        return "json"
    if _HTML_START.match(text):
        raise SourceError("source-html", path=name)
    if _MHTML_START.match(text):
        raise SourceError("source-mhtml", path=name)
    if text.startswith("<?xml"):
        raise _xml_error(text, name)
    return "text"


def _xml_error(text: str, name: str) -> SourceError:
    if _XML_SPREADSHEET.search(text):
        return SourceError("source-xml-spreadsheet", path=name)
    return SourceError("source-html" if "<html" in text.lower() else "source-other", path=name, what="XML")


def _decode_head(head: bytes) -> str:
    """The head as far as its ASCII letters go; UTF-16 is known by its mark or its zero bytes."""
    if head.startswith(b"\xff\xfe") or head[1:2] == b"\0":
        return head.decode("utf-16-le", "replace")
    if head.startswith(b"\xfe\xff") or head[:1] == b"\0":
        return head.decode("utf-16-be", "replace")
    return head.decode("utf-8", "replace")
