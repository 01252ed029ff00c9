"""The flow, on one page: read > merge legs > map > normalize > match > validate > observe > sinks.

``process`` is a pure function of one batch and runs in worker threads; everything in it works on whole columns
and releases the interpreter lock. The main thread puts batches in order; another one lets pandera speak about the
records that are not proven clean, and feeds the sinks. The answer does not depend on the size of blocks, on the road
through a block, or on the number of threads.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.normalize import normalize
from calltools.fields.portrait import portrait
from calltools.matching.identifiers import Index, join
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, Table
from calltools.model.cells import Mask, one_chunk
from calltools.model.finding import Findings
from calltools.model.portrait import Portrait
from calltools.model.summary import Summary
from calltools.reports.masking import masked_titles
from calltools.validation.baseline import Spot, sift
from calltools.validation.observing import Earlier, Observers
from calltools.validation.selection import RuleSet
from calltools.validation.telling import Telling
from calltools.validation.validator import Judge, Judged, unproven
from calltools.vendors import legs, zones
from calltools.vendors.mapping import Mapped, fill_currency, fill_static_call, map_batch

#: The checks cost pandera some milliseconds whatever the number of records, so many are judged at once; but not so many
#: that the end of a file waits for them.
_JUDGED_AT_ONCE: Final = 150_000
#: But no more records than this are gathered, proven ones included: of each something is held.
_GATHERED: Final = 250_000
_THREADS: Final = 2
_AHEAD: Final = 2

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a run needs, frozen.

    Attributes:
        ruleset: The rules that count.
        assumptions: What the user says and the file does not.
        layout: Canonical field -> title and position of its column in the file.
        mapping: How a vendor's columns become canonical ones; ``None``: they are canonical.
        normalize: Whether cells are rewritten before they are judged.
        static_call: ``0``, ``1`` or ``auto`` for records whose export does not say.
        index: Identifiers from a second file.
        window_s: How far back a partner in ``index`` may lie, in seconds.
        exact_only: Prove nothing: each record goes through pandera.
        keeps_records: Whether a sink wants the records and not only the findings.
        draws: Whether a report wants a portrait of the calls.
        findings: What is wrong with the file and its header, known before the first record.
        known: What the baseline knows of the file: as many findings of a rule in a column do not exist.
        earlier: What observers know of the files before, of those that become one.
    """

    ruleset: RuleSet
    assumptions: Assumptions
    layout: Mapping[str, tuple[str, int]]
    mapping: Mapped | None = None
    normalize: bool = False
    static_call: str | None = None
    index: Index | None = None
    window_s: int = 21 * 86_400
    exact_only: bool = False
    keeps_records: bool = False
    draws: bool = False
    findings: Findings = field(default_factory=Findings.none)
    known: Mapping[Spot, int] = field(default_factory=dict)
    earlier: Earlier = field(default_factory=dict)

    @property
    def telling(self) -> Telling:
        """How findings are told."""
        return Telling(self.ruleset, self.layout, joined=self.mapping is not None or self.index is not None)


