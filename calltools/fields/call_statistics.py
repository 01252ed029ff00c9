"""Counts the calls of a batch by hour, day, duration and identifier."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields import local_times
from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import byte_lengths, digits_only
from calltools.fields.table import IDENTIFIER_FIELDS
from calltools.model.call_statistics import DAYS_PER_WEEK, DURATION_BOUNDS_S, HOURS_PER_DAY, CallStatistics
from calltools.model.cells import Cells, Mask, Numbers, as_mask, non_empty

_DAY_S: Final = 86_400
#: 1970-01-01 was a Thursday.
_THURSDAY: Final = 3
#: A longer number is no time and no duration.
_MAX_DIGITS_OF_TIME: Final = 10


def compute_call_statistics(columns: Mapping[str, Cells], count: int, zone: str | None) -> CallStatistics:
    """Counts of some records.

    Args:
        columns: Canonical columns, as many as there are.
        count: Records.
        zone: IANA name for hours and days; ``None`` is UTC.
    """
    known = {name: cell_kernels.absent(columns[name]) for name in IDENTIFIER_FIELDS if name in columns}
    nobody: Mask = np.logical_and.reduce(list(known.values())) if known else np.ones(count, bool)
    missed = as_mask(pc.equal(columns["CallMissed"], "1")) if "CallMissed" in columns else np.zeros(count, bool)
    drawn = CallStatistics(zone=zone or "UTC", calls=count, unidentified=int(nobody.sum()))
    drawn.identified = {name: int((~absent).sum()) for name, absent in known.items()}
    _count_by_time(drawn, columns, missed, ~nobody, zone)
    _count_durations(drawn.talk, columns.get("TalkDuration"), ~missed)
    _count_durations(drawn.hold, columns.get("HoldDuration"), np.ones(count, bool))
    return drawn


def _count_by_time(
    drawn: CallStatistics, columns: Mapping[str, Cells], missed: Mask, tied: Mask, zone: str | None
) -> None:
    if "DateTime" not in columns:
        return
    good, epochs = _parse_whole_numbers(columns["DateTime"])
    local = epochs + (local_times.offset_at(epochs, zone) if zone is not None else 0)
    day, hour = local // _DAY_S, local % _DAY_S // 3600
    place = (day + _THURSDAY) % DAYS_PER_WEEK * HOURS_PER_DAY + hour
    missed, tied = missed[good], tied[good]
    drawn.answered_by_hour += np.bincount(place[~missed], minlength=DAYS_PER_WEEK * HOURS_PER_DAY).reshape(
        DAYS_PER_WEEK, HOURS_PER_DAY
    )
    drawn.missed_by_hour += np.bincount(place[missed], minlength=DAYS_PER_WEEK * HOURS_PER_DAY).reshape(
        DAYS_PER_WEEK, HOURS_PER_DAY
    )
    days, inverse = np.unique(day, return_inverse=True)
    counts = [np.bincount(inverse[mask], minlength=len(days)) for mask in (~missed, missed, tied)]
    drawn.days = dict(zip(days.tolist(), np.stack(counts, axis=1), strict=True)) if len(days) else {}


def _count_durations(bars: Numbers, cells: Cells | None, where: Mask) -> None:
    if cells is None:
        return
    good, seconds = _parse_whole_numbers(cells)
    bars += np.bincount(np.searchsorted(DURATION_BOUNDS_S, seconds[where[good]]), minlength=len(bars))


def _parse_whole_numbers(cells: Cells) -> tuple[Mask, Numbers]:
    """Cells that are whole numbers, and these numbers."""
    good: Mask = non_empty(cells) & digits_only(cells) & (byte_lengths(cells) <= _MAX_DIGITS_OF_TIME)
    return good, pc.cast(cells.filter(pa.array(good)), pa.int64()).to_numpy(zero_copy_only=False)
