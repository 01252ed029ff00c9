"""Planning an upload: which calls of a file are sent, and in which parts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calltools.fields.table import FIELD_NAMES
from calltools.ledger.calls import CallFile
from calltools.ledger.database import Ledger
from calltools.ledger.lookup import CallStatus, look_up_calls
from calltools.ledger.part import IdentifierKind
from calltools.ledger.queries import last_event_id
from calltools.ledger.scan import CallScan, scan_calls
from calltools.model.cells import Mask, Numbers

#: Which known calls go again, beside the new ones.
ResendMode: TypeAlias = Literal["none", "changed", "all"]

#: In this order a call with several identifiers is counted, and parts go.
IDENTIFIER_KINDS: Final[tuple[IdentifierKind, ...]] = ("ClientId", "Yclid", "UserId")
_STATUSES_SENT: Final[Mapping[ResendMode, tuple[CallStatus, ...]]] = MappingProxyType(
    {
        "none": (CallStatus.NEW,),
        "changed": (CallStatus.NEW, CallStatus.CHANGED),
        "all": (CallStatus.NEW, CallStatus.CHANGED, CallStatus.UNCHANGED),
    }
)
_NO_PART: Final = -1


@dataclass(frozen=True, slots=True)
class PartLimits:
    """Limits of one part: the service's, with room to spare."""

    max_records: int = 200_000
    max_bytes: int = 100_000_000


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """One uploading to come.

    Attributes:
        kind: Identifier kind.
        records: Calls in it.
        dynamic: Those of them that are not static.
        columns: Columns that hold something in it, with DateTime and the kind's own, in canonical order.
    """

    kind: IdentifierKind
    records: int
    dynamic: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What an upload of a file would do. Its counts add up: ``records`` is the sum of the six verdicts.

    Attributes:
        file: The file.
        counter: Where it would go.
        digest: Keyed digest of the file as it was read.
        counts: Calls by verdict, every verdict named.
        parts: What would be sent, in order.
        open_parts: For batches that wait or are held: how many calls of the file are in them.
        accepted_parts: For batches that the service has: how many calls of the file are in them.
        last_event_id: The last one that the ledger knew when it was planned.
        scan: Fingerprints and more, for this package.
        part_of: Which part each call goes with, -1: none.
        statuses: Of each call.
    """

    file: Path
    counter: int
    digest: str
    counts: Mapping[CallStatus, int]
    parts: tuple[PlannedPart, ...]
    open_parts: Mapping[int, int]
    accepted_parts: Mapping[int, int]
    last_event_id: int
    scan: CallScan
    part_of: NDArray[np.int32]
    statuses: NDArray[np.int8]

    @property
    def records(self) -> int:
        """Calls in the file."""
        return len(self.statuses)

    @property
    def records_to_send(self) -> int:
        """Calls that would be sent."""
        return sum(part.records for part in self.parts)


def plan_upload(
    ledger: Ledger, file: Path, counter: int, again: ResendMode = "none", limits: PartLimits | None = None
) -> UploadPlan:
    """Plan an upload; nothing is written.

    Args:
        ledger: The ledger.
        file: A canonical file that was found clean.
        counter: Where it goes.
        again: Which known calls go once more.
        limits: Limits of a part.

    Raises:
        LedgerError: The ledger cannot be read.
        SourceError: The file cannot be read, or is not canonical.
    """
    event = last_event_id(ledger)
    source = CallFile(file, ledger.key)
    calls = scan_calls(source, ledger.key, counter)
    known = look_up_calls(ledger, calls)
    chosen = np.isin(known.statuses, _STATUSES_SENT[again])
    part_of, parts = _plan_parts(calls, chosen, limits or PartLimits())
    numbers = Counter(known.statuses.tolist())
    counts = MappingProxyType({verdict: numbers[verdict] for verdict in CallStatus})
    by_batch = MappingProxyType(dict(known.open_parts))
    accepted = MappingProxyType(dict(known.accepted_parts))
    return UploadPlan(
        file, counter, source.digest, counts, parts, by_batch, accepted, event, calls, part_of, known.statuses
    )


def is_current(ledger: Ledger, plan: UploadPlan) -> bool:
    """Whether nothing has happened to any call since it was planned. The file itself is looked at by ``reserve``."""
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
    """The chosen calls of each kind; those without identifier go with the first."""
    left = chosen.copy()
    of: dict[IdentifierKind, Mask] = {}
    for kind in IDENTIFIER_KINDS:
        of[kind] = left & scan.holding(kind)
        left &= ~of[kind]
    first = next((kind for kind in IDENTIFIER_KINDS if of[kind].any()), IDENTIFIER_KINDS[0])
    of[first] |= left
    for kind, mask in of.items():
        if mask.any():
            yield kind, np.flatnonzero(mask)


def _split_by_limits(places: Numbers, sizes: Numbers, limits: PartLimits) -> Iterator[Numbers]:
    """The places in pieces under the limits."""
    ends = np.cumsum(sizes[places])
    start, room = 0, limits.max_bytes - sum(len(name) + 1 for name in FIELD_NAMES)
    while start < len(places):
        before = int(ends[start - 1]) if start else 0
        fits = int(np.searchsorted(ends, before + room, "right"))
        end = max(start + 1, min(fits, start + limits.max_records))
        yield places[start:end]
        start = end


def _plan_part(kind: IdentifierKind, scan: CallScan, places: Numbers) -> PlannedPart:
    there = scan.columns(places) | {"DateTime", kind}
    columns = tuple(name for name in FIELD_NAMES if name in there)
    return PlannedPart(kind, len(places), int(scan.dynamic[places].sum()), columns)
