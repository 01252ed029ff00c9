"""What an upload prints: sentences on standard error, lines for scripts on standard output."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, final

import typer

from calltools.cli.options import format_error, is_terminal, traceback_places
from calltools.cli.terminal import redirect_to_devnull
from calltools.cli.upload_options import OutputOptions
from calltools.errors import CalltoolsError, UsageError
from calltools.ledger import CallStatus, Event, Part, Transition, UploadPlan
from calltools.metrica.responses import Uploading
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.texts import MessageKey, say
from calltools.uploading import results
from calltools.uploading.context import UploadOptions
from calltools.uploading.counter import WINDOW_DAYS, CounterLook
from calltools.uploading.report_comparison import ReportComparison
from calltools.uploading.resume import UploadListing

#: Sentences of a plan on the calls that are not new; for those that are held another one names the parts.
VERDICTS: Final[Mapping[CallStatus, MessageKey]] = MappingProxyType(
    {
        CallStatus.MAYBE_ADOPTED: "upload-plan-adopted",
        CallStatus.UNCHANGED: "upload-plan-unchanged",
        CallStatus.CHANGED: "upload-plan-changed",
        CallStatus.IDENTIFIED: "upload-plan-identified",
        CallStatus.REDUCED: "upload-plan-reduced",
        CallStatus.WAITING: "upload-plan-waiting",
        CallStatus.DOUBLED: "upload-plan-doubled",
    }
)
STEPS: Final[Mapping[Transition, MessageKey]] = MappingProxyType(
    {
        Transition.SPOOL: "step-freeze",
        Transition.RESERVE: "step-reserve",
        Transition.ADOPT: "step-adopt",
        Transition.SEND: "step-send",
        Transition.ACCEPT: "step-accept",
        Transition.ACCEPT_PARTIAL: "step-accept-part",
        Transition.REJECT: "step-reject",
        Transition.FAIL_TO_SEND: "step-fail-to-send",
        Transition.THROTTLE: "step-throttle",
        Transition.LOSE_ANSWER: "step-lose",
        Transition.FIND: "step-find",
        Transition.FIND_PARTIAL: "step-find-part",
        Transition.FIND_DUPLICATES: "step-find-many",
        Transition.NOT_LISTED: "step-miss",
        Transition.CONFIRM_ABSENT: "step-settle",
        Transition.HOLD: "step-hold",
        Transition.RESEND: "step-resend",
        Transition.GIVE_UP: "step-give-up",
        Transition.RELEASE: "step-release",
        Transition.RECORD_STATUS: "step-look",
        Transition.PROCESS: "step-process",
        Transition.FAIL_LINKAGE: "step-fail-linkage",
        Transition.STOP_POLLING: "step-tire",
    }
)

#: On a terminal each of these sentences replaces the one before it.
_LIVE_MESSAGES: Final[frozenset[MessageKey]] = frozenset({"upload-followed", "upload-status"})
_YES: Final = frozenset({"y", "yes", "д", "да"})
_EXAMPLES_PER_RULE: Final = 3


@final
class UploadConsole:
    """The terminal or the log as the caller of an upload: ``UploadEvents`` as sentences and lines.

    Args:
        options: How what happens is printed.
        format_part: Gives the line of a part.
    """

    def __init__(self, options: OutputOptions, format_part: Callable[[Part], str]) -> None:
        self.options = options
        self._format_part = format_part
        self._live: Any = None
        self._counter_labels: dict[int, str] = {}
        #: Of the last plan.
        self._label = ""
        self._on_terminal = is_terminal(sys.stderr)

    def notify(self, key: MessageKey, /, **facts: object) -> None:
        """Print a sentence, except when quiet."""
        if self.options.quiet:
            return
        if key in _LIVE_MESSAGES and self._on_terminal:
            self._update_live_line(say(key, self.options.language, **facts))
        else:
            self.notify_always(key, **facts)

    def notify_always(self, key: MessageKey, /, **facts: object) -> None:
        """Print a sentence, also when quiet."""
        self._echo(say(key, self.options.language, **facts), err=True)

    def report_error(self, error: CalltoolsError) -> None:
        """Print why something failed."""
        self._echo(format_error(error, self.options.language), err=True)
        if self.options.debug:
            self._echo(traceback_places(error), err=True)

    def report_findings(self, summary: Summary, findings: Sequence[Findings], *, refused: bool) -> None:
        """Print the findings of a file with a few examples of each rule, also when quiet if the file is refused."""
        if not findings or (self.options.quiet and not refused):
            return
        from calltools.reports import REPORTERS  # noqa: PLC0415 - pandas, which a file known to be clean does not need
        from calltools.reports.reporter import ReportOptions  # noqa: PLC0415 - as above

        reporter = REPORTERS["text"](sys.stderr, ReportOptions(self.options.language, limit=_EXAMPLES_PER_RULE))
        reporter.start(summary.source, summary.name)
        for found in findings:
            reporter.take(found)
        reporter.finish(summary)
        reporter.close([summary])

    def report_counter(self, look: CounterLook) -> None:
        """Print what is wrong with the counter; its name stands in the plan and in the question."""
        counter, problem = look.counter.id, look.problem
        self._counter_labels[counter] = look.counter.label
        if look.is_hidden:
            self.notify("upload-counter-hidden", counter=counter)
        elif problem is not None and look.refusal is None:
            self.notify("upload-counter-unread", counter=counter, reason=problem.say(self.options.language))
        if look.visits == 0:
            self.notify_always("upload-no-visits", counter=look.counter.label, days=WINDOW_DAYS)
        elif look.visits is not None:
            self.print_detail("upload-visits", counter=look.counter.label, days=WINDOW_DAYS, visits=look.visits)

    def report_plan(self, name: str, plan: UploadPlan, waiting: Sequence[Part]) -> None:
        """Print what would be sent, and why the rest would not."""
        self._label = self._counter_labels.get(plan.counter, str(plan.counter))
        self.notify("upload-plan", path=name, counter=self._label, sent=plan.records_to_send, records=plan.records)
        for number, part in enumerate(plan.parts, start=1):
            self.notify("upload-plan-part", part=number, parts=len(plan.parts), kind=part.kind, records=part.records)
        for verdict, key in VERDICTS.items():
            if count := plan.counts[verdict]:
                self.notify(key, count=count)
        if plan.maybe_reduced:
            self.notify("upload-plan-maybe-reduced", count=plan.maybe_reduced)
        for left in waiting:
            self.notify("upload-plan-left", name=left.name, rows=left.rows)

    def confirm(self, count: int) -> bool:
        """Ask on standard error whether so many calls are sent.

        Raises:
            UsageError: Nobody is there to answer.
        """
        if not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
            raise UsageError("upload-yes-needed")
        # typer.confirm writes to standard output, which holds nothing but the lines for scripts.
        typer.echo(say("upload-confirm", self.options.language, count=count, counter=self._label), nl=False, err=True)
        return sys.stdin.readline().strip().lower() in _YES

    def report_part(self, part: Part) -> None:
        """Print the line of a part."""
        self.print_line(self._format_part(part))

    def remark_on(self, part: Part, options: UploadOptions) -> None:
        """Print what a person should know of a part beside its line, also when quiet."""
        if key := results.remark_key(part, options):
            facts = {"name": part.name, "sent": part.rows, "linked": part.linked, "dynamic": part.dynamic}
            facts |= {"status": part.status, "upload_id": part.upload_id, "source": part.source or "-"}
            self.notify_always(key, **facts, accepted=results.accepted_count(part), reason=part.reason)

    def report_interrupt(self, parts: Sequence[Part], options: UploadOptions) -> None:
        """Print the state of the parts that were worked on when the user interrupted the run."""
        self.notify_always("upload-interrupted")
        for part in parts:
            self._echo(f"  {results.part_line(part)}", err=True)
            self.remark_on(part, options)

    def print_detail(self, key: MessageKey, /, **facts: object) -> None:
        """Print a sentence that only ``--verbose`` asks for."""
        if self.options.verbose:
            self.notify(key, **facts)

    def print_event(self, part: Part, event: Event) -> None:
        """Print one event of the history of a part: when, what, why."""
        when = datetime.fromtimestamp(event.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        facts = {name: event.part_changes.get(name, "-") for name in ("upload_id", "status", "linked")}
        counts = (event.part_changes.get(name) for name in ("line_quantity", "source_quantity"))
        accepted = next((count for count in counts if count is not None), "-")
        attempt = max(event.attempt_changes, default=0)
        what = say(
            STEPS[event.transition], self.options.language, rows=part.rows, n=attempt, accepted=accepted, **facts
        )
        reason = event.part_changes.get("reason")
        self.print_line(f"  {when}  {what}" + (f" ({reason})" if reason else ""))

    def print_comparison(self, found: ReportComparison) -> None:
        """Print the accepted and the shown calls of each day as a table, with a total."""
        titles = say("check-titles", self.options.language).split("|")
        rows = [
            (
                day.day.isoformat(),
                day.accepted,
                day.shown,
                day.shown - day.accepted,
                day.accepted_missed,
                day.shown_missed,
            )
            for day in found.days
        ]
        sums = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)] or [0] * (len(titles) - 1)
        table = [titles, *rows, (say("check-total", self.options.language), *sums)]
        widths = [max(len(str(row[place])) for row in table) for place in range(len(titles))]
        for first, *numbers in table:
            cells = (str(cell).rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))
            self.print_line("  ".join((str(first).ljust(widths[0]), *cells)))

    def remark_on_comparison(self, found: ReportComparison, min_visible: float | None) -> None:
        """Print what a person should know beside the table."""
        self.notify("check-zone", counter=found.counter, zone=found.zone, first=found.first, last=found.last)
        if found.untimed:
            self.notify("check-untimed", count=found.untimed)
        if found.is_sampled:
            self.notify_always("check-sampled")
        if found.exit_code(min_visible):
            self.notify_always("check-few", shown=found.shown, accepted=found.accepted, percent=f"{min_visible:g}")

    def print_line(self, text: str) -> None:
        """Print a line for scripts."""
        self._echo(text, err=False)

    def print_table(self, rows: Sequence[Sequence[str]]) -> None:
        """Print rows as columns on standard output."""
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            self.print_line("  ".join(map(str.ljust, row, widths)).rstrip())

    def print_listing(self, listing: UploadListing) -> None:
        """Print every uploading as a row of a table on standard output."""
        titles = say("uploads-columns", self.options.language).split("|")
        rows = [_row_of_part(part) for part in listing.parts]
        rows += [_row_of_foreign(counter, uploading) for counter, uploading in listing.foreign]
        if rows:
            self.print_table([titles, *rows])

    def stop_live_line(self) -> None:
        """End the line that changes."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _echo(self, text: str, *, err: bool) -> None:
        self.stop_live_line()
        try:
            typer.echo(text, err=err)
        except OSError:
            # The disk of the log is full. The upload goes on, and the exit code tells its result.
            redirect_to_devnull(sys.stderr if err else sys.stdout)

    def _update_live_line(self, text: str) -> None:
        if self._live is None:
            self._live = _start_live_line(text)
        self._live.update(self._live.task_ids[0], description=text)


