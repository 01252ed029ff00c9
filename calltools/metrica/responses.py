"""Responses of Metrica, parsed into values, and texts of the service made safe to print. No I/O.

Of an uploading or a counter only the id is required: editions of the reference differ, and the service leaves fields
out. A field that is missing or has a wrong type becomes ``None`` or ``""``.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from calltools.model.foreign_words import mask_personal

#: Takes a secret out of a text.
Redactor = Callable[[str], str]

#: A longer response is not read. A page of a thousand uploadings has about half of it.
MAX_RESPONSE_BYTES: Final = 1 << 20

#: Why a body must not be used: cut off, larger than ``MAX_RESPONSE_BYTES``, or compressed without being asked for.
BodyProblem = Literal["", "cut", "large", "packed"]

#: What an account needs to upload to a counter.
_MAY_UPLOAD: Final = frozenset({"own", "edit"})
#: Status of a file that is stored and may not be read yet.
_UNREAD_STATUS: Final = "PREPARED"
_MAX_INT64: Final = (1 << 63) - 1
_MAX_TEXT_LENGTH: Final = 2000


@dataclass(frozen=True, slots=True)
class ServiceResponse:
    """A response to any request, good or bad.

    Attributes:
        status: HTTP status.
        body: The bytes that were read.
        retry_after: Header ``Retry-After`` as it came.
        body_problem: Why the body must not be used; ``""``: it may be.
        date: Header ``Date`` as it came: the clock of the service.
    """

    status: int
    body: bytes = b""
    retry_after: str | None = None
    body_problem: BodyProblem = ""
    date: str | None = None

    def json(self) -> Any:
        """Parse the body; ``None``: it is not JSON, or must not be used."""
        try:
            return None if self.body_problem else json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Uploading:
    """One uploading as the service describes it. Fields that nothing uses are not read.

    Attributes:
        id: Id of the service.
        status: As it came; ``""``: missing.
        comment: As it came; it begins with our marker if the uploading is ours.
        create_time: As it came.
        source_quantity: Rows that the service read; ``None``: it does not say, or has not read the file yet.
        line_quantity: Rows that the service accepted; ``None`` as above.
        linked_quantity: Calls that the service linked to visits.
    """

    id: int
    status: str = ""
    comment: str = ""
    create_time: str = ""
    source_quantity: int | None = None
    line_quantity: int | None = None
    linked_quantity: int | None = None


@dataclass(frozen=True, slots=True)
class UploadingPage:
    """One page of the list of uploadings.

    Attributes:
        uploadings: Those that no earlier page had.
        is_end: The page is empty, so nothing can follow it: only a list that ends with one is proven to be whole.
        service_time: When the service gave it, Unix seconds by its own clock; ``None``: it does not say.
    """

    uploadings: tuple[Uploading, ...]
    is_end: bool = False
    service_time: float | None = None


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter as the service describes it. Fields that nothing uses are not read.

    Attributes:
        id: Number of the counter.
        permission: What the account of the token may do: ``own``, ``edit``, ``view``; ``""``: not said.
        time_zone: IANA name.
        name: As people call it in Metrica.
        site: Its main address.
        owner: Login of the account that it belongs to.
    """

    id: int
    permission: str = ""
    time_zone: str = ""
    name: str = ""
    site: str = ""
    owner: str = ""

    @property
    def may_upload(self) -> bool | None:
        """Whether the account of the token may upload to it; ``None``: the service has not said."""
        return self.permission in _MAY_UPLOAD if self.permission else None

    @property
    def label(self) -> str:
        """``12345678 «Ромашка», romashka.ru``: the number alone may be mistyped, and a name is recognized."""
        named = f"{self.id} «{self.name}»" if self.name else str(self.id)
        return f"{named}, {self.site}" if self.site else named


@dataclass(frozen=True, slots=True)
class CounterPage:
    """One page of the list of counters.

    Attributes:
        counters: The counters.
        total: How many the whole list has; ``None``: not said.
    """

    counters: tuple[Counter, ...]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class CallReport:
    """What the reports of a counter show.

    Attributes:
        days: Calls and missed calls by day; a day without calls may be left out.
        is_sampled: The numbers are estimated from a part of the visits.
    """

    days: Mapping[date, tuple[int, int]]
    is_sampled: bool = False


@dataclass(frozen=True, slots=True)
class ServiceErrors:
    """A response in the error form of the service.

    Attributes:
        error_types: ``error_type`` of each error.
        message: The words of the service, safe to print.
        is_definite: The form is the documented one, so nothing is stored: each error has its type, or the status is
            repeated beside a message. A gateway that answers in JSON of its own has neither.
    """

    error_types: tuple[str, ...]
    message: str
    is_definite: bool

    @property
    def is_quota(self) -> bool:
        """Whether a quota is used up. The service adds types from time to time; all have this prefix."""
        return any(error_type.startswith("quota_") for error_type in self.error_types)


def parse_uploading(response: ServiceResponse) -> Uploading | None:
    """Parse an uploading; ``None``: the response has none."""
    content = _content(response)
    return None if content is None else _to_uploading(content.get("uploading"))


def parse_uploading_page(response: ServiceResponse) -> tuple[Uploading, ...] | None:
    """Parse a page of the list; ``None``: the response has none.

    One uploading without an id makes the whole page ``None``: it may be ours, and a part must not look absent.
    """
    content = _content(response)
    if content is None or not isinstance(content.get("uploadings"), list):
        return None
    uploadings = [_to_uploading(item) for item in content["uploadings"]]
    return None if None in uploadings else tuple(uploading for uploading in uploadings if uploading)


