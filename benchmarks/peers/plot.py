"""The figures as a picture: time, ratio to the floor and peak memory over the number of records, on log scales."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final
from xml.sax.saxutils import escape

from benchmarks.peers.participants import PARTICIPANTS

_WIDTH: Final = 1000
_HEIGHT: Final = 700
#: Of a panel: the field of its curves, and what is left free around it for ticks, title and names.
_FIELD: Final = (240, 250)
_CELL: Final = (500, 346)
_LEFT: Final = 56
_TOP: Final = 66
_LINE_PX: Final = 14
_UNITS: Final = ((1_000_000, "M"), (1_000, "k"))
_READING: Final = (
    ("title", "The same rules on the same files"),
    ("text", "Whole processes with their start; each writes a report of bad cells."),
    ("text", "1 % of the cells of each column are bad, 15 % of the records."),
    ("text", "Medians of rounds in turns."),
    ("text", "All axes are logarithmic: a level line does not grow with the file."),
    ("text", "calltools applies all its rules, the others the shared ones."),
    ("text", "calltools and “each phone” tell whether a number is assigned,"),
    ("text", "the others look at its shape."),
    ("text", "A line that ends early: over the limits with a larger file."),
)


@dataclass(frozen=True)
class _Panel:
    title: str
    value: Callable[[dict[str, Any]], float]
    steps: tuple[int, ...]
    with_floor: bool


_PANELS: Final = (
    _Panel("Ratio to a bare parse of the file", lambda one: one["seconds"] / one["floor"], (1, 2, 5), False),
    _Panel("Peak memory, MiB", lambda one: one["peak_mib"], (1, 2, 5), True),
    _Panel("Growth: seconds", lambda one: one["seconds"], (1,), True),
)


def plot(results: dict[str, Any]) -> str:
    """An SVG that is readable in a light and in a dark page."""
    sizes = {int(size): figures for size, figures in results["sizes"].items()}
    body = [
        line
        for number, panel in enumerate(_PANELS)
        for line in _draw(panel, sizes, number % 2 * _CELL[0] + _LEFT, number // 2 * _CELL[1] + _TOP)
    ]
    body += [
        f'<text class="{role}" x="{_CELL[0] + _LEFT}" y="{_CELL[1] + _TOP + 20 + 20 * line}">{escape(text)}</text>'
        for line, (role, text) in enumerate(_READING)
    ]
    described = "Ratio to a bare parse, peak memory and seconds of calltools and its peers by number of records"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
            f"<title>{described}</title>",
            f"<style>{_style()}</style>",
            f'<rect class="page" width="{_WIDTH}" height="{_HEIGHT}"/>',
            *body,
            "</svg>",
            "",
        ]
    )


def _style() -> str:
    rules = [
        "text{font:12px system-ui,sans-serif}.title{font-size:15px;font-weight:600}.tick{font-size:11px}"
        "polyline{fill:none;stroke-width:1.75}.calltools polyline{stroke-width:3.5}.calltools text{font-weight:700}"
        ".floor polyline{stroke-dasharray:4 3}.leader{stroke-width:.75;opacity:.45}"
    ]
    for page, ink, faint, side in (("#fff", "#1f2328", "#d1d9e0", 0), ("#0d1117", "#e6edf3", "#30363d", 1)):
        colors = f".page{{fill:{page}}}text{{fill:{ink}}}.grid{{stroke:{faint}}}" + "".join(
            f".{name} polyline,.{name} line{{stroke:{one.color[side]}}}"
            f".{name} text,.{name} circle{{fill:{one.color[side]}}}"
            for name, one in PARTICIPANTS.items()
        )
        rules.append(f"@media(prefers-color-scheme:dark){{{colors}}}" if side else colors)
    return "".join(rules)


def _draw(panel: _Panel, sizes: dict[int, Any], left: int, top: int) -> Iterator[str]:
    curves = {
        name: [(size, panel.value(one[name])) for size, one in sizes.items() if "seconds" in one.get(name, {})]
        for name in PARTICIPANTS
        if panel.with_floor or name != "floor"
    }
    curves = {name: points for name, points in curves.items() if points}
    values = [value for points in curves.values() for _, value in points]
    width, height = _FIELD
    x = _scale(min(sizes), max(sizes), left + 8, left + width - 8)
    y = _scale(min(values), max(values), top + height - 8, top + 8)
    yield f'<text class="title" x="{left}" y="{top - 18}">{escape(panel.title)}</text>'
    for tick in _ticks(min(values), max(values), panel.steps):
        yield f'<line class="grid" x1="{left}" x2="{left + width}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        yield f'<text class="tick" x="{left - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:,g}</text>'
    for size in sizes:
        yield f'<line class="grid" x1="{x(size):.1f}" x2="{x(size):.1f}" y1="{top}" y2="{top + height}"/>'
        yield f'<text class="tick" x="{x(size):.1f}" y="{top + height + 16}" text-anchor="middle">{_short(size)}</text>'
    ends = {name: y(points[-1][1]) for name, points in curves.items()}
    beside = _spread(ends, top, top + height)
    for name in sorted(curves, key=lambda name: name == "calltools"):
        places = [(x(size), y(value)) for size, value in curves[name]]
        line = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
        yield f'<g class="{name}"><polyline points="{line}"/>'
        yield from (f'<circle cx="{across:.1f}" cy="{down:.1f}" r="2.5"/>' for across, down in places)
        end, label = places[-1], (left + width + 12, beside[name])
        yield f'<line class="leader" x1="{end[0] + 4:.1f}" y1="{end[1]:.1f}" x2="{label[0] - 3}" y2="{label[1]:.1f}"/>'
        last_size, last_value = curves[name][-1]
        early = f" ({_short(last_size)})" if last_size < max(sizes) else ""
        said = f"{PARTICIPANTS[name].title} {_rounded(last_value)}{early}"
        yield f'<text x="{label[0]}" y="{label[1] + 4:.1f}">{escape(said)}</text></g>'


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Where a value lies on a logarithmic axis."""
    span = math.log(high / low) or 1.0
    return lambda value: start + (end - start) * math.log(value / low) / span


def _ticks(low: float, high: float, steps: tuple[int, ...]) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [tick for decade in decades for step in steps if low <= (tick := step * 10.0**decade) <= high]


def _spread(places: dict[str, float], top: float, bottom: float) -> dict[str, float]:
    """Move names apart so that each has a line of its own, and all stay in the panel."""
    names = sorted(places, key=places.__getitem__)
    rows = [places[name] for name in names]
    for here, below in pairwise(range(len(rows))):
        rows[below] = max(rows[below], rows[here] + _LINE_PX)
    rows[-1] = min(rows[-1], bottom)
    for below, here in pairwise(reversed(range(len(rows)))):
        rows[here] = min(rows[here], rows[below] - _LINE_PX)
    return dict(zip(names, (max(row, top) for row in rows), strict=True))


def _short(count: int) -> str:
    return next((f"{count // unit}{letter}" for unit, letter in _UNITS if count >= unit), str(count))


def _rounded(value: float) -> str:
    """Two digits, or all before the decimal point."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