def _start_live_line(text: str) -> Any:
    """A line with a spinner and a clock."""
    # rich is heavy, and only a person at a terminal needs it.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    live = Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
    )
    live.add_task(text, total=None)
    live.start()
    return live


@contextmanager
def open_console(
    options: OutputOptions, format_part: Callable[[Part], str] = results.part_line
) -> Iterator[UploadConsole]:
    """A console; at the end the terminal is as it was."""
    console = UploadConsole(options, format_part)
    try:
        yield console
    finally:
        console.stop_live_line()


def _row_of_part(part: Part) -> list[str]:
    """A row of the list of uploadings; the columns are those of ``uploads-columns``."""
    accepted = results.accepted_count(part)
    calls = str(part.rows) if accepted in {None, part.rows} else f"{accepted}/{part.rows}"
    state = f"{part.state}, {part.status}" if part.processing and part.status else str(part.state)
    when = f"{datetime.fromtimestamp(part.created, UTC):%Y-%m-%d %H:%M}"
    linked = "-" if part.linked is None else str(part.linked)
    number = str(part.upload_id or "-")
    return [part.name, number, when, part.source or "-", str(part.counter), part.goal or "-", calls, state, linked]


def _row_of_foreign(counter: int, uploading: Uploading) -> list[str]:
    calls = uploading.line_quantity if uploading.line_quantity is not None else uploading.source_quantity
    counts = ["-" if count is None else str(count) for count in (calls, uploading.linked_quantity)]
    state = f"other, {uploading.status}" if uploading.status else "other"
    when = _minute_of(uploading.create_time)
    return ["-", str(uploading.id), when, "-", str(counter), "-", counts[0], state, counts[1]]


def _minute_of(text: str) -> str:
    """A time of the service to the minute, in UTC where it says its offset."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text or "-"
    return f"{(moment.astimezone(UTC) if moment.tzinfo else moment):%Y-%m-%d %H:%M}"


def format_listed_part(part: Part) -> str:
    """The line of a part in a list."""
    return f"{part.name}  counter {part.counter}  {part.state}  {results.part_line(part)}"
