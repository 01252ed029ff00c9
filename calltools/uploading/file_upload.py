"""Canonical files, one after the other: each is validated, planned, confirmed, sent and polled."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from calltools.errors import LedgerError, SourceError, UnfitFileError
from calltools.files.opening import check_file, copy_stdin, open_private_file
from calltools.ledger import CallStatus, Ledger, Part, UploadPlan, get_part, plan_upload, waiting_parts
from calltools.uploading import results
from calltools.uploading.checking import CheckedFile, check_for_upload, find_clean_file
from calltools.uploading.context import (
    Connect,
    SilentEvents,
    UploadContext,
    UploadEvents,
    UploadOptions,
    report_interrupts,
)
from calltools.uploading.parts import poll_until_done
from calltools.uploading.results import UploadResult
from calltools.uploading.upload import run_upload


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """One file to upload.

    Attributes:
        file: A canonical CSV file, or a stream that is copied to a private file before it is read.
        name: What the user calls it.
        options: How it is uploaded.
        skip_bad: Leave out the records that have errors, instead of refusing the file.
        plan_only: Report the plan; send nothing.
        confirmed: Send without asking the caller.
    """

    file: Path | BinaryIO
    name: str
    options: UploadOptions
    skip_bad: bool = False
    plan_only: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Uploader:
    """Uploads files; it needs no terminal.

    Attributes:
        ledger: The ledger; ``None``: a dry run, which validates files and ends there, without ledger and network.
        connect: Gives the client; not called before something is to be sent or polled.
        events: The caller.
    """

    ledger: Ledger | None
    connect: Connect
    events: UploadEvents = field(default_factory=SilentEvents)

    def upload_files(self, requests: Sequence[UploadRequest]) -> list[UploadResult]:
        """Upload files until one ends so that the next would fail too.

        Raises:
            UsageError: There is no token, the caller cannot be asked, or the only file is not canonical. Errors of one
                file of several or of the ledger are reported, and the next file follows.
            ServiceError: Parts that were accepted before cannot be polled.
        """
        uploaded: list[UploadResult] = []
        for request in requests:
            try:
                with ExitStack() as stack:
                    uploaded.append(self._upload(request, stack))
            except (SourceError, LedgerError) as error:
                self.events.report_error(error)
                uploaded.append(UploadResult(error.exit_code, errors=(error,)))
            except UnfitFileError as error:
                if len(requests) == 1:
                    raise
                error.about_file = None if "path" in error.facts else request.name
                self.events.report_error(error)
                uploaded.append(UploadResult(SourceError.exit_code, errors=(error,)))
            if uploaded[-1].stopped:
                # The token or the quota fails for every further file as well.
                break
        return uploaded

    def _upload(self, request: UploadRequest, stack: ExitStack) -> UploadResult:
        if isinstance(request.file, Path):
            file = request.file
            check_file(file, request.name)
        else:
            file = stack.enter_context(copy_stdin(request.file))
        with _named(file, request.name):
            checked = self._check(request, file, stack)
        if checked is None:
            return UploadResult(results.FINDINGS)
        if self.ledger is None:
            count = None if checked.summary is None else checked.summary.read - checked.summary.rejected
            self.events.notify("upload-dry-run", path=request.name, count=count)
            return UploadResult(results.OK)
        with _named(checked.file, request.name):
            return self._upload_checked(request, self.ledger, checked)

    def _check(self, request: UploadRequest, file: Path, stack: ExitStack) -> CheckedFile | None:
        """The file that may be sent; ``None``: it has errors, and they were reported."""
        # A dry run does not even read the ledger; otherwise a file that was found clean before is not validated again.
        known = None if self.ledger is None else find_clean_file(self.ledger, file)
        if known is not None:
            self.events.notify("upload-clean-before", path=request.name)
            return known
        # Loads the rules and pandera, as ``check_for_upload`` does.
        from calltools.run import FindingsCollector  # noqa: PLC0415

        collector = FindingsCollector()
        without_bad = stack.enter_context(open_private_file()) if request.skip_bad else None
        checked = check_for_upload(self.ledger, file, request.name, [collector], without_bad=without_bad)
        refused = bool(checked.error_count) and not request.skip_bad
        if checked.summary is not None:
            self.events.report_findings(checked.summary, collector.parts, refused=refused)
        if refused:
            self.events.notify_always("upload-errors", path=request.name, count=checked.error_count)
            return None
        if checked.error_count and checked.summary is not None:
            self.events.notify("upload-left-out", count=checked.summary.rejected)
        return checked

    def _upload_checked(self, request: UploadRequest, ledger: Ledger, checked: CheckedFile) -> UploadResult:
        options = request.options
        plan = plan_upload(ledger, checked.file, options.counter, options.again)
        # Only the bytes that were validated may be sent; nobody but us can write to a copy, which has no digest.
        if checked.digest not in {"", plan.digest}:
            raise SourceError("upload-changed", path=request.name)
        waiting = waiting_parts(ledger, options.counter)
        self.events.report_plan(request.name, plan, waiting)
        # Before anything else, so that the exit code of a plan already says it.
        if plan.counts[CallStatus.HELD]:
            return self._refuse_held(ledger, plan)
        if request.plan_only:
            return UploadResult(results.OK)
        if not plan.parts and not waiting:
            self.events.notify("upload-nothing", records=plan.records)
            return self._follow_known_parts(ledger, plan, options)
        count = plan.records_to_send + sum(part.rows for part in waiting)
        if not (request.confirmed or self.events.confirm(count)):
            self.events.notify("upload-declined", count=count)
            return UploadResult(results.OK)
        return self._send(request, ledger, plan)

    def _refuse_held(self, ledger: Ledger, plan: UploadPlan) -> UploadResult:
        """Send nothing of a file some calls of which may have arrived already."""
        parts = [get_part(ledger, number) for number in plan.open_parts]
        held = tuple(part for part in parts if part.held)
        # The calls of a held part stay claimed until it is found or a person decides: to send them might double them.
        names = ", ".join(part.name for part in held)
        self.events.notify_always("upload-held", names=names, count=plan.counts[CallStatus.HELD])
        return UploadResult(results.HELD, held)

    def _follow_known_parts(self, ledger: Ledger, plan: UploadPlan, options: UploadOptions) -> UploadResult:
        """The result of a file all calls of which were accepted before: what was wrong then is still wrong.

        Parts that the service has not processed are polled if the options ask for it: the earlier run may have been
        interrupted.
        """
        parts: Sequence[Part] = [get_part(ledger, number) for number in plan.accepted_parts]
        if options.polls:
            parts = [
                poll_until_done(self._context(ledger, options), part) if part.processing else part for part in parts
            ]
            for part in parts:
                self.events.report_part(part)
        for part in parts:
            self.events.remark_on(part, options)
        return UploadResult(results.highest_code(parts, options), tuple(parts))

    def _send(self, request: UploadRequest, ledger: Ledger, plan: UploadPlan) -> UploadResult:
        context = self._context(ledger, request.options)
        with report_interrupts(context):
            result = run_upload(context, plan, request.name)
        for error in result.errors:
            self.events.report_error(error)
        for part in result.parts:
            self.events.remark_on(part, request.options)
        return result

    def _context(self, ledger: Ledger, options: UploadOptions) -> UploadContext:
        return UploadContext(ledger, self.connect(), options, self.events)


@contextmanager
def _named(file: Path, name: str) -> Iterator[None]:
    """Call a file in errors what the user calls it: its path may be that of a copy."""
    try:
        yield
    except (SourceError, LedgerError) as error:
        if error.facts.get("path") == file:
            error.facts["path"] = name
        raise
