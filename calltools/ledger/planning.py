"""Planning an upload: which calls of a file the ledger knows, which are sent, and in which parts."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calltools.fields.table import FIELD_NAMES
from calltools.ledger.calls import CallFile, CallScan, scan_calls
from calltools.ledger.database import Ledger, as_ledger_errors
from calltools.ledger.part import IdentifierKind
from calltools.ledger.queries import last_event_id, list_parts
from calltools.ledger.states import HELD_STATES, WAITING_STATES, State
from calltools.model.cells import Mask, Numbers

#: Which known calls are sent again, beside the new ones.
ResendMode: TypeAlias = Literal["none", "changed", "all"]


class CallStatus(IntEnum):
    """What a call of a file is to the ledger. A call that is in several parts has the highest of their statuses."""

    NEW = 0
    #: Unknown, but not later than an uploading that was adopted, so it may be in it.
    MAYBE_ADOPTED = 1
    #: Accepted before, with the same cells.
    UNCHANGED = 2
    #: Accepted before, with another cell in some column.
    CHANGED = 3
    #: In a part that waits to be sent.
    WAITING = 4
    #: In a part that the service may or may not have.
    HELD = 5
    #: The same call occurs earlier in the file.
    DOUBLED = 6


#: Parts are sent in this order. A call with several identifiers is counted under the first of them.
IDENTIFIER_KINDS: Final[tuple[IdentifierKind, ...]] = ("ClientId", "Yclid", "UserId")
_STATUSES_SENT: Final[Mapping[ResendMode, tuple[CallStatus, ...]]] = MappingProxyType(
    {
        "none": (CallStatus.NEW,),
        "changed": (CallStatus.NEW, CallStatus.CHANGED),
        "all": (CallStatus.NEW, CallStatus.MAYBE_ADOPTED, CallStatus.CHANGED, CallStatus.UNCHANGED),
    }
)
_NO_PART: Final = -1
#: Calls that are looked up at once: they lie in a temporary table, which is kept in memory.
_LOOKUP_CALLS: Final = 50_000
# ``row`` has each call once. ``claim`` has a known call that is being sent again, beside its row.
_LOOKUP: Final = """
SELECT asked.place, row.rest, batch.state, batch.id FROM asked
JOIN row ON row.fp = asked.fp JOIN batch ON batch.id = row.batch
UNION ALL
SELECT asked.place, claim.rest, batch.state, batch.id FROM asked
JOIN claim ON claim.fp = asked.fp JOIN batch ON batch.id = claim.batch
"""


@dataclass(frozen=True, slots=True)
class PartLimits:
    """Limits of one part: those of the service, with room to spare."""

    max_records: int = 200_000
    max_bytes: int = 100_000_000


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """One part that would be sent.

    Attributes:
        kind: Identifier kind.
        records: Number of calls.
        dynamic: Number of calls that are not static.
        columns: Columns that are filled in some call, with DateTime and the column of the kind, in canonical order.
    """

    kind: IdentifierKind
    records: int
    dynamic: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What an upload of a file would do. ``records`` is the sum of ``counts``.

    Attributes:
        file: The file.
        counter: The counter.
        digest: Keyed digest of the file as it was read.
        counts: Number of calls by status; every status is there.
        parts: The parts that would be sent, in order.
        open_parts: Number of calls of the file by the id of a part that waits or is held.
        accepted_parts: Number of calls of the file by the id of a part that the service has.
        mended_parts: Number of calls of the file whose cells differ by the id of a part that waits or is held.
        last_event_id: Number of the last event before the plan was made.
        scan: Fingerprints and more, for this package.
        part_of: Index in ``parts`` for each call; -1: it is not sent.
        statuses: Status of each call.
    """

    file: Path
    counter: int
    digest: str
    counts: Mapping[CallStatus, int]
    parts: tuple[PlannedPart, ...]
    open_parts: Mapping[int, int]
    accepted_parts: Mapping[int, int]
    mended_parts: Mapping[int, int]
    last_event_id: int
    scan: CallScan
    part_of: NDArray[np.int32]
    statuses: NDArray[np.int8]

    @property
    def records(self) -> int:
        """Number of calls in the file."""
        return len(self.statuses)

    @property
    def records_to_send(self) -> int:
        """Number of calls that would be sent."""
        return sum(part.records for part in self.parts)


