"""The process that reads a workbook: ``python -m calltools.files.workbook.child MEMORY SECONDS PARENT``.

A hostile or damaged workbook can make the library that reads it abort or hang. That happens in this process, under
limits, and the parent reports one clear error. The two exchange lines of JSON: the parent names the file; the child
answers with the first rows of each sheet; the parent names the sheet and its header; the child answers with the range
of filled columns, and then sends the records as an Arrow stream of text.
"""

import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from calltools.errors import CalltoolsError, LimitError, SourceError
from calltools.runtime.parent import WatchedRequests, end_with_parent
from calltools.runtime.startup import arrow_without_pandas, configure_interpreter
from calltools.texts.keys import MessageKey

#: Exit code of a child whose last answer was an error.
EXIT_FAILED: Final = 3


class Requests(Protocol):
    """Where the lines of the parent come from."""

    def readline(self) -> bytes:
        """The next line; empty at the end."""


def serve(requests: Requests, responses: BinaryIO) -> int:
    """Answer the requests about one workbook; returns the exit code."""
    try:
        _serve_requests(requests, responses)
    # A panic of the library is a BaseException (PanicException of pyo3).
    except BaseException as fault:  # noqa: BLE001 - the parent needs an answer in any case
        _send_response(responses, {"error": error_key(fault), "facts": dict(getattr(fault, "facts", {}))})
        return EXIT_FAILED
    return 0


def _serve_requests(requests: Requests, responses: BinaryIO) -> None:
    wanted = json.loads(requests.readline())
    with ThreadPoolExecutor(1) as pool:
        # The library releases the interpreter lock, and importing Arrow takes as long as reading a small sheet.
        opened = pool.submit(OpenedWorkbook, wanted)
        from calltools.files.workbook import stream  # noqa: PLC0415 - see above

        workbook = opened.result()
    heads = stream.read_heads(workbook.sheets, wanted["head_rows"])
    _send_response(responses, {"known": workbook.has_wanted_sheet, "titles": workbook.visible_titles, "sheets": heads})
    chosen = json.loads(requests.readline() or b"null")
    if chosen is not None:
        chosen["number"] = workbook.sheet_order.index(chosen["sheet"])
        stream.send_sheet(workbook.sheets[chosen["sheet"]], chosen, Path(wanted["path"]), responses)


class OpenedWorkbook:
    """A workbook with the sheets that may hold calls.

    Attributes:
        sheet_order: Titles of all sheets, charts included.
        visible_titles: Titles of the visible worksheets.
        has_wanted_sheet: Whether the sheet that the user named exists; true if none was named.
        sheets: Title -> sheet, in the order of the workbook; empty sheets are left out.
    """

    def __init__(self, wanted: Mapping[str, Any]) -> None:
        workbook = load_workbook(wanted["path"])
        self.sheet_order = workbook.sheet_names
        if not self.sheet_order:
            raise SourceError("workbook-damaged", path=wanted["name"])
        metadata = [one for one in workbook.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        self.visible_titles = [one.name for one in metadata if one.visible == SheetVisibleEnum.Visible]
        self.sheets: dict[str, CalamineSheet] = {}
        left: int = wanted["filled_cells"]
        chosen = _select_titles(metadata, wanted["sheet"], self.visible_titles)
        self.has_wanted_sheet = wanted["sheet"] is None or bool(chosen)
        for title in chosen:
            left -= self._load_sheet(workbook, title)
            if left < 0:
                raise LimitError("workbook-cells", path=wanted["name"], limit=wanted["filled_cells"])

    def _load_sheet(self, workbook: CalamineWorkbook, title: str) -> int:
        sheet = workbook.get_sheet_by_name(title)
        if sheet.end is None:
            return 0
        self.sheets[title] = sheet
        # The library keeps the whole rectangle in memory, filled or not; its total_height is one short.
        return (sheet.end[0] + 1) * (sheet.end[1] + 1)


def _select_titles(metadata: list[SheetMetadata], wanted: str | None, visible: list[str]) -> list[str]:
    """The title that the user named, of a hidden sheet too; without a name all visible ones."""
    if wanted is None:
        return visible
    titles = [one.name for one in metadata]
    folded = [title for title in titles if title.strip().casefold() == wanted.strip().casefold()]
    return [wanted] if wanted in titles else folded[:1]


def limit_process(memory: int, seconds: int) -> None:
    """Limit the address space and the processor time of this process, and forbid a core file."""
    if sys.platform == "win32":
        return  # only the parent's clock limits it there
    import resource  # noqa: PLC0415 - not there on every platform

    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def error_key(fault: BaseException) -> MessageKey:
    """Choose the message for an exception of this process; an unknown one means that the workbook is damaged."""
    if isinstance(fault, CalltoolsError):
        return fault.key
    if isinstance(fault, MemoryError):
        return "workbook-memory"
    return "workbook-password" if isinstance(fault, PasswordError) else "workbook-damaged"


def _send_response(responses: BinaryIO, response: Mapping[str, Any]) -> None:
    responses.write(json.dumps(response).encode() + b"\n")
    responses.flush()


if __name__ == "__main__":
    end_with_parent(int(sys.argv[3]))
    configure_interpreter()
    limit_process(int(sys.argv[1]), int(sys.argv[2]))
    with arrow_without_pandas():
        sys.exit(serve(WatchedRequests(sys.stdin.fileno()), sys.stdout.buffer))
