"""The flow, on one page: read > merge legs > map > normalize > match > validate > observe > sinks.

Everything up to the proof that a record is clean is done batch by batch in ``workers``: in threads of this process, or
in a second one where the file is large. Here one thread puts what comes from there in groups, and another lets pandera
speak about the records that are not proven, and feeds the sinks. The answer does not depend on the size of blocks, on
the road through a block, or on the number of threads and processes.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.redaction import redact_title_cells
from calltools.model.batch import Batch, Table
from calltools.model.cells import Mask, combine_chunks
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.validation.baseline import accept_known
from calltools.validation.observers import Observers
from calltools.validation.validator import PanderaJudge, load_pandera
from calltools.workers import second_process
from calltools.workers.batch_processor import BatchResult, RunPlan, process_batches
from calltools.workers.second_process import is_large_file

#: The checks cost pandera some milliseconds whatever the number of records, so many are judged at once; but not so many
#: that the end of a file waits for them.
_MAX_UNPROVEN_PER_GROUP: Final = 150_000
#: But no more records than this are gathered, proven ones included: of each something is held.
_MAX_RECORDS_PER_GROUP: Final = 250_000
#: For so few records pandera is called while it has nothing else to do.
_IDLE_GROUP_RECORDS: Final = 100_000
#: Findings that only the end of the file shows, handed to the sinks at a time.
_CLOSING_FINDINGS_PER_EMIT: Final = 100_000


#: A batch, and what the observers have said of it.
_ObservedResult: TypeAlias = tuple[BatchResult, Findings]


class Sink(Protocol):
    """Takes what comes off the line, in one thread that need not be the main one."""

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
    """Walk the whole table along the line.

    Args:
        table: What to read.
        plan: How.
        sinks: Get every batch in the order of the file; first the findings on file and header, last those that
            only the whole table shows.
        summary: Is filled in.
        on_read: Told how many records have been read so far.
        may_fork: Whether this process is ours to copy, where the file is large (``second_process``).
    """
    observers = Observers(plan.ruleset, plan.assumptions, table.source.name, plan.cross_file_observers)
    end = _ResultStage(plan, observers, PanderaJudge(plan.ruleset, plan.assumptions), sinks, summary, on_read)
    end.emit(_EMPTY_BATCH, plan.finding_filter.locate(plan.preflight_findings))
    under_way: deque[Future[None]] = deque()
    batches = (
        second_process.process_batches_forked(table, plan, lambda: all(one.done() for one in under_way))
        if may_fork
        else process_batches(table, plan)
    )
    # pandera and the sinks have a thread of their own, which all groups pass in order; this one keeps the others busy.
    with closing(batches), ThreadPoolExecutor(1, "pandera") as last:
        if is_large_file(table.source.path):
            under_way.append(last.submit(load_pandera))
        try:
            closing_words = _process_groups(last, end, batches, under_way)
        except BaseException:
            last.shutdown(wait=True, cancel_futures=True)
            raise
    said_empty = "CT001" in summary.by_code or any(code == "CT001" for code, _ in summary.accepted)
    empty = [Findings.from_rows([{"code": "CT002"}])] if not summary.read and not said_empty else []
    # Where each record stands twice there are as many as records, and to word them all at once takes much memory.
    for some in plan.finding_filter.locate(Findings.concat([*empty, closing_words])).split(_CLOSING_FINDINGS_PER_EMIT):
        end.emit(_EMPTY_BATCH, some)


def _process_groups(
    last: ThreadPoolExecutor, stage: "_ResultStage", batches: Iterable[BatchResult], under_way: deque[Future[None]]
) -> Findings:
    """Finish all batches in order: a group as soon as the last thread has nothing to do, but not too few at once.

    Gives what only the whole table shows, found out while the last group is finished.
    """
    group: list[_ObservedResult] = []
    judged = records = 0
    for one in batches:
        while under_way and under_way[0].done():
            under_way.popleft().result()
        group.append((one, stage.observers.add(one.digests, one.batch.records, one.batch.places)))
        judged += len(one.unproven.records)
        records += len(one.batch)
        enough = _MAX_RECORDS_PER_GROUP if under_way else _IDLE_GROUP_RECORDS
        if judged >= _MAX_UNPROVEN_PER_GROUP or records >= enough:
            under_way.append(last.submit(stage.process_group, group))
            group, judged, records = [], 0, 0
        # Another group may wait for its turn, no more: they take memory.
        while len(under_way) > 1:
            under_way.popleft().result()
    under_way.append(last.submit(stage.process_group, group))
    closing_words = stage.observers.close()
    for one_group in under_way:
        one_group.result()
    return closing_words


@dataclass(frozen=True, slots=True)
class _ResultStage:
    """The end of the line: what pandera says, and the sinks."""

    plan: RunPlan
    observers: Observers
    judge: PanderaJudge
    sinks: Sequence[Sink]
    summary: Summary
    on_read: Callable[[int], None]

    def process_group(self, group: Sequence[_ObservedResult]) -> None:
        """Let pandera speak about a group of batches, and hand them to the sinks."""
        verdict = self.plan.finding_filter.locate(self.judge.judge([one.unproven for one, _ in group]))
        for one, found in self._split_by_batch(group, verdict):
            self.summary.joined.update(one.join_counts)
            if one.statistics is not None:
                self.summary.call_statistics.merge(one.statistics)
            self.emit(one.batch, found)
            self.on_read(self.summary.read)

    def emit(self, batch: Batch, findings: Findings) -> None:
        """Count a batch, and hand it to the sinks."""
        if self.plan.baseline_counts:
            findings = _without_baseline(findings, self.plan, self.summary)
        records = findings.table.filter(pc.equal(findings.table["severity"], "error"))["record"]
        wrong = np.union1d(records.drop_null().to_numpy(), [one.record for one in batch.malformed]).astype(np.int64)
        bad = np.isin(batch.records, wrong, assume_unique=True)
        findings = self.plan.finding_filter.suppress_repeats(findings)
        self.summary.add_batch(batch, findings, rejected=len(wrong) if batch.read or len(batch) else 0)
        for sink in self.sinks:
            sink.take(batch, findings, bad)

    def _split_by_batch(
        self, group: Sequence[_ObservedResult], verdict: Findings
    ) -> Iterator[tuple[BatchResult, Findings]]:
        """Each batch of the group with all its findings, in order."""
        # In the order of the file the records of a batch stand together: a slice, and nothing is copied.
        records = verdict.table["record"].to_numpy()
        for one, observed in group:
            numbers = one.batch.records
            first, last = np.searchsorted(records, [numbers[0], numbers[-1] + 1]) if len(numbers) else (0, 0)
            judged = Findings(verdict.table.slice(first, last - first))
            more = self.plan.finding_filter.locate(Findings.concat([one.batch.findings, observed]))
            yield one, self.plan.finding_filter.deduplicate(Findings.concat([more, judged])) if len(more) else judged


def _without_baseline(findings: Findings, plan: RunPlan, summary: Summary) -> Findings:
    """Without what the baseline knows, and without what a header rule that it knows says of each record."""
    titles = redact_title_cells(combine_chunks(findings.table["column"]))
    findings, accepted = accept_known(findings, titles, plan.baseline_counts, summary.accepted)
    summary.accepted.update(accepted)
    return plan.finding_filter.suppress_repeats(findings, {code for code, _ in plan.baseline_counts})


_EMPTY_BATCH: Final = Batch(pa.table({}), np.empty(0, np.int64), np.empty(0, np.int64))
