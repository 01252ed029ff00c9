"""How the service is reached: address, certificates, timeouts and retries, all checked before anything is sent."""

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpx2

from calltools.errors import UnreachableError, UsageError
from calltools.metrica.protocol import API_URL
from calltools.metrica.redaction import redact


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that each phase of a request may take. Those of a library count single reads; these count all.

    Attributes:
        connect: Address, connection, TLS; each.
        idle: While sending: without a byte taken. While the answer comes: for the rest of it.
        first_byte: From the last byte sent to the first answered.
        post_total: The whole POST.
        get_total: The whole of a GET.
    """

    connect: float = 10
    idle: float = 30
    first_byte: float = 120
    post_total: float = 15 * 60
    get_total: float = 60


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often what is safe to repeat is repeated.

    Attributes:
        attempts: In all.
        initial_wait_s: Seconds before the second.
        max_wait_s: Seconds between two at most, where the service does not say.
        max_requested_wait_s: Seconds that the service may ask to wait; asked for more, nobody waits.
    """

    attempts: int = 4
    initial_wait_s: float = 1
    max_wait_s: float = 20
    max_requested_wait_s: float = 60


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """Where the service is, whom to trust, and for how long to wait.

    Attributes:
        url: ``https://host[:port][/path]``; ``http://`` to this machine only.
        ca_file: Certificates of authorities to trust besides the system's.
        timeouts: Limits of time.
        retry_policy: Limits of repetition.
        longest_list: Uploadings after which a list is no longer followed; more than an account makes in years.
    """

    url: str = API_URL
    ca_file: Path | None = None
    timeouts: Timeouts = Timeouts()
    retry_policy: RetryPolicy = RetryPolicy()
    longest_list: int = 1_000_000

    @property
    def host(self) -> str:
        """For people: host and port."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


def check_api_url(url: str) -> str:
    """The address, without a slash at its end.

    Raises:
        UsageError: It is none, holds more than an address, or is not protected and leads to another machine.
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
    # The parser drops these silently; a URL that holds them is not the one that was meant.
    if any(sign.isspace() or not sign.isprintable() for sign in url):
        raise UsageError("api-url-wrong")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def create_ssl_context(ca_file: Path | None) -> ssl.SSLContext:
    """The system's authorities and those of a file. There is no way to trust everybody.

    The environment adds nothing: neither authorities nor a file for session keys.

    Raises:
        UsageError: The file holds no certificate.
    """
    context = httpx2.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ValueError) as error:
            reason = _reason_of(error) or type(error).__name__
            raise UsageError("ca-file-unreadable", path=ca_file, reason=reason) from None
    return context


def connection_error(error: BaseException, host: str) -> UnreachableError:
    """What it means that no connection came about: nothing was sent."""
    for cause in _exception_chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UnreachableError("service-untrusted", transient=False, host=host, reason=cause.verify_message)
    reason = next(filter(None, map(_reason_of, _exception_chain(error))), type(error).__name__)
    return UnreachableError("service-no-connection", host=host, reason=redact(reason))


def _exception_chain(error: BaseException | None) -> list[BaseException]:
    """From the first fault to the last: the first one is the system's own."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.insert(0, error)
        error = error.__cause__ or error.__context__
    return found


def _reason_of(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS").replace("_", " ").lower()
    return (error.strerror or "") if isinstance(error, OSError) else ""
