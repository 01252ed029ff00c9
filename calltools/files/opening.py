"""Opening a source: the files behind an argument, their format, and the reader of that format."""

import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from calltools.errors import SourceError
from calltools.files.atomic import WRITE_ERRNOS, map_os_errors
from calltools.files.inputs import INPUTS, OpenRequest, input_for_format
from calltools.files.limits import Limits
from calltools.files.signatures import sniff_format
from calltools.files.workbook.sheets import looks_like_identifier_title
from calltools.model.batch import HeaderFinder, Hints, Table

#: Files of a folder that are taken for tables; what they hold is then looked at.
TABLE_SUFFIXES: Final = tuple(ending for form in INPUTS.values() for ending in form.endings)
#: What tells whether a file was written to meanwhile.
FileStamp: TypeAlias = tuple[int, ...]
#: What stands before the name of a file that an office program has open.
_LOCK_FILE_PREFIXES: Final = ("~$", ".~lock")
_CHUNK_BYTES: Final = 1 << 20


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
    """Refuse what is not a file that can be read.

    Raises:
        SourceError: It is missing, a folder, a device or a pipe, or may not be read.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            path.open("rb").close()
            return
    except FileNotFoundError as fault:
        raise SourceError("file-missing", path=name) from fault
    except ValueError as fault:
        raise SourceError("file-missing", path=name) from fault
    except OSError as fault:
        raise SourceError("file-unreadable", path=name, reason=fault.strerror) from fault
    raise SourceError("file-folder" if stat.S_ISDIR(mode) else "file-special", path=name)


@contextmanager
def map_read_errors(name: str) -> Iterator[None]:
    """Faults of reading in words: a broken disk, a share that went away.

    Raises:
        SourceError: The file cannot be read.
    """
    try:
        yield
    except OSError as fault:
        if fault.errno in WRITE_ERRNOS:
            raise
        raise SourceError("file-unreadable", path=name, reason=fault.strerror) from fault


def expand_paths(paths: Sequence[str]) -> list[tuple[Path, str]]:
    """The files behind the arguments, each with the name to show.

    A folder means the table files in it, sorted. What is missing stays in the list, and so does a folder
    without a table file, to be reported when it is opened.
    """
    found: list[tuple[Path, str]] = []
    for given in paths:
        path = Path(given)
        inside = _table_files_in(path) if path.is_dir() else []
        found.extend((one, str(one)) for one in inside)
        if not inside:
            found.append((path, given))
    return found


def _table_files_in(folder: Path) -> list[Path]:
    try:
        listed = sorted(folder.iterdir())
    except OSError:
        return []
    return [
        one
        for one in listed
        if one.suffix.lower() in TABLE_SUFFIXES and not one.name.startswith(_LOCK_FILE_PREFIXES) and one.is_file()
    ]


def read_stamp(path: Path) -> FileStamp:
    """Taken before a file is read and again after it: equal, if nobody has written to it.

    Raises:
        SourceError: It is gone.
    """
    try:
        found = path.stat()
    except OSError as fault:
        raise SourceError("file-unreadable", path=path, reason=fault.strerror) from fault
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def copy_stdin(stream: BinaryIO) -> Iterator[Path]:
    """A private copy of standard input, gone at the end.

    Raises:
        SourceError: It cannot be read: a folder, or closed.
        OutputError: There is no room for the copy.
    """
    with open_private_file() as (copy, path):
        with map_os_errors(Path("stdin")):
            while piece := _read_chunk(stream):
                copy.write(piece)
            copy.flush()
        yield path


def _read_chunk(stream: BinaryIO) -> bytes:
    with map_read_errors("-"):
        return stream.read(_CHUNK_BYTES)


@contextmanager
def open_private_file() -> Iterator[tuple[BinaryIO, Path]]:
    """A file to write, and the path by which what was written can be read; gone at the end.

    It has no name where the platform can reach a file without one, so that not even a kill leaves it behind.
    """
    with tempfile.TemporaryFile() as nameless:
        path = Path(f"/proc/{os.getpid()}/fd/{nameless.fileno()}")
        if path.is_file():
            yield nameless, path
            return
    with tempfile.TemporaryDirectory(prefix="calltools-") as folder:  # pragma: no cover - not on Linux
        path = Path(folder) / "file"
        with path.open("xb") as named:
            yield named, path
