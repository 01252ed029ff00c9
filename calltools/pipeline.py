"""The flow on one page: read > merge legs > map > normalize > match > prove > judge > observe > sinks.

``process_batch`` is the first half, up to the proof that records are clean. It is a pure function of a batch and runs
in threads, or in a second process where the file is large (``workers``). The second half has an order: the main thread
walks the observers along the batches, and one more thread judges groups of them and feeds the sinks.
The answer does not depend on the size of blocks, on what was proven, or on the number of threads and processes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.batch_steps import (
    BatchResult,
    RunPlan,
    fill_missing_columns,
    map_columns,
    match_identifiers,
    normalize_cells,
    read_batches,
)
from calltools.fields.call_statistics import compute_call_statistics
from calltools.fields.redaction import redact_title_cells
from calltools.model.batch import Batch, Table
from calltools.model.cells import Mask, combine_chunks
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.validation.baseline import accept_known
from calltools.validation.observers import Observers
from calltools.validation.validator import PanderaJudge, load_pandera, select_unproven
from calltools.workers.batch_work import BatchWork
from calltools.workers.groups import GroupThread
from calltools.workers.second_process import is_large_file, start_work

#: Findings that only the end of the file shows, given to the sinks at a time: to word one for each record takes memory.
CLOSING_FINDINGS_PER_EMIT: Final = 100_000

#: Proven records without cells that take the memory of a record that is judged, roughly.
_PROVEN_PER_RECORD: Final = 4
#: A batch, and what the observers find in it.
_ObservedResult: TypeAlias = tuple[BatchResult, Findings]


class Sink(Protocol):
    """Takes the results at the end of the flow, in one thread that need not be the main one."""

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Some records in the order of the file, their findings, and which rows hold an error."""


def run_pipeline(  # noqa: PLR0913 - each is a part of the run
    table: Table,
    plan: RunPlan,
    sinks: Sequence[Sink],
    summary: Summary,
    on_read: Callable[[int], None],
    *,
    may_fork: bool = False,
) -> None:
    """Send a whole table through the flow.

    Args:
        table: What to read.
        plan: How.
        sinks: Get every batch in the order of the file; first the findings on file and header, last those that
            only the whole table shows.
        summary: Is filled in.
        on_read: Gets the number of records that the sinks have taken so far.
        may_fork: Whether the caller owns this process, so that it may be copied for a large file (``second_process``).
    """
    observers = Observers(plan.ruleset, plan.assumptions, table.source.name, plan.cross_file_observers)
    stage = _ResultStage(plan, PanderaJudge(plan.ruleset, plan.assumptions), sinks, summary, on_read)
    stage.emit(_EMPTY_BATCH, plan.finding_filter.locate(plan.preflight_findings))
    with (
        GroupThread(stage.finish_group) as groups,
        closing(start_work(batch_work(table, plan), table, groups.is_idle, may_fork=may_fork)) as results,
    ):
        if is_large_file(table.source.path):
            # A large file nearly always has something to judge, and pandera loads while the first block is read.
            groups.run(load_pandera)
        for result in results:
            observed = observers.add(result.digests, result.batch.records, result.batch.places)
            groups.add((result, observed), records=_group_weight(result), unproven=len(result.unproven.records))
        groups.flush()
        closing_findings = observers.close()
        groups.wait()
    if not summary.read and "CT001" not in {*summary.by_code, *(code for code, _ in summary.accepted)}:
        closing_findings = Findings.concat([Findings.from_rows([{"code": "CT002"}]), closing_findings])
    for some in plan.finding_filter.locate(closing_findings).split(CLOSING_FINDINGS_PER_EMIT):
        stage.emit(_EMPTY_BATCH, some)


def batch_work(table: Table, plan: RunPlan) -> BatchWork[BatchResult]:
    """The first half of the flow for a table: its batches, and what is done to each."""
    process = partial(process_batch, plan=plan, observers=Observers(plan.ruleset, plan.assumptions))
    # Judging takes as long as proving; to convert takes twice as long.
    return BatchWork(partial(read_batches, table, plan), process, outweighs_judging=plan.normalize)


