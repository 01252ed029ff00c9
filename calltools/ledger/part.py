"""A part of an upload as the ledger keeps it: the part, its attempts and their outcomes, its marker. No I/O."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from calltools.ledger.states import (
    ACCEPTED_STATES,
    HELD_STATES,
    TRANSITION_OF_STATUS,
    WAITING_STATES,
    State,
    sounds_final,
)

#: A mark is a nonce and its HMAC under the key of the ledger, so that a ledger knows its own uploadings in the list of
#: the service even if it has lost their parts. With 64 bits each, neither collides by chance or can be forged.
_NONCE_BYTES: Final = 8
_PROOF_BYTES: Final = 8
#: ``ct1`` is the version of the form. It is sent to the service, so that markers of every release are found again.
_MARKER: Final = re.compile(r"\bct1([a-z2-7]{26})A([1-9][0-9]{0,5})\b")

#: Why a part was withdrawn that could not be sent: somebody has removed its file. It is stored, so it never changes.
FILE_GONE: Final = "the file of the part is gone"

#: The kind of identifier in the calls of a part, by the name of its column.
IdentifierKind = Literal["ClientId", "Yclid", "UserId"]


def new_mark(key: bytes) -> str:
    """Make a mark of a part: 26 characters of base32, unique without asking anybody, and provably of this ledger."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return base64.b32encode(nonce + _mark_proof(key, nonce)).decode().rstrip("=").lower()


def is_own_mark(key: bytes, mark: str) -> bool:
    """Whether a ledger with this key has made the mark. Marks of version 0.1.0 have no proof: never."""
    raw = base64.b32decode(mark.upper() + "=" * (-len(mark) % 8))
    return hmac.compare_digest(raw[_NONCE_BYTES:], _mark_proof(key, raw[:_NONCE_BYTES]))


def _mark_proof(key: bytes, nonce: bytes) -> bytes:
    return hmac.digest(key, b"mark of a part\x1f" + nonce, hashlib.sha256)[:_PROOF_BYTES]


def format_marker(mark: str, attempt: int) -> str:
    """Format the marker of one attempt. It begins the comment, and the comment is what the service lists."""
    return f"ct1{mark}A{attempt}"


def marked_comment(mark: str, attempt: int, comment: str) -> str:
    """Put the marker of an attempt before the comment of the user."""
    return f"{format_marker(mark, attempt)} {comment}".rstrip()


def parse_marker(comment: str) -> tuple[str, int] | None:
    """Find mark and number of the attempt in a listed comment; ``None``: the uploading is not ours."""
    found = _MARKER.search(comment)
    return None if found is None else (found[1], int(found[2]))


@dataclass(frozen=True, slots=True)
class Acked:
    """The service stored the file and gave it an id. Quantities that the response does not have are ``None``."""

    upload_id: int
    source_quantity: int | None = None
    line_quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The service refused the file: nothing is stored."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """It is proven that no byte of the request was sent."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Throttled:
    """A quota refused the request, nothing is stored. ``until``: Unix seconds; ``None``: unknown."""

    until: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Every other outcome: the file may be stored."""

    reason: str
    bytes_sent: int | None = None


AttemptOutcome: TypeAlias = Acked | Rejected | NotSent | Throttled | Ambiguous


@dataclass(frozen=True, slots=True)
class ListedUploading:
    """One line of the service's list of uploadings. ``stored``: Unix seconds; ``None``: the service does not say."""

    upload_id: int
    comment: str
    source_quantity: int | None = None
    line_quantity: int | None = None
    stored: float | None = None


@dataclass(frozen=True, slots=True)
class ListingTime:
    """When a listing was read.

    Attributes:
        service: Unix seconds by the clock of the service; ``None``: it does not say.
        monotonic: Seconds by a clock of this process that nobody can set.
    """

    service: float | None
    monotonic: float


@dataclass(frozen=True, slots=True)
class ReconcilePolicy:
    """When a part that the list does not show is absent, and what follows.

    Attributes:
        min_absent_seconds: Seconds between the first and the last listing without it, at least.
        min_listings: Listings without it that count, at least.
        min_spacing_seconds: Seconds between two listings that count, at least.
        on_absent: ``hold`` leaves the decision to a person; ``resend`` lets the part wait to be sent again.
    """

    min_absent_seconds: float = 15 * 60
    min_listings: int = 3
    min_spacing_seconds: float = 5 * 60
    on_absent: Literal["hold", "resend"] = "hold"


