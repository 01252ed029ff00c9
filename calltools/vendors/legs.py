"""Several rows of one call -> one row, before mapping; streaming, over a bounded window."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.shapes import trimmed
from calltools.model.batch import Batch, unique_titles
from calltools.model.cells import Cells, Mask, Numbers, as_mask, constant, filled, one_chunk
from calltools.model.finding import Findings
from calltools.vendors import transforms
from calltools.vendors.fitting import fold
from calltools.vendors.mapping import Mapped, directions

#: Legs of one call lie no further apart than this many records.
_WINDOW: Final = 5_000


def merge(batches: Iterator[Batch], mapped: Mapped) -> Iterator[Batch]:
    """Calls instead of legs.

    A call keeps the row of the leg in which somebody talked (else of its first leg), with the start of its earliest
    leg and the caller of its earliest incoming one. The other legs are counted as skipped. The answer does not depend
    on how the table is cut into batches.

    Args:
        batches: In the order of the file, records counted from its first.
        mapped: Its profile asks for it.
    """
    waiting: Batch | None = None
    for batch in batches:
        together = batch if waiting is None else _joined(waiting, batch)
        last = int(max([*batch.records[-1:], *(one.record for one in batch.damaged[-1:]), 0]))
        done, waiting = _split(together, mapped, last - _WINDOW)
        yield _merged(done, mapped)
    if waiting is not None and len(waiting):
        yield _merged(waiting, mapped)


def _joined(one: Batch, other: Batch) -> Batch:
    columns = pa.concat_tables([one.columns, other.columns]).combine_chunks()
    return replace(
        other,
        columns=pa.table([one_chunk(column) for column in columns.columns], columns.column_names),
        records=np.concatenate([one.records, other.records]),
        places=np.concatenate([one.places, other.places]),
        findings=Findings.join([one.findings, other.findings]),
    )


def _split(batch: Batch, mapped: Mapped, horizon: int) -> tuple[Batch, Batch]:
    """Rows of complete calls, in the order of their first legs, and rows that may still get a leg."""
    group = _groups(batch, mapped)
    if not len(group):
        return batch, replace(batch, read=0, damaged=(), blanks=(), skipped={}, findings=Findings.none())
    count = int(group.max()) + 1
    first, last = np.full(count, np.iinfo(np.int64).max), np.zeros(count, np.int64)
    np.minimum.at(first, group, batch.records)
    np.maximum.at(last, group, batch.records)
    open_ = last > horizon
    barrier = first[open_].min() if open_.any() else np.iinfo(np.int64).max
    leaving: Mask = first[group] < barrier
    held = batch.records[~leaving]
    on_held = as_mask(pc.is_in(batch.findings.table["record"].combine_chunks(), pa.array(held, pa.int64())))
    stay, go = batch.findings.where(pa.array(on_held)), batch.findings.where(pa.array(~on_held))
    waiting = replace(batch.chosen(~leaving), read=0, damaged=(), blanks=(), skipped={}, findings=stay)
    return replace(batch.chosen(leaving), findings=go), waiting


def _groups(batch: Batch, mapped: Mapped) -> Numbers:
    """A number for each row, the same for legs of one call."""
    if not len(batch):
        return np.zeros(0, np.int64)
    key = _key(batch, mapped)
    alone = as_mask(pc.equal(key, ""))
    codes = key.dictionary_encode().indices.to_numpy().astype(np.int64)
    codes[alone] = codes.max(initial=0) + 1 + np.arange(int(alone.sum()))
    order = np.lexsort((batch.records, codes))
    far = np.diff(batch.records[order]) > _WINDOW
    new = np.concatenate([[0], (np.diff(codes[order]) != 0) | far]).cumsum()
    groups = np.empty(len(batch), np.int64)
    groups[order] = new
    return groups


def _key(batch: Batch, mapped: Mapped) -> Cells:
    """What the legs of a call have in common; ``""`` where the row does not say it."""
    rows = mapped.profile.rows
    named = [mapped.column(batch, name) for name in rows.one_call_by_all or rows.one_call_by]
    there = [trimmed(cells) for cells in named if cells is not None]
    if not there or (rows.one_call_by_all and len(there) < len(named)):
        return constant("", len(batch))
    if not rows.one_call_by_all:
        return transforms.first_of(there)
    whole = np.logical_and.reduce([filled(cells) for cells in there])
    return pc.if_else(pa.array(whole), transforms.join(there, "\x1f"), "")


@dataclass(frozen=True, slots=True)
class _Legs:
    """Which row of a batch speaks for which part of each call, calls in the order of their first leg."""

    first: Numbers
    incoming: Numbers
    speaking: Numbers


def _merged(batch: Batch, mapped: Mapped) -> Batch:
    if not len(batch):
        return batch
    legs = _legs(batch, mapped)
    rows = mapped.profile.rows
    columns = batch.columns.take(legs.speaking)
    for names, source in ((rows.first, legs.first), (rows.incoming, legs.incoming)):
        for name in names:
            columns = _replaced(columns, batch, mapped, name, source)
    gone = len(batch) - len(legs.first)
    return replace(
        batch,
        columns=pa.table([one_chunk(column) for column in columns.columns], columns.column_names),
        records=batch.records[legs.first],
        places=batch.places[legs.first],
        skipped=dict(Counter(batch.skipped) + Counter({"leg": gone})),
    )


def _legs(batch: Batch, mapped: Mapped) -> _Legs:
    group = _groups(batch, mapped)
    first = _earliest(group, np.ones(len(batch), bool))
    direction = directions(batch, mapped)
    inbound = np.ones(len(batch), bool) if direction is None else as_mask(pc.equal(direction, "incoming"))
    answered = transforms.holds(mapped.profile.rows.answered, lambda title: mapped.column(batch, title), len(batch))
    incoming, speaking = _earliest(group, inbound), _earliest(group, answered)
    order = np.argsort(first, kind="stable")
    first = first[order]
    return _Legs(
        first,
        np.where(incoming[order] < 0, first, incoming[order]),
        np.where(speaking[order] < 0, first, speaking[order]),
    )


def _earliest(group: Numbers, mask: Mask) -> Numbers:
    """For each group the first of its rows in a mask; -1 where there is none."""
    count = int(group.max()) + 1
    found = np.full(count, len(group), np.int64)
    rows = np.flatnonzero(mask)
    np.minimum.at(found, group[rows], rows)
    return np.where(found == len(group), -1, found)


def _replaced(columns: pa.Table, batch: Batch, mapped: Mapped, title: str, rows: Numbers) -> pa.Table:
    position = mapped.positions.get(fold(title))
    if position is None:
        return columns
    name = unique_titles(mapped.titles)[position]
    cells: Cells = batch.cells(name).take(pa.array(rows))
    return columns.set_column(position, name, cells)
