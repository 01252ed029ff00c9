"""What ``calltools validate`` and ``convert`` do: run a session, say what it found. Heavy: imported when they run."""

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import BinaryIO

import typer

from calltools.batch_steps import RunPlan
from calltools.cli.configuration.layers import OptionLayers
from calltools.cli.inputs import find_inputs
from calltools.cli.options import (
    Engine,
    EngineOptions,
    FindingOptions,
    OnError,
    ReadingOptions,
    WritingOptions,
    format_error,
    is_terminal,
    resolve_language,
)
from calltools.cli.progress import Progress
from calltools.cli.reporters import create_next_step, list_report_files, open_reporters, wants_statistics
from calltools.cli.run_options import build_run_options
from calltools.cli.terminal import fold_words
from calltools.cli.typed_command import TypedCommand
from calltools.errors import CalltoolsError, FileFault, SourceError, UsageError, traceback_places
from calltools.files.atomic import enter_interrupt_safe
from calltools.files.folders import FoundFile, find_members
from calltools.files.opening import FileStamp, copy_stdin, read_stamp
from calltools.files.parts import is_in_parts, list_parts
from calltools.files.remote_path import RemotePath, as_path
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.model.titles import redacted_titles
from calltools.pipeline import OnRead
from calltools.reports.escape import escape_invisible
from calltools.reports.wording import format_counts_line, format_total_line
from calltools.rules.catalog import RULES
from calltools.run import (
    BaselineResult,
    BaselineWriter,
    ChangeKind,
    ChangesSink,
    ConversionSink,
    FirstChange,
    FolderConversionSink,
    InputFile,
    OutcomeRejectsSink,
    PlannedFile,
    ReporterSink,
    RunContext,
    Session,
    SessionEvents,
    SessionSink,
    is_folder_output,
    refuse_occupied_outputs,
    refuse_other_endings,
    refuse_unfilled,
    resolve,
)
from calltools.runtime.threads import cpu_count, return_freed_memory, use_single_arena
from calltools.settings import read_settings
from calltools.texts import Language, say
from calltools.workers import second_process
from calltools.workers.batch_work import Cluster


def validate_files(  # noqa: PLR0913, PLR0917 - the groups of options
    files: Sequence[str],
    reading: ReadingOptions,
    showing: FindingOptions,
    running: EngineOptions,
    layers: OptionLayers,
    typed: TypedCommand,
    *,
    converting: bool = False,
) -> None:
    """Validate files as they are, or as they would be converted, and end with the exit code."""
    _tune_process(files)
    with ExitStack() as stack:
        base, inputs = _open_inputs(files, _report_paths(showing), reading, showing, layers, stack)
        names = [one.name for one in inputs]
        refuse_occupied_outputs(_report_paths(showing, names), inputs, [base.options.identifiers])
        baseline = _open_baseline(showing, base, stack)
        reporters = list(open_reporters(showing, sys.stdout, stack, names))
        following = create_next_step(showing, sys.stdout)
        stamps = [_stamp_or_none(one.path) for one in inputs]
        summaries = Session(
            inputs,
            [baseline, *_past_uploads(showing)],
            [*reporters, *map(ReporterSink, following)],
            _ConsoleEvents(showing, _open_progress(showing, len(inputs))),
            converting=converting,
            wants_statistics=wants_statistics(showing),
            may_fork=True,
            cluster=_open_cluster(running, stack),
            processes=running.jobs or cpu_count(),
        ).run()
        _print_baseline(baseline.result, showing)
        for step in following if not baseline.result.written else ():
            step.print_for(typed, summaries)
        code = 0 if baseline.result.written else _exit_code(summaries, showing)
        if not converting and reading.as_of is None:
            _remember_clean_files(inputs, stamps, summaries, base.assumptions.now)
    raise typer.Exit(code)


