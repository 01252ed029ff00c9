"""Damaged legs: whose call cannot be known any more (CT611).

A leg is damaged if its record cannot be split into cells, or if a cell that counts for the call cannot be read.
Its call is known by the id alone. Records beside it say nothing: legs of several calls are mixed in a file.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Batch, MalformedRecord
from calltools.model.cells import Cells, Mask, Numbers
from calltools.model.finding import DETAIL_SEPARATOR, Findings
from calltools.vendors.binding import BoundProfile
from calltools.vendors.leg_times import LegTimes
from calltools.vendors.mapping import ERRORS_OF_READERS
from calltools.vendors.recognize import normalize_title

#: Between the columns that together are the id of a call.
KEY_SEPARATOR: Final = "\x1f"
#: Stands for bytes that are no text.
_UNDECODABLE: Final = "\ufffd"
#: The call, the number and the place of a damaged leg.
DamagedLeg = tuple[int, int, int]


def read_damaged_keys(batch: Batch, mapped: BoundProfile, keys: Cells) -> list[str | None]:
    """For each malformed record the id of its call; ``None``: it cannot be read.

    A fault moves the cells behind it: an id is looked for in its column, counted from the left and from the right.
    Where the number of cells is right, the id is that of the record; otherwise only an id that another record has, too,
    is believed.

    Args:
        batch: Records as they are in the file.
        mapped: The bound profile.
        keys: The id of each row of the batch.
    """
    if not batch.malformed:
        return []
    known, width = set(pc.unique(keys).to_pylist()) - {""}, len(mapped.titles)
    found: list[str | None] = []
    for one in batch.malformed:
        cells = [cell.strip().strip('"').strip() for cell in one.cells]
        read = list(_possible_keys(cells, mapped, (0, len(cells) - width)))
        own = read[:1] if len(cells) == width else []
        found.append(next((key for key in read if key in known), next(iter(own), None)))
    return found


def _possible_keys(cells: Sequence[str], mapped: BoundProfile, shifts: Sequence[int]) -> Iterator[str]:
    rows = mapped.profile.rows
    titles = rows.one_call_by_all or rows.one_call_by
    positions = [mapped.positions.get(normalize_title(title)) for title in titles]
    for shift in dict.fromkeys(shifts):
        read = [
            cells[position + shift] if position is not None and 0 <= position + shift < len(cells) else ""
            for position in positions
        ]
        filled = [text for text in read if text]
        if not filled or (rows.one_call_by_all and len(filled) < len(read)):
            continue
        key = KEY_SEPARATOR.join(filled) if rows.one_call_by_all else filled[0]
        if _UNDECODABLE not in key:
            yield key


def find_damaged_rows(legs: Batch, mapped: BoundProfile, times: LegTimes, group: Numbers) -> Mask:
    """The legs of which something that counts for the call cannot be read, of calls that may be incoming.

    Args:
        legs: Rows as they are in the file.
        mapped: The bound profile.
        times: What could be read of the legs.
        group: For each leg the number of its call.
    """
    table = legs.findings.table
    positions = pa.array(sorted(mapped.read_positions), pa.int32())
    of_record = pc.or_(pc.is_null(table["position"]), pc.is_in(table["position"], positions))
    of_direction = pc.is_in(table["position"], pa.array(sorted(mapped.direction_positions), pa.int32()))
    errors = pc.is_in(table["code"], pa.array(ERRORS_OF_READERS))
    unread = np.isin(legs.records, _records_where(table, pc.and_(errors, of_record)))
    no_direction = np.isin(legs.records, _records_where(table, pc.and_(errors, of_direction)))
    counts = np.zeros(int(group.max(initial=-1)) + 1, bool)
    counts[group[times.may_be_incoming | no_direction]] = True
    mask: Mask = (unread | times.unreadable) & counts[group]
    return mask


def _records_where(table: pa.Table, mask: pa.ChunkedArray) -> Numbers:
    numbers: Numbers = table["record"].filter(mask).drop_null().to_numpy()
    return numbers


def damaged_leg_findings(batch: Batch, damaged: Sequence[DamagedLeg]) -> Findings:
    """CT611 for each call with a damaged leg; it names the places of these legs, and their numbers."""
    legs: dict[int, set[tuple[int, int]]] = {}
    for call, record, place in damaged:
        legs.setdefault(call, set()).add((record, place))
    calls = np.array(sorted(legs), np.int64)
    details = [
        DETAIL_SEPARATOR.join(", ".join(str(numbers[at]) for numbers in sorted(legs[call])) for at in (1, 0))
        for call in calls.tolist()
    ]
    places = batch.places[np.searchsorted(batch.records, calls)]
    return Findings.for_rule("CT611", records=calls, places=places, detail=pa.array(details, pa.string()))


def stray_leg_findings(stray: Sequence[MalformedRecord]) -> Findings:
    """CT611 for malformed records whose call cannot be read: they may be legs of any call."""
    records, places = (np.array([getattr(one, name) for one in stray], np.int64) for name in ("record", "place"))
    return Findings.for_rule("CT611", records=records, places=places, detail="")