def plan_upload(  # noqa: PLR0913 - which calls, and which of the known ones
    ledger: Ledger,
    file: Path,
    counter: int,
    again: ResendMode = "none",
    limits: PartLimits | None = None,
    *,
    just_sent: frozenset[int] = frozenset(),
) -> UploadPlan:
    """Plan an upload. Nothing is written, and no lock is needed.

    Args:
        ledger: The ledger.
        file: A plain file (``is_plain_file``) that was found clean.
        counter: The counter.
        again: Which known calls are sent again.
        limits: Limits of a part.
        just_sent: Parts that were shown as waiting and that this run has sent: ``again`` does not mean their calls.

    Raises:
        LedgerError: The ledger cannot be read.
        SourceError: The file cannot be read, or is not plain.
    """
    # Read before anything else: an event that comes meanwhile makes the plan stale, see ``is_current``.
    event_id = last_event_id(ledger)
    source = CallFile(file, ledger.key)
    scan = scan_calls(source, ledger.key, counter)
    known = _look_up_calls(ledger, scan, counter, just_sent)
    chosen = np.isin(known.statuses, _STATUSES_SENT[again])
    part_of, parts = _plan_parts(scan, chosen, limits or PartLimits())
    numbers = Counter(known.statuses.tolist())
    return UploadPlan(
        file=file,
        counter=counter,
        digest=source.digest,
        counts=MappingProxyType({status: numbers[status] for status in CallStatus}),
        parts=parts,
        open_parts=MappingProxyType(dict(known.open_parts)),
        accepted_parts=MappingProxyType(dict(known.accepted_parts)),
        mended_parts=MappingProxyType(dict(known.mended_parts)),
        last_event_id=event_id,
        scan=scan,
        part_of=part_of,
        statuses=known.statuses,
    )


def is_current(ledger: Ledger, plan: UploadPlan) -> bool:
    """Whether no part has changed since the plan was made. A change of the file is found by ``reserve``."""
    return last_event_id(ledger) == plan.last_event_id


@dataclass(frozen=True, slots=True)
class _KnownCalls:
    """What the ledger knows of the calls of a file; the attributes are those of ``UploadPlan``."""

    statuses: NDArray[np.int8]
    open_parts: Counter[int]
    accepted_parts: Counter[int]
    mended_parts: Counter[int] = field(default_factory=Counter)
    just_sent: frozenset[int] = frozenset()

    def add(self, place: int, state: State, part_id: int, *, same_content: bool) -> None:
        """Add that a part has a call."""
        status = CallStatus.WAITING if part_id in self.just_sent else _status_of(state, same_content=same_content)
        self.statuses[place] = max(self.statuses[place], status)
        is_open = status in {CallStatus.WAITING, CallStatus.HELD}
        (self.open_parts if is_open else self.accepted_parts)[part_id] += 1
        if is_open and not same_content:
            self.mended_parts[part_id] += 1


def _look_up_calls(ledger: Ledger, scan: CallScan, counter: int, just_sent: frozenset[int]) -> _KnownCalls:
    doubled = scan.duplicates()
    unknown = np.where(scan.times <= _adopted_until(ledger, counter), CallStatus.MAYBE_ADOPTED, CallStatus.NEW)
    known = _KnownCalls(
        np.where(doubled, CallStatus.DOUBLED, unknown).astype(np.int8), Counter(), Counter(), just_sent=just_sent
    )
    with as_ledger_errors(ledger.folder):
        ledger.connection.execute("CREATE TEMP TABLE IF NOT EXISTS asked (place INTEGER PRIMARY KEY, fp BLOB NOT NULL)")
        places = scan.sort_by_fingerprint(np.flatnonzero(~doubled))
        asked = ((n, scan.call_fingerprints[n].tobytes()) for n in places.tolist())
        for place, content, state, part_id in _select_known(ledger, asked):
            same = content == scan.content_fingerprints[place].tobytes()
            known.add(place, State(state), part_id, same_content=same)
        # Placeholders were sent as they stood: such a call is known, and has changed since.
        written = (
            (n, fp) for n, fp in scan.written_fingerprints.items() if known.statuses[n] <= CallStatus.MAYBE_ADOPTED
        )
        for place, _, state, part_id in _select_known(ledger, written):
            known.add(place, State(state), part_id, same_content=False)
    return known


