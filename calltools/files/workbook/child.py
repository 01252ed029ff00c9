"""The process that reads a workbook: ``python -m calltools.files.workbook.child MEMORY SECONDS PARENT``.

A hostile or damaged workbook can make the library that reads it abort or hang. That happens in this process, under
limits, and the parent reports one clear error. The two exchange lines of JSON: the parent names the file; the child
answers with the first rows of each sheet; the parent names the sheet and its header; the child answers with the range
of filled columns, and then sends the records as an Arrow stream of text.
"""

import json
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from calltools.errors import CalltoolsError, LimitError, SourceError
from calltools.files.workbook.binary_file import EncryptedError, mend_workbook
from calltools.files.workbook.package import find_sparse_sheets
from calltools.model.foreign_words import mask_personal
from calltools.runtime.parent import Requests, WatchedRequests, end_with_parent, limit_process, send_response
from calltools.runtime.startup import arrow_without_pandas, configure_interpreter
from calltools.texts.keys import MessageKey

if TYPE_CHECKING:  # it loads openpyxl
    from calltools.files.workbook.fallback import FallbackSheet

#: Endings by which calamine knows the format of a workbook.
_ENDINGS: Final = {"xlsx": (".xlsx", ".xlsm"), "xlsb": (".xlsb",), "ods": (".ods",)}
_MAX_WORDS: Final = 200
#: Exit code of a child whose last answer was an error.
EXIT_FAILED: Final = 3


#: openpyxl raises whatever its parts raise; without ``MemoryError``.
_REFUSALS_OF_OPENPYXL: Final = (OSError, ValueError, TypeError, LookupError, AttributeError, SyntaxError)


def serve(requests: Requests, responses: BinaryIO, on_workbook: Callable[[], None] = lambda: None) -> int:
    """Answer the requests about workbooks, one after the other, until one fails; returns the exit code.

    Args:
        requests: Lines of the parent.
        responses: What the parent reads.
        on_workbook: Called before each workbook.
    """
    try:
        while line := requests.readline():
            on_workbook()
            _serve_requests(json.loads(line), requests, responses)
    # A panic of the library is a BaseException (PanicException of pyo3).
    except BaseException as fault:  # noqa: BLE001 - the parent needs an answer in any case
        send_response(responses, {"error": error_key(fault), "facts": dict(getattr(fault, "facts", {}))})
        return EXIT_FAILED
    return 0


def _serve_requests(wanted: Mapping[str, Any], requests: Requests, responses: BinaryIO) -> None:
    with ThreadPoolExecutor(1) as pool:
        # The library releases the interpreter lock, and importing Arrow takes as long as reading a small sheet.
        opened = pool.submit(OpenedWorkbook, wanted)
        from calltools.files.workbook import stream  # noqa: PLC0415 - see above

        workbook = opened.result()
    heads = stream.read_heads(workbook.sheets, wanted["head_rows"])
    answer = {"known": workbook.has_wanted_sheet, "titles": workbook.visible_titles, "sheets": heads}
    send_response(responses, answer | {"unreadable": workbook.unreadable, "refusal": workbook.refusal})
    chosen = json.loads(requests.readline() or b"null")
    if chosen is not None:
        chosen["part"] = getattr(workbook.sheets[chosen["sheet"]], "part", None)
        chosen["number"] = workbook.sheet_order.index(chosen["sheet"])
        stream.send_sheet(workbook.sheets[chosen["sheet"]], chosen, Path(wanted["path"]), responses)
        responses.flush()


