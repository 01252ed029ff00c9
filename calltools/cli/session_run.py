"""What ``calltools validate`` and ``convert`` do: run a session, say what it found. Heavy: imported when they run."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import typer

from calltools.cli.configuration.layers import OptionLayers
from calltools.cli.inputs import find_inputs
from calltools.cli.options import (
    Engine,
    EngineOptions,
    FindingOptions,
    OnError,
    ReadingOptions,
    WritingOptions,
    resolve_language,
)
from calltools.cli.reporters import create_next_step, list_report_files, open_reporters, wants_statistics
from calltools.cli.run_options import build_file_options, build_run_options
from calltools.cli.session_console import (
    ConsoleEvents,
    open_progress,
    print_baseline,
    print_changes,
    print_counts,
    print_no_records,
)
from calltools.cli.session_ledger import past_uploads, remember_clean_files, stamp_or_none
from calltools.cli.typed_command import TypedCommand
from calltools.errors import SourceError, UsageError
from calltools.files.atomic import enter_interrupt_safe
from calltools.files.folders import FoundFile, find_members
from calltools.files.opening import copy_stdin
from calltools.files.parts import is_in_parts, list_parts
from calltools.files.remote_path import RemotePath, as_path
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.run import (
    BaselineWriter,
    ChangesSink,
    ConversionSink,
    FolderConversionSink,
    InputFile,
    OutcomeRejectsSink,
    ReporterSink,
    RunContext,
    RunOptions,
    Session,
    SessionSink,
    is_folder_output,
    refuse_occupied_outputs,
    refuse_other_endings,
    refuse_unfilled,
    resolve,
)
from calltools.runtime.threads import cpu_count, return_freed_memory, use_single_arena
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
        stamps = [stamp_or_none(one.path) for one in inputs]
        sinks: list[SessionSink] = [baseline, *past_uploads(showing)]
        reports = [*reporters, *map(ReporterSink, following)]
        summaries = _open_session(inputs, sinks, reports, showing, running, stack, converting=converting).run()
        print_baseline(baseline.result, showing)
        for step in following if not baseline.result.written else ():
            step.print_for(typed, summaries)
        code = 0 if baseline.result.written else _exit_code(summaries, showing)
        if not converting and reading.as_of is None:
            remember_clean_files(inputs, stamps, summaries, base.assumptions.now)
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
    _refuse_wrong_outputs(writing, output)
    with ExitStack() as stack:
        base, inputs = _open_inputs(files, paths_to_write(writing, output, showing), reading, showing, layers, stack)
        names = [one.name for one in inputs]
        converted = _create_conversion(output or stream, names, writing, showing)
        left = _create_outcome_rejects(writing, base, showing)
        occupied = [*_outputs_of(converted, left, writing, output), *_report_paths(showing, names)]
        refuse_occupied_outputs(occupied, inputs, [base.options.identifiers])
        baseline = _open_baseline(showing, base, stack)
        for sink in (converted, *left):
            enter_interrupt_safe(stack, sink)
        changes = _open_changes(writing, showing, stack)
        shown_on = sys.stdout if output is not None and stream is None else sys.stderr
        reporters = list(open_reporters(showing, None if watcher else shown_on, stack, names))
        following = create_next_step(showing, shown_on) if typed else []
        watchers = [] if watcher is None else [watcher]
        # Closed in this order: if the baseline cannot be written, no output appears.
        sinks = [baseline, *changes, *left, converted, *watchers, *past_uploads(showing)]
        reports = [*reporters, *map(ReporterSink, following)]
        summaries = _open_session(inputs, sinks, reports, showing, running, stack, converting=True).run()
        print_baseline(baseline.result, showing)
        if writing.diff:
            print_changes(changes[0].kinds, showing)
        print_counts(summaries, showing)
        if output is not None and converted.holds_nothing:
            print_no_records(output, showing)
        if typed is not None and not baseline.result.written and output is not None:
            for step in following:
                step.print_for(typed, summaries, after="\n")
    return summaries, 0 if baseline.result.written else _exit_code(summaries, showing)


def _open_session(  # noqa: PLR0913, PLR0917 - what is read, who hears of it, and where the work is done
    inputs: Sequence[InputFile],
    sinks: Sequence[SessionSink],
    reports: Sequence[SessionSink],
    showing: FindingOptions,
    running: EngineOptions,
    stack: ExitStack,
    *,
    converting: bool,
) -> Session:
    return Session(
        inputs,
        sinks,
        reports,
        ConsoleEvents(showing, open_progress(showing, len(inputs))),
        converting=converting,
        wants_statistics=wants_statistics(showing),
        may_fork=True,
        cluster=_open_cluster(running, stack),
        processes=running.jobs or cpu_count(),
    )


def _refuse_wrong_outputs(writing: WritingOptions, output: Path | None) -> None:
    """Refuse outputs whose endings are none of what is written, and one file of rejects beside a folder."""
    rejects = writing.rejects
    if not is_folder_output(writing.output):
        refuse_other_endings(output, rejects)
    elif rejects is not None and rejects.suffix and not rejects.is_dir():
        raise UsageError("output-rejects-folder", path=output if isinstance(output, RemotePath) else writing.output)
    refuse_other_endings(None, changes=writing.changes)
    refuse_unfilled(output, rejects, writing.changes)


def paths_to_write(writing: WritingOptions, output: Path | None, showing: FindingOptions) -> list[Path]:
    """What the options name to be written; in a folder it is no input."""
    named = [path for path in (output, writing.rejects, writing.changes) if path is not None]
    parts = list_parts(output) if output is not None and is_in_parts(output) else []
    return [*named, *parts, *_report_paths(showing)]


def _outputs_of(
    converted: ConversionSink | FolderConversionSink,
    left: Sequence[OutcomeRejectsSink],
    writing: WritingOptions,
    output: Path | None,
) -> list[Path]:
    """The files that get records, those of each input of a folder."""
    records = [path for path in (output, writing.rejects) if path is not None]
    if isinstance(converted, FolderConversionSink):
        records = converted.outputs
    changes = [writing.changes] if writing.changes else []
    return [*records, *(path for sink in left for path in sink.outputs), *changes]


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


def _create_outcome_rejects(
    writing: WritingOptions, base: RunContext, showing: FindingOptions
) -> list[OutcomeRejectsSink]:
    """The sink for records of files of outcomes that reach no call, if rejects are wanted."""
    outcomes = base.options.outcomes
    if writing.rejects is None or not outcomes:
        return []
    to_folder = is_folder_output(writing.output)
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


def _tune_process(files: Sequence[str]) -> None:
    if any(second_process.expects_second_process(Path(name)) for name in files):
        use_single_arena()
    else:
        # Nothing takes the reading off this process: its memory matters more than its time.
        return_freed_memory()


def find_exports(
    files: Sequence[str],
    outputs: Sequence[Path],
    options: RunOptions,
    reading: ReadingOptions,
    showing: FindingOptions,
) -> list[FoundFile]:
    """The files that are read as exports of calls; what the options name for something else is none of them.

    Args:
        files: As they were named.
        outputs: What is written.
        options: The options of the run: its second file, its outcomes and its baseline may lie in the same folder.
        reading: Whether folders in a folder are looked into.
        showing: How it is said what folders hold besides.
    """
    others = [*outputs, *options.outcomes]
    others += [path for path in (options.identifiers, options.baseline) if path is not None]
    language = resolve_language(showing.lang)
    return find_inputs(files, others, language, quiet=showing.quiet, recursive=reading.recursive)


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
    paths: list[FoundFile] = []
    copies: set[Path] = set()
    for one in find_exports(files, outputs, base.options, reading, showing):
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
            options = build_file_options(layers, reading, showing, name)
            # "Now" is that of the run; nobody has given it, so no finding tells of it.
            contexts[matching] = resolve(replace(options, as_of=base.assumptions.now), told=options)
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


def _exit_code(summaries: Sequence[Summary], showing: FindingOptions) -> int:
    if any(summary.error for summary in summaries):
        return SourceError.exit_code
    worst = Severity(showing.fail_on.value).rank
    found = any(
        count and Severity(word).rank <= worst for summary in summaries for word, count in summary.by_severity.items()
    )
    return int(found and not showing.exit_zero)
