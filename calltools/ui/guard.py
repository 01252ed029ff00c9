"""Who may come in: one browser, by a secret that is used once; everybody else is refused before anything is read.

Three things stand against a request of somebody else. The ``Host`` must be ours, so that no name of another owner leads
here (DNS rebinding). The cookie must be ours; it is ``SameSite=Strict`` and is sent only below a path that nobody can
guess, because browsers do not tell ports apart and would show it to every server of this machine. And what changes
something is a POST with our ``Origin`` and the token of the form.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE: Final = "calltools"
#: No script or style but the page's own files, nothing from elsewhere, and nobody may show the page in a frame.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    # Not "no-referrer": with it a browser says of our own forms, too, that their origin is "null".
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
_READING: Final = frozenset({"GET", "HEAD"})
_REFUSED: Final = "calltools: this page belongs to the browser that opened it.\n"


@dataclass(slots=True)
class Door:
    """The secrets of one page.

    Attributes:
        port: Where it listens.
        base: The path below which all of it lies, and the cookie is sent.
        form_token: What each form holds.
    """

    port: int
    base: str = field(default_factory=lambda: f"/{secrets.token_urlsafe(16)}")
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    _cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    _key: str | None = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def origin(self) -> str:
        """Of the page, as browsers name it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """The address that lets one browser in, once."""
        return f"{self.origin}{self.base}/enter?key={self._key}"

    def enter(self, key: str) -> str | None:
        """The cookie for who has the key, which is worth nothing from then on; ``None``: it is not the key."""
        if self._key is None or not _same(key, self._key):
            return None
        self._key = None
        return f"{COOKIE}={self._cookie}; Path={self.base}/; HttpOnly; SameSite=Strict"

    def knows(self, headers: Headers) -> bool:
        """Whether a request comes from the browser that was let in."""
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        found = cookies.get(COOKIE)
        return found is not None and _same(found.value, self._cookie)

    def is_form_token(self, given: str) -> bool:
        """Whether a form is one of ours."""
        return _same(given, self.form_token)


def _same(given: str, secret: str) -> bool:
    return compare_digest(given.encode("utf-8", "surrogatepass"), secret.encode())


@dataclass(frozen=True, slots=True)
class Guard:
    """Stands before the pages: what it lets through is a request of the one visitor.

    Attributes:
        app: The pages.
        door: The secrets.
    """

    app: ASGIApp
    door: Door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or hand it on; each answer gets the headers that bind the browser."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_bound(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if self._is_refused(scope["method"], scope["path"], Headers(scope=scope)):
            await PlainTextResponse(_REFUSED, 403)(scope, receive, send_bound)
            return
        await self.app(scope, receive, send_bound)

    def _is_refused(self, method: str, path: str, headers: Headers) -> bool:
        door = self.door
        if headers.get("host") not in {f"127.0.0.1:{door.port}", f"localhost:{door.port}"}:
            return True
        if method in _READING and path == f"{door.base}/enter":
            return False
        # Another server of this machine is the same site for a browser, but not the same origin.
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return True
        if not path.startswith(f"{door.base}/") or not door.knows(headers):
            return True
        return method not in _READING and (method != "POST" or headers.get("origin") != f"http://{headers.get('host')}")
