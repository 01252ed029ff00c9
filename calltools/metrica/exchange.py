"""One exchange with the service: a request out, an answer in, nothing kept."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from typing import BinaryIO, Final

import httpx2

from calltools.metrica.answers import ANSWER_LIMIT, Answer, Flaw
from calltools.metrica.connection import Clocks, Service, trusted
from calltools.metrica.deadline import Deadline
from calltools.metrica.protocol import Framing
from calltools.metrica.token import Token
from calltools.metrica.turns import PARALLEL

#: Faults that come before a byte of the request is written: proof that nothing was sent.
NOTHING_SENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
)

_PIECE: Final = 1 << 16


@dataclass(slots=True)
class Sending:
    """How far the sending of a file came.

    Attributes:
        deadline: Its watcher.
        size: Bytes of the body.
        sent: Of them, handed to the system.
    """

    deadline: Deadline
    size: int
    sent: int = 0

    def timed_out(self, error: Exception) -> bool:
        """Whether it failed because it took too long."""
        return self.deadline.expired or isinstance(error, httpx2.TimeoutException)


def new_http(token: Token, service: Service, transport: httpx2.BaseTransport | None) -> httpx2.Client:
    """A client that follows nothing, reads no environment, and uses no connection twice.

    A connection that is kept may have been given up by the other side: what is posted on it has an unclear end.
    """
    return httpx2.Client(
        headers={
            "Authorization": token.header(),
            "User-Agent": f"calltools/{version('calltools')}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
        },
        timeout=_timeouts(service.clocks),
        follow_redirects=False,
        trust_env=False,
        transport=transport or _transport(service),
    )


def answer_to(http: httpx2.Client, request: httpx2.Request) -> Answer:
    """Send a request, and read no more of the answer than an answer of Metrica's can be long.

    Raises:
        httpx2.TransportError: There is no answer, not even its first lines.
    """
    response = http.send(request, stream=True)
    with closing(response):
        body, flaw = _body_of(response)
        told = response.headers
        return Answer(response.status_code, body, told.get("Retry-After"), flaw, told.get("Date"))


def body_around(file: BinaryIO, size: int, framing: Framing, sending: Sending) -> Generator[bytes]:
    """The body of a POST in pieces; a piece counts as sent when the next one is asked for.

    Raises:
        OSError: The file cannot be read, or is shorter than it was.
    """
    for piece in _pieces(file, size, framing):
        yield piece
        sending.sent += len(piece)
        sending.deadline.moved()


def _pieces(file: BinaryIO, size: int, framing: Framing) -> Iterator[bytes]:
    yield framing.head
    while size:
        if not (piece := file.read(min(size, _PIECE))):
            raise OSError("the file became shorter")
        size -= len(piece)
        yield piece
    yield framing.tail


def _body_of(response: httpx2.Response) -> tuple[bytes, Flaw]:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return b"", "packed"  # not asked for; unpacked it may be of any size
    body = bytearray()
    try:
        for piece in response.iter_bytes():
            body += piece
            if len(body) > ANSWER_LIMIT:
                return b"", "large"
    except httpx2.TransportError:
        return bytes(body), "cut"
    return bytes(body), ""


def _timeouts(clocks: Clocks) -> httpx2.Timeout:
    """Limits of single steps. That of sending is the deadline's, which lets an early answer be read."""
    return httpx2.Timeout(connect=clocks.connect, read=clocks.first_byte, write=clocks.total, pool=clocks.total)


def _transport(service: Service) -> httpx2.BaseTransport:
    limits = httpx2.Limits(max_connections=PARALLEL, max_keepalive_connections=0)
    return httpx2.HTTPTransport(verify=trusted(service.ca_file), trust_env=False, limits=limits, retries=0)
