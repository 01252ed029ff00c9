"""Findings as a CSV: UTF-8 without a byte order mark, comma, a line a finding.

People open it in a spreadsheet, so no cell of it is a formula and none breaks the line. There is no byte order
mark, because programs read it too: in Excel, open it through Data, From Text/CSV, which knows UTF-8.
"""

from typing import Final, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import cells_with_marked_bytes, first_bytes, slice_bytes
from calltools.fields.kernels.cell_kernels import replace_where
from calltools.model.batch import Source
from calltools.model.cells import Cells, as_mask, combine_chunks
from calltools.model.finding import Findings
from calltools.reports.escape import byte_table, escape_invisible_cells
from calltools.reports.reporter import LineReporter, ReportOptions
from calltools.reports.rows import render_columns

#: Title in the report -> column of ``presented``.
CSV_COLUMNS: Final = {
    "file": "file", "sheet": "sheet", "severity": "severity", "code": "code", "name": "name", "record": "record",
    "line": "line", "row": "row", "column": "column", "cell": "cell", "value": "value", "fix": "fix_kind",
    "after": "after", "message": "message",
}  # fmt: skip
#: Those that hold what stood in somebody's file.
_USER_TEXT_COLUMNS: Final = frozenset({"value", "after"})
#: Those that are the same for all findings of a file.
_CONSTANT_COLUMNS: Final = frozenset({"file", "sheet"})
#: What spreadsheets take for the beginning of a formula, with the full-width twins.
_FORMULA_START: Final = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"
_FORMULA_FIRST_BYTES: Final = byte_table(sign.encode()[0] for sign in "=+-@\uff1d")


def make_csv_reporter(stream: TextIO, options: ReportOptions) -> LineReporter:
    """Writes findings as they come, under one header."""
    stream.write(",".join(CSV_COLUMNS) + "\n")
    return LineReporter(stream, options, format_csv_lines)


def format_csv_lines(findings: Findings, source: Source | None, name: str, options: ReportOptions) -> Cells:
    """A line a finding."""
    table = render_columns(findings, source, name, options)
    cells = [_format_column(combine_chunks(table[column]), title) for title, column in CSV_COLUMNS.items()]
    return pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")


def _format_column(cells: Cells, title: str) -> Cells | pa.StringScalar | str:
    """The cells of a column of the report; one value where all are the same."""
    if cells.null_count == len(cells):
        return ""
    if title in _CONSTANT_COLUMNS:
        return _quote(_make_safe(cells.slice(0, 1)))[0]
    if title == "column":
        encoded = cells.dictionary_encode()
        return _quote(_make_safe(encoded.dictionary)).take(encoded.indices)
    if title in _USER_TEXT_COLUMNS:
        return _quote(_make_safe(cells))
    return _quote(_defuse_formulas(cells)) if title == "message" else cells


def _make_safe(cells: Cells) -> Cells:
    return _defuse_formulas(escape_invisible_cells(cells))


def _defuse_formulas(cells: Cells) -> Cells:
    rows = np.flatnonzero(_FORMULA_FIRST_BYTES[first_bytes(cells)])
    if not len(rows):
        return cells
    lead = np.zeros(len(cells), bool)
    lead[rows] = as_mask(pc.match_substring_regex(cells.take(pa.array(rows)), f"^{_FORMULA_START}"))
    some = cells.filter(pa.array(lead))
    return replace_where(cells, lead, pc.binary_join_element_wise("'", some, ""))


def _quote(cells: Cells) -> Cells:
    data, _ = slice_bytes(cells)
    quotes = data == ord('"')
    special = cells_with_marked_bytes(cells, quotes | (data == ord(",")))
    some = cells.filter(pa.array(special))
    doubled = pc.replace_substring(some, '"', '""') if quotes.any() else some
    return replace_where(cells, special, pc.binary_join_element_wise('"', doubled, '"', ""))
