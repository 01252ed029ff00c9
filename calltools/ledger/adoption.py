"""Adoption: taking over the uploadings that this ledger has sent and does not know: it is a copy, or a backup."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from calltools.ledger.database import Ledger, as_ledger_errors, transaction
from calltools.ledger.events import Event, append_event
from calltools.ledger.lifecycle import quantity_changes
from calltools.ledger.lock import require_lock
from calltools.ledger.part import ListedUploading, Part, is_own_mark
from calltools.ledger.queries import select_parts
from calltools.ledger.reconciliation import FoundUploadings, found_attempts, group_by_mark
from calltools.ledger.reservation import apply_event
from calltools.ledger.states import FREED_STATES, State, Transition


@dataclass(frozen=True, slots=True)
class UnknownUploadings:
    """Uploadings of calltools in a listing that the ledger does not know.

    Attributes:
        own: Those whose marker was made with the key of this ledger: the ledger is older than they are. Also those of
            parts that it has freed: a copy of the ledger has sent them.
        foreign: Those of other ledgers.
    """

    own: tuple[ListedUploading, ...]
    foreign: tuple[ListedUploading, ...]


def find_unknown(ledger: Ledger, counter: int, listing: Iterable[ListedUploading]) -> UnknownUploadings:
    """Find the uploadings that calltools has sent and this ledger does not know. Nothing is written."""
    with as_ledger_errors(ledger.folder):
        parts = select_parts(ledger.connection, "counter = ?", (counter,))
    known = {part.mark for part in parts if part.state not in FREED_STATES}
    own: list[ListedUploading] = []
    foreign: list[ListedUploading] = []
    for mark, lines in group_by_mark(listing).items():
        if mark not in known:
            (own if is_own_mark(ledger.key, mark) else foreign).extend(line for _, line in lines.values())
    return UnknownUploadings(tuple(own), tuple(foreign))


def adopt(ledger: Ledger, counter: int, listing: Iterable[ListedUploading]) -> tuple[Part, ...]:
    """Take over the uploadings of this ledger that it does not know: as accepted, with unknown calls.

    From then on a call up to the time when the last of them was stored counts as ``MAYBE_ADOPTED``. Parts that wait
    become held, and so do parts in doubt, which a policy would send again once they are absent: their calls may be in
    one of them as well, so a person decides.

    Args:
        ledger: The ledger; this process holds the lock of the counter.
        counter: The counter.
        listing: A complete listing.

    Returns:
        The parts that were taken over.
    """
    require_lock(ledger, counter)
    listing = tuple(listing)
    own = {line.upload_id for line in find_unknown(ledger, counter, listing).own}
    if not own:
        return ()
    found = {mark: lines for mark, lines in group_by_mark(listing).items() if own & lines.keys()}
    with transaction(ledger) as connection:
        parts = select_parts(connection, "counter = ?", (counter,))
        for part in parts:
            if part.waiting or part.state is State.AMBIGUOUS:
                apply_event(
                    connection,
                    part,
                    Event(ledger.now(), part.id, Transition.HOLD, {"reason": "it may be in an adopted uploading"}),
                )
        freed = {part.mark: part for part in parts if part.state in FREED_STATES}
        first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM batch").fetchone()[0]
        new_ids = count(first)
        return tuple(
            append_event(connection, freed[mark], _adopted_again_event(freed[mark], lines, ledger.now()))
            if mark in freed
            else append_event(connection, None, _adopted_event(next(new_ids), counter, mark, lines, ledger.now()))
            for mark, lines in found.items()
        )


def _adopted_again_event(part: Part, found: FoundUploadings, now: float) -> Event:
    """A part that was freed here and sent by a copy of the ledger: its calls are unknown from now on."""
    last = max((line for _, line in found.values()), key=lambda line: line.upload_id)
    changes = {"digest": "", **quantity_changes(last.upload_id, last.source_quantity, last.line_quantity)}
    attempts = found_attempts(part, {n: upload_id for upload_id, (n, _) in found.items()}, now)
    return Event(now, part.id, Transition.ADOPT, changes, attempts)


def _adopted_event(part_id: int, counter: int, mark: str, found: FoundUploadings, now: float) -> Event:
    attempts = {n: {"state": State.ACKED, "started": now, "ended": now, "upload_id": i} for i, (n, _) in found.items()}
    last = max((line for _, line in found.values()), key=lambda line: line.upload_id)
    fields = {
        "counter": counter,
        "mark": mark,
        # Nothing of it is ever sent again, so the kind of its identifiers is not needed.
        "kind": "ClientId",
        "rows": last.source_quantity or 0,
        "dynamic": 0,
        "size": 0,
        "digest": "",
        "goal": "",
        "comment": "",
        "source": "",
        "part": 1,
        "parts": 1,
        **quantity_changes(last.upload_id, last.source_quantity, last.line_quantity),
    }
    # ``created`` of a part is the time of its first event: here when the service stored it.
    return Event(last.stored or now, part_id, Transition.ADOPT, fields, attempts)
