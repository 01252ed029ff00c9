"""Packed files and members of a ``.zip``: known by content, unpacked to a private file.

A packed file is unpacked to its end before its first record is read: what is damaged at the end gives no short table.
Piece by piece, so that memory does not depend on its size; the disk holds one unpacked file at a time.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Self
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

from calltools.errors import LimitError, SourceError, UnfitFileError
from calltools.files import remote
from calltools.files.atomic import map_os_errors
from calltools.files.copies import Copies
from calltools.files.decompression import FAULTS, Packing, decompress, find_packing, map_faults
from calltools.files.inputs import ARCHIVE_SUFFIX
from calltools.files.limits import Limits
from calltools.files.members import member_name, tables_among
from calltools.files.opening import check_file, is_pipe, map_read_errors, open_private_file, sniff_zip
from calltools.files.remote_path import RemotePath, is_remote
from calltools.files.temporary import temporary_path

_CHUNK_BYTES: Final = 1 << 20
_ENCRYPTED_FLAG: Final = 1
_METHODS: Final = frozenset({ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA})
#: Names of several members that a message lists.
_LISTED: Final = 10
_UNSAFE_NAME: Final = re.compile(r"/|[A-Za-z]:|(?:.*/)?\.\.(?:/|\Z)", re.DOTALL)


class Packed(NamedTuple):
    """A file as a command names it: as it is, packed, or a member of an archive.

    Attributes:
        path: The file; for a member that of the archive.
        member: Name of the member as the archive spells it.
    """

    path: Path
    member: str | None = None


def split_member(path: Path) -> Packed:
    """``archive.zip/member.csv`` as archive and member; any other path as it is."""
    if isinstance(path, RemotePath):
        return Packed(*path.split_member())
    with suppress(OSError, ValueError):
        if path.exists():
            return Packed(path)
        for archive in path.parents:
            if archive.is_file() or is_pipe(archive):
                return Packed(archive, path.relative_to(archive).as_posix())
    return Packed(path)


def find_remote_member(address: RemotePath) -> Packed:
    """The same for an address; on the web it is a member if the archive in front of its name is there and has it."""
    archive, member = address.split_name()
    if address.is_web and (member is None or member not in list_remote_members(archive)):
        return Packed(address)
    return Packed(archive, member)


def is_archive(path: Path, name: str) -> bool:
    """Whether a file is a zip archive, and neither a workbook nor another document.

    Args:
        path: Path of the bytes.
        name: Name of the file: it tells what a damaged one should be.

    Raises:
        OSError: It cannot be read.
    """
    if not _is_zip(path):
        return False
    try:
        sniff_zip(path, "")
    except SourceError as fault:
        damaged = fault.key == "workbook-damaged" and name.lower().endswith(ARCHIVE_SUFFIX)
        return damaged or fault.key == "source-archive"
    return False


def _is_zip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4).startswith((b"PK\x03\x04", b"PK\x05\x06"))


def list_remote_members(address: RemotePath) -> list[str]:
    """The same for an archive in a store; other files are known by their names.

    Only its directory is read, and all of it where a server of the web does not give parts of a file.
    """
    if not address.name.lower().endswith(ARCHIVE_SUFFIX):
        return []
    # What cannot be fetched is reported when it is opened.
    with suppress(SourceError, LimitError):
        if found := remote.list_archive(address, list_members):
            return found
        if address.is_web:
            with open_private_file() as (stream, _), map_os_errors(temporary_path("copy")):
                remote.fetch(address, stream, Limits())
                return list_members(stream)
    return []


def list_members(path: Path | BinaryIO) -> list[str]:
    """Names of the files in an archive, in the order of their names; empty if its directory cannot be read."""
    with suppress(*FAULTS, OSError), ZipFile(path) as archive:
        return sorted({member_name(info) for info in archive.infolist() if not info.is_dir()})
    return []


class Unpacker:
    """Gives the plain bytes of files; a context manager.

    What an address or a pipe gives is copied once, and kept to the end. On Linux all unpacked files have the same path,
    which holds the bytes of the one that was asked for last: a run over a thousand of them needs the disk and the file
    handle of one. So a file is asked for again before it is read again.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._held: dict[Packed, Path] = {}
        self._place: BinaryIO | None = None
        self._copies = self._stack.enter_context(Copies())

    def __enter__(self) -> Self:
        """Nothing is opened before a packed file comes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Delete what was unpacked."""
        self._stack.close()

    def expect(self, files: Iterable[tuple[Path, str, Limits]]) -> None:
        """Begin to fetch addresses before they are asked for.

        Args:
            files: Path, name and limits of files that will be asked for, in this order; only addresses count.
        """
        self._copies.expect(files)

    def plain_path(self, packed: Packed, name: str, limits: Limits = Limits()) -> Path:  # noqa: B008 - frozen
        """Where the plain bytes of a file are: its own path unless it is packed.

        Args:
            packed: The file.
            name: Name of the file in messages.
            limits: How large it may become.

        Raises:
            SourceError: It is missing, damaged or encrypted, holds another archive, or unpacks to more than a limit.
            UnfitFileError: The archive holds several tables, and none is named.
            OutputError: The disk has no room for the unpacked file.
            UsageError: The address is of a kind that is not read, or what reads it is not installed.
        """
        called = packed.path.name
        if isinstance(packed.path, RemotePath) or is_pipe(packed.path):
            packed = Packed(self._copies.take(packed.path, name, limits), packed.member)
        check_file(packed.path, name)
        with map_read_errors(name):
            packing = None if packed.member is not None else find_packing(packed.path)
            if packing is None and packed.member is None and not is_archive(packed.path, called):
                return packed.path
            if packed not in self._held:
                self._unpack(packed, packing, name, limits)
            return self._held[packed]

    def _unpack(self, packed: Packed, packing: Packing | None, name: str, limits: Limits) -> None:
        with ExitStack() as attempt:
            stream, path = attempt.enter_context(open_private_file())
            # It has no name, and a full disk must still be told from others.
            shown = temporary_path("unpacked")
            with _open_member(packed, name) if packing is None else _open_stream(packed.path, packing, name) as opened:
                size, pieces = 0, opened.pieces
                for piece in pieces:
                    size += len(piece)
                    _check_size(size, opened.packed_size, name, limits)
                    with map_os_errors(shown):
                        stream.write(piece)
            with map_os_errors(shown):
                stream.flush()
            inside = find_packing(path)
            if inside is not None or is_archive(path, name if packed.member else ""):
                raise SourceError("packed-nested", path=name, what="zip" if inside is None else inside.name)
            if self._place is not None and path.parts[:2] == ("/", "proc"):
                # Whoever has the earlier file open keeps reading it.
                os.dup2(stream.fileno(), self._place.fileno())
                self._held = {packed: next(iter(self._held.values()))}
            else:
                self._stack.push(attempt.pop_all())
                self._held[packed], self._place = path, stream