def convert_files(  # noqa: PLR0913, PLR0917 - as above
    files: Sequence[str],
    writing: WritingOptions,
    reading: ReadingOptions,
    showing: FindingOptions,
    running: EngineOptions,
    layers: OptionLayers,
    typed: TypedCommand | None = None,
    *,
    stream: BinaryIO | None = None,
    watcher: SessionSink | None = None,
) -> tuple[list[Summary], int]:
    """Convert files into one, or each into one of a folder; gives the counts of each and the exit code.

    Args:
        files: As they were named.
        writing: Where records go.
        reading: How files are read.
        showing: How findings are shown.
        running: Where the work is done.
        layers: The options of single files.
        typed: The command as it was typed, to which the next one is like; ``None``: no next one is told.
        stream: Takes the canonical CSV, where no output is named; standard output stays free.
        watcher: Sees what is converted, and tells of it in place of the report on the screen.
    """
    _tune_process(files)
    output = None if writing.output == "-" else as_path(writing.output)
    to_folder = is_folder_output(writing.output)
    with ExitStack() as stack:
        outputs = [path for path in (output, writing.rejects) if path is not None]
        if to_folder and writing.rejects is not None and writing.rejects.suffix and not writing.rejects.is_dir():
            raise UsageError("output-rejects-folder", path=output if isinstance(output, RemotePath) else writing.output)
        if not to_folder:
            refuse_other_endings(output, writing.rejects)
        refuse_other_endings(None, changes=writing.changes)
        refuse_unfilled(output, writing.rejects, writing.changes)
        lists = [writing.changes] if writing.changes else []
        parts = list_parts(output) if output is not None and is_in_parts(output) else []
        others = [*outputs, *parts, *lists, *_report_paths(showing)]
        base, inputs = _open_inputs(files, others, reading, showing, layers, stack)
        names = [one.name for one in inputs]
        converted = _create_conversion(output or stream, names, writing, showing)
        outputs = converted.outputs if isinstance(converted, FolderConversionSink) else outputs
        left = _open_outcome_rejects(writing, base, showing, to_folder=to_folder)
        outputs = [*outputs, *(path for sink in left for path in sink.outputs)]
        refuse_occupied_outputs([*outputs, *lists, *_report_paths(showing, names)], inputs, [base.options.identifiers])
        baseline = _open_baseline(showing, base, stack)
        for sink in (converted, *left):
            enter_interrupt_safe(stack, sink)
        changes = _open_changes(writing, showing, stack)
        shown_on = sys.stdout if output is not None and stream is None else sys.stderr
        reporters = list(open_reporters(showing, None if watcher else shown_on, stack, names))
        following = create_next_step(showing, shown_on) if typed else []
        watchers = [] if watcher is None else [watcher]
        summaries = Session(
            inputs,
            # Closed in this order: if the baseline cannot be written, no output appears.
            [baseline, *changes, *left, converted, *watchers, *_past_uploads(showing)],
            [*reporters, *map(ReporterSink, following)],
            _ConsoleEvents(showing, _open_progress(showing, len(inputs))),
            converting=True,
            wants_statistics=wants_statistics(showing),
            may_fork=True,
            cluster=_open_cluster(running, stack),
            processes=running.jobs or cpu_count(),
        ).run()
        _print_baseline(baseline.result, showing)
        if writing.diff:
            _print_changes(changes[0].kinds, showing)
        _print_counts(summaries, showing)
        if output is not None and converted.holds_nothing:
            sentence = say("output-nothing", resolve_language(showing.lang), path=output)
            typer.echo(f"calltools: {sentence}", err=True)
        if typed is not None and not baseline.result.written and output is not None:
            for step in following:
                step.print_for(typed, summaries, after="\n")
    return summaries, 0 if baseline.result.written else _exit_code(summaries, showing)


def _past_uploads(showing: FindingOptions) -> list[SessionSink]:
    """What tells reports for people of uploads: none, if there is no such report."""
    if not wants_statistics(showing):
        return []
    # Loading the ledger takes a while.
    from calltools.ledger import has_database, open_ledger_in, state_folder  # noqa: PLC0415
    from calltools.uploading.past_uploads import PastUploads  # noqa: PLC0415

    folder = state_folder(read_settings().state_dir)
    return [PastUploads(lambda: open_ledger_in(folder, time))] if has_database(folder) else []


def _create_conversion(
    output: Path | BinaryIO | None, names: Sequence[str], writing: WritingOptions, showing: FindingOptions
) -> ConversionSink | FolderConversionSink:
    """The sink that writes good records and rejects: into one file, or into one of a folder for each input."""
    all_or_nothing = writing.on_error is OnError.FAIL
    if isinstance(output, Path) and is_folder_output(writing.output):
        return FolderConversionSink(output, names, writing.rejects, force=showing.force, all_or_nothing=all_or_nothing)
    return ConversionSink(
        output or sys.stdout.buffer, writing.rejects, force=showing.force, all_or_nothing=all_or_nothing
    )


def _open_outcome_rejects(
    writing: WritingOptions, base: RunContext, showing: FindingOptions, *, to_folder: bool
) -> list[OutcomeRejectsSink]:
    outcomes = base.options.outcomes
    if writing.rejects is None or not outcomes:
        return []
    return [OutcomeRejectsSink(writing.rejects, outcomes, to_folder=to_folder, force=showing.force)]


