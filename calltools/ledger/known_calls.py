"""Which calls of a file the ledger knows: by their fingerprints, and by those that they had before or with less."""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calltools.fields.table import IDENTIFIER_FIELDS, PHONE_FIELD
from calltools.ledger.calls import ASKED, CallScan, bind_fingerprints, shorten_fingerprints
from calltools.ledger.database import Ledger, as_ledger_errors
from calltools.ledger.fingerprints import CALL_FINGERPRINT_BYTES, CONTENT_FINGERPRINT_BYTES
from calltools.ledger.queries import list_parts, parts_without_partials
from calltools.ledger.states import HELD_STATES, WAITING_STATES, State
from calltools.model.cells import Mask, Numbers


class CallStatus(IntEnum):
    """What a call of a file is to the ledger. A call that is in several parts has the highest of their statuses."""

    NEW = 0
    #: Unknown, but not later than an uploading that was adopted, so it may be in it.
    MAYBE_ADOPTED = 1
    #: Accepted before, with the same cells.
    UNCHANGED = 2
    #: Accepted before, with another cell in some column.
    CHANGED = 3
    #: Accepted before with fewer of its identifiers, or without its phone.
    IDENTIFIED = 4
    #: Accepted before with an identifier or a phone that it does not have here.
    REDUCED = 5
    #: The plan of an earlier file of the same run would send it.
    PLANNED = 6
    #: In a part that waits to be sent.
    WAITING = 7
    #: In a part that the service may or may not have.
    HELD = 8
    #: The same call occurs earlier in the file.
    DOUBLED = 9


# ``row`` has each call once. ``claim`` has a known call that is being sent again, beside its row.
_LOOKUP: Final = """
SELECT asked.number, row.rest, batch.state, batch.id FROM asked
CROSS JOIN row ON row.fp = asked.fp JOIN batch ON batch.id = row.batch
UNION ALL
SELECT asked.number, claim.rest, batch.state, batch.id FROM asked
CROSS JOIN claim ON claim.fp = asked.fp JOIN batch ON batch.id = claim.batch
"""
_PARTIAL_LOOKUP: Final = """
SELECT asked.number, NULL, batch.state, batch.id FROM asked
CROSS JOIN partial ON partial.fp = asked.fp JOIN batch ON batch.id = partial.batch
"""
#: Fingerprints that are asked for at once; they are copied into SQLite.
_ASKED_AT_ONCE: Final = 100_000
_WITH_CONTENT_BYTES: Final = CALL_FINGERPRINT_BYTES + CONTENT_FINGERPRINT_BYTES


@dataclass(frozen=True, slots=True)
class KnownCalls:
    """What the ledger knows of the calls of a file.

    Attributes:
        statuses: Status of each call.
        open_parts: Number of its calls that the file has, by the id of a part that waits or is held; 0 if the file has
            them with fewer identifiers only.
        accepted_parts: Number of calls of the file, by the id of a part that the service has.
        mended_parts: Number of its calls that are other in the file, by the id of a part that waits or is held.
        just_sent: Parts whose calls count as waiting although they were accepted: this run has sent them.
        sent_now: Parts that the same run has sent before: a call that is alike in one of them is not sent again.
        alike_now: Places of such calls.
        withdrawn: Parts whose calls count as free although they wait: they are withdrawn with the plan.
    """

    statuses: NDArray[np.int8]
    open_parts: Counter[int] = field(default_factory=Counter)
    accepted_parts: Counter[int] = field(default_factory=Counter)
    mended_parts: Counter[int] = field(default_factory=Counter)
    just_sent: frozenset[int] = frozenset()
    withdrawn: frozenset[int] = frozenset()
    sent_now: frozenset[int] = frozenset()
    alike_now: set[int] = field(default_factory=set)

    def add(self, place: int, state: State, part_id: int, accepted: CallStatus, *, covers: bool = True) -> None:
        """Add that a part has a call.

        Args:
            place: The call.
            state: The state of the part.
            part_id: The part.
            accepted: The status of the call if the part is accepted.
            covers: Whether the file has what the part would send of this call.
        """
        if part_id in self.withdrawn:
            return
        status = (
            CallStatus.WAITING
            if state in WAITING_STATES or part_id in self.just_sent
            else CallStatus.HELD
            if state in HELD_STATES
            else accepted
        )
        self.statuses[place] = max(self.statuses[place], status)
        if part_id in self.sent_now and status is CallStatus.UNCHANGED:
            self.alike_now.add(place)
        if status is accepted:
            self.accepted_parts[part_id] += 1
        else:
            self.open_parts[part_id] += int(covers)
            self.mended_parts[part_id] += int(covers and accepted is not CallStatus.UNCHANGED)

    def unknown(self) -> Numbers:
        """Places of the calls of which nothing is known so far."""
        places: Numbers = np.flatnonzero(self.statuses <= CallStatus.MAYBE_ADOPTED)
        return places


