"""Uploads of earlier runs: listed, watched, resumed, given up."""

import math
from dataclasses import dataclass, field

from calltools.errors import AccessDeniedError, CalltoolsError, LedgerError, NotFoundError, UsageError
from calltools.ledger import (
    Ledger,
    Part,
    ReconcilePolicy,
    State,
    adopt,
    find_part,
    get_part,
    give_up,
    held_parts,
    hold_counter,
    list_parts,
    lost_parts,
    release,
    resend,
    state_word,
    waiting_parts,
)
from calltools.metrica.responses import Uploading
from calltools.uploading import results
from calltools.uploading.context import Clock, Connect, UploadContext, UploadEvents, UploadOptions, report_interrupts
from calltools.uploading.counter import look_at_counter
from calltools.uploading.parts import poll_until_done, send_part, stops_run
from calltools.uploading.reconcile import (
    ListLook,
    look_before_sending,
    merge_listing,
    read_list,
    reconcile_counter,
)
from calltools.uploading.results import UploadResult


@dataclass(frozen=True, slots=True)
class UploadListing:
    """Every uploading that is known.

    Attributes:
        parts: Those of the ledger, oldest first.
        foreign: Those that only the service knows, each with its counter.
        error: Why the service could not be asked, or did not list the first such counter; ``None``: it listed all, or
            there was nothing to ask.
    """

    parts: list[Part]
    foreign: list[tuple[int, Uploading]]
    error: CalltoolsError | None = None


@dataclass(frozen=True, slots=True)
class ResumeOptions:
    """What ``resume_parts`` works on.

    Attributes:
        counter: Only the parts of this counter; ``None``: of all.
        resend: Name of a held part that a person wants to be sent again; then only its counter.
        policy: When a part that the service does not list counts as absent, and what follows.
        without_list: Send what waits although the list cannot be read.
    """

    counter: int | None = None
    resend: str | None = None
    policy: ReconcilePolicy = field(default_factory=ReconcilePolicy)
    without_list: bool = False


