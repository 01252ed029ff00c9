"""How the service is reached: address, certificates, timeouts and retries; checked before anything is sent."""

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpx2

from calltools.errors import UnreachableError, UsageError
from calltools.metrica.protocol import API_URL
from calltools.metrica.responses import redact
from calltools.texts.keys import MessageKey


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that each phase of a request may take, see ``transport.RequestDeadline``.

    Attributes:
        connect: For each of name resolution, connection and TLS handshake.
        idle: While the body is sent: between two pieces. While the response is read: for all of its body.
        first_byte: From the last byte sent to the first byte received.
        post_total: For a whole POST.
        get_total: For a whole GET.
    """

    connect: float = 10
    idle: float = 30
    first_byte: float = 120
    post_total: float = 15 * 60
    get_total: float = 60


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request that is safe to repeat is repeated: a GET, or a POST of which no byte was sent.

    Attributes:
        attempts: Number of attempts, the first included.
        initial_wait_s: Seconds before the second attempt; the wait doubles from attempt to attempt.
        max_wait_s: Seconds between two attempts, at most, unless the service asks for a wait.
        max_requested_wait_s: The longest wait that the service may ask for; if it asks for more, the request fails.
    """

    attempts: int = 4
    initial_wait_s: float = 1
    max_wait_s: float = 20
    max_requested_wait_s: float = 60


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """Where the service is, which certificates to trust, and how long to wait.

    Attributes:
        url: ``https://host[:port][/path]``; ``http://`` only for this machine.
        ca_file: Certificates of authorities to trust besides those of the system.
        timeouts: Limits of time.
        retry_policy: Limits of repetition.
        longest_list: Number of uploadings after which reading the list is stopped, in case it never ends.
    """

    url: str = API_URL
    ca_file: Path | None = None
    timeouts: Timeouts = Timeouts()
    retry_policy: RetryPolicy = RetryPolicy()
    longest_list: int = 1_000_000

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


def check_api_url(url: str) -> str:
    """Check the address and remove a slash at its end.

    Raises:
        UsageError: It is malformed, has a password or a query, or is ``http`` to another machine.
    """
    parts = _split_url(url)
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not plain or not url.isascii():
        raise UsageError("api-url-wrong")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise UsageError("api-url-open", host=redact(parts.hostname))
    return url.rstrip("/")


def _split_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise UsageError("api-url-wrong") from None
    # ``urlsplit`` drops these silently, so it would check another URL than the one that is shown to people.
    if any(character.isspace() or not character.isprintable() for character in url):
        raise UsageError("api-url-wrong")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def create_ssl_context(options: ConnectionOptions) -> ssl.SSLContext:
    """Make the TLS context: the authorities of the system and those of a file. There is no way to trust everybody.

    The environment is not read: neither ``SSL_CERT_FILE`` nor ``SSLKEYLOGFILE``. Of an ``http://`` address nobody is
    trusted: to read the authorities takes 25 ms, and none is asked for.

    Raises:
        UsageError: The file has no certificate.
    """
    if urlsplit(options.url).scheme == "http":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = httpx2.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if options.ca_file is not None:
        try:
            context.load_verify_locations(cafile=options.ca_file)
        except (OSError, ValueError) as error:
            reason = _reason_of(error) or type(error).__name__
            raise UsageError("ca-file-unreadable", path=options.ca_file, reason=reason) from None
    return context


def connection_error(error: BaseException, host: str, *, reading: bool = False) -> UnreachableError:
    """Make the error for a connection that failed: nothing of this request was sent.

    Args:
        error: From the HTTP library.
        host: Host of the service.
        reading: The request was a GET, which sends no calls anyway: not a word on what was sent.
    """
    for cause in _exception_chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            # A wrong certificate will be wrong again; a repetition only hides it.
            untrusted: MessageKey = "reading-untrusted" if reading else "service-untrusted"
            return UnreachableError(untrusted, transient=False, host=host, reason=cause.verify_message)
    reason = next(filter(None, map(_reason_of, _exception_chain(error))), type(error).__name__)
    key: MessageKey = "reading-no-connection" if reading else "service-no-connection"
    return UnreachableError(key, host=host, reason=redact(reason))


def _exception_chain(error: BaseException | None) -> list[BaseException]:
    """The error and its causes, the first cause first: it is the one of the operating system."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.insert(0, error)
        error = error.__cause__ or error.__context__
    return chain


def _reason_of(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS").replace("_", " ").lower()
    return (error.strerror or "") if isinstance(error, OSError) else ""
