"""Recovery and reconciliation: parts that a crash or a lost response has left in doubt.

``hold_counter`` recovers what a killed process has left on this machine. ``reconcile`` compares parts in doubt with the
service's list of uploadings. Neither of them sends anything.

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

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from calltools.errors import LockedError
from calltools.ledger.database import Ledger, as_ledger_errors, transaction
from calltools.ledger.events import Event, append_event
from calltools.ledger.lifecycle import (
    choose_acceptance,
    discard_if_decided,
    quantity_changes,
    release,
    write_event,
)
from calltools.ledger.lock import current_process, lock_counter, require_lock
from calltools.ledger.part import (
    FILE_GONE,
    ListedUploading,
    ListingTime,
    Part,
    ReconcilePolicy,
    is_own_mark,
    parse_marker,
)
from calltools.ledger.queries import select_parts
from calltools.ledger.reservation import (
    apply_event,
    discard_file,
    is_intact,
    orphaned_files,
    part_path,
    spooled_counters,
)
from calltools.ledger.states import DECIDED_STATES, FREED_STATES, WAITING_STATES, State, Transition, is_allowed

#: Number of the attempt and line of the list, by the id of the service.
_FoundUploadings = Mapping[int, tuple[int, ListedUploading]]


@contextmanager
def hold_counter(ledger: Ledger, counter: int) -> Iterator[None]:
    """Lock a counter for this process and recover what an earlier process has left there.

    Raises:
        LedgerError: Another process has the lock; the error has its process id.
    """
    with lock_counter(ledger, counter):
        recover_counter(ledger, counter)
        yield


def recover_all(ledger: Ledger) -> None:
    """Recover every counter that no process is uploading to."""
    with as_ledger_errors(ledger.folder):
        rows = ledger.connection.execute("SELECT DISTINCT counter FROM batch WHERE state = ?", (State.SENDING,))
        counters = {row[0] for row in rows} | spooled_counters(ledger.folder)
    for counter in sorted(counters):
        try:
            with hold_counter(ledger, counter):
                pass
        except LockedError:
            # Whoever holds the counter has recovered it.
            continue


def recover_counter(ledger: Ledger, counter: int) -> None:
    """Recover one counter. This process holds its lock, so whatever is unfinished belongs to a dead process."""
    # Killed between the intent and the outcome: nobody knows whether the service has the file.
    for part in _parts_in_states(ledger, counter, frozenset({State.SENDING})):
        reason = {"reason": "interrupted"}
        attempt = {"state": State.AMBIGUOUS, "ended": ledger.now(), **reason}
        write_event(ledger, part, Transition.LOSE_ANSWER, reason, {len(part.attempts): attempt})
    # Killed before the reservation was committed, or between a decision and the removal of the file.
    with as_ledger_errors(ledger.folder):
        for path in _orphaned_files(ledger, counter):
            discard_file(path)
    # The last step: a part whose file somebody has removed cannot be sent, and must not claim its calls for ever.
    # The next run that sends or decides tells of it, see ``lost_parts``.
    for part in _parts_in_states(ledger, counter, WAITING_STATES):
        if not part_path(ledger, part).is_file():
            release(ledger, part.id, FILE_GONE)


def _parts_in_states(ledger: Ledger, counter: int, states: frozenset[State]) -> list[Part]:
    marks = ", ".join("?" * len(states))
    return select_parts(ledger.connection, f"counter = ? AND state IN ({marks})", (counter, *sorted(states)))


def _orphaned_files(ledger: Ledger, counter: int) -> list[Path]:
    parts = select_parts(ledger.connection, "counter = ?", (counter,))
    needed = frozenset(part.mark for part in parts if part.state not in DECIDED_STATES)
    return orphaned_files(ledger.folder, counter, needed)


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
    ours = _group_by_mark(listing)
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
    for mark, lines in _group_by_mark(listing).items():
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
    found = {mark: lines for mark, lines in _group_by_mark(listing).items() if own & lines.keys()}
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


def _adopted_again_event(part: Part, found: _FoundUploadings, now: float) -> Event:
    """A part that was freed here and sent by a copy of the ledger: its calls are unknown from now on."""
    last = max((line for _, line in found.values()), key=lambda line: line.upload_id)
    changes = {"digest": "", **quantity_changes(last.upload_id, last.source_quantity, last.line_quantity)}
    attempts = _found_attempts(part, {n: upload_id for upload_id, (n, _) in found.items()}, now)
    return Event(now, part.id, Transition.ADOPT, changes, attempts)


def _adopted_event(part_id: int, counter: int, mark: str, found: _FoundUploadings, now: float) -> Event:
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


def _group_by_mark(listing: Iterable[ListedUploading]) -> dict[str, dict[int, tuple[int, ListedUploading]]]:
    """Our lines by mark. A line that is on two pages, because the list moved meanwhile, counts once."""
    ours: dict[str, dict[int, tuple[int, ListedUploading]]] = {}
    for line in listing:
        marker = parse_marker(line.comment)
        if marker is not None:
            ours.setdefault(marker[0], {})[line.upload_id] = (marker[1], line)
    return ours


def _listing_events(part: Part, found: _FoundUploadings, now: float, look: _Look | None) -> list[Event]:
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
    return Event(now, part.id, transition, changes, _found_attempts(part, {n: line.upload_id}, now))


def _duplicated_event(part: Part, found: _FoundUploadings, now: float) -> Event:
    ids = sorted(found)
    line = found[ids[0]][1]
    changes = quantity_changes(line.upload_id, line.source_quantity, line.line_quantity)
    changes["reason"] = " ".join(map(str, ids))
    attempts = _found_attempts(part, {found[upload_id][0]: upload_id for upload_id in ids}, now)
    return Event(now, part.id, Transition.FIND_DUPLICATES, changes, attempts)


def _found_attempts(part: Part, ids: Mapping[int, int], now: float) -> dict[int, dict[str, Any]]:
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
