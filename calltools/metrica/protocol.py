"""Requests to Metrica as values. No I/O.

Source:
    Metrica's reference: ``offline_conversions/upload_calls``, ``calls_uploading``, ``calls_uploadings``, ``counter``.
"""

from dataclasses import dataclass
from typing import Final, Literal

API_URL: Final = "https://api-metrika.yandex.net"
#: Uploadings asked for at once.
PAGE_SIZE: Final = 1000
#: The service's limit of a comment and of a goal's name.
MAX_TEXT_LENGTH: Final = 255

ClientIdType = Literal["CLIENT_ID", "YCLID", "USER_ID"]

_COUNTERS_PATH: Final = "/management/v1/counter"
#: Never the user's file name, which may name a client.
_FILE_NAME: Final = "calls.csv"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the service.

    Attributes:
        method: GET or POST.
        path: From the root of the service.
        counter: Whose turn it takes.
        query: In order, not yet encoded.
    """

    method: Literal["GET", "POST"]
    path: str
    counter: int
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MultipartFraming:
    """The bytes around a file that make it the one part, named ``file``, of a multipart body."""

    boundary: str

    @property
    def content_type(self) -> str:
        """The value of that header."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def head(self) -> bytes:
        """What comes before the file."""
        lines = (
            f"--{self.boundary}",
            f'Content-Disposition: form-data; name="file"; filename="{_FILE_NAME}"',
            "Content-Type: text/csv",
        )
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode()

    @property
    def tail(self) -> bytes:
        """What comes after it."""
        return f"\r\n--{self.boundary}--\r\n".encode()

    def body_length(self, size: int) -> int:
        """Bytes of the body around a file of this size."""
        return len(self.head) + size + len(self.tail)


def upload_calls_request(
    counter: int, comment: str, *, goal: str | None = None, client_id_type: ClientIdType | None = None
) -> Request:
    """Store the calls of a file.

    Args:
        counter: Where they belong.
        comment: Begins with the marker by which the uploading is found again; letters, digits and spaces.
        goal: Name of the goal that the service makes for calls, unless the counter has one.
        client_id_type: The one identifier kind of the file. Not in the present reference, still sent by most clients.
    """
    query = (("new_goal_name", goal), ("comment", comment), ("client_id_type", client_id_type))
    path = f"{_COUNTERS_PATH}/{counter}/offline_conversions/upload_calls"
    return Request("POST", path, counter, tuple((name, value) for name, value in query if value))


def uploading_request(counter: int, uploading: int) -> Request:
    """How far the service is with an uploading."""
    return Request("GET", f"{_COUNTERS_PATH}/{counter}/offline_conversions/calls_uploading/{uploading}", counter)


def uploading_page_request(counter: int, offset: int = 0) -> Request:
    """Some uploadings of a counter, the first of which has offset 0."""
    query = (("limit", str(PAGE_SIZE)), ("offset", str(offset)))
    return Request("GET", f"{_COUNTERS_PATH}/{counter}/offline_conversions/calls_uploadings", counter, query)


def counter_request(counter: int) -> Request:
    """What the counter is called and what the token may do with it."""
    return Request("GET", f"{_COUNTERS_PATH}/{counter}", counter)
