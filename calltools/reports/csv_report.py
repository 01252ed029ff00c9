"""Findings as a CSV: UTF-8 without a byte order mark, comma, a line a finding.

People open it in a spreadsheet, so no cell of it is a formula and none breaks the line. There is no byte order
mark, because programs read it too: in Excel, open it through Data, From Text/CSV, which knows UTF-8.
"""

from typing import Final, TextIO

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Source
from calltools.model.cells import Cells, one_chunk
from calltools.model.finding import Findings
from calltools.reports.gathering import Streaming
from calltools.reports.presenting import presented
from calltools.reports.style import Style
from calltools.reports.visible import visible_cells

#: Title in the report -> column of ``presented``.
COLUMNS: Final = {
    "file": "file", "sheet": "sheet", "severity": "severity", "code": "code", "name": "name", "record": "record",
    "line": "line", "row": "row", "column": "column", "cell": "cell", "value": "value", "fix": "fix_kind",
    "after": "after", "message": "message",
}  # fmt: skip
#: Those that hold what stood in somebody's file.
_FOREIGN: Final = frozenset({"file", "sheet", "column", "value", "after", "message"})
#: What spreadsheets take for the beginning of a formula, with the full-width twins.
_FORMULA: Final = r"^[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"


def reporter(stream: TextIO, style: Style) -> Streaming:
    """Writes findings as they come, under one header."""
    stream.write(",".join(COLUMNS) + "\n")
    return Streaming(stream, style, csv_lines)


def csv_lines(findings: Findings, source: Source | None, name: str, style: Style) -> Cells:
    """A line a finding."""
    table = presented(findings, source, name, style)
    cells = [_cells(table[column], foreign=title in _FOREIGN) for title, column in COLUMNS.items()]
    return pc.binary_join_element_wise(*cells, ",")


def _cells(column: pa.ChunkedArray, *, foreign: bool) -> Cells:
    cells = pc.fill_null(one_chunk(column.cast(pa.string())), "")
    return _quoted(_not_formula(visible_cells(cells))) if foreign else cells


def _not_formula(cells: Cells) -> Cells:
    lead = pc.match_substring_regex(cells, _FORMULA)
    if not pc.any(lead).as_py():
        return cells
    return pc.if_else(lead, pc.binary_join_element_wise("'", cells, ""), cells)


def _quoted(cells: Cells) -> Cells:
    special = pc.match_substring_regex(cells, '[",]')
    if not pc.any(special).as_py():
        return cells
    doubled = pc.replace_substring(cells, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), cells)
