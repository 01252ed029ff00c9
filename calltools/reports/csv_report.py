"""Findings as CSV: UTF-8 without a byte order mark, comma, one line for each finding.

People open it in a spreadsheet, so no cell is a formula and no cell holds a line break. Programs read it too, so there
is no byte order mark: in Excel, use Data, From Text/CSV, which recognizes UTF-8.
"""

from typing import Final, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import cells_with_marked_bytes, first_bytes, slice_bytes
from calltools.fields.kernels.cell_kernels import replace_where
from calltools.model.batch import Source
from calltools.model.cells import Cells, DistinctCells, as_mask, combine_chunks
from calltools.reports.escape import byte_table, escape_invisible_cells
from calltools.reports.lines import LineReporter
from calltools.reports.reporter import ReportOptions
from calltools.reports.rows import arrange_columns

#: Title in the report -> column of ``render_columns``.
CSV_COLUMNS: Final = {
    "file": "file", "sheet": "sheet", "severity": "severity", "code": "code", "name": "name", "record": "record",
    "line": "line", "row": "row", "column": "column", "cell": "cell", "value": "value", "fix": "fix_kind",
    "after": "after", "message": "message",
}  # fmt: skip
#: Columns that hold text of the user's file.
_USER_TEXT_COLUMNS: Final = frozenset({"column", "value", "after"})
#: Columns that have one value for all findings of a file.
_CONSTANT_COLUMNS: Final = frozenset({"file", "sheet"})
#: Characters that begin a formula in spreadsheets, with their full-width forms.
_FORMULA_START: Final = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"
_FORMULA_FIRST_BYTES: Final = byte_table(sign.encode()[0] for sign in "=+-@\uff1d")


def make_csv_reporter(stream: TextIO, options: ReportOptions) -> LineReporter:
    """Make a reporter that writes one header, then findings as they come."""
    stream.write(",".join(CSV_COLUMNS) + "\n")
    return LineReporter(stream, options, format_csv_lines)


def format_csv_lines(worded: pa.Table, source: Source | None, name: str, _options: ReportOptions) -> Cells:
    """A line for each finding."""
    table = arrange_columns(worded, source, name)
    cells = [_format_column(combine_chunks(table[column]), title) for title, column in CSV_COLUMNS.items()]
    return pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")


def _format_column(cells: Cells, title: str) -> Cells | pa.StringScalar | str:
    """The cells of a column, quoted; one value where all are the same, which costs no kernel."""
    if cells.null_count == len(cells):
        return ""
    if title in _CONSTANT_COLUMNS:
        return _quote(_make_safe(cells.slice(0, 1)))[0]
    if title in _USER_TEXT_COLUMNS:
        return DistinctCells.of(cells).expand(lambda some: _quote(_make_safe(some)))
    return DistinctCells.of(cells).expand(lambda some: _quote(_defuse_formulas(some))) if title == "message" else cells


def _make_safe(cells: Cells) -> Cells:
    return _defuse_formulas(escape_invisible_cells(cells))


def _defuse_formulas(cells: Cells) -> Cells:
    rows = np.flatnonzero(_FORMULA_FIRST_BYTES[first_bytes(cells)])
    if not len(rows):
        return cells
    formula = np.zeros(len(cells), bool)
    formula[rows] = as_mask(pc.match_substring_regex(cells.take(pa.array(rows)), f"^{_FORMULA_START}"))
    return replace_where(cells, formula, pc.binary_join_element_wise("'", cells.filter(pa.array(formula)), ""))


def _quote(cells: Cells) -> Cells:
    data, _ = slice_bytes(cells)
    quotes = data == ord('"')
    special = cells_with_marked_bytes(cells, quotes | (data == ord(",")))
    special_cells = cells.filter(pa.array(special))
    doubled = pc.replace_substring(special_cells, '"', '""') if quotes.any() else special_cells
    return replace_where(cells, special, pc.binary_join_element_wise('"', doubled, '"', ""))
