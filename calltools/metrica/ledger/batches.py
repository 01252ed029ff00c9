"""What happens to one batch: an attempt begins and ends, the service works on it, a person decides."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calltools.errors import LedgerError, UsageError
from calltools.metrica.ledger import journal, spool
from calltools.metrica.ledger.journal import Event
from calltools.metrica.ledger.lock import must_hold
from calltools.metrica.ledger.markers import with_marker
from calltools.metrica.ledger.masking import masked
from calltools.metrica.ledger.states import ACCEPTED, FINAL_STATUSES, FREED, SPENT, State, Step, allowed
from calltools.metrica.ledger.store import Book, told, writing
from calltools.metrica.ledger.values import Acked, Ambiguous, Batch, NotSent, Outcome, Rejected, Throttled


@dataclass(frozen=True, slots=True)
class Sending:
    """An attempt that may go now: its intent is durable.

    Attributes:
        batch: The batch.
        attempt: Which attempt, from 1.
        comment: The whole comment, marker first.
        file: What to send.
    """

    batch: Batch
    attempt: int
    comment: str
    file: Path


def begin(book: Book, batch_id: int) -> Sending:
    """Write down that a POST is about to go; only then may its first byte leave.

    Args:
        book: The ledger; this process holds the lock of the counter.
        batch_id: A batch that waits.

    Raises:
        LedgerError: The file of the batch is gone or altered: nothing may be sent of it.
    """
    batch = load(book, batch_id)
    must_hold(book, batch.counter)
    with told(book.folder):
        if batch.waiting and not spool.whole(book, batch):
            raise LedgerError("ledger-part-damaged", name=batch.name)
    n, now = len(batch.attempts) + 1, book.now()
    facts = {"absences": 0, "first_absent": None, "until": None, "reason": ""}
    attempt = {"state": State.SENDING, "started": now}
    with writing(book) as connection:
        batch = journal.happen(connection, batch, Event(now, batch.id, Step.SEND, facts, {n: attempt}))
    return Sending(batch, n, with_marker(batch.mark, n, batch.comment), spool.spooled(book, batch))


def finish(book: Book, batch_id: int, outcome: Outcome) -> Batch:
    """Write down how an attempt ended.

    Args:
        book: The ledger; this process holds the lock of the counter.
        batch_id: The batch that is being sent.
        outcome: What is known about the end.
    """
    batch = load(book, batch_id)
    must_hold(book, batch.counter)
    step, ended, facts, fields = _ended(batch, outcome)
    attempt = {"state": ended, "ended": book.now(), **fields}
    return write(book, batch, step, facts, {len(batch.attempts): attempt})


def _ended(batch: Batch, outcome: Outcome) -> tuple[Step, State, dict[str, Any], dict[str, Any]]:
    """Step, state of the attempt, changes of the batch and of the attempt."""
    match outcome:
        case Acked():
            facts = quantities(outcome.upload_id, outcome.source_quantity, outcome.line_quantity)
            return accepting(batch, facts, Step.ACCEPT, Step.ACCEPT_PART), State.ACKED, facts, _id(outcome.upload_id)
        case Rejected(reason):
            # What an earlier attempt left unclear is not settled by the refusal of a later one.
            doubt = any(attempt.state is State.AMBIGUOUS for attempt in batch.attempts)
            return Step.HOLD if doubt else Step.REJECT, State.REJECTED, _why(reason), _why(reason)
        case NotSent(reason):
            return Step.FAIL_TO_SEND, State.NOT_SENT, _why(reason), _why(reason)
        case Throttled(until, reason):
            return Step.THROTTLE, State.THROTTLED, {"until": until, **_why(reason)}, _why(reason)
        case Ambiguous(reason, bytes_sent):
            return Step.LOSE, State.AMBIGUOUS, _why(reason), {"bytes_sent": bytes_sent, **_why(reason)}


def _why(reason: str) -> dict[str, Any]:
    return {"reason": masked(reason)}


def _id(upload_id: int) -> dict[str, Any]:
    return {"upload_id": upload_id}


def quantities(upload_id: int, source: int | None, line: int | None) -> dict[str, Any]:
    """Changes of a batch that the service has."""
    return {"upload_id": upload_id, "source_quantity": source, "line_quantity": line, "reason": ""}


def accepting(batch: Batch, facts: Mapping[str, Any], whole: Step, part: Step) -> Step:
    """Which of two steps the quantities call for."""
    taken = {facts["source_quantity"], facts["line_quantity"]} - {None, batch.rows}
    return part if taken else whole


def look(book: Book, batch_id: int, status: str, *, linked: int | None = None, line: int | None = None) -> Batch:
    """Write down what the service says of its work. A batch that is settled stays as it is.

    Args:
        book: The ledger.
        batch_id: A batch that the service has.
        status: As it came; words that are not known settle nothing.
        linked: Calls linked to visits, if it says.
        line: Rows accepted, if it says.
    """
    said = (("status", masked(status)), ("linked", linked), ("line_quantity", line))
    facts = {name: value for name, value in said if value is not None}
    return _watched(book, batch_id, FINAL_STATUSES.get(status, Step.LOOK), facts)


def tire(book: Book, batch_id: int) -> Batch:
    """Watching ended before the service did; it can go on later."""
    return _watched(book, batch_id, Step.TIRE, {})


def _watched(book: Book, batch_id: int, step: Step, facts: Mapping[str, Any]) -> Batch:
    """One step of watching. Several may watch, and nobody holds a lock: the batch is read where it is written."""
    with writing(book) as connection:
        batch = load(book, batch_id)
        told_before = facts and all(getattr(batch, name) == value for name, value in facts.items())
        if not batch.watched or told_before:
            return batch
        return happen(connection, batch, Event(book.now(), batch.id, step, facts))


def resend(book: Book, batch_id: int) -> Batch:
    """A person decides that the batch is not there: it waits to be sent again.

    Raises:
        UsageError: The batch is not held.
    """
    return _decide(book, batch_id, Step.RESEND, {"absences": 0, "first_absent": None})


def give_up(book: Book, batch_id: int) -> Batch:
    """A person decides to leave the batch: its calls stay known and go again only when asked for.

    Raises:
        UsageError: The batch is not held.
    """
    return _decide(book, batch_id, Step.GIVE_UP, {})


def _decide(book: Book, batch_id: int, step: Step, facts: Mapping[str, Any]) -> Batch:
    batch = load(book, batch_id)
    must_hold(book, batch.counter)
    if not allowed(batch.state, step):
        raise UsageError("ledger-not-held", name=batch.name, state=batch.state)
    return write(book, batch, step, facts)


def release(book: Book, batch_id: int, reason: str = "") -> Batch:
    """Withdraw a batch that waits. Its calls are free, unless an earlier attempt may have arrived: then it is held."""
    batch = load(book, batch_id)
    must_hold(book, batch.counter)
    return write(book, batch, Step.HOLD if batch.in_doubt else Step.RELEASE, _why(reason))


def load(book: Book, batch_id: int) -> Batch:
    """A batch by the ledger's number.

    Raises:
        UsageError: There is none.
    """
    found = journal.batches(book.connection, "id = ?", (batch_id,))
    if not found:
        raise UsageError("ledger-unknown-id", name=f"L{batch_id}")
    return found[0]


def write(
    book: Book,
    batch: Batch,
    step: Step,
    facts: Mapping[str, Any] | None = None,
    attempts: Mapping[int, Mapping[str, Any]] | None = None,
) -> Batch:
    """One step in a transaction of its own, then what follows from it outside of the ledger."""
    with writing(book) as connection:
        changed = happen(connection, batch, Event(book.now(), batch.id, step, facts or {}, attempts or {}))
    tidy(book, changed)
    return changed


def happen(connection: sqlite3.Connection, batch: Batch, event: Event) -> Batch:
    """One step, and what follows from it for the calls of the batch."""
    changed = journal.happen(connection, batch, event)
    if changed.state in ACCEPTED and batch.state not in ACCEPTED:
        connection.execute("INSERT OR REPLACE INTO row SELECT fp, rest, batch FROM claim WHERE batch = ?", (batch.id,))
    if changed.state in FREED:
        connection.execute("DELETE FROM row WHERE batch = ?", (batch.id,))
    if changed.state in SPENT:
        connection.execute("DELETE FROM claim WHERE batch = ?", (batch.id,))
    return changed


def tidy(book: Book, batch: Batch) -> None:
    """Remove the file of a batch that is decided."""
    if batch.state in SPENT:
        with told(book.folder):
            spool.discard(spool.spooled(book, batch))
