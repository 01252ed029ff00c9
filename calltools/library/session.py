"""One call of the library: its files run with its options, and its outputs stand where the caller wants them."""

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import pyarrow as pa

from calltools.errors import UsageError
from calltools.files.atomic import AtomicFile, enter_interrupt_safe
from calltools.files.folders import FoundFile
from calltools.files.placeholders import STEM
from calltools.library.inputs import find_inputs, name_of_stream, refuse_unusable_stream, to_path
from calltools.library.log import LoggedEvents
from calltools.library.results import FileFindings
from calltools.model.batch import Batch
from calltools.model.cells import Mask, Numbers
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports import REPORTERS, form_for_path
from calltools.reports.reporter import ReportOptions
from calltools.run import (
    BaselineWriter,
    ConversionSink,
    FolderConversionSink,
    InputFile,
    OutcomeRejectsSink,
    PlannedFile,
    ReporterSink,
    ReportPerFileSink,
    RunContext,
    Session,
    SessionSink,
    is_folder_output,
    refuse_occupied_outputs,
    refuse_other_endings,
    refuse_unfilled,
    report_path,
    resolve,
)

StrPath: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Run:
    """One call: its options, resolved once for all files."""

    options: Any
    report_options: ReportOptions
    stack: ExitStack
    context: RunContext = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "context", resolve(self.options))

    def open(  # noqa: PLR0913 - what is read, what is written
        self,
        sources: Sequence[Any],
        outputs: Sequence[Path],
        reports: Sequence[Path],
        baseline: Path | None,
        *,
        name: str | None,
        recursive: bool,
    ) -> list[InputFile]:
        """The files of the call; what it writes itself is none of them."""
        options = self.context.options
        others = [
            *outputs,
            *reports,
            *options.outcomes,
            *(path for path in (options.identifiers, options.baseline, baseline) if path),
        ]
        inputs = self.as_inputs(find_inputs(sources, self.stack, others, name=name, recursive=recursive))
        written = list_report_files(reports, [one.name for one in inputs])
        refuse_occupied_outputs([*written, *([baseline] if baseline else [])], inputs)
        return inputs

    def as_inputs(self, found: Sequence[FoundFile]) -> list[InputFile]:
        """Files with the options of the call."""
        return [InputFile(path, name, self.context, member) for path, name, member in found]

    def go(  # noqa: PLR0913 - what is written
        self,
        inputs: Sequence[InputFile],
        sinks: Sequence[SessionSink],
        reports: Sequence[Path] = (),
        baseline: Path | None = None,
        *,
        force: bool = False,
        converting: bool = False,
        collect: bool = True,
    ) -> tuple[tuple[Summary, ...], tuple[FileFindings, ...]]:
        """Run the files; gives the counts of each, and the findings of those that were read, if they are collected."""
        known = self.context.options.baseline is not None
        writer = BaselineWriter(baseline, self.context.baseline, shrink_only=known, force=force)
        collector = _FindingsByFile()
        summaries = Session(
            inputs,
            # Closed in this order: if the baseline cannot be written, no output appears.
            [enter_interrupt_safe(self.stack, writer), *sinks, *([collector] if collect else [])],
            [
                open_report(path, [one.name for one in inputs], self.report_options, self.stack, force=force)
                for path in reports
            ],
            LoggedEvents(),
            converting=converting,
            wants_statistics=any(REPORTERS[form_for_path(path)].draws for path in reports),
            stop_on_error=len(inputs) == 1,
        ).run()
        for summary in summaries:
            LoggedEvents.ended(summary)
        return tuple(summaries), tuple(collector.found)


def open_report(
    path: Path, names: Sequence[str], options: ReportOptions, stack: ExitStack, *, force: bool
) -> SessionSink:
    """What writes a report, or one for each input.

    Args:
        path: Where it goes; with ``STEM`` in it there is one for each input.
        names: What the inputs are called.
        options: How it is worded.
        stack: Gives the file its name at the end; with an exception it does not appear.
        force: Overwrite a report that exists.
    """
    form = REPORTERS[form_for_path(path)]
    if STEM in str(path):
        each = ReportPerFileSink(path, names, lambda file: form(file, options), force=force)
        return enter_interrupt_safe(stack, each)
    file = stack.enter_context(AtomicFile(path, force=force).open_text())
    return ReporterSink(form(file, options))


def list_report_files(reports: Sequence[Path], names: Sequence[str]) -> list[Path]:
    """The files that reports are written to, those of each input among them."""
    listed = ([report_path(path, name) for name in names] if STEM in str(path) else [path] for path in reports)
    return [*chain.from_iterable(listed)]


