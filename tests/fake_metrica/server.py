"""The fake service on a port of this machine: quotas, behaviors, and ``/_control/`` for tests in other processes."""

import collections
import json
import os
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.fake_metrica.behaviors import BEHAVIORS
from tests.fake_metrica.exchange import ConnectionEnded, Exchange
from tests.fake_metrica.store import Store


class FakeMetrica:
    """A running fake of the service.

    Attributes:
        store: The uploadings that it has.
        requests: The requests in order of arrival: method, path, query, headers.
        token: The only token that is accepted; ``None``: any.
        max_in_flight: The highest number of requests in flight, by counter and under ``"all"``.
        redirect_url: The address that redirects lead to.
        counters: The counters that are listed, each with what is special about it; others exist and are not listed.
        login: The account of the token.
        may_read: Whether the token has the right ``metrika:read``, which lists of counters, counters and reports need.
    """

    def __init__(
        self, *, port=0, tls=None, token=None, step_seconds=0.2, redirect_url="https://elsewhere.example", daily=5000,
        listens=True,
    ):  # fmt: skip
        """Start the service; if it does not listen, its requests come through ``InProcessTransport``."""
        self.store = Store(step_seconds)
        self.requests = []
        self.max_in_flight = collections.Counter()
        self.redirect_url = redirect_url
        self.counters = {
            12345678: {"name": "Ромашка", "permission": "own", "owner_login": "romashka", "site2": {"site": "romashka.ru"}},
            403: {"name": "Чужой", "site2": {"site": "other.example"}},
        }  # fmt: skip
        self.login = "romashka"
        self.may_read = True
        self.stopping = threading.Event()
        self.token, self._daily, self._tls = token, daily, tls
        self._in_flight = collections.Counter()
        self._active = []
        self._lock = threading.Lock()
        self.port, self._server = port, None
        if listens:
            self._listen(port)

    @property
    def url(self):
        return (
            f"{'https' if self._tls else 'http'}://localhost:{self.port}"
            if self._tls
            else f"http://127.0.0.1:{self.port}"
        )

    @property
    def posts(self):
        return [request for request in self.requests if request["method"] == "POST"]

    @property
    def idle(self):
        """Whether every request is answered."""
        return not any(self._in_flight.values())

    def behave(self, name, times=None, *, only=None):
        """Apply a behavior to the requests that it concerns, or to those of one kind, so many times or without end.

        A test may give a behavior of its own in place of a name.
        """
        with self._lock:
            behavior = BEHAVIORS[name] if isinstance(name, str) else name
            self._active.append([replace(behavior, kinds=(only,)) if only else behavior, times])

    def behave_well(self):
        with self._lock:
            self._active.clear()

    def refuse(self):
        """Close the port, so that connections are refused."""
        self._server.shutdown()
        self._server.server_close()

    def listen_again(self):
        self._listen(self.port)

    def stop(self):
        self.stopping.set()
        if self._server is not None:
            self.refuse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _listen(self, port):
        handler = type("Bound", (Handler,), {"service": self})
        self._server = Server(("127.0.0.1", port), handler, self._tls)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def serve(self, exchange):
        """Answer one request, by the active behavior or as documented."""
        with self._count_in_flight(exchange):
            self.requests.append(
                {"method": exchange.handler.command, "path": exchange.path, "query": exchange.query,
                 "headers": dict(exchange.handler.headers.items())}
            )  # fmt: skip
            if not self._refuse_if_invalid(exchange):
                self._next_behavior(exchange.kind)(exchange)

    def state(self):
        """Uploadings and requests, for tests in another process."""
        plain = [{key: request[key] for key in ("method", "path", "query")} for request in self.requests]
        return {
            "uploadings": [asdict(uploading) for uploading in self.store.uploadings],
            "requests": plain,
            "max_in_flight": dict(self.max_in_flight),
            "ahead": self.store.ahead,
        }

    @contextmanager
    def _count_in_flight(self, exchange):
        names = ("all", str(exchange.counter))
        with self._lock:
            for name in names:
                self._in_flight[name] += 1
                self.max_in_flight[name] = max(self.max_in_flight[name], self._in_flight[name])
        exchange.mark_answered = partial(self._end_request, exchange, names)
        try:
            yield
        finally:
            exchange.mark_answered()

    def _end_request(self, exchange, names):
        with self._lock:
            for name in names:
                self._in_flight[name] -= 1
        exchange.mark_answered = lambda: None

    def _refuse_if_invalid(self, exchange):
        """Refuse what the documented service refuses: a wrong token, an unknown counter, too many requests."""
        authorization = exchange.handler.headers.get("Authorization", "")
        if not authorization.startswith("OAuth ") or (self.token and authorization != f"OAuth {self.token}"):
            problem = (401, "unauthorized", "Unauthorized")
        elif exchange.counter == 404:
            problem = (404, "not_found", "Object not found")
        elif not self.may_read and exchange.kind in {"counter", "counters", "grant", "visits"}:
            problem = (403, "access_denied", "Access is denied")
        elif self._in_flight["all"] > 3:
            problem = (429, "quota_parallel_requests", "Too many parallel requests")
        elif len(self.requests) > self._daily:
            problem = (429, "quota_requests_by_uid", "The daily quota is used up")
        else:
            return False
        exchange.drain()
        exchange.refuse(*problem)
        return True

    def _next_behavior(self, kind):
        with self._lock:
            for entry in self._active:
                behavior, left = entry
                if kind in behavior.kinds and left != 0:
                    entry[1] = None if left is None else left - 1
                    return behavior.act
        return Exchange.answer_as_documented


class Server(ThreadingHTTPServer):
    """A server whose threads are not waited for. Errors of broken connections are not printed."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address, handler, tls):
        self.tls = tls
        super().__init__(address, handler)

    def server_bind(self):
        """Bind with a small buffer, so that a client notices after some hundred KiB that nobody reads."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
        super().server_bind()

    def finish_request(self, request, client_address):
        """Do the TLS handshake in the thread of the request, so that other requests need not wait for it."""
        if self.tls is None:
            return super().finish_request(request, client_address)
        with suppress(OSError), self.tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)
            with suppress(OSError):
                secured.shutdown(socket.SHUT_WR)
        return None

    def handle_error(self, request, client_address):
        """Print nothing: broken connections are intended here."""


class Handler(BaseHTTPRequestHandler):
    """One connection, one request."""

    service: FakeMetrica
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.close_connection = True
        if self.path.startswith("/_control/"):
            return self._control()
        with suppress(ConnectionEnded, OSError):
            return self.service.serve(Exchange(self.service, self))
        return None

    do_POST = do_GET  # noqa: N815 - the name that the standard library looks for

    def reset_connection(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def log_message(self, *_):
        """Print nothing."""

    def _control(self):
        exchange = Exchange(self.service, self)
        query, content = exchange.query, {}
        match exchange.parts[1]:
            case "state":
                content = self.service.state()
            case "behave":
                times = query.get("times")
                self.service.behave(query["name"], None if times is None else int(times), only=query.get("only"))
            case "behave-well":
                self.service.behave_well()
            case "clear":
                self.service.store.uploadings.clear()
                self.service.requests.clear()
            case "advance":
                self.service.store.advance(float(query["seconds"]))
        exchange.send(exchange.framed(200, json.dumps(content).encode()))
