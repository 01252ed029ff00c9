"""Reading and writing what an address names, through fsspec: a file as a stream into a private copy, a folder, a put.

How a store is opened, and what its library raises, is in ``remote_stores``.
"""

import os
import posixpath
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, Protocol

from calltools.errors import CalltoolsError, LimitError, OutputError, SourceError, UsageError
from calltools.files.limits import Limits
from calltools.files.remote_path import RemotePath
from calltools.files.remote_stores import Store, open_store, path_in_store

_PIECE_BYTES: Final = 1 << 20
_BLOCK_BYTES: Final = 16 << 20
#: What one request sends of a large object, how many are under way, and how many an object may have.
_UPLOADED_BYTES: Final = 32 << 20
_UPLOADED_AT_ONCE: Final = 3
_MOST_PIECES: Final = 10_000
#: After which time nobody completes an upload any more.
_ABANDONED_S: Final = 86_400


class Listed(NamedTuple):
    """Something in a folder of a store, or below it.

    Attributes:
        address: Where it is.
        is_folder: Whether it is a folder itself.
        is_hidden: Whether its name, or that of a folder above it that the address does not name, begins with a dot.
    """

    address: RemotePath
    is_folder: bool
    is_hidden: bool


class Writable(Protocol):
    """What takes bytes."""

    def write(self, data: bytes, /) -> int:
        """Take some bytes."""


def fetch(address: RemotePath, target: Writable, limits: Limits) -> None:
    """Copy a file to a stream.

    Raises:
        SourceError: It is not there, the store refuses or cannot be reached, or the address means several files.
        LimitError: It is too large, or takes too long.
        UsageError: The address is of a kind that is not read, or what reads it is not installed.
    """
    counted = LimitedStream(target, str(address), limits)
    if address.is_folder or address.is_pattern:
        list_files(address)
        raise SourceError("file-folder" if address.is_folder else "pattern-nothing", path=address)
    with open_store(address, SourceError) as store:
        if address.is_web:
            store.files.get_file(store.path, counted)
        elif address.scheme == "sftp":
            store.files.ftp.getfo(store.path, counted)
        else:
            with store.files.open(store.path, "rb", block_size=_BLOCK_BYTES) as stream:
                while piece := stream.read(_PIECE_BYTES):
                    counted.write(piece)


def list_files(address: RemotePath, *, recursive: bool = False) -> list[Listed]:
    """What is in a folder, or fits a pattern, sorted by name.

    Raises:
        SourceError: The store refuses or cannot be reached.
        UsageError: As ``fetch``.
    """
    with open_store(address, SourceError) as store:
        if address.is_folder:
            found = store.files.find(store.path, withdirs=not recursive, maxdepth=None if recursive else 1, detail=True)
        else:
            found = store.files.glob(store.path, detail=True)
        entries = [(name, entry["type"] == "directory") for name, entry in sorted(found.items())]
    above = re.split(r"[^/]*[*?\[]", store.path, maxsplit=1)[0].rstrip("/")
    root = address.location[: len(address.location) - len(path_in_store(address.location))]
    return [
        Listed(RemotePath(f"{root}{name.lstrip('/')}"), is_folder, "/." in name.rstrip("/")[len(above) :])
        for name, is_folder in entries
        if name.rstrip("/") != above
    ]


def is_folder(address: RemotePath) -> bool:
    """Whether a folder of a store is meant, though no slash is at its end; false where the store does not tell."""
    with suppress(SourceError), open_store(address, SourceError) as store:
        return bool(store.files.isdir(store.path))
    return False


def list_archive(address: RemotePath, members: Callable[[BinaryIO], list[str]]) -> list[str]:
    """What a function finds in a file that is read at some places only; nothing if its server gives it as a whole.

    Raises:
        SourceError: As ``fetch``.
        UsageError: As ``fetch``.
    """
    with open_store(address, SourceError) as store, store.files.open(store.path, "rb") as stream:
        return members(stream)


def refuse_occupied(address: RemotePath, *, force: bool) -> None:
    """Refuse at once what could not be written at the end.

    Raises:
        OutputError: Something is there, or the store refuses or cannot be reached.
        UsageError: As ``fetch``.
    """
    if address.is_web:
        raise UsageError("address-read-only", path=address)
    with open_store(address, OutputError) as store:
        taken = store.files.exists(store.path)
        if not taken and address.scheme in {"s3", "gs"}:
            # A bucket that is missing would show only at the end; whoever may only write may not look.
            with suppress(PermissionError):
                store.files.info(store.path.partition("/")[0])
    if taken and not force:
        raise OutputError("output-exists", path=address)


