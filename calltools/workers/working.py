"""What is done to one batch after the other: map, normalize, match, prove, digest.

``Work`` is a pure function of one batch and runs in worker threads; everything in it works on whole columns
and releases the interpreter lock.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.normalize import normalize
from calltools.fields.portrait import portrait
from calltools.matching.identifiers import Index, join
from calltools.model.batch import Batch, Table
from calltools.model.finding import Findings
from calltools.model.portrait import Portrait
from calltools.rules.catalog import RULES
from calltools.validation.observing import Observers
from calltools.validation.validator import Judged, unproven
from calltools.vendors import legs, zones
from calltools.vendors.mapping import fill_currency, fill_static_call, map_batch
from calltools.workers.plan import Plan
from calltools.workers.threads import in_order

#: More of them wait for one another more than they work.
MOST_THREADS: Final = 2

_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class Worked:
    """A batch on which the work is done.

    Attributes:
        batch: Its findings, counts and numbers; its records only where a sink wants them.
        judged: Those of its records on which pandera has to speak.
        digests: What each observer must know of it.
        joined: What came of the matching, by outcome.
        drawn: A portrait of its calls, where a report wants one.
    """

    batch: Batch
    judged: Judged
    digests: Mapping[str, Any] = field(default_factory=dict)
    joined: Mapping[str, int] = field(default_factory=dict)
    drawn: Portrait | None = None


class Work:
    """What is done to one batch: a pure function of it, which runs in worker threads.

    Args:
        plan: How.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._observers = Observers(plan.ruleset, plan.assumptions)

    def __call__(self, batch: Batch) -> Worked:
        """Work on a batch whose records are counted from the first of the table."""
        plan = self._plan
        batch, joined = process(batch, plan)
        # Made once: what is found out about a column is remembered by its identity.
        columns = {name: batch.cells(name) for name in batch.columns.column_names}
        judged = unproven(batch, columns, plan.ruleset, plan.assumptions, exact_only=plan.exact_only)
        digests = self._observers.digest(columns)
        drawn = portrait(columns, len(batch), plan.assumptions.timezone) if plan.draws else None
        if not plan.keeps_records:
            batch = replace(batch, columns=batch.columns.schema.empty_table(), origin=None)
        return Worked(batch, judged, digests, joined, drawn)


def worked(table: Table, plan: Plan, threads: int = MOST_THREADS) -> Generator[Worked]:
    """Each batch worked on, in the order of the file, its records counted from the first of the table."""
    return done_to_each(table, plan, Work(plan), threads)


def done_to_each(table: Table, plan: Plan, work: Callable[[Batch], _Done], threads: int) -> Generator[_Done]:
    """What comes of some work on each batch, in the order of the file."""

    def all_of(run: Callable[..., Iterator[Any]]) -> Iterator[_Done]:
        batches = _settled(run(lambda task: task(), table.tasks()))
        if plan.mapping is not None and plan.mapping.merges_legs:
            batches = legs.merge(batches, plan.mapping)
        return run(work, batches)

    if threads == 1:
        # Nothing is held ahead then.
        yield from all_of(map)
        return
    with ThreadPoolExecutor(threads, "calltools") as pool:
        try:
            yield from all_of(partial(in_order, pool))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


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
        mapped = map_batch(batch, plan.mapping)
        proven = zones.contradictions(replace(mapped, columns=mapped.origin), plan.mapping)
        return _about_kept(mapped.with_findings(proven), plan)
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
    whole = pc.is_in(table["code"], pa.array([rule.code for rule in RULES if rule.of_unmapped]))
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
