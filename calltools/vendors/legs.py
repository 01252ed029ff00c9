"""Merging legs: several rows of one call become one row, before mapping.

Batches are a stream, so a call is complete when no leg of it can follow: legs lie within a window of records.
A malformed record is a leg, too, as far as its call can be read from it (``damaged_legs``): it waits with its call.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import LimitError
from calltools.fields.kernels.byte_kernels import trim_whitespace
from calltools.model.batch import NO_RUNS, Batch, Legs, MalformedRecord, MalformedRecords, unique_titles
from calltools.model.cells import Cells, Mask, Numbers, as_mask, combine_chunks, constant_cells, non_empty
from calltools.model.finding import Findings
from calltools.vendors import transforms
from calltools.vendors.binding import BoundProfile
from calltools.vendors.damaged_legs import (
    KEY_SEPARATOR,
    DamagedLeg,
    damaged_leg_findings,
    find_damaged_rows,
    read_damaged_keys,
    stray_leg_findings,
)
from calltools.vendors.leg_times import LegTimes, first_by_group, measure_totals, read_leg_times
from calltools.vendors.recognize import normalize_title

#: Two legs of one call are at most so many records apart.
LEG_WINDOW_RECORDS: Final = 5_000

_NONE: Final = np.iinfo(np.int64).max
_NO_ROWS: Final = np.zeros(0, np.int64)
#: What follows the day in a time, and the digits that a day of Unix seconds has in common, more or less.
_CLOCK: Final = r"[T ,]*[0-9]{1,2}:[0-9]{2}.*$"
_DAY_OF_UNIX_SECONDS: Final = r"^([0-9]{5})[0-9]{5,}$"


def merge_legs(batches: Iterator[Batch], mapped: BoundProfile, *, reject_damaged: bool = True) -> Iterator[Batch]:
    """Batches with one row for each call.

    A call keeps the row of the answered leg with the longest talk (else of its earliest leg), with the start of its
    earliest leg and the caller of its earliest incoming leg. Talks that follow one another add up. All legs of a call
    that has several are in ``legs`` of the batch. The result does not depend on where the batches end.

    Args:
        batches: In the order of the file; records are numbered from the first of the file.
        mapped: A bound profile that merges legs.
        reject_damaged: Whether a call with a damaged leg is a fault (CT611).

    Raises:
        LimitError: A leg follows when its call has left: the two would be two calls.
    """
    waiting: Batch | None = None
    gone = _GoneCalls(mapped)
    for batch in batches:
        together = batch if waiting is None else _concatenate(waiting, batch)
        last = int(_all_records(together).max(initial=0))
        done, waiting = _split_complete(together, mapped, last - LEG_WINDOW_RECORDS)
        gone.add(done)
        yield _merge_complete(done, mapped, reject_damaged=reject_damaged)
    if waiting is not None and (len(waiting) or waiting.malformed):
        gone.add(waiting)
        yield _merge_complete(waiting, mapped, reject_damaged=reject_damaged)


class _GoneCalls:
    """The calls that have left, by their ids and days, to know a leg that follows too late.

    A file that somebody has sorted by another column than the time has such legs. The same id on another day is
    another call: exporters use ids again.
    """

    def __init__(self, mapped: BoundProfile) -> None:
        self._mapped = mapped
        #: Rising numbers of calls, in arrays of which each is larger than the next: few, and each seldom sorted.
        self._known: list[Numbers] = []

    def add(self, batch: Batch) -> None:
        """Note calls that leave; all legs of each are in the batch.

        Raises:
            LimitError: One has left before.
        """
        rows, calls = self._number_calls(batch)
        late = np.zeros(len(rows), bool)
        for known in self._known:
            late |= known[np.minimum(np.searchsorted(known, calls), len(known) - 1)] == calls
        # Calls may leave together and be far apart.
        records = batch.records[rows]
        order = np.lexsort((records, calls))
        late[order[1:]] |= (np.diff(calls[order]) == 0) & (np.diff(records[order]) > LEG_WINDOW_RECORDS)
        if late.any():
            raise LimitError("legs-apart", place=int(batch.places[rows[late]].min()), limit=LEG_WINDOW_RECORDS)
        if len(calls):
            self._known.append(np.unique(calls))
        while len(self._known) > 1 and len(self._known[-2]) <= len(self._known[-1]):
            self._known[-2:] = [np.union1d(*self._known[-2:])]

    def _number_calls(self, batch: Batch) -> tuple[Numbers, Numbers]:
        """The rows with an id, and a number for id and day of each: that of the text in this process."""
        keys = _call_keys(batch, self._mapped)
        title, _ = self._mapped.first_columns.get("DateTime", (None, 0))
        times = None if title is None else self._mapped.freed_cells(batch, title)
        if times is None:
            return _NO_ROWS, _NO_ROWS
        rows = np.flatnonzero(non_empty(keys))
        days = pc.replace_substring_regex(trim_whitespace(times.take(pa.array(rows))), _CLOCK, "")
        days = pc.replace_substring_regex(days, _DAY_OF_UNIX_SECONDS, r"\1")
        texts = pc.binary_join_element_wise(keys.take(pa.array(rows)), days, KEY_SEPARATOR).to_pylist()
        # Of a million texts two have one number in one of many million files.
        return rows, np.array([hash(text) for text in texts], np.int64)


def _concatenate(first: Batch, second: Batch) -> Batch:
    columns = pa.concat_tables([first.columns, second.columns]).combine_chunks()
    return replace(
        second,
        columns=pa.table([combine_chunks(column) for column in columns.columns], columns.column_names),
        records=np.concatenate([first.records, second.records]),
        places=np.concatenate([first.places, second.places]),
        findings=Findings.concat([first.findings, second.findings]),
        malformed=MalformedRecords.concat([first.malformed, second.malformed]),
    )


def _split_complete(batch: Batch, mapped: BoundProfile, horizon: int) -> tuple[Batch, Batch]:
    """Two batches: records of complete calls, and records of calls that may still get a leg.

    Calls leave in the order of their first legs. So all calls that begin after the first incomplete one wait, too.

    Args:
        batch: Records that wait, and new ones.
        mapped: The bound profile.
        horizon: The last record that is too far away for a new leg of its call.
    """
    groups, records = np.concatenate(_group_numbers(batch, mapped)), _all_records(batch)
    count = int(groups.max(initial=-1)) + 1
    first, last = np.full(count, _NONE), np.zeros(count, np.int64)
    np.minimum.at(first, groups, records)
    np.maximum.at(last, groups, records)
    incomplete = last > horizon
    barrier = first[incomplete].min() if incomplete.any() else _NONE
    leaves: Mask = first[groups] < barrier
    rows = leaves[: len(batch)]
    held = pc.is_in(batch.findings.table["record"].combine_chunks(), pa.array(records[~leaves], pa.int64()))
    # A finding travels with its record; findings about the file leave at once.
    waiting = replace(
        batch.filter_rows(~rows),
        read=0,
        malformed=batch.malformed.filter(~leaves[len(batch) :]),
        blanks=NO_RUNS,
        skipped={},
        findings=batch.findings.filter(held),
    )
    done = replace(
        batch.filter_rows(rows),
        malformed=batch.malformed.filter(leaves[len(batch) :]),
        findings=batch.findings.filter(pc.invert(held)),
    )
    return done, waiting


def _all_records(batch: Batch) -> Numbers:
    """The numbers of its rows, then those of its malformed records."""
    return np.concatenate([batch.records, batch.malformed.records])


def _group_numbers(batch: Batch, mapped: BoundProfile) -> tuple[Numbers, Numbers]:
    """The numbers of the calls, from 0, of rows and of malformed records; equal for all legs of a call."""
    keys, records = _call_keys(batch, mapped), _all_records(batch)
    if batch.malformed:
        read = [key or "" for key in read_damaged_keys(batch, mapped, keys)]
        keys = pa.concat_arrays([keys, pa.array(read, pa.string())])
    if not len(records):
        return records, records
    alone = as_mask(pc.equal(keys, ""))
    codes = keys.dictionary_encode().indices.to_numpy().astype(np.int64)
    # A row without a key is a call of its own: it gets a code that no other row has.
    codes[alone] = codes.max(initial=0) + 1 + np.arange(int(alone.sum()))
    order = np.lexsort((records, codes))
    # Exporters use the same key again after weeks: a gap wider than the window starts another call.
    far = np.diff(records[order]) > LEG_WINDOW_RECORDS
    new = np.concatenate([[0], (np.diff(codes[order]) != 0) | far]).cumsum()
    groups = np.empty(len(records), np.int64)
    groups[order] = new
    return groups[: len(batch)], groups[len(batch) :]


def _call_keys(batch: Batch, mapped: BoundProfile) -> Cells:
    """For each row the text that all legs of its call share; ``""`` if the row has none."""
    rows = mapped.profile.rows
    named = [mapped.freed_cells(batch, name) for name in rows.one_call_by_all or rows.one_call_by]
    present = [trim_whitespace(cells) for cells in named if cells is not None]
    if not present or (rows.one_call_by_all and len(present) < len(named)):
        return constant_cells("", len(batch))
    if rows.one_call_by_all:
        complete = np.logical_and.reduce([non_empty(cells) for cells in present])
        keys = pc.if_else(pa.array(complete), transforms.join_filled(present, KEY_SEPARATOR), "")
    else:
        keys = transforms.first_of(present)
    headers = batch.findings.table.filter(pc.equal(batch.findings.table["code"], "CT019"))["record"]
    # A header among the records is no leg of anything.
    return pc.if_else(pa.array(np.isin(batch.records, headers.to_numpy())), "", keys) if len(headers) else keys


@dataclass(frozen=True, slots=True)
class _LegRows:
    """Rows that say something of the calls, one for each call, in the order of their first legs in the file.

    Attributes:
        groups: The number of the call.
        first: The first leg in the file.
        earliest: The leg that began first.
        incoming: The incoming leg that began first; without one the earliest leg.
        talk: The answered leg with the longest talk; without one the earliest leg.
    """

    groups: Numbers
    first: Numbers
    earliest: Numbers
    incoming: Numbers
    talk: Numbers


def _merge_complete(batch: Batch, mapped: BoundProfile, *, reject_damaged: bool) -> Batch:
    group, of_malformed = _group_numbers(batch, mapped)
    size = np.bincount(np.concatenate([group, of_malformed]))
    several: Mask = size[group] > 1
    merged, damaged = batch, _NO_ROWS
    if several.any():
        # Nearly every call of most exports has one leg: times are read of the others only.
        legs = batch.filter_rows(several)
        times = read_leg_times(legs, mapped)
        merged = _merge_rows(batch, legs, mapped, group, times)
        damaged = np.flatnonzero(find_damaged_rows(legs, mapped, times, group[several]))
    if not reject_damaged or not (len(damaged) or batch.malformed):
        return merged
    stray, of_calls = _malformed_legs(batch, merged, mapped, group, of_malformed)
    if merged.legs is not None:
        columns = (merged.legs.calls, merged.legs.records, merged.legs.places)
        of_calls += zip(*(numbers[damaged].tolist() for numbers in columns), strict=True)
    return merged.with_findings(damaged_leg_findings(merged, of_calls), stray_leg_findings(stray))


def _malformed_legs(
    batch: Batch, merged: Batch, mapped: BoundProfile, group: Numbers, of_malformed: Numbers
) -> tuple[list[MalformedRecord], list[DamagedLeg]]:
    """The malformed records whose call cannot be read, and those that are legs of a call."""
    call_of_group: dict[int, int] = {}
    if merged.legs is not None:
        rows = np.searchsorted(batch.records, merged.legs.records)
        call_of_group = dict(zip(group[rows].tolist(), merged.legs.calls.tolist(), strict=True))
    stray, of_calls = [], []
    keys = read_damaged_keys(batch, mapped, _call_keys(batch, mapped))
    for one, key, number in zip(batch.malformed, keys, of_malformed.tolist(), strict=True):
        if key is None:
            stray.append(one)
        elif number in call_of_group:
            of_calls.append((call_of_group[number], one.record, one.place))
    return stray, of_calls


def _merge_rows(batch: Batch, legs: Batch, mapped: BoundProfile, group: Numbers, times: LegTimes) -> Batch:
    """The batch with one row for each call, of cells that are taken from its legs.

    Args:
        batch: All rows.
        legs: Those of calls with several legs.
        mapped: The bound profile.
        group: For each row of the batch the number of its call.
        times: Of the legs.
    """
    rows = np.searchsorted(batch.records, legs.records)
    chosen = _choose_leg_rows(group, rows, times)
    columns = batch.columns.take(chosen.talk)
    said = mapped.profile.rows
    for names, source in ((said.first, chosen.earliest), (said.incoming, chosen.incoming)):
        for name in names:
            columns = _replace_column(columns, batch, mapped, name, source)
    count = int(group.max()) + 1
    call_of_group = np.zeros(count, np.int64)
    call_of_group[chosen.groups] = batch.records[chosen.first]
    totals = measure_totals(times, group[rows], count)
    return replace(
        batch,
        columns=pa.table([combine_chunks(column) for column in columns.columns], columns.column_names),
        records=batch.records[chosen.first],
        places=batch.places[chosen.first],
        merged={name: totals[name].take(pa.array(chosen.groups)) for name in totals if name in mapped.fields},
        skipped=dict(Counter(batch.skipped) + Counter({"leg": len(batch) - len(chosen.first)})),
        legs=Legs(legs.columns, legs.records, legs.places, call_of_group[group[rows]]),
    )


def _choose_leg_rows(group: Numbers, rows: Numbers, times: LegTimes) -> _LegRows:
    """The rows that speak for each call.

    Args:
        group: For each row of the batch the number of its call.
        rows: The rows of calls with several legs.
        times: Of these rows.
    """
    count = int(group.max()) + 1
    first = first_by_group(group, count)
    # The number of a call that has only malformed records has no row.
    groups = np.flatnonzero(first >= 0)
    groups = groups[np.argsort(first[groups], kind="stable")]
    first = first[groups]

    def choose(otherwise: Numbers, *keys: Numbers, among: Mask | None = None) -> Numbers:
        found = first_by_group(group[rows], count, *keys, among=among)[groups]
        return np.where(found < 0, otherwise, rows[found])

    earliest = choose(first, times.began)
    return _LegRows(
        groups,
        first,
        earliest,
        incoming=choose(earliest, times.began, among=times.incoming),
        talk=choose(earliest, -times.talk, times.began, among=times.answered),
    )


def _replace_column(columns: pa.Table, batch: Batch, mapped: BoundProfile, title: str, rows: Numbers) -> pa.Table:
    position = mapped.positions.get(normalize_title(title))
    if position is None:
        return columns
    name = unique_titles(mapped.titles)[position]
    cells: Cells = batch.cells(name).take(pa.array(rows))
    return columns.set_column(position, name, cells)
