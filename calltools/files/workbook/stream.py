"""In the child process: the typed cells of one sheet are written to the parent as an Arrow stream of text."""

import json
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, TypeAlias
from xml.parsers import expat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.files.workbook.cells import CellValue, TextColumn, format_cells
from calltools.files.workbook.clock_formats import Cell, find_xlsx_clock_cells
from calltools.files.workbook.clock_formats_binary import find_xls_clock_cells, find_xlsb_clock_cells
from calltools.files.workbook.error_cells import CellIssues, find_ods_issues, find_xlsx_issues
from calltools.files.workbook.error_cells_binary import find_xls_issues, find_xlsb_issues
from calltools.files.workbook.package import ODS_CONTENT, find_sheet_parts
from calltools.model.cells import Cells, Mask, Numbers, non_empty


class AnySheet(Protocol):
    """A sheet of calamine or of ``fallback``: first and last filled cell, and the rows."""

    @property
    def start(self) -> tuple[int, int] | None:
        """Row and column of the first filled cell, from 0."""

    @property
    def end(self) -> tuple[int, int] | None:
        """Row and column of the last one."""

    def iter_rows(self) -> Iterator[list[CellValue]]:
        """The rows, from row 1 and the first filled column on."""


#: Rows of a batch.
ROWS_PER_BATCH: Final = 50_000
#: Cells of a batch: of a sheet with a stray cell far to the right a batch has fewer rows.
_CELLS_PER_BATCH: Final = 2_000_000
#: From here on a number has 16 digits before the point, and a spreadsheet keeps only 15.
_LOSSY_FROM: Final = 1e15

#: A finding on its way to the parent: code, row within the slice, column of the sheet, value.
_SliceFinding: TypeAlias = tuple[str, int, int, str]


@dataclass(frozen=True, slots=True)
class _Slice:
    """Some rows of the sheet below the header.

    Attributes:
        columns: Cells of each column, from column A on, in the rows that are kept.
        findings: Findings of the cells.
        start: The first row, from 0.
        rows: Number of rows.
        kept: The rows in which anything may stand, from 0 within the slice.
    """

    columns: tuple[TextColumn, ...]
    findings: tuple[_SliceFinding, ...]
    start: int
    rows: int
    kept: Numbers


