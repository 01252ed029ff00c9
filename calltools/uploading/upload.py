"""A whole upload, under the lock of its counter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calltools import ledger
from calltools.errors import CalltoolsError, QuotaError, ServiceError, SourceError, TokenRefusedError
from calltools.ledger import CallStatus, Part, UploadPlan
from calltools.uploading import results
from calltools.uploading.context import UploadContext
from calltools.uploading.parts import SendResult, poll_until_done, send_part


@dataclass(frozen=True, slots=True)
class UploadResult:
    """What became of an upload.

    Attributes:
        parts: The parts, those left by an earlier run first.
        errors: Why parts did not go, in their order.
        code: Exit code.
        stopped: Token or quota failed: they would fail for another file too.
    """

    parts: tuple[Part, ...]
    errors: tuple[CalltoolsError, ...]
    code: int
    stopped: bool = False


def run_upload(context: UploadContext, plan: UploadPlan, source: str) -> UploadResult:
    """Send what an earlier run has left, then the file; follow both if asked.

    Args:
        context: What it works with.
        plan: Of the file, as it was shown; it is made again under the lock if anything has happened since.
        source: What the user calls the file.

    Raises:
        LedgerError: Another upload of the counter is under way, or the ledger cannot be trusted.
    """
    book, asked = context.ledger, context.options
    changed: list[CalltoolsError] = []
    with ledger.hold_counter(book, plan.counter):
        sent = _send_all(context, ledger.waiting_parts(book, plan.counter))
        if not _must_stop(sent):
            shown = plan
            if not ledger.is_current(book, plan):
                plan = ledger.plan_upload(book, plan.file, plan.counter, asked.again)
            if plan.digest != shown.digest:
                # What was checked and shown was another file.
                changed.append(SourceError("upload-changed", path=source))
            elif not plan.counts[CallStatus.HELD] and plan.parts:
                goes = ledger.reserve(book, plan, goal=asked.goal, comment=asked.comment, source=source)
                sent += _send_all(context, goes)
    return _finish(context, sent, changed, results.HELD if plan.counts[CallStatus.HELD] else results.OK)


def _send_all(context: UploadContext, batches: Iterable[Part]) -> list[SendResult]:
    """Send parts one after the other. A token or a quota that failed fails for the rest too: they go on waiting."""
    sent: list[SendResult] = []
    for batch in batches:
        sent.append(SendResult(batch) if _must_stop(sent) else send_part(context, batch))
    return sent


def _must_stop(sent: Sequence[SendResult]) -> bool:
    return any(isinstance(one.error, TokenRefusedError | QuotaError) for one in sent)


def _finish(
    context: UploadContext, sent: Sequence[SendResult], errors: list[CalltoolsError], code: int
) -> UploadResult:
    codes = [code, *(error.exit_code for error in errors)]
    errors = [*(one.error for one in sent if one.error is not None and not one.part.accepted), *errors]
    batches = []
    for one in sent:
        batch, error = _poll_if_wanted(context, ledger.get_part(context.ledger, one.part.id))
        errors += [error] if error is not None else []
        batches.append(batch)
        context.on_part_done(batch)
    codes += [results.exit_code_of(batch, context.options) for batch in batches]
    return UploadResult(tuple(batches), tuple(errors), max(codes), _must_stop(sent))


def _poll_if_wanted(context: UploadContext, batch: Part) -> tuple[Part, ServiceError | None]:
    if not (context.options.polls and batch.processing):
        return batch, None
    try:
        return poll_until_done(context, batch), None
    except ServiceError as fault:
        return ledger.get_part(context.ledger, batch.id), fault
