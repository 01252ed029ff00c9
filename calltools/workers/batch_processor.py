"""The plan of a run, and what is done to each batch: map, normalize, match, prove, digest."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.call_statistics import compute_call_statistics
from calltools.fields.kinds import normalize_columns
from calltools.matching.join import IdentifierIndex, join_identifiers
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, Table
from calltools.model.call_statistics import CallStatistics
from calltools.model.finding import Findings
from calltools.rules.catalog import RULES
from calltools.runtime.threads import map_in_order
from calltools.validation.baseline import RuleAndColumn
from calltools.validation.observers import CrossFileObservers, Observers
from calltools.validation.ruleset import FindingFilter, RuleSet
from calltools.validation.validator import UnprovenRecords, select_unproven
from calltools.vendors import legs, zones
from calltools.vendors.binding import BoundProfile
from calltools.vendors.mapping import fill_currency, fill_static_call, map_batch


@dataclass(frozen=True, slots=True)
class RunPlan:
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
        keep_records: Whether a sink wants the records and not only the findings.
        wants_statistics: Whether a report wants a portrait of the calls.
        preflight_findings: What is wrong with the file and its header, known before the first record.
        baseline_counts: What the baseline knows of the file: as many findings of a rule in a column do not exist.
        cross_file_observers: What observers know of the files before, of those that become one.
    """

    ruleset: RuleSet
    assumptions: Assumptions
    layout: Mapping[str, tuple[str, int]]
    mapping: BoundProfile | None = None
    normalize: bool = False
    static_call: str | None = None
    index: IdentifierIndex | None = None
    window_s: int = 21 * 86_400
    exact_only: bool = False
    keep_records: bool = False
    wants_statistics: bool = False
    preflight_findings: Findings = field(default_factory=Findings.empty)
    baseline_counts: Mapping[RuleAndColumn, int] = field(default_factory=dict)
    cross_file_observers: CrossFileObservers = field(default_factory=dict)

    @property
    def finding_filter(self) -> FindingFilter:
        """How findings are told."""
        return FindingFilter(
            self.ruleset,
            self.layout,
            identifiers_may_come_from_elsewhere=self.mapping is not None or self.index is not None,
        )

    @property
    def of_a_batch(self) -> "RunPlan":
        """What the work on one batch needs of it."""
        return replace(self, preflight_findings=Findings.empty(), baseline_counts={}, cross_file_observers={})


#: More of them wait for one another more than they work.
MAX_THREADS: Final = 2

_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class BatchResult:
    """A batch on which the work is done.

    Attributes:
        batch: Its findings, counts and numbers; its records only where a sink wants them.
        unproven: Those of its records on which pandera has to speak.
        digests: What each observer must know of it.
        join_counts: What came of the matching, by outcome.
        statistics: A portrait of its calls, where a report wants one.
    """

    batch: Batch
    unproven: UnprovenRecords
    digests: Mapping[str, Any] = field(default_factory=dict)
    join_counts: Mapping[str, int] = field(default_factory=dict)
    statistics: CallStatistics | None = None


class BatchProcessor:
    """What is done to one batch: a pure function of it, which runs in worker threads.

    Args:
        plan: How.
    """

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan
        self._observers = Observers(plan.ruleset, plan.assumptions)

    def __call__(self, batch: Batch) -> BatchResult:
        """Work on a batch whose records are counted from the first of the table."""
        plan = self._plan
        batch, joined = canonicalize_batch(batch, plan)
        # Made once: what is found out about a column is remembered by its identity.
        columns = {name: batch.cells(name) for name in batch.columns.column_names}
        judged = select_unproven(batch, columns, plan.ruleset, plan.assumptions, exact_only=plan.exact_only)
        digests = self._observers.digest(columns)
        drawn = (
            compute_call_statistics(columns, len(batch), plan.assumptions.timezone) if plan.wants_statistics else None
        )
        if not plan.keep_records:
            batch = replace(batch, columns=batch.columns.schema.empty_table(), origin=None)
        return BatchResult(batch, judged, digests, joined, drawn)


def process_batches(table: Table, plan: RunPlan, threads: int = MAX_THREADS) -> Generator[BatchResult]:
    """Each batch worked on, in the order of the file, its records counted from the first of the table."""
    return map_batches(table, plan, BatchProcessor(plan), threads)


