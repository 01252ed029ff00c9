"""Responses of Metrica, parsed into values. No I/O. Only an id is required; wrong or missing fields become None."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from calltools.metrica.redaction import Redactor, redact

#: Words of the service after which an uploading changes no more. Any other word: still at work.
FINAL_UPLOADING_STATUSES: Final = frozenset({"PROCESSED", "LINKAGE_FAILURE"})
#: Longest answer that is read. A page of a thousand uploadings is about half of it.
MAX_RESPONSE_BYTES: Final = 1 << 20

#: Why a body is not to be believed: it broke off, is longer than ``ANSWER_LIMIT``, or is packed unasked.
BodyProblem = Literal["", "cut", "large", "packed"]

_INT64: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class ServiceResponse:
    """What came back, of whatever sort.

    Attributes:
        status: HTTP.
        body: As far as it was read.
        retry_after: That header as it came.
        body_problem: Why the body is not to be believed, if it is not.
        date: The service's clock: that header as it came.
    """

    status: int
    body: bytes = b""
    retry_after: str | None = None
    body_problem: BodyProblem = ""
    date: str | None = None

    def json(self) -> Any:
        """The body as JSON; ``None`` where it is none, or not to be believed."""
        try:
            return None if self.body_problem else json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Uploading:
    """What the service says of one uploading.

    Attributes:
        id: The service's.
        status: As it came; ``""`` where there is none.
        comment: Begins with our marker if it is ours.
        create_time: As it came.
        client_id_type: As it came.
        type: As it came.
        source_quantity: Rows that the service read.
        line_quantity: Rows that it accepted.
        static_calls_quantity: Static calls of those.
        dynamic_calls_quantity: Dynamic calls of those.
        linked_quantity: Calls that it tied to a visitor.
        goal_not_found_quantity: Calls without a goal.
        user_not_found_quantity: Calls without a visitor.
    """

    id: int
    status: str = ""
    comment: str = ""
    create_time: str = ""
    client_id_type: str = ""
    type: str = ""
    source_quantity: int | None = None
    line_quantity: int | None = None
    static_calls_quantity: int | None = None
    dynamic_calls_quantity: int | None = None
    linked_quantity: int | None = None
    goal_not_found_quantity: int | None = None
    user_not_found_quantity: int | None = None

    @property
    def finished(self) -> bool:
        """The service is done with it."""
        return self.status in FINAL_UPLOADING_STATUSES


@dataclass(frozen=True, slots=True)
class Counter:
    """What the service says of a counter.

    Attributes:
        id: Its number.
        name: As the owner calls it.
        site: Its main domain.
        permission: What the token's account may do: ``own``, ``edit``, ``view``.
        time_zone: IANA name.
    """

    id: int
    name: str = ""
    site: str = ""
    permission: str = ""
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class ServiceErrors:
    """The error form of the service.

    Attributes:
        error_types: ``error_type`` of each error.
        message: What it says itself, fit to be shown.
    """

    error_types: tuple[str, ...]
    message: str

    @property
    def is_quota(self) -> bool:
        """A limit of requests is used up. New kinds of it appear, all with this beginning."""
        return any(kind.startswith("quota_") for kind in self.error_types)


def parse_uploading(answer: ServiceResponse) -> Uploading | None:
    """The uploading that the answer tells of; ``None``: it tells of none."""
    found = answer.json()
    return _to_uploading(found.get("uploading")) if isinstance(found, dict) and not _error_objects(found) else None


def parse_uploading_page(answer: ServiceResponse) -> tuple[Uploading, ...] | None:
    """The uploadings of a page; ``None``: it is no page. One without an id spoils the page: it may be ours."""
    found = answer.json()
    if not isinstance(found, dict) or _error_objects(found) or not isinstance(found.get("uploadings"), list):
        return None
    read = [_to_uploading(one) for one in found["uploadings"]]
    return None if None in read else tuple(one for one in read if one)


def parse_counter(answer: ServiceResponse) -> Counter | None:
    """The counter that the answer tells of; ``None``: it tells of none."""
    found = answer.json()
    told = found.get("counter") if isinstance(found, dict) and not _error_objects(found) else None
    if not isinstance(told, dict) or (number := _to_integer(told.get("id"))) is None:
        return None
    site = told.get("site2")
    return Counter(
        number,
        _to_redacted_text(told.get("name")),
        _to_redacted_text(site.get("site") if isinstance(site, dict) else told.get("site")),
        _to_redacted_text(told.get("permission")),
        _to_redacted_text(told.get("time_zone_name")),
    )


def parse_errors(answer: ServiceResponse, redact_secret: Redactor = str) -> ServiceErrors | None:
    """The errors that the answer tells of; ``None``: it does not have the service's error form."""
    found = answer.json()
    if not isinstance(found, dict) or not (errors := _error_objects(found)):
        return None
    kinds = tuple(_to_text(error.get("error_type")) for error in errors)
    lines = [_to_text(found.get("message")), *map(_format_error, errors)]
    return ServiceErrors(kinds, redact("; ".join(dict.fromkeys(filter(None, lines))), redact_secret))


def _error_objects(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Some clients saw answers without the list, only with message and code."""
    listed = found.get("errors")
    if isinstance(listed, list) and listed:
        return [error if isinstance(error, dict) else {"message": error} for error in listed]
    return [{}] if "message" in found and "code" in found else []


def _format_error(error: Mapping[str, Any]) -> str:
    kind, message, place = (_to_text(error.get(name)) for name in ("error_type", "message", "location"))
    line = ": ".join(filter(None, (kind, message)))
    return f"{line} ({place})" if place else line


def _to_uploading(told: Any) -> Uploading | None:
    if not isinstance(told, dict) or (number := _to_integer(told.get("id"))) is None:
        return None
    words = {name: _to_redacted_text(told.get(name)) for name in _TEXT_FIELDS}
    quantities = {name: _to_integer(told.get(name)) for name in _QUANTITY_FIELDS}
    bare = Uploading(number, comment=_to_text(told.get("comment")))
    return replace(bare, **words, **quantities)  # type: ignore[arg-type]  # each name with the kind it has


_TEXT_FIELDS: Final = ("status", "create_time", "client_id_type", "type")
_QUANTITY_FIELDS: Final = tuple(name for name in Uploading.__dataclass_fields__ if name.endswith("_quantity"))


def _to_integer(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(_INT64)):
        value = int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _INT64
    return value if fits else None


def _to_text(value: Any) -> str:
    """JSON can spell half characters, which no file and no terminal takes."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _to_redacted_text(value: Any) -> str:
    return redact(_to_text(value))
