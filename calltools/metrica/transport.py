"""One HTTP exchange: a request is sent, its response is read up to a limit, no state is kept."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from typing import BinaryIO, Final

import httpx2

from calltools.metrica.connection import ConnectionOptions, Timeouts, create_ssl_context
from calltools.metrica.protocol import MultipartFraming
from calltools.metrica.request_limits import MAX_PARALLEL_REQUESTS, RequestDeadline
from calltools.metrica.responses import MAX_RESPONSE_BYTES, BodyProblem, ServiceResponse
from calltools.metrica.token import Token

#: Faults that come before a byte of the request is written: proof that nothing was sent.
NOT_SENT_ERRORS: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
)

_CHUNK_BYTES: Final = 1 << 16


@dataclass(slots=True)
class UploadProgress:
    """How far the sending of a file came.

    Attributes:
        deadline: Its watcher.
        size: Bytes of the body.
        bytes_sent: Of them, handed to the system.
    """

    deadline: RequestDeadline
    size: int
    bytes_sent: int = 0

    def timed_out(self, error: Exception) -> bool:
        """Whether it failed because it took too long."""
        return self.deadline.expired or isinstance(error, httpx2.TimeoutException)


def create_http_client(
    token: Token, options: ConnectionOptions, transport: httpx2.BaseTransport | None
) -> httpx2.Client:
    """A client that follows nothing, reads no environment, and uses no connection twice.

    A connection that is kept may have been given up by the other side: what is posted on it has an unclear end.
    """
    return httpx2.Client(
        headers={
            "Authorization": token.authorization_header(),
            "User-Agent": f"calltools/{version('calltools')}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
        },
        timeout=_httpx_timeouts(options.timeouts),
        follow_redirects=False,
        trust_env=False,
        transport=transport or _create_transport(options),
    )


def send_request(http: httpx2.Client, request: httpx2.Request) -> ServiceResponse:
    """Send a request, and read no more of the answer than an answer of Metrica's can be long.

    Raises:
        httpx2.TransportError: There is no answer, not even its first lines.
    """
    response = http.send(request, stream=True)
    with closing(response):
        body, flaw = _read_body(response)
        told = response.headers
        return ServiceResponse(response.status_code, body, told.get("Retry-After"), flaw, told.get("Date"))


def stream_body(file: BinaryIO, size: int, framing: MultipartFraming, progress: UploadProgress) -> Generator[bytes]:
    """The body of a POST in pieces; a piece counts as sent when the next one is asked for.

    Raises:
        OSError: The file cannot be read, or is shorter than it was.
    """
    for piece in _body_chunks(file, size, framing):
        yield piece
        progress.bytes_sent += len(piece)
        progress.deadline.restart_idle_timeout()


def _body_chunks(file: BinaryIO, size: int, framing: MultipartFraming) -> Iterator[bytes]:
    yield framing.head
    while size:
        if not (piece := file.read(min(size, _CHUNK_BYTES))):
            raise OSError("the file became shorter")
        size -= len(piece)
        yield piece
    yield framing.tail


def _read_body(response: httpx2.Response) -> tuple[bytes, BodyProblem]:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return b"", "packed"  # not asked for; unpacked it may be of any size
    body = bytearray()
    try:
        for piece in response.iter_bytes():
            body += piece
            if len(body) > MAX_RESPONSE_BYTES:
                return b"", "large"
    except httpx2.TransportError:
        return bytes(body), "cut"
    return bytes(body), ""


def _httpx_timeouts(timeouts: Timeouts) -> httpx2.Timeout:
    """Limits of single steps. That of sending is the deadline's, which lets an early answer be read."""
    return httpx2.Timeout(
        connect=timeouts.connect, read=timeouts.first_byte, write=timeouts.post_total, pool=timeouts.post_total
    )


def _create_transport(options: ConnectionOptions) -> httpx2.BaseTransport:
    limits = httpx2.Limits(max_connections=MAX_PARALLEL_REQUESTS, max_keepalive_connections=0)
    return httpx2.HTTPTransport(verify=create_ssl_context(options.ca_file), trust_env=False, limits=limits, retries=0)
