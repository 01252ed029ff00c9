"""What ``calltools upload`` does. Heavy: imported when it runs."""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer

from calltools import ledger
from calltools.cli.connect import connect, open_ledger
from calltools.cli.options import is_terminal
from calltools.cli.upload_console import UploadConsole, open_console, print_plan, print_remark, report_interrupt
from calltools.cli.upload_options import (
    AbsencePolicy,
    AccessOptions,
    FollowOptions,
    OutputOptions,
    ResultFormat,
    SendOptions,
)
from calltools.errors import LedgerError, SourceError, UsageError
from calltools.files.opening import check_file, copy_stdin, expand_paths, open_private_file
from calltools.ledger import CallStatus, Ledger, Part, ReconcilePolicy, ResendMode, UploadPlan
from calltools.metrica.client import Client
from calltools.texts import say
from calltools.uploading import checking, results
from calltools.uploading.checking import CheckedFile
from calltools.uploading.context import SEARCH_TIMEOUT_S, UploadContext, UploadOptions
from calltools.uploading.parts import poll_until_done
from calltools.uploading.upload import run_upload as carry_out

#: Keys of sentences about the file that is uploaded.
_FILE_MESSAGE_PREFIXES: Final = ("upload-", "ledger-plan-")
_YES: Final = frozenset({"y", "yes", "д", "да"})


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """What the user wants of the upload of one file.

    Attributes:
        counter: Where to; 0: to none, in a dry run.
        send_options: What goes, and how.
        follow_options: How it is followed.
        absence_policy: What becomes of a part that is missing.
    """

    counter: int
    send_options: SendOptions
    follow_options: FollowOptions
    absence_policy: AbsencePolicy

    @property
    def again(self) -> ResendMode:
        """Which known calls go once more."""
        return "all" if self.send_options.all else "changed" if self.send_options.changed else "none"


def upload_files(
    files: Sequence[str], request_for: Callable[[str], UploadRequest], access: AccessOptions, output: OutputOptions
) -> int:
    """Check, plan, ask, send, file by file; gives the exit code, the highest of all.

    Args:
        files: As the user named them; folders are opened.
        request_for: What is wanted of a file, by its name; asked for all files before anything is done.
        access: How the service is reached.
        output: How what happens is told.
    """
    inputs = [one for name in files for one in ([(Path("-"), name)] if name == "-" else expand_paths([name]))]
    asked = [request_for(name) for _, name in inputs]
    with open_console(output) as tell, ExitStack() as stack:
        book = None if all(one.send_options.dry_run for one in asked) else stack.enter_context(open_ledger())
        if book is not None:
            tell.print_detail("upload-ledger", folder=book.folder, count=len(ledger.list_parts(book)))
        far = _LazyClient(access, tell, stack)
        codes = [results.OK]
        for (path, name), one in zip(inputs, asked, strict=True):
            codes.append(_upload_guarded(_FileUpload(path, name, one, tell, book, far), alone=len(inputs) == 1))
            if far.stopped:
                break
        return max(codes)


@dataclass(slots=True)
class _LazyClient:
    """The service, connected when a first file needs it, and whether another file need not try."""

    access: AccessOptions
    console: UploadConsole
    stack: ExitStack
    stopped: bool = False
    _client: Client | None = None

    def client(self) -> Client:
        if self._client is None:
            self._client = self.stack.enter_context(connect(self.access, self.console))
        return self._client


@dataclass(frozen=True, slots=True)
class _FileUpload:
    """The upload of one file."""

    path: Path
    name: str
    request: UploadRequest
    console: UploadConsole
    ledger: Ledger | None
    service: _LazyClient

    @property
    def send_options(self) -> SendOptions:
        """What goes, and how."""
        return self.request.send_options

    @property
    def display_name(self) -> str:
        """What the file is called."""
        return self.send_options.stdin_name if self.name == "-" else self.name


def _upload_guarded(run: _FileUpload, *, alone: bool) -> int:
    """One file of several: what stops it stops no other."""
    try:
        with ExitStack() as stack:
            return _upload_file(run, stack)
    except (SourceError, LedgerError) as fault:
        if fault.key.startswith(_FILE_MESSAGE_PREFIXES):
            # The user's name of it, not that of a copy.
            fault.facts["path"] = run.display_name
        if alone:
            raise
        run.console.print_error(fault)
        return fault.exit_code


def _upload_file(run: _FileUpload, stack: ExitStack) -> int:
    path = _open_input(run, stack)
    checked = _check_file(run, path, stack)
    if checked is None:
        return 1
    if run.ledger is None:
        records = None if checked.summary is None else checked.summary.read - checked.summary.rejected
        run.console("upload-dry-run", path=run.display_name, count=records)
        return results.OK
    plan = ledger.plan_upload(run.ledger, checked.file, run.request.counter, run.request.again)
    if checked.digest not in {"", plan.digest}:
        raise SourceError("upload-changed", path=run.display_name)
    print_plan(run.console, run.display_name, run.ledger, plan)
    code = _exit_code_without_sending(run, run.ledger, plan)
    return _send(run, run.ledger, plan) if code is None else code