def list_uploadings(
    ledger: Ledger, connect: Connect, counter: int | None = None, *, also: int | None = None
) -> UploadListing:
    """List the uploadings of one counter, or of all that the ledger knows; what the service says of them is recorded.

    Args:
        ledger: The ledger.
        connect: Gives the client; not called if there is no counter to ask about.
        counter: Only this counter; ``None``: all.
        also: With all: another counter to ask about.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    known = {part.counter for part in list_parts(ledger)} | ({also} if also else set())
    foreign: list[tuple[int, Uploading]] = []
    error: CalltoolsError | None = None
    # Without a counter nobody has to have a token to learn that there is nothing yet.
    for number in sorted(known) if counter is None else [counter]:
        try:
            foreign += [(number, uploading) for uploading in merge_listing(ledger, connect(), number)]
        except CalltoolsError as fault:
            error = error or fault
            # A counter that is not there any more, or not for this token, says nothing about the others.
            if not isinstance(fault, AccessDeniedError | NotFoundError):
                break
    return UploadListing(list_parts(ledger, counter), foreign, error)


def watch_part(
    ledger: Ledger, connect: Connect, part: Part, options: UploadOptions, events: UploadEvents
) -> UploadResult:
    """Poll one uploading until the service is done.

    Raises:
        ServiceError: Polling cannot succeed: the token, the counter.
    """
    if part.processing:
        part = poll_until_done(UploadContext(ledger, connect(), options, events), part)
    events.report_part(part)
    results.tell_end(ledger, events, part, options)
    return UploadResult(results.exit_code_of(part, options), (part,))


def adopt_uploadings(ledger: Ledger, connect: Connect, counter: int, events: UploadEvents) -> UploadResult:
    """Take over the uploadings that this ledger has sent and does not know any more, as accepted.

    Parts that waited are held afterwards: their calls may be in what was taken over.

    Raises:
        ServiceError: The list cannot be read to its end.
        LedgerError: Another process uploads to the counter.
    """
    with hold_counter(ledger, counter):
        waiting = waiting_parts(ledger, counter)
        parts = adopt(ledger, counter, read_list(connect(), counter))
    held = [part for part in (get_part(ledger, part.id) for part in waiting) if part.held]
    for part in (*parts, *held):
        events.report_part(part)
    if parts:
        events.notify_always("uploads-adopted", count=len(parts), counter=counter)
    else:
        events.notify("uploads-nothing-adopted", counter=counter)
    if held:
        events.notify_always("uploads-adopted-held", names=", ".join(part.name for part in held))
    result = UploadResult(results.HELD if held else results.OK, (*parts, *held))
    return results.with_lost_parts(result, ledger, events, counter)


def cancel_part(ledger: Ledger, part: Part, events: UploadEvents) -> UploadResult:
    """Withdraw a part that waits, so that its calls are free; held instead if an attempt of it may be stored.

    Returns:
        The part, and those whose file was found gone.

    Raises:
        UsageError: It does not wait.
        LockedError: Another process uploads to its counter.
    """
    _require_waiting(ledger, part)
    with hold_counter(ledger, part.counter):
        part = get_part(ledger, part.id)
        # Another process may have sent it since: then a person decides, and not this command.
        _require_waiting(ledger, part)
        part = release(ledger, part.id) if part.waiting else part
    return _report_decided(ledger, part, events)


def _require_waiting(ledger: Ledger, part: Part) -> None:
    if not (part.waiting or _is_found_gone(ledger, part)):
        raise UsageError("uploads-not-waiting", name=part.name, state=state_word(part.state))


def give_up_part(ledger: Ledger, part: Part, events: UploadEvents) -> UploadResult:
    """Leave a held part for good, so that its calls stay known; withdraw a waiting one, so that its calls are free.

    A part that waits after an attempt that may be stored becomes held: a person decides about it once more.

    Returns:
        The part, and those whose file was found gone.

    Raises:
        UsageError: It neither waits nor is held.
        LockedError: Another process uploads to its counter.
    """
    with hold_counter(ledger, part.counter):
        part = get_part(ledger, part.id)
        if not _is_found_gone(ledger, part):
            part = release(ledger, part.id) if part.waiting else give_up(ledger, part.id)
    return _report_decided(ledger, part, events)


def _is_found_gone(ledger: Ledger, part: Part) -> bool:
    """Whether it was withdrawn because its file is gone, and nobody was told."""
    return part in lost_parts(ledger, part.counter)


def _report_decided(ledger: Ledger, part: Part, events: UploadEvents) -> UploadResult:
    decided = () if part.lost else (part,)
    for each in decided:
        events.report_part(each)
        events.remark_on(each, UploadOptions(each.counter))
    result = UploadResult(results.HELD if part.held else results.OK, decided)
    return results.with_lost_parts(result, ledger, events, part.counter)


def resume_parts(
    ledger: Ledger, connect: Connect, options: ResumeOptions, events: UploadEvents, clock: Clock | None = None
) -> UploadResult:
    """Search for the parts that are held and send those that wait, counter by counter.

    Raises:
        UsageError: The part to send again does not exist, or is neither held nor waiting.
    """
    chosen = None if options.resend is None else _find_undecided(ledger, options.resend)
    counter = options.counter if chosen is None else chosen.counter
    counters = sorted({part.counter for part in _undecided_parts(ledger, counter)})
    others = len(_undecided_parts(ledger, None)) - len(_undecided_parts(ledger, counter))
    if others and chosen is None:
        events.notify_always("uploads-others-left", count=others, counter=counter)
    if not counters:
        nothing = results.with_lost_parts(UploadResult(results.OK), ledger, events, counter)
        if not nothing.parts:
            events.notify("uploads-nothing-held")
        return nothing
    client = connect()
    upload_options = [
        UploadOptions(number, policy=options.policy, without_list=options.without_list) for number in counters
    ]
    contexts = [UploadContext(ledger, client, each, events, clock or Clock()) for each in upload_options]
    resumed = [_resume_counter(context, chosen) for context in contexts]
    result = UploadResult(
        max(result.code for result in resumed),
        tuple(part for result in resumed for part in result.parts),
        tuple(error for result in resumed for error in result.errors),
    )
    return results.with_lost_parts(result, ledger, events, counter)


def _find_undecided(ledger: Ledger, name: str) -> Part:
    part = find_part(ledger, name)
    if not (part.held or part.waiting):
        raise UsageError("ledger-not-held", name=part.name, state=state_word(part.state))
    return part


def _resume_counter(context: UploadContext, chosen: Part | None) -> UploadResult:
    ledger, options, events = context.ledger, context.options, context.events
    errors: list[CalltoolsError] = []
    try:
        with report_interrupts(context), hold_counter(ledger, options.counter):
            if chosen is not None:
                # Another process may have decided it since.
                _find_undecided(ledger, chosen.name)
            before = _undecided_parts(ledger, options.counter)
            look = reconcile_counter(context)
            error = look.error
            if error is not None:
                errors.append(error)
                events.report_error(error)
            _tell_absences(context, look)
            if chosen is not None and get_part(ledger, chosen.id).held:
                _resend_if_searched(context, chosen, error)
            if error is None or options.without_list:
                errors += _send_waiting_parts(context)
    except LedgerError as error:
        # The other counters do not depend on this one.
        events.report_error(error)
        return UploadResult(error.exit_code, errors=(*errors, error))
    after = [get_part(ledger, number) for number in sorted({part.id for part in (*before, *look.changed)})]
    for part in after:
        events.report_part(part)
        results.tell_end(ledger, events, part, options)
    return UploadResult(results.highest_code(after, options), tuple(after), tuple(errors))


def _tell_absences(context: UploadContext, look: ListLook) -> None:
    """Tell why a part that is missing is not sent again yet, if the policy sends absent parts again."""
    policy, events = context.options.policy, context.events
    missing = [part for part in held_parts(context.ledger, context.options.counter) if part.state is State.AMBIGUOUS]
    if policy.on_absent == "hold" or look.error is not None or not missing:
        return
    if not look.proves_absence:
        events.notify_always("uploads-absence-unproven", counter=context.options.counter)
        return
    for part in missing:
        facts = {"name": part.name, "rows": part.rows, "count": part.absences, "needed": policy.min_listings}
        minutes = math.ceil(policy.min_spacing_seconds / 60)
        lasting = math.ceil(policy.min_absent_seconds / 60)
        events.notify_always("uploads-absence-counted", **facts, minutes=minutes, lasting=lasting)


def _resend_if_searched(context: UploadContext, chosen: Part, error: CalltoolsError | None) -> None:
    """Send again what a person says did not arrive, unless the list could not be read: it may show the part."""
    if error is None:
        resend(context.ledger, chosen.id)
    else:
        context.events.notify_always("uploads-not-resent", name=chosen.name, rows=chosen.rows)


def _send_waiting_parts(context: UploadContext) -> list[CalltoolsError]:
    """Send the parts that wait, up to an error that each would meet; gives why some were not accepted or not sent."""
    waiting = waiting_parts(context.ledger, context.options.counter)
    if not waiting:
        return []
    look = look_at_counter(context.client, context.options.counter, (part.dynamic for part in waiting))
    context.events.report_counter(look)
    if look.refusal is not None:
        context.events.report_error(look.refusal)
        return [look.refusal]
    unlisted = look_before_sending(context)
    if unlisted is not None:
        context.events.report_error(unlisted)
        return [unlisted]
    errors: list[CalltoolsError] = []
    for part in waiting_parts(context.ledger, context.options.counter):
        result = send_part(context, part)
        if result.error is not None and not result.part.accepted:
            errors.append(result.error)
            context.events.report_error(result.error)
        if stops_run(result.error):
            # The rest goes on waiting: each attempt would cost a request of the quota, and a marker.
            break
    return errors


def _undecided_parts(ledger: Ledger, counter: int | None) -> list[Part]:
    """The parts that are held, and those that wait to be sent."""
    return [*held_parts(ledger, counter), *waiting_parts(ledger, counter)]