def _open_cluster(running: EngineOptions, stack: ExitStack) -> Cluster | None:
    """The cluster that the options name, ready to work; ``None``: this machine does all of it."""
    if running.engine is Engine.LOCAL:
        if running.scheduler is not None:
            raise UsageError("scheduler-without-engine", address=running.scheduler)
        return None
    from calltools.workers.dask_cluster import DaskCluster  # noqa: PLC0415 - an extra

    return enter_interrupt_safe(stack, DaskCluster(running.scheduler))


def _open_changes(writing: WritingOptions, showing: FindingOptions, stack: ExitStack) -> list[ChangesSink]:
    if writing.changes is None and not writing.diff:
        return []
    all_or_nothing = writing.on_error is OnError.FAIL
    sink = ChangesSink(
        writing.changes, force=showing.force, all_or_nothing=all_or_nothing, show_values=showing.show_values
    )
    return [enter_interrupt_safe(stack, sink)]


def _print_changes(kinds: Mapping[ChangeKind, FirstChange], showing: FindingOptions) -> None:
    """Show of each kind of rewritten cells how many there are, and the first."""
    language = resolve_language(showing.lang)
    for kind, first in kinds.items():
        facts = {"field": kind.field, "why": kind.why, "count": first.count, "file": first.file, "place": first.place}
        cells = {name: text or say("change-empty", language) for name, text in first.cells.items()}
        typer.echo(say("change-line", language, **facts, **cells), err=True)
    if not kinds:
        typer.echo(f"calltools: {say('change-none', language)}", err=True)


def _print_counts(summaries: Sequence[Summary], showing: FindingOptions) -> None:
    """Say for each file that was read what became of its records; of several with their names and a total."""
    language, several = resolve_language(showing.lang), len(summaries) > 1
    for summary in summaries:
        if summary.error is None:
            name = f"{escape_invisible(summary.name)}: " if several else ""
            typer.echo(fold_words(name + format_counts_line(summary, language), sys.stderr), err=True)
    if several:
        typer.echo(fold_words(format_total_line(summaries, language), sys.stderr), err=True)


def _tune_process(files: Sequence[str]) -> None:
    if any(second_process.expects_second_process(Path(name)) for name in files):
        use_single_arena()
    else:
        # Nothing takes the reading off this process: its memory matters more than its time.
        return_freed_memory()


def _open_inputs(  # noqa: PLR0913, PLR0917 - the groups of options, and what is done with them
    files: Sequence[str],
    outputs: Sequence[Path],
    reading: ReadingOptions,
    showing: FindingOptions,
    layers: OptionLayers,
    stack: ExitStack,
) -> tuple[RunContext, list[InputFile]]:
    """The context of the run, and its files. Files that overrides fit have contexts of their own, of the same "now"."""
    base = resolve(build_run_options(reading, showing))
    options = base.options
    others = [*outputs, *options.outcomes]
    others += [path for path in (options.identifiers, options.baseline) if path is not None]
    language = resolve_language(showing.lang)
    paths: list[FoundFile] = []
    copies: set[Path] = set()
    for one in find_inputs(files, others, language, quiet=showing.quiet, recursive=reading.recursive):
        if one.name == "-":
            copied = find_members(stack.enter_context(copy_stdin(sys.stdin.buffer)), reading.stdin_name)
            copies.update(found.path for found in copied)
            paths += copied
        else:
            paths.append(one)
    contexts: dict[tuple[int, ...], RunContext] = {(): base}
    inputs = []
    for path, name, member in paths:
        matching = layers.config.matching_overrides(name)
        if matching not in contexts:
            options = build_run_options(layers.apply(reading, matching), layers.apply(showing, matching))
            contexts[matching] = resolve(replace(options, as_of=base.assumptions.now))
        inputs.append(InputFile(path, name, contexts[matching], member, path in copies))
    return base, inputs


def _report_paths(showing: FindingOptions, names: Sequence[str] = ()) -> list[Path]:
    """The files that a run writes about its findings; without names not those of each input."""
    return [*list_report_files(showing, names), *([showing.write_baseline] if showing.write_baseline else [])]


def _open_baseline(showing: FindingOptions, base: RunContext, stack: ExitStack) -> BaselineWriter:
    writer = BaselineWriter(
        showing.write_baseline, base.baseline, shrink_only=showing.baseline is not None, force=showing.force
    )
    return enter_interrupt_safe(stack, writer)


