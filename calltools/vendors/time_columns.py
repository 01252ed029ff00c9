"""Which columns of a sample hold the time of a call, and in which layout of ``fields.time_layouts``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from calltools.fields.kernels.byte_kernels import full_match
from calltools.fields.time_layouts import BETWEEN, CLOCK_LAYOUTS, DATE_LAYOUTS, OFFSET_PATTERN, wall_clock_pattern
from calltools.model.cells import Cells, non_empty

#: Layouts that only a profile can mean: a short year may stand at either end, and names are of one language.
_DATE_LAYOUTS: Final = {
    **DATE_LAYOUTS,
    "%d.%m.%y": "[0-9]{1,2}[.][0-9]{1,2}[.][0-9]{2}",
    "%d %b %Y": "[0-9]{1,2} [A-Za-z]{3} [0-9]{4}",
}
_ALL_LAYOUTS: Final = {
    "unix": "1[0-9]{9}",
    "unix-ms": "1[0-9]{12}",
    "iso": wall_clock_pattern(offset=OFFSET_PATTERN),
    **{f"{day}{between}{clock}": f"{one}{between}(?:{other})"
       for day, one in _DATE_LAYOUTS.items()
       for clock, other in CLOCK_LAYOUTS.items()
       for between in BETWEEN},
}  # fmt: skip
_START_TITLE: Final = r"start|begin|init|date|time|when|created|дата|время|начал|когда"
#: A column of durations, whose cells look like times of day.
_DURATION_TITLE: Final = (
    r"talk|wait|\bhold|\bring|queue|dur|response|reaction|длит|продолж|разг|ожид|очеред|дозвон|ответ|реакц|удерж"
)
_END_TITLE: Final = r"end|finish|hangup|answer|connect|update|stop|ответ|оконч|конец|завер|перезв"
_MONTH_FIRST_LAYOUTS: Final = {"%d/%m": "%m/%d", "%d-%m": "%m-%d", "%d.%m": "%m.%d"}
_MIN_SHARE: Final = 0.6


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """The columns of the time of a call.

    Attributes:
        titles: One column, or one of the date and one of the clock.
        layout: ``strptime`` layout, or ``unix``, ``unix-ms``, ``iso``.
        date_order_unknown: Whether the dates can be read with the day first or the month first.
        clock_missing: Whether there is no time of day; the layout has one, so that no call is put at midnight.
    """

    titles: tuple[str, ...]
    layout: str | None = None
    date_order_unknown: bool = False
    clock_missing: bool = False


def find_time_columns(columns: Mapping[str, Cells]) -> TimeColumns | None:
    """The column with the start of a call, or two columns that give it together; ``None`` if no column holds times."""
    if whole := _best_column(columns, _ALL_LAYOUTS):
        title, layout = whole
        return _with_date_order((title,), layout, columns[title])
    no_durations = {title: cells for title, cells in columns.items() if not re.search(_DURATION_TITLE, title.lower())}
    day, clock = _best_column(columns, _DATE_LAYOUTS), _best_column(no_durations, CLOCK_LAYOUTS)
    if day is None:
        return None
    if clock is None:
        return replace(_with_date_order((day[0],), f"{day[1]} %H:%M:%S", columns[day[0]]), clock_missing=True)
    return _with_date_order((day[0], clock[0]), f"{day[1]} {clock[1]}", columns[day[0]])


def _best_column(columns: Mapping[str, Cells], layouts: Mapping[str, str]) -> tuple[str, str] | None:
    """Title and layout of the column that is most likely the start of a call."""
    found: list[tuple[int, str, str]] = []
    for title, cells in columns.items():
        layout = next((one for one, pattern in layouts.items() if _mostly_match(cells, pattern)), None)
        if layout is not None:
            lower = title.lower()
            ends, starts = re.search(_END_TITLE, lower) is not None, re.search(_START_TITLE, lower) is not None
            # A word for the end outweighs one for the start: "end time" has both.
            found.append((2 * ends - starts, title, layout))
    best = min(found, key=lambda one: one[0], default=None)
    return None if best is None else best[1:]


def _mostly_match(cells: Cells, pattern: str) -> bool:
    filled = non_empty(cells)
    return bool(filled.any()) and float((full_match(cells, pattern) & filled).sum() / filled.sum()) > _MIN_SHARE


def _with_date_order(titles: tuple[str, ...], layout: str, cells: Cells) -> TimeColumns:
    """The layout with the month first if a second number is above twelve; unknown if no number is above twelve."""
    for day_first, month_first in _MONTH_FIRST_LAYOUTS.items():
        if layout.startswith(day_first):
            pairs = [re.match(r"([0-9]{1,2})[./-]([0-9]{1,2})", text or "") for text in cells.to_pylist()]
            firsts, seconds = zip(*((int(pair[1]), int(pair[2])) for pair in pairs if pair), strict=True)
            if max(seconds) > 12 >= max(firsts):
                return TimeColumns(titles, layout.replace(day_first, month_first))
            return TimeColumns(titles, layout, date_order_unknown=max(firsts) <= 12 and "." not in day_first)
    return TimeColumns(titles, layout)


def layout_pattern(layout: str, place: int, places: int) -> str:
    """The pattern that cells of a layout match.

    Args:
        layout: As in ``TimeColumns``.
        place: Which of the columns that share the layout, from 0: the date, then the clock.
        places: How many columns share it.
    """
    for day_first, month_first in _MONTH_FIRST_LAYOUTS.items():
        layout = day_first + layout.removeprefix(month_first) if layout.startswith(month_first) else layout
    if places == 1:
        return _ALL_LAYOUTS.get(layout) or _DATE_LAYOUTS.get(layout) or ".+"
    day, _, clock = layout.partition(" ")
    return (_DATE_LAYOUTS.get(day) if place == 0 else CLOCK_LAYOUTS.get(clock)) or ".+"