class _Opened(NamedTuple):
    """Something packed, opened.

    Attributes:
        packed_size: Its bytes as they are packed.
        pieces: Its plain bytes.
    """

    packed_size: int
    pieces: Iterator[bytes]


@contextmanager
def _open_stream(path: Path, packing: Packing, name: str) -> Iterator[_Opened]:
    with path.open("rb") as stream, map_faults(name, packing.name):
        yield _Opened(os.fstat(stream.fileno()).st_size, decompress(stream, packing))


@contextmanager
def _open_member(packed: Packed, name: str) -> Iterator[_Opened]:
    if not _is_zip(packed.path):
        # The name of a member behind that of a plain file.
        raise SourceError("file-missing", path=name)
    with map_faults(name, "zip"), ZipFile(packed.path) as archive:
        info = _find_member(archive, packed, name)
        with archive.open(info) as stream:
            yield _Opened(info.compress_size, iter(lambda: stream.read(_CHUNK_BYTES), b""))


def _find_member(archive: ZipFile, packed: Packed, name: str) -> ZipInfo:
    """The member of this name, or the only table of the archive, if it can be read and may be trusted."""
    members = [info for info in archive.infolist() if not info.is_dir()]
    member = packed.member
    if member is None:
        tables = tables_among([member_name(info) for info in members])
        if not tables:
            raise SourceError("packed-no-table", path=name, count=len(members))
        if len(tables) > 1:
            if is_remote(name) and RemotePath(name).is_web:
                # There an address behind that of an archive is one of its own.
                raise UnfitFileError("packed-several-web", path=name, count=len(tables), names=_list_names(tables))
            names = _list_names([f"{name}/{one}" for one in tables])
            raise UnfitFileError("packed-several", path=name, count=len(tables), names=names)
        [member] = tables
    found = [info for info in members if member_name(info) == member]
    if not found:
        raise SourceError("file-missing", path=name)
    [info, *others] = found
    if others or _UNSAFE_NAME.match(info.filename.replace("\\", "/")) or stat.S_ISLNK(info.external_attr >> 16):
        raise SourceError("packed-unsafe", path=name)
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise SourceError("packed-encrypted", path=name)
    if info.compress_type not in _METHODS:
        raise SourceError("packed-method", path=name, method=info.compress_type)
    return info


def _list_names(names: Sequence[str]) -> str:
    return ", ".join(names[:_LISTED])


def _check_size(size: int, packed_size: int, name: str, limits: Limits) -> None:
    if size > limits.unpacked:
        raise LimitError("packed-size", path=name, limit=limits.unpacked >> 20)
    if size > limits.entry_ratio_from and size > limits.entry_ratio * packed_size:
        raise LimitError("packed-ratio", path=name, limit=limits.entry_ratio)
