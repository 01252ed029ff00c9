"""Counts the calls of a batch by hour, day, duration and identifier, for the HTML report."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields import local_times
from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import byte_lengths, digits_only
from calltools.fields.table import IDENTIFIER_FIELDS
from calltools.model.cells import Cells, Mask, Numbers, as_mask, non_empty
from calltools.model.summary import DAYS_PER_WEEK, DURATION_BOUNDS_S, HOURS_PER_DAY, CallStatistics

#: 1970-01-01 was a Thursday.
_THURSDAY: Final = 3
#: A longer number is neither a time in Unix seconds nor a duration.
_MAX_DIGITS_OF_TIME: Final = 10


def compute_call_statistics(
    columns: Mapping[str, Cells], count: int, zone: str | None, lost: Mask | None = None
) -> CallStatistics:
    """Count the calls of some records.

    Args:
        columns: The canonical columns that the file has.
        count: How many records they hold.
        zone: IANA name for hours and days; ``None`` is UTC.
        lost: Which of them are older than the service ties to visits; ``None``: none.
    """
    absent = {name: cell_kernels.absent(columns[name]) for name in IDENTIFIER_FIELDS if name in columns}
    unidentified: Mask = np.logical_and.reduce(list(absent.values())) if absent else np.ones(count, bool)
    missed = as_mask(pc.equal(columns["CallMissed"], "1")) if "CallMissed" in columns else np.zeros(count, bool)
    statistics = CallStatistics(zone=zone or "UTC", calls=count, unidentified=int(unidentified.sum()))
    if "CallMissed" in columns:
        statistics.with_outcome = int((~cell_kernels.absent(columns["CallMissed"])).sum())
    statistics.identified = {name: int((~mask).sum()) for name, mask in absent.items()}
    old = np.zeros(count, bool) if lost is None else lost
    _count_by_time(statistics, columns, _Sorts(missed, ~unidentified, old), zone)
    _count_durations(statistics.talk, columns.get("TalkDuration"), ~missed)
    _count_durations(statistics.hold, columns.get("HoldDuration"), np.ones(count, bool))
    return statistics


class _Sorts(NamedTuple):
    missed: Mask
    identified: Mask
    lost: Mask


def _count_by_time(statistics: CallStatistics, columns: Mapping[str, Cells], sorts: _Sorts, zone: str | None) -> None:
    if "DateTime" not in columns:
        return
    good, epochs = _parse_whole_numbers(columns["DateTime"])
    local = epochs + (local_times.offset_at(epochs, zone) if zone is not None else 0)
    day, hour = local // local_times.SECONDS_PER_DAY, local % local_times.SECONDS_PER_DAY // 3600
    hour_of_week = (day + _THURSDAY) % DAYS_PER_WEEK * HOURS_PER_DAY + hour
    missed, identified, lost = (mask[good] for mask in sorts)
    statistics.answered_by_hour += _count_by_hour(hour_of_week[~missed])
    statistics.missed_by_hour += _count_by_hour(hour_of_week[missed])
    days, inverse = np.unique(day, return_inverse=True)
    masks = (~missed, missed, identified, lost, lost & identified)
    counts = [np.bincount(inverse[mask], minlength=len(days)) for mask in masks]
    statistics.days = dict(zip(days.tolist(), np.stack(counts, axis=1), strict=True)) if len(days) else {}


def _count_by_hour(hours_of_week: Numbers) -> Numbers:
    counts = np.bincount(hours_of_week, minlength=DAYS_PER_WEEK * HOURS_PER_DAY)
    return counts.reshape(DAYS_PER_WEEK, HOURS_PER_DAY)


def _count_durations(bars: Numbers, cells: Cells | None, where: Mask) -> None:
    if cells is None:
        return
    good, seconds = _parse_whole_numbers(cells)
    bars += np.bincount(np.searchsorted(DURATION_BOUNDS_S, seconds[where[good]]), minlength=len(bars))


def _parse_whole_numbers(cells: Cells) -> tuple[Mask, Numbers]:
    """Mask of the cells that are whole numbers, and the numbers of these cells only."""
    good: Mask = non_empty(cells) & digits_only(cells) & (byte_lengths(cells) <= _MAX_DIGITS_OF_TIME)
    return good, pc.cast(cells.filter(pa.array(good)), pa.int64()).to_numpy(zero_copy_only=False)
