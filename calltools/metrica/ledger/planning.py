"""Planning: which calls of a file go, and in which parts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calltools.fields.table import NAMES
from calltools.metrica.ledger.asking import last_event
from calltools.metrica.ledger.known import Verdict, known_calls
from calltools.metrica.ledger.reading import CallFile
from calltools.metrica.ledger.store import Book
from calltools.metrica.ledger.survey import Survey, survey
from calltools.metrica.ledger.values import Kind
from calltools.model.cells import Mask, Numbers

#: Which known calls go again, beside the new ones.
Again: TypeAlias = Literal["none", "changed", "all"]

#: In this order a call with several identifiers is counted, and parts go.
KINDS: Final[tuple[Kind, ...]] = ("ClientId", "Yclid", "UserId")
_GOES: Final[Mapping[Again, tuple[Verdict, ...]]] = MappingProxyType(
    {
        "none": (Verdict.NEW,),
        "changed": (Verdict.NEW, Verdict.CHANGED),
        "all": (Verdict.NEW, Verdict.CHANGED, Verdict.UNCHANGED),
    }
)
_NOWHERE: Final = -1


@dataclass(frozen=True, slots=True)
class Cut:
    """Limits of one part: the service's, with room to spare."""

    records: int = 200_000
    size: int = 100_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """One uploading to come.

    Attributes:
        kind: Identifier kind.
        records: Calls in it.
        dynamic: Those of them that are not static.
        columns: Columns that hold something in it, with DateTime and the kind's own, in canonical order.
    """

    kind: Kind
    records: int
    dynamic: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an upload of a file would do. Its counts add up: ``records`` is the sum of the six verdicts.

    Attributes:
        file: The file.
        counter: Where it would go.
        digest: Keyed digest of the file as it was read.
        counts: Calls by verdict, every verdict named.
        parts: What would be sent, in order.
        by_batch: For batches that wait or are held: how many calls of the file are in them.
        accepted: For batches that the service has: how many calls of the file are in them.
        event: The last one that the ledger knew when it was planned.
        calls: Fingerprints and more, for this package.
        part_of: Which part each call goes with, -1: none.
        verdicts: Of each call.
    """

    file: Path
    counter: int
    digest: str
    counts: Mapping[Verdict, int]
    parts: tuple[Part, ...]
    by_batch: Mapping[int, int]
    accepted: Mapping[int, int]
    event: int
    calls: Survey
    part_of: NDArray[np.int32]
    verdicts: NDArray[np.int8]

    @property
    def records(self) -> int:
        """Calls in the file."""
        return len(self.verdicts)

    @property
    def sent(self) -> int:
        """Calls that would be sent."""
        return sum(part.records for part in self.parts)


def plan(book: Book, file: Path, counter: int, again: Again = "none", cut: Cut | None = None) -> Plan:
    """Plan an upload; nothing is written.

    Args:
        book: The ledger.
        file: A canonical file that was found clean.
        counter: Where it goes.
        again: Which known calls go once more.
        cut: Limits of a part.

    Raises:
        LedgerError: The ledger cannot be read.
        SourceError: The file cannot be read, or is not canonical.
    """
    event = last_event(book)
    source = CallFile(file, book.key)
    calls = survey(source, book.key, counter)
    known = known_calls(book, calls)
    chosen = np.isin(known.verdicts, _GOES[again])
    part_of, parts = _parts(calls, chosen, cut or Cut())
    numbers = Counter(known.verdicts.tolist())
    counts = MappingProxyType({verdict: numbers[verdict] for verdict in Verdict})
    by_batch = MappingProxyType(dict(known.by_batch))
    accepted = MappingProxyType(dict(known.accepted))
    return Plan(file, counter, source.digest, counts, parts, by_batch, accepted, event, calls, part_of, known.verdicts)


def fresh(book: Book, plan: Plan) -> bool:
    """Whether nothing has happened to any call since it was planned. The file itself is looked at by ``reserve``."""
    return last_event(book) == plan.event


def _parts(calls: Survey, chosen: Mask, cut: Cut) -> tuple[NDArray[np.int32], tuple[Part, ...]]:
    part_of: NDArray[np.int32] = np.full(len(calls), _NOWHERE, np.int32)
    parts: list[Part] = []
    for kind, places in _by_kind(calls, chosen):
        for some in _cut(places, calls.sizes, cut):
            part_of[some] = len(parts)
            parts.append(_part(kind, calls, some))
    return part_of, tuple(parts)


def _by_kind(calls: Survey, chosen: Mask) -> Iterator[tuple[Kind, Numbers]]:
    """The chosen calls of each kind; those without identifier go with the first."""
    left = chosen.copy()
    of: dict[Kind, Mask] = {}
    for kind in KINDS:
        of[kind] = left & calls.holding(kind)
        left &= ~of[kind]
    first = next((kind for kind in KINDS if of[kind].any()), KINDS[0])
    of[first] |= left
    for kind, mask in of.items():
        if mask.any():
            yield kind, np.flatnonzero(mask)


def _cut(places: Numbers, sizes: Numbers, cut: Cut) -> Iterator[Numbers]:
    """The places in pieces under the limits."""
    ends = np.cumsum(sizes[places])
    start, room = 0, cut.size - sum(len(name) + 1 for name in NAMES)
    while start < len(places):
        before = int(ends[start - 1]) if start else 0
        fits = int(np.searchsorted(ends, before + room, "right"))
        end = max(start + 1, min(fits, start + cut.records))
        yield places[start:end]
        start = end


def _part(kind: Kind, calls: Survey, places: Numbers) -> Part:
    there = calls.columns(places) | {"DateTime", kind}
    columns = tuple(name for name in NAMES if name in there)
    return Part(kind, len(places), int(calls.dynamic[places].sum()), columns)
