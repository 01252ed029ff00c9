"""Limits of requests: how many run at once, and how long each phase of one may last."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Final, Self, final

from calltools.metrica.connection import Timeouts

#: The service's limit.
MAX_PARALLEL_REQUESTS: Final = 3


@final
class RequestSlots:
    """The requests in flight of one user in this process. Processes are kept apart by the lock of the ledger."""

    def __init__(self) -> None:
        self._all_slots = threading.BoundedSemaphore(MAX_PARALLEL_REQUESTS)
        self._counters_guard = threading.Lock()
        self._counter_locks: dict[int, threading.Lock] = {}

    @contextmanager
    def acquire(self, counter: int) -> Iterator[None]:
        """Wait for the turn of a counter, then for one of the three places."""
        with self._counters_guard:
            own = self._counter_locks.setdefault(counter, threading.Lock())
        with own, self._all_slots:
            yield


#: Event of the transport -> the limit of the phase that it begins.
_TIMEOUT_OF_PHASE: Final[Mapping[str, str]] = {
    "connection.connect_tcp.started": "post_total",  # the library's own limit of connecting is one of the whole
    "http11.send_request_headers.started": "idle",
    "http11.receive_response_headers.started": "first_byte",
    "http11.receive_response_body.started": "idle",
}
_CONNECTED_EVENTS: Final = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})


@final
class RequestDeadline:
    """The watcher of one request; use it as a context, and give ``trace`` to the transport.

    Attributes:
        expired: A limit was passed and the connection was closed.
    """

    def __init__(self, timeouts: Timeouts, total: float) -> None:
        """Start nothing yet.

        Args:
            timeouts: Limits of the phases.
            total: Limit of all of them.
        """
        self.expired = False
        self._timeouts = timeouts
        self._total_end = time.monotonic() + total
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
        """Hear from the transport how far it is."""
        if event in _CONNECTED_EVENTS:
            with self._condition:
                self._socket = info["return_value"].get_extra_info("socket")
                self._close_if_expired()
        if phase := _TIMEOUT_OF_PHASE.get(event):
            self._start_phase(getattr(self._timeouts, phase))

    def restart_idle_timeout(self) -> None:
        """A piece of the body was taken: the limit of idleness begins anew."""
        # No lock and no word to the watcher, for every 64 KiB: it looks again when the old limit is over.
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
            self._close_if_expired()

    def _close_if_expired(self) -> None:
        if self.expired and self._socket is not None:
            with suppress(OSError):
                # Not the method of a TLS socket: that one forgets its keys first, and what another thread
                # writes at this moment would leave unencrypted.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
