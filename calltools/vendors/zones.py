"""Checking the time zone of an export.

Ids of some exporters hold the Unix second when the call began. The difference to the wall-clock time beside it is the
offset of the zone.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import UsageError
from calltools.fields import local_times
from calltools.fields.kernels.byte_kernels import parse_whole_parts, trim_whitespace
from calltools.model.batch import Batch
from calltools.model.cells import Cells, Mask, Numbers, non_empty
from calltools.model.finding import Findings
from calltools.vendors import transforms
from calltools.vendors.binding import BoundProfile

_EPOCH_IN_ID: Final = r"(?:^|-)([0-9]{9,10})\.[0-9]+"
#: Digits of a Unix second from September 2001 on.
_EPOCH_DIGITS: Final = 10
_QUARTER_S: Final = 900
_MIN_SHARE: Final = 0.9
_MIN_RECORDS: Final = 5
#: Offset in seconds -> the zone to suggest: the most usual one where these exports come from.
_USUAL_ZONES: Final = {
    0: "UTC", 3600: "Europe/Berlin", 7200: "Europe/Kaliningrad", 10800: "Europe/Moscow", 14400: "Europe/Samara",
    18000: "Asia/Yekaterinburg", 21600: "Asia/Omsk", 25200: "Asia/Novosibirsk", 28800: "Asia/Irkutsk",
    32400: "Asia/Yakutsk", 36000: "Asia/Vladivostok", 39600: "Asia/Magadan", 43200: "Asia/Kamchatka",
    -18000: "America/New_York", -21600: "America/Chicago", -28800: "America/Los_Angeles",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _ProvenOffsets:
    """Rows whose offset is known, their seconds east of UTC rounded to a quarter of an hour, and their Unix seconds."""

    rows: Numbers
    seconds: Numbers
    epochs: Numbers


def refuse_contradicted_zone(sample: Batch, mapped: BoundProfile) -> None:
    """Refuse a zone that nine in ten records contradict in the same way.

    Args:
        sample: The first records of the file.
        mapped: The bound profile, with the zone that the user named.

    Raises:
        UsageError: The zone is wrong; the error suggests the one that the records agree on.
    """
    proven, zone = _proven_offsets(sample, mapped), mapped.options.timezone
    if zone is None or len(proven.rows) < _MIN_RECORDS:
        return
    wrong = proven.seconds[proven.seconds != local_times.offset_at(proven.epochs, zone)]
    agreed, count = Counter(wrong.tolist()).most_common(1)[0] if len(wrong) else (0, 0)
    if count >= _MIN_SHARE * len(proven.rows):
        raise UsageError(
            "zone-contradicted", zone=zone, offset=format_offset(agreed), suggestion=zone_for_offset(agreed)
        )


def suggest_zone(sample: Batch, mapped: BoundProfile) -> str | None:
    """The zone that nine in ten records agree on; ``None`` if they do not, or their ids hold no time."""
    proven = _proven_offsets(sample, mapped)
    if len(proven.rows) < _MIN_RECORDS:
        return None
    agreed, count = Counter(proven.seconds.tolist()).most_common(1)[0]
    return zone_for_offset(agreed) if count >= _MIN_SHARE * len(proven.rows) else None


def zone_contradictions(batch: Batch, mapped: BoundProfile) -> Findings:
    """CT604: single records whose offset is not that of the zone that the user named."""
    zone = mapped.options.timezone
    if zone is None or mapped.profile.epoch_id is None:
        return Findings.empty()
    proven = _proven_offsets(batch, mapped)
    wrong = proven.seconds != local_times.offset_at(proven.epochs, zone)
    rows = proven.rows[wrong]
    detail = pa.array([format_offset(int(seconds)) for seconds in proven.seconds[wrong]], pa.string())
    return Findings.for_rule(
        "CT604", records=batch.records[rows], places=batch.places[rows], field="DateTime", detail=detail
    )


def _proven_offsets(batch: Batch, mapped: BoundProfile) -> _ProvenOffsets:
    ids = None if mapped.profile.epoch_id is None else mapped.source_cells(batch, mapped.profile.epoch_id)
    local = [step for step in mapped.fields["DateTime"] if step.format and step.zone is None]
    times = mapped.source_cells(batch, local[0].columns[0]) if local and local[0].columns else None
    if ids is None or times is None:
        nothing = np.zeros(0, np.int64)
        return _ProvenOffsets(nothing, nothing, nothing)
    epochs, has_epoch = epochs_in_ids(ids)
    times = trim_whitespace(times)
    wall, known = np.zeros(len(batch), np.int64), np.zeros(len(batch), bool)
    for layout in local[0].format:
        if layout not in {"unix", "iso"} and not known.all():
            read = local_times.parse_local(times, layout, None)
            wall, known = np.where(known, wall, read.epoch), known | read.ok
    both: Mask = known & has_epoch
    # A clock may be seconds off; every zone in use is whole quarters of an hour from UTC.
    seconds = np.round((wall[both] - epochs[both]) / _QUARTER_S).astype(np.int64) * _QUARTER_S
    return _ProvenOffsets(np.flatnonzero(both), seconds, epochs[both])


def epochs_in_ids(ids: Cells) -> tuple[Numbers, Mask]:
    """The Unix second in each id, and the ids that hold one."""
    epochs, known = parse_whole_parts(ids, _EPOCH_DIGITS)
    others = ~known & non_empty(ids)
    if others.any():
        found = transforms.extract(trim_whitespace(ids.filter(pa.array(others))), _EPOCH_IN_ID)
        others[others] = non_empty(found)
        epochs[others] = pc.cast(found.filter(pa.array(non_empty(found))), pa.int64()).to_numpy()
    return epochs, known | others


def format_offset(seconds: int) -> str:
    """An offset in seconds as ``+03:00``."""
    sign = "-" if seconds < 0 else "+"
    return f"{sign}{abs(seconds) // 3600:02}:{abs(seconds) % 3600 // 60:02}"


def zone_for_offset(seconds: int) -> str:
    """A zone with an offset, as a user may write it in an option; else a description of it."""
    return _USUAL_ZONES.get(seconds, f"a zone at {format_offset(seconds)}")