@dataclass(frozen=True, slots=True)
class _ConsoleEvents(SessionEvents):
    """Shows a run on standard error, as the options want it."""

    showing: FindingOptions
    progress: Progress | None

    def prepared(self) -> None:
        # Modules and plans stay until the end: the garbage collector need not look at them again and again.
        gc.freeze()

    def started(self, name: str, planned: PlannedFile) -> None:
        if self.showing.verbose:
            self._wipe()
            for line in _describe_plan(planned.plan, resolve_language(self.showing.lang)):
                typer.echo(f"{name}: {line}", err=True)

    def reading(self, name: str, size: int) -> AbstractContextManager[OnRead]:
        if self.progress is None:
            return SessionEvents.reading(self, name, size)
        return self.progress.reading(name, size)

    def unreadable(self, _name: str, fault: FileFault) -> None:
        self._wipe()
        typer.echo(format_error(fault, resolve_language(self.showing.lang)), err=True)
        if self.showing.debug:
            typer.echo(traceback_places(fault), err=True)

    def _wipe(self) -> None:
        if self.progress is not None:
            self.progress.wipe()


def _open_progress(showing: FindingOptions, files: int) -> Progress | None:
    """What shows how far the run is: on a terminal, or with ``--verbose``."""
    drawn = is_terminal(sys.stderr)
    if showing.no_progress or showing.quiet or not (drawn or showing.verbose):
        return None
    return Progress(sys.stderr, resolve_language(showing.lang), files, drawn, is_terminal(sys.stdout))


def _describe_plan(plan: RunPlan, language: Language) -> Iterator[str]:
    """Lines on how a file is read, for ``--verbose``."""
    assumptions, nothing = plan.assumptions, say("verbose-not-said", language)
    yield say(
        "verbose-assumed",
        language,
        timezone=assumptions.timezone or nothing,
        region=assumptions.region or nothing,
        currency=assumptions.currency or nothing,
        order=assumptions.date_order or nothing,
        durations=assumptions.duration_format or nothing,
        now=datetime.fromtimestamp(assumptions.now, UTC).isoformat(" "),
    )
    columns = (f"{name} = {redacted_titles([title])}" for name, (title, _) in plan.layout.items())
    yield say("verbose-columns", language, columns=", ".join(columns))
    yield say("verbose-rules", language, count=len(list(plan.ruleset.rules())), all=len(RULES))


def _print_baseline(result: BaselineResult, showing: FindingOptions) -> None:
    """Say what the run means for the baselines that it reads and writes."""
    if showing.quiet:
        return
    old, new, language = showing.baseline, showing.write_baseline, resolve_language(showing.lang)
    lines = []
    if old is not None and result.accepted_count:
        lines.append(say("baseline-accepted", language, path=old, count=result.accepted_count))
    if new is not None and result.written:
        lines.append(say("baseline-written", language, path=new, count=result.total))
    elif new is not None:
        lines.append(say("baseline-not-written", language, path=new))
    elif old is not None and result.gone_count:
        lines.append(say("baseline-fewer", language, path=old, count=result.gone_count))
    for line in lines:
        typer.echo(f"calltools: {line}", err=True)


def _exit_code(summaries: Sequence[Summary], showing: FindingOptions) -> int:
    if any(summary.error for summary in summaries):
        return SourceError.exit_code
    worst = Severity(showing.fail_on.value).rank
    found = any(
        count and Severity(word).rank <= worst for summary in summaries for word, count in summary.by_severity.items()
    )
    return int(found and not showing.exit_zero)


def _stamp_or_none(path: Path) -> FileStamp | None:
    """What tells later whether the file was written to; a file that is missing is reported elsewhere."""
    with suppress(CalltoolsError):
        return read_stamp(path)
    return None


def _is_read_as_it_is(one: InputFile, summary: Summary) -> bool:
    """Whether the bytes of the file itself were read, and not what is packed in it."""
    return summary.source is not None and summary.source.path == one.path


def _remember_clean_files(
    inputs: Sequence[InputFile], stamps: Sequence[FileStamp | None], summaries: Sequence[Summary], now: int
) -> None:
    """Record clean files in the ledger, if there is one, so that ``upload`` need not validate them again.

    A ledger that cannot be used is no fault of a validation: ``upload`` reports it.
    """
    clean = [
        (one, stamp)
        for one, stamp, summary in zip(inputs, stamps, summaries, strict=True)
        if stamp is not None and summary.is_clean and summary.vendor is None and _is_read_as_it_is(one, summary)
    ]
    if not clean:
        return
    # Loading the ledger takes a while, and loading what files are checked with for an upload even longer.
    from calltools.ledger import has_database, open_ledger_in, state_folder  # noqa: PLC0415

    folder = state_folder(read_settings().state_dir)
    if not has_database(folder):
        return
    from calltools.uploading.checking import judges_like_upload, remember_clean_file  # noqa: PLC0415

    clean = [(one, stamp) for one, stamp in clean if judges_like_upload(one.context, now)]
    if not clean:
        return
    with suppress(CalltoolsError), open_ledger_in(folder, time) as ledger:
        for one, stamp in clean:
            remember_clean_file(ledger, one.path, stamp)
