"""A run over several files: what ``validate`` and ``convert`` share."""

import gc
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

import typer

from calltools.batch_steps import RunPlan
from calltools.cli.clean_file_cache import CleanFileCache
from calltools.cli.configuration.layers import OptionLayers
from calltools.cli.options import (
    Color,
    FindingOptions,
    ReadingOptions,
    WritingOptions,
    is_terminal,
    resolve_language,
    traceback_places,
)
from calltools.cli.run_options import build_run_options
from calltools.cli.sinks import BaselineWriter, ConversionSink, ReporterSink
from calltools.cli.terminal import force_utf8, show_progress
from calltools.errors import SourceError, UsageError
from calltools.files.atomic import AtomicFile, open_for_append, refuse_same_file
from calltools.files.opening import copy_stdin, expand_paths
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.model.titles import redacted_titles
from calltools.reports import REPORTERS, form_for_path
from calltools.reports.github import STEP_SUMMARY_BYTES, StepSummaryReporter
from calltools.reports.reporter import Reporter, ReportOptions
from calltools.reports.text import TextReporter
from calltools.reports.wording import format_counts_line
from calltools.rules.catalog import RULES
from calltools.run import Job, RunContext, prepare_job, resolve
from calltools.runtime.threads import return_freed_memory, use_single_arena
from calltools.settings import read_settings
from calltools.texts import Language, say
from calltools.validation.observers import CrossFileObservers
from calltools.workers import second_process


def describe_assumptions(plan: RunPlan, language: Language) -> Iterator[str]:
    """Lines on how one file is going to be read."""
    said, nothing = plan.assumptions, say("verbose-not-said", language)
    yield say(
        "verbose-assumed",
        language,
        timezone=said.timezone or nothing,
        region=said.region or nothing,
        currency=said.currency or nothing,
        order=said.date_order or nothing,
        now=datetime.fromtimestamp(said.now, UTC).isoformat(" "),
    )
    taken = (f"{name} = {redacted_titles([title])}" for name, (title, _) in plan.layout.items())
    yield say("verbose-columns", language, columns=", ".join(taken))
    yield say("verbose-rules", language, count=len(list(plan.ruleset.rules())), all=len(RULES))


#: Lines longer or shorter than these are hard to read.
_DEFAULT_WIDTH: Final = 100
_MIN_WIDTH: Final = 40
_MAX_WIDTH: Final = 120
_TERMINAL_FINDINGS_PER_RULE: Final = 20
#: Bytes of a file whose records are kept to be shown; a larger one is read in as little memory as can be.
_KEEP_RECORDS_UP_TO_BYTES: Final = 64 << 20


def validate_files(
    files: Sequence[str],
    reading: ReadingOptions,
    showing: FindingOptions,
    layers: OptionLayers,
    *,
    converting: bool = False,
) -> None:
    """Check files as they are, or as they would be converted, and end with the exit code."""
    _tune_process(files)
    with ExitStack() as stack:
        inputs = _expand_inputs(files, reading, stack)
        walk = Session(inputs, showing, _resolve_contexts(inputs, reading, showing, layers))
        _refuse_occupied_outputs(_report_paths(showing), inputs, walk.contexts)
        walk.baseline_writer = BaselineWriter.create(showing, walk.contexts[0].baseline, stack)
        walk.add_reporters(sys.stdout, stack)
        seen = CleanFileCache.stamp_files([path for path, _ in inputs])
        code = walk.run([], converting=converting)
        if not converting and reading.as_of is None:
            seen.remember(walk.contexts[1:], walk.summaries, walk.contexts[0].assumptions.now)
    raise typer.Exit(code)


def convert_files(
    files: Sequence[str],
    writing: WritingOptions,
    reading: ReadingOptions,
    showing: FindingOptions,
    layers: OptionLayers,
) -> None:
    """Convert files into one, and end with the exit code."""
    _tune_process(files)
    to_stdout = writing.output == "-"
    with ExitStack() as stack:
        inputs = _expand_inputs(files, reading, stack)
        walk = Session(inputs, showing, _resolve_contexts(inputs, reading, showing, layers))
        outputs = [path for path in (None if to_stdout else Path(writing.output), writing.rejects) if path is not None]
        _refuse_occupied_outputs([*outputs, *_report_paths(showing)], inputs, walk.contexts)
        walk.baseline_writer = BaselineWriter.create(showing, walk.contexts[0].baseline, stack)
        converted = ConversionSink(writing, showing, stack)
        walk.add_reporters(sys.stderr if to_stdout else sys.stdout, stack)
        code = walk.run([converted], converting=True)
        converted.close(walk.summaries)
        for summary in walk.summaries:
            typer.echo(format_counts_line(summary, resolve_language(showing.lang)), err=True)
    raise typer.Exit(code)


