"""What ``calltools uploads`` does. Heavy: imported when it runs."""

from contextlib import ExitStack
from dataclasses import dataclass

from calltools import ledger
from calltools.cli.connect import connect, open_ledger
from calltools.cli.upload_console import UploadConsole, open_console, print_event, print_remark, report_interrupt
from calltools.cli.upload_options import AbsencePolicy, AccessOptions, FollowOptions, OutputOptions, ResultFormat
from calltools.cli.upload_run import ledger_policy
from calltools.errors import CalltoolsError, LedgerError, UsageError
from calltools.ledger import Ledger, Part
from calltools.metrica.responses import Uploading
from calltools.uploading import results
from calltools.uploading.context import UploadContext, UploadOptions
from calltools.uploading.parts import poll_until_done, send_part
from calltools.uploading.reconcile import merge_listing, reconcile_counter


@dataclass(frozen=True, slots=True)
class ResumeOptions:
    """What ``resume`` looks for.

    Attributes:
        counter: Only there.
        resend: Name of the one that a person wants to be sent again.
        absence: What becomes of a part that is missing.
    """

    counter: int | None
    resend: str | None
    absence: AbsencePolicy


def print_uploads(counter: int | None, form: ResultFormat, access: AccessOptions, output: OutputOptions) -> None:
    """Print every uploading: what the ledger knows, and what the service knows alone."""
    with open_console(output) as tell, open_ledger() as book:
        known = {batch.counter for batch in ledger.list_parts(book)}
        others: list[tuple[int, Uploading]] = []
        try:
            if known or counter is not None:
                with connect(access, tell) as client:
                    for one in sorted(known) if counter is None else [counter]:
                        others += [(one, other) for other in merge_listing(book, client, one)]
        except CalltoolsError as fault:
            tell("uploads-ledger-only", reason=fault.say(output.language))
        batches = ledger.list_parts(book, counter)
        for batch in batches:
            tell.print_line(_listing_line(batch, form))
        for one, other in others:
            tell.print_line(
                results.foreign_json(one, other) if form is ResultFormat.JSON else results.foreign_line(one, other)
            )
        if not batches and not others:
            tell("uploads-none")


def print_upload(name: str, output: OutputOptions) -> None:
    """Print one uploading and its history."""
    with open_console(output) as tell, open_ledger() as book:
        batch = ledger.find_part(book, name)
        tell.print_line(_listing_line(batch))
        for event in ledger.part_events(book, batch):
            print_event(tell, batch, event)


def watch_until_done(name: str, following: FollowOptions, access: AccessOptions, output: OutputOptions) -> int:
    """Follow one uploading; gives the exit code."""
    with open_console(output) as tell, ExitStack() as stack:
        book = stack.enter_context(open_ledger())
        batch = ledger.find_part(book, name)
        asked = UploadOptions(
            batch.counter,
            wait=True,
            min_linked=following.min_linked,
            poll_interval_s=following.poll_interval,
            wait_limit_s=following.wait_limit,
        )
        if batch.processing:
            client = stack.enter_context(connect(access, tell))
            batch = poll_until_done(UploadContext(book, client, asked, tell), batch)
        tell.print_line(results.part_line(batch))
        print_remark(tell, batch, asked)
        return results.exit_code_of(batch, asked)


def give_up_upload(name: str, output: OutputOptions) -> int:
    """Leave one uploading that is held."""
    with open_console(output) as tell, open_ledger() as book:
        batch = ledger.find_part(book, name)
        with ledger.hold_counter(book, batch.counter):
            batch = ledger.give_up(book, batch.id)
        tell.print_line(_listing_line(batch))
        print_remark(tell, batch, UploadOptions(batch.counter))
    return results.OK


def resume_parts(options: ResumeOptions, access: AccessOptions, output: OutputOptions) -> int:
    """Look for what is held and send what waits, counter by counter; gives the exit code."""
    with open_console(output) as tell, ExitStack() as stack:
        book = stack.enter_context(open_ledger())
        chosen = None if options.resend is None else _find_undecided(book, options.resend)
        counter = options.counter if chosen is None else chosen.counter
        counters = sorted({batch.counter for batch in _held_or_waiting(book, counter)})
        if not counters:
            tell("uploads-nothing-held")
            return results.OK
        client = stack.enter_context(connect(access, tell))
        asked = [UploadOptions(one, policy=ledger_policy(options.absence)) for one in counters]
        return max(_resume_counter(UploadContext(book, client, one, tell), chosen, tell) for one in asked)


def _find_undecided(book: Ledger, name: str) -> Part:
    batch = ledger.find_part(book, name)
    if not (batch.held or batch.waiting):
        raise UsageError("ledger-not-held", name=batch.name, state=batch.state)
    return batch


def _resume_counter(context: UploadContext, chosen: Part | None, console: UploadConsole) -> int:
    book, counter = context.ledger, context.options.counter
    try:
        with report_interrupt(console, book, context.options), ledger.hold_counter(book, counter):
            before = _held_or_waiting(book, counter)
            changed, error = reconcile_counter(context)
            if error is not None:
                console.print_error(error)
            if chosen is not None and ledger.get_part(book, chosen.id).held:
                _resend_if_checked(book, chosen, error, console)
            for batch in ledger.waiting_parts(book, counter):
                sent = send_part(context, batch)
                if sent.error is not None and not sent.part.accepted:
                    console.print_error(sent.error)
    except LedgerError as fault:
        # The other counters need not wait for this one.
        console.print_error(fault)
        return fault.exit_code
    after = [ledger.get_part(book, number) for number in sorted({batch.id for batch in (*before, *changed)})]
    for batch in after:
        console.print_line(_listing_line(batch))
        print_remark(console, batch, context.options)
    return max((results.exit_code_of(batch, context.options) for batch in after), default=results.OK)


def _resend_if_checked(book: Ledger, chosen: Part, error: CalltoolsError | None, console: UploadConsole) -> None:
    """Send again what a person says is not there, unless nobody could look whether it is."""
    if error is None:
        ledger.resend(book, chosen.id)
    else:
        console.print_always("uploads-not-resent", name=chosen.name, rows=chosen.rows)


def _held_or_waiting(book: Ledger, counter: int | None) -> list[Part]:
    """What is held, and what waits to be sent."""
    return [*ledger.held_parts(book, counter), *ledger.waiting_parts(book, counter)]


def _listing_line(batch: Part, form: ResultFormat = ResultFormat.TEXT) -> str:
    if form is ResultFormat.JSON:
        return results.part_json(batch)
    return f"{batch.name}  counter {batch.counter}  {batch.state}  {results.part_line(batch)}"
