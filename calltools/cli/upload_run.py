"""Run the commands of the upload: options become values, streams are opened, results are printed. Heavy imports."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from time import time
from typing import Final

from calltools.cli.inputs import find_inputs
from calltools.cli.typed_command import TypedCommand
from calltools.cli.upload_console import UploadConsole, open_console
from calltools.cli.upload_options import (
    AbsencePolicy,
    AccessOptions,
    FollowOptions,
    OutputOptions,
    ResultFormat,
    SendOptions,
    repeat_options,
)
from calltools.files.folders import FoundFile
from calltools.files.limits import parse_limits
from calltools.ledger import (
    Ledger,
    Part,
    ReconcilePolicy,
    ResendMode,
    find_part,
    list_parts,
    open_ledger_in,
    part_events,
    state_folder,
)
from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions, Timeouts
from calltools.metrica.token import Token, TokenOptions, find_token, redact_logs
from calltools.runtime.process import forbid_core_dumps
from calltools.settings import read_settings, token_from_environment
from calltools.uploading import results
from calltools.uploading.context import SEARCH_TIMEOUT_S, Connect, UploadOptions
from calltools.uploading.file_upload import Uploader, UploadRequest
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

#: Options that a command which follows an upload needs as well.
_REPEATED: Final = frozenset({"token_file", "token_stdin", "ca_file", "lang", "min_linked", "poll_interval"})


@contextmanager
def open_ledger(*, start_anew: bool = False) -> Iterator[Ledger]:
    """The ledger of the state folder, closed at the end."""
    with open_ledger_in(state_folder(read_settings().state_dir), time, start_anew=start_anew) as ledger:
        yield ledger


@contextmanager
def open_client(access: AccessOptions, console: UploadConsole) -> Iterator[Client]:
    """A client of the service, with a token that no log shows.

    Raises:
        CredentialError: There is no token, or others can read its file.
        UsageError: The address of the service or the file of authorities is wrong.
    """
    with open_client_with(find_usual_token(access, console), access, console) as client:
        yield client


def find_usual_token(access: AccessOptions, console: UploadConsole) -> Token:
    """The token of the first place that has one: an option, the environment, the keyring.

    Raises:
        CredentialError: There is none, or others can read its file.
    """
    forbid_core_dumps()
    stdin = sys.stdin if access.token_stdin else None
    token = find_token(TokenOptions(access.token_file, stdin, token_from_environment()), console.notify)
    console.print_detail("token-found", where=token.where)
    return token


@contextmanager
def open_client_with(token: Token, access: AccessOptions, console: UploadConsole) -> Iterator[Client]:
    """A client of the service for a token, which no log shows.

    Raises:
        UsageError: The address of the service or the file of authorities is wrong.
    """
    settings = read_settings()
    timeouts = Timeouts(post_total=access.timeout, get_total=min(Timeouts().get_total, access.timeout))
    service = ConnectionOptions(settings.api_url or ConnectionOptions().url, access.ca_file, timeouts)
    show_logs = redact_logs(token)
    console.print_detail("upload-service", host=service.host, seconds=round(access.timeout))
    if settings.proxy_variables:
        console.print_detail("proxy-ignored", names=", ".join(settings.proxy_variables))
    try:
        with Client(
            token, service, on_wait=lambda wait, _: console.notify("upload-again", seconds=round(wait))
        ) as client:
            yield client
    finally:
        show_logs()


def _connect_once(access: AccessOptions, console: UploadConsole, stack: ExitStack) -> Connect:
    """A client that is opened when it is first needed: a run that sends nothing needs no token."""
    return cache(lambda: stack.enter_context(open_client(access, console)))


@dataclass(frozen=True, slots=True)
class FileOptions:
    """The options for one file; the configuration may name others for another file.

    Attributes:
        counter: 0: none, in a dry run.
        send: What is sent, and how.
        follow: How it is polled.
        absence: When a part counts as absent.
    """

    counter: int
    send: SendOptions
    follow: FollowOptions
    absence: AbsencePolicy


def upload_files(  # noqa: PLR0913 - the files, and groups of options
    files: Sequence[str],
    options_for: Callable[[str], FileOptions],
    access: AccessOptions,
    output: OutputOptions,
    typed: TypedCommand,
    *,
    recursive: bool = False,
) -> int:
    """Upload files; gives the exit code, the highest of all.

    Args:
        files: As the user named them, folders among them; ``-`` is standard input.
        options_for: Gives the options for a file by its name; called for all files before anything else is done.
        access: How the service is reached.
        output: How what happens is printed.
        typed: The command, which the next one repeats.
        recursive: Whether folders in a folder are looked into.
    """
    inputs = find_inputs(files, [], output.language, quiet=output.quiet, recursive=recursive)
    # What came through a pipe is not there any more for a next command.
    return upload_found(inputs, options_for, access, output, None if "-" in files else typed)


def upload_found(  # noqa: PLR0913 - the files, and groups of options
    inputs: Sequence[FoundFile],
    options_for: Callable[[str], FileOptions],
    access: AccessOptions,
    output: OutputOptions,
    typed: TypedCommand | None = None,
    *,
    tells_findings: bool = True,
    is_guided: bool = False,
    may_go_back: bool = False,
) -> int:
    """Upload files that were found; the rest is as in ``upload_files``.

    Args:
        inputs: The files.
        options_for: See there.
        access: See there.
        output: See there.
        typed: See there; ``None``: no next command is told.
        tells_findings: Whether findings are printed that stop nothing; who has converted the file has told them.
        is_guided: Whether it is the last step of a guided run.
        may_go_back: Whether a person who is asked may return to a question before.

    Raises:
        BackError: The person does; nothing was sent.
    """
    # For all files first: a wrong option for the last one is refused before the first is read.
    options = [options_for(one.name) for one in inputs]
    requests = [_build_request(one, chosen, access) for one, chosen in zip(inputs, options, strict=True)]
    # The form of the lines and a dry run are options of the command line alone: the same for every file.
    format_part = format_part_json if options[0].send.output_format is ResultFormat.JSON else format_part_line
    with (
        open_console(
            output, format_part, tells_findings=tells_findings, is_guided=is_guided, may_go_back=may_go_back
        ) as console,
        ExitStack() as stack,
    ):
        ledger = None if options[0].send.dry_run else stack.enter_context(open_ledger())
        if ledger is not None:
            console.print_detail("upload-ledger", folder=ledger.folder, count=len(list_parts(ledger)))
        uploaded = Uploader(ledger, _connect_once(access, console, stack), console).upload_files(requests)
        parts = (part for result in uploaded for part in result.parts)
        _say_what_follows(console, parts, access, options[0].follow)
        code = max(result.code for result in uploaded)
        if typed is not None and options[0].send.output_format is ResultFormat.TEXT:
            console.say_next(typed, code)
        return code


def _say_what_follows(
    console: UploadConsole, parts: Iterable[Part], access: AccessOptions, follow: FollowOptions
) -> None:
    console.say_what_follows(
        parts,
        repeat_options(access, console.options, names=_REPEATED),
        repeat_options(follow, names=_REPEATED),
    )


def _build_request(one: FoundFile, options: FileOptions, access: AccessOptions) -> UploadRequest:
    send, follow = options.send, options.follow
    again: ResendMode = "all" if send.all else "changed" if send.changed else "none"
    return UploadRequest(
        sys.stdin.buffer if one.name == "-" else one.path,
        send.stdin_name if one.name == "-" else one.name,
        UploadOptions(
            counter=options.counter,
            goal=send.goal,
            comment=send.comment,
            again=again,
            wait=send.wait,
            min_linked=follow.min_linked,
            poll_interval_s=follow.poll_interval,
            wait_limit_s=follow.wait_limit,
            # Whoever waits less for a request does not want to search longer than that.
            search_timeout_s=min(SEARCH_TIMEOUT_S, access.timeout),
            policy=_reconcile_policy(options.absence),
            without_list=send.without_list,
        ),
        skip_bad=send.skip_bad,
        plan_only=send.plan,
        confirmed=send.yes,
        member=one.member,
        limits=parse_limits(send.limit or []),
    )


def _reconcile_policy(absence: AbsencePolicy) -> ReconcilePolicy:
    return ReconcilePolicy(min_absent_seconds=60 * absence.settle_minutes, on_absent=absence.on_absent.value)


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
        listing = list_uploadings(ledger, _connect_once(access, console, stack), choice.counter, also=choice.also)
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
        watched = watch_part(ledger, _connect_once(access, console, stack), part, options, console)
        _say_what_follows(console, watched.parts, access, follow)
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
        client = _connect_once(access, console, stack)()
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
        return adopt_uploadings(ledger, _connect_once(access, console, stack), counter, console).code


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
        options = ResumeOptions(
            choice.counter, choice.resend, _reconcile_policy(absence), without_list=choice.without_list
        )
        resumed = resume_parts(ledger, _connect_once(access, console, stack), options, console)
        _say_what_follows(console, resumed.parts, access, FollowOptions())
        return resumed.code