@dataclass(slots=True)
class PlannedCalls:
    """Calls of a counter that plans would send one after the other; a plan writes nothing, so no ledger has them."""

    _calls: NDArray[np.void] = field(default_factory=lambda: np.empty(0, f"V{CALL_FINGERPRINT_BYTES}"))
    #: The last content of each, behind its fingerprint.
    _with_contents: NDArray[np.void] = field(default_factory=lambda: np.empty(0, f"V{_WITH_CONTENT_BYTES}"))
    _partial: NDArray[np.void] = field(default_factory=lambda: np.empty(0, f"V{CALL_FINGERPRINT_BYTES}"))

    def add(self, scan: CallScan, sent: Mask) -> None:
        """Add the calls of a file that would be sent."""
        calls = scan.call_fingerprints[sent]
        left = ~np.isin(self._calls, calls)
        self._calls = np.concatenate([self._calls[left], calls])
        self._with_contents = np.concatenate([self._with_contents[left], _join_contents(scan)[sent]])
        self._partial = np.concatenate([self._partial, scan.partial_fingerprints[sent[scan.partial_places()]]])

    def mark(self, scan: CallScan, statuses: NDArray[np.int8]) -> None:
        """Give the calls of a further file the statuses that they have once these calls are accepted."""
        known, alike = np.isin(scan.call_fingerprints, self._calls), np.isin(_join_contents(scan), self._with_contents)
        fuller = np.zeros(len(scan), bool)
        fuller[scan.partial_places()[np.isin(scan.partial_fingerprints, self._calls)]] = True
        fewer = np.isin(scan.call_fingerprints, self._partial)
        related = np.where(fewer, CallStatus.REDUCED, np.where(fuller, CallStatus.IDENTIFIED, CallStatus.NEW))
        # What is known as it is, is not looked for with other identifiers.
        exact = (statuses == CallStatus.UNCHANGED) | (statuses == CallStatus.CHANGED)
        statuses[~exact] = np.maximum(statuses, related)[~exact]
        is_open = statuses < CallStatus.PLANNED
        statuses[is_open & known] = CallStatus.CHANGED
        statuses[is_open & alike] = CallStatus.PLANNED


def _join_contents(scan: CallScan) -> NDArray[np.void]:
    """The fingerprint of each call and, behind it, that of its content."""
    fingerprints = (scan.call_fingerprints, scan.content_fingerprints)
    # Their width is said: of a file without a call it cannot be told from the number of bytes.
    both = (one.view(np.uint8).reshape(len(scan), one.itemsize) for one in fingerprints)
    joined: NDArray[np.void] = np.concatenate([*both], axis=1).view(f"V{_WITH_CONTENT_BYTES}").reshape(len(scan))
    return joined


