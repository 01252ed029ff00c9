"""What an upload prints: sentences on standard error, lines for scripts on standard output."""

import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias, final

import typer

from calltools.cli.options import format_error, is_terminal
from calltools.cli.terminal import fold_words, redirect_to_devnull
from calltools.cli.typed_command import TypedCommand, free_name
from calltools.cli.typed_words import BACK, NO, YES, BackError
from calltools.cli.upload_options import OutputOptions
from calltools.errors import CalltoolsError, UsageError, traceback_places
from calltools.ledger import Event, Part, UploadPlan
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.runtime.packages import join_command
from calltools.texts import Language, MessageKey, escape_control_characters, say
from calltools.uploading import results
from calltools.uploading.context import UploadOptions
from calltools.uploading.counter import WINDOW_DAYS, CounterLook
from calltools.uploading.part_words import (
    NAME_COLUMNS,
    VERDICTS,
    describe_planned_part,
    explain_status,
    fit_table,
    format_event,
    format_part_line,
    row_of_foreign,
    row_of_part,
)
from calltools.uploading.report_comparison import ReportComparison
from calltools.uploading.resume import UploadListing
from calltools.uploading.upload import may_replace

#: On a terminal each of these sentences replaces the one before it.
_LIVE_MESSAGES: Final[frozenset[MessageKey]] = frozenset({"upload-followed", "upload-status"})
#: Gives the line of a part in the reader's language.
PartFormatter: TypeAlias = Callable[[Part, Language], str]
#: Sentences that explain a log, and say nothing to a person who has just confirmed each step.
_FOR_LOGS: Final[frozenset[MessageKey]] = frozenset({"upload-clean-before"})
_EXAMPLES_PER_RULE: Final = 3


