"""Reconciling: what the service's list of uploadings says about parts whose outcome is unknown."""

from collections.abc import Iterable, Mapping
from typing import Any

from calltools.ledger import events
from calltools.ledger.database import Ledger, transaction
from calltools.ledger.events import Event
from calltools.ledger.lifecycle import apply_event, choose_acceptance, discard_if_decided, quantity_changes
from calltools.ledger.lock import require_lock
from calltools.ledger.part import ListedUploading, Part, ReconcilePolicy, parse_marker
from calltools.ledger.states import FREED_STATES, State, Transition, is_allowed

#: Attempt and line of the list, by the service's id.
_FoundUploadings = Mapping[int, tuple[int, ListedUploading]]


def reconcile(
    ledger: Ledger,
    counter: int,
    listing: Iterable[ListedUploading],
    *,
    complete: bool,
    policy: ReconcilePolicy | None = None,
) -> tuple[Part, ...]:
    """Write down what one listing of a counter's uploadings says.

    Args:
        ledger: The ledger; this process holds the lock of the counter.
        counter: Whose list it is.
        listing: Its lines, in any order; several pages in one go.
        complete: It was read to its end. An incomplete one can find a batch but never miss one.
        policy: When a batch is called absent, and what follows.

    Returns:
        Batches whose state has changed.
    """
    require_lock(ledger, counter)
    ours = _group_by_mark(listing)
    changed = []
    with transaction(ledger) as connection:
        for batch in events.select_parts(connection, "counter = ?", (counter,)):
            now = batch
            for event in _listing_events(
                batch, ours.get(batch.mark, {}), ledger.now(), complete, policy or ReconcilePolicy()
            ):
                now = apply_event(connection, now, event)
            if now.state is not batch.state:
                changed.append(now)
    for batch in changed:
        discard_if_decided(ledger, batch)
    return tuple(changed)


def _group_by_mark(listing: Iterable[ListedUploading]) -> dict[str, dict[int, tuple[int, ListedUploading]]]:
    """Our lines by mark. A line that stands on two pages is one."""
    ours: dict[str, dict[int, tuple[int, ListedUploading]]] = {}
    for line in listing:
        found = parse_marker(line.comment)
        if found is not None:
            ours.setdefault(found[0], {})[line.upload_id] = (found[1], line)
    return ours


def _listing_events(
    part: Part,
    found: _FoundUploadings,
    now: float,
    complete: bool,  # noqa: FBT001 - its one caller passes it on
    policy: ReconcilePolicy,
) -> list[Event]:
    """What the listing means for one batch. Pure."""
    if part.state in FREED_STATES:
        return []
    if len(found) > 1:
        return [_duplicated_event(part, found, now)] if is_allowed(part.state, Transition.FIND_DUPLICATES) else []
    if found:
        return [_found_event(part, *next(iter(found.values())), now)] if is_allowed(part.state, Transition.FIND) else []
    return _absence_events(part, now, policy) if complete and is_allowed(part.state, Transition.NOT_LISTED) else []


def _found_event(part: Part, n: int, line: ListedUploading, now: float) -> Event:
    facts = quantity_changes(line.upload_id, line.source_quantity, line.line_quantity)
    step = choose_acceptance(part, facts, Transition.FIND, Transition.FIND_PARTIAL)
    return Event(now, part.id, step, facts, _found_attempts(part, {n: line.upload_id}, now))


def _duplicated_event(part: Part, found: _FoundUploadings, now: float) -> Event:
    ids = sorted(found)
    line = found[ids[0]][1]
    facts = quantity_changes(line.upload_id, line.source_quantity, line.line_quantity)
    facts["reason"] = " ".join(map(str, ids))
    return Event(
        now, part.id, Transition.FIND_DUPLICATES, facts, _found_attempts(part, {found[i][0]: i for i in ids}, now)
    )


def _found_attempts(part: Part, ids: Mapping[int, int], now: float) -> dict[int, dict[str, Any]]:
    known = {attempt.n for attempt in part.attempts}
    return {n: {"state": State.ACKED, "ended": now, "upload_id": ids[n]} for n in ids if n in known}


def _absence_events(part: Part, now: float, policy: ReconcilePolicy) -> list[Event]:
    first = now if part.first_absent is None else part.first_absent
    absences = part.absences + 1
    events = [Event(now, part.id, Transition.NOT_LISTED, {"absences": absences, "first_absent": first})]
    settled = absences >= policy.min_listings and now - first >= policy.min_absent_seconds
    if settled and part.state is State.AMBIGUOUS:
        doubtful = [attempt.n for attempt in part.attempts if attempt.state is State.AMBIGUOUS]
        gone = {n: {"state": State.ABSENT} for n in doubtful}
        events.append(Event(now, part.id, Transition.CONFIRM_ABSENT, {}, gone))
        events.append(Event(now, part.id, Transition.RESEND if policy.on_absent == "resend" else Transition.HOLD))
    return events
