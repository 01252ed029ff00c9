"""The first finding of each rule in its record.

The cell among its neighbors, as the terminal shows it, with the width of characters.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.redaction import redact_findings
from calltools.model.batch import Batch
from calltools.model.cells import combine_chunks
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.reports.escape import escape_invisible
from calltools.reports.reporter import BOLD, DIM, RESET, SEVERITY_COLORS, ReportOptions
from calltools.reports.rows import combine_number_chunks

_ELLIPSIS: Final = "..."


def display_width(text: str) -> int:
    """Columns of a terminal: two for wide signs, none for those that sit on another."""
    if text.isascii():
        return len(text)
    return sum(_character_width(sign) for sign in text)


def pad_to_width(text: str, width: int) -> str:
    """The text with spaces behind it."""
    return text + " " * (width - display_width(text))


def truncate_to_width(text: str, width: int) -> str:
    """The text, or as much of it as fits."""
    if display_width(text) <= width:
        return text
    kept, left = "", width - len(_ELLIPSIS)
    for sign in text:
        left -= _character_width(sign)
        if left < 0:
            break
        kept += sign
    return kept + _ELLIPSIS


def _character_width(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


_INDENT: Final = "    "
_GAP: Final = "  "
_ELLIPSIS_CELL: Final = "..."
#: Columns of a terminal that one cell gets: enough to know it by.
_MAX_CELL_WIDTH: Final = 24


@dataclass(frozen=True, slots=True)
class _SnippetCell:
    """A cell with its title, both as they may be shown."""

    position: int
    title: str
    text: str

    @property
    def width(self) -> int:
        return max(display_width(self.title), display_width(self.text), 1)


@dataclass(slots=True)
class Snippets:
    """Looks at records as they pass, and keeps one for each rule and severity.

    Attributes:
        options: For whom.
        layout: Canonical field -> title and position of its column in the file. Other columns of an export are not
            shown: a vendor may write names of people there.
        lines: ``CT221 error`` -> what is shown.
    """

    options: ReportOptions
    layout: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    lines: dict[str, Sequence[str]] = field(default_factory=dict)

    def add_records(self, batch: Batch, findings: Findings) -> None:
        """Some records, as the file has them, and what is wrong with them."""
        if batch.origin is None or not len(batch) or not len(findings):
            return
        table = findings.table
        keys = combine_chunks(pc.binary_join_element_wise(table["code"], table["severity"], " "))
        # There may be a million of them: nothing is copied of those whose rule has been shown.
        on_records = pc.if_else(pc.is_valid(combine_number_chunks(table["record"])), keys, None)
        for key in on_records.unique().drop_null().to_pylist():
            if key not in self.lines:
                found = table.slice(on_records.index(key).as_py(), 1)
                self.lines[key] = self._format_record(batch, found, batch.origin)

    def _format_record(self, batch: Batch, found: pa.Table, origin: pa.Table) -> Sequence[str]:
        (finding,) = found.to_pylist()
        row = int(np.searchsorted(batch.records, finding["record"]))
        # A damaged record is in no row.
        if row == len(batch.records) or batch.records[row] != finding["record"]:
            return ()
        cells = self._known_cells(origin.slice(row, 1))
        at = next((place for place, cell in enumerate(cells) if cell.position == finding["position"]), None)
        if finding["position"] is not None and at is None:
            return ()
        number = str(finding["place"] or finding["record"])
        shown, before, after = self._cells_that_fit(cells, at, len(number))
        return self._format_cells(number, _with_ellipses(shown, before=before, after=after), finding)

    def _known_cells(self, record: pa.Table) -> list[_SnippetCell]:
        """The cells of known columns in the order of the file, masked by their fields."""
        named = sorted((position, title, name) for name, (title, position) in self.layout.items())
        rows = [
            {"field": name, "column": title, "value": record.column(position)[0].as_py()}
            for position, title, name in named
            if position < record.num_columns
        ]
        safe = redact_findings(Findings.from_rows(rows).table, self.options.show_values)
        titles, values = (safe[name].to_pylist() for name in ("column", "value"))
        return [
            _SnippetCell(
                position,
                truncate_to_width(escape_invisible(title or ""), _MAX_CELL_WIDTH),
                truncate_to_width(escape_invisible(value or ""), _MAX_CELL_WIDTH),
            )
            for (position, _, _), title, value in zip(named, titles, values, strict=False)
        ]

    def _cells_that_fit(
        self, cells: Sequence[_SnippetCell], at: int | None, taken: int
    ) -> tuple[list[_SnippetCell], bool, bool]:
        """As many cells around one as a line has room for, and whether some are left out on either side."""
        room = self.options.width - len(_INDENT) - taken - len(" | ") - 2 * (len(_ELLIPSIS_CELL) + len(_GAP))
        first = last = at or 0
        room -= cells[first].width if cells else 0
        grown = True
        while grown:
            grown = False
            for side in (first - 1, last + 1):
                inside = 0 <= side < len(cells)
                if inside and cells[side].width + len(_GAP) <= room:
                    room -= cells[side].width + len(_GAP)
                    first, last, grown = min(first, side), max(last, side), True
        return list(cells[first : last + 1]), first > 0, last + 1 < len(cells)

    def _format_cells(self, number: str, cells: Sequence[_SnippetCell], finding: Mapping[str, object]) -> list[str]:
        at = finding["position"]
        titles = _GAP.join(pad_to_width(cell.title, cell.width) for cell in cells)
        texts = _GAP.join(self._color_cell(cell, finding) for cell in cells)
        margin = " " * len(number)
        lines = [f"{_INDENT}{margin} | {self._dim(titles.rstrip())}", f"{_INDENT}{number} | {texts}".rstrip()]
        for place, cell in enumerate(cells):
            if cell.position == at:
                blank = sum(one.width + len(_GAP) for one in cells[:place])
                lines.append(f"{_INDENT}{margin} | {' ' * blank}{'^' * max(display_width(cell.text), 1)}")
        return lines

    def _color_cell(self, cell: _SnippetCell, finding: Mapping[str, object]) -> str:
        text = pad_to_width(cell.text, cell.width)
        if not self.options.color or cell.position != finding["position"]:
            return text
        return f"{BOLD}{SEVERITY_COLORS[Severity(str(finding['severity']))]}{text}{RESET}"

    def _dim(self, text: str) -> str:
        return f"{DIM}{text}{RESET}" if self.options.color else text


def _with_ellipses(cells: Sequence[_SnippetCell], *, before: bool, after: bool) -> list[_SnippetCell]:
    """The cells, with a hint where more of them stand."""
    hint = _SnippetCell(-1, _ELLIPSIS_CELL, _ELLIPSIS_CELL)
    return [*([hint] if before else []), *cells, *([hint] if after else [])]