@final
class UploadConsole:
    """The terminal or the log as the caller of an upload: ``UploadEvents`` as sentences and lines.

    Args:
        options: How what happens is printed.
        format_part: Gives the line of a part.
        tells_findings: Whether findings are printed that stop nothing.
        is_guided: Whether a person is guided through it: lines are folded at words, and what only saves time is not
            told.
        may_go_back: Whether questions were asked before the last one, to which a person may return.
    """

    def __init__(
        self,
        options: OutputOptions,
        format_part: PartFormatter,
        *,
        tells_findings: bool = True,
        is_guided: bool = False,
        may_go_back: bool = False,
    ) -> None:
        self.options = options
        self._is_guided = is_guided
        self._tells_findings = tells_findings
        self._may_go_back = may_go_back
        self._format_part = format_part
        self._live: Any = None
        self._counter_labels: dict[int, str] = {}
        self._hidden_counters: set[int] = set()
        #: Of the last plan.
        self._label = ""
        #: Calls of all plans.
        self._planned = 0
        self._has_mendable = False
        self._on_terminal = is_terminal(sys.stderr)

    def notify(self, key: MessageKey, /, **facts: object) -> None:
        """Print a sentence, except when quiet."""
        if self.options.quiet or (self._is_guided and key in _FOR_LOGS):
            return
        if "status" in facts:
            facts["status"] = explain_status(str(facts["status"]), self.options.language)
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
        # What holds no record needs another export.
        self._has_mendable |= refused and bool(summary.read)
        if not findings or (not refused and (self.options.quiet or not self._tells_findings)):
            return
        from calltools.cli.reporters import report_width  # noqa: PLC0415 - as below
        from calltools.reports import REPORTERS  # noqa: PLC0415 - pandas, which a file known to be clean does not need
        from calltools.reports.reporter import ReportOptions  # noqa: PLC0415 - as above

        width = report_width(sys.stderr)
        options = ReportOptions(self.options.language, limit=_EXAMPLES_PER_RULE, width=width)
        reporter = REPORTERS["text"](sys.stderr, options)
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
            self._hidden_counters.add(counter)
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
        self._planned += plan.records_to_send + sum(part.rows for part in waiting)
        self.notify("upload-plan", path=name, counter=self._label, sent=plan.records_to_send, records=plan.records)
        for number, part in enumerate(plan.parts, start=1):
            key, facts = describe_planned_part(part)
            self.notify(key, part=number, parts=len(plan.parts), **facts)
        for verdict, reason in VERDICTS.items():
            if count := plan.counts[verdict]:
                self.notify(reason, count=count)
        if plan.maybe_reduced:
            self.notify("upload-plan-maybe-reduced", count=plan.maybe_reduced)
        for left in waiting:
            self.notify(
                "upload-plan-replaces" if may_replace(plan, left) else "upload-plan-left",
                name=left.name,
                rows=left.rows,
            )

    def confirm(self, count: int) -> bool:
        """Ask on standard error whether so many calls are sent.

        Raises:
            UsageError: Nobody is there to answer.
            BackError: The person wants to change an answer that led here.
        """
        if not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
            raise UsageError("upload-yes-needed")
        key: MessageKey = "upload-confirm-or-back" if self._may_go_back else "upload-confirm"
        question = say(key, self.options.language, count=count, counter=self._label)
        while True:
            # typer.confirm writes to standard output, which holds nothing but the lines for scripts.
            typer.echo(fold_words(question, sys.stderr), nl=False, err=True)
            typed = sys.stdin.readline().strip().lower()
            if typed in YES | NO:
                return typed in YES
            if typed in BACK and self._may_go_back:
                raise BackError
            self.notify_always("upload-confirm-help-or-back" if self._may_go_back else "upload-confirm-help")

    def report_part(self, part: Part) -> None:
        """Print the line of a part."""
        self.print_line(self._format_part(part, self.options.language))

    def remark_on(self, part: Part, options: UploadOptions) -> None:
        """Print what a person should know of a part beside its line, also when quiet."""
        if key := results.remark_key(part, options):
            facts = {"name": part.name, "sent": part.rows, "linked": part.linked, "dynamic": part.dynamic}
            status = explain_status(part.status, self.options.language)
            facts |= {"status": status, "upload_id": part.upload_id, "source": part.source or "-"}
            self.notify_always(key, **facts, accepted=results.accepted_count(part), reason=part.reason)

    def report_interrupt(self, parts: Sequence[Part], options: UploadOptions) -> None:
        """Print the state of the parts that were worked on when the user interrupted the run."""
        self.notify_always("upload-interrupted")
        for part in parts:
            self._echo(f"  {format_part_line(part, self.options.language)}", err=True)
            self.remark_on(part, options)

    def say_what_follows(self, parts: Iterable[Part], access: Sequence[str], follow: Sequence[str] = ()) -> None:
        """Say of each counter when the reports show its calls, and what to run then.

        Args:
            parts: What the run has worked on.
            access: Words of the options by which the service was reached, and the language.
            follow: Words of the options by which uploadings are followed.
        """
        shown = [part for part in parts if results.will_be_shown(part)]
        for counter in dict.fromkeys(part.counter for part in shown):
            check = join_command(["calltools", "uploads", "check", "--counter", str(counter), *access])
            worked_on = [part for part in shown if part.counter == counter and part.processing]
            if counter in self._hidden_counters:
                login = join_command(["calltools", "login", "--read-counters", *access])
                self.notify("upload-seen-hidden", login=login, command=check)
            elif len(worked_on) == 1:
                watch = join_command(["calltools", "uploads", "watch", worked_on[0].name, *access, *follow])
                self.notify("upload-seen-watched", watch=watch, command=check)
            else:
                self.notify("upload-seen", command=check)

    def say_next(self, typed: TypedCommand, code: int) -> None:
        """Say the command after a plan, and the one after a file that was refused because of its errors."""
        if self._planned and code == results.OK and "plan" in typed.options:
            self._say_command("next-send", typed.drop("plan"))
        elif code == results.FINDINGS and self._has_mendable and "-" not in typed.files:
            mending = typed.as_command("convert").add(output=free_name("clean", ".csv"))
            self._say_command("next-mend", mending)

    def _say_command(self, key: MessageKey, command: TypedCommand) -> None:
        if not self.options.quiet:
            self._echo(f"{say(key, self.options.language)}\n  {command}", err=True)

    def print_detail(self, key: MessageKey, /, **facts: object) -> None:
        """Print a sentence that only ``--verbose`` asks for."""
        if self.options.verbose:
            self.notify(key, **facts)

    def print_event(self, part: Part, event: Event) -> None:
        """Print one event of the history of a part: when, what, why."""
        self.print_line(format_event(part, event, self.options.language))

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

    def print_remark(self, text: str) -> None:
        """Print a line for a person."""
        self._echo(f"calltools: {text}", err=True)

    def print_line(self, text: str) -> None:
        """Print a line for scripts."""
        self._echo(text, err=False)

    def print_table(self, rows: Sequence[Sequence[str]], names: Collection[int] = ()) -> None:
        """Print rows as columns on standard output.

        Args:
            rows: The rows.
            names: Positions of the columns of names, which are cut where a terminal would fold the rows.
        """
        rows = [[escape_control_characters(cell) for cell in row] for row in rows]
        if is_terminal(sys.stdout):
            rows = fit_table(rows, shutil.get_terminal_size().columns - 1, names)
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            self.print_line("  ".join(map(str.ljust, row, widths)).rstrip())

    def print_listing(self, listing: UploadListing) -> None:
        """Print every uploading as a row of a table on standard output."""
        language = self.options.language
        titles = say("uploads-columns", language).split("|")
        rows = [row_of_part(part, language) for part in listing.parts]
        rows += [row_of_foreign(counter, uploading, language) for counter, uploading in listing.foreign]
        if rows:
            self.print_table([titles, *rows], NAME_COLUMNS)

    def stop_live_line(self) -> None:
        """End the line that changes."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _echo(self, text: str, *, err: bool) -> None:
        self.stop_live_line()
        try:
            typer.echo(fold_words(text, sys.stderr) if err and self._is_guided else text, err=err)
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
    options: OutputOptions,
    format_part: PartFormatter = format_part_line,
    *,
    tells_findings: bool = True,
    is_guided: bool = False,
    may_go_back: bool = False,
) -> Iterator[UploadConsole]:
    """A console; at the end the terminal is as it was."""
    console = UploadConsole(
        options, format_part, tells_findings=tells_findings, is_guided=is_guided, may_go_back=may_go_back
    )
    try:
        yield console
    finally:
        console.stop_live_line()
