"""Changes of one part: an attempt begins and ends, the service reports progress, a person decides."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calltools.errors import LedgerError, UsageError
from calltools.ledger import events, spool
from calltools.ledger.database import Ledger, as_ledger_errors, transaction
from calltools.ledger.events import Event
from calltools.ledger.lock import require_lock
from calltools.ledger.part import (
    Acked,
    Ambiguous,
    AttemptOutcome,
    NotSent,
    Part,
    Rejected,
    Throttled,
    marked_comment,
    mask_long_numbers,
)
from calltools.ledger.states import (
    ACCEPTED_STATES,
    DECIDED_STATES,
    FREED_STATES,
    TRANSITION_OF_STATUS,
    State,
    Transition,
    is_allowed,
)


@dataclass(frozen=True, slots=True)
class StartedAttempt:
    """An attempt that may go now: its intent is durable.

    Attributes:
        part: The batch.
        attempt: Which attempt, from 1.
        comment: The whole comment, marker first.
        file: What to send.
    """

    part: Part
    attempt: int
    comment: str
    file: Path


def begin_attempt(ledger: Ledger, part_id: int) -> StartedAttempt:
    """Write down that a POST is about to go; only then may its first byte leave.

    Args:
        ledger: The ledger; this process holds the lock of the counter.
        part_id: A batch that waits.

    Raises:
        LedgerError: The file of the batch is gone or altered: nothing may be sent of it.
    """
    batch = get_part(ledger, part_id)
    require_lock(ledger, batch.counter)
    with as_ledger_errors(ledger.folder):
        if batch.waiting and not spool.is_intact(ledger, batch):
            raise LedgerError("ledger-part-damaged", name=batch.name)
    n, now = len(batch.attempts) + 1, ledger.now()
    facts = {"absences": 0, "first_absent": None, "until": None, "reason": ""}
    attempt = {"state": State.SENDING, "started": now}
    with transaction(ledger) as connection:
        batch = events.append_event(connection, batch, Event(now, batch.id, Transition.SEND, facts, {n: attempt}))
    return StartedAttempt(batch, n, marked_comment(batch.mark, n, batch.comment), spool.part_path(ledger, batch))


def finish_attempt(ledger: Ledger, part_id: int, outcome: AttemptOutcome) -> Part:
    """Write down how an attempt ended.

    Args:
        ledger: The ledger; this process holds the lock of the counter.
        part_id: The batch that is being sent.
        outcome: What is known about the end.
    """
    batch = get_part(ledger, part_id)
    require_lock(ledger, batch.counter)
    step, ended, facts, fields = _changes_of_outcome(batch, outcome)
    attempt = {"state": ended, "ended": ledger.now(), **fields}
    return write_event(ledger, batch, step, facts, {len(batch.attempts): attempt})


def _changes_of_outcome(
    part: Part, outcome: AttemptOutcome
) -> tuple[Transition, State, dict[str, Any], dict[str, Any]]:
    """Step, state of the attempt, changes of the batch and of the attempt."""
    match outcome:
        case Acked():
            facts = quantity_changes(outcome.upload_id, outcome.source_quantity, outcome.line_quantity)
            return (
                choose_acceptance(part, facts, Transition.ACCEPT, Transition.ACCEPT_PARTIAL),
                State.ACKED,
                facts,
                _upload_id_change(outcome.upload_id),
            )
        case Rejected(reason):
            # What an earlier attempt left unclear is not settled by the refusal of a later one.
            doubt = any(attempt.state is State.AMBIGUOUS for attempt in part.attempts)
            return (
                Transition.HOLD if doubt else Transition.REJECT,
                State.REJECTED,
                _reason_change(reason),
                _reason_change(reason),
            )
        case NotSent(reason):
            return Transition.FAIL_TO_SEND, State.NOT_SENT, _reason_change(reason), _reason_change(reason)
        case Throttled(until, reason):
            return (
                Transition.THROTTLE,
                State.THROTTLED,
                {"until": until, **_reason_change(reason)},
                _reason_change(reason),
            )
        case Ambiguous(reason, bytes_sent):
            return (
                Transition.LOSE_ANSWER,
                State.AMBIGUOUS,
                _reason_change(reason),
                {"bytes_sent": bytes_sent, **_reason_change(reason)},
            )


def _reason_change(reason: str) -> dict[str, Any]:
    return {"reason": mask_long_numbers(reason)}


def _upload_id_change(upload_id: int) -> dict[str, Any]:
    return {"upload_id": upload_id}


def quantity_changes(upload_id: int, source: int | None, line: int | None) -> dict[str, Any]:
    """Changes of a batch that the service has."""
    return {"upload_id": upload_id, "source_quantity": source, "line_quantity": line, "reason": ""}


def choose_acceptance(part: Part, changes: Mapping[str, Any], complete: Transition, partial: Transition) -> Transition:
    """Which of two steps the quantities call for."""
    taken = {changes["source_quantity"], changes["line_quantity"]} - {None, part.rows}
    return partial if taken else complete


def record_status(
    ledger: Ledger, part_id: int, status: str, *, linked: int | None = None, accepted: int | None = None
) -> Part:
    """Write down what the service says of its work. A batch that is settled stays as it is.

    Args:
        ledger: The ledger.
        part_id: A batch that the service has.
        status: As it came; words that are not known settle nothing.
        linked: Calls linked to visits, if it says.
        accepted: Rows accepted, if it says.
    """
    said = (("status", mask_long_numbers(status)), ("linked", linked), ("line_quantity", accepted))
    facts = {name: value for name, value in said if value is not None}
    return _record_progress(ledger, part_id, TRANSITION_OF_STATUS.get(status, Transition.RECORD_STATUS), facts)


def stop_polling(ledger: Ledger, part_id: int) -> Part:
    """Watching ended before the service did; it can go on later."""
    return _record_progress(ledger, part_id, Transition.STOP_POLLING, {})


def _record_progress(ledger: Ledger, part_id: int, transition: Transition, changes: Mapping[str, Any]) -> Part:
    """One step of watching. Several may watch, and nobody holds a lock: the batch is read where it is written."""
    with transaction(ledger) as connection:
        batch = get_part(ledger, part_id)
        told_before = changes and all(getattr(batch, name) == value for name, value in changes.items())
        if not batch.processing or told_before:
            return batch
        return apply_event(connection, batch, Event(ledger.now(), batch.id, transition, changes))


def resend(ledger: Ledger, part_id: int) -> Part:
    """A person decides that the batch is not there: it waits to be sent again.

    Raises:
        UsageError: The batch is not held.
    """
    return _decide(ledger, part_id, Transition.RESEND, {"absences": 0, "first_absent": None})


def give_up(ledger: Ledger, part_id: int) -> Part:
    """A person decides to leave the batch: its calls stay known and go again only when asked for.

    Raises:
        UsageError: The batch is not held.
    """
    return _decide(ledger, part_id, Transition.GIVE_UP, {})


def _decide(ledger: Ledger, part_id: int, transition: Transition, changes: Mapping[str, Any]) -> Part:
    batch = get_part(ledger, part_id)
    require_lock(ledger, batch.counter)
    if not is_allowed(batch.state, transition):
        raise UsageError("ledger-not-held", name=batch.name, state=batch.state)
    return write_event(ledger, batch, transition, changes)


def release(ledger: Ledger, part_id: int, reason: str = "") -> Part:
    """Withdraw a batch that waits. Its calls are free, unless an earlier attempt may have arrived: then it is held."""
    batch = get_part(ledger, part_id)
    require_lock(ledger, batch.counter)
    return write_event(ledger, batch, Transition.HOLD if batch.in_doubt else Transition.RELEASE, _reason_change(reason))


def get_part(ledger: Ledger, part_id: int) -> Part:
    """A batch by the ledger's number.

    Raises:
        UsageError: There is none.
    """
    found = events.select_parts(ledger.connection, "id = ?", (part_id,))
    if not found:
        raise UsageError("ledger-unknown-id", name=f"L{part_id}")
    return found[0]


def write_event(
    ledger: Ledger,
    part: Part,
    transition: Transition,
    changes: Mapping[str, Any] | None = None,
    attempts: Mapping[int, Mapping[str, Any]] | None = None,
) -> Part:
    """One step in a transaction of its own, then what follows from it outside of the ledger."""
    with transaction(ledger) as connection:
        changed = apply_event(connection, part, Event(ledger.now(), part.id, transition, changes or {}, attempts or {}))
    discard_if_decided(ledger, changed)
    return changed


def apply_event(connection: sqlite3.Connection, part: Part, event: Event) -> Part:
    """One step, and what follows from it for the calls of the batch."""
    changed = events.append_event(connection, part, event)
    if changed.state in ACCEPTED_STATES and part.state not in ACCEPTED_STATES:
        connection.execute("INSERT OR REPLACE INTO row SELECT fp, rest, batch FROM claim WHERE batch = ?", (part.id,))
    if changed.state in FREED_STATES:
        connection.execute("DELETE FROM row WHERE batch = ?", (part.id,))
    if changed.state in DECIDED_STATES:
        connection.execute("DELETE FROM claim WHERE batch = ?", (part.id,))
    return changed


def discard_if_decided(ledger: Ledger, part: Part) -> None:
    """Remove the file of a batch that is decided."""
    if part.state in DECIDED_STATES:
        with as_ledger_errors(ledger.folder):
            spool.discard_file(spool.part_path(ledger, part))
