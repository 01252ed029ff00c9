"""One HTTP exchange: a request is sent, its response is read up to a limit, and no phase takes longer than allowed.

The timeouts of the library count single reads and writes, so a server that sends a byte now and then could hold a
request for ever. ``RequestDeadline`` therefore watches each request from a thread of its own and shuts the socket down
when a phase is over. It shuts down only the socket: a response that has arrived, such as a 413 while the body is still
being sent, can be read.
"""

import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import Any, BinaryIO, Final, Self, final

import httpx2

from calltools.metrica.connection import ConnectionOptions, Timeouts, create_ssl_context
from calltools.metrica.protocol import MultipartFraming
from calltools.metrica.responses import MAX_RESPONSE_BYTES, BodyProblem, ServiceResponse
from calltools.metrica.token import Token

#: The service refuses a fourth request of one user at the same time.
MAX_PARALLEL_REQUESTS: Final = 3
#: Errors that are raised before a byte of the request is written: proof that nothing was sent.
NOT_SENT_ERRORS: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
)

_CHUNK_BYTES: Final = 1 << 16
#: Event of the HTTP library -> the limit of the phase that it begins.
_TIMEOUT_OF_PHASE: Final[Mapping[str, Callable[[Timeouts], float]]] = {
    # The library limits the connection itself; here it is limited only by the whole request.
    "connection.connect_tcp.started": lambda timeouts: timeouts.post_total,
    "http11.send_request_headers.started": lambda timeouts: timeouts.idle,
    "http11.receive_response_headers.started": lambda timeouts: timeouts.first_byte,
    "http11.receive_response_body.started": lambda timeouts: timeouts.idle,
}
_FIRST_BYTE_EVENT: Final = "http11.send_request_headers.started"
_CONNECTED_EVENTS: Final = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})


@final
class RequestSlots:
    """Limits the requests of one user that run at once: one for each counter, three in all.

    It knows only this process. Two processes do not upload to one counter because of the lock of the ledger.
    """

    def __init__(self) -> None:
        self._all_slots = threading.BoundedSemaphore(MAX_PARALLEL_REQUESTS)
        self._counters_guard = threading.Lock()
        self._counter_locks: dict[int, threading.Lock] = {}

    @contextmanager
    def acquire(self, counter: int) -> Iterator[None]:
        """Wait until no other request of the counter runs and one of the slots is free."""
        with self._counters_guard:
            counter_lock = self._counter_locks.setdefault(counter, threading.Lock())
        # The counter first: a request that waits for its counter must not occupy a slot.
        with counter_lock, self._all_slots:
            yield


