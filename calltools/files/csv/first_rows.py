"""The first rows of a CSV, among which the header is looked for: also where a quote in one of them is left open."""

import csv
import re
from dataclasses import dataclass
from typing import Final

from calltools.files.csv.splitting import RecordSplitter

#: Rows among which the header is looked for.
MAX_ROWS: Final = 50
#: Letters of a cell up to which rows are sampled.
_LONGEST_CELL: Final = 1 << 17
_EMPTY_LINES: Final = re.compile(r"[\r\n]+")
#: A line of so many delimiters is no part of a title, if the row has no more either.
_MIN_DELIMITERS: Final = 2


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not blank.

    Attributes:
        cells: Its cells; a quote that is left open is no part of them.
        line: Physical line where it starts, from 1.
        next_line: Physical line where the next row starts.
        has_open_quote: Whether a quote opens one of its cells and never closes it.
    """

    cells: tuple[str, ...]
    line: int
    next_line: int
    has_open_quote: bool = False


def split_rows(text: str, delimiter: str, most: int = MAX_ROWS) -> tuple[list[Row], list[tuple[str, ...]]]:
    """The first rows that are not blank, and their cells.

    Args:
        text: The beginning of a file.
        delimiter: One character.
        most: How many rows; fewer are the first of those that more would be.
    """
    text = text.replace("\0", " ")
    parser = RecordSplitter(text, delimiter)
    rows: list[Row] = []
    at, line = 0, 1
    while at < len(text) and len(rows) < most:
        if text[at] in "\r\n":
            # There may be a million of them.
            blank = _EMPTY_LINES.match(text, at).end()  # type: ignore[union-attr]  # it matches one line end
            at, line = blank, line + parser.count_line_ends(at, blank)
            continue
        split = parser.split_record(at)
        cells, end, is_open = split.cells, split.end, False
        # Of a short line no cell is long, and only a quoted cell holds lines: most rows need no look at their cells.
        may_be_long = end - at > _LONGEST_CELL
        is_quoted = text.find('"', at, end) >= 0
        if split.fault or (may_be_long and _are_too_long(cells)) or (is_quoted and _holds_rows(cells, delimiter)):
            end = parser.line_end(at)
            cells, is_open = _split_line(text[at:end].rstrip("\r\n"), delimiter)
        if may_be_long and (_are_too_long(cells) or (rows and not split.fault and _are_too_long(split.cells))):
            break
        next_line = line + parser.count_line_ends(at, end)
        if any(cell.strip() for cell in cells):
            rows.append(Row(cells, line, next_line, is_open))
        at, line = end, next_line
    return rows, [row.cells for row in rows]


def _are_too_long(cells: tuple[str, ...]) -> bool:
    return max(map(len, cells), default=0) > _LONGEST_CELL


def _holds_rows(cells: tuple[str, ...], delimiter: str) -> bool:
    """Whether a quoted cell holds lines that are rows: its quote is stray, though another one closes it."""
    least = max(len(cells) - 1, _MIN_DELIMITERS)
    return any(
        line.count(delimiter) >= least
        for cell in cells
        if cell.count(delimiter) >= least and ("\n" in cell or "\r" in cell)
        for line in cell.splitlines()[1:]
    )


def _split_line(line: str, delimiter: str) -> tuple[tuple[str, ...], bool]:
    """The cells of one line, and whether a quote is open at its end; that quote is left out."""
    split = RecordSplitter(line, delimiter).split_record(0)
    if split.fault == "CT006":
        opened = len(line) - len(split.cells[-1])
        return _split_line(line[:opened] + line[opened + 1 :], delimiter)[0], True
    if not split.fault:
        return split.cells, False
    # A quote inside of a cell: it may be a letter of a title.
    try:
        return tuple(next(csv.reader([line], delimiter=delimiter))), False
    except csv.Error:
        return tuple(line.split(delimiter)), False
