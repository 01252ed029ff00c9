"""A whole upload, under the lock of its counter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calltools.errors import CalltoolsError, QuotaError, ServiceError, SourceError, TokenRefusedError
from calltools.metrica import ledger
from calltools.metrica.ledger import Batch, Plan, Verdict
from calltools.uploading import results
from calltools.uploading.desk import Desk
from calltools.uploading.following import follow
from calltools.uploading.sending import Sent, send


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of an upload.

    Attributes:
        batches: The parts, those left by an earlier run first.
        errors: Why parts did not go, in their order.
        code: Exit code.
        stopped: Token or quota failed: they would fail for another file too.
    """

    batches: tuple[Batch, ...]
    errors: tuple[CalltoolsError, ...]
    code: int
    stopped: bool = False


def upload(desk: Desk, plan: Plan, source: str) -> Uploaded:
    """Send what an earlier run has left, then the file; follow both if asked.

    Args:
        desk: What it works with.
        plan: Of the file, as it was shown; it is made again under the lock if anything has happened since.
        source: What the user calls the file.

    Raises:
        LedgerError: Another upload of the counter is under way, or the ledger cannot be trusted.
    """
    book, asked = desk.book, desk.asked
    changed: list[CalltoolsError] = []
    with ledger.hold(book, plan.counter):
        sent = _send_all(desk, ledger.waiting(book, plan.counter))
        if not _stopped(sent):
            shown = plan
            if not ledger.fresh(book, plan):
                plan = ledger.plan(book, plan.file, plan.counter, asked.again)
            if plan.digest != shown.digest:
                # What was checked and shown was another file.
                changed.append(SourceError("upload-changed", path=source))
            elif not plan.counts[Verdict.HELD] and plan.parts:
                goes = ledger.reserve(book, plan, goal=asked.goal, comment=asked.comment, source=source)
                sent += _send_all(desk, goes)
    return _ended(desk, sent, changed, results.HELD if plan.counts[Verdict.HELD] else results.OK)


def _send_all(desk: Desk, batches: Iterable[Batch]) -> list[Sent]:
    """Send parts one after the other. A token or a quota that failed fails for the rest too: they go on waiting."""
    sent: list[Sent] = []
    for batch in batches:
        sent.append(Sent(batch) if _stopped(sent) else send(desk, batch))
    return sent


def _stopped(sent: Sequence[Sent]) -> bool:
    return any(isinstance(one.error, TokenRefusedError | QuotaError) for one in sent)


def _ended(desk: Desk, sent: Sequence[Sent], errors: list[CalltoolsError], code: int) -> Uploaded:
    codes = [code, *(error.exit_code for error in errors)]
    errors = [*(one.error for one in sent if one.error is not None and not one.batch.accepted), *errors]
    batches = []
    for one in sent:
        batch, error = _followed(desk, ledger.load(desk.book, one.batch.id))
        errors += [error] if error is not None else []
        batches.append(batch)
        desk.done(batch)
    codes += [results.code_of(batch, desk.asked) for batch in batches]
    return Uploaded(tuple(batches), tuple(errors), max(codes), _stopped(sent))


def _followed(desk: Desk, batch: Batch) -> tuple[Batch, ServiceError | None]:
    if not (desk.asked.follows and batch.watched):
        return batch, None
    try:
        return follow(desk, batch), None
    except ServiceError as fault:
        return ledger.load(desk.book, batch.id), fault
