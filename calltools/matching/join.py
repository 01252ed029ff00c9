"""Joining identifiers to calls.

The second file becomes an index by phone and time. A call gets the identifiers of the nearest earlier record of its
phone within a window; ties are not joined.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import UnusableRecordsError, UsageError
from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import full_match
from calltools.fields.kinds import KINDS, normalize_field_cells
from calltools.fields.table import FIELDS_BY_NAME, IDENTIFIER_FIELDS, of_kind
from calltools.matching.columns import MatchColumns
from calltools.matching.damaged_ids import DamagedIds, clear_rounded
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, unique_titles
from calltools.model.cells import Cells, Mask, Numbers, as_mask, combine_chunks, constant_cells, non_empty
from calltools.model.finding import Findings
from calltools.model.summary import Unusable

#: International phones: at most 15 digits and no leading zero, so an integer holds each exactly.
PHONE_PATTERN: Final = r"\+[1-9][0-9]{6,14}"
SECONDS_PATTERN: Final = r"[0-9]{9,10}"
#: What an identifier looks like, by field.
IDENTIFIER_PATTERNS: Final[Mapping[str, str]] = {
    name: ".+" if name in of_kind("user-id") else KINDS[FIELDS_BY_NAME[name].kind].pattern for name in IDENTIFIER_FIELDS
}
#: Between the phones of one person in a cell; a slash and a dot stand inside of numbers, too.
_BETWEEN_PHONES: Final = r"[ \t]*[,;\n\r|][,;\n\r| \t]*"
_SEPARATOR: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class IdentifierIndex:
    """Records of the second file, sorted by phone and time; one record for each pair of them.

    Attributes:
        phones: Distinct phones as integers, rising.
        starts: First record of each phone; then the number of records.
        times: Unix seconds of the records, rising within a phone.
        tied_mask: Records whose phone and time other records share with different identifiers.
        identifiers: The identifier columns, one row for each record.
        unusable: Reason -> records that are malformed, or lack a readable phone, time or identifier.
        findings: The first id of each column that lost digits, by rule; none of them is joined.
    """

    phones: Numbers
    starts: Numbers
    times: Numbers
    tied_mask: Mask
    identifiers: pa.Table
    unusable: Mapping[Unusable, int]
    findings: Findings

    def __len__(self) -> int:
        return len(self.times)


def build_index(
    batches: Iterable[Batch], titles: tuple[str, ...], columns: MatchColumns, assumptions: Assumptions
) -> IdentifierIndex:
    """The index of the second file.

    Args:
        batches: Its records, columns named by ``unique_titles``.
        titles: Its header.
        columns: Positions of its columns.
        assumptions: Zone and region of its times and phones, the same as for the calls.

    Raises:
        UsageError: Its times are wall-clock times and the user named no zone, or no record can be used.
    """
    names = unique_titles(titles)
    unusable: Counter[Unusable] = Counter()
    parts, damaged = [_NO_RECORDS], DamagedIds(titles, columns.identifiers, assumptions)
    for batch in batches:
        table = _read_records(batch, names, columns, assumptions, damaged)
        if assumptions.timezone is None:
            refuse_wall_clock(table["time"], titles[columns.time], assumptions)
        unusable["damaged"] += len(batch.malformed)
        parts.append(_usable_records(table, unusable))
    table = pa.concat_tables(parts).combine_chunks()
    if rounded := damaged.rounded_fields():
        exact = clear_rounded(table, rounded)
        unusable["identifier"] += len(pc.unique(table["record"])) - len(pc.unique(exact["record"]))
        table = exact
    if unusable.total() and not table.num_rows:
        counts = {key.replace("-", "_"): unusable[key] for key in get_args(Unusable)}
        raise UnusableRecordsError(unusable.total(), counts)
    return _build_sorted(table, unusable, damaged.findings)


_NO_RECORDS: Final = pa.table(
    {name: pa.array([], pa.string()) for name in IDENTIFIER_FIELDS}
    | {name: pa.array([], pa.int64()) for name in ("record", "phone", "time")}
)


def _read_records(
    batch: Batch, names: tuple[str, ...], columns: MatchColumns, assumptions: Assumptions, damaged: DamagedIds
) -> pa.Table:
    """Number, phone, time and identifiers as canonical text; a cell that is not a valid identifier is empty.

    A record with several phones in its cell has a row for each that can be read.
    """
    ids = {
        name: normalize_field_cells(name, batch.cells(names[position]), assumptions)
        for name, position in columns.identifiers.items()
    }
    lost = damaged.find(batch, ids)
    read = {name: constant_cells("", len(batch)) for name in IDENTIFIER_FIELDS}
    for name, cells in ids.items():
        sound = full_match(cells, IDENTIFIER_PATTERNS[name]) & ~lost[name]
        read[name] = pc.if_else(pa.array(sound), cells, "")
    time = normalize_field_cells("DateTime", batch.cells(names[columns.time]), assumptions)
    rows, phones = split_phones(batch.cells(names[columns.phone]), assumptions)
    table = pa.table({"record": pa.array(batch.records), "time": time, **read})
    return table.take(rows).append_column("phone", phones)


def split_phones(cells: Cells, assumptions: Assumptions) -> tuple[pa.Array, Cells]:
    """The row and the normalized phone of each phone in a column; of a cell without a readable one its first text."""
    split = pc.split_pattern_regex(cells, _BETWEEN_PHONES)
    rows, phones = pc.list_parent_indices(split), pc.list_flatten(split)
    phones = normalize_field_cells("PhoneNumber", phones, assumptions)
    if len(phones) == len(cells):
        return rows, phones
    readable = full_match(phones, PHONE_PATTERN)
    numbers = rows.to_numpy()
    has_readable = np.zeros(len(cells), bool)
    has_readable[numbers[readable]] = True
    keep = pa.array(readable | (_differs_from_previous(numbers) & ~has_readable[numbers]))
    return rows.filter(keep), phones.filter(keep)


def refuse_wall_clock(times: pa.ChunkedArray, title: str, assumptions: Assumptions) -> None:
    """Refuse times of a second file that only a zone would make moments.

    Args:
        times: As far as they could be normalized.
        title: Of their column.
        assumptions: Without a zone.

    Raises:
        UsageError: There are such times.
    """
    times = combine_chunks(times)
    unread = times.filter(pa.array(non_empty(times) & ~full_match(times, SECONDS_PATTERN)))
    if full_match(
        normalize_field_cells("DateTime", unread, replace(assumptions, timezone="UTC")), SECONDS_PATTERN
    ).any():
        raise UsageError("identifier-timezone-needed", column=title)


def _usable_records(table: pa.Table, unusable: Counter[Unusable]) -> pa.Table:
    """The records with a phone, a time and an identifier, as integers where possible; the others are counted."""
    phones, times = combine_chunks(table["phone"]), combine_chunks(table["time"])
    known = np.logical_or.reduce([non_empty(combine_chunks(table[name])) for name in IDENTIFIER_FIELDS])
    usable = np.ones(table.num_rows, bool)
    masks: dict[Unusable, Mask] = {
        "no-phone": ~cell_kernels.absent(phones),
        "phone": full_match(phones, PHONE_PATTERN),
        "time": full_match(times, SECONDS_PATTERN),
        "identifier": known,
    }
    for key, mask in masks.items():
        if lost := int((usable & ~mask).sum()):
            unusable[key] += lost
        usable &= mask
    keep = pa.array(usable)
    numbers = {
        "record": table["record"].filter(keep),
        "phone": phones_to_integers(phones.filter(keep)),
        "time": pc.cast(times.filter(keep), pa.int64()),
    }
    return pa.table({name: table[name].filter(keep) for name in IDENTIFIER_FIELDS} | numbers)


def phones_to_integers(phones: Cells) -> pa.Int64Array:
    """Phones that match ``PHONE_PATTERN`` as search keys: integers are found faster than text."""
    return pc.cast(pc.utf8_slice_codeunits(phones, 1), pa.int64())


def _build_sorted(table: pa.Table, unusable: Mapping[Unusable, int], findings: Findings) -> IdentifierIndex:
    phones, times = table["phone"].to_numpy(), table["time"].to_numpy()
    order = np.lexsort((times, phones))
    phones, times, table = phones[order], times[order], table.take(pa.array(order))
    new_phone = _differs_from_previous(phones)
    first = new_phone | _differs_from_previous(times)
    kept = np.flatnonzero(first)
    starts = np.flatnonzero(new_phone[kept])
    return IdentifierIndex(
        phones=phones[kept][starts],
        starts=np.append(starts, len(kept)),
        times=times[kept],
        tied_mask=_find_ties(table, np.cumsum(first) - 1, kept),
        identifiers=table.select(IDENTIFIER_FIELDS).take(pa.array(kept)),
        unusable=dict(unusable),
        findings=findings,
    )


def _differs_from_previous(numbers: Numbers) -> Mask:
    """Whether each number differs from the one before it; true for the first."""
    changes: Mask = np.ones(len(numbers), bool)
    changes[1:] = numbers[1:] != numbers[:-1]
    return changes


def _find_ties(table: pa.Table, group: Numbers, kept: Numbers) -> Mask:
    """Whether each group of equal phone and time has a record with other identifiers than its first one."""
    texts = pc.binary_join_element_wise(*(combine_chunks(table[name]) for name in IDENTIFIER_FIELDS), _SEPARATOR)
    firsts = texts.take(pa.array(kept[group]))
    tied: Mask = np.zeros(len(kept), bool)
    tied[group[as_mask(pc.not_equal(texts, firsts))]] = True
    return tied


@dataclass(frozen=True, slots=True)
class JoinResult:
    """Calls with the identifiers that were found for them.

    Attributes:
        columns: The canonical columns with identifiers filled in.
        joined_mask: Calls that got an identifier.
        ambiguous_mask: Calls with several equally good partners, which got none.
        unjoined_mask: Calls without an identifier and without a partner.
    """

    columns: pa.Table
    joined_mask: Mask
    ambiguous_mask: Mask
    unjoined_mask: Mask


def join_identifiers(columns: pa.Table, index: IdentifierIndex, window_s: int) -> JoinResult:
    """Fill in identifiers of the record with the same phone and the nearest earlier time.

    A call with an identifier keeps it. Records of one time with different identifiers are a tie: none is taken.

    Args:
        columns: Canonical, normalized columns.
        index: The index of the second file.
        window_s: By how many seconds a record may be earlier at most.
    """
    unidentified = _lack_identifier(columns)
    # Position of the partner in the index; -1: none.
    place = np.full(columns.num_rows, -1, np.int64)
    rows = np.flatnonzero(unidentified & _have_phone_and_time(columns))
    if len(rows) and len(index):
        place[rows] = _find_partners(columns.select(["PhoneNumber", "DateTime"]).take(pa.array(rows)), index, window_s)
    found = place >= 0
    tie: Mask = np.zeros(len(place), bool)
    tie[found] = index.tied_mask[place[found]]
    joined: Mask = found & ~tie
    return JoinResult(_fill_identifiers(columns, index, place[joined], joined), joined, tie, unidentified & ~found)


def _lack_identifier(columns: pa.Table) -> Mask:
    lacking: Mask = np.ones(columns.num_rows, bool)
    for name in IDENTIFIER_FIELDS:
        if name in columns.column_names:
            lacking &= cell_kernels.absent(combine_chunks(columns[name]))
    return lacking


def _have_phone_and_time(columns: pa.Table) -> Mask:
    """Whether each call has a valid phone and a valid time."""
    sound: Mask = np.ones(columns.num_rows, bool)
    for name, shape in (("PhoneNumber", PHONE_PATTERN), ("DateTime", SECONDS_PATTERN)):
        sound &= full_match(combine_chunks(columns[name]), shape) if name in columns.column_names else False
    return sound


def _find_partners(calls: pa.Table, index: IdentifierIndex, window_s: int) -> Numbers:
    """For each call the position of its partner in the index; -1 without one."""
    phones = phones_to_integers(combine_chunks(calls["PhoneNumber"])).to_numpy()
    moments = pc.cast(combine_chunks(calls["DateTime"]), pa.int64()).to_numpy()
    # searchsorted gives the place where a missing phone would be; whether it is there is compared below.
    group = np.minimum(np.searchsorted(index.phones, phones), len(index.phones) - 1)
    place = _last_record_before(index, group, moments)
    near = (index.phones[group] == phones) & (place >= index.starts[group])
    near &= moments - index.times[np.maximum(place, 0)] <= window_s
    partners: Numbers = np.where(near, place, -1)
    return partners


def _last_record_before(index: IdentifierIndex, group: Numbers, moments: Numbers) -> Numbers:
    """For each call the last record of its group that is not later; one before the group if there is none.

    Args:
        index: The index of the second file.
        group: For each call the number of its phone.
        moments: For each call its Unix second.
    """
    # A binary search in all groups at once. Invariant: records before low are not later than the call, records from
    # high on are later.
    low, high = index.starts[group], index.starts[group + 1]
    while (unfinished := low < high).any():
        middle = (low + high) // 2
        earlier = unfinished & (index.times[np.minimum(middle, len(index.times) - 1)] <= moments)
        low = np.where(earlier, middle + 1, low)
        high = np.where(unfinished & ~earlier, middle, high)
    last: Numbers = low - 1
    return last


def _fill_identifiers(columns: pa.Table, index: IdentifierIndex, place: Numbers, joined: Mask) -> pa.Table:
    if not len(place):
        return columns
    partners = index.identifiers.take(pa.array(place))
    for name in IDENTIFIER_FIELDS:
        found = combine_chunks(partners[name])
        if name in columns.column_names:
            cells = pc.replace_with_mask(combine_chunks(columns[name]), pa.array(joined), found)
            columns = columns.set_column(columns.column_names.index(name), name, cells)
        elif non_empty(found).any():
            columns = columns.append_column(name, _spread_cells(found, joined))
    return columns


def _spread_cells(found: Cells, joined: Mask) -> Cells:
    return pc.replace_with_mask(constant_cells("", len(joined)), pa.array(joined), found)
