"""Answers of Metrica, read into values. No I/O.

Only an id is asked of an answer; a field that is missing, unknown or of another kind than documented is ``None``
or left out, because editions of the reference differ and observed answers differ from all of them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from calltools.metrica.hiding import Hide, showable

#: Words of the service after which an uploading changes no more. Any other word: still at work.
FINAL_STATUSES: Final = frozenset({"PROCESSED", "LINKAGE_FAILURE"})
#: Longest answer that is read. A page of a thousand uploadings is about half of it.
ANSWER_LIMIT: Final = 1 << 20

#: Why a body is not to be believed: it broke off, is longer than ``ANSWER_LIMIT``, or is packed unasked.
Flaw = Literal["", "cut", "large", "packed"]

_INT64: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, of whatever sort.

    Attributes:
        status: HTTP.
        body: As far as it was read.
        retry_after: That header as it came.
        flaw: Why the body is not to be believed, if it is not.
        date: The service's clock: that header as it came.
    """

    status: int
    body: bytes = b""
    retry_after: str | None = None
    flaw: Flaw = ""
    date: str | None = None

    def json(self) -> Any:
        """The body as JSON; ``None`` where it is none, or not to be believed."""
        try:
            return None if self.flaw else json.loads(self.body)
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
        return self.status in FINAL_STATUSES


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
class Refusal:
    """The error form of the service.

    Attributes:
        kinds: ``error_type`` of each error.
        text: What it says itself, fit to be shown.
    """

    kinds: tuple[str, ...]
    text: str

    @property
    def quota(self) -> bool:
        """A limit of requests is used up. New kinds of it appear, all with this beginning."""
        return any(kind.startswith("quota_") for kind in self.kinds)


def uploading_in(answer: Answer) -> Uploading | None:
    """The uploading that the answer tells of; ``None``: it tells of none."""
    found = answer.json()
    return _uploading(found.get("uploading")) if isinstance(found, dict) and not _errors(found) else None


def uploadings_in(answer: Answer) -> tuple[Uploading, ...] | None:
    """The uploadings of a page; ``None``: it is no page. One without an id spoils the page: it may be ours."""
    found = answer.json()
    if not isinstance(found, dict) or _errors(found) or not isinstance(found.get("uploadings"), list):
        return None
    read = [_uploading(one) for one in found["uploadings"]]
    return None if None in read else tuple(one for one in read if one)


def counter_in(answer: Answer) -> Counter | None:
    """The counter that the answer tells of; ``None``: it tells of none."""
    found = answer.json()
    told = found.get("counter") if isinstance(found, dict) and not _errors(found) else None
    if not isinstance(told, dict) or (number := _whole(told.get("id"))) is None:
        return None
    site = told.get("site2")
    return Counter(
        number,
        _word(told.get("name")),
        _word(site.get("site") if isinstance(site, dict) else told.get("site")),
        _word(told.get("permission")),
        _word(told.get("time_zone_name")),
    )


def refusal_in(answer: Answer, hide: Hide = str) -> Refusal | None:
    """The errors that the answer tells of; ``None``: it does not have the service's error form."""
    found = answer.json()
    if not isinstance(found, dict) or not (errors := _errors(found)):
        return None
    kinds = tuple(_text(error.get("error_type")) for error in errors)
    lines = [_text(found.get("message")), *map(_line, errors)]
    return Refusal(kinds, showable("; ".join(dict.fromkeys(filter(None, lines))), hide))


def _errors(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Some clients saw answers without the list, only with message and code."""
    listed = found.get("errors")
    if isinstance(listed, list) and listed:
        return [error if isinstance(error, dict) else {"message": error} for error in listed]
    return [{}] if "message" in found and "code" in found else []


def _line(error: Mapping[str, Any]) -> str:
    kind, message, place = (_text(error.get(name)) for name in ("error_type", "message", "location"))
    line = ": ".join(filter(None, (kind, message)))
    return f"{line} ({place})" if place else line


def _uploading(told: Any) -> Uploading | None:
    if not isinstance(told, dict) or (number := _whole(told.get("id"))) is None:
        return None
    words = {name: _word(told.get(name)) for name in _WORDS}
    quantities = {name: _whole(told.get(name)) for name in _QUANTITIES}
    bare = Uploading(number, comment=_text(told.get("comment")))
    return replace(bare, **words, **quantities)  # type: ignore[arg-type]  # each name with the kind it has


_WORDS: Final = ("status", "create_time", "client_id_type", "type")
_QUANTITIES: Final = tuple(name for name in Uploading.__dataclass_fields__ if name.endswith("_quantity"))


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(_INT64)):
        value = int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _INT64
    return value if fits else None


def _text(value: Any) -> str:
    """JSON can spell half characters, which no file and no terminal takes."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _word(value: Any) -> str:
    return showable(_text(value))
