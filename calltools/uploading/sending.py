"""Sending one part: the intent is durable before the first byte, and so is whatever became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from calltools.errors import CalltoolsError
from calltools.metrica import ledger
from calltools.metrica.ledger import Batch, Kind, State
from calltools.metrica.protocol import ClientIdType, upload_calls
from calltools.metrica.verdict import Ending, Outcome
from calltools.uploading.desk import Desk
from calltools.uploading.finding import look_for

_TYPES: Final[Mapping[Kind, ClientIdType]] = MappingProxyType(
    {"ClientId": "CLIENT_ID", "Yclid": "YCLID", "UserId": "USER_ID"}
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one part.

    Attributes:
        batch: As the ledger knows it now.
        error: Why it was not accepted, or not clearly.
    """

    batch: Batch
    error: CalltoolsError | None = None


def send(desk: Desk, batch: Batch) -> Sent:
    """Send a part that waits; a short quota is waited for, an unclear end is looked into.

    The caller holds the lock of the counter.
    """
    while True:
        desk.tell("upload-sending", name=batch.name, rows=batch.rows, part=batch.part, parts=batch.parts)
        sent = _once(desk, batch)
        wait = _quota_wait(desk, sent.batch)
        if wait is None:
            break
        desk.tell("upload-quota-wait", rows=batch.rows, seconds=round(wait))
        desk.clock.sleep(wait)
        batch = sent.batch
    if sent.batch.held:
        desk.tell("upload-looking", name=sent.batch.name, rows=sent.batch.rows)
        return Sent(look_for(desk, sent.batch), sent.error)
    return sent


def _once(desk: Desk, batch: Batch) -> Sent:
    sending = ledger.begin(desk.book, batch.id)
    request = upload_calls(
        batch.counter, sending.comment, goal=sending.batch.goal or None, client_id_type=_TYPES[batch.kind]
    )
    try:
        outcome = desk.client.upload(request, sending.file)
    except OSError as fault:
        return Sent(ledger.finish(desk.book, batch.id, ledger.NotSent(fault.strerror or "file")))
    except BaseException:
        # Interrupted while the request was under way: nobody knows how far it came.
        ledger.finish(desk.book, batch.id, ledger.Ambiguous("interrupted"))
        raise
    return Sent(ledger.finish(desk.book, batch.id, _known(outcome)), outcome.error)


def _known(outcome: Outcome) -> ledger.Outcome:
    """The outcome as the ledger takes it."""
    reason = "" if outcome.error is None else outcome.error.say()
    if outcome.ending is Ending.ACKED and outcome.uploading is not None:
        one = outcome.uploading
        return ledger.Acked(one.id, one.source_quantity, one.line_quantity)
    if outcome.ending is Ending.REJECTED:
        return ledger.Rejected(reason)
    if outcome.ending is Ending.NOT_SENT:
        return ledger.NotSent(reason)
    if outcome.ending is Ending.THROTTLED:
        return ledger.Throttled(outcome.until, reason)
    return ledger.Ambiguous(reason, outcome.bytes_sent)


def _quota_wait(desk: Desk, batch: Batch) -> float | None:
    """How long to wait before the next try; ``None``: there is none."""
    if batch.state is not State.THROTTLED or batch.until is None:
        return None
    wait = max(batch.until - desk.clock.now(), 0)
    return wait if wait <= desk.asked.longest_quota_s else None