def map_batches(table: Table, plan: RunPlan, work: Callable[[Batch], _Done], threads: int) -> Generator[_Done]:
    """What comes of some work on each batch, in the order of the file."""

    def map_tasks(run: Callable[..., Iterator[Any]]) -> Iterator[_Done]:
        batches = _number_records(run(lambda task: task(), table.tasks()))
        if plan.mapping is not None and plan.mapping.merges_legs:
            batches = legs.merge_legs(batches, plan.mapping)
        return run(work, batches)

    if threads == 1:
        # Nothing is held ahead then.
        yield from map_tasks(map)
        return
    with ThreadPoolExecutor(threads, "calltools") as pool:
        try:
            yield from map_tasks(partial(map_in_order, pool))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def canonicalize_batch(batch: Batch, plan: RunPlan) -> tuple[Batch, Mapping[str, int]]:
    """Map, normalize and match one batch: a pure function. Gives the batch and what came of the matching."""
    batch = _map_columns(batch, plan)
    if plan.normalize:
        columns, rewritten = normalize_columns(
            {name: batch.cells(name) for name in batch.columns.column_names}, plan.assumptions
        )
        batch = replace(batch, columns=pa.table(columns), rewritten=rewritten)
        if plan.assumptions.currency is not None:
            batch = fill_currency(batch, plan.assumptions.currency)
    joined: Mapping[str, int] = {}
    if plan.index is not None:
        batch, joined = _match_identifiers(batch, plan.index, plan.window_s)
    if plan.static_call is not None:
        batch = fill_static_call(batch, plan.static_call)
    return batch, joined


def _map_columns(batch: Batch, plan: RunPlan) -> Batch:
    if plan.mapping is not None:
        mapped = map_batch(batch, plan.mapping)
        proven = zones.zone_contradictions(replace(mapped, columns=mapped.origin), plan.mapping)
        return _drop_unrelated_findings(mapped.with_findings(proven), plan)
    names = batch.columns.column_names
    chosen = {name: batch.columns[names[position]] for name, (_, position) in plan.layout.items()}
    origin = batch.columns if plan.keep_records else None
    return replace(batch, columns=pa.table(chosen), origin=origin)


def _drop_unrelated_findings(batch: Batch, plan: RunPlan) -> Batch:
    """Without findings on records that are left out, and on cells of columns that are not mapped."""
    if not len(batch.findings):
        return batch
    table = batch.findings.table
    records = pa.array(np.concatenate([batch.records, [one.record for one in batch.malformed]]), pa.int64())
    positions = pa.array([position for _, position in plan.layout.values()], pa.int32())
    about = pc.or_(pc.is_null(table["record"]), pc.is_in(table["record"], records))
    mapped = pc.or_(pc.is_null(table["position"]), pc.is_in(table["position"], positions))
    whole = pc.is_in(table["code"], pa.array([rule.code for rule in RULES if rule.of_unmapped]))
    return replace(batch, findings=batch.findings.filter(pc.and_(about, pc.or_(mapped, whole))))


def _match_identifiers(batch: Batch, index: IdentifierIndex, window_s: int) -> tuple[Batch, Mapping[str, int]]:
    found = join_identifiers(batch.columns, index, window_s)
    masks = {"CT606": found.unjoined_mask, "CT607": found.ambiguous_mask}
    findings = [
        Findings.for_rule(code, records=batch.records[mask], places=batch.places[mask]) for code, mask in masks.items()
    ]
    counts = {
        "joined": int(found.joined_mask.sum()),
        "unjoined": int(found.unjoined_mask.sum()),
        "ambiguous": int(found.ambiguous_mask.sum()),
    }
    return replace(batch, columns=found.columns).with_findings(*findings), counts


def _number_records(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Record numbers counted from the first record of the table; blank lines between records named (CT009)."""
    count, blanks = 0, np.empty(0, np.int64)
    for batch in batches:
        moved = batch.shift_records(count)
        blanks = np.concatenate([blanks, np.array(batch.blank_places, np.int64)]) if count or batch.read else blanks
        if batch.read:
            last = max([*batch.places[-1:], *(one.place for one in batch.malformed[-1:])])
            first = min([*batch.places[:1], *(one.place for one in batch.malformed[:1])]) if not count else 0
            between = blanks[(blanks < last) & (blanks > first)]
            moved = moved.with_findings(Findings.for_rule("CT009", records=None, places=between))
            blanks = blanks[blanks > last]
        count += batch.read
        yield moved