#: Changes of a part whose absence is counted anew: it is to be sent, or was just sent.
NO_ABSENCES: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "absences": 0,
        "first_absent": None,
        "last_absent": None,
        "absent_process": "",
        "absent_monotonic": None,
        "witness": None,
    }
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST, or the intent of one. The fields are the columns of table ``attempt``.

    Attributes:
        n: Number of the attempt, from 1.
        state: ``SENDING`` while it runs, then its outcome; ``ABSENT`` when it is proven that it was not stored.
        started: Unix seconds, before the first byte.
        ended: Unix seconds when its outcome was recorded; ``None`` while it runs.
        bytes_sent: Bytes of the body that were sent; ``None``: unknown.
        reason: The words of the service or the network, with what may be personal masked.
        upload_id: The id that the service gave.
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
    """One part of a file, sent as one uploading. The fields but ``attempts`` are the columns of table ``batch``.

    Attributes:
        id: Number in the ledger.
        counter: Counter of Metrica that the calls belong to.
        mark: 26 characters that no other part has.
        kind: Identifier kind.
        rows: Number of calls.
        dynamic: Number of calls that are not static: only these can be linked.
        size: Bytes of its file.
        digest: Keyed digest of its file, hexadecimal.
        goal: Name of the goal, as the user gave it.
        comment: Comment of the user, without the marker.
        source: The user's name of the file, with what may be personal masked.
        part: Number of the part in its file, from 1.
        parts: Number of parts of that file.
        state: Its state.
        created: Unix seconds.
        changed: Unix seconds of the last event.
        until: Unix seconds before which a quota forbids the next attempt; ``None``: no such limit is known.
        reason: Why it has this state, in the words of the service or the network.
        upload_id: The id that the service gave.
        source_quantity: Rows that the service read.
        line_quantity: Rows that the service accepted.
        status: The last status of the service.
        linked: Calls that the service linked to visits; ``None``: unknown.
        absences: Listings without it since the last attempt that count, see ``reconciliation``.
        first_absent: Unix seconds of the first of these listings by the clock of the service.
        last_absent: The same of the last of them; ``None``: there was none. What earlier versions counted by the clock
            of the machine does not count.
        absent_process: The process that read the last of them.
        absent_monotonic: When that was by the monotonic clock of that process.
        witness: Id of an uploading of ours that the last of them showed with its marker.
        attempts: Its attempts, in order.
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
    last_absent: float | None = None
    absent_process: str = ""
    absent_monotonic: float | None = None
    witness: int | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def name(self) -> str:
        """The name that people use, ``L12``. The ids of the service are bare numbers."""
        return f"L{self.id}"

    @property
    def adopted(self) -> bool:
        """Whether it was taken over from the list: it is stored, and its calls are unknown."""
        return not self.digest

    @property
    def lost(self) -> bool:
        """Whether it was withdrawn because its file was gone."""
        return self.state is State.RELEASED and self.reason == FILE_GONE

    @property
    def waiting(self) -> bool:
        """Whether the next attempt may begin."""
        return self.state in WAITING_STATES

    @property
    def held(self) -> bool:
        """Whether it is unknown if the service has it: exit code 6."""
        return self.state in HELD_STATES

    @property
    def accepted(self) -> bool:
        """Whether the service has it."""
        return self.state in ACCEPTED_STATES

    @property
    def partial(self) -> bool:
        """Whether the service read or accepted another number of rows than were sent."""
        return (self.source_quantity not in {None, self.rows}) or (self.line_quantity not in {None, self.rows})

    @property
    def processing(self) -> bool:
        """Whether the service still processes it, so that polling makes sense."""
        return self.accepted and self.state is not State.DUPLICATED and self.status not in TRANSITION_OF_STATUS

    @property
    def final(self) -> bool:
        """Whether the service is done with it: nothing that it says of it will change."""
        return self.accepted and (not self.processing or self.has_unknown_end)

    @property
    def has_unknown_end(self) -> bool:
        """Whether the service reports a status that is not known here and sounds final."""
        return self.processing and sounds_final(self.status)

    @property
    def in_doubt(self) -> bool:
        """Whether an attempt was neither found in the list nor proven absent."""
        return any(attempt.state in {State.SENDING, State.AMBIGUOUS} for attempt in self.attempts)
