"""When the legs of calls began, and how long they were talked: what several legs say of their call together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import full_match
from calltools.model.batch import Batch
from calltools.model.cells import Cells, Mask, Numbers, as_mask
from calltools.vendors import transforms
from calltools.vendors.binding import BoundProfile
from calltools.vendors.mapping import read_directions_and_unknown, read_fields, see_batch_dates

#: What a leg says of its call; where one of them cannot be read, nobody knows what became of the call.
_FIELDS: Final = ("DateTime", "TalkDuration", "HoldDuration", "CallMissed")
_WHOLE_SECONDS: Final = "[0-9]{1,12}"
_UNKNOWN: Final = np.iinfo(np.int64).max
#: More seconds than any time has: groups that are this far apart do not touch.
_APART_S: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class LegTimes:
    """What each leg says by itself.

    Attributes:
        began: Unix second of its start; the largest number where it is not known.
        talk: Seconds of its talk; 0 without one.
        talked_from: Unix second at which its talk began; of a leg without a known wait, its start.
        hold_known: Whether the wait before its talk is known.
        answered: Whether it was answered, as the profile says it.
        incoming: Whether it is incoming.
        may_be_incoming: The same, or its direction is a word that the profile does not know.
        unreadable: Whether a field that counts for the call cannot be read.
    """

    began: Numbers
    talk: Numbers
    talked_from: Numbers
    hold_known: Mask
    answered: Mask
    incoming: Mask
    may_be_incoming: Mask
    unreadable: Mask


def read_leg_times(legs: Batch, mapped: BoundProfile) -> LegTimes:
    """Read the times of legs, rows as they are in the file."""
    read, count = read_fields(legs, mapped, _FIELDS), len(legs)
    numbers = {name: _whole_numbers(cells) for name, (cells, _) in read.items()}
    nothing = np.zeros(count, np.int64), np.zeros(count, bool)
    began, has_start = numbers.get("DateTime", nothing)
    talk, _ = numbers.get("TalkDuration", nothing)
    hold, hold_known = numbers.get("HoldDuration", nothing)
    answered = transforms.condition_mask(
        mapped.profile.rows.answered, lambda title: mapped.freed_cells(legs, title), count
    )
    directions = read_directions_and_unknown(legs, mapped)
    incoming, unknown = np.ones(count, bool), np.zeros(count, bool)
    if directions is not None:
        incoming, unknown = as_mask(pc.equal(directions[0], "incoming")), directions[1]
    proven = dict(mapped.options.proven_orders or ())
    undecided = {"DateTime"} if set(see_batch_dates(legs, mapped).undecided()) - proven.keys() else set()
    unreadable = [mask for name, (_, mask) in read.items() if name not in undecided]
    return LegTimes(
        began=np.where(has_start, began, _UNKNOWN),
        talk=np.where(answered, talk, 0),
        talked_from=np.where(has_start, began + hold, _UNKNOWN),
        hold_known=hold_known & has_start,
        answered=answered,
        incoming=incoming,
        may_be_incoming=incoming | unknown,
        unreadable=np.logical_or.reduce([np.zeros(count, bool), *unreadable]),
    )


def _whole_numbers(cells: Cells) -> tuple[Numbers, Mask]:
    whole = full_match(cells, _WHOLE_SECONDS)
    return pc.cast(pc.if_else(pa.array(whole), cells, "0"), pa.int64()).to_numpy(), whole


def first_by_group(group: Numbers, count: int, *keys: Numbers, among: Mask | None = None) -> Numbers:
    """For each group the place of its item with the smallest keys, the first of equals; -1 for a group without one.

    Args:
        group: The group of each item.
        count: Number of groups.
        keys: The most important one first.
        among: The items that count.
    """
    places = np.arange(len(group)) if among is None else np.flatnonzero(among)
    order = np.lexsort([places, *(key[places] for key in reversed(keys)), group[places]])
    places = places[order]
    found = np.full(count, -1, np.int64)
    # Written from the last to the first, so that the first of each group stays.
    found[group[places][::-1]] = places[::-1]
    return found


def measure_totals(times: LegTimes, group: Numbers, count: int) -> Mapping[str, Cells]:
    """Talk and wait of calls of which several legs must be asked; ``""`` where the row of one leg says it.

    Talks that follow one another add up, as after a transfer; of talks at the same time each second counts once, as
    with a queue and the operator in it. The wait lasts from the start of the earliest leg to the first talk.

    Args:
        times: Of the legs.
        group: For each leg the number of its call.
        count: Number of calls.
    """
    talked = np.flatnonzero(times.talk > 0)
    timed = np.zeros(count, bool)
    timed[group[talked]] = True
    timed[group[talked[times.began[talked] == _UNKNOWN]]] = False
    return {
        "TalkDuration": _as_cells(_union_of_talks(times, group, count, talked[timed[group[talked]]]), timed),
        "HoldDuration": _wait_before_talk(times, group, count),
    }


def _union_of_talks(times: LegTimes, group: Numbers, count: int, talked: Numbers) -> Numbers:
    """For each call in how many seconds somebody talked."""
    order = talked[np.lexsort([times.talked_from[talked], group[talked]])]
    base = group[order] * _APART_S
    start, end = base + times.talked_from[order], base + times.talked_from[order] + times.talk[order]
    # The end of all talks before, of this call or of an earlier one, which lies far below.
    before = np.concatenate([[np.iinfo(np.int64).min], np.maximum.accumulate(end)])[:-1]
    seconds = np.maximum(end - np.maximum(start, before), 0)
    return np.bincount(group[order], seconds, count).astype(np.int64)


def _wait_before_talk(times: LegTimes, group: Numbers, count: int) -> Cells:
    earliest = first_by_group(group, count, times.began)
    first_talk = first_by_group(group, count, times.talked_from, among=times.talk > 0)
    known = first_talk >= 0
    known[known] = times.hold_known[first_talk[known]] & (times.began[earliest[known]] != _UNKNOWN)
    wait = np.zeros(count, np.int64)
    wait[known] = times.talked_from[first_talk[known]] - times.began[earliest[known]]
    return _as_cells(wait, known)


def _as_cells(numbers: Numbers, known: Mask) -> Cells:
    return pc.if_else(pa.array(known), pc.cast(pa.array(numbers), pa.string()), "")
