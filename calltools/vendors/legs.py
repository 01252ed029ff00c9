"""Merging legs: several rows of one call become one row, before mapping.

Batches are a stream, so a call is complete when no leg of it can follow: legs lie within a window of records.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import trim_whitespace
from calltools.model.batch import NO_RUNS, Batch, MalformedRecords, unique_titles
from calltools.model.cells import Cells, Mask, Numbers, as_mask, combine_chunks, constant_cells, non_empty
from calltools.model.finding import Findings
from calltools.vendors import transforms
from calltools.vendors.binding import BoundProfile
from calltools.vendors.mapping import read_directions
from calltools.vendors.recognize import normalize_title

#: Two legs of one call are at most so many records apart.
LEG_WINDOW_RECORDS: Final = 5_000


def merge_legs(batches: Iterator[Batch], mapped: BoundProfile) -> Iterator[Batch]:
    """Batches with one row for each call.

    A call keeps the row of the leg with the talk (else of its first leg), with the start of its earliest leg and the
    caller of its earliest incoming leg. The other legs are counted as skipped. The result does not depend on where
    the batches end.

    Args:
        batches: In the order of the file; records are numbered from the first of the file.
        mapped: A bound profile that merges legs.
    """
    waiting: Batch | None = None
    for batch in batches:
        together = batch if waiting is None else _concatenate(waiting, batch)
        last = int(max([*batch.records[-1:], *batch.malformed.records[-1:], 0]))
        done, waiting = _split_complete(together, mapped, last - LEG_WINDOW_RECORDS)
        yield _merge_complete(done, mapped)
    if waiting is not None and len(waiting):
        yield _merge_complete(waiting, mapped)


def _concatenate(first: Batch, second: Batch) -> Batch:
    columns = pa.concat_tables([first.columns, second.columns]).combine_chunks()
    return replace(
        second,
        columns=pa.table([combine_chunks(column) for column in columns.columns], columns.column_names),
        records=np.concatenate([first.records, second.records]),
        places=np.concatenate([first.places, second.places]),
        findings=Findings.concat([first.findings, second.findings]),
    )


def _split_complete(batch: Batch, mapped: BoundProfile, horizon: int) -> tuple[Batch, Batch]:
    """Two batches: rows of complete calls, and rows of calls that may still get a leg.

    Calls leave in the order of their first legs. So all calls that begin after the first incomplete one wait, too.

    Args:
        batch: Rows that wait, and new ones.
        mapped: The bound profile.
        horizon: The last record that is too far away for a new leg of its call.
    """
    group = _group_numbers(batch, mapped)
    if not len(group):
        return batch, replace(
            batch, read=0, malformed=MalformedRecords.empty(), blanks=NO_RUNS, skipped={}, findings=Findings.empty()
        )
    count = int(group.max()) + 1
    first, last = np.full(count, np.iinfo(np.int64).max), np.zeros(count, np.int64)
    np.minimum.at(first, group, batch.records)
    np.maximum.at(last, group, batch.records)
    incomplete = last > horizon
    barrier = first[incomplete].min() if incomplete.any() else np.iinfo(np.int64).max
    leaving: Mask = first[group] < barrier
    held = batch.records[~leaving]
    on_held = as_mask(pc.is_in(batch.findings.table["record"].combine_chunks(), pa.array(held, pa.int64())))
    # A finding travels with its record; findings about the file leave at once.
    held_findings = batch.findings.filter(pa.array(on_held))
    leaving_findings = batch.findings.filter(pa.array(~on_held))
    waiting = replace(
        batch.filter_rows(~leaving),
        read=0,
        malformed=MalformedRecords.empty(),
        blanks=NO_RUNS,
        skipped={},
        findings=held_findings,
    )
    return replace(batch.filter_rows(leaving), findings=leaving_findings), waiting


def _group_numbers(batch: Batch, mapped: BoundProfile) -> Numbers:
    """For each row the number of its call, from 0; equal for all legs of a call."""
    if not len(batch):
        return np.zeros(0, np.int64)
    key = _call_keys(batch, mapped)
    alone = as_mask(pc.equal(key, ""))
    codes = key.dictionary_encode().indices.to_numpy().astype(np.int64)
    # A row without a key is a call of its own: it gets a code that no other row has.
    codes[alone] = codes.max(initial=0) + 1 + np.arange(int(alone.sum()))
    order = np.lexsort((batch.records, codes))
    # Exporters use the same key again after weeks: a gap wider than the window starts another call.
    far = np.diff(batch.records[order]) > LEG_WINDOW_RECORDS
    new = np.concatenate([[0], (np.diff(codes[order]) != 0) | far]).cumsum()
    groups = np.empty(len(batch), np.int64)
    groups[order] = new
    return groups


def _call_keys(batch: Batch, mapped: BoundProfile) -> Cells:
    """For each row the text that all legs of its call share; ``""`` if the row has none."""
    rows = mapped.profile.rows
    named = [mapped.source_cells(batch, name) for name in rows.one_call_by_all or rows.one_call_by]
    present = [trim_whitespace(cells) for cells in named if cells is not None]
    if not present or (rows.one_call_by_all and len(present) < len(named)):
        return constant_cells("", len(batch))
    if not rows.one_call_by_all:
        return transforms.first_of(present)
    complete = np.logical_and.reduce([non_empty(cells) for cells in present])
    return pc.if_else(pa.array(complete), transforms.join_filled(present, "\x1f"), "")


@dataclass(frozen=True, slots=True)
class _LegRows:
    """The rows of the first leg, the first incoming leg and the leg with the talk; calls in the order of first legs."""

    first: Numbers
    incoming: Numbers
    talk: Numbers


def _merge_complete(batch: Batch, mapped: BoundProfile) -> Batch:
    if not len(batch):
        return batch
    legs = _choose_leg_rows(batch, mapped)
    rows = mapped.profile.rows
    columns = batch.columns.take(legs.talk)
    for names, source in ((rows.first, legs.first), (rows.incoming, legs.incoming)):
        for name in names:
            columns = _replace_column(columns, batch, mapped, name, source)
    merged_away = len(batch) - len(legs.first)
    return replace(
        batch,
        columns=pa.table([combine_chunks(column) for column in columns.columns], columns.column_names),
        records=batch.records[legs.first],
        places=batch.places[legs.first],
        skipped=dict(Counter(batch.skipped) + Counter({"leg": merged_away})),
    )


def _choose_leg_rows(batch: Batch, mapped: BoundProfile) -> _LegRows:
    group = _group_numbers(batch, mapped)
    first = _first_rows(group, np.ones(len(batch), bool))
    direction = read_directions(batch, mapped)
    inbound = np.ones(len(batch), bool) if direction is None else as_mask(pc.equal(direction, "incoming"))
    answered = transforms.condition_mask(
        mapped.profile.rows.answered, lambda title: mapped.source_cells(batch, title), len(batch)
    )
    incoming, talk = _first_rows(group, inbound), _first_rows(group, answered)
    order = np.argsort(first, kind="stable")
    first = first[order]
    return _LegRows(
        first,
        np.where(incoming[order] < 0, first, incoming[order]),
        np.where(talk[order] < 0, first, talk[order]),
    )


def _first_rows(group: Numbers, mask: Mask) -> Numbers:
    """For each group its first row within a mask; -1 if the mask has none of its rows."""
    count = int(group.max()) + 1
    found = np.full(count, len(group), np.int64)
    rows = np.flatnonzero(mask)
    np.minimum.at(found, group[rows], rows)
    return np.where(found == len(group), -1, found)


def _replace_column(columns: pa.Table, batch: Batch, mapped: BoundProfile, title: str, rows: Numbers) -> pa.Table:
    position = mapped.positions.get(normalize_title(title))
    if position is None:
        return columns
    name = unique_titles(mapped.titles)[position]
    cells: Cells = batch.cells(name).take(pa.array(rows))
    return columns.set_column(position, name, cells)
