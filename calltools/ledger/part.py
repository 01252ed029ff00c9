"""A part of an upload as the ledger keeps it: the part, its attempts and their outcomes, its marker. No I/O."""

import base64
import re
import secrets
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from calltools.ledger.states import ACCEPTED_STATES, HELD_STATES, TRANSITION_OF_STATUS, WAITING_STATES, State

_LONG_NUMBER: Final = re.compile("[0-9]{7,}")


def mask_long_numbers(text: str) -> str:
    """A text of the service or a file's name without runs of seven digits or more."""
    return _LONG_NUMBER.sub("***", text)


_MARK_BYTES: Final = 16
_MARKER: Final = re.compile(r"\bct1([a-z2-7]{26})A([1-9][0-9]{0,5})\b")


def new_mark() -> str:
    """26 letters and digits that say nothing and come once."""
    return base64.b32encode(secrets.token_bytes(_MARK_BYTES)).decode().rstrip("=").lower()


def format_marker(mark: str, attempt: int) -> str:
    """What stands first in the comment of one attempt."""
    return f"ct1{mark}A{attempt}"


def marked_comment(mark: str, attempt: int, comment: str) -> str:
    """The whole comment: the marker, then what the user wants to say."""
    return f"{format_marker(mark, attempt)} {comment}".rstrip()


def parse_marker(comment: str) -> tuple[str, int] | None:
    """Mark and attempt in a comment of the service's list; ``None``: it is not ours."""
    found = _MARKER.search(comment)
    return None if found is None else (found[1], int(found[2]))


#: Identifier kind of an uploading, as the columns are called.
IdentifierKind = Literal["ClientId", "Yclid", "UserId"]


@dataclass(frozen=True, slots=True)
class Acked:
    """A whole, valid answer: the service has stored it. Quantities that it does not name are ``None``."""

    upload_id: int
    source_quantity: int | None = None
    line_quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A definite refusal: nothing is stored."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proof that no byte of the request has left."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Refused by a quota; ``until`` is Unix seconds, ``None``: the service does not say."""

    until: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Everything else: it may have arrived."""

    reason: str
    bytes_sent: int | None = None


AttemptOutcome: TypeAlias = Acked | Rejected | NotSent | Throttled | Ambiguous


@dataclass(frozen=True, slots=True)
class ListedUploading:
    """One line of the service's list of uploadings."""

    upload_id: int
    comment: str
    source_quantity: int | None = None
    line_quantity: int | None = None


@dataclass(frozen=True, slots=True)
class ReconcilePolicy:
    """What to do with a batch that the list does not show.

    Attributes:
        min_absent_seconds: From the first to the last listing without it.
        min_listings: How many listings without it, at least.
        on_absent: ``hold`` leaves the decision to a person; ``resend`` makes it ready to be sent again.
    """

    min_absent_seconds: float = 15 * 60
    min_listings: int = 3
    on_absent: Literal["hold", "resend"] = "hold"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST, or the intent of one.

    Attributes:
        n: Counted from 1.
        state: ``SENDING`` while it goes, then what became of it; ``ABSENT`` after it was proven not to be there.
        started: Unix seconds, before the first byte.
        ended: When its outcome was written; ``None`` while it goes.
        bytes_sent: As far as known.
        reason: The service's or the network's words, long digits masked.
        upload_id: The service's id.
    """

    n: int
    state: State
    started: float
    ended: float | None = None
    bytes_sent: int | None = None
    reason: str = ""
    upload_id: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a file as the ledger knows it.

    Attributes:
        id: The ledger's own number.
        counter: Where it goes.
        mark: 26 characters that no other batch has.
        kind: Identifier kind.
        rows: Calls in it.
        dynamic: Those of them that are not static: only these can be linked.
        size: Bytes of its file.
        digest: Keyed digest of its file, hexadecimal.
        goal: Name of the goal, as given.
        comment: The user's comment, as given.
        source: What the user calls the file, long digits masked.
        part: Which part of that file, from 1.
        parts: Of how many.
        state: Where it stands.
        created: Unix seconds.
        changed: Unix seconds of the last event.
        until: Of a quota: not before.
        reason: Why it stands where it stands, in the words of service or network.
        upload_id: The service's id.
        source_quantity: Rows that the service read.
        line_quantity: Rows that it accepted.
        status: What it said last of its work.
        linked: Calls that it linked to visits; ``None``: it did not say.
        absences: Full listings without it since the last attempt.
        first_absent: When the first of them was.
        attempts: In order.
    """

    id: int
    counter: int
    mark: str
    kind: IdentifierKind
    rows: int
    dynamic: int
    size: int
    digest: str
    goal: str
    comment: str
    source: str
    part: int
    parts: int
    state: State
    created: float
    changed: float
    until: float | None = None
    reason: str = ""
    upload_id: int | None = None
    source_quantity: int | None = None
    line_quantity: int | None = None
    status: str = ""
    linked: int | None = None
    absences: int = 0
    first_absent: float | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def name(self) -> str:
        """How a person calls it: ``L12``. The service's ids are bare numbers."""
        return f"L{self.id}"

    @property
    def waiting(self) -> bool:
        """It may be sent."""
        return self.state in WAITING_STATES

    @property
    def held(self) -> bool:
        """Not known whether it arrived: exit code 6."""
        return self.state in HELD_STATES

    @property
    def accepted(self) -> bool:
        """The service has it."""
        return self.state in ACCEPTED_STATES

    @property
    def partial(self) -> bool:
        """The service took fewer rows than were sent, or read another number of them."""
        return (self.source_quantity not in {None, self.rows}) or (self.line_quantity not in {None, self.rows})

    @property
    def processing(self) -> bool:
        """The service still works on it: asking for its status makes sense."""
        return self.accepted and self.state is not State.DUPLICATED and self.status not in TRANSITION_OF_STATUS

    @property
    def in_doubt(self) -> bool:
        """An attempt has neither been found nor proven absent."""
        return any(attempt.state in {State.SENDING, State.AMBIGUOUS} for attempt in self.attempts)
