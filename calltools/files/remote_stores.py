"""The stores behind addresses: how each is opened, and what the exceptions of its library mean.

The libraries of a store are loaded when the first address is met. What they raise becomes a sentence that shows neither
their words nor the whole address: both may hold a secret.
"""

import os
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import unquote, urljoin, urlsplit

from calltools.errors import CalltoolsError, OutputError, PackageError, SourceError, UsageError
from calltools.files.remote_path import RemotePath
from calltools.texts.keys import MessageKey

#: Scheme -> what reads it.
SCHEMES: Final = {"s3": "s3fs", "gs": "gcsfs", "https": "aiohttp", "http": "aiohttp", "sftp": "paramiko"}
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


class Store(NamedTuple):
    """A store, and where in it an address leads."""

    files: Any
    path: str


@contextmanager
def open_store(address: RemotePath, error: type[SourceError | OutputError]) -> Iterator[Store]:
    """The store of an address; leaving the context closes a connection that was made for it.

    Args:
        address: The address.
        error: What the exceptions of its library become, also those within the context.

    Raises:
        SourceError: The store refuses or cannot be reached; or ``OutputError``, as ``error`` says.
        UsageError: The address is of a kind that is not read, or what reads it is not installed.
    """
    with _map_faults(address, error), ExitStack() as connections:
        yield _find_opener(address)(address, connections)


def _find_opener(address: RemotePath) -> "_Opener":
    if address.scheme in {"s3", "gs"} and not urlsplit(address.location).netloc:
        raise UsageError("address-bucket", path=address)
    opener = _OPENERS.get(address.scheme)
    if opener is None:
        raise UsageError("address-scheme", path=address, schemes=", ".join(f"{scheme}://" for scheme in SCHEMES))
    return opener


def path_in_store(location: str, *, with_host: bool = False) -> str:
    """What an address names in its store."""
    rest = location.partition("://")[2]
    return rest if with_host or location.startswith(("s3:", "gs:")) else rest.partition("/")[2]


def _open_s3(address: RemotePath, _connections: ExitStack) -> Store:
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
        return Store(_S3_STORES[known], path_in_store(address.location, with_host=True))


_S3_LOCK: Final = Lock()
#: Process and environment -> its file system.
_S3_STORES: Final[dict[Hashable, Any]] = {}


def _open_gs(address: RemotePath, _connections: ExitStack) -> Store:  # pragma: no cover - gcsfs is not there in tests
    # The one of the package would look by gRPC what kind of bucket it is, a minute where only HTTP leads there.
    from gcsfs.core import GCSFileSystem  # noqa: PLC0415 - as above

    files = GCSFileSystem(use_listings_cache=False)
    return Store(files, path_in_store(address.location, with_host=True))


def _open_web(address: RemotePath, _connections: ExitStack) -> Store:
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
    return Store(files, address.location)


def _is_loopback(host: str) -> bool:
    import ipaddress  # noqa: PLC0415 - as above

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _UnknownHostError(Exception):
    """The key of a server is not known."""


def _open_sftp(address: RemotePath, connections: ExitStack) -> Store:
    import paramiko  # noqa: PLC0415 - as above
    from fsspec.implementations.sftp import SFTPFileSystem  # noqa: PLC0415

    class RefuseUnknown(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # it has no types
        def missing_host_key(self, *_: object) -> None:
            raise _UnknownHostError

    class KnownHosts(SFTPFileSystem):  # type: ignore[misc]  # nor has this
        """Of fsspec, which would trust whoever answers."""

        def _connect(self) -> None:
            self.client = paramiko.SSHClient()
            # Else its thread goes on, and with it the session: a server allows few of them.
            connections.callback(self.client.close)
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
        skip_instance_cache=True,
        **waits,
    )
    files.ftp.get_channel().settimeout(_SILENCE_S)
    return Store(files, unquote(parts.path))


#: Opens the store of an address; what must be closed again goes on the stack.
_Opener: TypeAlias = Callable[[RemotePath, ExitStack], Store]
_OPENERS: Final[dict[str, _Opener]] = {
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
    except ImportError as fault:
        from calltools.runtime.packages import BrokenPackage  # noqa: PLC0415 - only after a fault

        module = (fault.name or SCHEMES[address.scheme]).partition(".")[0]
        raise PackageError(BrokenPackage(module, module, address.scheme, extra="remote")) from fault
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
