"""The inputs of a job converted, in one session, each table into private files of its own."""

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from calltools.files.atomic import enter_interrupt_safe
from calltools.files.outputs import find_ending
from calltools.files.placeholders import fixed_folder
from calltools.jobs.definition import Job
from calltools.jobs.inputs import JobInput
from calltools.jobs.outputs import JobPaths, put_outcome_rejects
from calltools.ledger import Ledger
from calltools.library.session import open_report
from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports import REPORTERS, form_for_path
from calltools.run import (
    ConversionSink,
    InputFile,
    OutcomeRejectsSink,
    PlannedFile,
    RunContexts,
    Session,
    SessionEvents,
    SessionSink,
)
from calltools.run.sinks import hold_back, is_held
from calltools.uploading.past_uploads import PastUploads

#: What the ledger can plan and send is plain CSV.
_PLAIN: Final = ".csv"


@dataclass(frozen=True, slots=True)
class ConvertedTable:
    """What one table of an input has become.

    Attributes:
        name: What messages call it.
        summary: Its counts, and why it could not be read, if so.
        calls: Its good records as a plain canonical file; it is there if any was written.
        output: The same in the form of the output.
        rejects: Its bad records; it is there if the job writes them and the table was read.
    """

    name: str
    summary: Summary
    calls: Path
    output: Path
    rejects: Path

    @property
    def has_calls(self) -> bool:
        """Whether there is anything to send."""
        return bool(self.summary.written)


def convert_inputs(  # noqa: PLR0913, PLR0917 - what is read, and how
    job: Job,
    inputs: Sequence[JobInput],
    contexts: RunContexts,
    paths: JobPaths,
    folder: Path,
    events: SessionEvents,
    *,
    ledger: Ledger | None,
    writes: bool,
    processes: int = 1,
) -> dict[str, list[ConvertedTable]]:
    """Convert inputs and write the reports; gives what the tables of each have become, by the key of the input.

    A table that cannot be read has the fault in its summary, and the others are converted.

    Args:
        job: The job.
        inputs: Its inputs.
        contexts: What their options mean.
        paths: Where reports go, and which form the output has.
        folder: A private folder for what is converted.
        events: Hears how far it is.
        ledger: Tells reports of the calls that were sent before; ``None``: nothing does.
        writes: Whether reports are written.
        processes: How many may work on files; more than one in a process of our own only.

    Raises:
        UsageError: The options do not fit a file, or a report cannot be written. Nothing was written then.
        SourceError: A second file cannot be read.
    """
    tables = [(one, table) for one in inputs for table in one.tables]
    files = [
        InputFile(one.local, table.name, contexts.find(job.options_for(table.name)), table.member)
        for one, table in tables
    ]
    names = [file.name for file in files]
    work = {name: _work_files(name, folder / str(number), paths) for number, name in enumerate(names)}
    reports = paths.reports if writes else ()
    draws = any(REPORTERS[form_for_path(path)].draws for path in reports)
    past = [PastUploads(lambda: nullcontext(ledger))] if draws and ledger is not None else []
    beside = OutcomeRejectsSink(folder, job.options_for("").outcomes, to_folder=True, force=True)
    with ExitStack() as stack:
        sink = _WorkSink(work, stack, rejects=paths.rejects is not None, all_or_nothing=job.on_error == "fail")
        summaries = Session(
            files,
            [sink, *past, *([enter_interrupt_safe(stack, beside)] if beside.outputs else [])],
            [open_report(path, names, job.report_options, stack, force=True) for path in reports],
            events,
            converting=True,
            wants_statistics=draws,
            may_fork=processes > 1,
            unfit_goes_on=True,
            processes=processes,
        ).run()
    if writes and paths.rejects is not None:
        for path in beside.outputs:
            put_outcome_rejects(path, fixed_folder(paths.rejects), job.name)
    converted: dict[str, list[ConvertedTable]] = {one.key: [] for one in inputs}
    for (one, table), summary in zip(tables, summaries, strict=True):
        converted[one.key].append(replace(work[table.name], summary=summary))
    return converted


def _work_files(name: str, stem: Path, paths: JobPaths) -> ConvertedTable:
    form, rejects_form = find_ending(paths.output), find_ending(paths.rejects)
    calls = stem.with_name(f"{stem.name}{_PLAIN}")
    output = calls if form == _PLAIN else stem.with_name(f"{stem.name}.output{form}")
    return ConvertedTable(name, Summary(name), calls, output, stem.with_name(f"{stem.name}.rejects{rejects_form}"))


class _WorkSink(SessionSink):
    """Writes the good and the bad records of each table to its private files."""

    def __init__(
        self, work: dict[str, ConvertedTable], stack: ExitStack, *, rejects: bool, all_or_nothing: bool
    ) -> None:
        self._work, self._stack = work, stack
        self._rejects, self._all_or_nothing = rejects, all_or_nothing
        self._current: list[ConversionSink] = []

    def wants_records(self, _path: Path) -> bool:
        """Good records are written."""
        return True

    def wants_origin(self, _path: Path) -> bool:
        """Rejects are written as the source has them."""
        return self._rejects

    def start_file(self, name: str, planned: PlannedFile | None) -> None:
        """Open the files of a table."""
        work = self._work[name]
        targets = [(work.calls, work.rejects if self._rejects else None)]
        targets += [(work.output, None)] if work.output != work.calls else []
        for calls, rejects in targets:
            sink = ConversionSink(calls, rejects, force=True, all_or_nothing=self._all_or_nothing)
            self._current.append(enter_interrupt_safe(self._stack, sink))
            sink.start_file(name, planned)

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Write a batch."""
        for sink in self._current:
            sink.take(batch, findings, bad)

    def finish_file(self, summary: Summary) -> None:
        """Complete the files of a table, before a report counts what was written."""
        for sink in self._current:
            sink.finish_file(summary)
        held = self._all_or_nothing and is_held([summary])
        for sink in self._current:
            sink.put_in_place([summary], held=held)
        if held:
            hold_back([summary])
        self._current = []

    def drop_file(self) -> None:
        """Take back what was written of a table that broke off."""
        for sink in self._current:
            sink.__exit__()
        self._current = []
