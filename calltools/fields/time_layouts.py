"""The one table of layouts of times, and the reading of a whole column in any of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields import local_times
from calltools.fields.kernels.byte_kernels import byte_lengths, digits_only, memoized
from calltools.model.assumptions import DateOrder, Orders
from calltools.model.cells import Cells, Mask, Numbers, as_mask, non_empty

_SEPARATORS: Final = ".-/"
_SHORT, _YEAR, _FRACTION = "[0-9]{1,2}", "[0-9]{4}", "(?:[.,][0-9]+)?"
#: ``strptime`` layout of a date -> pattern of its cells. Those with the month first look like those with the day first.
DATE_LAYOUTS: Final[Mapping[str, str]] = MappingProxyType(
    {f"%d{mark}%m{mark}%Y": f"{_SHORT}[{mark}]{_SHORT}[{mark}]{_YEAR}" for mark in _SEPARATORS}
    | {f"%Y{mark}%m{mark}%d": f"{_YEAR}[{mark}]{_SHORT}[{mark}]{_SHORT}" for mark in _SEPARATORS}
)
#: ``strptime`` layout of a time of day -> pattern of its cells. Fractions of a second are cut off.
CLOCK_LAYOUTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "%H:%M:%S": f"{_SHORT}:[0-9]{{2}}:[0-9]{{2}}{_FRACTION}",
        "%H:%M": f"{_SHORT}:[0-9]{{2}}",
        "%I:%M:%S %p": f"{_SHORT}:[0-9]{{2}}:[0-9]{{2}}{_FRACTION} ?[AaPp][Mm]",
        "%I:%M %p": f"{_SHORT}:[0-9]{{2}} ?[AaPp][Mm]",
    }
)
#: What stands between date and time of day.
BETWEEN: Final = (" ", "T", ", ")
OFFSET_PATTERN: Final = " ?(?:[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)"
#: All layouts with a name for each part, for the cells that numpy cannot read at a fixed width.
_PARTS: Final = (
    r"^(?:(?P<year>[0-9]{4})(?P<mark>[-/.])(?P<month>[0-9]{1,2})(?P<again>[-/.])(?P<day>[0-9]{1,2})"
    r"|(?P<first>[0-9]{1,2})(?P<split>[-/.])(?P<second>[0-9]{1,2})(?P<same>[-/.])(?P<last>[0-9]{4}))"
    rf"(?:{'|'.join(BETWEEN)})"
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<seconds>[0-9]{2})(?:[.,][0-9]+)?)?(?: ?(?P<half>[AaPp][Mm]))?"
    r"(?: ?(?P<offset>[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?$"
)
_FIXED_WIDTH: Final = re.compile(
    r"(?:(?P<year>[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2})|(?P<short>[0-9]{2}[-/.][0-9]{2}[-/.][0-9]{4}))"
    r"(?P<between>T| |, )[0-9]{2}:[0-9]{2}(?P<seconds>:[0-9]{2})?(?P<offset> ?(?:[Zz]|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
)
#: So many layouts of fixed width are tried; the cells of any other go through the pattern.
_MAX_FIXED_LAYOUTS: Final = 4
_HALF_DAY_HOURS: Final = 12
_MILLISECONDS_DIGITS: Final = 13


def wall_clock_pattern(*dates: str, offset: str = f"(?:{OFFSET_PATTERN})?") -> str:
    """The pattern of times with a date of these layouts, ``DATE_LAYOUTS`` if none is given, and a time of day.

    Args:
        dates: Keys of ``DATE_LAYOUTS``.
        offset: Pattern of what follows.
    """
    days = "|".join(DATE_LAYOUTS[one] for one in dates or DATE_LAYOUTS)
    return f"(?:{days})(?:{'|'.join(BETWEEN)})(?:{'|'.join(CLOCK_LAYOUTS.values())}){offset}"


def date_orders(order: DateOrder | None, proven: Orders | None, layouts: Iterable[str] = ()) -> Orders:
    """What is known about dates that end with the year.

    Args:
        order: What the user says.
        proven: What the dates of the column prove; ``None``: they were not looked at, and dots mean the day first.
        layouts: ``strptime`` layouts of a profile.
    """
    known: dict[str, DateOrder] = {}
    if order is None:
        known = {".": "dmy"} if proven is None else dict(proven)
    elif order != "ymd":
        known = dict.fromkeys(_SEPARATORS, order)
    return tuple(sorted((known | dict(layout_orders(layouts))).items()))


def layout_orders(layouts: Iterable[str]) -> Orders:
    """What the layouts of a profile say about dates that end with the year.

    A profile knows the order for the separators that it writes, and for no other: a spreadsheet that writes a file anew
    chooses separator and order together. Where its layouts have both orders, it does not know.
    """
    said: dict[str, set[DateOrder]] = {}
    for layout in layouts:
        if match := re.match(r"%([dm])([-/.])%[dm]\2%Y", layout):
            said.setdefault(match[2], set()).add("dmy" if match[1] == "d" else "mdy")
    return tuple(sorted((mark, next(iter(orders))) for mark, orders in said.items() if len(orders) == 1))


@dataclass(frozen=True, slots=True)
class WrittenTimes:
    """Times of a column as they are written.

    Attributes:
        local: Seconds since 1970-01-01 on the clock of the cell; 0 where it is not ``read``.
        read: Whether the cell has a known layout, and its date exists.
        offset: Seconds east of UTC, where the cell says them.
        has_offset: Whether it does.
    """

    local: Numbers
    read: Mask
    offset: Numbers
    has_offset: Mask

    def moments(self, zone: str | None) -> local_times.LocalTimes:
        """The moments; times without an offset are of a zone, and not ``ok`` if none is known."""
        wall = self.read & ~self.has_offset
        fixed = self.read & self.has_offset
        if zone is None:
            nothing = np.zeros(len(wall), bool)
            return local_times.LocalTimes(np.where(fixed, self.local - self.offset, 0), fixed, nothing, nothing)
        times = local_times.resolve_in_zone(self.local, wall, zone)
        epoch = np.where(fixed, self.local - self.offset, times.epoch)
        return local_times.LocalTimes(epoch, times.ok | fixed, times.ambiguous, times.nonexistent)

    def fill(self, pending: Mask, local: Numbers, read: Mask, offset: int | None = None) -> tuple["WrittenTimes", Mask]:
        """The same with what was read of all cells, where it is pending; and what still is.

        If nothing was read, the answers are the same objects.
        """
        new: Mask = read & pending
        if not new.any():
            return self, pending
        known = np.full(len(new), offset is not None)
        filled = WrittenTimes(
            np.where(new, local, self.local),
            self.read | new,
            np.where(new, offset or 0, self.offset),
            np.where(new, known, self.has_offset),
        )
        return filled, pending & ~new

    def spread(self, pending: Mask, others: "WrittenTimes") -> tuple["WrittenTimes", Mask]:
        """The same with the times of the pending cells alone, in their order; and what is still pending."""
        filled = WrittenTimes(self.local.copy(), self.read.copy(), self.offset.copy(), self.has_offset.copy())
        filled.local[pending], filled.read[pending] = others.local, others.read
        filled.offset[pending], filled.has_offset[pending] = others.offset, others.has_offset
        return filled, pending & ~filled.read


@memoized
def read_in_layouts(
    cells: Cells, layouts: tuple[str, ...], order: DateOrder | None = None, proven: Orders | None = None
) -> WrittenTimes:
    """Read the times of a column by the layouts of a profile, and by those of the table.

    Args:
        cells: Any text without outer white space.
        layouts: ``strptime`` layouts, the first one that fits a cell counts; ``unix`` and ``iso`` are passed over.
        order: Of day and month, as for ``date_orders``.
        proven: Likewise.
    """
    own = [layout for layout in layouts if layout not in {"unix", "iso"}]
    # A layout may have no separators: only a count of seconds or of milliseconds is none of a layout.
    times, pending = _nothing_read(cells), ~(digits_only(cells) & (byte_lengths(cells) <= _MILLISECONDS_DIGITS))
    # Nearly all cells have the full width of a layout.
    for layout in own:
        if pending.any():
            local, read, _ = local_times.parse_fixed_width(cells, layout)
            times, pending = times.fill(pending, local, read)
    if pending.any():
        table = read_times(cells.filter(pa.array(pending)), date_orders(order, proven, own))
        times, pending = times.spread(pending, table)
    for layout in own:
        if pending.any():
            rest = cells.filter(pa.array(pending))
            local, read = local_times.parse_distinct(rest, layout)
            aware = read if "%z" in layout else np.zeros(len(read), bool)
            times, pending = times.spread(pending, WrittenTimes(local, read, np.zeros(len(read), np.int64), aware))
    return times


@memoized
def read_times(cells: Cells, orders: Orders) -> WrittenTimes:
    """Read the times of a column, whatever layout of the table each cell has.

    Args:
        cells: Any text without outer white space.
        orders: What is known about the order of day and month (``date_orders``).
    """
    times, pending = _nothing_read(cells), non_empty(cells) & ~digits_only(cells)
    for _ in range(_MAX_FIXED_LAYOUTS):
        # Nearly all columns are written in one layout, which the first cell shows, and numpy reads it at once.
        layout = _fixed_layout(cells[int(np.argmax(pending))].as_py(), orders) if pending.any() else None
        if layout is None:
            break
        local, read, impossible = local_times.parse_fixed_width(cells, layout[0])
        times, rest = times.fill(pending, local, read, offset=layout[1])
        # The pattern would read the same numbers in the same order, and find no such date either.
        rest = rest & ~impossible
        if not (pending & ~rest).any():
            break
        pending = rest
    if pending.any():
        times, _ = times.spread(pending, _read_by_pattern(cells.filter(pa.array(pending)), orders))
    return times


def _nothing_read(cells: Cells) -> WrittenTimes:
    zeros, none = np.zeros(len(cells), np.int64), np.zeros(len(cells), bool)
    return WrittenTimes(zeros, none, zeros, none)


def _fixed_layout(text: str, orders: Orders) -> tuple[str, int | None] | None:
    """The ``strptime`` layout of a text with all its zeros, and its offset, which stands in the layout as it is."""
    match = _FIXED_WIDTH.fullmatch(text)
    if match is None:
        return None
    date = match["year"] or match["short"]
    mark = date[4] if match["year"] else date[2]
    order = "ymd" if match["year"] else dict(orders).get(mark)
    if order is None:
        return None
    day = mark.join(f"%{letter}" for letter in order.replace("y", "Y"))
    clock = "%H:%M:%S" if match["seconds"] else "%H:%M"
    offset = match["offset"]
    return f"{day}{match['between']}{clock}{offset or ''}", None if offset is None else _offset_seconds(offset.strip())


@lru_cache(maxsize=256)
def _offset_seconds(text: str) -> int:
    if text[0] not in "+-":
        return 0
    digits = text[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:] or "0") * 60
    return -seconds if text[0] == "-" else seconds


def _read_by_pattern(cells: Cells, orders: Orders) -> WrittenTimes:
    parts = pc.extract_regex(cells, _PARTS)
    fits = as_mask(pc.is_valid(parts))
    texts = {
        name: pc.fill_null(pc.struct_field(parts, name), "")
        for name in (part.name for part in parts.type)
    }  # fmt: skip
    numbers = {
        name: pc.cast(pc.if_else(pc.equal(texts[name], ""), "0", texts[name]), pa.int64()).to_numpy()
        for name in ("year", "month", "day", "first", "second", "last", "hour", "minute", "seconds")
    }
    fits &= as_mask(pc.equal(texts["mark"], texts["again"])) & as_mask(pc.equal(texts["split"], texts["same"]))
    year_first = non_empty(texts["year"])
    day_first, month_first = (_has_order(texts["split"], orders, order) for order in ("dmy", "mdy"))
    fits &= year_first | day_first | month_first
    hour, clock_ok = _hours(numbers["hour"], texts["half"])
    local, exists = local_times.to_local_seconds(
        {
            "Y": np.where(year_first, numbers["year"], numbers["last"]),
            "m": np.where(year_first, numbers["month"], np.where(day_first, numbers["second"], numbers["first"])),
            "d": np.where(year_first, numbers["day"], np.where(day_first, numbers["first"], numbers["second"])),
            "H": hour,
            "M": numbers["minute"],
            "S": numbers["seconds"],
        }
    )
    read: Mask = fits & exists & clock_ok
    has_offset: Mask = read & non_empty(texts["offset"])
    # A column holds a few offsets, so each is read once.
    encoded = texts["offset"].dictionary_encode()
    known = np.array([_offset_seconds(text) if text else 0 for text in encoded.dictionary.to_pylist()], np.int64)
    return WrittenTimes(np.where(read, local, 0), read, known[encoded.indices.to_numpy()], has_offset)


def _has_order(marks: Cells, orders: Orders, order: str) -> Mask:
    return as_mask(pc.is_in(marks, pa.array([mark for mark, known in orders if known == order], pa.string())))


def _hours(hours: Numbers, halves: Cells) -> tuple[Numbers, Mask]:
    """Hours of a day from those of a half of it, and the rows where they exist: with AM or PM from 1 to 12."""
    halved = non_empty(halves)
    if not halved.any():
        return hours, np.ones(len(hours), bool)
    afternoon = as_mask(pc.equal(pc.utf8_lower(halves), "pm"))
    whole = np.where(halved, hours % _HALF_DAY_HOURS + np.where(afternoon, _HALF_DAY_HOURS, 0), hours)
    return whole, ~halved | ((hours >= 1) & (hours <= _HALF_DAY_HOURS))