class OpenedWorkbook:
    """A workbook with the sheets that may hold calls.

    Attributes:
        sheet_order: Titles of all sheets, charts included.
        visible_titles: Titles of the visible worksheets.
        has_wanted_sheet: Whether the sheet that the user named exists; true if none was named.
        sheets: Title -> sheet, in the order of the workbook; empty sheets are left out.
        unreadable: Titles of sheets that should be read and cannot, because a relation leads nowhere, for example.
        refusal: What calamine says to a workbook that openpyxl has read; ``""``: calamine has read it.
    """

    def __init__(self, wanted: Mapping[str, Any]) -> None:
        self.sheets: dict[str, CalamineSheet | FallbackSheet] = {}
        self.unreadable: list[str] = []
        self.refusal = ""
        self._sheet_faults: list[str] = []
        try:
            self._read_with_calamine(wanted)
        # A panic of the library is a BaseException (PanicException of pyo3).
        except BaseException as fault:
            if wanted["package"] != "xlsx" or isinstance(fault, CalltoolsError | MemoryError | PasswordError):
                raise
            self.refusal = _describe(fault)
        if wanted["package"] == "xlsx":
            # Faults of a sheet show when it is loaded.
            self.refusal = self.refusal or "; ".join(self._sheet_faults)
            if self.refusal:
                self._read_with_openpyxl(wanted)
        elif self.unreadable and not self.sheets:
            raise SourceError("workbook-damaged", path=wanted["name"])

    def _read_with_calamine(self, wanted: Mapping[str, Any]) -> None:
        workbook = _open_workbook(Path(wanted["path"]), wanted["package"])
        self.sheet_order = workbook.sheet_names
        if not self.sheet_order:
            raise ValueError("no sheet is listed")
        metadata = [one for one in workbook.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        self.visible_titles = [one.name for one in metadata if one.visible == SheetVisibleEnum.Visible]
        # Of these calamine would keep millions of empty cells; openpyxl keeps the filled ones.
        sparse = find_sparse_sheets(Path(wanted["path"])) if wanted["package"] == "xlsx" else frozenset()

        def load(title: str, most_cells: int) -> "CalamineSheet | FallbackSheet":
            if title in sparse:
                from calltools.files.workbook.fallback import FallbackWorkbook  # noqa: PLC0415 - as below

                # What openpyxl cannot open calamine may read all the same, within the limits.
                with suppress(*_REFUSALS_OF_OPENPYXL):
                    return FallbackWorkbook(Path(wanted["path"])).load(title, most_cells)
            return workbook.get_sheet_by_name(title)

        self._load_sheets(wanted, [one.name for one in metadata], load)

    def _read_with_openpyxl(self, wanted: Mapping[str, Any]) -> None:
        from calltools.files.workbook.fallback import FallbackWorkbook  # noqa: PLC0415 - heavy, and seldom needed

        read_before, unreadable_before = self.sheets, self.unreadable
        self.sheets, self.unreadable, self._sheet_faults = {}, [], []
        try:
            workbook = FallbackWorkbook(Path(wanted["path"]))
        except MemoryError:
            raise
        except Exception as fault:  # noqa: BLE001 - openpyxl raises whatever its parts raise
            self._sheet_faults.append(_describe(fault))
        else:
            self.sheet_order, self.visible_titles = workbook.sheet_names, workbook.visible
            self._load_sheets(wanted, workbook.visible + workbook.hidden, workbook.load)
            readable = {*workbook.visible, *workbook.hidden}
            self.unreadable += [title for title in workbook.sheet_names if title not in readable]
        if not self.sheets and read_before:
            self.sheets, self.unreadable, self.refusal = read_before, unreadable_before, ""
        elif not self.sheets and (self._sheet_faults or self.unreadable):
            words = "; ".join(self._sheet_faults) or "-"
            readers = f"calamine: {self.refusal}; openpyxl: {words}"
            raise SourceError("workbook-unreadable", path=wanted["name"], readers=readers)

    def _load_sheets(
        self,
        wanted: Mapping[str, Any],
        titles: list[str],
        load: "Callable[[str, int], CalamineSheet | FallbackSheet]",
    ) -> None:
        """Load the sheet that is wanted, or all visible ones; without those that cannot be read."""
        left: int = wanted["filled_cells"]
        chosen = _select_titles(titles, wanted["sheet"], self.visible_titles)
        self.has_wanted_sheet = wanted["sheet"] is None or bool(chosen)
        for title in chosen:
            try:
                sheet = load(title, left)
            except MemoryError:
                raise
            except Exception as fault:  # noqa: BLE001 - two libraries, and what they raise has no common class
                self.unreadable.append(title)
                self._sheet_faults.append(_describe(fault))
                continue
            if sheet.end is not None:
                self.sheets[title] = sheet
                # The library keeps the whole rectangle in memory, filled or not; its total_height is one short.
                left -= (sheet.end[0] + 1) * (sheet.end[1] + 1)
            if left < 0:
                raise LimitError("workbook-cells", path=wanted["name"], limit=wanted["filled_cells"])


def _open_workbook(path: Path, package: str) -> CalamineWorkbook:
    """Open a workbook by its content; calamine believes the ending of a path, so it is given one only where it is true.

    Raises:
        CalamineError: It cannot be read.
        PasswordError: It is encrypted.
    """
    if package == "xls":
        try:
            return CalamineWorkbook.from_filelike(BytesIO(mend_workbook(path.read_bytes())))
        except EncryptedError as fault:
            raise PasswordError from fault
    if path.suffix.lower() in _ENDINGS[package]:
        return load_workbook(path)
    return CalamineWorkbook.from_filelike(path.open("rb"))


def _describe(fault: BaseException) -> str:
    """The words of a library, without what may be a number of somebody."""
    words = " ".join(f"{fault}".split()) or type(fault).__name__
    return mask_personal(words)[:_MAX_WORDS]


def _select_titles(titles: list[str], wanted: str | None, visible: list[str]) -> list[str]:
    """The title that the user named, of a hidden sheet too; without a name all visible ones."""
    if wanted is None:
        return visible
    folded = [title for title in titles if title.strip().casefold() == wanted.strip().casefold()]
    return [wanted] if wanted in titles else folded[:1]


def error_key(fault: BaseException) -> MessageKey:
    """Choose the message for an exception of this process; an unknown one means that the workbook is damaged."""
    if isinstance(fault, CalltoolsError):
        return fault.key
    if isinstance(fault, MemoryError):
        return "workbook-memory"
    return "workbook-password" if isinstance(fault, PasswordError) else "workbook-damaged"


if __name__ == "__main__":
    end_with_parent(int(sys.argv[3]))
    configure_interpreter()
    limit = partial(limit_process, int(sys.argv[1]), int(sys.argv[2]))
    limit()
    with arrow_without_pandas():
        sys.exit(serve(WatchedRequests(sys.stdin.fileno()), sys.stdout.buffer, limit))
