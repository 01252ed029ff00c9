"""The flow on one page: read > merge legs > map > normalize > match > prove > judge > observe > sinks.

``process_batch`` is the first half, up to the proof that records are clean. It is a pure function of a batch and runs
in threads, or in a second process where the file is large (``workers``). The second half has an order: the main thread
walks the observers along the batches, and one more thread judges groups of them and feeds the sinks.
On a cluster (``workers.dask_cluster``) ``judge_ranges`` does the first half and judges, on machines that read the file.
The answer does not depend on the size of blocks, on what was proven, or on the number of threads, processes, machines.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.batch_steps import (
    BatchResult,
    RunPlan,
    fill_missing_columns,
    find_calls,
    find_extent,
    map_columns,
    match_identifiers,
    match_outcomes,
    normalize_cells,
    number_results,
    read_batches,
    select_records,
)
from calltools.errors import SourceError
from calltools.fields.call_statistics import compute_call_statistics
from calltools.fields.kernels.byte_kernels import forget_columns
from calltools.fields.redaction import redact_title_cells
from calltools.files.parts import store_records
from calltools.matching.assignment import OutcomePersons, OutcomeTally, SeenCalls
from calltools.matching.join import IdentifierIndex
from calltools.model.batch import Batch, ByteRanges, Table
from calltools.model.cells import Cells, Mask, Numbers, combine_chunks
from calltools.model.finding import Findings
from calltools.model.summary import CallStatistics, Summary
from calltools.rules.service import outside_window
from calltools.validation.baseline import accept_known
from calltools.validation.observers import Observers
from calltools.validation.validator import (
    PanderaJudge,
    UnprovenRecords,
    load_pandera,
    select_unproven,
)
from calltools.workers.batch_work import BatchWork, Cluster, PlaceWork, RangeWork
from calltools.workers.groups import GroupThread
from calltools.workers.second_process import ForkedResults, is_large_file, start_work

#: Findings that only the end of the file shows, given to the sinks at a time: to word one for each record takes memory.
CLOSING_FINDINGS_PER_EMIT: Final = 100_000

#: Bytes of a file up to which a worker of a cluster may do all of it at once, where it cannot be cut.
WHOLE_FILE_BYTES: Final = 64 << 20
#: Batches that pandera judges at once there.
_JUDGED_TOGETHER: Final = 4

#: Proven records without cells that take the memory of a record that is judged, roughly.
_PROVEN_PER_RECORD: Final = 4
#: A batch, and what the observers find in it.
_ObservedResult: TypeAlias = tuple[BatchResult, Findings]
#: Takes the number of records so far, and of the bytes they were read from: 0 where the reader does not count them.
OnRead: TypeAlias = Callable[[int, int], None]


class Sink(Protocol):
    """Takes the results at the end of the flow, in one thread that need not be the main one."""

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Some records in the order of the file, their findings, and which rows hold an error."""


def run_pipeline(  # noqa: PLR0913 - each is a part of the run
    table: Table,
    plan: RunPlan,
    sinks: Sequence[Sink],
    summary: Summary,
    on_read: OnRead,
    *,
    may_fork: bool = False,
    cluster: Cluster | None = None,
) -> None:
    """Send a whole table through the flow.

    Args:
        table: What to read.
        plan: How.
        sinks: Get every batch in the order of the file; first the findings on file and header, last those that
            only the whole table shows.
        summary: Is filled in.
        on_read: Gets the number of records that the sinks have taken so far, and of bytes they were read from.
        may_fork: Whether the caller owns this process, so that it may be copied for a large file (``second_process``).
        cluster: Reads and judges the table, if it can be read by ranges.
    """
    observers = Observers(plan.ruleset, plan.assumptions, table.source.name, plan.cross_file_observers)
    stage = _ResultStage(plan, PanderaJudge(plan.ruleset, plan.assumptions), sinks, summary, on_read)
    stage.emit_findings(plan.preflight_findings)
    work = batch_work(table, plan)
    with (
        GroupThread(stage.finish_group) as groups,
        closing(
            start_work(work, table, groups.is_idle, may_fork=may_fork)
            if cluster is None or work.ranges is None
            else cluster.results(table, work.ranges)
        ) as results,
    ):
        if cluster is None and is_large_file(table.source.path):
            # A large file nearly always has something to judge, and pandera loads while the first block is read.
            groups.run(load_pandera)
        for result in results:
            observed = observers.add(result.digests, result.batch.records, result.batch.places)
            groups.add((result, observed), records=_group_weight(result), unproven=len(result.unproven.records))
        groups.flush()
        closing_findings = observers.close()
        groups.wait()
    _close_table(stage, closing_findings)


