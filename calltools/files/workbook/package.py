"""The zip package of a workbook: checked before any library reads it; its parts found, its XML parsed safely.

Libraries trust the directory of a zip file, and it may lie: parts may overlap, unpack to a thousand times their size,
or hold XML with nested entities. So each part that a library would unpack is unpacked here first, piece by piece up to
the declared size, and thrown away.
"""

import re
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from posixpath import join, normpath
from typing import BinaryIO, Final
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from calltools.errors import LimitError, SourceError
from calltools.files.limits import Limits

_RELATION_NAMESPACE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_RELATION_NAMESPACE: Final = "http://purl.oclc.org/ooxml/officeDocument/relationships"


class DoctypeError(Exception):
    """The XML declares a document type, which no spreadsheet program writes."""


def find_sheet_parts(path: Path) -> dict[str, str]:
    """Title of each sheet of an xlsx or xlsm workbook -> name of its part.

    Raises:
        DoctypeError: A list of parts declares a document type.
        expat.ExpatError: It is not well-formed XML.
        KeyError: A list of parts is not there.
    """
    with ZipFile(path) as package:
        main = find_main_part(package)
        targets = read_relations(package, main)
        sheets: dict[str, str] = {}
        for attributes in read_elements(package, main, "sheet"):
            key = (
                attributes.get(f"{_RELATION_NAMESPACE} id") or attributes.get(f"{_STRICT_RELATION_NAMESPACE} id") or ""
            )
            if key in targets:
                sheets[attributes.get("name", "")] = targets[key][1]
        return sheets


def find_main_part(package: ZipFile) -> str:
    """Name of the part that lists the sheets."""
    return next(target for kind, target in read_relations(package, "").values() if kind.endswith("/officeDocument"))