def process_batch(batch: Batch, plan: RunPlan, observers: Observers) -> BatchResult:
    """Map, normalize, match and prove one batch, and digest it for observers and statistics."""
    batch = map_columns(batch, plan)
    batch = normalize_cells(batch, plan)
    batch, join_counts = match_identifiers(batch, plan)
    batch = fill_missing_columns(batch, plan)
    # One object a column: facts about a column are memoized by where it lies.
    columns = {name: batch.cells(name) for name in batch.columns.column_names}
    unproven = select_unproven(batch, columns, plan.ruleset, plan.assumptions, exact_only=plan.exact_only)
    digests = observers.digest(columns)
    zone = plan.assumptions.timezone
    statistics = compute_call_statistics(columns, len(batch), zone) if plan.wants_statistics else None
    if not plan.keep_records:
        batch = batch.without_cells()
    elif not plan.keep_origin:
        # Mapping needed them. They would take as much memory as the records, and be sent to another process.
        batch = replace(batch, origin=None)
    return BatchResult(batch, unproven, digests, join_counts, statistics)


@dataclass(frozen=True, slots=True)
class _ResultStage:
    """The end of the flow: pandera's verdict, and the sinks."""

    plan: RunPlan
    judge: PanderaJudge
    sinks: Sequence[Sink]
    summary: Summary
    on_read: Callable[[int], None]

    def finish_group(self, group: Sequence[_ObservedResult]) -> None:
        """Judge a group of batches at once, and hand them to the sinks one by one."""
        verdict = self.plan.finding_filter.locate(self.judge.judge([result.unproven for result, _ in group]))
        for result, findings in self._split_by_batch(group, verdict):
            self.summary.joined.update(result.join_counts)
            if result.statistics is not None:
                self.summary.call_statistics.merge(result.statistics)
            self.emit(result.batch, findings)
            self.on_read(self.summary.read)

    def emit(self, batch: Batch, findings: Findings) -> None:
        """Count a batch, and hand it to the sinks."""
        if self.plan.baseline_counts:
            findings = _without_baseline(findings, self.plan, self.summary)
        records = findings.table.filter(pc.equal(findings.table["severity"], "error"))["record"]
        wrong = np.union1d(records.drop_null().to_numpy(), batch.malformed.records).astype(np.int64)
        bad = np.isin(batch.records, wrong, assume_unique=True)
        rejected = batch.with_legs(wrong) if batch.read or len(batch) or batch.malformed else wrong[:0]
        findings = self.plan.finding_filter.suppress_repeats(findings)
        self.summary.add_batch(batch, findings, rejected)
        for sink in self.sinks:
            sink.take(batch, findings, bad)

    def _split_by_batch(
        self, group: Sequence[_ObservedResult], verdict: Findings
    ) -> Iterator[tuple[BatchResult, Findings]]:
        """Each batch of the group with all its findings, in order."""
        # The verdict is in the order of the file, so the records of a batch stand together: a slice copies nothing.
        records = verdict.table["record"].to_numpy()
        for result, observed in group:
            numbers = result.batch.records
            first, last = np.searchsorted(records, [numbers[0], numbers[-1] + 1]) if len(numbers) else (0, 0)
            judged = Findings(verdict.table.slice(first, last - first))
            more = self.plan.finding_filter.locate(Findings.concat([result.batch.findings, observed]))
            yield result, self.plan.finding_filter.deduplicate(Findings.concat([more, judged]))


def _group_weight(result: BatchResult) -> int:
    """How many records of a usual batch a batch counts for in a group: of one that is proven only numbers are held.

    pandera takes as long for a few records as for thousands, so that near-clean files are judged in few calls.
    """
    batch = result.batch
    if batch.columns.num_rows:
        return batch.read
    doubtful = len(result.unproven.records) + len(batch.findings) + len(batch.malformed)
    return min(batch.read, batch.read // _PROVEN_PER_RECORD + _PROVEN_PER_RECORD * doubtful)


def _without_baseline(findings: Findings, plan: RunPlan, summary: Summary) -> Findings:
    """Without what the baseline accepts, and without what a header rule that it accepts reports for each record."""
    titles = redact_title_cells(combine_chunks(findings.table["column"]))
    findings, accepted = accept_known(findings, titles, plan.baseline_counts, summary.accepted)
    summary.accepted.update(accepted)
    return plan.finding_filter.suppress_repeats(findings, {code for code, _ in plan.baseline_counts})


_EMPTY_BATCH: Final = Batch(pa.table({}), np.empty(0, np.int64), np.empty(0, np.int64))