class Sink(Protocol):
    """Takes what comes off the line, in one thread that need not be the main one."""

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Some records in the order of the file, their findings, and which rows hold an error."""


@dataclass(frozen=True, slots=True)
class _Worked:
    batch: Batch
    judged: Judged
    digests: Mapping[str, Any] = field(default_factory=dict)
    joined: Mapping[str, int] = field(default_factory=dict)
    drawn: Portrait | None = None


def run(table: Table, plan: Plan, sinks: Sequence[Sink], summary: Summary, on_read: Callable[[int], None]) -> None:
    """Walk the whole table along the line.

    Args:
        table: What to read.
        plan: How.
        sinks: Get every batch in the order of the file; first the findings on file and header, last those that
            only the whole table shows.
        summary: Is filled in.
        on_read: Told how many records have been read so far.
    """
    observers = Observers(plan.ruleset, plan.assumptions, table.source.name, plan.earlier)
    end = _End(plan, observers, Judge(plan.ruleset, plan.assumptions), sinks, summary, on_read)
    end.deliver(_EMPTY, plan.telling.told(plan.findings))
    # pandera and the sinks have a thread of their own, which all groups pass in order; this one keeps the others busy.
    with ThreadPoolExecutor(_THREADS, "calltools") as pool, ThreadPoolExecutor(1, "pandera") as last:
        try:
            for _ in in_order(last, end.finish, _gathered(_worked(pool, table, plan, observers))):
                pass
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            last.shutdown(wait=True, cancel_futures=True)
            raise
    said_empty = "CT001" in summary.by_code or any(code == "CT001" for code, _ in summary.accepted)
    empty = [Findings.of([{"code": "CT002"}])] if not summary.read and not said_empty else []
    end.deliver(_EMPTY, plan.telling.told(Findings.join([*empty, observers.close()])))


def process(batch: Batch, plan: Plan) -> tuple[Batch, Mapping[str, int]]:
    """Map, normalize and match one batch: a pure function. Gives the batch and what came of the matching."""
    batch = _canonical(batch, plan)
    if plan.normalize:
        columns, rewritten = normalize(
            {name: batch.cells(name) for name in batch.columns.column_names}, plan.assumptions
        )
        batch = replace(batch, columns=pa.table(columns), rewritten=rewritten)
        if plan.assumptions.currency is not None:
            batch = fill_currency(batch, plan.assumptions.currency)
    joined: Mapping[str, int] = {}
    if plan.index is not None:
        batch, joined = _matched(batch, plan.index, plan.window_s)
    if plan.static_call is not None:
        batch = fill_static_call(batch, plan.static_call)
    return batch, joined


def _canonical(batch: Batch, plan: Plan) -> Batch:
    if plan.mapping is not None:
        proven = zones.contradictions(batch, plan.mapping)
        return _about_kept(map_batch(batch, plan.mapping).with_findings(proven), plan)
    names = batch.columns.column_names
    chosen = {name: batch.columns[names[position]] for name, (_, position) in plan.layout.items()}
    origin = batch.columns if plan.keeps_records else None
    return replace(batch, columns=pa.table(chosen), origin=origin)


def _about_kept(batch: Batch, plan: Plan) -> Batch:
    """Without findings on records that are left out, and on cells of columns that are not mapped."""
    if not len(batch.findings):
        return batch
    table = batch.findings.table
    records = pa.array(np.concatenate([batch.records, [one.record for one in batch.damaged]]), pa.int64())
    positions = pa.array([position for _, position in plan.layout.values()], pa.int32())
    about = pc.or_(pc.is_null(table["record"]), pc.is_in(table["record"], records))
    mapped = pc.or_(pc.is_null(table["position"]), pc.is_in(table["position"], positions))
    whole = pc.is_in(table["code"], pa.array(["CT006", "CT007", "CT008", "CT601"]))
    return replace(batch, findings=batch.findings.where(pc.and_(about, pc.or_(mapped, whole))))


def _matched(batch: Batch, index: Index, window_s: int) -> tuple[Batch, Mapping[str, int]]:
    found = join(batch.columns, index, window_s)
    masks = {"CT606": found.unjoined_mask, "CT607": found.ambiguous_mask}
    findings = [
        Findings.at(code, records=batch.records[mask], places=batch.places[mask]) for code, mask in masks.items()
    ]
    counts = {
        "joined": int(found.joined_mask.sum()),
        "unjoined": int(found.unjoined_mask.sum()),
        "ambiguous": int(found.ambiguous_mask.sum()),
    }
    return replace(batch, columns=found.columns).with_findings(*findings), counts


def _worked(pool: ThreadPoolExecutor, table: Table, plan: Plan, observers: Observers) -> Iterator[_Worked]:
    """Each batch processed, in the order of the file, its records counted from the first of the table."""

    def work(batch: Batch) -> _Worked:
        batch, joined = process(batch, plan)
        # Made once: what is found out about a column is remembered by its identity.
        columns = {name: batch.cells(name) for name in batch.columns.column_names}
        judged = unproven(batch, columns, plan.ruleset, plan.assumptions, exact_only=plan.exact_only)
        digests = observers.digest(columns)
        drawn = portrait(columns, len(batch), plan.assumptions.timezone) if plan.draws else None
        if not plan.keeps_records:
            batch = replace(batch, columns=batch.columns.schema.empty_table(), origin=None)
        return _Worked(batch, judged, digests, joined, drawn)

    batches: Iterable[Batch] = in_order(pool, lambda task: task(), table.tasks())
    batches = _settled(batches)
    if plan.mapping is not None and plan.mapping.merges_legs:
        batches = legs.merge(batches, plan.mapping)
    return in_order(pool, work, batches)


def in_order(
    pool: ThreadPoolExecutor, work: Callable[[_Item], _Result], items: Iterable[_Item], ahead: int = _AHEAD
) -> Iterator[_Result]:
    """Results in the order of the items, a few items ahead and no more: ``Executor.map`` would take them all."""
    waiting: deque[Future[_Result]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _settled(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Record numbers counted from the first record of the table; blank lines between records named (CT009)."""
    count, blanks = 0, np.empty(0, np.int64)
    for batch in batches:
        moved = batch.moved(count)
        blanks = np.concatenate([blanks, np.array(batch.blanks, np.int64)]) if count or batch.read else blanks
        if batch.read:
            last = max([*batch.places[-1:], *(one.place for one in batch.damaged[-1:])])
            first = min([*batch.places[:1], *(one.place for one in batch.damaged[:1])]) if not count else 0
            between = blanks[(blanks < last) & (blanks > first)]
            moved = moved.with_findings(Findings.at("CT009", records=None, places=between))
            blanks = blanks[blanks > last]
        count += batch.read
        yield moved


