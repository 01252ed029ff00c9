"""Files, one after the other, along the line: what ``validate`` and ``convert`` share."""

import gc
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TextIO

import typer

from calltools.cli.asking import run_options
from calltools.cli.encodings import for_machines
from calltools.cli.known import Knowing
from calltools.cli.layers import Layers
from calltools.cli.options import Color, Reading, Showing, Writing, is_terminal, language, where
from calltools.cli.progress import progress
from calltools.cli.remembering import Seen
from calltools.cli.sinks import Converted, Reported
from calltools.cli.verbose import assumed
from calltools.errors import SourceError, UsageError
from calltools.files.opening import expand, spool_stdin
from calltools.files.safely import Beside, appending, refuse_same
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports import REPORTERS, by_ending
from calltools.reports.step_summary import ROOM, StepSummary
from calltools.reports.style import Reporter, Style
from calltools.reports.text import TextReporter
from calltools.reports.wording import counts_line
from calltools.run import Job, Setting, prepare, settle
from calltools.settings import from_environment
from calltools.validation.observing import Earlier
from calltools.workers import second_process
from calltools.workers.memory import little_memory, one_heap
from calltools.workers.threads import quick_turns

#: Lines longer or shorter than these are hard to read.
_USUAL: Final = 100
_NARROWEST: Final = 40
_WIDEST: Final = 120
_SHOWN_ON_A_TERMINAL: Final = 20
#: Bytes of a file whose records are kept to be shown; a larger one is read in as little memory as can be.
_SHOWN_OF: Final = 64 << 20


def check_files(
    files: Sequence[str],
    reading: Reading,
    showing: Showing,
    layers: Layers,
    *,
    converting: bool = False,
) -> None:
    """Check files as they are, or as they would be converted, and end with the exit code."""
    _settle_process(files)
    with ExitStack() as stack:
        inputs = _inputs(files, reading, stack)
        walk = _Walk(inputs, showing, _settled(inputs, reading, showing, layers))
        _refuse_taken(_reports(showing), inputs, walk.settings)
        walk.knowing = Knowing.of(showing, walk.settings[0].baseline, stack)
        walk.report_to(sys.stdout, stack)
        seen = Seen.of([path for path, _ in inputs])
        code = walk.along([], converting=converting)
        if not converting and reading.as_of is None:
            seen.remember(walk.settings[1:], walk.summaries, walk.settings[0].assumptions.now)
    raise typer.Exit(code)


def convert_files(files: Sequence[str], writing: Writing, reading: Reading, showing: Showing, layers: Layers) -> None:
    """Convert files into one, and end with the exit code."""
    _settle_process(files)
    to_stdout = writing.output == "-"
    with ExitStack() as stack:
        inputs = _inputs(files, reading, stack)
        walk = _Walk(inputs, showing, _settled(inputs, reading, showing, layers))
        outputs = [path for path in (None if to_stdout else Path(writing.output), writing.rejects) if path is not None]
        _refuse_taken([*outputs, *_reports(showing)], inputs, walk.settings)
        walk.knowing = Knowing.of(showing, walk.settings[0].baseline, stack)
        converted = Converted(writing, showing, stack)
        walk.report_to(sys.stderr if to_stdout else sys.stdout, stack)
        code = walk.along([converted], converting=True)
        converted.close(walk.summaries)
        for summary in walk.summaries:
            typer.echo(counts_line(summary, language(showing.lang)), err=True)
    raise typer.Exit(code)


def _settle_process(files: Sequence[str]) -> None:
    quick_turns()
    if any(second_process.expected(Path(name)) for name in files):
        one_heap()
    else:
        # A process that reads as well as judges needs the memory more than the time.
        little_memory()


def _reports(showing: Showing) -> list[Path]:
    """What a run writes about its findings."""
    return [*(showing.report or []), *([showing.write_baseline] if showing.write_baseline else [])]


def _settled(inputs: Sequence[tuple[Path, str]], reading: Reading, showing: Showing, layers: Layers) -> list[Setting]:
    """What holds for the run, and after it what holds for each file; all share one "now"."""
    base = settle(run_options(reading, showing))
    known: dict[tuple[int, ...], Setting] = {(): base}
    fitting = [layers.config.matching(name) for _, name in inputs]
    for matching in fitting:
        if matching not in known:
            options = run_options(layers.over(reading, matching), layers.over(showing, matching))
            known[matching] = settle(replace(options, as_of=base.assumptions.now))
    return [base, *(known[matching] for matching in fitting)]


def _refuse_taken(outputs: Sequence[Path], inputs: Sequence[tuple[Path, str]], settings: Sequence[Setting]) -> None:
    """Refuse an output that is an input, or that is named twice."""
    taken = [path for path, _ in inputs]
    taken += [one.options.identifiers for one in settings if one.options.identifiers is not None]
    for number, path in enumerate(outputs):
        refuse_same(path, taken, outputs[:number])


def _inputs(files: Sequence[str], reading: Reading, stack: ExitStack) -> list[tuple[Path, str]]:
    """The files behind the arguments: standard input copied, folders opened."""
    found: list[tuple[Path, str]] = []
    for name in files:
        if name == "-":
            found.append((stack.enter_context(spool_stdin(sys.stdin.buffer)), reading.stdin_name))
        else:
            found.extend(expand([name]))
    return found


