"""Identifiers from a second file: the same phone, the nearest earlier time within a window; ties take none."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import UsageError
from calltools.fields import any_cell
from calltools.fields.normalize import normalize_cells
from calltools.fields.shapes import matches
from calltools.fields.table import IDENTIFIERS
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, unique_titles
from calltools.model.cells import Cells, Mask, Numbers, as_mask, constant, filled, one_chunk

#: Folded titles by which the columns of a second file are known.
_NAMES: Final[Mapping[str, frozenset[str]]] = {
    "phone": frozenset(
        {"phone", "phonenumber", "tel", "telephone", "mobile", "caller", "callerid", "callernumber", "contactphone",
         "clientphone", "customerphone", "телефон", "номер", "номертелефона", "телефонклиента", "мобильный", "контакт"}
    ),
    "time": frozenset(
        {"time", "date", "datetime", "createdat", "created", "timestamp", "visittime", "starttime", "дата", "время",
         "датавремя", "датаивремя", "датасоздания", "создан", "датавизита", "датазаявки", "времявизита"}
    ),
    "ClientId": frozenset(
        {"clientid", "ymclientid", "yaclientid", "metrikaclientid", "metricaclientid", "ymuid", "yandexclientid",
         "clientidметрики", "clientidяндекс"}
    ),
    "Yclid": frozenset({"yclid", "yaclid"}),
    "UserId": frozenset({"userid", "ownuserid", "crmid"}),
}  # fmt: skip
_SECONDS: Final = r"[0-9]{9,10}"
_UNTIL_NEXT: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class MatchColumns:
    """Which columns of the second file hold what: positions from 0."""

    phone: int
    time: int
    identifiers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Index:
    """Records of the second file, sorted by phone and time.

    Attributes:
        phones: Distinct phones, sorted as bytes.
        starts: Where the records of each phone begin in ``times``; one more at the end.
        times: Unix seconds, rising within a phone.
        identifiers: For each record the three identifiers, as one text; equal texts are one person.
        unusable: Records without a readable phone, time or identifier.
    """

    phones: Cells
    starts: Numbers
    times: Numbers
    identifiers: Cells
    unusable: int

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True, slots=True)
class Joined:
    """Calls with what was found for them.

    Attributes:
        columns: The canonical columns, identifiers filled in.
        joined_mask: Calls that got an identifier.
        ambiguous_mask: Calls with several equally good partners: they got none.
        unjoined_mask: Calls without a partner.
    """

    columns: pa.Table
    joined_mask: Mask
    ambiguous_mask: Mask
    unjoined_mask: Mask


def find_columns(titles: Sequence[str], explicit: Mapping[str, str]) -> MatchColumns:
    """The columns of the second file, by their titles or as the user says.

    Args:
        titles: Its header.
        explicit: ``phone``, ``time``, ``ClientId``, ``Yclid``, ``UserId`` -> title.

    Raises:
        UsageError: A column is not found, or several could be meant.
    """
    found = {what: _position(titles, what, explicit) for what in _NAMES}
    ids = {name: place for name in IDENTIFIERS if (place := found[name]) is not None}
    phone, time = found["phone"], found["time"]
    if phone is None or time is None or not ids:
        missing = [what for what in ("phone", "time") if found[what] is None] + ([] if ids else ["ClientId"])
        raise UsageError("identifier-columns-unclear", missing=", ".join(missing), titles=", ".join(titles))
    return MatchColumns(phone, time, ids)


def _position(titles: Sequence[str], what: str, explicit: Mapping[str, str]) -> int | None:
    if what in explicit:
        alike = [place for place, title in enumerate(titles) if title.strip() == explicit[what]]
        if not alike:
            raise UsageError("identifier-column-missing", title=explicit[what], titles=", ".join(titles))
        return alike[0]
    alike = [place for place, title in enumerate(titles) if _fold(title) in _NAMES[what]]
    return alike[0] if len(alike) == 1 else None


def _fold(title: str) -> str:
    return re.sub(r"[\W_]", "", title.casefold())


def build_index(
    batches: Iterable[Batch], titles: tuple[str, ...], columns: MatchColumns, assumptions: Assumptions
) -> Index:
    """The records of the second file, ready to be searched.

    Args:
        batches: Its records, columns named by ``unique_titles``.
        titles: Its header.
        columns: Which columns hold what.
        assumptions: Zone and region: its times and phones follow the same rules as those of the calls.

    Raises:
        UsageError: Its times are wall-clock times and no zone was given.
    """
    names = unique_titles(titles)
    tables = [
        _usable(batch.columns.select([names[place] for place in _places(columns)]), columns, assumptions)
        for batch in batches
        if len(batch)
    ]
    read = sum(count for _, count in tables)
    parts = [table for table, _ in tables]
    table = pa.concat_tables(parts).combine_chunks() if parts else _NOTHING
    if read and not table.num_rows and assumptions.timezone is None:
        raise UsageError("identifier-times-unread")
    return _sorted(table, read - table.num_rows)


_NOTHING: Final = pa.table(
    {"phone": pa.array([], pa.string()), "time": pa.array([], pa.int64()), "ids": pa.array([], pa.string())}
)


def _places(columns: MatchColumns) -> list[int]:
    return [columns.phone, columns.time, *columns.identifiers.values()]


def _usable(table: pa.Table, columns: MatchColumns, assumptions: Assumptions) -> tuple[pa.Table, int]:
    phones, times, *ids = (one_chunk(column) for column in table.columns)
    phones = normalize_cells("PhoneNumber", phones, assumptions)
    times = normalize_cells("DateTime", times, assumptions)
    by_name = dict(zip(columns.identifiers, ids, strict=True))
    normal = [
        normalize_cells(name, by_name[name], assumptions) if name in by_name else constant("", len(phones))
        for name in IDENTIFIERS
    ]
    text = pc.binary_join_element_wise(*normal, _UNTIL_NEXT)
    usable = matches(phones, r"\+[0-9]{7,15}") & matches(times, _SECONDS)
    usable &= np.logical_or.reduce([filled(cells) & ~_damaged(cells) for cells in normal])
    keep = pa.array(usable)
    seconds = pc.cast(times.filter(keep), pa.int64())
    return pa.table({"phone": phones.filter(keep), "time": seconds, "ids": text.filter(keep)}), len(phones)


def _damaged(cells: Cells) -> Mask:
    """Ids that a spreadsheet has rounded are nobody's: they are not joined."""
    return matches(cells, r".*[0-9][.,][0-9]*[Ee]\+?[0-9]+.*")