def _tune_process(files: Sequence[str]) -> None:
    if any(second_process.expects_second_process(Path(name)) for name in files):
        use_single_arena()
    else:
        # A process that reads as well as judges needs the memory more than the time.
        return_freed_memory()


def _report_paths(showing: FindingOptions) -> list[Path]:
    """What a run writes about its findings."""
    return [*(showing.report or []), *([showing.write_baseline] if showing.write_baseline else [])]


def _resolve_contexts(
    inputs: Sequence[tuple[Path, str]], reading: ReadingOptions, showing: FindingOptions, layers: OptionLayers
) -> list[RunContext]:
    """What holds for the run, and after it what holds for each file; all share one "now"."""
    base = resolve(build_run_options(reading, showing))
    known: dict[tuple[int, ...], RunContext] = {(): base}
    fitting = [layers.config.matching_overrides(name) for _, name in inputs]
    for matching in fitting:
        if matching not in known:
            options = build_run_options(layers.apply(reading, matching), layers.apply(showing, matching))
            known[matching] = resolve(replace(options, as_of=base.assumptions.now))
    return [base, *(known[matching] for matching in fitting)]


def _refuse_occupied_outputs(
    outputs: Sequence[Path], inputs: Sequence[tuple[Path, str]], contexts: Sequence[RunContext]
) -> None:
    """Refuse an output that is an input, or that is named twice."""
    taken = [path for path, _ in inputs]
    taken += [one.options.identifiers for one in contexts if one.options.identifiers is not None]
    for number, path in enumerate(outputs):
        refuse_same_file(path, taken, outputs[:number])


def _expand_inputs(files: Sequence[str], reading: ReadingOptions, stack: ExitStack) -> list[tuple[Path, str]]:
    """The files behind the arguments: standard input copied, folders opened."""
    found: list[tuple[Path, str]] = []
    for name in files:
        if name == "-":
            found.append((stack.enter_context(copy_stdin(sys.stdin.buffer)), reading.stdin_name))
        else:
            found.extend(expand_paths([name]))
    return found


