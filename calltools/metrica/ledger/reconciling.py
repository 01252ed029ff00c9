"""Reconciling: what the service's list of uploadings says about batches in doubt."""

from collections.abc import Iterable, Mapping
from typing import Any

from calltools.metrica.ledger import journal
from calltools.metrica.ledger.batches import accepting, happen, quantities, tidy
from calltools.metrica.ledger.journal import Event
from calltools.metrica.ledger.lock import must_hold
from calltools.metrica.ledger.markers import read_marker
from calltools.metrica.ledger.states import FREED, State, Step, allowed
from calltools.metrica.ledger.store import Book, writing
from calltools.metrica.ledger.values import Batch, Listed, Policy

#: Attempt and line of the list, by the service's id.
_Found = Mapping[int, tuple[int, Listed]]


def reconcile(
    book: Book, counter: int, listing: Iterable[Listed], *, complete: bool, policy: Policy | None = None
) -> tuple[Batch, ...]:
    """Write down what one listing of a counter's uploadings says.

    Args:
        book: The ledger; this process holds the lock of the counter.
        counter: Whose list it is.
        listing: Its lines, in any order; several pages in one go.
        complete: It was read to its end. An incomplete one can find a batch but never miss one.
        policy: When a batch is called absent, and what follows.

    Returns:
        Batches whose state has changed.
    """
    must_hold(book, counter)
    ours = _by_mark(listing)
    changed = []
    with writing(book) as connection:
        for batch in journal.batches(connection, "counter = ?", (counter,)):
            now = batch
            for event in _events(batch, ours.get(batch.mark, {}), book.now(), complete, policy or Policy()):
                now = happen(connection, now, event)
            if now.state is not batch.state:
                changed.append(now)
    for batch in changed:
        tidy(book, batch)
    return tuple(changed)


def _by_mark(listing: Iterable[Listed]) -> dict[str, dict[int, tuple[int, Listed]]]:
    """Our lines by mark. A line that stands on two pages is one."""
    ours: dict[str, dict[int, tuple[int, Listed]]] = {}
    for line in listing:
        found = read_marker(line.comment)
        if found is not None:
            ours.setdefault(found[0], {})[line.upload_id] = (found[1], line)
    return ours


def _events(batch: Batch, found: _Found, now: float, complete: bool, policy: Policy) -> list[Event]:  # noqa: FBT001
    """What the listing means for one batch. Pure."""
    if batch.state in FREED:
        return []
    if len(found) > 1:
        return [_many(batch, found, now)] if allowed(batch.state, Step.FIND_MANY) else []
    if found:
        return [_one(batch, *next(iter(found.values())), now)] if allowed(batch.state, Step.FIND) else []
    return _missed(batch, now, policy) if complete and allowed(batch.state, Step.MISS) else []


def _one(batch: Batch, n: int, line: Listed, now: float) -> Event:
    facts = quantities(line.upload_id, line.source_quantity, line.line_quantity)
    step = accepting(batch, facts, Step.FIND, Step.FIND_PART)
    return Event(now, batch.id, step, facts, _attempts_found(batch, {n: line.upload_id}, now))


def _many(batch: Batch, found: _Found, now: float) -> Event:
    ids = sorted(found)
    line = found[ids[0]][1]
    facts = quantities(line.upload_id, line.source_quantity, line.line_quantity)
    facts["reason"] = " ".join(map(str, ids))
    return Event(now, batch.id, Step.FIND_MANY, facts, _attempts_found(batch, {found[i][0]: i for i in ids}, now))


def _attempts_found(batch: Batch, ids: Mapping[int, int], now: float) -> dict[int, dict[str, Any]]:
    known = {attempt.n for attempt in batch.attempts}
    return {n: {"state": State.ACKED, "ended": now, "upload_id": ids[n]} for n in ids if n in known}


def _missed(batch: Batch, now: float, policy: Policy) -> list[Event]:
    first = now if batch.first_absent is None else batch.first_absent
    absences = batch.absences + 1
    events = [Event(now, batch.id, Step.MISS, {"absences": absences, "first_absent": first})]
    settled = absences >= policy.listings and now - first >= policy.settle_seconds
    if settled and batch.state is State.AMBIGUOUS:
        doubtful = [attempt.n for attempt in batch.attempts if attempt.state is State.AMBIGUOUS]
        gone = {n: {"state": State.ABSENT} for n in doubtful}
        events.append(Event(now, batch.id, Step.SETTLE, {}, gone))
        events.append(Event(now, batch.id, Step.RESEND if policy.on_absent == "resend" else Step.HOLD))
    return events