def sheet_extent(sheet: AnySheet) -> tuple[int, int]:
    """Number of rows and columns from A1 to the last filled cell; ``total_height`` of calamine is one short."""
    return (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end is not None else (0, 0)


def _iterate_rows(sheet: AnySheet) -> Iterator[list[CellValue]]:
    """The rows from row 1 and column A on; those of calamine start in the first filled column."""
    left = sheet.start[1] if sheet.start is not None else 0
    padding: list[CellValue] = [""] * left
    return (padding + row for row in sheet.iter_rows())


def read_heads(sheets: Mapping[str, AnySheet], rows: int) -> dict[str, list[list[str]]]:
    """Title -> first rows as text, from row 1 and column A on."""
    return {title: _read_head(sheet, rows) for title, sheet in sheets.items()}


def _read_head(sheet: AnySheet, rows: int) -> list[list[str]]:
    first = list(islice(_iterate_rows(sheet), rows))
    columns = [format_cells(column).cells.to_pylist() for column in zip(*first, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def send_sheet(sheet: AnySheet, chosen: Mapping[str, Any], path: Path, responses: BinaryIO) -> None:
    """Write the range of columns, then the records.

    Args:
        sheet: The sheet.
        chosen: ``header``: titles from column A on; ``first_row``: row of the first record, from 0; ``identifiers``:
            columns with identifiers, from 0; ``package``: format of the workbook; ``number``: number of the sheet among
            all, from 0; ``marked``: parts that may hold error cells or formulas.
        path: The workbook.
        responses: The stream to the parent.
    """
    issues = find_cell_issues(path, chosen)
    slices = list(_read_slices(sheet, chosen["first_row"], issues, chosen["identifiers"]))
    width = len(chosen["header"])
    slices = _write_midnights(slices, path, chosen)
    columns = [[part.columns[position].cells for part in slices] for position in range(width)]
    first, last = _used_column_range(chosen["header"], columns, slices)
    responses.write(json.dumps({"first": first, "last": last}).encode() + b"\n")
    _write_slices(slices, columns[first:last], first, responses)


def _write_midnights(slices: list[_Slice], path: Path, chosen: Mapping[str, Any]) -> list[_Slice]:
    """The same with the time 00:00:00 in dates whose cells show a time of day.

    Only a column that holds times of day, too, is looked at, or one with a single date: one of dates alone is a column
    of days, whatever it shows.
    """
    columns = enumerate(zip(*(part.columns for part in slices), strict=True))
    mixed = [position for position, parts in columns if _may_hold_midnights(parts)]
    if not mixed:
        return slices
    dates = {
        (row, position)
        for part in slices
        for position in mixed
        for row in (part.start + part.kept[part.columns[position].date_rows]).tolist()
    }
    shown: frozenset[Cell] = frozenset()
    # A workbook that calamine can read is not refused because its list of formats is damaged.
    with suppress(KeyError, IndexError, ValueError, StopIteration, struct.error, expat.ExpatError):
        shown = _find_clock_cells(path, chosen, dates)
    clock_rows = {position: [row for row, at in shown if at == position] for position in mixed}
    return [
        replace(
            part,
            columns=tuple(
                column.with_midnights(np.flatnonzero(np.isin(part.start + part.kept, clock_rows[position])).tolist())
                if position in mixed
                else column
                for position, column in enumerate(part.columns)
            ),
        )
        for part in slices
    ]


def _find_clock_cells(path: Path, chosen: Mapping[str, Any], dates: Collection[Cell]) -> frozenset[Cell]:
    """Those of the cells whose format shows hours."""
    if chosen["package"] == "xls":
        return find_xls_clock_cells(path, chosen["number"], dates)
    if chosen["package"] == "xlsb":
        return find_xlsb_clock_cells(path, chosen["sheet"], dates)
    # calamine tells the two apart in an ods, which writes the time of day of a midnight or does not.
    part = find_sheet_parts(path).get(chosen["sheet"]) if chosen["package"] == "xlsx" else None
    return frozenset() if part is None else find_xlsx_clock_cells(path, part, dates)


def _may_hold_midnights(parts: Sequence[TextColumn]) -> bool:
    dates = sum(len(part.date_rows) for part in parts)
    return dates == 1 or (
        dates > 0 and any(part.has_times or pc.any(pc.match_substring(part.cells, ":")).as_py() for part in parts)
    )


def find_cell_issues(path: Path, chosen: Mapping[str, Any]) -> CellIssues:
    """The error cells and uncached formulas of the chosen sheet; an XML part is walked only if it may hold some."""
    sheet, marked = chosen["sheet"], {part.lower() for part in chosen["marked"]}
    if chosen["package"] == "xls":
        return find_xls_issues(path, chosen["number"])
    if chosen["package"] == "xlsb":
        return find_xlsb_issues(path, sheet)
    if chosen["package"] == "ods":
        return find_ods_issues(path, sheet) if ODS_CONTENT in marked else CellIssues()
    part = (chosen["part"] or find_sheet_parts(path).get(sheet, "")) if marked else ""
    return find_xlsx_issues(path, part) if part.lower() in marked else CellIssues()


def _read_slices(sheet: AnySheet, first_row: int, issues: CellIssues, identifiers: Sequence[int]) -> Iterator[_Slice]:
    height, width = sheet_extent(sheet)
    missing = max(0, issues.row_count() - height)
    # For calamine a sheet ends before rows that hold only uncached formulas.
    beyond: Iterator[list[CellValue]] = ([""] * width for _ in repeat(None, missing))
    rows = islice(chain(_iterate_rows(sheet), beyond), first_row, None)
    marked = issues.texts.keys() | issues.errors.keys() | issues.uncached_formulas.keys()
    start = first_row
    while part := _take_rows(rows, start, marked, width):
        count, kept, cells = part
        findings = tuple(_patch_error_cells(cells, kept, start, issues, width))
        columns = list(zip(*cells, strict=True)) or [()] * width
        texts = tuple(format_cells(column) for column in columns)
        offsets = np.array(kept, np.int64) - start
        lossy = tuple(_find_lossy_identifiers(columns, texts, offsets, identifiers))
        yield _Slice(texts, findings + lossy, start, count, offsets)
        start += count


def _take_rows(
    rows: Iterator[list[CellValue]], start: int, marked: Collection[int], width: int
) -> tuple[int, list[int], list[list[CellValue]]] | None:
    """The next rows: how many, the numbers of those that are filled or marked, and their cells.

    Nothing is kept of empty rows: before a stray cell there may be a million.
    """
    blank: list[CellValue] = [""] * width
    most = max(1, min(ROWS_PER_BATCH, _CELLS_PER_BATCH // max(1, width)))
    number = start
    kept: list[int] = []
    cells: list[list[CellValue]] = []
    for number, row in enumerate(rows, start + 1):
        if row != blank or number - 1 in marked:
            kept.append(number - 1)
            cells.append(row)
            if len(kept) == most:
                break
    return None if number == start else (number - start, kept, cells)


def _patch_error_cells(
    cells: list[list[CellValue]], kept: Sequence[int], start: int, issues: CellIssues, width: int
) -> Iterator[_SliceFinding]:
    """Write the text of error cells into the rows; gives their findings and those of uncached formulas."""
    for number, row in zip(kept, cells, strict=True):
        for column, text in issues.texts.get(number, {}).items():
            if column < width:
                row[column] = text
        for column, text in issues.errors.get(number, {}).items():
            if column < width:
                row[column] = text
                yield "CT015", number - start, column, text
        for column in issues.uncached_formulas.get(number, ()):
            if column < width:
                yield "CT014", number - start, column, ""


def _find_lossy_identifiers(
    columns: Sequence[Sequence[CellValue]], texts: Sequence[TextColumn], offsets: Numbers, identifiers: Sequence[int]
) -> Iterator[_SliceFinding]:
    for position in identifiers:
        for row, value in enumerate(columns[position]):
            if isinstance(value, int | float) and abs(value) >= _LOSSY_FROM:
                yield "CT209", int(offsets[row]), position, texts[position].cells[row].as_py()


def _used_column_range(
    header: Sequence[str], columns: Sequence[Sequence[Cells]], slices: Sequence[_Slice]
) -> tuple[int, int]:
    """The first column with a title or a filled cell, and the column after the last one."""
    uncached = {column for part in slices for code, _, column, _ in part.findings if code == "CT014"}
    used = [
        position
        for position, (title, chunks) in enumerate(zip(header, columns, strict=True))
        if title or position in uncached or any(non_empty(cells).any() for cells in chunks)
    ]
    return (used[0], used[-1] + 1) if used else (0, 0)


def _write_slices(
    slices: Sequence[_Slice], columns: Sequence[Sequence[Cells]], first: int, responses: BinaryIO
) -> None:
    names = [str(position) for position in range(len(columns))]
    schema = pa.schema([("row", pa.int32()), *((name, pa.string()) for name in names)])
    with pa.ipc.new_stream(responses, schema) as stream:
        for number, part in enumerate(slices):
            cells = [chunks[number] for chunks in columns]
            findings = [
                (code, row, column - first, value)
                for code, row, column, value in part.findings
                if first <= column < first + len(columns)
            ]
            keep = np.flatnonzero(_non_empty_rows(cells, findings, part.kept))
            rows = pa.RecordBatch.from_arrays([pa.array(part.kept.astype(np.int32)), *cells], schema=schema)
            metadata = {"findings": json.dumps(findings), "rows": str(part.rows)}
            stream.write_batch(
                rows if len(keep) == len(part.kept) else rows.take(pa.array(keep)), custom_metadata=metadata
            )


def _non_empty_rows(cells: Sequence[Cells], findings: Sequence[_SliceFinding], kept: Numbers) -> Mask:
    """Whether each row that is kept has a filled cell or a finding, such as an uncached formula."""
    keep: Mask = np.isin(kept, [row for _, row, _, _ in findings])
    for column in cells:
        keep |= non_empty(column)
    return keep
