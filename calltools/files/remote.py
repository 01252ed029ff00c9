"""Reading and writing what an address names, through fsspec: a file as a stream into a private copy, a folder, a put.

The libraries of a store are loaded when the first address is met. What they raise becomes a sentence that shows neither
their words nor the whole address: both may hold a secret.
"""

import os
import posixpath
import re
import time
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Final, NamedTuple, Protocol
from urllib.parse import unquote, urljoin, urlsplit

from calltools.errors import CalltoolsError, LimitError, OutputError, PackageError, SourceError, UsageError
from calltools.files.limits import Limits
from calltools.files.remote_path import RemotePath
from calltools.texts.keys import MessageKey

#: Scheme -> what reads it.
SCHEMES: Final = {"s3": "s3fs", "gs": "gcsfs", "https": "aiohttp", "http": "aiohttp", "sftp": "paramiko"}
_PIECE_BYTES: Final = 1 << 20
_BLOCK_BYTES: Final = 16 << 20
#: What one request sends of a large object, how many are under way, and how many an object may have.
_UPLOADED_BYTES: Final = 32 << 20
_UPLOADED_AT_ONCE: Final = 3
_MOST_PIECES: Final = 10_000
#: After which time nobody completes an upload any more.
_ABANDONED_S: Final = 86_400
#: Until a connection stands, and until the next bytes come.
_CONNECT_S: Final = 20
_SILENCE_S: Final = 60
_TRIES: Final = 2
_SSH_PORT: Final = 22
#: Statuses of HTTP that are no errors, and of which the body is not the file, or not all of it.
_NOT_THE_FILE: Final = frozenset({201, 202, 204, 205, 206})

