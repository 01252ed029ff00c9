"""A run over several files: opens and plans all of them, then reads one after the other into sinks and reporters.

The command line, the library and the upload run their files here. Nothing is worded or printed here: what happens goes
to ``SessionEvents`` as values, and what the run has found is in the summaries.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol, TypeGuard

from calltools.errors import CalltoolsError, FileFault, SourceError, UnfitFileError, UsageError
from calltools.files.atomic import refuse_same_files
from calltools.files.outputs import ENDINGS, REJECT_ENDINGS
from calltools.files.packed import Packed, Unpacker
from calltools.files.parts import PART, is_in_parts, list_parts
from calltools.files.placeholders import DATE, JOB, STEM
from calltools.files.workbook.kept import keep_workbook_process
from calltools.model.summary import Summary
from calltools.pipeline import OnRead
from calltools.run.context import RunContext
from calltools.run.edits import CellEdits
from calltools.run.outcomes import OutcomeMatch
from calltools.run.planned_file import PlannedFile, plan_file
from calltools.run.sinks import SessionSink
from calltools.run.small_files import JudgedFile, spread_small_files
from calltools.run.source import SMALL_FILE_BYTES
from calltools.validation.observers import CrossFileObservers
from calltools.workers.batch_work import Cluster
from calltools.workers.spread import SpreadWork

#: Bytes of records that planned files may hold until it is their turn. The first one may hold more: it is the next.
_HELD_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of a run.

    Attributes:
        path: Where its bytes are; of standard input, a copy.
        name: What the user calls it.
        context: What its options mean. Files of one run may have different options.
        member: If it is an archive, the name of the member that is meant.
        is_copy: Whether ``path`` is a copy that only this run knows, as of standard input.
        edits: Cells that count in place of those of the file.
    """

    path: Path
    name: str
    context: RunContext
    member: str | None = None
    is_copy: bool = False
    edits: CellEdits | None = None


class SessionEvents(Protocol):
    """What happens during a run, for a caller that shows it. Events of a class with this base do nothing by default."""

    def prepared(self) -> None:
        """All files are opened and planned; no record has been read."""
        return

    def started(self, name: str, planned: PlannedFile) -> None:
        """The records of a file come next; ``planned.plan`` says how they are read."""
        return

    def reading(self, name: str, size: int) -> AbstractContextManager[OnRead]:
        """Surrounds the reading of a file of so many bytes.

        Returns:
            A context that gives a function. It is called with the number of records read so far, and of the bytes that
            they were read from, of a large file in another thread.
        """
        return nullcontext(lambda _records, _bytes: None)

    def unreadable(self, name: str, fault: FileFault) -> None:
        """A file cannot be read, or not to its end, or is not what is looked for; the next one follows."""
        return


#: What is filled in in reports, and in paths of jobs.
_PLACEHOLDERS: Final = (STEM, JOB, DATE)


class _SilentEvents(SessionEvents):
    """Events of a caller that shows nothing."""


def refuse_occupied_outputs(
    outputs: Sequence[Path], inputs: Iterable[InputFile], others: Iterable[Path | None] = ()
) -> None:
    """Refuse an output that the run reads, or that is named twice.

    Args:
        outputs: All files that the run writes.
        inputs: The files that it reads; their second files are read, too.
        others: More files that it reads.

    Raises:
        OutputError: An output is also an input or another output.
    """
    outputs = [file for path in outputs for file in (list_parts(path) if is_in_parts(path) else [path])]
    read = [
        path for one in inputs for path in (one.path, one.context.options.identifiers, *one.context.options.outcomes)
    ]
    taken = [path for path in (*read, *others) if path is not None]
    refuse_same_files(outputs, taken)


def refuse_other_endings(output: Path | None, rejects: Path | None = None, changes: Path | None = None) -> None:
    """Refuse to write under the name of something else; a name without an ending may be a device or a pipe.

    Args:
        output: Converted records: one of ``outputs.ENDINGS``.
        changes: Always CSV.
        rejects: The same, but for Parquet: their columns differ from file to file.

    Raises:
        UsageError: One has another ending.
    """
    for path, endings in ((output, ENDINGS), (rejects, REJECT_ENDINGS), (changes, (".csv",))):
        if path is not None and path.suffix and not path.name.lower().endswith(endings):
            stem = path.name.removesuffix(path.suffix)
            near = path.with_name(stem if stem.lower().endswith(".csv") else f"{stem}.csv")
            raise UsageError("output-ending", path=path, ending=path.suffix, near=near, endings=", ".join(endings))


def refuse_unfilled(output: Path | None, *others: Path | None) -> None:
    """Refuse to write under a name with a word in braces that is filled in only in other paths.

    Args:
        output: Converted records, which may be in parts.
        others: Rejects and changes.

    Raises:
        UsageError: Nothing would fill in such a word.
    """
    for path in (output, *others):
        words = _PLACEHOLDERS if path is output else (*_PLACEHOLDERS, PART)
        word = None if path is None else next((one for one in words if one in path.name), None)
        if word is not None:
            raise UsageError("output-placeholder", path=path, word=word)


