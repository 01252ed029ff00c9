"""The first finding of each rule in its record, as the text report shows it: the cell among its neighbors."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Final

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

#: Three dots, not one character: consoles without Unicode show them too.
_ELLIPSIS: Final = "..."


def display_width(text: str) -> int:
    """Terminal columns that the text takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def pad_to_width(text: str, width: int) -> str:
    """The text with as many spaces behind it as the width needs."""
    return text + " " * (width - display_width(text))


def truncate_to_width(text: str, width: int) -> str:
    """The text, or its beginning with an ellipsis behind it, in so many terminal columns."""
    if display_width(text) <= width:
        return text
    kept, left = "", width - len(_ELLIPSIS)
    for character in text:
        left -= _character_width(character)
        if left < 0:
            break
        kept += character
    return kept + _ELLIPSIS


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


_INDENT: Final = "    "
_GAP: Final = "  "
#: Terminal columns that a cell gets: enough to recognize it in the file.
_MAX_CELL_WIDTH: Final = 24


@dataclass(frozen=True, slots=True)
class _SnippetCell:
    """A cell with its title, both redacted, escaped and truncated."""

    position: int
    title: str
    text: str

    @property
    def width(self) -> int:
        return max(display_width(self.title), display_width(self.text), 1)


@dataclass(slots=True)
class Snippets:
    """Keeps the first record of each rule and severity while batches pass.

    Attributes:
        options: How findings are shown.
        layout: Canonical field -> title and position of its column in the file. Other columns of an export are not
            shown: a vendor may write names of people there.
        lines: ``CT221 error`` -> lines to show.
    """

    options: ReportOptions
    layout: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    lines: dict[str, Sequence[str]] = field(default_factory=dict)

    def add_records(self, batch: Batch, findings: Findings) -> None:
        """Look at some records, as they are in the file, and at their findings."""
        if batch.origin is None or not len(batch) or not len(findings):
            return
        table = findings.table
        keys = combine_chunks(pc.binary_join_element_wise(table["code"], table["severity"], " "))
        # There may be a million findings: those of a rule that has its record already are not copied.
        on_records = pc.if_else(pc.is_valid(table["record"].combine_chunks()), keys, None)
        keys = [key for key in on_records.unique().drop_null().to_pylist() if key not in self.lines]
        if not keys:
            return
        first = pa.array([on_records.index(key).as_py() for key in keys])
        found = table.select(["record", "place", "position", "severity"]).take(first).to_pylist()
        rows = np.searchsorted(batch.records, [one["record"] for one in found])
        # A damaged record has no row in the batch.
        whole = [row < len(batch) and batch.records[row] == one["record"] for row, one in zip(rows, found, strict=True)]
        # Redacted in one call: of one record it takes as long as of a hundred.
        known = self._known_cells(batch.origin.take(pa.array(rows[whole])))
        cells = iter(zip(*known, strict=True) if known else repeat(()))
        for key, one, is_whole in zip(keys, found, whole, strict=True):
            self.lines[key] = self._format_record(one, next(cells)) if is_whole else ()

    def _format_record(self, finding: Mapping[str, Any], cells: Sequence[_SnippetCell]) -> Sequence[str]:
        at = next((place for place, cell in enumerate(cells) if cell.position == finding["position"]), None)
        if finding["position"] is not None and at is None:
            return ()
        number = str(finding["place"] or finding["record"])
        shown, before, after = self._cells_that_fit(cells, at, len(number))
        return self._format_cells(number, _with_ellipses(shown, before=before, after=after), finding)

    def _known_cells(self, records: pa.Table) -> list[list[_SnippetCell]]:
        """For each known column, in the order of the file, its cells, redacted by the kind of the field."""
        named = [
            (position, title, name)
            for position, title, name in sorted((at, title, name) for name, (title, at) in self.layout.items())
            if position < records.num_columns
        ]
        nothing = np.zeros(records.num_rows, np.int64)
        listed = [
            Findings.for_rule(
                "", records=nothing, places=nothing, field=name, column=title, value=combine_chunks(records[position])
            )
            for position, title, name in named
        ]
        safe = redact_findings(Findings.concat(listed).table, self.options.show_values)
        safe_titles, safe_values = (safe[name].to_pylist() for name in ("column", "value"))
        cells = [
            _SnippetCell(
                position,
                truncate_to_width(escape_invisible(title or ""), _MAX_CELL_WIDTH),
                truncate_to_width(escape_invisible(value or ""), _MAX_CELL_WIDTH),
            )
            for (position, title, value) in zip(
                np.repeat([at for at, _, _ in named], records.num_rows).tolist(), safe_titles, safe_values, strict=True
            )
        ]
        return [cells[at : at + records.num_rows] for at in range(0, len(cells), max(records.num_rows, 1))]

    def _cells_that_fit(
        self, cells: Sequence[_SnippetCell], at: int | None, taken: int
    ) -> tuple[list[_SnippetCell], bool, bool]:
        """As many cells around the wrong one as a line has room for, and whether cells before or after are left out."""
        room = self.options.width - len(_INDENT) - taken - len(" | ") - 2 * (len(_ELLIPSIS) + len(_GAP))
        first = last = at or 0
        room -= cells[first].width if cells else 0
        # The window grows by one cell on each side in turn, so that the wrong cell stays near its middle.
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
                blank = sum(left.width + len(_GAP) for left in cells[:place])
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
    """The cells, with an ellipsis on the side where cells are left out."""
    ellipsis = _SnippetCell(-1, _ELLIPSIS, _ELLIPSIS)
    return [*([ellipsis] if before else []), *cells, *([ellipsis] if after else [])]
