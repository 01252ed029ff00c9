"""Planning an upload: which calls of a file the ledger knows, which are sent, and in which parts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calltools.fields.table import FIELD_NAMES
from calltools.ledger.calls import CallFile, CallScan, scan_calls
from calltools.ledger.database import Ledger
from calltools.ledger.known_calls import CallStatus, PlannedCalls, count_maybe_reduced, look_up_calls
from calltools.ledger.part import IdentifierKind
from calltools.ledger.queries import last_event_id, parts_without_partials
from calltools.model.cells import Mask, Numbers

#: Which known calls are sent again, beside the new ones.
ResendMode: TypeAlias = Literal["none", "changed", "all"]


#: Parts are sent in this order. A call with several identifiers is counted under the first of them.
IDENTIFIER_KINDS: Final[tuple[IdentifierKind, ...]] = ("ClientId", "Yclid", "UserId")
_STATUSES_SENT: Final[Mapping[ResendMode, tuple[CallStatus, ...]]] = MappingProxyType(
    {
        "none": (CallStatus.NEW,),
        "changed": (CallStatus.NEW, CallStatus.CHANGED, CallStatus.IDENTIFIED),
        "all": tuple(CallStatus)[: CallStatus.PLANNED],
    }
)
_NO_PART: Final = -1


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
        maybe_reduced: Number of new calls that an earlier version may have sent with more identifiers.
        sent_now: Ids of the parts that the same run has sent before.
        withdrawn: Ids of the parts that are withdrawn when the plan is reserved.
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
    maybe_reduced: int
    withdrawn: frozenset[int]
    sent_now: frozenset[int]
    last_event_id: int
    scan: CallScan
    part_of: NDArray[np.int32]
    statuses: NDArray[np.int8]

    @property
    def records(self) -> int:
        """Number of calls in the file."""
        return len(self.statuses)

    @property
    def times(self) -> Numbers:
        """DateTime of each call: Unix seconds."""
        return self.scan.times

    @property
    def sent(self) -> Mask:
        """Where the calls would be sent."""
        mask: Mask = self.part_of != _NO_PART
        return mask

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
    withdrawn: frozenset[int] = frozenset(),
    sent_now: frozenset[int] = frozenset(),
    planned: PlannedCalls | None = None,
) -> UploadPlan:
    """Plan an upload. Nothing is written, and no lock is needed.

    Args:
        ledger: The ledger.
        file: A plain file (``is_plain_file``) that was found clean.
        counter: The counter.
        again: Which known calls are sent again.
        limits: Limits of a part.
        just_sent: Parts that were shown as waiting and that this run has sent: ``again`` does not mean their calls.
        sent_now: Parts of earlier files of this run: ``again`` does not mean calls that are alike in them.
        withdrawn: Parts that were never begun and that the plan replaces: ``reserve`` withdraws them.
        planned: Calls that the plans of earlier files would send; those of this one are not added. Not to be reserved.

    Raises:
        LedgerError: The ledger cannot be read.
        SourceError: The file cannot be read, or is not plain.
    """
    # Read before anything else: an event that comes meanwhile makes the plan stale, see ``is_current``.
    event_id = last_event_id(ledger)
    source = CallFile(file, ledger.key)
    scan = scan_calls(source, ledger.key, counter, earlier=bool(parts_without_partials(ledger, counter)))
    known = look_up_calls(ledger, scan, counter, just_sent=just_sent, withdrawn=withdrawn, sent_now=sent_now)
    if planned is not None:
        planned.mark(scan, known.statuses)
    chosen = np.isin(known.statuses, _STATUSES_SENT[again])
    chosen[list(known.alike_now)] = False
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
        maybe_reduced=count_maybe_reduced(ledger, scan, counter, known),
        withdrawn=withdrawn,
        sent_now=sent_now,
        last_event_id=event_id,
        scan=scan,
        part_of=part_of,
        statuses=known.statuses,
    )


def is_current(ledger: Ledger, plan: UploadPlan) -> bool:
    """Whether no part has changed since the plan was made. A change of the file is found by ``reserve``."""
    return last_event_id(ledger) == plan.last_event_id


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
