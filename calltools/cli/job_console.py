"""What ``calltools run`` prints: how far it is on standard error, a table or JSON objects on standard output."""

import json
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import final

from calltools.cli.inputs import describe_left_out
from calltools.cli.options import is_terminal
from calltools.cli.upload_console import UploadConsole
from calltools.cli.upload_options import OutputOptions, ResultFormat
from calltools.errors import CalltoolsError, DefectError, FileFault, traceback_places
from calltools.files.folders import FoundFiles
from calltools.jobs.definition import Job
from calltools.jobs.results import InputResult, InputState, JobResult, Remark, find_todo, job_facts
from calltools.ledger import JobRuns, Part
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.run import SessionEvents
from calltools.texts import MessageKey, say
from calltools.uploading.context import SilentEvents, UploadOptions
from calltools.uploading.part_words import format_part_line


@final
class JobConsole:
    """The terminal or the log as the caller of jobs: ``JobEvents`` as sentences and lines.

    Args:
        options: How what happens is printed.
        output_format: What stands on standard output.
        total: Number of jobs.
    """

    def __init__(self, options: OutputOptions, output_format: ResultFormat, total: int) -> None:
        self.options, self._format, self._total = options, output_format, total
        self.upload = UploadConsole(options, format_part_line)
        self._number = 0
        self._listed: list[list[str]] = []

    def job_started(self, job: Job, inputs: int, found: FoundFiles) -> None:
        """Print which job it is, how many inputs are read, and what of their folders is no input."""
        key: MessageKey = "job-started" if inputs else "job-nothing"
        self.upload.notify(key, number=self._number, total=self._total, job=job.name, count=inputs)
        # Where nothing is new, the same line would come with each run of a schedule.
        if (inputs and not self.options.quiet) or self.options.verbose:
            for line in describe_left_out(found, self.options.language):
                self.upload.print_remark(line)

    def next_job(self) -> None:
        """Count a job."""
        self._number += 1

    def converting(self) -> SessionEvents:
        """Hears which files cannot be read."""
        return _ReadingEvents(self)

    def sending(self) -> SilentEvents:
        """Hears what a person has to know of the calls that are sent."""
        return _SendingEvents(self.upload)

    def input_ended(self, job: Job, one: InputResult) -> None:
        """Print why an input stays, or where it is now."""
        if one.state is InputState.LEFT and one.reason is not None:
            self.upload.notify_always("job-input-stays", job=job.name, path=one.name, reason=self.say(one.reason))
        elif one.moved_to is not None:
            self.upload.print_detail("job-input-moved", job=job.name, path=one.name, target=one.moved_to)

    def job_failed(self, job: Job, error: CalltoolsError) -> None:
        """Print why a job, or a part of it, failed."""
        if error.about_file is None and "job" not in error.facts:
            error.about_file = job.name
        self.upload.report_error(error)
        if "suggestion" in error.facts and error.key in {"zone-contradicted", "timezone-needed-suggested"}:
            # ``calltools run`` has none of the options that the sentence names.
            self.upload.notify_always("job-option", name=job.name, line=f'timezone = "{error.facts["suggestion"]}"')
        if isinstance(error, DefectError) and not self.options.debug:
            # The sentence asks for them.
            self.upload.print_remark(f"\n{traceback_places(error)}")

    def say(self, one: Remark | CalltoolsError) -> str:
        """A remark or an error in the reader's language."""
        language = self.options.language
        return one.say(language) if isinstance(one, CalltoolsError) else say(one.key, language, **one.facts)

    def report_result(self, result: JobResult) -> None:
        """Print the object of a job, where scripts want it."""
        if self._format is ResultFormat.JSON:
            self.upload.print_line(json.dumps(job_facts(result, say=self.say), ensure_ascii=False))

    def report_results(self, results: Sequence[JobResult], *, planned: bool) -> None:
        """Print the table of all jobs."""
        if self._format is ResultFormat.JSON:
            return
        language = self.options.language
        titles = say("jobs-columns-plan" if planned else "jobs-columns", language).split("|")
        todos = [find_todo(result) for result in results]
        rows = [
            [result.name, *self._counts(result, planned=planned), self.say(todo) if todo else "-"]
            for result, todo in zip(results, todos, strict=True)
        ]
        if len(results) > 1:
            sums = [_sum(column) for column in zip(*(row[1:-1] for row in rows), strict=True)]
            rows.append([say("jobs-total", language), *sums, ""])
        aligned = _align([titles, *rows])
        if is_terminal(sys.stdout) and max(map(_width, aligned)) >= shutil.get_terminal_size().columns:
            # Commands are to be copied, and a folded one cannot be.
            self.upload.print_table([row[:-1] for row in aligned], {0})
            for result, todo in zip(results, todos, strict=True):
                if todo is not None:
                    self.upload.print_line(say("jobs-todo", language, job=result.name, todo=self.say(todo)))
        else:
            self.upload.print_table(aligned, {0})

    def report_interrupt(self, names: Sequence[str], finished: int, command: str) -> None:
        """Print how far an interrupted run came.

        Args:
            names: Of its jobs, in their order.
            finished: How many of them had ended.
            command: What goes on.
        """
        self.upload.live_line.stop()
        done, rest = ", ".join(names[:finished]), ", ".join(names[finished:])
        key: MessageKey = "jobs-interrupted" if done else "jobs-interrupted-first"
        self.upload.notify_always(key, done=done, rest=rest, command=command)

    @staticmethod
    def _counts(result: JobResult, *, planned: bool) -> list[str]:
        records = result.counts
        counts: list[int | None] = [records.read, records.written, records.rejected]
        if planned:
            counts.append(result.to_send)
        elif result.counter is None:
            counts += [None, None]
        else:
            counts += [result.sent, result.linked]
        return ["-" if count is None else str(count) for count in counts]

    def add_listed(self, job: Job, inputs: int, runs: JobRuns) -> None:
        """Take a job into the list, with the number of files that its inputs name now."""
        counter = None if job.upload is None else job.upload.counter
        if self._format is ResultFormat.JSON:
            facts = {"job": job.name, "counter": counter, "inputs": inputs, "exit_code": runs.code}
            facts |= {"last_success": _as_utc(runs.succeeded), "last_run": _as_utc(runs.ran)}
            self.upload.print_line(json.dumps(facts, ensure_ascii=False))
            return
        never = say("jobs-never", self.options.language)
        cells = (counter, inputs, _as_local(runs.succeeded, never), _as_local(runs.ran, never), runs.code)
        self._listed.append([job.name, *("-" if cell is None else str(cell) for cell in cells)])

    def print_listed(self) -> None:
        """Print the table of the list."""
        if self._listed:
            titles = say("jobs-list-columns", self.options.language).split("|")
            self.upload.print_table([titles, *self._listed], {0})


