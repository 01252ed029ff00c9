"""Requests to the fake service without sockets, for tests that make many thousands of them.

What arrives at a client is the same as over loopback: ``tests/metrica/test_in_process.py`` compares the two.
"""

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import httpx2

from tests.fake_metrica.exchange import ConnectionEnded, Exchange
from tests.fake_metrica.server import FakeMetrica


@dataclass
class RequestInProcess:
    """Stands for the connection of one request: what an exchange reads, and what it has sent."""

    command: str
    path: str
    headers: httpx2.Headers
    rfile: io.BytesIO
    wfile: io.BytesIO = field(default_factory=io.BytesIO)
    was_reset: bool = False

    def reset_connection(self) -> None:
        self.was_reset = True


@dataclass(frozen=True)
class InProcessTransport(httpx2.BaseTransport):
    """Gives each request to the service in the thread of its client."""

    service: FakeMetrica

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Let the service answer one request.

        Raises:
            httpx2.TransportError: The service has sent no response.
        """
        target = request.url.raw_path.decode("ascii")
        handler = RequestInProcess(request.method, target, request.headers, io.BytesIO(request.read()))
        with suppress(ConnectionEnded, OSError):
            self.service.serve(Exchange(self.service, handler))
        return _parse_response(handler.wfile.getvalue(), was_reset=handler.was_reset)


def _parse_response(received: bytes, *, was_reset: bool) -> httpx2.Response:
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.split(b"\r\n")
    if not status_line.startswith(b"HTTP/1.1 "):
        raise httpx2.ReadError("reset") if was_reset else httpx2.RemoteProtocolError("no response")
    headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    length = int(dict(headers)[b"Content-Length"])
    return httpx2.Response(int(status_line.split()[1]), headers=headers, stream=_Body(body[:length], length))


@dataclass(frozen=True)
class _Body(httpx2.SyncByteStream):
    """The body of a response, as much of it as was sent."""

    sent: bytes
    length: int

    def __iter__(self) -> Iterator[bytes]:
        yield self.sent
        if len(self.sent) < self.length:
            raise httpx2.RemoteProtocolError("cut")
