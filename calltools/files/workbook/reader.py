"""Reading a workbook, the parent's side.

The zip directory is checked, the child process is started and watched, the sheet is chosen, the records are received.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Final, Literal, TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import CalltoolsError, LimitError, SourceError, UsageError
from calltools.files.inputs import INPUTS, Request
from calltools.files.limits import Limits
from calltools.files.workbook.package import PackageScan, check_zip_directory, scan_parts
from calltools.files.workbook.sheets import MAX_HEAD_ROWS, SheetChoice, choose_sheet, looks_like_identifier_title
from calltools.model.batch import Batch, HeaderFinder, Hints, ReadTask, Source, Table, unique_titles
from calltools.model.cells import Mask, Numbers, as_mask
from calltools.model.finding import Findings
from calltools.runtime.process import ChildProcess
from calltools.texts.keys import MessageKey

_CHILD_MODULE: Final = "calltools.files.workbook.child"
_TIMEOUT_SIGNALS: Final = frozenset({"SIGXCPU"})


class WorkbookProcess(ChildProcess):
    """A process that reads one workbook; a context manager, and with its end the process has ended too."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name, self._limits = name, limits
        # Arrow's own allocator would claim address space beyond need.
        super().__init__(
            _CHILD_MODULE,
            str(limits.child_memory),
            str(limits.seconds),
            environ={"ARROW_DEFAULT_MEMORY_POOL": "system"},
        )
        self._timed_out = False
        self._timer = Timer(limits.seconds, self._kill_on_timeout)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        super().__exit__(kind, fault, trace)

    def send_request(self, request: Mapping[str, Any]) -> None:
        """Send a line; if the child has ended, its next answer says why."""
        try:
            self.stdin.write(json.dumps(request).encode() + b"\n")
            self.stdin.flush()
        except OSError:
            return

    def read_response(self) -> dict[str, Any]:
        """The child's next line.

        Raises:
            SourceError: It could not read the workbook.
            LimitError: A limit ended it.
        """
        line = self.stdout.readline()
        if not line.endswith(b"\n"):
            raise self._error_of_end()
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise self._build_error(answer["error"], answer["facts"])
        return answer

    def read_batches(self) -> Iterator[tuple[pa.RecordBatch, dict[str, str]]]:
        """The batches of an Arrow stream, each with the text beside it.

        Raises:
            SourceError: The stream broke off.
            LimitError: A limit ended the child.
        """
        try:
            with pa.ipc.open_stream(self.stdout) as stream:
                for batch, side in stream.iter_batches_with_custom_metadata():
                    yield batch, {key.decode(): text.decode() for key, text in side.items()}
        except (pa.ArrowException, OSError) as fault:
            raise self._error_of_end() from fault

    def _build_error(self, key: MessageKey, facts: Mapping[str, Any]) -> CalltoolsError:
        limited = key in {"workbook-memory", "workbook-cells"}
        known = {"path": self._name, "limit": self._limits.child_memory >> 20, **facts}
        return LimitError(key, **known) if limited else SourceError(key, **known)

    def _error_of_end(self) -> CalltoolsError:
        """Why the child ended without an answer."""
        killer = self.ending_signal()
        if self._timed_out or killer in _TIMEOUT_SIGNALS:
            return LimitError("workbook-seconds", path=self._name, limit=self._limits.seconds)
        return self._build_error("workbook-memory" if killer else "workbook-damaged", {})

    def _kill_on_timeout(self) -> None:
        self._timed_out = True
        self.kill()


WorkbookFormat: TypeAlias = Literal["xlsx", "xlsb", "ods", "xls"]


@dataclass(frozen=True, slots=True)
class WorkbookFile:
    """A workbook to open.

    Attributes:
        path: Where its bytes are.
        name: What the user calls it.
        format: Which kind of workbook, by its content.
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
        find_header: Says which of a sheet's first rows is the header, and how well it fits.
        is_identifier: Says of a title whether the column holds ids (CT209).

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


def _repeated_header_findings(batch: Batch, titles: tuple[str, ...]) -> Findings:
    same: Mask = np.ones(len(batch), np.bool_)
    for name, title in zip(batch.columns.column_names, titles, strict=True):
        if not same.any():
            return Findings.empty()
        same &= as_mask(pc.equal(batch.columns[name].combine_chunks(), title))
    return Findings.for_rule("CT019", records=batch.records[same], places=batch.places[same])


def _build_table(
    workbook: WorkbookFile, chosen: SheetChoice, first: int, titles: tuple[str, ...], batches: list[Batch]
) -> Table:
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