@dataclass(slots=True)
class Target:
    """Where converted records go.

    Attributes:
        output: A path, a stream, or ``None``: a table.
        rejects: Where bad records go.
        on_error: ``reject`` or ``fail``.
        force: Overwrite files.
    """

    output: StrPath | BinaryIO | None
    rejects: Path | None
    on_error: str
    force: bool = field(kw_only=True)
    _private: Path | None = field(default=None, init=False)

    @property
    def path(self) -> Path | None:
        """The path of the output, if it has one."""
        return to_path(self.output) if isinstance(self.output, str | os.PathLike) else None

    @property
    def paths(self) -> list[Path]:
        """What is written."""
        return [path for path in (self.path, self.rejects) if path is not None]

    def open(self, inputs: Sequence[InputFile], stack: ExitStack) -> ConversionSink | FolderConversionSink:
        """The sink that writes; the caller enters it.

        Raises:
            UsageError: An output has another ending, is a folder where a file is wanted, or a stream that takes no
                bytes.
        """
        if self.output is not None and self.path is None:
            _refuse_unwritable_stream(self.output)
        whole = {"force": self.force, "all_or_nothing": self.on_error == "fail"}
        if self.path is not None and is_folder_output(os.fspath(self.output)):  # type: ignore[arg-type]  # it is a path
            return FolderConversionSink(self.path, [one.name for one in inputs], self.rejects, **whole)
        refuse_other_endings(self.path, self.rejects)
        refuse_unfilled(self.path, self.rejects)
        if self.output is None:
            # The converter knows its columns at the end; memory does not grow before it.
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="calltools-")))
            self._private = folder / "records.parquet"
        target = self._private or self.path or self.output
        return ConversionSink(target, self.rejects, **whole)  # type: ignore[arg-type]  # a path or a stream

    def open_outcome_rejects(self, outcomes: Sequence[Path]) -> list[OutcomeRejectsSink]:
        """The sink for records of files of outcomes that reach no call, if rejects are wanted; the caller enters it."""
        if self.rejects is None or not outcomes:
            return []
        to_folder = self.path is not None and is_folder_output(os.fspath(self.output))  # type: ignore[arg-type]  # as above
        return [OutcomeRejectsSink(self.rejects, outcomes, to_folder=to_folder, force=self.force)]

    def occupied(self, sink: ConversionSink | FolderConversionSink) -> list[Path]:
        """The files that must be no input."""
        return sink.outputs if isinstance(sink, FolderConversionSink) else self.paths

    def read_back(self) -> pa.Table | None:
        """The records, where the caller named no output."""
        if self._private is None:
            return None
        import pyarrow.parquet as pq  # noqa: PLC0415 - only without an output

        return pq.read_table(self._private, memory_map=False) if self._private.exists() else pa.table({})


def _refuse_unwritable_stream(stream: object) -> None:
    refuse_unusable_stream(stream, "output-text-stream")
    writable = getattr(stream, "writable", None)
    if writable is not None and not writable():
        raise UsageError("output-not-writable", path=name_of_stream(stream))


@dataclass(slots=True)
class _FindingsByFile(SessionSink):
    """Keeps the findings of each file."""

    found: list[FileFindings] = field(default_factory=list)
    _parts: list[Findings] = field(default_factory=list)

    def start_file(self, _name: str, _planned: PlannedFile | None) -> None:
        """Begin with none."""
        self._parts = []

    def take(self, _batch: Batch, findings: Findings, _bad: Mask) -> None:
        """Keep the findings of a batch."""
        if len(findings):
            self._parts.append(findings)

    def finish_file(self, summary: Summary) -> None:
        """Put them beside the counts of the file."""
        self.found.append(FileFindings(Findings.concat(self._parts), summary))


class RowSplitter(SessionSink):
    """Says of each row of a table whether its call is good or bad.

    Args:
        count: Of the rows; the number of a record is that of its row, from 1.
    """

    def __init__(self, count: int) -> None:
        self.is_good: Mask = np.zeros(count, bool)
        self.is_bad: Mask = np.zeros(count, bool)

    def take(self, batch: Batch, _findings: Findings, bad: Mask) -> None:
        """Mark the rows of a batch, and the other legs of its calls."""
        self._mark(self.is_good, batch, batch.records[~bad])
        self._mark(self.is_bad, batch, batch.records[bad])

    @staticmethod
    def _mark(mask: Mask, batch: Batch, records: Numbers) -> None:
        if len(records):
            mask[batch.with_legs(records) - 1] = True
