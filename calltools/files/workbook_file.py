"""Workbooks: xlsx, xlsm, xlsb, xls and ods, one sheet as text.

The file is read by a process of its own, ``workbook_child``, under limits; here is the parent's side:
look at the zip directory, start the child, choose the sheet, take the records.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import UsageError
from calltools.files.inputs import INPUTS, Request
from calltools.files.limits import Limits
from calltools.files.workbook_preflight import PackageScan, check_zip_directory, scan_parts
from calltools.files.workbook_process import WorkbookProcess
from calltools.files.workbook_sheets import MAX_HEAD_ROWS, SheetChoice, choose_sheet, looks_like_identifier_title
from calltools.model.batch import Batch, HeaderFinder, Hints, Source, Table, ReadTask, unique_titles
from calltools.model.cells import Mask, Numbers, as_mask
from calltools.model.finding import Findings

WorkbookFormat: TypeAlias = Literal["xlsx", "xlsb", "ods", "xls"]


@dataclass(frozen=True, slots=True)
class WorkbookFile:
    """A workbook to open.

    Attributes:
        path: Where its bytes are.
        name: What the user calls it.
        package: Which kind of workbook, by its content.
        limits: What reading it may cost.
    """

    path: Path
    name: str
    format: WorkbookFormat
    limits: Limits


def open_request(request: Request) -> Table:
    """The same as ``open_workbook``, as ``INPUTS`` asks for it."""
    workbook = WorkbookFile(request.path, request.name, cast("WorkbookFormat", request.kind), request.limits)
    return open_workbook(workbook, request.hints, request.judge, request.identifier_titles)


def open_workbook(
    workbook: WorkbookFile,
    hints: Hints,
    find_header: HeaderFinder,
    is_identifier: Callable[[str], bool] = looks_like_identifier_title,
) -> Table:
    """Read one sheet of a workbook.

    Args:
        workbook: Which file.
        hints: What the user or a profile says.
        judge: Says which of a sheet's first rows is the header, and how well it fits.
        identifier_titles: Says of a title whether the column holds ids (CT209).

    Raises:
        UsageError: No sheet has the name that was given, or several sheets fit.
        SourceError: The workbook is damaged, encrypted or hostile.
        LimitError: Reading it would cost more than the limits allow.
    """
    parts = [] if workbook.format == "xls" else check_zip_directory(workbook.path, workbook.name, workbook.limits)
    with WorkbookProcess(workbook.name, workbook.limits) as child:
        child.send_request(_open_request(workbook, hints))
        look = scan_parts(workbook.path, workbook.name, parts)  # while the child reads
        answer = child.read_response()
        if not answer["sheets"]:
            return _empty_table(workbook, hints, answer)
        chosen = choose_sheet(answer["sheets"], hints, find_header, workbook.name)
        child.send_request(_sheet_request(workbook, chosen, look, is_identifier))
        edges = child.read_response()
        titles = chosen.titles[edges["first"] : edges["last"]]
        batches = _drop_trailing_blanks(list(_build_batches(child.read_batches(), chosen.first_row, titles)))
    return _build_table(workbook, chosen, edges["first"], titles, batches)


def _open_request(workbook: WorkbookFile, hints: Hints) -> dict[str, Any]:
    return {
        "path": str(workbook.path),
        "name": workbook.name,
        "sheet": hints.sheet,
        "head_rows": max(MAX_HEAD_ROWS, hints.header_row or 0),
        "filled_cells": workbook.limits.filled_cells,
    }


def _sheet_request(
    workbook: WorkbookFile, chosen: SheetChoice, scan: PackageScan, is_identifier: Callable[[str], bool]
) -> dict[str, Any]:
    return {
        "sheet": chosen.sheet,
        "header": chosen.titles,
        "first_row": chosen.first_row,
        "identifiers": [position for position, title in enumerate(chosen.titles) if is_identifier(title)],
        "package": workbook.format,
        "marked": sorted(scan.suspect_parts),
    }


def _empty_table(workbook: WorkbookFile, hints: Hints, answer: Mapping[str, Any]) -> Table:
    """A workbook without a filled cell where it was looked for."""
    if not answer["known"]:
        titles = ", ".join(answer["titles"])
        raise UsageError("sheet-unknown", path=workbook.name, sheet=hints.sheet, sheets=titles)
    source = Source(workbook.path, workbook.name, INPUTS["workbook"].format, sheet=hints.sheet)
    return Table(source, (), lambda: iter(()), Findings.from_rows([{"code": "CT001"}]))


def _build_batches(
    parts: Iterable[tuple[pa.RecordBatch, Mapping[str, str]]], start: int, titles: tuple[str, ...]
) -> Iterator[Batch]:
    """The child's slices as batches; ``start`` is the row from 0 of the first."""
    names = unique_titles(titles)
    for part, side in parts:
        rows = part.column(0).to_numpy().astype(np.int64)
        count = int(side["rows"])
        records = np.arange(1, len(rows) + 1, dtype=np.int64)
        columns = pa.table(part.columns[1:], names=list(names))
        gaps = np.setdiff1d(np.arange(count), rows, assume_unique=True) + start + 1
        findings = _slice_findings(json.loads(side["findings"]), rows, start, titles)
        batch = Batch(columns, records, rows + start + 1, findings, len(rows), blank_places=tuple(gaps.tolist()))
        yield batch.with_findings(_repeated_header_findings(batch, titles))
        start += count


def _drop_trailing_blanks(batches: list[Batch]) -> list[Batch]:
    """Without the blank rows behind the last record."""
    while batches and not len(batches[-1]):
        batches.pop()
    if not batches:
        return []
    last = batches[-1]
    blanks = tuple(place for place in last.blank_places if place < last.places[-1])
    return [*batches[:-1], replace(last, blank_places=blanks)]


def _slice_findings(found: list[tuple[str, int, int, str]], rows: Numbers, start: int, titles: tuple[str, ...]) -> Findings:
    return Findings.from_rows(
        {
            "code": code,
            "record": int(np.searchsorted(rows, row)) + 1,
            "place": row + start + 1,
            "position": position,
            "column": titles[position],
            "value": value,
        }
        for code, row, position, value in found
    )


def _repeated_header_findings(batch: Batch, titles: tuple[str, ...]) -> Findings:
    same: Mask = np.ones(len(batch), np.bool_)
    for name, title in zip(batch.columns.column_names, titles, strict=True):
        if not same.any():
            return Findings.empty()
        same &= as_mask(pc.equal(batch.columns[name].combine_chunks(), title))
    return Findings.for_rule("CT019", records=batch.records[same], places=batch.places[same])


def _build_table(workbook: WorkbookFile, chosen: SheetChoice, first: int, titles: tuple[str, ...], batches: list[Batch]) -> Table:
    source = Source(
        workbook.path,
        workbook.name,
        INPUTS["workbook"].format,
        header_row=chosen.header_row,
        sheet=chosen.sheet,
        first_column=first,
    )

    def tasks() -> Iterator[ReadTask]:
        return (partial(_return_batch, batch) for batch in batches)

    return Table(source, titles, tasks, chosen.findings)


def _return_batch(batch: Batch) -> Batch:
    return batch