def look_up_calls(  # noqa: PLR0913 - which calls, and which parts count otherwise
    ledger: Ledger,
    scan: CallScan,
    counter: int,
    *,
    just_sent: frozenset[int] = frozenset(),
    withdrawn: frozenset[int] = frozenset(),
    sent_now: frozenset[int] = frozenset(),
) -> KnownCalls:
    """Look up the calls of a file; ``just_sent``, ``withdrawn`` and ``sent_now`` as in ``plan_upload``.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    doubled = scan.duplicates()
    unknown = np.where(scan.times <= _adopted_until(ledger, counter), CallStatus.MAYBE_ADOPTED, CallStatus.NEW)
    statuses = np.where(doubled, CallStatus.DOUBLED, unknown).astype(np.int8)
    known = KnownCalls(statuses, just_sent=just_sent, withdrawn=withdrawn, sent_now=sent_now)
    places = scan.sort_by_fingerprint(np.flatnonzero(~doubled))
    for place, content, state, part_id in _select_known(ledger, places, scan.call_fingerprints[places]):
        same = content == scan.content_fingerprints[place].tobytes()
        known.add(place, state, part_id, CallStatus.UNCHANGED if same else CallStatus.CHANGED)
    _look_up_written(ledger, scan, known)
    if len(scan.earlier_fingerprints):
        _look_up_earlier(ledger, scan, known)
    _look_up_related(ledger, scan, known)
    return known


def _look_up_written(ledger: Ledger, scan: CallScan, known: KnownCalls) -> None:
    """Placeholders were sent as they stood: such a call is known, and has changed since."""
    places = np.array([n for n in scan.written if known.statuses[n] <= CallStatus.MAYBE_ADOPTED], np.int64)
    of_calls = np.frombuffer(b"".join(scan.written[n][0] for n in places.tolist()), scan.call_fingerprints.dtype)
    untold = scan.partial_counts() == 0
    for place, content, state, part_id in _select_known(ledger, places, of_calls):
        # Many calls of one second may have had the same placeholders.
        if not untold[place] or content == scan.written[place][1]:
            known.add(place, state, part_id, CallStatus.CHANGED)


def _look_up_earlier(ledger: Ledger, scan: CallScan, known: KnownCalls) -> None:
    """A call that nothing told was known by its second: it is the same call only if its content is the same."""
    counts, places = scan.partial_counts(), known.unknown()
    last_partial = np.cumsum(counts) - 1
    for place, content, state, part_id in _select_known(ledger, places, scan.earlier_fingerprints[places]):
        if not counts[place] and content == scan.content_fingerprints[place].tobytes():
            known.add(place, state, part_id, CallStatus.UNCHANGED)
        # The last partial fingerprint is over the content without identifiers and phone.
        elif counts[place] and scan.partial_fingerprints[last_partial[place]].tobytes().startswith(content):
            known.add(place, state, part_id, CallStatus.IDENTIFIED, covers=False)


def _look_up_related(ledger: Ledger, scan: CallScan, known: KnownCalls) -> None:
    """A call may be known with fewer identifiers than it has, or with more."""
    places, place_of = known.unknown(), scan.partial_places()
    is_unknown = np.zeros(len(scan), bool)
    is_unknown[places] = True
    numbers = np.flatnonzero(is_unknown[place_of])
    covered: set[tuple[int, bytes]] = set()
    covering: set[int] = set()
    for number, _, state, part_id in _select_known(ledger, numbers, scan.partial_fingerprints[numbers]):
        place = int(place_of[number])
        # A call stands for one call of a part, and a call of a part is counted once.
        sent = part_id, scan.partial_fingerprints[number].tobytes()
        covers = place not in covering and sent not in covered
        if covers:
            covering.add(place)
            covered.add(sent)
        known.add(place, state, part_id, CallStatus.IDENTIFIED, covers=covers)
    begins = shorten_fingerprints(scan.call_fingerprints[places])
    for place, _, state, part_id in _select_known(ledger, places, begins, _PARTIAL_LOOKUP):
        known.add(place, state, part_id, CallStatus.REDUCED, covers=False)


def count_maybe_reduced(ledger: Ledger, scan: CallScan, counter: int, known: KnownCalls) -> int:
    """Count the new calls that an earlier version may have sent with an identifier or a phone that is missing here.

    It stored no partial fingerprints. A call with both an identifier and a phone is not counted.
    """
    until = max((part.created for part in parts_without_partials(ledger, counter)), default=-math.inf)
    identified = np.logical_or.reduce([scan.is_filled(name) for name in IDENTIFIER_FIELDS])
    complete = identified & scan.is_filled(PHONE_FIELD)
    return int(((known.statuses == CallStatus.NEW) & (scan.times <= until) & ~complete).sum())


def _adopted_until(ledger: Ledger, counter: int) -> float:
    """When the last adopted uploading of a counter was stored: a call up to then may be in one of them."""
    return max((part.created for part in list_parts(ledger, counter) if part.adopted), default=-math.inf)


def _select_known(
    ledger: Ledger, numbers: Numbers, fingerprints: NDArray[np.void], lookup: str = _LOOKUP
) -> Iterator[tuple[int, bytes, State, int]]:
    """Number, fingerprint of the content, state and id of the part, for each part that has a call of these."""
    with as_ledger_errors(ledger.folder), closing(ledger.connection.cursor()) as cursor:
        for begin in range(0, len(numbers), _ASKED_AT_ONCE):
            some = fingerprints[begin : begin + _ASKED_AT_ONCE]
            for at, content, state, part_id in cursor.execute(ASKED + lookup, bind_fingerprints(some)):
                yield int(numbers[begin + at]), content, State(state), part_id