@dataclass(slots=True)
class Session:
    """A run over several files. Sinks, reporters and events belong to the caller, who also opens and discards outputs.

    Attributes:
        inputs: The files, in the order in which they are read.
        sinks: Take the records and findings of each file, in this order.
        reporters: Sinks for what a person or a program reads. They hear of unreadable files, too. They finish a file
            after ``sinks``, so that the summary is complete, and are closed before them.
        events: Hears what happens.
        converting: Whether records are normalized before they are validated, as ``convert`` does. The files then
            become one, and rules on duplicates look at all of them.
        wants_statistics: Whether a reporter shows statistics of the calls.
        may_fork: Whether a large file may be read in a copy of this process: only in a process of our own.
        processes: How many processes may work on small files, this one included; more than one with ``may_fork`` only.
        stop_on_error: Whether the first file that cannot be read ends the run; else its summary has the fault.
        unfit_goes_on: Whether an only file that is not what the call takes it for is a failure of this file, as it is
            of several files: the inputs of a job are what lies in a folder today.
        cluster: Reads and judges what other machines can open; the rest is read here.
    """

    inputs: Sequence[InputFile]
    sinks: Sequence[SessionSink] = ()
    reporters: Sequence[SessionSink] = ()
    events: SessionEvents = field(default_factory=_SilentEvents)
    converting: bool = field(default=False, kw_only=True)
    wants_statistics: bool = field(default=False, kw_only=True)
    may_fork: bool = field(default=False, kw_only=True)
    stop_on_error: bool = field(default=False, kw_only=True)
    unfit_goes_on: bool = field(default=False, kw_only=True)
    processes: int = field(default=1, kw_only=True)
    cluster: Cluster | None = field(default=None, kw_only=True)
    _cross_file_observers: CrossFileObservers = field(default_factory=dict, init=False)

    def run(self) -> list[Summary]:
        """Read all files, once; gives a summary for each, in their order.

        Raises:
            UsageError: The options do not fit a file. No record of any file has been read then. Of several files one
                that is not what the call takes it for is no such fault: its summary has it.
            SourceError: A file cannot be read, with ``stop_on_error``.
            OutputError: A sink cannot write.
        """
        with Unpacker() as unpacker:
            stores = self._find_stores()
            unpacker.expect((one.path, one.name, one.context.options.limits) for one in self.inputs)
            with keep_workbook_process():
                planned_files = list(_hold_few_records(self._prepare(one, unpacker, stores) for one in self.inputs))
                planned_files = self._assign_outcomes(planned_files, unpacker)
            self.events.prepared()
            self._announce(planned_files)
            with self._spread_small_files(planned_files) as small:
                summaries = [
                    self._process_file(one, planned, unpacker, small.take(number) if number in small else None)
                    for number, (one, planned) in enumerate(zip(self.inputs, planned_files, strict=True))
                ]
        for sink in (*self.reporters, *self.sinks):
            sink.close(summaries)
        return summaries

    def _assign_outcomes(
        self, planned_files: list[PlannedFile | FileFault], unpacker: Unpacker
    ) -> list[PlannedFile | FileFault]:
        """The files with what files of outcomes say of their calls, where there are such files."""
        context = self.inputs[0].context if self.inputs else None
        if context is None or not context.outcomes:
            return planned_files
        match = OutcomeMatch(context.outcomes, context.options.outcome_window_s)
        filled = match.assign(
            {number: planned for number, planned in enumerate(planned_files) if isinstance(planned, PlannedFile)},
            lambda number: _plain_path(self.inputs[number], unpacker),
            may_fork=self.may_fork,
        )
        for sink in self.sinks:
            sink.take_outcomes(match)
        return [filled.get(number, planned) for number, planned in enumerate(planned_files)]

    def _announce(self, planned_files: Sequence[PlannedFile | FileFault]) -> None:
        """Let the cluster begin with the next files before the first one is finished."""
        if self.cluster is None:
            return
        for one, planned in zip(self.inputs, planned_files, strict=True):
            if isinstance(planned, PlannedFile) and _is_reachable(one, planned):
                planned.announce(self.cluster)

    def _find_stores(self) -> dict[int, Path]:
        """Number of a sink -> where workers may store the good records that it writes."""
        if self.cluster is None:
            return {}
        found = {number: sink.use_cluster(self.cluster) for number, sink in enumerate(self.sinks)}
        return {number: folder for number, folder in found.items() if folder is not None}

    def _let_workers_store(self, path: Path, planned: PlannedFile, stores: Mapping[int, Path]) -> PlannedFile:
        """The file whose good records are stored by workers, where only they know which ones are good."""
        if not stores or planned.plan.baseline_counts:
            return planned
        [(number, folder)] = stores.items()
        others = [*self.sinks[:number], *self.sinks[number + 1 :], *self.reporters]
        keep_records = any(sink.wants_records(path) for sink in others)
        return replace(planned, plan=replace(planned.plan, store=folder, keep_records=keep_records))

    def _prepare(self, one: InputFile, unpacker: Unpacker, stores: Mapping[int, Path]) -> PlannedFile | FileFault:
        try:
            path = _plain_path(one, unpacker)
            planned = plan_file(
                path,
                one.name,
                one.context,
                converting=self.converting,
                keep_records=any(sink.wants_records(path) for sink in (*self.sinks, *self.reporters)),
                keep_origin=any(sink.wants_origin(path) for sink in (*self.sinks, *self.reporters)),
                wants_statistics=self.wants_statistics,
                edits=one.edits,
            )
        except (SourceError, UsageError) as fault:
            self._name(fault, one.name)
            if not self._is_of_file(fault):
                raise
            return fault
        if stores and _is_reachable(one, planned) and planned.can_be_ranged:
            planned = self._let_workers_store(path, planned, stores)
        if not self.converting:
            return planned
        return replace(planned, plan=replace(planned.plan, cross_file_observers=self._cross_file_observers))

    def _name(self, fault: CalltoolsError, name: str) -> None:
        """Say which file the fault is about, where its sentence does not."""
        if len(self.inputs) > 1 and "path" not in fault.facts:
            fault.about_file = name

    def _is_of_file(self, fault: CalltoolsError) -> TypeGuard[FileFault]:
        """Whether it is the failure of one file, after which the others follow."""
        if self.stop_on_error:
            return False
        is_unfit = isinstance(fault, UnfitFileError)
        return isinstance(fault, SourceError) or (is_unfit and (self.unfit_goes_on or len(self.inputs) > 1))

    def _spread_small_files(self, planned_files: Sequence[PlannedFile | FileFault]) -> SpreadWork[JudgedFile]:
        """The small files, judged together; packed ones are left out, of which one at a time is unpacked."""
        sizes = {
            number: size
            for number, (one, planned) in enumerate(zip(self.inputs, planned_files, strict=True))
            if self.cluster is None
            and isinstance(planned, PlannedFile)
            and planned.table.source.path == one.path
            and (size := _size_of(one.path)) <= SMALL_FILE_BYTES
        }
        chosen = {number: planned for number in sizes if isinstance(planned := planned_files[number], PlannedFile)}
        return spread_small_files(chosen, sizes, self.processes if self.may_fork else 1)

    def _process_file(
        self, one: InputFile, planned: PlannedFile | FileFault, unpacker: Unpacker, judged: JudgedFile | None
    ) -> Summary:
        name = one.name
        for reporter in self.reporters:
            reporter.start_file(name, planned if isinstance(planned, PlannedFile) else None)
        summary = (
            self._run_planned(one, planned, unpacker, judged)
            if isinstance(planned, PlannedFile)
            else self._record_fault(name, planned)
        )
        for reporter in self.reporters:
            reporter.finish_file(summary)
        return summary

    def _run_planned(
        self, one: InputFile, planned: PlannedFile, unpacker: Unpacker, judged: JudgedFile | None
    ) -> Summary:
        name = one.name
        for sink in self.sinks:
            sink.start_file(name, planned)
        self.events.started(name, planned)
        try:
            if judged is None:
                # Of several packed files only the last one is still unpacked.
                _plain_path(one, unpacker)
            with self.events.reading(name, _size_of(planned.table.source.path)) as on_read:
                summary = planned.run(
                    name,
                    [*self.sinks, *self.reporters],
                    on_read,
                    results=judged,
                    may_fork=self.may_fork and self.cluster is None,
                    cluster=self.cluster if _is_reachable(one, planned) else None,
                )
        except (SourceError, UnfitFileError) as fault:
            self._name(fault, name)
            if not self._is_of_file(fault):
                raise
            for sink in self.sinks:
                sink.drop_file()
            return self._record_fault(name, fault)
        for sink in self.sinks:
            sink.finish_file(summary)
        return summary

    def _record_fault(self, name: str, fault: FileFault) -> Summary:
        self.events.unreadable(name, fault)
        return Summary(name, error=fault)


def _size_of(path: Path) -> int:
    """Bytes of a file; 0 of one that is gone: whoever reads it says so."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _hold_few_records(planned_files: Iterable[PlannedFile | FileFault]) -> Iterator[PlannedFile | FileFault]:
    """The files, of which the first ones hold their records: the memory of a run does not grow with its files."""
    held = 0
    for planned in planned_files:
        if isinstance(planned, PlannedFile) and held and held + planned.held_bytes > _HELD_BYTES:
            yield planned.without_records()
            continue
        held += planned.held_bytes if isinstance(planned, PlannedFile) else 0
        yield planned


def _plain_path(one: InputFile, unpacker: Unpacker) -> Path:
    return unpacker.plain_path(Packed(one.path, one.member), one.name, one.context.options.limits)


def _is_reachable(one: InputFile, planned: PlannedFile) -> bool:
    """Whether others can open the file: copies and what was unpacked lie in a temporary file of this process."""
    return not one.is_copy and planned.table.source.path == one.path
