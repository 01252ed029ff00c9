"""Examples of a rule for a screen: findings that say the same are one line, and neighbors among them a range."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any, Final

from calltools.model.batch import Source
from calltools.model.finding import Findings
from calltools.reports.escape import escape_invisible
from calltools.reports.reporter import BOLD, RESET, ReportOptions
from calltools.reports.rows import render_columns
from calltools.texts import say

#: Places that a line names.
_MAX_RANGES: Final = 6
_RANGE: Final = "\u2013"

_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """A line of the report, and the number of findings whose places it names."""

    line: str
    count: int


def format_examples(
    groups: Sequence[Findings], source: Source | None, name: str, options: ReportOptions, most: int
) -> Iterator[list[Example]]:
    """The examples of each rule, ``most`` at most.

    Args:
        groups: Findings, those of a rule in each, in the order of the file.
        source: How the file was read.
        name: What the user calls the file.
        options: How findings are shown.
        most: How many lines a rule gets.
    """
    # One call for all groups: to word one finding costs as much as to word a hundred.
    rows = iter(render_columns(Findings.concat(list(groups)), source, name, options).to_pylist())
    for group in groups:
        alike: dict[tuple[str, str], list[_Row]] = {}
        for row in islice(rows, len(group)):
            alike.setdefault((row["message"], row["column"] or ""), []).append(row)
        yield [_format_example(found, source, name, options) for found in islice(alike.values(), most)]


def _format_example(rows: Sequence[_Row], source: Source | None, name: str, options: ReportOptions) -> Example:
    ranges = list(_find_ranges(rows))
    shown = ranges[:_MAX_RANGES]
    places = ", ".join(_format_range(first, last, source) for first, last, _ in shown if _place(first, source))
    if len(shown) < len(ranges):
        places += ", …"
    begin, end = (BOLD, RESET) if options.color else ("", "")
    first = rows[0]
    column = escape_invisible(first["column"] or "")
    # Most messages name the column themselves, and the address of a cell does.
    suffix = f" {column}" if column and not first["cell"] and column not in first["message"] else ""
    where = _format_where(escape_invisible(name), places, source, options)
    return Example(f"{begin}{where}{end}{suffix}: {first['message']}", sum(count for _, _, count in shown))


def _format_where(name: str, places: str, source: Source | None, options: ReportOptions) -> str:
    """File and places: ``calls.csv:3–9, 13``; of a workbook sheet and cells: ``Calls!K7, K16–K20``."""
    if not places:
        return name
    if source is not None and source.format.address == "cell":
        return f"{escape_invisible(source.sheet or '')}!{places}"
    if source is not None and source.format.address == "record":
        return f"{name} {say('report-record', options.language)} {places}"
    return f"{name}:{places}"


def _find_ranges(rows: Iterable[_Row]) -> Iterator[tuple[_Row, _Row, int]]:
    """First and last row of each run of neighbors, and how many they are."""
    numbered = enumerate(rows)
    for _, run in groupby(numbered, key=lambda one: (one[1]["record"] or 0) - one[0]):
        found = [row for _, row in run]
        yield found[0], found[-1], len(found)


def _format_range(first: _Row, last: _Row, source: Source | None) -> str:
    beginning, ending = _place(first, source), _place(last, source)
    return beginning if beginning == ending else f"{beginning}{_RANGE}{ending}"


def _place(row: _Row, source: Source | None) -> str:
    """Where a finding is; empty: it is about the whole file."""
    if source is not None and source.format.address == "record":
        return str(row["record"] or "")
    return str(row["cell"] or row["row"] or row["line"] or "")