def finish_table(  # noqa: PLR0913, PLR0917 - those of run_pipeline, and what is done already
    table: Table,
    plan: RunPlan,
    sinks: Sequence[Sink],
    summary: Summary,
    on_read: OnRead,
    results: Iterable[BatchResult],
) -> None:
    """The second half of the flow for a small table whose batches have been through the first: without threads.

    Args:
        table: As for ``run_pipeline``; it is not read.
        plan: As there.
        sinks: As there.
        summary: As there.
        on_read: As there.
        results: What the first half has made of its batches. An exception that it raises ends the table.
    """
    observers, stage = _begin_table(table, plan, sinks, summary, on_read)
    group = [(result, observers.add(result.digests, result.batch.records, result.batch.places)) for result in results]
    stage.finish_group(group)
    _close_table(stage, observers.close())


def _begin_table(
    table: Table, plan: RunPlan, sinks: Sequence[Sink], summary: Summary, on_read: OnRead
) -> "tuple[Observers, _ResultStage]":
    observers = Observers(plan.ruleset, plan.assumptions, table.source.name, plan.cross_file_observers)
    stage = _ResultStage(plan, PanderaJudge(plan.ruleset, plan.assumptions), sinks, summary, on_read)
    stage.emit_findings(plan.preflight_findings)
    return observers, stage


def _close_table(stage: "_ResultStage", closing_findings: Findings) -> None:
    """Give the sinks what only the whole table shows."""
    summary = stage.summary
    if not summary.read and "CT001" not in {*summary.by_code, *(code for code, _ in summary.accepted)}:
        closing_findings = Findings.concat([Findings.from_rows([{"code": "CT002"}]), closing_findings])
    stage.emit_findings(closing_findings)


def see_calls(
    table: Table, plan: RunPlan, persons: OutcomePersons, *, may_fork: bool = False
) -> "Generator[SeenCalls] | ForkedResults[SeenCalls]":
    """The calls of a table whose persons files of outcomes know, batch by batch; close it, also when it breaks off.

    Args:
        table: What to read.
        plan: How.
        persons: Of the files of outcomes.
        may_fork: Whether the caller owns this process, so that it may be copied for a large file.
    """
    plan = replace(plan, keep_origin=False)
    find = partial(find_calls, plan=plan, persons=persons)
    work = BatchWork(partial(read_batches, table, plan), find, outweighs_judging=True)
    return start_work(work, table, may_fork=may_fork)


def batch_work(table: Table, plan: RunPlan) -> BatchWork[BatchResult]:
    """The first half of the flow for a table: its batches, and what is done to each."""
    process = partial(process_batch, plan=plan, observers=Observers(plan.ruleset, plan.assumptions))
    # Judging takes as long as proving; to convert takes twice as long.
    return BatchWork(
        partial(read_batches, table, plan),
        process,
        plan.normalize,
        _range_work(table, plan),
        _place_work(table, plan, process),
    )


