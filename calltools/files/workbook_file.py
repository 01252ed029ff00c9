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
from calltools.files.workbook_preflight import Look, check_directory, check_parts
from calltools.files.workbook_process import Child
from calltools.files.workbook_sheets import HEAD_ROWS, Chosen, choose, is_identifier_title
from calltools.model.batch import Batch, HeaderJudge, Hints, Source, Table, Task, unique_titles
from calltools.model.cells import Mask, Numbers, as_mask
from calltools.model.finding import Findings

Package: TypeAlias = Literal["xlsx", "xlsb", "ods", "xls"]


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook to open.

    Attributes:
        path: Where its bytes are.
        name: What the user calls it.
        package: Which kind of workbook, by its content.
        limits: What reading it may cost.
    """

    path: Path
    name: str
    package: Package
    limits: Limits


def open_request(request: Request) -> Table:
    """The same as ``open_workbook``, as ``INPUTS`` asks for it."""
    workbook = Workbook(request.path, request.name, cast("Package", request.kind), request.limits)
    return open_workbook(workbook, request.hints, request.judge, request.identifier_titles)


def open_workbook(
    workbook: Workbook,
    hints: Hints,
    judge: HeaderJudge,
    identifier_titles: Callable[[str], bool] = is_identifier_title,
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
    parts = [] if workbook.package == "xls" else check_directory(workbook.path, workbook.name, workbook.limits)
    with Child(workbook.name, workbook.limits) as child:
        child.tell(_wanted(workbook, hints))
        look = check_parts(workbook.path, workbook.name, parts)  # while the child reads
        answer = child.answer()
        if not answer["sheets"]:
            return _empty(workbook, hints, answer)
        chosen = choose(answer["sheets"], hints, judge, workbook.name)
        child.tell(_request(workbook, chosen, look, identifier_titles))
        edges = child.answer()
        titles = chosen.titles[edges["first"] : edges["last"]]
        batches = _trimmed(list(_batches(child.records(), chosen.first_row, titles)))
    return _table(workbook, chosen, edges["first"], titles, batches)


def _wanted(workbook: Workbook, hints: Hints) -> dict[str, Any]:
    return {
        "path": str(workbook.path),
        "name": workbook.name,
        "sheet": hints.sheet,
        "head_rows": max(HEAD_ROWS, hints.header_row or 0),
        "filled_cells": workbook.limits.filled_cells,
    }


def _request(
    workbook: Workbook, chosen: Chosen, look: Look, identifier_titles: Callable[[str], bool]
) -> dict[str, Any]:
    return {
        "sheet": chosen.sheet,
        "header": chosen.titles,
        "first_row": chosen.first_row,
        "identifiers": [position for position, title in enumerate(chosen.titles) if identifier_titles(title)],
        "package": workbook.package,
        "marked": sorted(look.marked),
    }


def _empty(workbook: Workbook, hints: Hints, answer: Mapping[str, Any]) -> Table:
    """A workbook without a filled cell where it was looked for."""
    if not answer["known"]:
        titles = ", ".join(answer["titles"])
        raise UsageError("sheet-unknown", path=workbook.name, sheet=hints.sheet, sheets=titles)
    source = Source(workbook.path, workbook.name, INPUTS["workbook"].format, sheet=hints.sheet)
    return Table(source, (), lambda: iter(()), Findings.of([{"code": "CT001"}]))


def _batches(
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
        findings = _findings(json.loads(side["findings"]), rows, start, titles)
        batch = Batch(columns, records, rows + start + 1, findings, len(rows), blanks=tuple(gaps.tolist()))
        yield batch.with_findings(_header_repeated(batch, titles))
        start += count


def _trimmed(batches: list[Batch]) -> list[Batch]:
    """Without the blank rows behind the last record."""
    while batches and not len(batches[-1]):
        batches.pop()
    if not batches:
        return []
    last = batches[-1]
    blanks = tuple(place for place in last.blanks if place < last.places[-1])
    return [*batches[:-1], replace(last, blanks=blanks)]


def _findings(found: list[tuple[str, int, int, str]], rows: Numbers, start: int, titles: tuple[str, ...]) -> Findings:
    return Findings.of(
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


def _header_repeated(batch: Batch, titles: tuple[str, ...]) -> Findings:
    same: Mask = np.ones(len(batch), np.bool_)
    for name, title in zip(batch.columns.column_names, titles, strict=True):
        if not same.any():
            return Findings.none()
        same &= as_mask(pc.equal(batch.columns[name].combine_chunks(), title))
    return Findings.at("CT019", records=batch.records[same], places=batch.places[same])


def _table(workbook: Workbook, chosen: Chosen, first: int, titles: tuple[str, ...], batches: list[Batch]) -> Table:
    source = Source(
        workbook.path,
        workbook.name,
        INPUTS["workbook"].format,
        header_row=chosen.header_row,
        sheet=chosen.sheet,
        first_column=first,
    )

    def tasks() -> Iterator[Task]:
        return (partial(_given, batch) for batch in batches)

    return Table(source, titles, tasks, chosen.findings)


def _given(batch: Batch) -> Batch:
    return batch