@final
class RequestDeadline:
    """Watches one request; a context manager. ``trace`` is passed to the HTTP library.

    Attributes:
        expired: Whether a limit was passed, so that the connection was shut down.
        on_first_byte: Called before the first byte of the request leaves.
    """

    def __init__(self, timeouts: Timeouts, total: float, on_first_byte: Callable[[], None] = lambda: None) -> None:
        """Prepare the watcher; the total limit begins now.

        Args:
            timeouts: Limits of the phases, in seconds.
            total: Limit of the whole request, in seconds.
            on_first_byte: Called before the first byte of the request leaves, perhaps more than once.
        """
        self.expired = False
        self.on_first_byte = on_first_byte
        self._timeouts = timeouts
        self._total_end = time.monotonic() + total
        # Written by the thread of the request, read by the watcher.
        self._phase_end = self._total_end
        self._socket: socket.socket | None = None
        self._condition = threading.Condition()
        self._finished = False
        self._watcher = threading.Thread(target=self._watch, name="calltools-deadline", daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._condition:
            self._finished = True
            self._condition.notify()
        self._watcher.join()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Begin the phase of an event of the HTTP library; take the socket when there is one."""
        if event == _FIRST_BYTE_EVENT:
            self.on_first_byte()
        if event in _CONNECTED_EVENTS:
            with self._condition:
                self._socket = info["return_value"].get_extra_info("socket")
                # The limit may have passed while there was no socket to shut down.
                self._shut_down_if_expired()
        if timeout := _TIMEOUT_OF_PHASE.get(event):
            self._start_phase(timeout(self._timeouts))

    def restart_idle_timeout(self) -> None:
        """Begin the idle limit again: a piece of the body was sent."""
        # Neither lock nor notification for every 64 KiB: the watcher wakes at the old limit and reads the new one.
        self._phase_end = min(time.monotonic() + self._timeouts.idle, self._total_end)

    def _start_phase(self, seconds: float) -> None:
        with self._condition:
            self._phase_end = min(time.monotonic() + seconds, self._total_end)
            self._condition.notify()

    def _watch(self) -> None:
        with self._condition:
            while not self._finished and (left := self._phase_end - time.monotonic()) > 0:
                self._condition.wait(left)
            self.expired = not self._finished
            self._shut_down_if_expired()

    def _shut_down_if_expired(self) -> None:
        if self.expired and self._socket is not None:
            with suppress(OSError):
                # Not the method of a TLS socket: it drops the TLS state first, and what another thread writes at
                # this moment would be sent unencrypted.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


@dataclass(slots=True)
class UploadProgress:
    """How much of a request was sent.

    Attributes:
        deadline: The watcher of the request.
        size: Bytes of the body.
        bytes_sent: Bytes of the body that were passed to the operating system.
    """

    deadline: RequestDeadline
    size: int
    bytes_sent: int = 0

    def timed_out(self, error: Exception) -> bool:
        """Whether the request failed because of a limit of time."""
        return self.deadline.expired or isinstance(error, httpx2.TimeoutException)


def create_http_client(
    token: Token, options: ConnectionOptions, transport: httpx2.BaseTransport | None
) -> httpx2.Client:
    """Create the HTTP client. It follows no redirects, reads no environment, and uses no connection twice.

    A redirect could carry token and calls to another host. A connection that was kept may be closed by the server at
    the moment of the next request, so that nobody knows whether a POST on it was received.
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
    """Send a request and read its response, at most ``MAX_RESPONSE_BYTES`` of it.

    Raises:
        httpx2.TransportError: There is no response, not even its status and headers.
    """
    response = http.send(request, stream=True)
    with closing(response):
        body, problem = _read_body(response)
        headers = response.headers
        return ServiceResponse(response.status_code, body, headers.get("Retry-After"), problem, headers.get("Date"))


def stream_body(file: BinaryIO, size: int, framing: MultipartFraming, progress: UploadProgress) -> Generator[bytes]:
    """Give the body of a POST in pieces. A piece counts as sent when the next one is asked for.

    Raises:
        OSError: The file cannot be read, or has become shorter.
    """
    # A transport that reports no events asks for the body all the same.
    progress.deadline.on_first_byte()
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
        return b"", "packed"  # not asked for, and of any size once it is decompressed
    body = bytearray()
    try:
        for piece in response.iter_bytes():
            body += piece
            if len(body) > MAX_RESPONSE_BYTES:
                return b"", "large"
    except httpx2.TransportError:
        # The status has arrived and counts: a 429 without its body is still a 429.
        return bytes(body), "cut"
    return bytes(body), ""


def _httpx_timeouts(timeouts: Timeouts) -> httpx2.Timeout:
    # The library must not limit single writes: its error would hide a response that has arrived. The deadline does it.
    return httpx2.Timeout(
        connect=timeouts.connect, read=timeouts.first_byte, write=timeouts.post_total, pool=timeouts.post_total
    )


def _create_transport(options: ConnectionOptions) -> httpx2.BaseTransport:
    limits = httpx2.Limits(max_connections=MAX_PARALLEL_REQUESTS, max_keepalive_connections=0)
    return httpx2.HTTPTransport(verify=create_ssl_context(options), trust_env=False, limits=limits, retries=0)
