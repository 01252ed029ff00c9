"""Canonical files, one after the other: each is validated, planned, confirmed, sent and polled."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from calltools.errors import (
    CalltoolsError,
    LedgerError,
    SourceError,
    TokenRefusedError,
    UnfitFileError,
    UnreachableError,
    UsageError,
)
from calltools.files.limits import Limits
from calltools.files.opening import copy_stdin, open_private_file
from calltools.files.packed import Packed, Unpacker
from calltools.ledger import (
    CallStatus,
    Ledger,
    Part,
    PlannedCalls,
    UploadPlan,
    get_part,
    hold_counter,
    plan_upload,
    waiting_parts,
)
from calltools.metrica.responses import Counter
from calltools.texts.keys import MessageKey
from calltools.uploading import results
from calltools.uploading.checking import CheckedFile, check_for_upload, find_clean_file, judge_by_now
from calltools.uploading.context import (
    Clock,
    Connect,
    SilentEvents,
    UploadContext,
    UploadEvents,
    UploadOptions,
    report_interrupts,
)
from calltools.uploading.counter import CounterLook, look_at_counter
from calltools.uploading.parts import look_at_part, poll_until_done
from calltools.uploading.reconcile import warn_before_asking
from calltools.uploading.results import UploadResult
from calltools.uploading.upload import report_held_calls, run_upload


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """One file to upload.

    Attributes:
        file: A canonical file, or a stream that is copied to a private file before it is read.
        name: What the user calls it.
        options: How it is uploaded.
        skip_bad: Leave out the records that have errors, instead of refusing the file.
        plan_only: Report the plan; send nothing.
        confirmed: Send without asking the caller.
        member: If the file is an archive, the name of the member that is meant.
        limits: What reading the file may cost.
    """

    file: Path | BinaryIO
    name: str
    options: UploadOptions
    skip_bad: bool = False
    plan_only: bool = False
    confirmed: bool = False
    member: str | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Uploader:
    """Uploads files; it needs no terminal.

    Attributes:
        ledger: The ledger; ``None``: a dry run, which validates files and ends there, without ledger and network.
        connect: Gives the client; not called before something is to be sent or polled.
        events: The caller.
        clock: Time, and how to wait.
    """

    ledger: Ledger | None
    connect: Connect
    events: UploadEvents = field(default_factory=SilentEvents)
    clock: Clock = field(default_factory=Clock)
    _looks: dict[int, CounterLook] = field(default_factory=dict, init=False, repr=False)
    _sent: set[int] = field(default_factory=set, init=False, repr=False)
    _warned: set[int] = field(default_factory=set, init=False, repr=False)
    _planned: dict[int, PlannedCalls] = field(default_factory=dict, init=False, repr=False)

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
        given = request.file if isinstance(request.file, Path) else stack.enter_context(copy_stdin(request.file))
        file = stack.enter_context(Unpacker()).plain_path(Packed(given, request.member), request.name, request.limits)
        with _named(file, request.name):
            checked = self._find_known(request, file) or self._validate(request, file, stack)
        if checked is None:
            return UploadResult(results.FINDINGS)
        if self.ledger is None:
            count = None if checked.summary is None else checked.summary.read - checked.summary.rejected
            self.events.notify("upload-dry-run", path=request.name, count=count)
            return UploadResult(results.OK)
        with _named(checked.file, request.name):
            return self._upload_checked(request, self.ledger, checked, stack)

    def _find_known(self, request: UploadRequest, file: Path) -> CheckedFile | None:
        """The file, if it was found clean before: then only its times are judged again."""
        # A dry run does not even read the ledger.
        known = None if self.ledger is None else find_clean_file(self.ledger, file)
        if known is not None:
            self.events.notify("upload-clean-before", path=request.name)
        return known

    def _validate(self, request: UploadRequest, file: Path, stack: ExitStack) -> CheckedFile | None:
        """The file that may be sent; ``None``: it has errors, and they were reported."""
        # Loads the rules and pandera, as ``check_for_upload`` does.
        from calltools.run import FindingsCollector  # noqa: PLC0415

        collector = FindingsCollector()
        copy = stack.enter_context(open_private_file())
        checked = check_for_upload(
            self.ledger,
            file,
            request.name,
            [collector],
            copy=copy,
            skip_bad=request.skip_bad,
            limits=request.limits,
        )
        refused = bool(checked.error_count) and not request.skip_bad
        if checked.summary is not None:
            self.events.report_findings(checked.summary, collector.parts, refused=refused)
        if refused:
            is_empty = checked.summary is not None and not checked.summary.read
            key: MessageKey = "upload-empty" if is_empty else "upload-errors"
            self.events.notify_always(key, path=request.name, count=checked.error_count)
            return None
        if checked.error_count and checked.summary is not None:
            self.events.notify("upload-left-out", count=checked.summary.rejected)
        return checked

    def _is_clean_now(self, request: UploadRequest, plan: UploadPlan, now: float) -> bool:
        """Whether a file that was found clean before is so now; what is no error is reported here."""
        judged = judge_by_now(plan, request.name, int(now))
        if judged is None:
            return True
        summary, findings = judged
        if summary.by_severity["error"]:
            return False
        self.events.report_findings(summary, findings, refused=False)
        return True

    def _upload_checked(
        self, request: UploadRequest, ledger: Ledger, checked: CheckedFile, stack: ExitStack
    ) -> UploadResult:
        plan = self._plan(request, ledger, checked)
        if checked.summary is None and not self._is_clean_now(request, plan, ledger.now()):
            again = self._validate(request, checked.file, stack)
            return (
                UploadResult(results.FINDINGS) if again is None else self._upload_checked(request, ledger, again, stack)
            )
        result = self._carry_out(request, ledger, checked, plan)
        return results.with_lost_parts(result, ledger, self.events, request.options.counter)

    def _plan(self, request: UploadRequest, ledger: Ledger, checked: CheckedFile) -> UploadPlan:
        """The plan of a file that was validated.

        Raises:
            SourceError: The file is another one now.
        """
        options, sent = request.options, frozenset(self._sent)
        # What is sent stands in the ledger.
        planned = self._planned.setdefault(options.counter, PlannedCalls()) if request.plan_only else None
        plan = plan_upload(ledger, checked.file, options.counter, options.again, sent_now=sent, planned=planned)
        # Only the bytes that were validated may be sent; nobody but us can write to a copy, which has no digest.
        if checked.digest not in {"", plan.digest}:
            raise SourceError("upload-changed", path=request.name)
        return plan

    def _carry_out(
        self, request: UploadRequest, ledger: Ledger, checked: CheckedFile, plan: UploadPlan
    ) -> UploadResult:
        """Report a plan, ask, and send."""
        options = request.options
        if plan.counts[CallStatus.HELD]:
            # What another process is sending at this moment looks held. Nobody sends while this one has the lock: it is
            # refused (exit 4, with that process), or the calls are held indeed. A plan without such calls needs no
            # lock, so that a look at it stops no upload; ``run_upload`` judges again under its lock.
            with hold_counter(ledger, options.counter):
                plan = self._plan(request, ledger, checked)
        waiting = waiting_parts(ledger, options.counter)
        look = self._look_at_counter(request, plan, waiting)
        if look is not None:
            self.events.report_counter(look)
        self.events.report_plan(request.name, plan, waiting)
        # Before anything else, so that the exit code of a plan already says it.
        if plan.counts[CallStatus.HELD]:
            held = report_held_calls(ledger, plan, self.events)
            for part in held:
                self.events.remark_on(part, options)
            return UploadResult(results.HELD, held)
        if look is not None and look.refusal is not None:
            self.events.report_error(look.refusal)
            # Another file may go to another counter, with the same token.
            stopped = isinstance(look.refusal, TokenRefusedError)
            return UploadResult(results.REFUSED, errors=(look.refusal,), stopped=stopped)
        if request.plan_only:
            self._planned[options.counter].add(plan.scan, plan.sent)
            return UploadResult(results.OK, planned=plan.records_to_send)
        if not plan.parts and not waiting:
            self.events.notify("upload-nothing", records=plan.records)
            return self._follow_known_parts(ledger, plan, options)
        if not request.confirmed and (look is None or not isinstance(look.problem, UnreachableError)):
            warn_before_asking(self._context(ledger, options))
        count = plan.records_to_send + sum(part.rows for part in waiting)
        if not (request.confirmed or self.events.confirm(count)):
            self.events.notify("upload-declined", count=count)
            return UploadResult(results.OK)
        return self._send(request, ledger, plan)

    def _look_at_counter(self, request: UploadRequest, plan: UploadPlan, waiting: Sequence[Part]) -> CounterLook | None:
        """What is known of the counter; ``None``: nothing is to be sent, so nobody asks.

        Raises:
            UsageError: There is no token, or the address of the service is wrong; a mere plan does without.
        """
        counter = request.options.counter
        if not plan.parts and not waiting:
            return None
        try:
            client = self.connect()
        except UsageError as error:
            if not request.plan_only:
                raise
            return CounterLook(Counter(counter), problem=error)
        known = self._looks.get(counter)
        if known is None or known.visits is None:
            dynamic = [*(part.dynamic for part in plan.parts), *(part.dynamic for part in waiting)]
            self._looks[counter] = look_at_counter(client, counter, dynamic)
        return self._looks[counter]

    def _follow_known_parts(self, ledger: Ledger, plan: UploadPlan, options: UploadOptions) -> UploadResult:
        """The result of a file all calls of which were accepted before: what was wrong is told once more.

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
        else:
            parts = [self._look_at_bad(ledger, part, options) for part in parts]
        # Before the remarks: what they tell is recorded as told.
        code = max((results.exit_code_of_known(ledger, part, options) for part in parts), default=results.OK)
        for part in parts:
            results.tell_end(ledger, self.events, part, options)
        return UploadResult(code, tuple(parts))

    def _look_at_bad(self, ledger: Ledger, part: Part, options: UploadOptions) -> Part:
        """Look once at a part that would fail this run and is not final: else it would fail every run."""
        if part.final or results.exit_code_of(part, options) != results.IN_PART:
            return part
        try:
            return look_at_part(self._context(ledger, options), part)
        except CalltoolsError:
            # There is no token, for example; what is known counts.
            return part

    def _send(self, request: UploadRequest, ledger: Ledger, plan: UploadPlan) -> UploadResult:
        context = self._context(ledger, request.options)
        with report_interrupts(context):
            result = run_upload(context, plan, request.name)
        self._sent.update(part.id for part in result.parts)
        for error in result.errors:
            self.events.report_error(error)
        for part in result.parts:
            results.tell_end(ledger, self.events, part, request.options)
        return result

    def _context(self, ledger: Ledger, options: UploadOptions) -> UploadContext:
        return UploadContext(ledger, self.connect(), options, self.events, self.clock, self._warned)


@contextmanager
def _named(file: Path, name: str) -> Iterator[None]:
    """Call a file in errors what the user calls it: its path may be that of a copy."""
    try:
        yield
    except (SourceError, LedgerError) as error:
        if error.facts.get("path") == file:
            error.facts["path"] = name
        raise