#: What exceptions of all libraries mean, by their names, so that no module need be loaded; and by status of HTTP.
_MEANINGS: Final[tuple[tuple[MessageKey, frozenset[str], frozenset[int]], ...]] = (
    (
        "address-credentials",
        frozenset({"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "DefaultCredentialsError"}),
        frozenset(),
    ),
    ("address-host-key", frozenset({"BadHostKeyException", "_UnknownHostError"}), frozenset()),
    ("address-missing", frozenset({"FileNotFoundError"}), frozenset({404, 410})),
    ("address-forbidden", frozenset({"PermissionError", "AuthenticationException"}), frozenset({401, 403, 407})),
    ("address-certificate", frozenset({"SSLError", "ClientConnectorCertificateError"}), frozenset()),
    ("address-timeout", frozenset({"TimeoutError", "ConnectTimeoutError", "ReadTimeoutError"}), frozenset()),
)


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


class _Store(NamedTuple):
    """A store, and where in it an address leads."""

    files: Any
    path: str


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
    with _map_faults(address, SourceError):
        store = _open_store(address)
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
    with _map_faults(address, SourceError):
        store = _open_store(address)
        if address.is_folder:
            found = store.files.find(store.path, withdirs=not recursive, maxdepth=None if recursive else 1, detail=True)
        else:
            found = store.files.glob(store.path, detail=True)
        entries = [(name, entry["type"] == "directory") for name, entry in sorted(found.items())]
    above = re.split(r"[^/]*[*?\[]", store.path, maxsplit=1)[0].rstrip("/")
    root = address.location[: len(address.location) - len(_path_part(address.location))]
    return [
        Listed(RemotePath(f"{root}{name.lstrip('/')}"), is_folder, "/." in name.rstrip("/")[len(above) :])
        for name, is_folder in entries
        if name.rstrip("/") != above
    ]


def is_folder(address: RemotePath) -> bool:
    """Whether a folder of a store is meant, though no slash is at its end; false where the store does not tell."""
    with suppress(SourceError), _map_faults(address, SourceError):
        store = _open_store(address)
        return bool(store.files.isdir(store.path))
    return False


def list_archive(address: RemotePath, members: Callable[[BinaryIO], list[str]]) -> list[str]:
    """What a function finds in a file that can be read at any place; empty if it cannot be."""
    with suppress(SourceError), _map_faults(address, SourceError):
        store = _open_store(address)
        with store.files.open(store.path, "rb") as stream:
            return members(stream)
    return []


def refuse_occupied(address: RemotePath, *, force: bool) -> None:
    """Refuse at once what could not be written at the end.

    Raises:
        OutputError: Something is there, or the store refuses or cannot be reached.
        UsageError: As ``fetch``.
    """
    if address.is_web:
        raise UsageError("address-read-only", path=address)
    with _map_faults(address, OutputError):
        store = _open_store(address)
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
    with _map_faults(address, OutputError):
        store = _open_store(address)
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


def _put_object(source: Path, store: _Store) -> None:
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
    with suppress(CalltoolsError), _map_faults(address, OutputError):
        store = _open_store(address)
        store.files.rm_file(store.path)


def remove_folder(address: RemotePath) -> None:
    """Take away all files in a folder, and those in its folders; what cannot be taken away stays there."""
    with suppress(CalltoolsError):
        for one in list_files(address, recursive=True):
            if not one.is_folder:
                remove(one.address)
    with suppress(CalltoolsError), _map_faults(address, OutputError):
        # S3 has no folders of which something would be left.
        store = _open_store(address)
        if address.scheme == "sftp":
            store.files.rmdir(store.path)


def make_folder(address: RemotePath) -> None:
    """Make a folder where the store has any.

    Raises:
        OutputError: The store refuses or cannot be reached.
    """
    if address.scheme == "sftp":
        with _map_faults(address, OutputError):
            store = _open_store(address)
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


def _open_store(address: RemotePath) -> _Store:
    if address.scheme in {"s3", "gs"} and not urlsplit(address.location).netloc:
        raise UsageError("address-bucket", path=address)
    opener = _OPENERS.get(address.scheme)
    if opener is None:
        raise UsageError("address-scheme", path=address, schemes=", ".join(f"{scheme}://" for scheme in SCHEMES))
    try:
        return opener(address)
    except ImportError as fault:
        from calltools.runtime.packages import BrokenPackage  # noqa: PLC0415 - only after a fault

        module = (fault.name or SCHEMES[address.scheme]).partition(".")[0]
        raise PackageError(BrokenPackage(module, module, address.scheme, extra="remote")) from fault


def _open_s3(address: RemotePath) -> _Store:
    from s3fs import S3FileSystem  # noqa: PLC0415 - the extra "remote"

    tries = {"mode": "standard", "total_max_attempts": _TRIES}
    config = {"connect_timeout": _CONNECT_S, "read_timeout": _SILENCE_S, "retries": tries}
    # Kept for the next address, in whichever thread: a session takes a second to make.
    known = os.getpid(), *sorted(item for item in os.environ.items() if item[0].startswith("AWS_"))
    with _S3_LOCK:
        if known not in _S3_STORES:
            files = S3FileSystem(config_kwargs=config, use_listings_cache=False, skip_instance_cache=True)
            files.retries = _TRIES
            files.connect()
            _S3_STORES[known] = files
        return _Store(_S3_STORES[known], _path_part(address.location, with_host=True))


_S3_LOCK: Final = Lock()
#: Process and environment -> its file system.
_S3_STORES: Final[dict[Hashable, Any]] = {}


def _open_gs(address: RemotePath) -> _Store:  # pragma: no cover - gcsfs is no package of the tests
    # The one of the package would look by gRPC what kind of bucket it is, a minute where only HTTP leads there.
    from gcsfs.core import GCSFileSystem  # noqa: PLC0415 - as above

    files = GCSFileSystem(use_listings_cache=False)
    return _Store(files, _path_part(address.location, with_host=True))


def _open_web(address: RemotePath) -> _Store:
    import ssl  # noqa: PLC0415 - as above

    import aiohttp  # noqa: PLC0415
    from fsspec.implementations.http import HTTPFileSystem  # noqa: PLC0415

    if address.scheme == "http" and not _is_loopback(urlsplit(address.location).hostname or ""):
        raise UsageError("address-open", path=address)
    trace = aiohttp.TraceConfig()

    async def follow(_: object, __: object, step: aiohttp.TraceRequestRedirectParams) -> None:
        headers = step.response.headers
        onward = urlsplit(urljoin(str(step.response.url), headers.get("Location", headers.get("URI", ""))))
        # Whoever was reached through TLS must not lead away from it.
        if onward.scheme == "http" and (address.scheme == "https" or not _is_loopback(onward.hostname or "")):
            raise SourceError("address-open", path=address)

    async def take(_: object, __: object, end: aiohttp.TraceRequestEndParams) -> None:
        # 202, an export that is not ready, 204 and 206 are answers without the file, or with a part of it.
        if end.response.status in _NOT_THE_FILE:
            raise SourceError("address-unreachable", path=address, reason=str(end.response.status))

    trace.on_request_redirect.append(follow)
    trace.on_request_end.append(take)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_SILENCE_S)
    files = HTTPFileSystem(
        client_kwargs={"timeout": timeout, "trace_configs": [trace]},
        use_listings_cache=False,
        skip_instance_cache=True,
        ssl=ssl.create_default_context(),
    )
    return _Store(files, address.location)


def _is_loopback(host: str) -> bool:
    import ipaddress  # noqa: PLC0415 - as above

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _UnknownHostError(Exception):
    """The key of a server is not known."""


def _open_sftp(address: RemotePath) -> _Store:
    import paramiko  # noqa: PLC0415 - as above
    from fsspec.implementations.sftp import SFTPFileSystem  # noqa: PLC0415

    class RefuseUnknown(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # it has no types
        def missing_host_key(self, *_: object) -> None:
            raise _UnknownHostError

    class KnownHosts(SFTPFileSystem):  # type: ignore[misc]  # nor has this
        """Of fsspec, which would trust whoever answers."""

        def _connect(self) -> None:
            self.client = paramiko.SSHClient()
            self.client.load_system_host_keys()
            self.client.set_missing_host_key_policy(RefuseUnknown())
            self.client.connect(self.host, **self.ssh_kwargs)
            self.ftp = self.client.open_sftp()

    parts = urlsplit(address.location)
    waits = {"timeout": _CONNECT_S, "banner_timeout": _CONNECT_S, "auth_timeout": _CONNECT_S}
    files = KnownHosts(
        parts.hostname or "",
        port=parts.port or _SSH_PORT,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        **waits,
    )
    files.ftp.get_channel().settimeout(_SILENCE_S)
    return _Store(files, unquote(parts.path))


def _path_part(location: str, *, with_host: bool = False) -> str:
    """What an address names in its store."""
    rest = location.partition("://")[2]
    return rest if with_host or location.startswith(("s3:", "gs:")) else rest.partition("/")[2]


_OPENERS: Final[dict[str, Callable[[RemotePath], _Store]]] = {
    "s3": _open_s3,
    "gs": _open_gs,
    "https": _open_web,
    "http": _open_web,
    "sftp": _open_sftp,
}


@contextmanager
def _map_faults(address: RemotePath, error: type[SourceError | OutputError]) -> Iterator[None]:
    """Turn what the library of a store raises into an error of ours."""
    try:
        yield
    except CalltoolsError:
        raise
    except Exception as fault:  # noqa: BLE001 - the libraries of five stores, and what they raise has no common class
        if type(fault).__name__ == "ParamValidationError":
            # Nobody was asked: no bucket can have such a name, or nothing in it such a key.
            raise UsageError("address-bucket", path=address) from None
        key, reason = _explain(fault)
        raise error(key, path=address, reason=reason) from None


def _explain(fault: BaseException) -> tuple[MessageKey, str]:
    """What an exception of a store means, and a word for it that comes from no server."""
    chain = list(_causes(fault))
    names = {kind.__name__ for one in chain for kind in type(one).__mro__}
    status = next((found for one in chain if isinstance(found := getattr(one, "status", None), int)), 0)
    for key, known, statuses in _MEANINGS:
        if names & known or status in statuses:
            return key, ""
    return "address-unreachable", str(status or type(chain[-1]).__name__)


def _causes(fault: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = fault
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
