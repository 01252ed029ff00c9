"""One part: recorded in the ledger before its first byte leaves, sent once, and polled until the service is done."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from calltools.errors import (
    CalltoolsError,
    LedgerError,
    NotFoundError,
    QuotaError,
    ServiceError,
    TokenRefusedError,
    UnknownOutcomeError,
    UnrecordedError,
)
from calltools.ledger import (
    Acked,
    Ambiguous,
    AttemptOutcome,
    IdentifierKind,
    NotSent,
    Part,
    Rejected,
    StartedAttempt,
    State,
    Throttled,
    begin_attempt,
    finish_attempt,
    get_part,
    is_known_uploading,
    parse_marker,
    stop_polling,
)
from calltools.metrica.outcome import Outcome, OutcomeKind
from calltools.metrica.protocol import ClientIdType, upload_calls_request
from calltools.metrica.repetition import may_pass
from calltools.metrica.responses import Uploading
from calltools.uploading.context import UploadContext
from calltools.uploading.reconcile import look_before_sending, record_uploading, search_for_part

_CLIENT_ID_TYPES: Final[Mapping[IdentifierKind, ClientIdType]] = MappingProxyType(
    {"ClientId": "CLIENT_ID", "Yclid": "YCLID", "UserId": "USER_ID"}
)
#: A quota that asks for a longer wait ends the run.
_MAX_QUOTA_WAIT_S: Final = 60.0
#: Attempts of one part in one run. The least wait between them doubles, whatever ``Retry-After`` says: a service that
#: says 0 for ever must not be asked for ever.
_MAX_QUOTA_ATTEMPTS: Final = 5
_LEAST_QUOTA_WAIT_S: Final = 1.0
#: From the answer to the first poll: a small file is done by then.
_FIRST_POLL_S: Final = 2.0
#: For how long the service may not know an uploading that it has just accepted, from the first poll of it.
_UNKNOWN_AT_FIRST_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class SendResult:
    """A part after an attempt to send it.

    Attributes:
        part: Its state in the ledger now.
        error: Why it was not accepted, or why nobody knows whether it was.
    """

    part: Part
    error: CalltoolsError | None = None


def stops_run(error: CalltoolsError | None) -> bool:
    """Whether every further part would meet this error as well: the token or a quota fails."""
    return isinstance(error, TokenRefusedError | QuotaError)


def send_part(context: UploadContext, part: Part) -> SendResult:
    """Send a part that waits; wait for a short quota, search for the part after an unclear end.

    The caller holds the lock of the counter and has just looked into the list (``look_before_sending``).
    """
    waited = 0.0
    for number in range(_MAX_QUOTA_ATTEMPTS):
        context.events.notify("upload-sending", name=part.name, rows=part.rows, part=part.part, parts=part.parts)
        sent = _attempt(context, part)
        wait = _quota_wait(sent, _LEAST_QUOTA_WAIT_S * 2**number)
        waited += wait or 0.0
        if wait is None or number + 1 == _MAX_QUOTA_ATTEMPTS or waited > context.options.wait_limit_s:
            break
        context.events.notify("upload-quota-wait", rows=part.rows, seconds=round(wait))
        context.clock.sleep(wait)
        error = look_before_sending(context)
        part = get_part(context.ledger, part.id)
        if error is not None or not part.waiting:
            return SendResult(part, error)
    if sent.part.held:
        context.events.notify("upload-looking", name=sent.part.name, rows=sent.part.rows)
        with _as_unrecorded(context, sent.part):
            return SendResult(search_for_part(context, sent.part), sent.error)
    return sent


def _attempt(context: UploadContext, part: Part) -> SendResult:
    first_byte = threading.Event()
    try:
        # Durable before the first byte: a process that is killed from here on leaves a part in doubt, never a free one.
        sending = begin_attempt(context.ledger, part.id)
        request = upload_calls_request(
            part.counter, sending.comment, goal=sending.part.goal or None, client_id_type=_CLIENT_ID_TYPES[part.kind]
        )
        outcome = context.client.upload(request, sending.file, first_byte.set)
    except OSError as error:
        with _as_unrecorded(context, part):
            return SendResult(finish_attempt(context.ledger, part.id, NotSent(error.strerror or "file")))
    except BaseException:
        with suppress(LedgerError):
            # If it cannot be recorded now, the next run recovers it: the intent is durable.
            _record_interrupt(context, part, is_doubtful=first_byte.is_set())
        raise
    with _as_unrecorded(context, sending.part):
        outcome = _accept_own_answer(context, sending, outcome)
        return SendResult(finish_attempt(context.ledger, part.id, _attempt_outcome(outcome)), outcome.error)


def _record_interrupt(context: UploadContext, part: Part, *, is_doubtful: bool) -> None:
    """Record the interrupt of an attempt, if it has begun.

    Once the first byte has left nobody knows how many arrived; before, as while a connection is refused, nothing has.
    """
    if get_part(context.ledger, part.id).state is State.SENDING:
        outcome = Ambiguous("interrupted") if is_doubtful else NotSent("interrupted")
        finish_attempt(context.ledger, part.id, outcome)


@contextmanager
def _as_unrecorded(context: UploadContext, part: Part) -> Iterator[None]:
    """Map a fault of the ledger, once an attempt has begun: whatever the service has said, the part stays in doubt.

    Raises:
        UnrecordedError: In place of ``LedgerError``; the line of the part is reported before.
    """
    try:
        yield
    except LedgerError as fault:
        context.events.report_part(part)
        facts = {"name": part.name, "rows": part.rows, "path": context.ledger.folder}
        raise UnrecordedError("ledger-unrecorded", **facts, reason=fault.facts.get("reason") or fault.key) from fault


def _accept_own_answer(context: UploadContext, sending: StartedAttempt, outcome: Outcome) -> Outcome:
    """Make the outcome unclear if the uploading is that of another file: a cache gave an earlier answer once more."""
    uploading, part = outcome.uploading, sending.part
    if uploading is None:
        return outcome
    is_ours = parse_marker(uploading.comment) in {None, (part.mark, sending.attempt)}
    if is_ours and not is_known_uploading(context.ledger, part.counter, uploading.id):
        return outcome
    error = UnknownOutcomeError("unclear-replayed", host=context.client.host, id=uploading.id)
    return replace(outcome, kind=OutcomeKind.AMBIGUOUS, uploading=None, error=error)


def _attempt_outcome(outcome: Outcome) -> AttemptOutcome:
    """The client's outcome in the terms of the ledger, which knows nothing of HTTP."""
    reason = "" if outcome.error is None else outcome.error.say()
    if outcome.kind is OutcomeKind.ACKED and outcome.uploading is not None:
        uploading = outcome.uploading
        return Acked(uploading.id, uploading.source_quantity, uploading.line_quantity)
    if outcome.kind is OutcomeKind.REJECTED:
        return Rejected(reason)
    if outcome.kind is OutcomeKind.NOT_SENT:
        return NotSent(reason)
    if outcome.kind is OutcomeKind.THROTTLED:
        return Throttled(outcome.until, reason)
    return Ambiguous(reason, outcome.bytes_sent)


