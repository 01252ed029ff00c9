"""One request, and the actions of behaviors: read, store, answer, or break off."""

import json
from contextlib import suppress
from email.utils import formatdate
from urllib.parse import parse_qsl, urlsplit

from tests.fake_metrica import responses
from tests.fake_metrica.store import BadFileError

REASON_PHRASES = {
    200: "OK",
    302: "Found",
    307: "Temporary Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    413: "Too Large",
}


class ConnectionEnded(Exception):  # noqa: N818 - it ends the exchange and is not an error
    """The behavior, or the client, has ended the connection."""


class Exchange:
    """A request and its connection.

    Attributes:
        body: The bytes of the body that were read.
        ahead: Seconds by which header ``Date`` is ahead of the service's clock; ``None``: no such header.
        mark_answered: Called before the response is sent, see ``send``.
    """

    def __init__(self, service, handler):
        self.service = service
        self.store = service.store
        self.handler = handler
        self.path = urlsplit(handler.path).path
        self.query = dict(parse_qsl(urlsplit(handler.path).query))
        self.parts = self.path.strip("/").split("/")
        self.length = int(handler.headers.get("Content-Length") or 0)
        self.body = b""
        self.ahead = 0
        self.mark_answered = lambda: None

    @property
    def counter(self):
        """The counter of the path, or of the query of a report; 0: the request is about no counter."""
        in_path = len(self.parts) > 3
        return int(self.parts[3] if in_path else self.query.get("ids", 0))

    @property
    def kind(self):
        if self.handler.command == "POST" and self.parts[-1] == "upload_calls":
            return "upload"
        if "offlineCalls" in self.query.get("metrics", ""):
            return "report"
        names = {
            "calls_uploadings": "list", "calls_uploading": "status", "counters": "counters", "my_grant": "grant",
            "data": "visits",
        }  # fmt: skip
        return names.get(self.parts[-1]) or names.get(self.parts[-2], "counter")

    def read(self, size=None):
        """Read so many bytes of the body, by default the rest.

        Raises:
            ConnectionEnded: The client has closed the connection.
        """
        left = self.length - len(self.body)
        wanted = left if size is None else min(size, left)
        piece = self.handler.rfile.read(wanted)
        if len(piece) < wanted:
            raise ConnectionEnded
        self.body += piece
        return self.body

    def drain(self):
        """Read the rest of the body and drop it."""
        left = self.length - len(self.body)
        while left > 0 and (piece := self.handler.rfile.read(min(left, 1 << 16))):
            left -= len(piece)

    def store_upload(self):
        """Store a whole upload as the service does."""
        content = responses.extract_file(self.handler.headers["Content-Type"], self.read())
        if content is None:
            raise BadFileError("There is no part named file")
        return self.store.add(self.counter, self.query, content)

    def answer_as_documented(self):
        """Answer as the reference documents."""
        getattr(self, f"_{self.kind}")()

    def answer(self, status, content, **headers):
        self.send(self.framed(status, json.dumps(content, ensure_ascii=False).encode(), **headers))

    def refuse(self, status, kind, message="refused", **headers):
        self.answer(status, responses.error_object(status, kind, message), **headers)

    def framed(self, status, body, length=None, kind="application/json", **headers):
        lines = [
            f"HTTP/1.1 {status} {REASON_PHRASES.get(status, 'Status')}",
            f"Content-Type: {kind}",
            "Connection: close",
        ]
        lines.append(f"Content-Length: {len(body) if length is None else length}")
        if self.ahead is not None:
            lines.append(f"Date: {formatdate(self.store.unix_time() + self.ahead, usegmt=True)}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def send(self, data):
        """Send bytes. The request counts as answered before its client can receive them and send the next one."""
        self.mark_answered()
        with suppress(OSError):
            self.handler.wfile.write(data)

    def send_slowly(self, data, seconds):
        for byte in data:
            self.handler.wfile.write(bytes([byte]))
            self.wait(seconds)

    def wait(self, seconds):
        """Wait so many seconds, or until the service stops."""
        if self.service.stopping.wait(seconds):
            raise ConnectionEnded

    def silence(self):
        self.wait(120)

    def reset(self):
        """Reset the connection (RST)."""
        self.handler.reset_connection()
        raise ConnectionEnded

    def _upload(self):
        if self.counter == 403:
            self.drain()
            return self.refuse(403, "access_denied", "Access is denied")
        try:
            stored = self.store_upload()
        except BadFileError as error:
            return self.refuse(400, "invalid_uploading", str(error))
        return self.answer(200, {"uploading": responses.uploading_object(self.store, stored)})

    def _status(self):
        found = self.store.find(self.counter, int(self.parts[-1]))
        if found is None:
            return self.refuse(404, "not_found", "Object not found")
        return self.answer(200, {"uploading": responses.uploading_object(self.store, found)})

    def _report(self):
        self.answer(200, responses.report_object(self.store.of(self.counter), self.query))

    def _list(self):
        self.answer(200, {"uploadings": self.page(self.listed())})

    def listed(self):
        return [responses.uploading_object(self.store, one) for one in self.store.of(self.counter)]

    def page(self, listed, largest=10_000):
        first = int(self.query.get("offset", 0))
        return listed[first : first + min(int(self.query.get("limit", 10_000)), largest)]

    def _counter(self):
        self.answer(200, {"counter": responses.counter_object(self.counter, self.service.counters)})

    def _counters(self):
        """A page of the counters that the account of the token may see; the first counter has number 1."""
        listed = [responses.counter_object(number, self.service.counters) for number in self.service.counters]
        first = int(self.query.get("offset", 1)) - 1
        page = listed[first : first + int(self.query.get("per_page", 1000))]
        self.answer(200, {"rows": len(listed), "counters": page})

    def _grant(self):
        permission = responses.counter_object(self.counter, self.service.counters)["permission"]
        self.answer(200, {"grant": {"user_login": self.service.login, "perm": permission, "comment": ""}})

    def _visits(self):
        visits = responses.counter_object(self.counter, self.service.counters)["visits"]
        self.answer(200, {"data": [], "totals": [float(visits)], "sampled": False})