def _adopted_until(ledger: Ledger, counter: int) -> float:
    """When the last adopted uploading of a counter was stored: a call up to then may be in one of them."""
    return max((part.created for part in list_parts(ledger, counter) if part.adopted), default=-math.inf)


def _select_known(ledger: Ledger, asked: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes, str, int]]:
    """Place, fingerprint of the content, state and id of the part, for each part that has a call of these."""
    rest = iter(asked)
    while some := list(islice(rest, _LOOKUP_CALLS)):
        with closing(ledger.connection.cursor()) as cursor:
            cursor.execute("BEGIN")
            cursor.execute("DELETE FROM asked")
            cursor.executemany("INSERT INTO asked VALUES (?, ?)", some)
            cursor.execute("COMMIT")
            yield from cursor.execute(_LOOKUP)


def _status_of(state: State, *, same_content: bool) -> CallStatus:
    if state in WAITING_STATES:
        return CallStatus.WAITING
    if state in HELD_STATES:
        return CallStatus.HELD
    return CallStatus.UNCHANGED if same_content else CallStatus.CHANGED


def _plan_parts(scan: CallScan, chosen: Mask, limits: PartLimits) -> tuple[NDArray[np.int32], tuple[PlannedPart, ...]]:
    part_of: NDArray[np.int32] = np.full(len(scan), _NO_PART, np.int32)
    parts: list[PlannedPart] = []
    for kind, places in _group_by_kind(scan, chosen):
        for some in _split_by_limits(places, scan.csv_bytes, limits):
            part_of[some] = len(parts)
            parts.append(_plan_part(kind, scan, some))
    return part_of, tuple(parts)


def _group_by_kind(scan: CallScan, chosen: Mask) -> Iterator[tuple[IdentifierKind, Numbers]]:
    """The chosen calls of each kind. An uploading has one kind, so calls without an identifier join the first one."""
    left = chosen.copy()
    masks: dict[IdentifierKind, Mask] = {}
    for kind in IDENTIFIER_KINDS:
        masks[kind] = left & scan.is_filled(kind)
        left &= ~masks[kind]
    first = next((kind for kind in IDENTIFIER_KINDS if masks[kind].any()), IDENTIFIER_KINDS[0])
    masks[first] |= left
    for kind, mask in masks.items():
        if mask.any():
            yield kind, np.flatnonzero(mask)


def _split_by_limits(places: Numbers, sizes: Numbers, limits: PartLimits) -> Iterator[Numbers]:
    """Split places, in order, so that each piece is under the limits; a piece has at least one call."""
    ends = np.cumsum(sizes[places])
    start, room = 0, limits.max_bytes - sum(len(name) + 1 for name in FIELD_NAMES)
    while start < len(places):
        before = int(ends[start - 1]) if start else 0
        fits = int(np.searchsorted(ends, before + room, "right"))
        end = max(start + 1, min(fits, start + limits.max_records))
        yield places[start:end]
        start = end


def _plan_part(kind: IdentifierKind, scan: CallScan, places: Numbers) -> PlannedPart:
    filled = scan.columns(places) | {"DateTime", kind}
    columns = tuple(name for name in FIELD_NAMES if name in filled)
    return PlannedPart(kind, len(places), int(scan.dynamic[places].sum()), columns)