@dataclass(slots=True)
class Session:
    """A run over several files: an unreadable one is reported and the others go on."""

    inputs: list[tuple[Path, str]]
    showing: FindingOptions
    contexts: list[RunContext]
    reporters: list[Reporter] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)
    baseline_writer: BaselineWriter | None = None
    cross_file_observers: CrossFileObservers = field(default_factory=dict)

    def add_reporters(self, stream: TextIO, stack: ExitStack) -> None:
        """Make the reporters: one for the stream, one for each ``--report``."""
        settings = read_settings()
        usual = "concise" if self.showing.quiet else "text"
        chosen: str = self.showing.output_format or ("github" if settings.on_github else usual)
        if not REPORTERS[chosen].for_people:
            force_utf8(stream)
        self.reporters.append(REPORTERS[chosen](stream, self._report_options(stream)))
        if chosen == "github" and settings.step_summary:
            self._add_step_summary(Path(settings.step_summary), stack)
        for path in self.showing.report or []:
            make = REPORTERS[form_for_path(path)]
            beside = stack.enter_context(AtomicFile(path, force=self.showing.force).open_text())
            self.reporters.append(make(beside, self._report_options(beside)))

    def _add_step_summary(self, path: Path, stack: ExitStack) -> None:
        # The runner makes the file; a container that was handed the variable alone has none.
        if path.is_file():
            page = stack.enter_context(open_for_append(path))
            self.reporters.append(
                StepSummaryReporter(page, self._report_options(page), STEP_SUMMARY_BYTES - path.stat().st_size)
            )

    def run(self, sinks: Sequence[ConversionSink], *, converting: bool) -> int:
        """Walk all files and give the exit code.

        What the user got wrong stops the run before the first record of the first file.
        """
        jobs = [
            self._prepare(
                path, name, setting, converting=converting, keep_records=bool(sinks) or self._shows_records(path)
            )
            for (path, name), setting in zip(self.inputs, self.contexts[1:], strict=True)
        ]
        # What is loaded by now stays: the collector need not look at it again and again.
        gc.freeze()
        for (_, name), job in zip(self.inputs, jobs, strict=True):
            self.summaries.append(self._process_file(name, job, sinks))
        for reporter in self.reporters:
            reporter.close(self.summaries)
        readable = not any(summary.error for summary in self.summaries)
        written = self.baseline_writer is not None and self.baseline_writer.close(readable=readable)
        return 0 if written else self._exit_code()

    def _shows_records(self, path: Path) -> bool:
        """Whether a reader is shown a few records: then they are kept until they are judged."""
        shows = any(isinstance(one, TextReporter) and one.options.limit is not None for one in self.reporters)
        return shows and path.is_file() and path.stat().st_size <= _KEEP_RECORDS_UP_TO_BYTES

    def _prepare(
        self, path: Path, name: str, context: RunContext, *, converting: bool, keep_records: bool
    ) -> Job | SourceError:
        try:
            draws = any(REPORTERS[form_for_path(report)].draws for report in self.showing.report or [])
            job = prepare_job(
                path, name, context, converting=converting, keep_records=keep_records, wants_statistics=draws
            )
            return (
                replace(job, plan=replace(job.plan, cross_file_observers=self.cross_file_observers))
                if converting
                else job
            )
        except SourceError as fault:
            return fault
        except UsageError as fault:
            if len(self.inputs) > 1 and "path" not in fault.facts:
                fault.about_file = name
            raise

    def _process_file(self, name: str, job: Job | SourceError, sinks: Sequence[ConversionSink]) -> Summary:
        source = None if isinstance(job, SourceError) else job.table.source
        for reporter in self.reporters:
            reporter.start(source, name)
        summary = self._failed_summary(name, job) if isinstance(job, SourceError) else self._run_job(name, job, sinks)
        for reporter in self.reporters:
            reporter.finish(summary)
        return summary

    def _run_job(self, name: str, job: Job, sinks: Sequence[ConversionSink]) -> Summary:
        for sink in sinks:
            sink.start_file(job)
        if self.showing.verbose:
            for line in describe_assumptions(job.plan, resolve_language(self.showing.lang)):
                typer.echo(f"{name}: {line}", err=True)
        try:
            with show_progress(name, shown=not (self.showing.no_progress or self.showing.quiet)) as on_read:
                counting = [] if self.baseline_writer is None else [self.baseline_writer]
                summary = job.run(name, [*sinks, *counting, *self._reporter_sinks(job)], on_read, may_fork=True)
        except SourceError as fault:
            if sinks:
                raise
            return self._failed_summary(name, fault)
        for sink in sinks:
            summary.written = sink.written
        if self.baseline_writer is not None:
            self.baseline_writer.finish_file(name, job.plan.baseline_counts, summary)
        return summary

    def _reporter_sinks(self, job: Job) -> list[ReporterSink]:
        """The reporters as sinks; the first of them is the one on the screen."""
        layout = job.plan.layout
        return [ReporterSink(one, self.showing.quiet and one is self.reporters[0], layout) for one in self.reporters]

    def _failed_summary(self, name: str, fault: SourceError) -> Summary:
        sentence = fault.say(resolve_language(self.showing.lang))
        typer.echo(f"calltools: {sentence}", err=True)
        if self.showing.debug:
            typer.echo(traceback_places(fault), err=True)
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

    def _report_options(self, stream: TextIO) -> ReportOptions:
        terminal = is_terminal(stream)
        forced = {Color.ALWAYS: True, Color.NEVER: False}.get(self.showing.color, read_settings().color)
        return ReportOptions(
            language=resolve_language(self.showing.lang),
            show_values=self.showing.show_values,
            limit=self.showing.max_findings or (_TERMINAL_FINDINGS_PER_RULE if terminal else None),
            color=terminal if forced is None else forced,
            width=_terminal_width() if terminal else _DEFAULT_WIDTH,
        )


def _terminal_width() -> int:
    return min(max(shutil.get_terminal_size().columns - 1, _MIN_WIDTH), _MAX_WIDTH)