def put(source: Path, address: RemotePath) -> None:
    """Put a file in its place, all of it or nothing.

    Raises:
        OutputError: The store refuses or cannot be reached.
    """
    with open_store(address, OutputError) as store:
        if address.scheme == "s3":
            _put_object(source, store)
            return
        if address.scheme != "sftp":
            # One request, or pieces that appear together.
            store.files.put_file(str(source), store.path)
            return
        folder, name = posixpath.split(store.path)
        beside = posixpath.join(folder, f".{name[:40]}.{os.urandom(4).hex()}")
        try:
            store.files.ftp.put(str(source), beside)
            store.files.ftp.posix_rename(beside, store.path)
        except BaseException:
            with suppress(Exception):
                store.files.ftp.remove(beside)
            raise


def _put_object(source: Path, store: Store) -> None:
    """Put a file as an object: in one request, or in several that show nothing until the last one is done.

    s3fs would hold ten pieces in memory, and would not take them back when it is interrupted.
    """
    bucket, _, key = store.path.partition("/")
    where = {"Bucket": bucket, "Key": key}
    call, size = store.files.call_s3, source.stat().st_size
    with source.open("rb") as stream:
        if size < 2 * _UPLOADED_BYTES:
            call("put_object", Body=stream.read(), **where)
            return
        with suppress(Exception):  # whoever may only write may not list
            _drop_old_pieces(call, bucket, key)
        upload = {**where, "UploadId": call("create_multipart_upload", **where)["UploadId"]}
        piece_bytes = max(_UPLOADED_BYTES, -(-size // _MOST_PIECES))

        def send(number: int) -> dict[str, Any]:
            body = os.pread(stream.fileno(), piece_bytes, (number - 1) * piece_bytes)
            return {"PartNumber": number, "ETag": call("upload_part", PartNumber=number, Body=body, **upload)["ETag"]}

        try:
            with ThreadPoolExecutor(_UPLOADED_AT_ONCE, "put") as pool:
                try:
                    pieces = list(pool.map(send, range(1, -(-size // piece_bytes) + 1)))
                except BaseException:
                    # None may arrive after they were taken back.
                    pool.shutdown(cancel_futures=True)
                    raise
            call("complete_multipart_upload", MultipartUpload={"Parts": pieces}, **upload)
        except BaseException:
            with suppress(Exception):  # the first fault is the one to tell
                call("abort_multipart_upload", **upload)
            raise


def _drop_old_pieces(call: Callable[..., Any], bucket: str, key: str) -> None:
    """Take away what runs that were killed have left of this object: nobody sees it, and it is paid for."""
    for one in call("list_multipart_uploads", Bucket=bucket, Prefix=key).get("Uploads", ()):
        if one["Key"] == key and one["Initiated"].timestamp() < time.time() - _ABANDONED_S:
            call("abort_multipart_upload", Bucket=bucket, Key=key, UploadId=one["UploadId"])


def remove(address: RemotePath) -> None:
    """Take away what ``put`` has put there; a store that does not answer any more is no further fault."""
    with suppress(CalltoolsError), open_store(address, OutputError) as store:
        store.files.rm_file(store.path)


def remove_folder(address: RemotePath) -> None:
    """Take away all files in a folder, and those in its folders; what cannot be taken away stays there."""
    with suppress(CalltoolsError):
        for one in list_files(address, recursive=True):
            if not one.is_folder:
                remove(one.address)
    # S3 has no folders of which something would be left.
    if address.scheme == "sftp":
        with suppress(CalltoolsError), open_store(address, OutputError) as store:
            store.files.rmdir(store.path)


def make_folder(address: RemotePath) -> None:
    """Make a folder where the store has any.

    Raises:
        OutputError: The store refuses or cannot be reached.
    """
    if address.scheme == "sftp":
        with open_store(address, OutputError) as store:
            store.files.mkdir(store.path)


class LimitedStream:
    """A stream that counts what is written to it, and looks at the clock.

    Args:
        target: Where the bytes go.
        name: Name of the file in messages.
        limits: How many bytes may come, and how long that may take.
    """

    def __init__(self, target: Writable, name: str, limits: Limits) -> None:
        self._target, self._name, self._limits = target, name, limits
        self._size, self._start = 0, time.monotonic()

    def write(self, data: bytes) -> int:
        """Write some bytes.

        Raises:
            LimitError: There are too many, or they come too late.
        """
        self._size += len(data)
        if self._size > self._limits.fetched:
            raise LimitError("address-size", path=self._name, limit=self._limits.fetched >> 20)
        if time.monotonic() - self._start > self._limits.fetch_seconds:
            raise LimitError("address-seconds", path=self._name, limit=self._limits.fetch_seconds)
        return self._target.write(data)

    def read(self, *_: object) -> bytes:
        """Only for fsspec, for which what cannot be read is no file."""
        return b""

    def tell(self) -> int:
        """How many bytes have come."""
        return self._size

    def close(self) -> None:
        """The stream belongs to the caller."""