def _place_work(table: Table, plan: RunPlan, process: Callable[[Batch], BatchResult]) -> PlaceWork[BatchResult] | None:
    """The same by the places of blocks in the file; ``None``: the blocks are not independent of each other."""
    if table.ranges is None or _merges_legs(plan):
        return None

    def process_alone(batch: Batch) -> BatchResult:
        return replace(process(select_records(batch, table.titles, plan)), extent=find_extent(batch))

    read = partial(_read_here, ranges=table.ranges, name=table.source.name)
    return PlaceWork(table.ranges.tasks, read, process_alone, lambda results: number_results([one] for one in results))


def _read_here(place: object, ranges: ByteRanges, name: str) -> Batch:
    """The batch of a place; its file is one of this machine, and no worker of a cluster is to blame."""
    try:
        return ranges.read(place)
    except SourceError as fault:
        if fault.key == "range-changed":
            raise SourceError("file-changed", path=name) from None
        raise SourceError("file-unreadable", path=name, reason=fault.facts["reason"]) from None


def _merges_legs(plan: RunPlan) -> bool:
    """Whether several records may be one call, so that blocks are not independent of each other."""
    return plan.mapping is not None and plan.mapping.merges_legs


def _range_work(table: Table, plan: RunPlan) -> RangeWork[BatchResult] | None:
    """The same by ranges of the file, or by one that is all of it; ``None``: only this process can read it."""
    # What only this process knows or needs is not sent.
    sent = replace(plan, preflight_findings=Findings.empty(), baseline_counts={}, cross_file_observers={}, index=None)
    if table.ranges is not None and not _merges_legs(plan):
        judge = partial(judge_ranges, ranges=table.ranges, titles=table.titles, plan=sent)
        return RangeWork(table.ranges.scan, judge, number_results, plan.index)
    # The legs of a call may lie anywhere, and a rewritten stream has no places of its own.
    if not table.can_cross_processes or is_large_file(table.source.path, WHOLE_FILE_BYTES):
        return None
    judge = partial(judge_table, table=table, plan=sent)
    return RangeWork(lambda: iter([None]), judge, chain.from_iterable, plan.index)


def judge_ranges(
    found: Sequence[object], index: IdentifierIndex | None, ranges: ByteRanges, titles: tuple[str, ...], plan: RunPlan
) -> list[BatchResult]:
    """The first half of the flow, and pandera's verdict, for ranges of a file that follow one another.

    Args:
        found: What the scan of the ranges has found.
        index: Identifiers from a second file.
        ranges: Read it.
        titles: Of the table.
        plan: How, but for ``index``.

    Returns:
        A result for each range; records are counted from the first one of all these ranges, blank lines not reported.
    """
    plan = replace(plan, index=index)
    plan, kept = _keep_until_stored(plan), plan
    observers, results, count = Observers(plan.ruleset, plan.assumptions), [], 0
    for one in found:
        batch = ranges.read(one)
        extent, count, before = find_extent(batch), count + batch.read, count
        result = process_batch(select_records(batch.shift_records(before), titles, plan), plan, observers)
        results.append(replace(result, extent=extent))
    judged = _judge_together(results, PanderaJudge(plan.ruleset, plan.assumptions), plan)
    return [_store(result, kept) for result in judged]


def judge_table(
    _found: Sequence[object], index: IdentifierIndex | None, table: Table, plan: RunPlan
) -> list[BatchResult]:
    """The same for a whole table; its records have their numbers, and its blank lines are reported."""
    plan = replace(plan, index=index)
    plan, kept = _keep_until_stored(plan), plan
    observers, judge = Observers(plan.ruleset, plan.assumptions), PanderaJudge(plan.ruleset, plan.assumptions)
    try:
        results = [process_batch(batch, plan, observers) for batch in read_batches(table, plan, map)]
    except OSError as fault:
        raise SourceError("range-unreadable", path=table.source.path, reason=fault.strerror or "") from None
    some = range(0, len(results), _JUDGED_TOGETHER)
    return [
        _store(one, kept) for at in some for one in _judge_together(results[at : at + _JUDGED_TOGETHER], judge, plan)
    ]


