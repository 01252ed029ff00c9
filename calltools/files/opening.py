"""Opening a source: its format by the first bytes, and the reader of that format; standard input as a file."""

import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from calltools.errors import SourceError
from calltools.files.atomic import WRITE_ERRNOS, map_os_errors
from calltools.files.inputs import INPUTS, WILDCARDS, OpenRequest, input_for_format
from calltools.files.limits import Limits
from calltools.files.temporary import open_temporary, temporary_path
from calltools.files.workbook.package import list_package_parts
from calltools.files.workbook.sheets import looks_like_identifier_title
from calltools.model.batch import HeaderFinder, Hints, Table
from calltools.texts.keys import MessageKey

#: Device, inode, size and time of a file: they change when somebody writes to it.
FileStamp: TypeAlias = tuple[int, ...]
_CHUNK_BYTES: Final = 1 << 20
_HEAD_BYTES: Final = 4096
#: Binary data of a form whose signature is letters has a control character within so many bytes.
_BINARY_WITHIN: Final = 8
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
_TAR_SIGNATURE_AT: Final = 257
_OTHER_SIGNATURES: Final = {
    b"%PDF": "PDF",
    b"{\\rtf": "RTF",
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


def open_table(  # noqa: PLR0913 - four say which file and how; the rest has a default that all but tests take
    path: Path,
    name: str,
    hints: Hints,
    find_header: HeaderFinder,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    *,
    exact_only: bool = False,
    is_identifier: Callable[[str], bool] = looks_like_identifier_title,
) -> Table:
    """The table in a file, whatever its format. ``OpenRequest`` describes the arguments.

    Raises:
        SourceError: The file is missing, or cannot be read as a table.
        UsageError: The user must say which sheet is meant.
    """
    check_file(path, name)
    with map_read_errors(name):
        file_format = sniff_format(path, name)
    request = OpenRequest(path, name, hints, find_header, limits, exact_only, is_identifier, file_format)
    return input_for_format(file_format)(request)


def check_file(path: Path, name: str) -> None:
    """Refuse a path that is not a readable file.

    Raises:
        SourceError: It is missing, a folder, a device or a pipe, or reading is not permitted.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            path.open("rb").close()
            return
        if stat.S_ISDIR(mode):
            os.scandir(path).close()  # whoever may not look into it gets the reason
    except FileNotFoundError as fault:
        # With a wildcard it is the pattern of a command that nothing fits.
        key: MessageKey = "file-missing" if WILDCARDS.isdisjoint(path.name) else "pattern-nothing"
        raise SourceError(key, path=name) from fault
    except ValueError as fault:
        raise SourceError("file-missing", path=name) from fault
    except OSError as fault:
        raise SourceError("file-unreadable", path=name, reason=fault.strerror) from fault
    raise SourceError("file-folder" if stat.S_ISDIR(mode) else "file-special", path=name)


def is_pipe(path: Path) -> bool:
    """Whether a path is a named pipe, or one of this process (``/dev/stdin``, ``/dev/fd/63``): it can be read once."""
    with suppress(OSError, ValueError):
        return stat.S_ISFIFO(path.stat().st_mode)
    return False


@contextmanager
def map_read_errors(name: str) -> Iterator[None]:
    """Turn errors of the operating system into SourceError: a broken disk, a share that is gone.

    Raises:
        SourceError: The file cannot be read.
    """
    try:
        yield
    except OSError as fault:
        if fault.errno in WRITE_ERRNOS:
            raise  # a temporary file inside could not be written: another message
        raise SourceError("file-unreadable", path=name, reason=fault.strerror) from fault


def sniff_format(path: Path, name: str) -> str:
    """The format of a file by its first bytes, never by its name.

    Args:
        path: Path of the bytes.
        name: Name of the file in messages.

    Returns:
        One of the ``file_formats`` of a form in ``INPUTS``, or the key of a form with a signature.

    Raises:
        SourceError: The file is not a table; the message names what it is.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    for form, known in INPUTS.items():
        if any(head.startswith(start) and not _goes_on_as_text(head, start) for start in known.signatures):
            return form
    if head.startswith(_ZIP_SIGNATURES):
        return sniff_zip(path, name)
    if head.startswith(_OLE_SIGNATURE):
        return _sniff_ole(path, name)
    for start, what in _ARCHIVE_SIGNATURES.items():
        if head.startswith(start):
            raise SourceError("source-archive", path=name, what=what)
    if head[_TAR_SIGNATURE_AT:].startswith(b"ustar"):
        raise SourceError("source-archive", path=name, what="tar")
    for start, what in _OTHER_SIGNATURES.items():
        if head.startswith(start):
            raise SourceError("source-other", path=name, what=what)
    return _sniff_text(head, name)


def _goes_on_as_text(head: bytes, signature: bytes) -> bool:
    """Whether a signature of letters begins a title, such as ``PARENTCALLSID``: what follows one is binary."""
    rest = head[len(signature) :][:_BINARY_WITHIN]
    return signature.isalnum() and not any(byte < ord(" ") and byte not in b"\t\r\n" for byte in rest)


def sniff_zip(path: Path, name: str) -> str:
    """The format of a workbook in a zip package.

    Raises:
        SourceError: It is something else: another document, an archive, or damaged.
    """
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
    # Some programs put the workbook into another folder, which the relations of the package name.
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
    """The names that the directory of an OLE file holds; its entries start at multiples of 128 bytes."""
    # Programs write the names in letters of any case.
    wanted = {name: re.compile(re.escape(name.encode("utf-16-le").ljust(64, b"\0")), re.IGNORECASE) for name in names}
    found = set()
    with path.open("rb") as stream:
        while piece := stream.read(_CHUNK_BYTES):
            for name, entry in wanted.items():
                if any(match.start() % _OLE_ENTRY_BYTES == 0 for match in entry.finditer(piece)):
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
    """The first bytes as text, as far as ASCII is concerned; a mark or zero bytes tell UTF-16."""
    if head.startswith(b"\xff\xfe") or head[1:2] == b"\0":
        return head.decode("utf-16-le", "replace")
    if head.startswith(b"\xfe\xff") or head[:1] == b"\0":
        return head.decode("utf-16-be", "replace")
    return head.decode("utf-8", "replace")


def read_stamp(path: Path) -> FileStamp:
    """A stamp to compare before and after reading a file: it is equal if nobody wrote to the file meanwhile.

    Raises:
        SourceError: The file is gone.
    """
    try:
        found = path.stat()
    except OSError as fault:
        raise SourceError("file-unreadable", path=path, reason=fault.strerror) from fault
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def copy_stdin(stream: BinaryIO) -> Iterator[Path]:
    """A private copy of standard input, deleted at the end.

    Raises:
        SourceError: Standard input cannot be read: it is closed, or a folder.
        OutputError: The disk has no room for the copy.
    """
    with open_private_file() as (copy, path):
        with map_os_errors(temporary_path("stdin")):
            while piece := _read_chunk(stream):
                copy.write(piece)
            copy.flush()
        yield path


def _read_chunk(stream: BinaryIO) -> bytes:
    # At a terminal ``read`` would swallow the end of the input and wait for a second one.
    read = getattr(stream, "read1", stream.read)
    with map_read_errors("-"):
        return bytes(read(_CHUNK_BYTES))


@contextmanager
def open_private_file() -> Iterator[tuple[BinaryIO, Path]]:
    """A file to write, and a path to read it by; deleted at the end.

    On Linux the file has no name in any folder, so that it disappears even if the process is killed.
    """
    with open_temporary() as nameless:
        path = Path(f"/proc/{os.getpid()}/fd/{nameless.fileno()}")
        if path.is_file():
            yield nameless, path
            return
    with tempfile.TemporaryDirectory(prefix="calltools-") as folder:  # pragma: no cover - not on Linux
        path = Path(folder) / "file"
        with path.open("xb") as named:
            yield named, path