def _open_input(run: _FileUpload, stack: ExitStack) -> Path:
    if run.name == "-":
        return stack.enter_context(copy_stdin(sys.stdin.buffer))
    check_file(run.path, run.name)
    return run.path


def _check_file(run: _FileUpload, path: Path, stack: ExitStack) -> CheckedFile | None:
    """The file that may go; ``None``: it holds errors, and they have been told."""
    known = None if run.ledger is None else checking.find_clean_file(run.ledger, path)
    if known is not None:
        run.console("upload-clean-before", path=run.display_name)
        return known
    from calltools.cli.sinks import CheckReport  # noqa: PLC0415 - pandas, which a file known to be clean spares

    report = CheckReport.for_stream(sys.stderr, run.console.options.language)
    without_bad = stack.enter_context(open_private_file()) if run.send_options.skip_bad else None
    checked = checking.check_for_upload(run.ledger, path, run.display_name, [report], without_bad=without_bad)
    refused = checked.error_count and not run.send_options.skip_bad
    if refused or not run.console.options.quiet:
        report.show(checked.summary)
    if refused:
        run.console.print_always("upload-errors", path=run.display_name, count=checked.error_count)
        return None
    if checked.error_count and checked.summary is not None:
        run.console("upload-left-out", count=checked.summary.rejected)
    return checked


def _exit_code_without_sending(run: _FileUpload, book: Ledger, plan: UploadPlan) -> int | None:
    """The exit code when nothing is to be sent; ``None``: something is."""
    left = ledger.waiting_parts(book, plan.counter)
    if plan.counts[CallStatus.HELD]:
        held = [ledger.get_part(book, number) for number in plan.open_parts]
        names = ", ".join(batch.name for batch in held if batch.held)
        run.console.print_always("upload-held", names=names, count=plan.counts[CallStatus.HELD])
        return results.HELD
    if run.send_options.plan:
        return results.OK
    if not plan.parts and not left:
        run.console("upload-nothing", records=plan.records)
        return _follow_known_parts(run, book, plan)
    count = plan.records_to_send + sum(batch.rows for batch in left)
    if not _confirm(run, count):
        run.console("upload-declined", count=count)
        return results.OK
    return None


def _follow_known_parts(run: _FileUpload, book: Ledger, plan: UploadPlan) -> int:
    """The exit code of a file all of whose calls went before: what was wrong then is wrong still.

    What the service still works on is followed, if that is asked for: an earlier run may have been interrupted.
    """
    asked = _upload_options(run, plan.counter)
    batches = [ledger.get_part(book, number) for number in plan.accepted_parts]
    if asked.polls:
        batches = [
            poll_until_done(_upload_context(run, book, asked), batch) if batch.processing else batch
            for batch in batches
        ]
        for batch in batches:
            run.console.print_line(_script_line(run, batch))
    for batch in batches:
        print_remark(run.console, batch, asked)
    return max((results.exit_code_of(batch, asked) for batch in batches), default=results.OK)


def _confirm(run: _FileUpload, count: int) -> bool:
    if run.send_options.yes:
        return True
    if not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
        raise UsageError("upload-yes-needed")
    # Not typer.confirm: it writes to standard output, where only lines for scripts may stand.
    typer.echo(say("upload-confirm", run.console.options.language, count=count), nl=False, err=True)
    return sys.stdin.readline().strip().lower() in _YES


def ledger_policy(absence: AbsencePolicy) -> ReconcilePolicy:
    """The options as the ledger takes them."""
    return ReconcilePolicy(min_absent_seconds=60 * absence.settle_minutes, on_absent=absence.on_absent.value)


def _upload_options(run: _FileUpload, counter: int) -> UploadOptions:
    going, following = run.send_options, run.request.follow_options
    return UploadOptions(
        counter=counter,
        goal=going.goal,
        comment=going.comment,
        again=run.request.again,
        wait=going.wait,
        min_linked=following.min_linked,
        poll_interval_s=following.poll_interval,
        wait_limit_s=following.wait_limit,
        search_timeout_s=min(SEARCH_TIMEOUT_S, run.service.access.timeout),
        policy=ledger_policy(run.request.absence_policy),
    )


def _upload_context(run: _FileUpload, book: Ledger, options: UploadOptions) -> UploadContext:
    return UploadContext(
        book, run.service.client(), options, run.console, lambda batch: run.console.print_line(_script_line(run, batch))
    )


def _script_line(run: _FileUpload, batch: Part) -> str:
    """The line for scripts."""
    return results.part_json(batch) if run.send_options.output_format is ResultFormat.JSON else results.part_line(batch)


def _send(run: _FileUpload, book: Ledger, plan: UploadPlan) -> int:
    asked = _upload_options(run, plan.counter)
    desk = _upload_context(run, book, asked)
    with report_interrupt(run.console, book, asked):
        uploaded = carry_out(desk, plan, run.display_name)
    for error in uploaded.errors:
        run.console.print_error(error)
    for batch in uploaded.parts:
        print_remark(run.console, batch, asked)
    run.service.stopped = uploaded.stopped
    return uploaded.code