def _keep_until_stored(plan: RunPlan) -> RunPlan:
    """The plan of what comes before the good records of a batch are stored."""
    return plan if plan.store is None else replace(plan, keep_records=True)


def _store(result: BatchResult, plan: RunPlan) -> BatchResult:
    """The result with its good records stored, where the plan says so; others only where a sink here wants them."""
    if plan.store is None or result.verdict is None:
        return result
    batch, findings = result.batch, plan.finding_filter.locate(result.batch.findings)
    findings = plan.finding_filter.deduplicate(Findings.concat([findings, result.verdict]))
    good = ~np.isin(batch.records, _wrong_records(batch, findings), assume_unique=True)
    stored = store_records(batch.columns.filter(pa.array(good)), plan.store)
    if not plan.keep_records:
        origin = batch.origin if plan.keep_origin else None
        legs = batch.legs if plan.keep_origin else batch.without_cells().legs
        batch = replace(batch.without_cells(), origin=origin, legs=legs)
    return replace(result, batch=replace(batch, stored=stored))


def _wrong_records(batch: Batch, findings: Findings) -> Numbers:
    """The numbers of the records of a batch that hold an error, by all findings on it."""
    records = findings.table["record"].filter(pc.equal(findings.table["severity"], "error"))
    return np.union1d(records.drop_null().to_numpy(), batch.malformed.records).astype(np.int64)


def _judge_together(results: Sequence[BatchResult], judge: PanderaJudge, plan: RunPlan) -> list[BatchResult]:
    verdict = plan.finding_filter.locate(judge.judge([result.unproven for result in results]))
    nothing = UnprovenRecords(pa.table({}), np.empty(0, np.int64), np.empty(0, np.int64))
    return [
        # A slice would take the rows of all others with it on its way.
        replace(result, unproven=nothing, verdict=judged.copy())
        for result, judged in zip(results, _split_verdict(verdict, results), strict=True)
    ]


def process_batch(batch: Batch, plan: RunPlan, observers: Observers) -> BatchResult:
    """Map, normalize, match and prove one batch, and digest it for observers and statistics."""
    made = make_canonical(batch, plan)
    unproven = select_unproven(made.batch, made.columns, plan.ruleset, plan.assumptions, exact_only=plan.exact_only)
    result = digest_batch(made, unproven, plan, observers)
    # Nobody looks at these columns again, and until 16 others have come kernels would hold them.
    forget_columns()
    return result


@dataclass(frozen=True, slots=True)
class CanonicalBatch:
    """A batch with canonical columns, these columns, and what second files gave it: counts of ``BatchResult``."""

    batch: Batch
    columns: Mapping[str, Cells]
    join_counts: Mapping[str, int]
    outcomes: OutcomeTally

    @classmethod
    def of(cls, batch: Batch, join_counts: Mapping[str, int], outcomes: OutcomeTally) -> "CanonicalBatch":
        """A batch with canonical columns, and these counts."""
        # One object a column: facts about a column are memoized by where it lies.
        return cls(batch, {name: batch.cells(name) for name in batch.columns.column_names}, join_counts, outcomes)


def make_canonical(batch: Batch, plan: RunPlan) -> CanonicalBatch:
    """Map, normalize and match one batch; what is counted of its records is not summed up yet."""
    batch = map_columns(batch, plan)
    batch = normalize_cells(batch, plan)
    batch, join_counts = match_identifiers(batch, plan)
    batch, outcomes = match_outcomes(batch, plan)
    batch = fill_missing_columns(batch, plan)
    return CanonicalBatch.of(batch, join_counts, outcomes)


