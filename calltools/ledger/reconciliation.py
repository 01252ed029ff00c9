"""Reconciliation: the parts of a counter compared with the service's list of uploadings. Nothing is sent.

**Absence.** One listing without a part proves nothing: the service shows an uploading some time after it has stored
it, and a page may be missing, old, or without comments. A listing counts only if

- it is complete;
- the service has dated it, header ``Date``;
- it has a witness: an accepted uploading of ours with its marker, and none of ours without: else the service does not
  return comments, and the part could not be seen;
- it is at least ``min_spacing_seconds`` after the one that counted before: by the clock of the service, and also by the
  monotonic clock if the same process has read both. Monotonic clocks of two processes cannot be compared, so from run
  to run the clock of the service decides alone. The clock of this machine never does: somebody may set it.

A part is absent after ``min_listings`` of them over ``min_absent_seconds``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from calltools.ledger.database import Ledger, as_ledger_errors, transaction
from calltools.ledger.events import Event
from calltools.ledger.lifecycle import choose_acceptance, discard_if_decided, quantity_changes
from calltools.ledger.lock import current_process, require_lock
from calltools.ledger.part import ListedUploading, ListingTime, Part, ReconcilePolicy, parse_marker
from calltools.ledger.queries import select_parts
from calltools.ledger.reservation import apply_event, is_intact
from calltools.ledger.states import FREED_STATES, State, Transition, is_allowed

#: Number of the attempt and line of the list, by the id of the service.
FoundUploadings = Mapping[int, tuple[int, ListedUploading]]


def reconcile(  # noqa: PLR0913 - each says how far a listing can be believed
    ledger: Ledger,
    counter: int,
    listing: Iterable[ListedUploading],
    *,
    complete: bool,
    at: ListingTime | None = None,
    policy: ReconcilePolicy | None = None,
) -> tuple[Part, ...]:
    """Compare the parts of a counter with one listing of its uploadings, and record what follows.

    Args:
        ledger: The ledger; this process holds the lock of the counter.
        counter: The counter.
        listing: The lines of all pages, in any order.
        complete: The list was read to its end. An incomplete one can find a part but never prove its absence.
        at: When it was read; ``None``: unknown, so it cannot prove an absence either.
        policy: When a part is absent, and what follows.

    Returns:
        The parts whose state has changed.
    """
    require_lock(ledger, counter)
    listing = tuple(listing)
    ours = group_by_mark(listing)
    changed = []
    with transaction(ledger) as connection:
        parts = select_parts(connection, "counter = ?", (counter,))
        look = None
        if complete:
            look = _Look(policy or ReconcilePolicy(), at, current_process().name, _witness(parts, listing))
        for before in parts:
            part, found = before, ours.get(before.mark, {})
            for event in _listing_events(before, found, ledger.now(), _look_at(ledger, before, look)):
                part = apply_event(connection, part, event)
            if part.state is not before.state:
                changed.append(part)
    for part in changed:
        discard_if_decided(ledger, part)
    return tuple(changed)


@dataclass(frozen=True, slots=True)
class _Look:
    """A complete listing, as far as it can prove an absence.

    Attributes:
        policy: When a part is absent, and what follows.
        at: When it was read, if known.
        process: Name of the process that has read it.
        witness: Id of an uploading that it shows with its marker, if any.
    """

    policy: ReconcilePolicy
    at: ListingTime | None
    process: str
    witness: int | None


def _look_at(ledger: Ledger, part: Part, look: _Look | None) -> _Look | None:
    """The look as it counts for one part: what cannot be sent again is held."""
    if look is None or part.state is not State.AMBIGUOUS or look.policy.on_absent == "hold" or is_intact(ledger, part):
        return look
    return replace(look, policy=replace(look.policy, on_absent="hold"))


def find_witness(ledger: Ledger, counter: int, listing: Iterable[ListedUploading]) -> int | None:
    """Find an accepted uploading of ours in a listing that has its marker there; ``None``: the list proves no absence.

    Nothing is written.
    """
    with as_ledger_errors(ledger.folder):
        return _witness(select_parts(ledger.connection, "counter = ?", (counter,)), listing)


def _witness(parts: Iterable[Part], listing: Iterable[ListedUploading]) -> int | None:
    markers = {line.upload_id: parse_marker(line.comment) for line in listing}
    listed = {marker[0]: upload_id for upload_id, marker in markers.items() if marker is not None}
    witness = None
    for part in parts:
        if part.accepted and part.upload_id in markers:
            marker = markers[part.upload_id]
            if marker is None or marker[0] != part.mark:
                # The service does not return our comments, or not all of them.
                return None
            witness = part.upload_id
        elif is_allowed(part.state, Transition.FIND) and part.mark in listed:
            # It is found by this very listing.
            witness = witness or listed[part.mark]
    return witness


def group_by_mark(listing: Iterable[ListedUploading]) -> dict[str, dict[int, tuple[int, ListedUploading]]]:
    """Our lines by mark. A line that is on two pages, because the list moved meanwhile, counts once."""
    ours: dict[str, dict[int, tuple[int, ListedUploading]]] = {}
    for line in listing:
        marker = parse_marker(line.comment)
        if marker is not None:
            ours.setdefault(marker[0], {})[line.upload_id] = (marker[1], line)
    return ours


def _listing_events(part: Part, found: FoundUploadings, now: float, look: _Look | None) -> list[Event]:
    """What a listing means for one part; ``look`` is ``None`` for an incomplete listing. Pure."""
    # The calls of a freed part may be in another part by now, so a late line must not claim them back.
    if part.state in FREED_STATES:
        return []
    if len(found) > 1:
        return [_duplicated_event(part, found, now)] if is_allowed(part.state, Transition.FIND_DUPLICATES) else []
    if found:
        return [_found_event(part, *next(iter(found.values())), now)] if is_allowed(part.state, Transition.FIND) else []
    if look is None or not is_allowed(part.state, Transition.NOT_LISTED):
        return []
    return _absence_events(part, now, look)


def _found_event(part: Part, n: int, line: ListedUploading, now: float) -> Event:
    changes = quantity_changes(line.upload_id, line.source_quantity, line.line_quantity)
    transition = choose_acceptance(part, changes, Transition.FIND, Transition.FIND_PARTIAL)
    return Event(now, part.id, transition, changes, found_attempts(part, {n: line.upload_id}, now))


def _duplicated_event(part: Part, found: FoundUploadings, now: float) -> Event:
    ids = sorted(found)
    line = found[ids[0]][1]
    changes = quantity_changes(line.upload_id, line.source_quantity, line.line_quantity)
    changes["reason"] = " ".join(map(str, ids))
    attempts = found_attempts(part, {found[upload_id][0]: upload_id for upload_id in ids}, now)
    return Event(now, part.id, Transition.FIND_DUPLICATES, changes, attempts)


def found_attempts(part: Part, ids: Mapping[int, int], now: float) -> dict[int, dict[str, Any]]:
    """Changes of the attempts of a part that a listing shows, by number of the attempt -> id of the service."""
    # The comment is text that anybody can write: an attempt that the ledger does not know is left out.
    known = {attempt.n for attempt in part.attempts}
    return {n: {"state": State.ACKED, "ended": now, "upload_id": ids[n]} for n in ids if n in known}


def _absence_events(part: Part, now: float, look: _Look) -> list[Event]:
    """Record a listing without the part; confirm the absence when enough of them counted over enough time."""
    changes = _counted_absence(part, look)
    events = [Event(now, part.id, Transition.NOT_LISTED, changes)]
    # A held part stays held: a person decides.
    if changes and part.state is State.AMBIGUOUS and _is_absent(changes, look.policy):
        doubtful = [attempt.n for attempt in part.attempts if attempt.state is State.AMBIGUOUS]
        absent = {n: {"state": State.ABSENT} for n in doubtful}
        events.append(Event(now, part.id, Transition.CONFIRM_ABSENT, {}, absent))
        resends = look.policy.on_absent == "resend"
        events.append(Event(now, part.id, Transition.RESEND if resends else Transition.HOLD))
    return events


def _is_absent(changes: Mapping[str, Any], policy: ReconcilePolicy) -> bool:
    lasted: float = changes["last_absent"] - changes["first_absent"]
    return lasted >= policy.min_absent_seconds and bool(changes["absences"] >= policy.min_listings)


def _counted_absence(part: Part, look: _Look) -> dict[str, Any]:
    """Changes of a part by a listing without it that counts; empty: it does not count, see the top of this module."""
    if look.at is None or look.at.service is None or look.witness is None:
        return {}
    first, absences = look.at.service, 1
    if part.last_absent is not None:
        spacings = [look.at.service - part.last_absent]
        if part.absent_process == look.process and part.absent_monotonic is not None:
            spacings.append(look.at.monotonic - part.absent_monotonic)
        if min(spacings) < look.policy.min_spacing_seconds:
            return {}
        first, absences = part.first_absent or first, part.absences + 1
    return {
        "absences": absences,
        "first_absent": first,
        "last_absent": look.at.service,
        "absent_process": look.process,
        "absent_monotonic": look.at.monotonic,
        "witness": look.witness,
    }
