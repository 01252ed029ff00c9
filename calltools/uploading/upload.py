"""A planned file is sent under the lock of its counter, after the parts that an earlier run has left."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from calltools.errors import CalltoolsError, LedgerError, ServiceError, SourceError
from calltools.ledger import (
    CallStatus,
    Ledger,
    Part,
    UploadPlan,
    get_part,
    hold_counter,
    is_current,
    plan_upload,
    reserve,
    waiting_parts,
)
from calltools.uploading import results
from calltools.uploading.context import UploadContext, UploadEvents
from calltools.uploading.parts import SendResult, poll_until_done, send_part, stops_run
from calltools.uploading.reconcile import look_before_sending
from calltools.uploading.results import UploadResult


def run_upload(context: UploadContext, plan: UploadPlan, name: str) -> UploadResult:
    """Send the parts that an earlier run has left, then the file; poll all of them if the options ask for it.

    Args:
        context: What the upload works with.
        plan: Of the file, as it was shown; it is made again under the lock if the ledger has changed since.
        name: What the user calls the file.

    Raises:
        LedgerError: Another process uploads to the counter, or the ledger cannot be trusted.
    """
    ledger, options = context.ledger, context.options
    errors: list[CalltoolsError] = []
    with hold_counter(ledger, plan.counter):
        unlisted = look_before_sending(context)
        if unlisted is not None:
            errors.append(unlisted)
        shown, plan = plan, _plan_again(context, plan, plan)
        replaced = _find_mended(context, plan) if plan.digest == shown.digest else frozenset()
        # First what waits: its calls are claimed, so a new plan would leave them out.
        sent: list[SendResult] = []
        waiting = waiting_parts(ledger, plan.counter)
        _send_all(context, (part for part in waiting if part.id not in replaced), unlisted, sent)
        if not _must_stop(sent):
            # The parts just sent may have changed what is new in the file.
            plan = _plan_again(context, plan, shown, replaced)
            if plan.digest != shown.digest:
                # The file that was validated and shown was another one.
                errors.append(SourceError("upload-changed", path=name))
            elif plan.counts[CallStatus.HELD]:
                # Held since the plan was shown: by this run, which has said so, or by another process.
                reported = frozenset(result.part.id for result in sent)
                for part in report_held_calls(ledger, plan, context.events, reported):
                    context.events.remark_on(part, options)
            elif plan.parts:
                parts = reserve(ledger, plan, goal=options.goal, comment=options.comment, source=name)
                for part in (get_part(ledger, number) for number in sorted(replaced)):
                    context.events.notify_always("upload-replaced", name=part.name, rows=part.rows)
                _send_all(context, parts, unlisted, sent)
        # Nothing has replaced them after all.
        left = [get_part(ledger, number) for number in sorted(replaced)]
        sent += [SendResult(part) for part in left if part.waiting]
    return _finish(context, sent, errors, results.HELD if plan.counts[CallStatus.HELD] else results.OK)


def report_held_calls(
    ledger: Ledger, plan: UploadPlan, events: UploadEvents, reported: frozenset[int] = frozenset()
) -> tuple[Part, ...]:
    """Say that nothing of a file is sent because some of its calls may have arrived; gives the held parts.

    Args:
        ledger: The ledger.
        plan: The plan of the file, made under the lock of its counter.
        events: The caller.
        reported: Parts of which it knows already.
    """
    parts = [get_part(ledger, number) for number in plan.open_parts]
    held = tuple(part for part in parts if part.held and part.id not in reported)
    if held:
        # The calls of a held part stay claimed until it is found or a person decides: to send them might double them.
        names = ", ".join(part.name for part in held)
        events.notify_always("upload-held", names=names, count=plan.counts[CallStatus.HELD])
    return held


def _plan_again(
    context: UploadContext, plan: UploadPlan, shown: UploadPlan, withdrawn: frozenset[int] = frozenset()
) -> UploadPlan:
    """The plan, made again if another process or this run has changed a part, or if it is to withdraw some."""
    if not withdrawn and is_current(context.ledger, plan):
        return plan
    parts = [get_part(context.ledger, number) for number in shown.open_parts]
    # Shown as waiting and sent or found since: "send known calls again" did not mean their calls.
    just_sent = frozenset(part.id for part in parts if part.accepted)
    return plan_upload(
        context.ledger,
        plan.file,
        plan.counter,
        context.options.again,
        just_sent=just_sent,
        withdrawn=withdrawn,
        sent_now=plan.sent_now,
    )


def may_replace(plan: UploadPlan, part: Part) -> bool:
    """Whether the file has all calls of a waiting part that was never begun, and some of them were mended since."""
    has_all = plan.open_parts.get(part.id) == part.rows
    return has_all and bool(plan.mended_parts.get(part.id)) and not part.attempts


def _find_mended(context: UploadContext, plan: UploadPlan) -> frozenset[int]:
    """Find parts that were never begun, where the file has all of their calls and some of them were mended since.

    The file sends these calls itself, as they are now. A part that was begun keeps its calls: it may have arrived.
    So does one whose calls the file would not send, as those that are only sent with ``--changed``.
    """
    mended = [part for part in waiting_parts(context.ledger, plan.counter) if may_replace(plan, part)]
    numbers = frozenset(part.id for part in mended)
    if not numbers:
        return numbers
    instead = _plan_again(context, plan, plan, numbers)
    sends_all = instead.records_to_send - plan.records_to_send == sum(part.rows for part in mended)
    return numbers if sends_all and instead.digest == plan.digest else frozenset()


def _send_all(
    context: UploadContext, parts: Iterable[Part], unlisted: ServiceError | None, sent: list[SendResult]
) -> None:
    """Send parts one after the other; after an error that every part would meet the rest goes on waiting.

    Args:
        context: What the upload works with.
        parts: The parts.
        unlisted: Why the list could not be read: without it nothing is sent, and all parts go on waiting.
        sent: The parts that the run has sent; these are added.

    Raises:
        LedgerError: A part could not be recorded. What was sent before is reported.
    """
    for part in parts:
        waits = unlisted is not None or _must_stop(sent)
        try:
            sent.append(SendResult(part) if waits else send_part(context, part))
        except LedgerError:
            for result in sent:
                context.events.report_part(result.part)
            raise


def _must_stop(sent: Sequence[SendResult]) -> bool:
    return any(stops_run(result.error) for result in sent)


def _finish(
    context: UploadContext, sent: Sequence[SendResult], errors: list[CalltoolsError], code: int
) -> UploadResult:
    """Poll without the lock, so that another upload of the counter need not wait, and sum up."""
    codes = [code, *(error.exit_code for error in errors)]
    errors = [*(result.error for result in sent if result.error is not None and not result.part.accepted), *errors]
    parts = []
    for result in sent:
        part, error = _poll_if_wanted(context, get_part(context.ledger, result.part.id))
        errors += [error] if error is not None else []
        parts.append(part)
        context.events.report_part(part)
    codes += [results.exit_code_of(part, context.options) for part in parts]
    return UploadResult(max(codes), tuple(parts), tuple(errors), stopped=any(map(stops_run, errors)))


def _poll_if_wanted(context: UploadContext, part: Part) -> tuple[Part, CalltoolsError | None]:
    if not (context.options.polls and part.processing):
        return part, None
    try:
        return poll_until_done(context, part), None
    except (ServiceError, LedgerError) as error:
        # The service has the part, whatever keeps us from following it.
        with suppress(LedgerError):
            part = get_part(context.ledger, part.id)
        return part, error
