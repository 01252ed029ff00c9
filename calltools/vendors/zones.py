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
from calltools.fields.date_order import exchange_day_and_month
from calltools.fields.kernels.byte_kernels import trim_whitespace
from calltools.fields.time_layouts import date_orders, read_times
from calltools.model.batch import Batch
from calltools.model.cells import Cells, Mask, Numbers, constant_cells
from calltools.model.finding import Findings
from calltools.vendors.binding import BoundProfile
from calltools.vendors.epoch_ids import epochs_in_ids, is_offset, round_offset
from calltools.vendors.mapping import time_texts

_MIN_SHARE: Final = 0.9
_MIN_RECORDS: Final = 2
#: The zones to suggest, the most usual ones where these exports come from first.
_USUAL_ZONES: Final = (
    "UTC", "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk",
    "Asia/Novosibirsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
    "Europe/Berlin", "Europe/London", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
    "America/Sao_Paulo", "Asia/Tehran", "Asia/Kabul", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Yangon",
)  # fmt: skip
#: Zones that are no whole hours from UTC.
_RARE_ZONES: Final = (
    "America/St_Johns", "Australia/Darwin", "Australia/Adelaide", "Australia/Eucla", "Australia/Lord_Howe",
    "Pacific/Chatham", "Pacific/Marquesas",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The wall-clock times of a batch beside the ids that hold their Unix seconds.

    Attributes:
        both: Rows with a time in a layout and an id that holds a time.
        has_epoch: Rows with such an id.
        local: Seconds on the wall clock.
        epochs: Unix seconds in the ids.
        texts: The times as the file has them.
    """

    both: Mask
    has_epoch: Mask
    local: Numbers
    epochs: Numbers
    texts: Cells

    @property
    def offsets(self) -> Numbers:
        """Seconds east of UTC, rounded to a quarter of an hour."""
        return round_offset(self.local - self.epochs)

    def plausible_offsets(self) -> Numbers:
        """The offsets that are those of a zone; with others, time and id are of two days or of two calls."""
        seconds = self.offsets[self.both]
        return seconds[is_offset(seconds)]

    def plausible_epochs(self) -> Numbers:
        """The Unix seconds of the same records."""
        return self.epochs[self.both][is_offset(self.offsets[self.both])]


def refuse_contradicted_zone(sample: Batch, mapped: BoundProfile) -> None:
    """Refuse a zone that nine in ten records contradict in the same way.

    Args:
        sample: The first records of the file.
        mapped: The bound profile, with the zone that the user named.

    Raises:
        UsageError: The zone is wrong; the error suggests the one that the records agree on.
    """
    compared, zone = _compare_with_ids(sample, mapped), mapped.options.timezone
    if zone is None or compared is None:
        return
    seconds = compared.plausible_offsets()
    if len(seconds) < _MIN_RECORDS:
        return
    epochs = compared.plausible_epochs()
    is_wrong = seconds != local_times.offset_at(epochs, zone)
    if suggestion := _agreed_zone(seconds[is_wrong], epochs[is_wrong], len(seconds)):
        raise UsageError("zone-contradicted", zone=zone, offset=format_offset(suggestion[0]), suggestion=suggestion[1])


def suggest_zone(sample: Batch, mapped: BoundProfile) -> str | None:
    """The zone that nine in ten records agree on; ``None`` if they do not, or their ids hold no time."""
    compared = _compare_with_ids(sample, mapped)
    seconds = np.zeros(0, np.int64) if compared is None else compared.plausible_offsets()
    if compared is None or len(seconds) < _MIN_RECORDS:
        return None
    suggestion = _agreed_zone(seconds, compared.plausible_epochs(), len(seconds))
    return None if suggestion is None else suggestion[1]


def _agreed_zone(offsets: Numbers, epochs: Numbers, count: int) -> tuple[int, str] | None:
    """The offset of nine in ten records, and a zone that had it at the time of each; ``None``: there is none.

    Args:
        offsets: Of some records.
        epochs: When each was.
        count: How many records there are in all.
    """
    agreed, agreeing = Counter(offsets.tolist()).most_common(1)[0] if len(offsets) else (0, 0)
    if agreeing < _MIN_SHARE * count:
        return None
    moments = np.unique(epochs[offsets == agreed])
    zone = find_zone(agreed, moments)
    return None if zone is None else (agreed, zone)


def judge_times_by_ids(batch: Batch, mapped: BoundProfile) -> tuple[Findings, Mask]:
    """Records whose ids contradict the time that was read, and the rows whose ids confirm it.

    A time that agrees with its id when day and month change places was swapped by a spreadsheet (CT610). Any other
    contradiction is one to the zone that the user named (CT604).

    Args:
        batch: Source columns.
        mapped: The bound profile.
    """
    zone, compared = mapped.options.timezone, _compare_with_ids(batch, mapped)
    if zone is None or compared is None:
        return Findings.empty(), np.zeros(len(batch), bool)
    right = local_times.offset_at(compared.epochs, zone)
    confirmed: Mask = compared.both & (compared.offsets == right)
    swapped, true_local = _find_true_dates(compared, right, ~confirmed)
    wrong = np.flatnonzero(compared.both & ~confirmed & ~swapped)
    contradicted = Findings.for_rule(
        "CT604",
        records=batch.records[wrong],
        places=batch.places[wrong],
        field="DateTime",
        detail=pa.array(
            [_describe_offset(*pair) for pair in zip(compared.offsets[wrong], compared.epochs[wrong], strict=True)],
            pa.string(),
        ),
    )
    at = np.flatnonzero(swapped)
    exchanged = swapped_findings(
        batch, compared.texts, swapped, true_local=true_local[at], epochs=true_local[at] - right[at]
    )
    return Findings.concat([contradicted, exchanged]), confirmed


def swapped_findings(
    batch: Batch, texts: Cells, rows: Mask, *, true_local: Numbers | None = None, epochs: Numbers | None = None
) -> Findings:
    """CT610 in some rows.

    Args:
        batch: The records.
        texts: Their times as the file has them.
        rows: Mask of the records with a swapped date.
        true_local: For each of them the local time that its id proves; ``None``: nothing proves it.
        epochs: The same as Unix seconds.
    """
    proven = None if true_local is None else pa.array(_format_local(true_local), pa.string())
    return Findings.for_rule(
        "CT610",
        records=batch.records[rows],
        places=batch.places[rows],
        field="DateTime",
        value=texts.filter(pa.array(rows)),
        detail=proven,
        after=None if epochs is None else local_times.format_epochs(epochs),
    )


def _find_true_dates(compared: _Comparison, right: Numbers, doubtful: Mask) -> tuple[Mask, Numbers]:
    """Rows whose time agrees with the id when day and month change places, and that local time.

    Args:
        compared: Times and ids.
        right: The offset of the zone at each id.
        doubtful: The rows to look at.
    """
    found, local = np.zeros(len(doubtful), bool), compared.local.copy()
    rows = np.flatnonzero(doubtful & compared.has_epoch)
    if not len(rows):
        return found, local
    read, epochs = compared.both[rows], compared.epochs[rows]
    exchanged, is_other = exchange_day_and_month(compared.local[rows])
    candidates = [(exchanged, is_other & read)]
    texts = trim_whitespace(compared.texts.take(pa.array(rows)))
    for order in ("dmy", "mdy"):
        # Dates of which nothing tells the order were not read; the id tells it.
        times = read_times(texts, date_orders(order, None))
        candidates.append((times.local, times.read & ~times.has_offset & ~read))
    for seconds, usable in candidates:
        agrees = ~found[rows] & usable & (round_offset(seconds - epochs) == right[rows])
        found[rows[agrees]], local[rows[agrees]] = True, seconds[agrees]
    return found, local


def _compare_with_ids(batch: Batch, mapped: BoundProfile) -> _Comparison | None:
    """The times beside the ids; ``None`` if the ids of the export hold no time."""
    ids = None if mapped.profile.epoch_id is None else mapped.freed_cells(batch, mapped.profile.epoch_id)
    if ids is None:
        return None
    epochs, has_epoch = epochs_in_ids(ids)
    local, known = np.zeros(len(batch), np.int64), np.zeros(len(batch), bool)
    texts, of_user = constant_cells("", len(batch)), np.zeros(len(batch), bool)
    for step, cells, rows in time_texts(batch, mapped):
        if step.zone is None:
            times = mapped.read_step_times(cells, step)
            read = rows & times.read & ~times.has_offset
            local, known, of_user = np.where(read, times.local, local), known | read, of_user | rows
            texts = cells if rows.all() else pc.if_else(pa.array(rows), cells, texts)
    return _Comparison(known & has_epoch, has_epoch & of_user, local, epochs, texts)


def _format_local(local: Numbers) -> list[str]:
    return [str(moment).replace("T", " ") for moment in local.astype("datetime64[s]")]


def _describe_offset(seconds: int, epoch: int) -> str:
    """The offset, or the moment of the id where it is too far from the time to be of another zone."""
    if is_offset(np.array(seconds)):
        return format_offset(int(seconds))
    return f"{_format_local(np.array([epoch]))[0]} UTC"


def format_offset(seconds: int) -> str:
    """An offset in seconds as ``+03:00``."""
    sign = "-" if seconds < 0 else "+"
    return f"{sign}{abs(seconds) // 3600:02}:{abs(seconds) % 3600 // 60:02}"


def find_zone(seconds: int, epochs: Numbers) -> str | None:
    """A zone that had an offset at some moments, as the option takes it; ``None``: no zone had it.

    Args:
        seconds: East of UTC.
        epochs: The moments: by the season a zone has two offsets.
    """
    # The last one is that of a ship: of whole hours there is one.
    ship = f"Etc/GMT{-seconds // 3600:+}"
    known = (*_USUAL_ZONES, *((ship,) if local_times.zone_exists(ship) else ()), *_RARE_ZONES)
    return next((zone for zone in known if (local_times.offset_at(epochs, zone) == seconds).all()), None)