def parse_counter(response: ServiceResponse) -> Counter | None:
    """Parse a counter; ``None``: the response has none."""
    content = _content(response)
    return None if content is None else _to_counter(content.get("counter"))


def parse_counter_page(response: ServiceResponse) -> CounterPage | None:
    """Parse a page of the list of counters; ``None``: the response has none."""
    content = _content(response)
    if content is None or not isinstance(content.get("counters"), list):
        return None
    counters = [counter for item in content["counters"] if (counter := _to_counter(item)) is not None]
    return CounterPage(tuple(counters), _to_integer(content.get("rows")))


def parse_grant_login(response: ServiceResponse) -> str | None:
    """Parse the login of the account of the token; ``None``: the response has none, ``""``: it is not said."""
    content = _content(response)
    grant = None if content is None else content.get("grant")
    return _to_redacted_text(grant.get("user_login")) if isinstance(grant, dict) else None


def parse_visits(response: ServiceResponse) -> int | None:
    """Parse the number of visits of a report; ``None``: the response has none."""
    content = _content(response)
    totals = None if content is None else content.get("totals")
    first = totals[0] if isinstance(totals, list) and totals else None
    return int(first) if isinstance(first, int | float) and 0 <= first <= _MAX_INT64 else None


def parse_call_report(response: ServiceResponse) -> CallReport | None:
    """Parse a report of calls by day; ``None``: the response has none, or a row of it cannot be read."""
    content = _content(response)
    rows = None if content is None else content.get("data")
    if content is None or not isinstance(rows, list):
        return None
    try:
        days = {
            date.fromisoformat(row["dimensions"][0]["name"]): (round(row["metrics"][0]), round(row["metrics"][1]))
            for row in rows
        }
    except (TypeError, KeyError, IndexError, ValueError, OverflowError):
        return None
    return CallReport(days, is_sampled=content.get("sampled") is True)


def parse_errors(response: ServiceResponse, redact_secret: Redactor = str) -> ServiceErrors | None:
    """Parse the error form of the service; ``None``: the response has another form."""
    content = response.json()
    if not isinstance(content, dict) or not (errors := _error_objects(content)):
        return None
    error_types = tuple(_to_text(error.get("error_type")) for error in errors)
    lines = [_to_text(content.get("message")), *map(_format_error, errors)]
    message = redact("; ".join(dict.fromkeys(filter(None, lines))), redact_secret)
    repeats_status = content.get("code") == response.status and bool(_to_text(content.get("message")))
    return ServiceErrors(error_types, message, is_definite=all(error_types) or repeats_status)


def _content(response: ServiceResponse) -> Mapping[str, Any] | None:
    """The object of a response, unless it is an error: status 200 with an error form is an error too."""
    content = response.json()
    return content if isinstance(content, dict) and not _error_objects(content) else None


def _error_objects(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = content.get("errors")
    if isinstance(errors, list) and errors:
        return [error if isinstance(error, dict) else {"message": error} for error in errors]
    # Other clients have seen error forms without the list, only with message and code.
    return [{}] if "message" in content and "code" in content else []


def _format_error(error: Mapping[str, Any]) -> str:
    error_type, message, location = (_to_text(error.get(name)) for name in ("error_type", "message", "location"))
    line = ": ".join(filter(None, (error_type, message)))
    return f"{line} ({location})" if location else line


def _to_uploading(item: Any) -> Uploading | None:
    if not isinstance(item, dict) or (number := _to_integer(item.get("id"))) is None:
        return None
    status = _to_redacted_text(item.get("status"))
    source, line = (_to_integer(item.get(name)) for name in ("source_quantity", "line_quantity"))
    if status == _UNREAD_STATUS and not source and not line:
        # The service has not read the file yet: its zeros do not say that it accepted no call.
        source = line = None
    return Uploading(
        number,
        status=status,
        # Not redacted: the marker in it is compared. What is printed of it is redacted there.
        comment=_to_text(item.get("comment")),
        create_time=_to_redacted_text(item.get("create_time")),
        source_quantity=source,
        line_quantity=line,
        linked_quantity=_to_integer(item.get("linked_quantity")),
    )


def _to_counter(item: Any) -> Counter | None:
    if not isinstance(item, dict) or (number := _to_integer(item.get("id"))) is None:
        return None
    site = item.get("site2")
    return Counter(
        number,
        permission=_to_redacted_text(item.get("permission")),
        time_zone=_to_redacted_text(item.get("time_zone_name")),
        name=_to_redacted_text(item.get("name")),
        # An older edition of the reference has the site itself.
        site=_to_redacted_text(site.get("site") if isinstance(site, dict) else item.get("site")),
        owner=_to_redacted_text(item.get("owner_login")),
    )


def _to_integer(value: Any) -> int | None:
    # A string of digits is accepted as well: what matters is that an uploading of ours is not overlooked.
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(_MAX_INT64)):
        value = int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_INT64
    return value if fits else None


def _to_text(value: Any) -> str:
    # JSON can escape half of a surrogate pair, which no file and no terminal takes.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _to_redacted_text(value: Any) -> str:
    return redact(_to_text(value))


def redact(text: str, redact_secret: Redactor = str) -> str:
    """Make a text of foreign origin safe to print.

    The secret and what may be personal are replaced by ``***``, characters that are not printable by a space
    or an escape, and a very long text is cut.

    Args:
        text: Any text.
        redact_secret: Takes the token out.
    """
    shown = "".join(map(_escape_unprintable, mask_personal(redact_secret(text)).strip()))
    return shown if len(shown) <= _MAX_TEXT_LENGTH else f"{shown[:_MAX_TEXT_LENGTH]}…"


def _escape_unprintable(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else character.encode("unicode_escape").decode()
