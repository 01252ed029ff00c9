"""Joining identifiers to calls: the same phone, the nearest earlier time within a window; ties are not joined."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import full_match
from calltools.fields.table import IDENTIFIER_FIELDS
from calltools.matching.columns import MatchColumns, find_match_columns, guess_header, is_identifier_column
from calltools.matching.index import PHONE_PATTERN, SECONDS_PATTERN, IdentifierIndex, build_index, phones_to_integers
from calltools.model.cells import Cells, Mask, Numbers, combine_chunks, constant_cells, non_empty

__all__ = [
    "IdentifierIndex",
    "JoinResult",
    "MatchColumns",
    "build_index",
    "find_match_columns",
    "guess_header",
    "is_identifier_column",
    "join_identifiers",
]


@dataclass(frozen=True, slots=True)
class JoinResult:
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


def join_identifiers(columns: pa.Table, index: IdentifierIndex, window_s: int) -> JoinResult:
    """Fill in identifiers: the same phone, the nearest earlier time within the window.

    A call that has an identifier keeps it. Equal times with different identifiers are a tie, and none is taken;
    equal times with one identifier are no tie.

    Args:
        columns: Canonical, normalized.
        index: The second file.
        window_s: How far back a partner may lie, in seconds; one that far is still taken.
    """
    alone = _lack_identifier(columns)
    place = np.full(columns.num_rows, -1, np.int64)
    rows = np.flatnonzero(alone & _have_phone_and_time(columns))
    if len(rows) and len(index):
        place[rows] = _find_partners(columns.select(["PhoneNumber", "DateTime"]).take(pa.array(rows)), index, window_s)
    found = place >= 0
    tie: Mask = np.zeros(len(place), bool)
    tie[found] = index.tied_mask[place[found]]
    joined: Mask = found & ~tie
    return JoinResult(_fill_identifiers(columns, index, place[joined], joined), joined, tie, alone & ~found)


def _lack_identifier(columns: pa.Table) -> Mask:
    alone: Mask = np.ones(columns.num_rows, bool)
    for name in IDENTIFIER_FIELDS:
        if name in columns.column_names:
            alone &= cell_kernels.absent(combine_chunks(columns[name]))
    return alone


def _have_phone_and_time(columns: pa.Table) -> Mask:
    """Calls with a phone and a time."""
    sound: Mask = np.ones(columns.num_rows, bool)
    for name, shape in (("PhoneNumber", PHONE_PATTERN), ("DateTime", SECONDS_PATTERN)):
        sound &= full_match(combine_chunks(columns[name]), shape) if name in columns.column_names else False
    return sound


def _find_partners(calls: pa.Table, index: IdentifierIndex, window_s: int) -> Numbers:
    """For each call the place of its partner in the index; -1 without one."""
    phones = phones_to_integers(combine_chunks(calls["PhoneNumber"])).to_numpy()
    moments = pc.cast(combine_chunks(calls["DateTime"]), pa.int64()).to_numpy()
    group = np.minimum(np.searchsorted(index.phones, phones), len(index.phones) - 1)
    place = _last_record_before(index, group, moments)
    near = (index.phones[group] == phones) & (place >= index.starts[group])
    near &= moments - index.times[np.maximum(place, 0)] <= window_s
    partners: Numbers = np.where(near, place, -1)
    return partners


def _last_record_before(index: IdentifierIndex, group: Numbers, moments: Numbers) -> Numbers:
    """The last record up to each group's moment: halves the records of all groups at once, until none is left."""
    low, high = index.starts[group], index.starts[group + 1]
    while (open_ := low < high).any():
        middle = (low + high) // 2
        earlier = open_ & (index.times[np.minimum(middle, len(index.times) - 1)] <= moments)
        low = np.where(earlier, middle + 1, low)
        high = np.where(open_ & ~earlier, middle, high)
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
