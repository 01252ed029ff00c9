"""Findings as a CSV: UTF-8 without a byte order mark, comma, a line a finding.

People open it in a spreadsheet, so no cell of it is a formula and none breaks the line. There is no byte order
mark, because programs read it too: in Excel, open it through Data, From Text/CSV, which knows UTF-8.
"""

from typing import Final, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.any_cell import replaced
from calltools.fields.shapes import first_bytes, own_bytes, rows_with
from calltools.model.batch import Source
from calltools.model.cells import Cells, as_mask, one_chunk
from calltools.model.finding import Findings
from calltools.reports.gathering import Streaming
from calltools.reports.presenting import presented
from calltools.reports.style import Style
from calltools.reports.visible import byte_table, visible_cells

#: Title in the report -> column of ``presented``.
COLUMNS: Final = {
    "file": "file", "sheet": "sheet", "severity": "severity", "code": "code", "name": "name", "record": "record",
    "line": "line", "row": "row", "column": "column", "cell": "cell", "value": "value", "fix": "fix_kind",
    "after": "after", "message": "message",
}  # fmt: skip
#: Those that hold what stood in somebody's file.
_OWN: Final = frozenset({"value", "after"})
#: Those that are the same for all findings of a file.
_CONSTANT: Final = frozenset({"file", "sheet"})
#: What spreadsheets take for the beginning of a formula, with the full-width twins.
_FORMULA: Final = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"
_LEADS: Final = byte_table(sign.encode()[0] for sign in "=+-@\uff1d")


def reporter(stream: TextIO, style: Style) -> Streaming:
    """Writes findings as they come, under one header."""
    stream.write(",".join(COLUMNS) + "\n")
    return Streaming(stream, style, csv_lines)


def csv_lines(findings: Findings, source: Source | None, name: str, style: Style) -> Cells:
    """A line a finding."""
    table = presented(findings, source, name, style)
    cells = [_cells(one_chunk(table[column]), title) for title, column in COLUMNS.items()]
    return pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")


def _cells(cells: Cells, title: str) -> Cells | pa.StringScalar | str:
    """The cells of a column of the report; one value where all are the same."""
    if cells.null_count == len(cells):
        return ""
    if title in _CONSTANT:
        return _quoted(_safe(cells.slice(0, 1)))[0]
    if title == "column":
        encoded = cells.dictionary_encode()
        return _quoted(_safe(encoded.dictionary)).take(encoded.indices)
    if title in _OWN:
        return _quoted(_safe(cells))
    return _quoted(_not_formula(cells)) if title == "message" else cells


def _safe(cells: Cells) -> Cells:
    return _not_formula(visible_cells(cells))


def _not_formula(cells: Cells) -> Cells:
    rows = np.flatnonzero(_LEADS[first_bytes(cells)])
    if not len(rows):
        return cells
    lead = np.zeros(len(cells), bool)
    lead[rows] = as_mask(pc.match_substring_regex(cells.take(pa.array(rows)), f"^{_FORMULA}"))
    some = cells.filter(pa.array(lead))
    return replaced(cells, lead, pc.binary_join_element_wise("'", some, ""))


def _quoted(cells: Cells) -> Cells:
    data, _ = own_bytes(cells)
    quotes = data == ord('"')
    special = rows_with(cells, quotes | (data == ord(",")))
    some = cells.filter(pa.array(special))
    doubled = pc.replace_substring(some, '"', '""') if quotes.any() else some
    return replaced(cells, special, pc.binary_join_element_wise('"', doubled, '"', ""))