def _gathered(worked: Iterable[_Worked]) -> Iterator[list[_Worked]]:
    """Batches until enough of their records wait for a verdict."""
    group: list[_Worked] = []
    waiting = records = 0
    for one in worked:
        group.append(one)
        waiting += len(one.judged.records)
        records += len(one.batch)
        if waiting >= _JUDGED_AT_ONCE or records >= _GATHERED:
            yield group
            group, waiting, records = [], 0, 0
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class _End:
    """The end of the line: what pandera says, and the sinks."""

    plan: Plan
    observers: Observers
    judge: Judge
    sinks: Sequence[Sink]
    summary: Summary
    on_read: Callable[[int], None]

    def finish(self, group: Sequence[_Worked]) -> None:
        """Let pandera speak about a group of batches, and hand them to the sinks."""
        verdict = self.plan.telling.told(self.judge.findings([one.judged for one in group]))
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

    def _verdicts(self, group: Sequence[_Worked], verdict: Findings) -> Iterator[tuple[_Worked, Findings]]:
        """Each batch of the group with all its findings, in order."""
        # In the order of the file the records of a batch stand together: a slice, and nothing is copied.
        records = verdict.table["record"].to_numpy()
        for one in group:
            numbers = one.batch.records
            first, last = np.searchsorted(records, [numbers[0], numbers[-1] + 1]) if len(numbers) else (0, 0)
            judged = Findings(verdict.table.slice(first, last - first))
            observed = self.observers.add(one.digests, numbers, one.batch.places)
            more = self.plan.telling.told(Findings.join([one.batch.findings, observed]))
            yield one, self.plan.telling.once(Findings.join([more, judged])) if len(more) else judged


def _unknown(findings: Findings, plan: Plan, summary: Summary) -> Findings:
    """Without what the baseline knows. Where it knows CT102 it knows what that says of each record."""
    titles = masked_titles(one_chunk(findings.table["column"]))
    findings, accepted = sift(findings, titles, plan.known, summary.accepted)
    summary.accepted.update(accepted)
    return plan.telling.file_speaks(findings) if any(code == "CT102" for code, _ in plan.known) else findings


_EMPTY: Final = Batch(pa.table({}), np.empty(0, np.int64), np.empty(0, np.int64))
