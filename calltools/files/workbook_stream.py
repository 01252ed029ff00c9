"""In the process that reads a workbook: from a sheet of typed cells to an Arrow stream of text."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import numpy as np
import pyarrow as pa
from python_calamine import CalamineSheet

from calltools.files.workbook_cells import TextColumn, Value, as_text, settled
from calltools.files.workbook_odd_cells import OddCells
from calltools.files.workbook_parts import sheet_parts
from calltools.files.workbook_second_look import odd_cells
from calltools.files.workbook_second_look_ods import CONTENT, ods_odd_cells
from calltools.files.workbook_second_look_xls import xls_odd_cells
from calltools.files.workbook_second_look_xlsb import xlsb_odd_cells
from calltools.model.cells import Cells, Mask, filled

#: Rows of a sheet that become one batch.
ROWS: Final = 50_000
#: A double of this size has 16 digits before the point: the last of them may be wrong already.
_SIXTEEN_DIGITS: Final = 1e15

#: A finding on its way to the parent: code, row within the slice, column of the sheet, value.
_Finding: TypeAlias = tuple[str, int, int, str]


@dataclass(frozen=True, slots=True)
class _Slice:
    """Some rows of the sheet below the header.

    Attributes:
        columns: One a column of the sheet, from column A.
        findings: Codes with row within the slice, column of the sheet and value.
        rows: How many.
    """

    columns: tuple[TextColumn, ...]
    findings: tuple[_Finding, ...]
    rows: int


def extent(sheet: CalamineSheet) -> tuple[int, int]:
    """Rows and columns from A1 to the last filled cell; ``total_height`` of the library is one short."""
    return (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end is not None else (0, 0)


def _rows(sheet: CalamineSheet) -> Iterator[list[Value]]:
    """The rows from row 1 and column A; the library's own start in the first filled column."""
    left = sheet.start[1] if sheet.start is not None else 0
    padding: list[Value] = [""] * left
    return (padding + row for row in sheet.iter_rows())


def heads(sheets: Mapping[str, CalamineSheet], rows: int) -> dict[str, list[list[str]]]:
    """The first rows of each sheet as text, from row 1 and column A."""
    return {title: _head(sheet, rows) for title, sheet in sheets.items()}


def _head(sheet: CalamineSheet, rows: int) -> list[list[str]]:
    first = list(islice(_rows(sheet), rows))
    columns = [as_text(column).cells.to_pylist() for column in zip(*first, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def send(sheet: CalamineSheet, chosen: Mapping[str, Any], path: Path, answers: BinaryIO) -> None:
    """Write the range of columns, then the records.

    Args:
        sheet: The sheet.
        chosen: ``header``: titles from column A; ``first_row``: row from 0 of the first record;
            ``identifiers``: columns from 0 that hold identifiers; ``package``: what kind of workbook;
            ``number``: which of all sheets, from 0; ``marked``: parts that need a second look.
        path: The workbook.
        answers: Where to.
    """
    odd = second_look(path, chosen)
    slices = list(_slices(sheet, chosen["first_row"], odd, chosen["identifiers"]))
    width = len(chosen["header"])
    columns = [settled([one.columns[position] for one in slices]) for position in range(width)]
    first, last = _edges(chosen["header"], columns, slices)
    answers.write(json.dumps({"first": first, "last": last}).encode() + b"\n")
    _write(slices, columns[first:last], first, answers)


def second_look(path: Path, chosen: Mapping[str, Any]) -> OddCells:
    """The sheet's error cells and hollow formulas, looked for where there is a sign of any."""
    sheet, marked = chosen["sheet"], {part.lower() for part in chosen["marked"]}
    if chosen["package"] == "xls":
        return xls_odd_cells(path, chosen["number"])
    if chosen["package"] == "xlsb":
        return xlsb_odd_cells(path, sheet)
    if chosen["package"] == "ods":
        return ods_odd_cells(path, sheet) if CONTENT in marked else OddCells()
    part = sheet_parts(path).get(sheet, "") if marked else ""
    return odd_cells(path, part) if part.lower() in marked else OddCells()


def _slices(sheet: CalamineSheet, first_row: int, odd: OddCells, identifiers: Sequence[int]) -> Iterator[_Slice]:
    height, width = extent(sheet)
    missing = max(0, odd.rows() - height)
    # A row of nothing but formulas without a value lies outside of what the library calls the sheet.
    beyond: Iterator[list[Value]] = ([""] * width for _ in repeat(None, missing))
    rows = islice(chain(_rows(sheet), beyond), first_row, None)
    start = first_row
    while some := list(islice(rows, ROWS)):
        findings = tuple(_patched(some, start, odd, width))
        columns = list(zip(*some, strict=True))
        texts = tuple(as_text(column) for column in columns)
        numbers = tuple(_numeric(columns, texts, identifiers))
        yield _Slice(texts, findings + numbers, len(some))
        start += len(some)


def _patched(rows: list[list[Value]], start: int, odd: OddCells, width: int) -> Iterator[_Finding]:
    """Put the text of error cells where the library left nothing, and name them and the hollow formulas."""
    for row in sorted((odd.errors.keys() | odd.hollow.keys()) & set(range(start, start + len(rows)))):
        for column, text in odd.errors.get(row, {}).items():
            if column < width:
                rows[row - start][column] = text
                yield "CT015", row - start, column, text
        for column in odd.hollow.get(row, ()):
            if column < width:
                yield "CT014", row - start, column, ""


def _numeric(
    columns: Sequence[Sequence[Value]], texts: Sequence[TextColumn], identifiers: Sequence[int]
) -> Iterator[_Finding]:
    for position in identifiers:
        for row, value in enumerate(columns[position]):
            if isinstance(value, int | float) and abs(value) >= _SIXTEEN_DIGITS:
                yield "CT209", row, position, texts[position].cells[row].as_py()


def _edges(header: Sequence[str], columns: Sequence[Sequence[Cells]], slices: Sequence[_Slice]) -> tuple[int, int]:
    """The columns from the first to behind the last that has a title or holds anything below it."""
    hollow = {column for one in slices for code, _, column, _ in one.findings if code == "CT014"}
    used = [
        position
        for position, (title, parts) in enumerate(zip(header, columns, strict=True))
        if title or position in hollow or any(filled(part).any() for part in parts)
    ]
    return (used[0], used[-1] + 1) if used else (0, 0)


def _write(slices: Sequence[_Slice], columns: Sequence[Sequence[Cells]], first: int, answers: BinaryIO) -> None:
    names = [str(position) for position in range(len(columns))]
    schema = pa.schema([("row", pa.int32()), *((name, pa.string()) for name in names)])
    with pa.ipc.new_stream(answers, schema) as stream:
        for number, one in enumerate(slices):
            cells = [parts[number] for parts in columns]
            findings = [
                (code, row, column - first, value)
                for code, row, column, value in one.findings
                if first <= column < first + len(columns)
            ]
            keep = np.flatnonzero(_kept(cells, findings, one.rows))
            rows = pa.RecordBatch.from_arrays([pa.array(np.arange(one.rows, dtype=np.int32)), *cells], schema=schema)
            side = {"findings": json.dumps(findings), "rows": str(one.rows)}
            stream.write_batch(rows if len(keep) == one.rows else rows.take(pa.array(keep)), custom_metadata=side)


def _kept(cells: Sequence[Cells], findings: Sequence[_Finding], rows: int) -> Mask:
    """Rows that hold anything, a formula without a value included."""
    keep = np.zeros(rows, np.bool_)
    keep[[row for _, row, _, _ in findings]] = True
    for column in cells:
        keep |= filled(column)
    return keep
