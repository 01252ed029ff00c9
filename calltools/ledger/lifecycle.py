"""Changes of one part: an attempt begins and ends, the service reports progress, a person decides.

Every change is an event, written in three layers:

1. ``events.append_event`` writes the event and the part that follows from it.
2. ``reservation.apply_event`` adds what follows for the calls of the part: claimed, accepted or free.
3. ``write_event`` does both in a transaction of its own, then removes a file that is not needed any more.

What happens after a 429: ``metrica.outcome`` calls the outcome throttled and computes until when the quota lasts;
``finish_attempt`` stores ``Throttled``, so that the part waits in state ``THROTTLED``; ``uploading.parts`` waits for a
short quota and begins the next attempt. If the wait is long or unknown, the part waits for the next run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calltools.errors import LedgerError, UnsendableError, UsageError
from calltools.ledger.database import Ledger, as_ledger_errors, transaction
from calltools.ledger.events import Event, append_event
from calltools.ledger.lock import require_lock
from calltools.ledger.part import (
    FILE_GONE,
    NO_ABSENCES,
    Acked,
    Ambiguous,
    AttemptOutcome,
    NotSent,
    Part,
    Rejected,
    Throttled,
    marked_comment,
)
from calltools.ledger.queries import get_part
from calltools.ledger.reservation import apply_event, discard_file, is_intact, part_path
from calltools.ledger.states import (
    DECIDED_STATES,
    TRANSITION_OF_STATUS,
    State,
    Transition,
    is_allowed,
    state_word,
)
from calltools.model.foreign_words import mask_personal


@dataclass(frozen=True, slots=True)
class StartedAttempt:
    """An attempt that may be sent now: its intent is durable.

    Attributes:
        part: The part.
        attempt: Number of the attempt, from 1.
        comment: The comment to send, with the marker.
        file: The file to send.
    """

    part: Part
    attempt: int
    comment: str
    file: Path


def begin_attempt(ledger: Ledger, part_id: int) -> StartedAttempt:
    """Record the intent of a POST. Only after it may the first byte be sent.

    Whoever dies from here on leaves a part in ``SENDING``; recovery makes it ``AMBIGUOUS`` and never sends it blindly.

    Args:
        ledger: The ledger; this process holds the lock of the counter.
        part_id: A part that waits.

    Raises:
        LedgerError: The file of the part is gone or altered; nothing of it may be sent.
        UnsendableError: The same, and an earlier attempt may be stored: the part is held.
    """
    part = get_part(ledger, part_id)
    require_lock(ledger, part.counter)
    with as_ledger_errors(ledger.folder):
        damaged = part.waiting and not is_intact(ledger, part)
    if damaged and part.in_doubt:
        # Nothing is left to send, and an earlier attempt may be stored: a person decides.
        raise _unsendable(release(ledger, part.id, FILE_GONE))
    if damaged:
        raise LedgerError("ledger-part-damaged", name=part.name)
    n, now = len(part.attempts) + 1, ledger.now()
    # Each attempt has a marker of its own and is looked for anew, so earlier absences do not count.
    changes = {**NO_ABSENCES, "until": None, "reason": ""}
    attempt = {"state": State.SENDING, "started": now}
    with transaction(ledger) as connection:
        part = append_event(connection, part, Event(now, part.id, Transition.SEND, changes, {n: attempt}))
    return StartedAttempt(part, n, marked_comment(part.mark, n, part.comment), part_path(ledger, part))


def finish_attempt(ledger: Ledger, part_id: int, outcome: AttemptOutcome) -> Part:
    """Record the outcome of an attempt.

    Args:
        ledger: The ledger; this process holds the lock of the counter.
        part_id: The part that is being sent.
        outcome: The outcome.

    Returns:
        The part after it.
    """
    part = get_part(ledger, part_id)
    require_lock(ledger, part.counter)
    end = _attempt_end(part, outcome)
    attempt = {"state": end.state, "ended": ledger.now(), **end.attempt_changes}
    return write_event(ledger, part, end.transition, end.part_changes, {len(part.attempts): attempt})


@dataclass(frozen=True, slots=True)
class _AttemptEnd:
    """What an outcome means: for the part its transition and changes, for the attempt its state and changes."""

    transition: Transition
    state: State
    part_changes: Mapping[str, Any] = field(default_factory=dict)
    attempt_changes: Mapping[str, Any] = field(default_factory=dict)


def _attempt_end(part: Part, outcome: AttemptOutcome) -> _AttemptEnd:
    if isinstance(outcome, Acked):
        changes = quantity_changes(outcome.upload_id, outcome.source_quantity, outcome.line_quantity)
        transition = choose_acceptance(part, changes, Transition.ACCEPT, Transition.ACCEPT_PARTIAL)
        return _AttemptEnd(transition, State.ACKED, changes, {"upload_id": outcome.upload_id})
    reason = {"reason": mask_personal(outcome.reason)}
    match outcome:
        case Rejected():
            # The refusal says nothing about an earlier attempt that may be stored: its calls must not be freed.
            doubt = any(attempt.state is State.AMBIGUOUS for attempt in part.attempts)
            return _AttemptEnd(Transition.HOLD if doubt else Transition.REJECT, State.REJECTED, reason, reason)
        case NotSent():
            return _AttemptEnd(Transition.FAIL_TO_SEND, State.NOT_SENT, reason, reason)
        case Throttled(until):
            return _AttemptEnd(Transition.THROTTLE, State.THROTTLED, {"until": until, **reason}, reason)
        case Ambiguous(_, bytes_sent):
            changes = {"bytes_sent": bytes_sent, **reason}
            return _AttemptEnd(Transition.LOSE_ANSWER, State.AMBIGUOUS, reason, changes)


def quantity_changes(upload_id: int, source: int | None, line: int | None) -> dict[str, Any]:
    """Make the changes of a part that the service has."""
    return {"upload_id": upload_id, "source_quantity": source, "line_quantity": line, "reason": ""}


def choose_acceptance(part: Part, changes: Mapping[str, Any], complete: Transition, partial: Transition) -> Transition:
    """Choose the transition: ``complete`` if every known quantity is the number of rows of the part."""
    others = {changes["source_quantity"], changes["line_quantity"]} - {None, part.rows}
    return partial if others else complete


def record_status(  # noqa: PLR0913 - each is something that the service reports
    ledger: Ledger,
    part_id: int,
    status: str,
    *,
    linked: int | None = None,
    accepted: int | None = None,
    source: int | None = None,
) -> Part:
    """Record what the service reports about a part. A part that it does not process any more stays as it is.

    What it does not report stays as it was reported before.

    Args:
        ledger: The ledger; no lock is needed.
        part_id: A part that the service has.
        status: The status as it came; an unknown one changes no state; ``""``: none is reported.
        linked: Calls linked to visits, if reported.
        accepted: Rows accepted, if reported.
        source: Rows read, if reported.
    """
    reported = (
        ("status", mask_personal(status) or None),
        ("linked", linked),
        ("line_quantity", accepted),
        ("source_quantity", source),
    )
    changes = {name: value for name, value in reported if value is not None}
    return _record_progress(ledger, part_id, TRANSITION_OF_STATUS.get(status, Transition.RECORD_STATUS), changes)


def stop_polling(ledger: Ledger, part_id: int) -> Part:
    """Record that the time to wait is over before the service was done. Polling may go on later."""
    return _record_progress(ledger, part_id, Transition.STOP_POLLING, {})


def _record_progress(ledger: Ledger, part_id: int, transition: Transition, changes: Mapping[str, Any]) -> Part:
    # Several processes may poll one part without a lock, so it is read inside the transaction that writes it.
    with transaction(ledger) as connection:
        part = get_part(ledger, part_id)
        # A repeated report is no event, and neither is an empty one: hours of polling would fill the ledger.
        is_report = transition is not Transition.STOP_POLLING
        repeated = is_report and all(getattr(part, name) == value for name, value in changes.items())
        if not part.processing or repeated:
            return part
        return apply_event(connection, part, Event(ledger.now(), part.id, transition, changes))


def resend(ledger: Ledger, part_id: int) -> Part:
    """Let a held part wait to be sent again: a person has decided that the service does not have it.

    Raises:
        UsageError: The part is not held.
        UnsendableError: Its file is gone or altered; it stays held.
    """
    part = get_part(ledger, part_id)
    with as_ledger_errors(ledger.folder):
        if part.held and not is_intact(ledger, part):
            raise _unsendable(part)
    return _decide(ledger, part_id, Transition.RESEND, NO_ABSENCES)


def _unsendable(part: Part) -> UnsendableError:
    return UnsendableError("ledger-part-unsendable", name=part.name, rows=part.rows, counter=part.counter)


def give_up(ledger: Ledger, part_id: int) -> Part:
    """Leave a held part: a person has decided. Its calls stay known and are sent again only on request.

    Raises:
        UsageError: The part is not held.
    """
    return _decide(ledger, part_id, Transition.GIVE_UP, {})


def _decide(ledger: Ledger, part_id: int, transition: Transition, changes: Mapping[str, Any]) -> Part:
    part = get_part(ledger, part_id)
    require_lock(ledger, part.counter)
    if not is_allowed(part.state, transition):
        raise UsageError("ledger-not-held", name=part.name, state=state_word(part.state))
    return write_event(ledger, part, transition, changes)


def release(ledger: Ledger, part_id: int, reason: str = "") -> Part:
    """Withdraw a part that waits: its calls are free. If an earlier attempt may be stored, the part is held instead."""
    part = get_part(ledger, part_id)
    require_lock(ledger, part.counter)
    transition = Transition.HOLD if part.in_doubt else Transition.RELEASE
    return write_event(ledger, part, transition, {"reason": mask_personal(reason)})


def write_event(
    ledger: Ledger,
    part: Part,
    transition: Transition,
    part_changes: Mapping[str, Any] | None = None,
    attempt_changes: Mapping[int, Mapping[str, Any]] | None = None,
) -> Part:
    """Write one event in a transaction of its own, then remove the file of the part if it is decided."""
    event = Event(ledger.now(), part.id, transition, part_changes or {}, attempt_changes or {})
    with transaction(ledger) as connection:
        changed = apply_event(connection, part, event)
    # After the commit: a crash between the two leaves a file that recovery removes, never a part without its file.
    discard_if_decided(ledger, changed)
    return changed


def discard_if_decided(ledger: Ledger, part: Part) -> None:
    """Remove the file of a part that is decided."""
    if part.state in DECIDED_STATES:
        with as_ledger_errors(ledger.folder):
            discard_file(part_path(ledger, part))