@dataclass(slots=True)
class _Walk:
    """A run over several files: an unreadable one is reported and the others go on."""

    inputs: list[tuple[Path, str]]
    showing: Showing
    settings: list[Setting]
    reporters: list[Reporter] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)
    knowing: Knowing | None = None
    earlier: Earlier = field(default_factory=dict)

    def report_to(self, stream: TextIO, stack: ExitStack) -> None:
        """Make the reporters: one for the stream, one for each ``--report``."""
        settings = from_environment()
        usual = "concise" if self.showing.quiet else "text"
        chosen: str = self.showing.output_format or ("github" if settings.on_github else usual)
        if not REPORTERS[chosen].for_people:
            for_machines(stream)
        self.reporters.append(REPORTERS[chosen](stream, self._style(stream)))
        if chosen == "github" and settings.step_summary:
            self._summarize_in(Path(settings.step_summary), stack)
        for path in self.showing.report or []:
            make = REPORTERS[by_ending(path)]
            beside = stack.enter_context(Beside(path, force=self.showing.force).text())
            self.reporters.append(make(beside, self._style(beside)))

    def _summarize_in(self, path: Path, stack: ExitStack) -> None:
        # The runner makes the file; a container that was handed the variable alone has none.
        if path.is_file():
            page = stack.enter_context(appending(path))
            self.reporters.append(StepSummary(page, self._style(page), ROOM - path.stat().st_size))

    def along(self, sinks: Sequence[Converted], *, converting: bool) -> int:
        """Walk all files and give the exit code.

        What the user got wrong stops the run before the first record of the first file.
        """
        jobs = [
            self._prepared(path, name, setting, converting=converting, keeps=bool(sinks) or self._shows_records(path))
            for (path, name), setting in zip(self.inputs, self.settings[1:], strict=True)
        ]
        # What is loaded by now stays: the collector need not look at it again and again.
        gc.freeze()
        for (_, name), job in zip(self.inputs, jobs, strict=True):
            self.summaries.append(self._one(name, job, sinks))
        for reporter in self.reporters:
            reporter.close(self.summaries)
        readable = not any(summary.error for summary in self.summaries)
        written = self.knowing is not None and self.knowing.close(readable=readable)
        return 0 if written else self._exit_code()

    def _shows_records(self, path: Path) -> bool:
        """Whether a reader is shown a few records: then they are kept until they are judged."""
        shows = any(isinstance(one, TextReporter) and one.style.limit is not None for one in self.reporters)
        return shows and path.is_file() and path.stat().st_size <= _SHOWN_OF

    def _prepared(self, path: Path, name: str, setting: Setting, *, converting: bool, keeps: bool) -> Job | SourceError:
        try:
            draws = any(REPORTERS[by_ending(report)].draws for report in self.showing.report or [])
            job = prepare(path, name, setting, converting=converting, keeps_records=keeps, draws=draws)
            return replace(job, plan=replace(job.plan, earlier=self.earlier)) if converting else job
        except SourceError as fault:
            return fault
        except UsageError as fault:
            if len(self.inputs) > 1 and "path" not in fault.facts:
                fault.about = name
            raise

    def _one(self, name: str, job: Job | SourceError, sinks: Sequence[Converted]) -> Summary:
        source = None if isinstance(job, SourceError) else job.table.source
        for reporter in self.reporters:
            reporter.start(source, name)
        summary = self._failed(name, job) if isinstance(job, SourceError) else self._run(name, job, sinks)
        for reporter in self.reporters:
            reporter.finish(summary)
        return summary

    def _run(self, name: str, job: Job, sinks: Sequence[Converted]) -> Summary:
        for sink in sinks:
            sink.begin(job)
        if self.showing.verbose:
            for line in assumed(job.plan, language(self.showing.lang)):
                typer.echo(f"{name}: {line}", err=True)
        try:
            with progress(name, shown=not (self.showing.no_progress or self.showing.quiet)) as on_read:
                counting = [] if self.knowing is None else [self.knowing]
                summary = job.run(name, [*sinks, *counting, *self._reported(job)], on_read, may_copy=True)
        except SourceError as fault:
            if sinks:
                raise
            return self._failed(name, fault)
        for sink in sinks:
            summary.written = sink.written
        if self.knowing is not None:
            self.knowing.finish(name, job.plan.known, summary)
        return summary

    def _reported(self, job: Job) -> list[Reported]:
        """The reporters as sinks; the first of them is the one on the screen."""
        layout = job.plan.layout
        return [Reported(one, self.showing.quiet and one is self.reporters[0], layout) for one in self.reporters]

    def _failed(self, name: str, fault: SourceError) -> Summary:
        sentence = fault.say(language(self.showing.lang))
        typer.echo(f"calltools: {sentence}", err=True)
        if self.showing.debug:
            typer.echo(where(fault), err=True)
        return Summary(name, error=sentence)

    def _exit_code(self) -> int:
        if any(summary.error for summary in self.summaries):
            return SourceError.exit_code
        worst = Severity(self.showing.fail_on.value).rank
        found = any(
            count and Severity(word).rank <= worst
            for summary in self.summaries
            for word, count in summary.by_severity.items()
        )
        return int(found and not self.showing.exit_zero)

    def _style(self, stream: TextIO) -> Style:
        terminal = is_terminal(stream)
        forced = {Color.ALWAYS: True, Color.NEVER: False}.get(self.showing.color, from_environment().color)
        return Style(
            language=language(self.showing.lang),
            show_values=self.showing.show_values,
            limit=self.showing.max_findings or (_SHOWN_ON_A_TERMINAL if terminal else None),
            color=terminal if forced is None else forced,
            width=_width() if terminal else _USUAL,
        )


def _width() -> int:
    return min(max(shutil.get_terminal_size().columns - 1, _NARROWEST), _WIDEST)
