"""Counting what the calls of a batch look like."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields import any_cell, clock
from calltools.fields.shapes import digits_only, lengths
from calltools.fields.table import IDENTIFIERS
from calltools.model.cells import Cells, Mask, Numbers, as_mask, filled
from calltools.model.portrait import DAYS, DURATIONS_S, HOURS, Portrait

_DAY_S: Final = 86_400
#: 1970-01-01 was a Thursday.
_THURSDAY: Final = 3
#: A longer number is no time and no duration.
_LONGEST: Final = 10


def portrait(columns: Mapping[str, Cells], count: int, zone: str | None) -> Portrait:
    """Counts of some records.

    Args:
        columns: Canonical columns, as many as there are.
        count: Records.
        zone: IANA name for hours and days; ``None`` is UTC.
    """
    known = {name: any_cell.absent(columns[name]) for name in IDENTIFIERS if name in columns}
    nobody: Mask = np.logical_and.reduce(list(known.values())) if known else np.ones(count, bool)
    missed = as_mask(pc.equal(columns["CallMissed"], "1")) if "CallMissed" in columns else np.zeros(count, bool)
    drawn = Portrait(zone=zone or "UTC", calls=count, unidentified=int(nobody.sum()))
    drawn.identified = {name: int((~absent).sum()) for name, absent in known.items()}
    _times(drawn, columns, missed, ~nobody, zone)
    _durations(drawn.talk, columns.get("TalkDuration"), ~missed)
    _durations(drawn.hold, columns.get("HoldDuration"), np.ones(count, bool))
    return drawn


def _times(drawn: Portrait, columns: Mapping[str, Cells], missed: Mask, tied: Mask, zone: str | None) -> None:
    if "DateTime" not in columns:
        return
    good, epochs = _numbers(columns["DateTime"])
    local = epochs + (clock.offset_at(epochs, zone) if zone is not None else 0)
    day, hour = local // _DAY_S, local % _DAY_S // 3600
    place = (day + _THURSDAY) % DAYS * HOURS + hour
    missed, tied = missed[good], tied[good]
    drawn.answered_by_hour += np.bincount(place[~missed], minlength=DAYS * HOURS).reshape(DAYS, HOURS)
    drawn.missed_by_hour += np.bincount(place[missed], minlength=DAYS * HOURS).reshape(DAYS, HOURS)
    days, inverse = np.unique(day, return_inverse=True)
    counts = [np.bincount(inverse[mask], minlength=len(days)) for mask in (~missed, missed, tied)]
    drawn.days = dict(zip(days.tolist(), np.stack(counts, axis=1), strict=True)) if len(days) else {}


def _durations(bars: Numbers, cells: Cells | None, where: Mask) -> None:
    if cells is None:
        return
    good, seconds = _numbers(cells)
    bars += np.bincount(np.searchsorted(DURATIONS_S, seconds[where[good]]), minlength=len(bars))


def _numbers(cells: Cells) -> tuple[Mask, Numbers]:
    """Cells that are whole numbers, and these numbers."""
    good: Mask = filled(cells) & digits_only(cells) & (lengths(cells) <= _LONGEST)
    return good, pc.cast(cells.filter(pa.array(good)), pa.int64()).to_numpy(zero_copy_only=False)
