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

from calltools.model.batch import Batch, Table
from calltools.model.cells import Mask, one_chunk
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.masking import masked_titles
from calltools.validation.baseline import sift
from calltools.validation.observing import Observers
from calltools.validation.validator import Judge, loading
from calltools.workers import second_process
from calltools.workers.plan import Plan
from calltools.workers.second_process import is_large
from calltools.workers.working import Worked, worked

#: The checks cost pandera some milliseconds whatever the number of records, so many are judged at once; but not so many
#: that the end of a file waits for them.
_JUDGED_AT_ONCE: Final = 150_000
#: But no more records than this are gathered, proven ones included: of each something is held.
_GATHERED: Final = 250_000
#: For so few records pandera is called while it has nothing else to do.
_WORTH_A_CALL: Final = 100_000
#: Findings that only the end of the file shows, handed to the sinks at a time.
_HANDED_ON_AT_ONCE: Final = 100_000


#: A batch, and what the observers have said of it.
_Seen: TypeAlias = tuple[Worked, Findings]


class Sink(Protocol):
    """Takes what comes off the line, in one thread that need not be the main one."""

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Some records in the order of the file, their findings, and which rows hold an error."""


def run(  # noqa: PLR0913 - each is a part of the run
    table: Table,
    plan: Plan,
    sinks: Sequence[Sink],
    summary: Summary,
    on_read: Callable[[int], None],
    *,
    may_copy: bool = False,
) -> None:
    """Walk the whole table along the line.

    Args:
        table: What to read.
        plan: How.
        sinks: Get every batch in the order of the file; first the findings on file and header, last those that
            only the whole table shows.
        summary: Is filled in.
        on_read: Told how many records have been read so far.
        may_copy: Whether this process is ours to copy, where the file is large (``second_process``).
    """
    observers = Observers(plan.ruleset, plan.assumptions, table.source.name, plan.earlier)
    end = _End(plan, observers, Judge(plan.ruleset, plan.assumptions), sinks, summary, on_read)
    end.deliver(_EMPTY, plan.telling.told(plan.findings))
    under_way: deque[Future[None]] = deque()
    # Another file may have begun it, and a copy of this process must not lack the thread that loads.
    loading.wait()
    batches = (
        second_process.worked(table, plan, lambda: loading.done() and all(one.done() for one in under_way))
        if may_copy
        else worked(table, plan)
    )
    # pandera and the sinks have a thread of their own, which all groups pass in order; this one keeps the others busy.
    with closing(batches), ThreadPoolExecutor(1, "pandera") as last:
        if is_large(table.source.path):
            loading.begin()
        try:
            closing_words = _in_groups(last, end, batches, under_way)
        except BaseException:
            last.shutdown(wait=True, cancel_futures=True)
            raise
    said_empty = "CT001" in summary.by_code or any(code == "CT001" for code, _ in summary.accepted)
    empty = [Findings.of([{"code": "CT002"}])] if not summary.read and not said_empty else []
    # Where each record stands twice there are as many as records, and to word them all at once takes much memory.
    for some in plan.telling.told(Findings.join([*empty, closing_words])).parts(_HANDED_ON_AT_ONCE):
        end.deliver(_EMPTY, some)


def _in_groups(
    last: ThreadPoolExecutor, end: "_End", batches: Iterable[Worked], under_way: deque[Future[None]]
) -> Findings:
    """Finish all batches in order: a group as soon as the last thread has nothing to do, but not too few at once.

    Gives what only the whole table shows, found out while the last group is finished.
    """
    group: list[_Seen] = []
    judged = records = 0
    for one in batches:
        while under_way and under_way[0].done():
            under_way.popleft().result()
        group.append((one, end.observers.add(one.digests, one.batch.records, one.batch.places)))
        judged += len(one.judged.records)
        records += len(one.batch)
        enough = _GATHERED if under_way else _WORTH_A_CALL
        if judged >= _JUDGED_AT_ONCE or records >= enough:
            under_way.append(last.submit(end.finish, group))
            group, judged, records = [], 0, 0
        # Another group may wait for its turn, no more: they take memory.
        while len(under_way) > 1:
            under_way.popleft().result()
    under_way.append(last.submit(end.finish, group))
    closing_words = end.observers.close()
    for one_group in under_way:
        one_group.result()
    return closing_words


@dataclass(frozen=True, slots=True)
class _End:
    """The end of the line: what pandera says, and the sinks."""

    plan: Plan
    observers: Observers
    judge: Judge
    sinks: Sequence[Sink]
    summary: Summary
    on_read: Callable[[int], None]

    def finish(self, group: Sequence[_Seen]) -> None:
        """Let pandera speak about a group of batches, and hand them to the sinks."""
        verdict = self.plan.telling.told(self.judge.findings([one.judged for one, _ in group]))
        for one, found in self._verdicts(group, verdict):
            self.summary.joined.update(one.joined)
            if one.drawn is not None:
                self.summary.portrait.add(one.drawn)
            self.deliver(one.batch, found)
            self.on_read(self.summary.read)

    def deliver(self, batch: Batch, findings: Findings) -> None:
        """Count a batch, and hand it to the sinks."""
        if self.plan.known:
            findings = _unknown(findings, self.plan, self.summary)
        records = findings.table.filter(pc.equal(findings.table["severity"], "error"))["record"]
        wrong = np.union1d(records.drop_null().to_numpy(), [one.record for one in batch.damaged]).astype(np.int64)
        bad = np.isin(batch.records, wrong, assume_unique=True)
        findings = self.plan.telling.file_speaks(findings)
        self.summary.count(batch, findings, rejected=len(wrong) if batch.read or len(batch) else 0)
        for sink in self.sinks:
            sink.take(batch, findings, bad)

    def _verdicts(self, group: Sequence[_Seen], verdict: Findings) -> Iterator[tuple[Worked, Findings]]:
        """Each batch of the group with all its findings, in order."""
        # In the order of the file the records of a batch stand together: a slice, and nothing is copied.
        records = verdict.table["record"].to_numpy()
        for one, observed in group:
            numbers = one.batch.records
            first, last = np.searchsorted(records, [numbers[0], numbers[-1] + 1]) if len(numbers) else (0, 0)
            judged = Findings(verdict.table.slice(first, last - first))
            more = self.plan.telling.told(Findings.join([one.batch.findings, observed]))
            yield one, self.plan.telling.once(Findings.join([more, judged])) if len(more) else judged


def _unknown(findings: Findings, plan: Plan, summary: Summary) -> Findings:
    """Without what the baseline knows, and without what a header rule that it knows says of each record."""
    titles = masked_titles(one_chunk(findings.table["column"]))
    findings, accepted = sift(findings, titles, plan.known, summary.accepted)
    summary.accepted.update(accepted)
    return plan.telling.file_speaks(findings, {code for code, _ in plan.known})


_EMPTY: Final = Batch(pa.table({}), np.empty(0, np.int64), np.empty(0, np.int64))
