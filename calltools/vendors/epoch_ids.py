"""Ids that hold the Unix second when a call began, and what they tell beside a wall-clock time."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import parse_whole_parts, trim_whitespace
from calltools.fields.time_layouts import read_in_layouts
from calltools.model.cells import Cells, Mask, Numbers, non_empty
from calltools.vendors import transforms

#: A spreadsheet of another language writes the point as a comma.
_EPOCH_IN_ID: Final = r"(?:^|-)([0-9]{9,10})[.,][0-9]+"
#: Digits of a Unix second from September 2001 on.
_EPOCH_DIGITS: Final = 10
_QUARTER_S: Final = 900
_HOUR_S: Final = 3600
_WESTERNMOST_S: Final = -12 * _HOUR_S
_EASTERNMOST_S: Final = 14 * _HOUR_S
#: How far the clocks of an id and of its time may be apart: a time may lack its seconds.
_CLOCK_ERROR_S: Final = 60
_MIN_SHARE: Final = 0.9
_MIN_RECORDS: Final = 2


def epochs_in_ids(ids: Cells) -> tuple[Numbers, Mask]:
    """The Unix second in each id, and the ids that hold one."""
    epochs, known = parse_whole_parts(ids, _EPOCH_DIGITS)
    others = ~known & non_empty(ids)
    if others.any():
        found = transforms.extract(trim_whitespace(ids.filter(pa.array(others))), _EPOCH_IN_ID)
        others[others] = non_empty(found)
        epochs[others] = pc.cast(found.filter(pa.array(non_empty(found))), pa.int64()).to_numpy()
    return epochs, known | others


def round_offset(seconds: Numbers) -> Numbers:
    """The offsets from UTC that times minus epochs stand for."""
    # A clock may be seconds off, or show no seconds; every zone in use is whole quarters of an hour from UTC.
    rounded: Numbers = np.round(seconds / _QUARTER_S).astype(np.int64) * _QUARTER_S
    return rounded


def is_offset(seconds: Numbers) -> Mask:
    """Whether there is a zone so far from UTC, in seconds to the east."""
    mask: Mask = (seconds >= _WESTERNMOST_S) & (seconds <= _EASTERNMOST_S)
    return mask


def agrees_with_times(ids: Cells, times: Cells, layout: str) -> bool:
    """Whether nine in ten ids hold the second of the time beside them, in any zone.

    Args:
        ids: A column that may hold such ids.
        times: The wall-clock times of the same records.
        layout: Their layout.
    """
    epochs, has_epoch = epochs_in_ids(ids)
    written = read_in_layouts(trim_whitespace(times), (layout,))
    both = has_epoch & written.read & ~written.has_offset
    apart = (written.local - epochs)[both]
    offsets = round_offset(apart)
    # Clocks of a zone are set forward and back by an hour.
    usual = int(np.median(offsets)) if len(offsets) else 0
    alike = is_offset(offsets) & np.isin(offsets - usual, (0, _HOUR_S, -_HOUR_S))
    agreeing = int((alike & (np.abs(apart - offsets) <= _CLOCK_ERROR_S)).sum())
    return agreeing >= _MIN_RECORDS and agreeing >= _MIN_SHARE * int((non_empty(ids) & written.read).sum())