def read_relations(package: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """The relations of a part (``""``: of the package): id -> type and name of the part that it leads to."""
    folder, _, name = part.rpartition("/")
    found = {}
    for attributes in read_elements(package, join(folder, "_rels", f"{name}.rels"), "Relationship"):
        target = normpath(join("/", folder, attributes.get("Target", ""))).lstrip("/")
        found[attributes.get("Id", "")] = (attributes.get("Type", ""), target)
    return found


def read_elements(package: ZipFile, part: str, name: str, within: str = "") -> list[dict[str, str]]:
    """The attributes of each element with a name, in any namespace, of a small part.

    Args:
        package: The zip file.
        part: Name of the part.
        name: Of the elements.
        within: Name of an element around them; ``""``: they may stand anywhere.
    """
    found: list[dict[str, str]] = []
    around: list[str] = [""]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(" ")[2] == name and within in around:
            found.append(attributes)
        around.append(tag.rpartition(" ")[2])

    reader = create_xml_parser()
    reader.StartElementHandler = start
    reader.EndElementHandler = lambda _: around.pop()
    with package.open(resolve_part_name(package, part)) as stream:
        reader.ParseFile(stream)
    return found


#: Cells of a rectangle from which on it matters how many of them are filled: calamine takes 32 bytes for each.
_SPARSE_FROM: Final = 4_000_000
#: A sheet with fewer filled cells in its rectangle than one in so many is sparse.
_SPARSE_RATIO: Final = 4
#: A tag of a row may lie across the border of two pieces.
_ROW_TAG_BYTES: Final = 200
_CELL_STARTS: Final = (b"<c ", b"<c>", b":c ", b":c>")
_ROW_NUMBER: Final = re.compile(rb"""<(?:[\w.-]+:)?row\b[^>]*?\sr=["']([0-9]{1,7})["']""")
_CELL_COLUMN: Final = re.compile(rb"""\sr=["']([A-Z]{1,3})[0-9]{1,7}["']""")
_DIMENSION: Final = re.compile(
    rb"""<(?:[\w.-]+:)?dimension\s+ref=["'][A-Z]{1,3}[0-9]{1,7}:([A-Z]{1,3})([0-9]{1,7})["']"""
)


def find_sparse_sheets(path: Path) -> frozenset[str]:
    """Titles of the sheets of an xlsx workbook that span a large rectangle with few filled cells.

    One stray cell is enough for that. A workbook that is not understood here has none: its reader judges it.
    """
    with suppress(KeyError, StopIteration, DoctypeError, expat.ExpatError, BadZipFile, OSError, ValueError, zlib.error):
        parts = find_sheet_parts(path)
        with ZipFile(path) as package:
            names = {name.replace("\\", "/").lower(): name for name in package.namelist()}
            return frozenset(title for title, part in parts.items() if _is_sparse(package, names[part.lower()]))
    return frozenset()


def _is_sparse(package: ZipFile, part: str) -> bool:
    with package.open(part) as stream:
        piece = stream.read(_CHUNK_BYTES)
        said = _DIMENSION.search(piece)
        said_width, said_height = (0, 0) if said is None else (_column_number(said[1]), int(said[2]))
        # Programs that write the last cell write the right one; some write nothing, or A1 whatever the sheet holds.
        if 0 < said_width * said_height < _SPARSE_FROM:
            return False
        cells, height, width, tail = 0, 0, said_width, b""
        while piece:
            cells += sum(piece.count(start) for start in _CELL_STARTS)
            seen = tail + piece
            height = max([height, *map(int, _ROW_NUMBER.findall(seen))])
            if said is None:
                width = max([width, *map(_column_number, set(_CELL_COLUMN.findall(seen)))])
            tail, piece = seen[-_ROW_TAG_BYTES:], stream.read(_CHUNK_BYTES)
    return height * width >= max(_SPARSE_FROM, _SPARSE_RATIO * cells)


def _column_number(letters: bytes) -> int:
    """The number of a column, from 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def resolve_part_name(package: ZipFile, part: str) -> str:
    """The name of a part as the zip directory spells it: Office ignores case and the direction of slashes."""
    names = {name.replace("\\", "/").lower(): name for name in package.namelist()}
    return names[part.lower()]


def create_xml_parser() -> expat.XMLParserType:
    """An XML parser that refuses a document type, and with it entities; a name is ``namespace name``."""

    def refuse(*_: object) -> None:
        raise DoctypeError

    made = expat.ParserCreate(namespace_separator=" ")
    made.StartDoctypeDeclHandler = refuse
    made.buffer_text = True
    return made


#: The largest of 1,106 public workbooks had 1,033 parts; each sheet is one.
_MAX_PARTS: Final = 10_000
_CHUNK_BYTES: Final = 1 << 20
#: Bytes that two pieces share in a search: the longest word may lie across their border.
#: A tag of a row is shorter.
_OVERLAP_BYTES: Final = 512
_DOCTYPES: Final = (b"<!DOCTYPE", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))
#: Error cells and cells with a formula, which calamine may give as empty.
_ERROR_OR_FORMULA: Final = re.compile(rb"""=\s*["']e["']|<(?:[\w.-]+:)?f[\s/>]|value-type=["']error["']|:formula=""")
_ERROR_OR_FORMULA_WORDS: Final = (b'"e"', b"'e'", b"<f", b":f>", b":f ", b"type='error'", b'type="error"', b":formula=")
_HIDDEN_WORDS: Final = (b'hidden="1"', b'hidden="true"')
_HIDDEN_ROW: Final = re.compile(rb"""<(?:[\w.-]+:)?row\s(?=[^<>]*\shidden="(?:1|true)")[^<>]*?\br="([0-9]{1,7})\"""")
#: The part of an ods that holds all sheets.
ODS_CONTENT: Final = "content.xml"
_LOCAL_HEADER_BYTES: Final = 30
_ENCRYPTED_FLAG: Final = 0x1


@dataclass(frozen=True, slots=True)
class PackageScan:
    """What a search through the parts found.

    Attributes:
        suspect_parts: Parts that hold an error cell or a formula, or in whose encoding a search is not reliable.
        hidden_rows: Part -> the rows that it hides, from 1.
    """

    suspect_parts: frozenset[str]
    hidden_rows: Mapping[str, Collection[int]]


def list_package_parts(path: Path) -> frozenset[str]:
    """Names of the parts of a zip file; empty if its directory cannot be read."""
    try:
        with ZipFile(path) as package:
            return frozenset(info.filename.replace("\\", "/") for info in package.infolist())
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return frozenset()


def check_zip_directory(path: Path, name: str, limits: Limits) -> list[ZipInfo]:
    """The parts of a workbook, if its zip directory is sound.

    Raises:
        LimitError: There are too many parts, they are too large, or unpack to too many times their size.
        SourceError: The directory is damaged or contradicts itself, or a part is encrypted.
    """
    try:
        with ZipFile(path) as package:
            parts = package.infolist()
            directory = package.start_dir
    except (BadZipFile, OSError, ValueError, NotImplementedError) as fault:
        raise SourceError("workbook-damaged", path=name) from fault
    if len(parts) > _MAX_PARTS:
        raise LimitError("workbook-parts", path=name, count=len(parts), limit=_MAX_PARTS)
    if any(part.flag_bits & _ENCRYPTED_FLAG for part in parts):
        raise SourceError("workbook-password", path=name)
    if any(part.compress_type not in {ZIP_STORED, ZIP_DEFLATED} for part in parts):
        raise SourceError("workbook-damaged", path=name)
    if _names_clash(parts) or _parts_overlap(parts, directory):
        raise SourceError("workbook-zip-unsafe", path=name)
    _check_sizes(parts, name, limits)
    return parts


def _names_clash(parts: list[ZipInfo]) -> bool:
    # Two readers may see two different parts under one name, or under names that differ in case.
    names = [part.filename.replace("\\", "/").lower() for part in parts]
    outside = any(one.startswith("/") or ".." in one.split("/") for one in names)
    return outside or len(set(names)) < len(names)


def _parts_overlap(parts: list[ZipInfo], directory: int) -> bool:
    """Whether two parts share bytes, as in a zip bomb; CPython before 3.11.8 does not refuse it."""
    listed = sorted(parts, key=lambda part: part.header_offset)
    starts = [part.header_offset for part in listed[1:]] + [directory]
    return any(
        part.header_offset + _LOCAL_HEADER_BYTES + part.compress_size > start
        for part, start in zip(listed, starts, strict=False)
    )


def _check_sizes(parts: list[ZipInfo], name: str, limits: Limits) -> None:
    unpacked = sum(part.file_size for part in parts)
    if unpacked > limits.workbook_unpacked:
        raise LimitError(
            "workbook-unpacked", path=name, size=_to_mib(unpacked), limit=_to_mib(limits.workbook_unpacked)
        )
    # A small part of zeros packs well in honest files, too.
    for part in parts:
        if part.file_size > limits.entry_ratio_from and part.file_size > limits.entry_ratio * part.compress_size:
            ratio = part.file_size // max(1, part.compress_size)
            raise LimitError("workbook-ratio", path=name, part=part.filename, ratio=ratio, limit=limits.entry_ratio)


def _to_mib(size: int) -> int:
    return size >> 20


def scan_parts(path: Path, name: str, parts: list[ZipInfo]) -> PackageScan:
    """Unpack each part that a library would read, and search it; nothing is kept.

    Raises:
        SourceError: A part is damaged, larger than the directory says, or declares a document type.
    """
    marked: set[str] = set()
    hidden: dict[str, set[int]] = {}
    with path.open("rb") as stream:
        for part in parts:
            if part.filename == ODS_CONTENT:
                _check_well_formed(stream, part, name)
            if part.filename.lower().endswith((".xml", ".rels", ".bin", ".vml")):
                called, rows = part.filename.replace("\\", "/"), set[int]()
                if _scan_part(stream, part, name, rows):
                    marked.add(called)
                if rows:
                    hidden[called] = rows
    return PackageScan(frozenset(marked), hidden)


def _check_well_formed(stream: BinaryIO, part: ZipInfo, name: str) -> None:
    # If an element of an ods workbook is never closed, calamine reads the end of the file for ever.
    reader = create_xml_parser()
    try:
        for piece in _read_unpacked(stream, part, name):
            reader.Parse(piece, False)
        reader.Parse(b"", True)
    except expat.ExpatError as fault:
        raise SourceError("workbook-damaged", path=name) from fault
    except DoctypeError as fault:
        raise SourceError("workbook-doctype", path=name, part=part.filename) from fault


def _scan_part(stream: BinaryIO, part: ZipInfo, name: str, hidden: set[int]) -> bool:
    """Whether the part is a suspect one; the rows that it hides are put into a set."""
    marked, tail, check, size = False, b"", 0, 0
    for piece in _read_unpacked(stream, part, name):
        # The first piece shows the encoding.
        if not size:
            marked = not _is_plain_xml(piece)
        size += len(piece)
        check = zlib.crc32(piece, check)
        seen = tail + piece
        # Searched as bytes, not by the XML parser: a scan for constants runs at the speed of memory.
        if any(doctype in seen for doctype in _DOCTYPES):
            raise SourceError("workbook-doctype", path=name, part=part.filename)
        # ``in`` is much faster than the expression, which only confirms.
        marked = marked or (
            any(word in seen for word in _ERROR_OR_FORMULA_WORDS) and _ERROR_OR_FORMULA.search(seen) is not None
        )
        if any(word in seen for word in _HIDDEN_WORDS):
            hidden.update(int(row[1]) for row in _HIDDEN_ROW.finditer(seen))
        tail = seen[-_OVERLAP_BYTES:]
    if size != part.file_size or check != part.CRC:
        raise SourceError("workbook-damaged", path=name)
    return marked


def _is_plain_xml(start: bytes) -> bool:
    """Whether ASCII words can be searched in the bytes: the encoding is not UTF-16 or UTF-32."""
    return start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" and b"\0" not in start[:64]


def _read_unpacked(stream: BinaryIO, part: ZipInfo, name: str) -> Iterator[bytes]:
    """The unpacked bytes of a part; more than the directory declares is an error at once."""
    # zipfile would trust the directory for the place of the data; the local header says where libraries look.
    stream.seek(part.header_offset)
    header = stream.read(_LOCAL_HEADER_BYTES)
    if header[:4] != b"PK\x03\x04" or len(header) < _LOCAL_HEADER_BYTES:
        raise SourceError("workbook-damaged", path=name)
    stream.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    raw = _read_packed(stream, part.compress_size)
    size = 0
    for piece in raw if part.compress_type == ZIP_STORED else _inflate(raw, name):
        size += len(piece)
        if size > part.file_size:
            raise SourceError("workbook-zip-unsafe", path=name)
        yield piece


def _read_packed(stream: BinaryIO, left: int) -> Iterator[bytes]:
    while left and (piece := stream.read(min(left, _CHUNK_BYTES))):
        left -= len(piece)
        yield piece


def _inflate(raw: Iterator[bytes], name: str) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for packed in raw:
            waiting = packed
            while waiting and not inflater.eof:
                yield inflater.decompress(waiting, _CHUNK_BYTES)
                waiting = inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error as fault:
        raise SourceError("workbook-damaged", path=name) from fault
