"""Requests to Metrica as values. No I/O.

Source:
    Metrica's reference: ``offline_conversions/upload_calls``, ``calls_uploading``, ``calls_uploadings``, ``counter``,
    ``counters``, ``my_grant``, ``stat/v1/data``; Yandex OAuth: parameters of ``authorize``.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from urllib.parse import urlencode

API_URL: Final = "https://api-metrika.yandex.net"
#: Uploadings on one page of the list, unless such a page is too large.
PAGE_SIZE: Final = 1000

#: Counters on one page of their list: each has a kilobyte or so.
COUNTERS_PAGE_SIZE: Final = 200
#: Where an application is registered, once, and where its tokens are given.
NEW_APPLICATION_URL: Final = "https://oauth.yandex.ru/client/new"
#: The address that an application must name as its own, so that the page shows the token to the person.
REDIRECT_URL: Final = "https://oauth.yandex.ru/verification_code"
#: The least right with which calls can be uploaded, and the one that shows counters and visits.
UPLOAD_RIGHT: Final = "metrika:offline_data"
READ_RIGHT: Final = "metrika:read"

ClientIdType = Literal["CLIENT_ID", "YCLID", "USER_ID"]

_COUNTERS_PATH: Final = "/management/v1/counter"
#: Never the user's file name, which may name a client.
_FILE_NAME: Final = "calls.csv"


@dataclass(frozen=True, slots=True)
class Request:
    """A request, without address, token and body.

    Attributes:
        method: HTTP method.
        path: Path from the root of the service.
        counter: Counter that the request is about: it has one request at a time; 0: about none.
        query: Parameters in order, not encoded.
    """

    method: Literal["GET", "POST"]
    path: str
    counter: int
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MultipartFraming:
    """The bytes around a file that make it the only part, named ``file``, of a multipart body (RFC 7578)."""

    boundary: str

    @property
    def content_type(self) -> str:
        """The value of header ``Content-Type``."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def head(self) -> bytes:
        """The bytes before the file."""
        lines = (
            f"--{self.boundary}",
            f'Content-Disposition: form-data; name="file"; filename="{_FILE_NAME}"',
            "Content-Type: text/csv",
        )
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode()

    @property
    def tail(self) -> bytes:
        """The bytes after the file."""
        return f"\r\n--{self.boundary}--\r\n".encode()

    def body_length(self, size: int) -> int:
        """Number of bytes of the body with a file of this size."""
        return len(self.head) + size + len(self.tail)


def upload_calls_request(
    counter: int, comment: str, *, goal: str | None = None, client_id_type: ClientIdType | None = None
) -> Request:
    """Request to store the calls of a file.

    Args:
        counter: The counter.
        comment: Begins with the marker by which the uploading is found again; letters, digits and spaces.
        goal: Name of the goal that the service creates for calls, unless the counter has one.
        client_id_type: Identifier kind of the file. The present reference does not have it; most clients still send it.
    """
    query = (("new_goal_name", goal), ("comment", comment), ("client_id_type", client_id_type))
    path = f"{_COUNTERS_PATH}/{counter}/offline_conversions/upload_calls"
    return Request("POST", path, counter, tuple((name, value) for name, value in query if value))


def uploading_request(counter: int, uploading: int) -> Request:
    """Request the status of an uploading."""
    return Request("GET", f"{_COUNTERS_PATH}/{counter}/offline_conversions/calls_uploading/{uploading}", counter)


def uploading_page_request(counter: int, offset: int = 0, limit: int = PAGE_SIZE) -> Request:
    """Request one page of the uploadings of a counter; the first uploading has offset 0."""
    query = (("limit", str(limit)), ("offset", str(offset)))
    return Request("GET", f"{_COUNTERS_PATH}/{counter}/offline_conversions/calls_uploadings", counter, query)


def call_report_request(counter: int, first: date, last: date) -> Request:
    """Request what the reports show: calls and missed calls by day, in the days of the counter's time zone."""
    query = (
        ("ids", str(counter)),
        ("metrics", "ym:s:offlineCalls,ym:s:offlineCallsMissed"),
        ("dimensions", "ym:s:date"),
        ("date1", first.isoformat()),
        ("date2", last.isoformat()),
        # Not a sample of the visits.
        ("accuracy", "full"),
        ("limit", "100000"),
    )
    return Request("GET", "/stat/v1/data", counter, query)


def authorize_url(client_id: str, *, may_read: bool) -> str:
    """The address at which a person lets an application have a token with few rights, and is shown the token.

    Args:
        client_id: Of the application, as Yandex calls it.
        may_read: Ask for the right to read counters and visits too.
    """
    rights = [UPLOAD_RIGHT, READ_RIGHT] if may_read else [UPLOAD_RIGHT]
    query = {"response_type": "token", "client_id": client_id, "scope": " ".join(rights)}
    return f"https://oauth.yandex.ru/authorize?{urlencode(query, safe=':')}"


def counters_request(before: int = 0) -> Request:
    """Request one page of the counters that the account of the token may see; so many came before."""
    query = (("per_page", str(COUNTERS_PAGE_SIZE)), ("offset", str(before + 1)))
    return Request("GET", f"{_COUNTERS_PATH}s", 0, query)


def grant_request(counter: int) -> Request:
    """Request what the account of the token may do with a counter; the response names the account."""
    return Request("GET", f"{_COUNTERS_PATH}/{counter}/my_grant", counter)


def visits_request(counter: int, days: int) -> Request:
    """Request the number of visits that a counter had in so many days until today."""
    query = (
        ("ids", str(counter)),
        ("metrics", "ym:s:visits"),
        ("date1", f"{days}daysAgo"),
        ("date2", "today"),
        # Without a sample: a small number would be rounded to none.
        ("accuracy", "full"),
    )
    return Request("GET", "/stat/v1/data", counter, query)


def counter_request(counter: int) -> Request:
    """Request a counter, with the permission of the token's account."""
    return Request("GET", f"{_COUNTERS_PATH}/{counter}", counter)
