"""Reading a workbook, in the parent process.

The zip package is checked, a child process opens the workbook under limits, the sheet is chosen from its first rows,
and the records are received.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat
from zipfile import ZipInfo

import numpy as np
import pyarrow as pa

from calltools.errors import SourceError, UnfitFileError
from calltools.files.inputs import INPUTS, OpenRequest, repeated_header_findings
from calltools.files.limits import Limits
from calltools.files.opening import check_file, sniff_format
from calltools.files.reading_process import ReadingFaults, ReadingProcess
from calltools.files.workbook.kept import KeptProcess, kept_process
from calltools.files.workbook.package import PackageScan, check_zip_directory, find_sheet_parts, scan_parts
from calltools.files.workbook.sheets import MAX_HEAD_ROWS, SheetChoice, SheetRows, choose_sheet
from calltools.model.batch import Batch, HeaderGuess, Hints, ReadTask, Source, Table, find_runs, unique_titles
from calltools.model.cells import Numbers
from calltools.model.finding import Findings

_CHILD_MODULE: Final = "calltools.files.workbook.child"
#: How a workbook was read that calamine refuses.
_READ_WITH_OPENPYXL: Final = (
    "{name}: workbook, sheet {sheet}, read with openpyxl, because calamine cannot read all of it",
    "{name}: книга, лист {sheet}; прочитано через openpyxl: calamine не может прочитать её целиком",
)
#: Bytes up to which a workbook leaves little behind in the process that has read it.
_SMALL_WORKBOOK_BYTES: Final = 1 << 20
_FAULTS: Final = ReadingFaults(
    "workbook-damaged",
    "workbook-memory",
    "workbook-seconds",
    packages=("python-calamine", "openpyxl", "defusedxml", "pyarrow", "numpy"),
)


class WorkbookProcess(ReadingProcess):
    """The child process that reads one workbook; a context manager, at whose end the process has ended."""

    def __init__(self, name: str, limits: Limits) -> None:
        super().__init__(_CHILD_MODULE, name, limits, _FAULTS)


def open_workbook(request: OpenRequest) -> Table:
    """The table in one sheet of a workbook; all of it is read at once, by a child process.

    Raises:
        UnfitFileError: No sheet has the name that the user gave, or several sheets fit.
        SourceError: The workbook is damaged, encrypted or hostile.
        LimitError: Reading it would cost more than the limits allow.
    """
    path, name, limits = request.path, request.name, request.limits
    parts = [] if request.file_format == "xls" else check_zip_directory(path, name, limits)
    kept = kept_process()
    if kept is None or path.stat().st_size > _SMALL_WORKBOOK_BYTES:
        with WorkbookProcess(name, limits) as child:
            return _read_workbook(request, child, parts)
    child = kept.waiting
    kept.waiting = None
    if child is not None and child.limits == limits:
        with suppress(SourceError), ExitStack() as stack:
            stack.enter_context(child).begin_next(name)
            table = _read_workbook(request, child, parts)
            return _keep_process(kept, child, stack, table)
        # What it says of a workbook may be due to those before: a new one has the last word.
    elif child is not None:
        child.__exit__(None, None, None)
    with ExitStack() as stack:
        child = stack.enter_context(WorkbookProcess(name, limits))
        kept.started += 1
        return _keep_process(kept, child, stack, _read_workbook(request, child, parts))


def _find_no_header(_rows: SheetRows) -> HeaderGuess:
    return HeaderGuess(0, 0)


def read_sheet_heads(path: Path, name: str, limits: Limits = Limits()) -> dict[str, SheetRows]:  # noqa: B008 - frozen
    """The first rows of each sheet of a workbook that has a filled cell, in their order; nothing of another file.

    Raises:
        SourceError: The file cannot be read, or the workbook is damaged, encrypted or hostile.
        LimitError: Reading it would cost more than the limits allow.
    """
    check_file(path, name)
    file_format = sniff_format(path, name)
    if file_format not in INPUTS["workbook"].file_formats:
        return {}
    if file_format != "xls":
        check_zip_directory(path, name, limits)
    with WorkbookProcess(name, limits) as child:
        child.send_request(
            _heads_request(OpenRequest(path, name, Hints(), _find_no_header, limits, file_format=file_format))
        )
        heads: dict[str, SheetRows] = child.read_response()["sheets"]
    return heads


def _keep_process(kept: KeptProcess, child: WorkbookProcess, stack: ExitStack, table: Table) -> Table:
    """The table; the process that has sent all of it waits for the next workbook."""
    if table.titles:
        child.rest()
        kept.waiting = child
        stack.pop_all()
    return table


def _read_workbook(request: OpenRequest, child: WorkbookProcess, parts: list[ZipInfo]) -> Table:
    path, name = request.path, request.name
    child.send_request(_heads_request(request))
    scan = scan_parts(path, name, parts)  # while the child reads
    answer = child.read_response()
    if not answer["sheets"]:
        return _empty_table(request, answer)
    chosen = choose_sheet(answer["sheets"], answer["unreadable"], request.hints, request.find_header, name)
    child.send_request(_sheet_request(request, chosen, scan))
    edges = child.read_response()
    titles = chosen.titles[edges["first"] : edges["last"]]
    batches = _drop_trailing_blanks(list(_build_batches(child.read_batches(), chosen.first_row, titles)))
    source = _build_source(request, chosen, edges["first"], answer["refusal"])
    hidden = _hidden_row_findings(path, chosen.sheet, scan, batches)
    return _build_table(source, titles, batches, Findings.concat([chosen.findings, hidden]))


def _hidden_row_findings(path: Path, sheet: str, scan: PackageScan, batches: Sequence[Batch]) -> Findings:
    """CT021, if records lie in rows that the sheet hides."""
    if not scan.hidden_rows:
        return Findings.empty()
    part = ""
    # What calamine could read is not refused because its list of sheets is damaged.
    with suppress(KeyError, ValueError, StopIteration, expat.ExpatError):
        part = find_sheet_parts(path).get(sheet, "").lower()
    hidden = [row for one, rows in scan.hidden_rows.items() if one.lower() == part for row in rows]
    places = [place for batch in batches for place in batch.places[np.isin(batch.places, hidden)].tolist()]
    if not places:
        return Findings.empty()
    return Findings.from_rows([{"code": "CT021", "place": places[0], "detail": str(len(places))}])


def _heads_request(request: OpenRequest) -> dict[str, Any]:
    return {
        "path": str(request.path),
        "name": request.name,
        "sheet": request.hints.sheet,
        "head_rows": max(MAX_HEAD_ROWS, request.hints.header_row or 0),
        "package": request.file_format,
        "filled_cells": request.limits.filled_cells,
    }


def _sheet_request(request: OpenRequest, chosen: SheetChoice, scan: PackageScan) -> dict[str, Any]:
    return {
        "sheet": chosen.sheet,
        "header": chosen.titles,
        "first_row": chosen.first_row,
        "identifiers": [position for position, title in enumerate(chosen.titles) if request.is_identifier(title)],
        "package": request.file_format,
        "marked": sorted(scan.suspect_parts),
    }


def _empty_table(request: OpenRequest, answer: Mapping[str, Any]) -> Table:
    """The table of a workbook without a filled cell in the sheets that were read."""
    if not answer["known"]:
        titles = ", ".join(answer["titles"])
        raise UnfitFileError("sheet-unknown", path=request.name, sheet=request.hints.sheet, sheets=titles)
    source = Source(request.path, request.name, INPUTS["workbook"].format, sheet=request.hints.sheet)
    return Table(source, (), lambda: iter(()), Findings.from_rows([{"code": "CT001"}]))


def _build_batches(
    parts: Iterable[tuple[pa.RecordBatch, Mapping[str, str]]], start: int, titles: tuple[str, ...]
) -> Iterator[Batch]:
    """The slices of the child as batches; ``start`` is the row of the first slice, from 0."""
    names = unique_titles(titles)
    for part, metadata in parts:
        rows = part.column(0).to_numpy().astype(np.int64)
        count = int(metadata["rows"])
        records = np.arange(1, len(rows) + 1, dtype=np.int64)
        columns = pa.table(part.columns[1:], names=list(names))
        gaps = np.setdiff1d(np.arange(count), rows, assume_unique=True) + start + 1
        findings = _slice_findings(json.loads(metadata["findings"]), rows, start, titles)
        batch = Batch(columns, records, rows + start + 1, findings, len(rows), blanks=find_runs(gaps))
        yield batch.with_findings(repeated_header_findings(batch, titles))
        start += count


def _drop_trailing_blanks(batches: list[Batch]) -> list[Batch]:
    """The batches without the blank rows after the last record: programs format rows far below the data."""
    while batches and not len(batches[-1]):
        batches.pop()
    if not batches:
        return []
    last = batches[-1]
    return [*batches[:-1], replace(last, blanks=last.blanks[last.blanks[:, 0] < last.places[-1]])]


def _slice_findings(
    found: list[tuple[str, int, int, str]], rows: Numbers, start: int, titles: tuple[str, ...]
) -> Findings:
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


def _build_source(request: OpenRequest, chosen: SheetChoice, first: int, refusal: str) -> Source:
    known = INPUTS["workbook"].format
    return Source(
        request.path,
        request.name,
        replace(known, read_as=_READ_WITH_OPENPYXL) if refusal else known,
        header_row=chosen.header_row,
        sheet=chosen.sheet,
        first_column=first,
        zone=chosen.zone,
    )


def _build_table(source: Source, titles: tuple[str, ...], batches: list[Batch], findings: Findings) -> Table:
    def tasks() -> Iterator[ReadTask]:
        return (partial(_return_batch, batch) for batch in batches)

    return Table(source, titles, tasks, findings)


def _return_batch(batch: Batch) -> Batch:
    return batch