def _quota_wait(sent: SendResult, least: float) -> float | None:
    """Seconds to wait before the next attempt, at least ``least``; ``None``: there is no next attempt.

    The service names seconds, or a time by its own clock: what this machine's clock says meanwhile does not count.
    """
    if sent.part.state is not State.THROTTLED or not isinstance(sent.error, QuotaError) or sent.error.wait is None:
        return None
    wait = max(sent.error.wait, least)
    return wait if wait <= _MAX_QUOTA_WAIT_S else None


def poll_until_done(context: UploadContext, part: Part) -> Part:
    """Poll until the service is done with a part, or ``wait_limit_s`` is over.

    A status that is not known here is polled through, unless it sounds final.

    Raises:
        ServiceError: Polling cannot succeed: the token, the counter. Errors that may pass are polled through, and so
            is an uploading that the service does not know yet.
    """
    options, clock = context.options, context.clock
    begun = clock.monotonic()
    end = begun + options.wait_limit_s
    pause = min(_FIRST_POLL_S, options.poll_interval_s)
    if part.processing:
        context.events.notify("upload-followed", name=part.name, rows=part.rows)
    while part.processing:
        if clock.monotonic() + pause > end:
            return stop_polling(context.ledger, part.id)
        clock.sleep(pause)
        pause = options.poll_interval_s
        # An uploading of which the service has said nothing yet may be too new for it.
        is_new = not part.status and clock.monotonic() - begun <= _UNKNOWN_AT_FIRST_S
        part = _poll_once(context, part, is_new=is_new)
        if part.has_unknown_end:
            break
    return part


def look_at_part(context: UploadContext, part: Part) -> Part:
    """Ask the service once what it does with a part.

    Raises:
        ServiceError: As ``poll_until_done``.
    """
    return _poll_once(context, part, is_new=False)


def _poll_once(context: UploadContext, part: Part, *, is_new: bool) -> Part:
    uploading: Uploading | None = None
    try:
        uploading = context.client.get_uploading(part.counter, part.upload_id or 0)
    except ServiceError as error:
        if not (may_pass(error) or (is_new and isinstance(error, NotFoundError))):
            raise
    # An answer about another uploading was given before, to somebody else.
    if uploading is None or uploading.id != part.upload_id:
        context.events.notify("upload-asked-in-vain", name=part.name, rows=part.rows)
        return part
    if uploading.status not in {"", part.status}:
        context.events.notify("upload-status", name=part.name, rows=part.rows, status=uploading.status)
    return record_uploading(context.ledger, part, uploading)