def digest_batch(
    made: CanonicalBatch,
    unproven: UnprovenRecords,
    plan: RunPlan,
    observers: Observers,
    digests: Mapping[str, Any] | None = None,
) -> BatchResult:
    """The result of a batch: its counts, its digests, and of its records what a sink wants.

    Args:
        made: The batch.
        unproven: Those of its records that are not proven.
        plan: Says what a sink wants.
        observers: Digest it.
        digests: Its digests, where they are known.
    """
    batch = made.batch.sum_counts()
    digests = observers.digest(made.columns) if digests is None else digests
    statistics = _count_calls(made.columns, len(batch), plan) if plan.wants_statistics else None
    if not plan.keep_records:
        batch = batch.without_cells()
    elif not plan.keep_origin:
        # Mapping needed them. They would take as much memory as the records, and be sent to another process.
        batch = replace(batch, origin=None)
    return BatchResult(batch, unproven, digests, made.join_counts, made.outcomes, statistics)


def _count_calls(columns: Mapping[str, Cells], count: int, plan: RunPlan) -> CallStatistics:
    lost = outside_window(columns, plan.assumptions) if "DateTime" in columns else None
    return compute_call_statistics(columns, count, plan.assumptions.timezone, lost)


@dataclass(frozen=True, slots=True)
class _ResultStage:
    """The end of the flow: pandera's verdict, and the sinks."""

    plan: RunPlan
    judge: PanderaJudge
    sinks: Sequence[Sink]
    summary: Summary
    on_read: OnRead

    def finish_group(self, group: Sequence[_ObservedResult]) -> None:
        """Judge a group of batches at once, and hand them to the sinks one by one."""
        for result, findings in self._gather_findings(group):
            self.summary.joined.update(result.join_counts)
            if result.statistics is not None:
                self.summary.call_statistics.merge(result.statistics)
            self.emit(result.batch, findings, result.outcomes)
            self.on_read(self.summary.read, self.summary.bytes_read)
        forget_columns()

    def emit(self, batch: Batch, findings: Findings, outcomes: OutcomeTally | None = None) -> None:
        """Count a batch, and hand it to the sinks."""
        if self.plan.baseline_counts:
            findings = _without_baseline(findings, self.plan, self.summary)
        wrong = _wrong_records(batch, findings)
        bad = np.isin(batch.records, wrong, assume_unique=True)
        rejected = batch.with_legs(wrong) if batch.read or len(batch) or batch.malformed else wrong[:0]
        findings = self.plan.finding_filter.suppress_repeats(findings)
        self.summary.add_batch(batch, findings, rejected)
        if outcomes is not None:
            self.summary.outcomes.update(outcomes.count(bad))
        for sink in self.sinks:
            sink.take(batch, findings, bad)

    def emit_findings(self, findings: Findings) -> None:
        """Locate and hand on what is on no batch: on the file, its header, or all of its records."""
        for some in self.plan.finding_filter.locate(findings).split(CLOSING_FINDINGS_PER_EMIT):
            if len(some):
                self.emit(_EMPTY_BATCH, some)

    def _gather_findings(self, group: Sequence[_ObservedResult]) -> Iterator[tuple[BatchResult, Findings]]:
        """Each batch of the group with all its findings, in order."""
        waiting = [result for result, _ in group if result.verdict is None]
        unproven = [result.unproven for result in waiting]
        verdict = self.plan.finding_filter.locate(self.judge.judge(unproven)) if waiting else Findings.empty()
        judged = _split_verdict(verdict, waiting)
        for result, observed in group:
            more = self.plan.finding_filter.locate(Findings.concat([result.batch.findings, observed]))
            of_records = next(judged) if result.verdict is None else result.verdict
            yield result, self.plan.finding_filter.deduplicate(Findings.concat([more, of_records]))


def _split_verdict(verdict: Findings, results: Sequence[BatchResult]) -> Iterator[Findings]:
    """The verdict on some batches together, as that on each of them."""
    # It is in the order of the file, so the records of a batch stand together: a slice copies nothing.
    records = verdict.table["record"].to_numpy()
    for result in results:
        numbers = result.batch.records
        first, last = np.searchsorted(records, [numbers[0], numbers[-1] + 1]) if len(numbers) else (0, 0)
        yield Findings(verdict.table.slice(first, last - first))


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