def _sorted(table: pa.Table, unusable: int) -> Index:
    order = pc.sort_indices(table, [("phone", "ascending"), ("time", "ascending")])
    ordered = table.take(order)
    encoded = pc.run_end_encode(one_chunk(ordered["phone"]))
    ends = np.asarray(encoded.run_ends, np.int64)
    return Index(
        phones=encoded.values,
        starts=np.concatenate([np.zeros(1, np.int64), ends]),
        times=ordered["time"].to_numpy(),
        identifiers=one_chunk(ordered["ids"]),
        unusable=unusable,
    )


def join(columns: pa.Table, index: Index, window_s: int) -> Joined:
    """Fill in identifiers: the same phone, the nearest earlier time within the window.

    A call that has an identifier keeps it. Equal times with different identifiers are a tie, and none is taken;
    equal times with one identifier are no tie.

    Args:
        columns: Canonical, normalized.
        index: The second file.
        window_s: How far back a partner may lie, in seconds.
    """
    count = columns.num_rows
    alone = _without_identifier(columns)
    place, tie = np.full(count, -1, np.int64), np.zeros(count, bool)
    rows = np.flatnonzero(alone)
    if len(rows) and len(index):
        place[rows], tie[rows] = _partners(columns.take(rows), index, window_s)
    joined: Mask = (place >= 0) & ~tie
    return Joined(_filled_in(columns, index, place, joined), joined, tie, alone & ~joined & ~tie)


def _without_identifier(columns: pa.Table) -> Mask:
    there = [~any_cell.absent(one_chunk(columns[name])) for name in IDENTIFIERS if name in columns.column_names]
    alone: Mask = ~np.logical_or.reduce(there) if there else np.ones(columns.num_rows, bool)
    return alone


def _partners(calls: pa.Table, index: Index, window_s: int) -> tuple[Numbers, Mask]:
    """For each call the place of its partner in the index, -1 without one, and whether there is a tie."""
    place, tie = np.full(calls.num_rows, -1, np.int64), np.zeros(calls.num_rows, bool)
    if not {"PhoneNumber", "DateTime"} <= set(calls.column_names):
        return place, tie
    group = pc.fill_null(pc.index_in(one_chunk(calls["PhoneNumber"]), index.phones), -1).to_numpy().astype(np.int64)
    timed = matches(one_chunk(calls["DateTime"]), _SECONDS)
    rows = np.flatnonzero((group >= 0) & timed)
    if not len(rows):
        return place, tie
    moments = pc.cast(one_chunk(calls["DateTime"]).take(pa.array(rows)), pa.int64()).to_numpy()
    found = _last_before(index, group[rows], moments)
    near = (found >= index.starts[group[rows]]) & (moments - index.times[np.maximum(found, 0)] <= window_s)
    place[rows[near]] = found[near]
    tie[rows[near]] = _ties(index, group[rows[near]], found[near])
    return place, tie


def _last_before(index: Index, group: Numbers, moments: Numbers) -> Numbers:
    """The last record of each group that is not later than a moment: one search over both keys at once."""
    numbers = np.repeat(np.arange(len(index.starts) - 1), np.diff(index.starts))
    base = min(int(index.times.min()), int(moments.min()))
    span = max(int(index.times.max()), int(moments.max())) - base + 1
    found: Numbers = np.searchsorted(numbers * span + index.times - base, group * span + moments - base, "right") - 1
    return found


def _ties(index: Index, group: Numbers, found: Numbers) -> Mask:
    """Whether another identifier stands at the same time of the same phone."""
    tie: Mask = np.zeros(len(found), bool)
    at = found.copy()
    open_ = np.arange(len(found))
    while len(open_):
        at[open_] -= 1
        inside = (at[open_] >= index.starts[group[open_]]) & (index.times[at[open_]] == index.times[found[open_]])
        open_ = open_[inside]
        same = as_mask(
            pc.equal(index.identifiers.take(pa.array(at[open_])), index.identifiers.take(pa.array(found[open_])))
        )
        tie[open_[~same]] = True
        open_ = open_[same]
    return tie


def _filled_in(columns: pa.Table, index: Index, place: Numbers, joined: Mask) -> pa.Table:
    if not joined.any():
        return columns
    texts = index.identifiers.take(pa.array(place[joined]))
    parts = pc.split_pattern(texts, _UNTIL_NEXT)
    for number, name in enumerate(IDENTIFIERS):
        found = pc.list_element(parts, number)
        if not filled(found).any() and name not in columns.column_names:
            continue
        there = one_chunk(columns[name]) if name in columns.column_names else constant("", columns.num_rows)
        cells = pc.replace_with_mask(there, pa.array(joined), found)
        columns = _with_column(columns, name, cells)
    return columns


def _with_column(columns: pa.Table, name: str, cells: Cells) -> pa.Table:
    if name in columns.column_names:
        return columns.set_column(columns.column_names.index(name), name, cells)
    return columns.append_column(name, cells)
