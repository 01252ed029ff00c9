"""Sinks of a run: findings kept, good records and rejects written, reporters fed, a baseline counted and written."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, Self

import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.redaction import redact_title_cells
from calltools.files.atomic import AtomicFile, enter_interrupt_safe
from calltools.files.csv.writers import CanonicalWriter, RejectsWriter
from calltools.files.parts import Part, PartsWriter, WrittenPart, is_in_parts, write_parts
from calltools.model.batch import Batch
from calltools.model.cells import Mask, combine_chunks
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary, total_of
from calltools.pipeline import Sink
from calltools.reports.reporter import RecordReporter, Reporter, TableReporter
from calltools.run.outcomes import OutcomeMatch
from calltools.run.planned_file import PlannedFile
from calltools.validation.baseline import Baseline, RuleAndColumn, count_findings
from calltools.workers.batch_work import Cluster, RangeWork

#: Of a larger file no records are kept for reporters: it is read in as little memory as possible.
MAX_BYTES_WITH_RECORDS: Final = 64 << 20


class SessionSink(Sink, Protocol):
    """Takes the batches of several files. A class that names this one as its base need only define ``take``."""

    def wants_records(self, path: Path) -> bool:
        """Whether batches of this file must come with their records."""
        return False

    def wants_origin(self, path: Path) -> bool:
        """Whether these batches must have the records as they are in the file, too, and not only canonical ones."""
        return self.wants_records(path)

    def take_outcomes(self, outcomes: OutcomeMatch) -> None:
        """What became of the records of files of outcomes; before the first file begins, if the run has such files."""
        return

    def start_file(self, name: str, planned: PlannedFile | None) -> None:
        """A file begins. ``planned`` is ``None`` where it cannot be read; only reporters are told of such a file."""
        return

    def finish_file(self, summary: Summary) -> None:
        """The file that was started has ended; a sink may complete the summary."""
        return

    def use_cluster(self, cluster: Cluster) -> Path | None:
        """Called before files are opened where a cluster works; gives the folder where workers may store good records.

        Batches whose records are stored come with ``Batch.stored``, and with cells only if another sink wants them.
        """
        return None

    def drop_file(self) -> None:
        """The file that was started broke off: what was taken of it counts for nothing. Reporters are not told."""
        return

    def close(self, summaries: Sequence[Summary]) -> None:
        """All files have ended. Not called when an exception ends the run."""
        return


@dataclass(slots=True)
class FindingsCollector(SessionSink):
    """Keeps the findings of a run, in their order."""

    parts: list[Findings] = field(default_factory=list)

    def take(self, _batch: Batch, findings: Findings, _bad: Mask) -> None:
        """Keep the findings of a batch."""
        if len(findings):
            self.parts.append(findings)

    @property
    def findings(self) -> Findings:
        """All that were kept."""
        return Findings.concat(self.parts)


class ConversionSink(SessionSink):
    """Writes good records to the output and bad ones to the rejects. A context manager.

    Leaving the context discards what ``close`` has not put in its place.

    Args:
        output: Where good records go: a file that must not exist yet, or a stream; ``PART`` in its name: several files.
            An output that holds nothing is not written if a file could not be read.
        rejects: Where bad records go, as the source has them.
        force: Overwrite existing files.
        all_or_nothing: Write no good record if any record is bad or any file unreadable.

    Attributes:
        holds_nothing: After ``close``: whether nothing was written because no file could be read.
    """

    def __init__(
        self, output: Path | BinaryIO, rejects: Path | None = None, *, force: bool = False, all_or_nothing: bool = False
    ) -> None:
        self._writer: CanonicalWriter | PartsWriter = (
            PartsWriter(output, force=force)
            if isinstance(output, Path) and is_in_parts(output)
            else CanonicalWriter(output, force=force)
        )
        self._rejects = None if rejects is None else RejectsWriter(rejects, force=force)
        self._all_or_nothing = all_or_nothing
        self._written = 0
        self.holds_nothing = False
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Refuse at once what could not be written at the end.

        Raises:
            OutputError: A place is taken, or cannot be written.
        """
        enter_interrupt_safe(self._stack, self._writer)
        if self._rejects is not None:
            enter_interrupt_safe(self._stack, self._rejects)
        return self

    def __exit__(self, *_: object) -> None:
        """Discard what is not in its place."""
        self._stack.close()

    def wants_records(self, _path: Path) -> bool:
        """Good records are written."""
        return True

    def wants_origin(self, _path: Path) -> bool:
        """Rejects are written as the source has them."""
        return self._rejects is not None

    def use_cluster(self, cluster: Cluster) -> Path | None:
        """Parts are written by workers, and what comes into them is stored by workers."""
        if not isinstance(self._writer, PartsWriter):
            return None
        # The writer stands for the table whose results are wanted.
        return self._writer.use_workers(lambda parts: cluster.results(self._writer, write_work(parts)))

    def start_file(self, _name: str, planned: PlannedFile | None) -> None:
        """Begin a part of the rejects: files may have different headers."""
        self._written = 0
        self._writer.start_file()
        if self._rejects is not None and planned is not None:
            self._rejects.start_file()
            self._rejects.write_header(planned.table.titles)

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Write a batch."""
        if self._rejects is not None:
            self._rejects.write_rejected(batch, findings, bad)
        if not len(batch):
            return
        good = int((~bad).sum())
        self._written += good
        if batch.stored is not None and isinstance(self._writer, PartsWriter):
            # Who has stored them saw the findings of their batch alone.
            assert batch.stored.count == good, "records were stored that are bad"  # noqa: S101 - it would be a defect
            self._writer.add(batch.stored)
        else:
            self._writer.write(batch.columns if good == len(bad) else batch.columns.filter(pa.array(~bad)))

    def finish_file(self, summary: Summary) -> None:
        """Count what was written."""
        summary.written = self._written

    def drop_file(self) -> None:
        """Take back what was written of the file."""
        self._writer.drop_file()
        if self._rejects is not None:
            self._rejects.drop_file()

    def close(self, summaries: Sequence[Summary]) -> None:
        """Put the outputs in their places. Good records that are held back count as skipped."""
        held = self._all_or_nothing and is_held(summaries)
        self.put_in_place(summaries, held=held)
        if held:
            hold_back(summaries)

    def complete(self) -> None:
        """Write everything; nothing is open any more, and only the names are still those of temporary files.

        Raises:
            OutputError: The disk is full.
        """
        self._writer.complete()
        if self._rejects is not None:
            self._rejects.complete()

    def put_in_place(self, summaries: Sequence[Summary], *, held: bool) -> None:
        """Give the outputs their names.

        Args:
            summaries: Of the files whose records were taken.
            held: Whether the good records are not written.
        """
        unread = any(summary.error for summary in summaries)
        self.holds_nothing = unread and not any(summary.written for summary in summaries)
        try:
            if held or self.holds_nothing:
                self._writer.discard()
            elif isinstance(self._writer, PartsWriter):
                self._writer.close(count_records(summaries))
            else:
                self._writer.close()
            if self._rejects is not None and (not unread or any(summary.rejected for summary in summaries)):
                self._rejects.close()
        except BaseException:
            self.withdraw()
            raise

    def withdraw(self) -> None:
        """Take back the outputs that have their names: what belongs to them could not be written."""
        self._writer.withdraw()
        if self._rejects is not None:
            self._rejects.withdraw()


def write_work(parts: Sequence[Part]) -> RangeWork[WrittenPart]:
    """The writing of parts, as work for a cluster."""
    return RangeWork(lambda: iter(parts), write_parts, chain.from_iterable)


def count_records(summaries: Sequence[Summary]) -> dict[str, Any]:
    """Records of all files, for a manifest: read is what was written, skipped and rejected together."""
    total = total_of(summaries)
    return {
        "read": total.read,
        "written": total.written or 0,
        "skipped": dict(sorted(total.skipped.items())),
        "rejected": total.rejected,
    }


def is_held(summaries: Sequence[Summary]) -> bool:
    """Whether good records are not written where all or none are wanted."""
    return any(summary.rejected or summary.error for summary in summaries)


def hold_back(summaries: Sequence[Summary]) -> None:
    """Count good records that were not written as skipped."""
    for summary in summaries:
        summary.skipped["held"] += summary.written or 0
        summary.written = 0 if summary.error is None else None


@dataclass(slots=True)
class ReporterSink(SessionSink):
    """Feeds a reporter.

    Attributes:
        reporter: Writes one form of report.
        errors_only: Keep warnings and notes from it.
    """

    reporter: Reporter
    errors_only: bool = False
    _layout: Mapping[str, tuple[str, int]] = field(default_factory=dict, init=False)
    # What the reporter can show, found out once: to compare an object with a protocol looks at each of its names.
    _records: RecordReporter | None = field(init=False)
    _tables: TableReporter | None = field(init=False)

    def __post_init__(self) -> None:
        self._records = self.reporter if isinstance(self.reporter, RecordReporter) else None
        self._tables = self.reporter if isinstance(self.reporter, TableReporter) else None

    def wants_records(self, path: Path) -> bool:
        """Whether it shows findings in their records, and the file is small enough."""
        shows = self._records is not None and self._records.wants_records
        return shows and path.is_file() and path.stat().st_size <= MAX_BYTES_WITH_RECORDS

    def start_file(self, name: str, planned: PlannedFile | None) -> None:
        """Start the part of a file."""
        self._layout = {} if planned is None else planned.plan.layout
        self.reporter.start(None if planned is None else planned.table.source, name)
        if planned is not None and self._tables is not None:
            self._tables.take_table(planned.table)

    def take(self, batch: Batch, findings: Findings, _bad: Mask) -> None:
        """Hand on the findings."""
        if self._records is not None:
            self._records.take_records(batch, findings, self._layout)
        if self.errors_only and len(findings):
            findings = findings.filter(pc.equal(findings.table["severity"], Severity.ERROR.value))
        if len(findings):
            self.reporter.take(findings)

    def finish_file(self, summary: Summary) -> None:
        """End the part of a file."""
        self.reporter.finish(summary)

    def close(self, summaries: Sequence[Summary]) -> None:
        """End the report."""
        self.reporter.close(list(summaries))


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """What a run means for a baseline.

    Attributes:
        written: Whether a new baseline was written.
        accepted_count: Findings that the old one knows.
        gone_count: Findings that the old one knows and that are no longer found.
        total: Findings that the new one knows, in all its files.
    """

    written: bool
    accepted_count: int
    gone_count: int
    total: int


class BaselineWriter(SessionSink):
    """Counts the findings of each file and writes them as a baseline. A context manager.

    ``close`` sets ``result``. Leaving the context discards what ``close`` has not put in its place.

    Args:
        target: The file to write; ``None``: only count what the old baseline knows.
        before: The old baseline, empty if there is none.
        shrink_only: Only remove findings: those still found stay, new ones are not added, and what the old baseline
            says of files and rules that this run did not look at stays, too.
        force: Overwrite an existing file.
    """

    def __init__(
        self, target: Path | None, before: Baseline, *, shrink_only: bool = False, force: bool = False
    ) -> None:
        self.result = BaselineResult(written=False, accepted_count=0, gone_count=0, total=0)
        self._before = before
        self._after = before
        self._shrink_only = shrink_only
        self._file = None if target is None else AtomicFile(target, force=force)
        self._stream: BinaryIO | None = None
        self._known: Mapping[RuleAndColumn, int] = {}
        self._file_counts: Counter[RuleAndColumn] = Counter()
        self._accepted_count = 0
        self._gone_count = 0

    def __enter__(self) -> Self:
        """Refuse at once what could not be written at the end.

        Raises:
            OutputError: The place is taken, or cannot be written.
        """
        if self._file is not None:
            self._stream = self._file.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Discard what is not in its place."""
        if self._file is not None:
            self._file.discard()

    def start_file(self, _name: str, planned: PlannedFile | None) -> None:
        """Look up what the old baseline knows of the file, of the rules that are applied."""
        self._known = {} if planned is None else planned.plan.baseline_counts
        self._file_counts = Counter()

    def take(self, _batch: Batch, findings: Findings, _bad: Mask) -> None:
        """Count, where new findings are wanted."""
        if self._stream is not None and not self._shrink_only:
            titles = redact_title_cells(combine_chunks(findings.table["column"]))
            self._file_counts.update(count_findings(findings, titles))

    def finish_file(self, summary: Summary) -> None:
        """Put the counts of the file in the new baseline."""
        unspent = {spot: count - summary.accepted[spot] for spot, count in self._known.items()}
        self._gone_count += sum(unspent.values())
        self._accepted_count += summary.accepted.total()
        if self._shrink_only:
            counts = Counter(self._before.counts_for(summary.name)) - Counter(unspent)
        else:
            # Of a file that is named twice the larger counts, not their sum.
            counts = self._file_counts | Counter(self._after.counts_for(summary.name))
        self._after = self._after.with_counts(summary.name, counts)

    def close(self, summaries: Sequence[Summary]) -> None:
        """Write the new baseline, unless a file could not be read: its findings are not known."""
        written = self._stream is not None and not any(summary.error for summary in summaries)
        if self._file is not None and self._stream is not None and written:
            self._stream.write(self._after.to_json().encode())
            self._file.commit()
        total = sum(sum(known.values()) for known in self._after.files.values())
        self.result = BaselineResult(written, self._accepted_count, self._gone_count, total)
