"""One part: sent once, recorded in the ledger before the first byte, and polled until the service is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from calltools import ledger
from calltools.errors import CalltoolsError, ServiceError
from calltools.ledger import IdentifierKind, Part, State
from calltools.metrica.outcome import Outcome, OutcomeKind
from calltools.metrica.protocol import ClientIdType, upload_calls_request
from calltools.uploading.context import UploadContext
from calltools.uploading.reconcile import search_for_part

_CLIENT_ID_TYPES: Final[Mapping[IdentifierKind, ClientIdType]] = MappingProxyType(
    {"ClientId": "CLIENT_ID", "Yclid": "YCLID", "UserId": "USER_ID"}
)


@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of one part.

    Attributes:
        part: As the ledger knows it now.
        error: Why it was not accepted, or not clearly.
    """

    part: Part
    error: CalltoolsError | None = None


def send_part(context: UploadContext, batch: Part) -> SendResult:
    """Send a part that waits; a short quota is waited for, an unclear end is looked into.

    The caller holds the lock of the counter.
    """
    while True:
        context.notify("upload-sending", name=batch.name, rows=batch.rows, part=batch.part, parts=batch.parts)
        sent = _attempt(context, batch)
        wait = _quota_wait(context, sent.part)
        if wait is None:
            break
        context.notify("upload-quota-wait", rows=batch.rows, seconds=round(wait))
        context.clock.sleep(wait)
        batch = sent.part
    if sent.part.held:
        context.notify("upload-looking", name=sent.part.name, rows=sent.part.rows)
        return SendResult(search_for_part(context, sent.part), sent.error)
    return sent


def _attempt(context: UploadContext, batch: Part) -> SendResult:
    sending = ledger.begin_attempt(context.ledger, batch.id)
    request = upload_calls_request(
        batch.counter, sending.comment, goal=sending.part.goal or None, client_id_type=_CLIENT_ID_TYPES[batch.kind]
    )
    try:
        outcome = context.client.upload(request, sending.file)
    except OSError as fault:
        return SendResult(ledger.finish_attempt(context.ledger, batch.id, ledger.NotSent(fault.strerror or "file")))
    except BaseException:
        # Interrupted while the request was under way: nobody knows how far it came.
        ledger.finish_attempt(context.ledger, batch.id, ledger.Ambiguous("interrupted"))
        raise
    return SendResult(ledger.finish_attempt(context.ledger, batch.id, _ledger_outcome(outcome)), outcome.error)


def _ledger_outcome(outcome: Outcome) -> ledger.AttemptOutcome:
    """The outcome as the ledger takes it."""
    reason = "" if outcome.error is None else outcome.error.say()
    if outcome.kind is OutcomeKind.ACKED and outcome.uploading is not None:
        one = outcome.uploading
        return ledger.Acked(one.id, one.source_quantity, one.line_quantity)
    if outcome.kind is OutcomeKind.REJECTED:
        return ledger.Rejected(reason)
    if outcome.kind is OutcomeKind.NOT_SENT:
        return ledger.NotSent(reason)
    if outcome.kind is OutcomeKind.THROTTLED:
        return ledger.Throttled(outcome.until, reason)
    return ledger.Ambiguous(reason, outcome.bytes_sent)


def _quota_wait(context: UploadContext, batch: Part) -> float | None:
    """How long to wait before the next try; ``None``: there is none."""
    if batch.state is not State.THROTTLED or batch.until is None:
        return None
    wait = max(batch.until - context.clock.now(), 0)
    return wait if wait <= context.options.max_quota_wait_s else None


def poll_until_done(context: UploadContext, batch: Part) -> Part:
    """Ask how far the service is until it says that it is done, or the time to wait is over.

    Raises:
        ServiceError: It cannot be asked at all: the token, the counter. What passes by itself is waited for.
    """
    asked, clock = context.options, context.clock
    end = clock.now() + asked.wait_limit_s
    pause = min(asked.first_poll_s, asked.poll_interval_s)
    if batch.processing:
        context.notify("upload-followed", name=batch.name, rows=batch.rows)
    while batch.processing:
        if clock.now() + pause > end:
            return ledger.stop_polling(context.ledger, batch.id)
        clock.sleep(pause)
        pause = asked.poll_interval_s
        batch = _poll_once(context, batch)
    return batch


def _poll_once(context: UploadContext, batch: Part) -> Part:
    try:
        said = context.client.get_uploading(batch.counter, batch.upload_id or 0)
    except ServiceError as fault:
        if not getattr(fault, "transient", False) and not hasattr(fault, "wait"):
            raise
        context.notify("upload-asked-in-vain", name=batch.name, rows=batch.rows)
        return batch
    if said.status != batch.status:
        context.notify("upload-status", name=batch.name, rows=batch.rows, status=said.status or "-")
    return ledger.record_status(
        context.ledger, batch.id, said.status, linked=said.linked_quantity, accepted=said.line_quantity
    )
