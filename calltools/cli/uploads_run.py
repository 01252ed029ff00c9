"""Run the commands of ``uploads``: earlier uploads are listed, shown, watched, resumed, given up, taken over."""

import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date

from calltools.cli.service_access import connect_once, open_ledger
from calltools.cli.upload_console import open_console
from calltools.cli.upload_options import (
    AbsencePolicy,
    AccessOptions,
    FollowOptions,
    OutputOptions,
    ResultFormat,
)
from calltools.cli.upload_run import build_policy, say_what_follows
from calltools.ledger import (
    find_part,
    part_events,
)
from calltools.uploading import results
from calltools.uploading.context import UploadOptions
from calltools.uploading.part_words import format_listed_part, format_part_json, format_part_line
from calltools.uploading.report_comparison import compare_with_reports
from calltools.uploading.resume import (
    ResumeOptions,
    adopt_uploadings,
    cancel_part,
    give_up_part,
    list_uploadings,
    resume_parts,
    watch_part,
)


@dataclass(frozen=True, slots=True)
class ListChoice:
    """What ``uploads list`` shows.

    Attributes:
        counter: Only the uploadings of this counter; ``None``: of all.
        also: A counter that the service is asked about though the ledger may not know it.
        output_format: The form of standard output.
    """

    counter: int | None
    also: int | None
    output_format: ResultFormat


def print_uploads(choice: ListChoice, access: AccessOptions, output: OutputOptions) -> None:
    """Print every uploading: those of the ledger, and those that only the service knows."""
    with open_console(output, format_part_json) as console, ExitStack() as stack:
        ledger = stack.enter_context(open_ledger())
        listing = list_uploadings(ledger, connect_once(access, console, stack), choice.counter, also=choice.also)
        if listing.error is not None:
            console.notify("uploads-ledger-only", reason=listing.error.say(output.language))
        if choice.output_format is ResultFormat.JSON:
            for part in listing.parts:
                console.report_part(part)
            for counter, uploading in listing.foreign:
                console.print_line(results.foreign_json(counter, uploading))
        else:
            console.print_listing(listing)
        if not listing.parts and not listing.foreign:
            console.notify("uploads-none")


def print_upload(name: str, output: OutputOptions) -> None:
    """Print one uploading and its history."""
    with open_console(output, format_listed_part) as console, open_ledger() as ledger:
        part = find_part(ledger, name)
        console.report_part(part)
        for event in part_events(ledger, part):
            console.print_event(part, event)


def follow_upload(name: str, follow: FollowOptions, access: AccessOptions, output: OutputOptions) -> int:
    """Poll one uploading until the service is done; gives the exit code."""
    with open_console(output, format_part_line) as console, ExitStack() as stack:
        ledger = stack.enter_context(open_ledger())
        part = find_part(ledger, name)
        options = UploadOptions(
            part.counter,
            wait=True,
            min_linked=follow.min_linked,
            poll_interval_s=follow.poll_interval,
            wait_limit_s=follow.wait_limit,
        )
        watched = watch_part(ledger, connect_once(access, console, stack), part, options, console)
        say_what_follows(console, watched.parts, access, follow)
        return watched.code


def give_up_upload(name: str, output: OutputOptions) -> int:
    """Give up one uploading that is held; gives the exit code."""
    with open_console(output, format_listed_part) as console, open_ledger() as ledger:
        return give_up_part(ledger, find_part(ledger, name), console).code


def cancel_upload(name: str, output: OutputOptions) -> int:
    """Withdraw one uploading that waits; gives the exit code."""
    with open_console(output, format_listed_part) as console, open_ledger() as ledger:
        return cancel_part(ledger, find_part(ledger, name), console).code


@dataclass(frozen=True, slots=True)
class CheckChoice:
    """What ``uploads check`` is about.

    Attributes:
        counter: The counter.
        first: The first day; ``None``: 21 days up to ``last``.
        last: The last day; ``None``: today.
        min_visible: Percent of the accepted calls that must be shown; ``None``: any.
        output_format: What stands on standard output.
    """

    counter: int
    first: date | None
    last: date | None
    min_visible: float | None
    output_format: ResultFormat


def check_uploads(choice: CheckChoice, access: AccessOptions, output: OutputOptions) -> int:
    """Print the accepted calls of each day beside those that the reports show; gives the exit code."""
    with open_console(output, format_listed_part) as console, ExitStack() as stack:
        ledger = stack.enter_context(open_ledger())
        client = connect_once(access, console, stack)()
        found = compare_with_reports(ledger, client, choice.counter, choice.first, choice.last)
        if choice.output_format is ResultFormat.JSON:
            for day in found.days:
                console.print_line(json.dumps({**asdict(day), "day": day.day.isoformat()}))
        else:
            console.print_comparison(found)
        console.remark_on_comparison(found, choice.min_visible)
    return found.exit_code(choice.min_visible)


def adopt_uploads(counter: int, access: AccessOptions, output: OutputOptions) -> int:
    """Take over the uploadings of a lost or older ledger; gives the exit code."""
    with open_console(output, format_listed_part) as console, ExitStack() as stack:
        ledger = stack.enter_context(open_ledger(start_anew=True))
        return adopt_uploadings(ledger, connect_once(access, console, stack), counter, console).code


@dataclass(frozen=True, slots=True)
class ResumeChoice:
    """What ``uploads resume`` is about: a counter, or all; one part that is sent again; and whether without a look."""

    counter: int | None
    resend: str | None
    without_list: bool


def resume_undecided(choice: ResumeChoice, absence: AbsencePolicy, access: AccessOptions, output: OutputOptions) -> int:
    """Search for what is held and send what waits; gives the exit code."""
    with open_console(output, format_listed_part) as console, ExitStack() as stack:
        ledger = stack.enter_context(open_ledger())
        options = ResumeOptions(choice.counter, choice.resend, build_policy(absence), without_list=choice.without_list)
        resumed = resume_parts(ledger, connect_once(access, console, stack), options, console)
        say_what_follows(console, resumed.parts, access, FollowOptions())
        return resumed.code