def _width(row: Sequence[str]) -> int:
    """Columns that a row of the table takes."""
    return len("  ".join(row))


def _sum(column: Sequence[str]) -> str:
    known = [int(cell) for cell in column if cell != "-"]
    return str(sum(known)) if known else "-"


def _align(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows whose numbers, which are between the first and the last column, end at one edge."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = len(widths) - 1
    return [
        [
            cell.rjust(width) if 0 < place < last else cell
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    ]


def _as_local(seconds: float | None, never: str) -> str:
    """A moment as people read it, in the zone of this machine."""
    return never if seconds is None else f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M}"


def _as_utc(seconds: float | None) -> str | None:
    return None if seconds is None else f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"


class _ReadingEvents(SessionEvents):
    """Says which files cannot be read."""

    def __init__(self, console: JobConsole) -> None:
        self._console = console

    def unreadable(self, _name: str, fault: FileFault) -> None:
        """Say why."""
        self._console.upload.report_error(fault)


class _SendingEvents(SilentEvents):
    """Says what a person has to know of an upload; the rest is in the table, or comes with ``--verbose``."""

    def __init__(self, console: UploadConsole) -> None:
        self._console = console
        self._remarked: set[Part] = set()

    def notify(self, key: MessageKey, /, **facts: object) -> None:
        """Say a step, if details are wanted."""
        if self._console.options.verbose:
            self._console.notify(key, **facts)

    def notify_always(self, key: MessageKey, /, **facts: object) -> None:
        """Say it."""
        self._console.notify_always(key, **facts)

    def report_error(self, error: CalltoolsError) -> None:
        """Say it."""
        self._console.report_error(error)

    def report_findings(self, summary: Summary, findings: Sequence[Findings], *, refused: bool) -> None:
        """Show why a converted file is not sent."""
        if refused:
            self._console.report_findings(summary, findings, refused=True)

    def remark_on(self, part: Part, options: UploadOptions) -> None:
        """Say it, once: a part that is held is met when it is searched for, and again by the calls of its file."""
        if part not in self._remarked:
            self._remarked.add(part)
            self._console.remark_on(part, options)

    def report_interrupt(self, parts: Sequence[Part], options: UploadOptions) -> None:
        """Say what is with the parts that were worked on."""
        self._console.report_interrupt(parts, options)
