"""The user's own workbook with the wrong cells marked."""

import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from calltools.model.own_sheets import AUTHOR, FINDINGS_SHEET, OWN_SHEETS, SUMMARY_SHEET
from calltools.model.rule import Severity
from calltools.reports.workbook.listing import FILLS, WIDTHS, Row

#: Comments beyond these make Excel slow; the fill stays.
MOST_COMMENTS: Final = 2000
_IN_A_COMMENT: Final = 5
_LOST: Final[Mapping[str, str]] = {
    r"xl/charts/": "charts",
    r"xl/(drawings/drawing|media/)": "drawings",
    r"xl/vbaProject": "macros",
    r"xl/slicers/": "pivots",
    r"xl/(ctrlProps|activeX)/": "controls",
    r"xl/threadedComments/": "threads",
}
_FILLS: Final = {severity: PatternFill("solid", fgColor=f"FF{fill}") for severity, fill in FILLS.items()}
_OURS: Final = {f"FF{fill}" for fill in FILLS.values()}
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of one cell."""

    severity: Severity
    texts: tuple[str, ...]


def markable(path: Path) -> bool:
    """Whether it is a workbook of the kind that can be written again: .xlsx or .xlsm, whatever its name."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as package:
        return "xl/workbook.xml" in package.namelist()


def lost(path: Path) -> list[str]:
    """What of a workbook its copy will not hold, as keys of words."""
    with zipfile.ZipFile(path) as package:
        names = package.namelist()
    return [key for pattern, key in _LOST.items() if any(re.match(pattern, name) for name in names)]


def marked(path: Path, sheet: str, marks: Mapping[str, Mark], more: str) -> "Marked":
    """The workbook loaded, its wrong cells filled and commented.

    Args:
        path: An .xlsx file that has been read before, so it is no bomb.
        sheet: Whose cells they are.
        marks: A1 address -> what is said of it.
        more: What stands under a comment that leaves something out, with ``{count}``.
    """
    book = load_workbook(path)
    for title in OWN_SHEETS & set(book.sheetnames):
        del book[title]
    page = book[sheet]
    _without_ours(page)
    for number, (address, mark) in enumerate(marks.items()):
        cell = page[address]
        if isinstance(cell, MergedCell):
            continue
        cell.fill = _FILLS[mark.severity]
        if number < MOST_COMMENTS:
            cell.comment = _comment(cell, mark, more)
    return Marked(book)


def _without_ours(page: Worksheet) -> None:
    """Without marks of an earlier run."""
    for row in page.iter_rows():
        for cell in row:
            if cell.comment is None or not isinstance(cell, Cell):
                continue
            theirs, ours, _ = cell.comment.text.partition(_LINE)
            if ours or cell.comment.author == AUTHOR:
                cell.comment = Comment(theirs, cell.comment.author) if ours and theirs else None
                if cell.fill.fgColor.rgb in _OURS:
                    cell.fill = PatternFill()


_LINE: Final = "\n— calltools —\n"


def _comment(cell: Cell, mark: Mark, more: str) -> Comment:
    left = len(mark.texts) - _IN_A_COMMENT
    text = "\n\n".join([*mark.texts[:_IN_A_COMMENT], *([more.format(count=left)] if left > 0 else [])])
    theirs = cell.comment
    made = Comment(text, AUTHOR) if theirs is None else Comment(f"{theirs.text}{_LINE}{text}", theirs.author)
    made.width, made.height = 420, min(60 + 22 * (text.count("\n") + len(text) // 55), 400)
    return made


@dataclass(frozen=True, slots=True)
class Marked:
    """A workbook in memory, to which our sheets are added before it becomes bytes."""

    book: Any

    def add(
        self, header: Sequence[str], rows: Iterable[Row], counts: Iterable[Sequence[str | int]], sheet: str
    ) -> None:
        """Add the list of findings, each with a link to its cell, and the counts."""
        page = self.book.create_sheet(FINDINGS_SHEET)
        page.append(list(header))
        quoted = sheet.replace("'", "''")
        for line, row in enumerate(rows, start=2):
            _texts(page, line, row.texts)
            page.cell(line, 1).fill = _FILLS[row.severity]
            if row.cell:
                place = page.cell(line, header_place(header))
                place.hyperlink = Hyperlink(ref=place.coordinate, location=f"'{quoted}'!{row.cell}")
                place.font = Font(color="FF0563C1", underline="single")
        _table(page, len(header))
        summary = self.book.create_sheet(SUMMARY_SHEET)
        for line, values in enumerate(counts, start=1):
            _texts(summary, line, values)
        for letter, width in zip("ABCDE", (28, 40, 32, 12, 80), strict=True):
            summary.column_dimensions[letter].width = width

    def data(self) -> bytes:
        """The bytes; the same for the same workbook and findings."""
        stream = BytesIO()
        self.book.save(stream)
        return _without_clock(stream)


def header_place(header: Sequence[str]) -> int:
    """Column of the place, from 1."""
    return min(5, len(header))


def _texts(page: Worksheet, line: int, values: Sequence[str | int]) -> None:
    for column, value in enumerate(values, start=1):
        cell = page.cell(line, column)
        cell.value = value
        if isinstance(value, str):
            # A text stays a text, whatever it begins with.
            cell.data_type = "s"
            cell.quotePrefix = value[:1] in {"=", "+", "-", "@"}


def _table(page: Worksheet, width: int) -> None:
    last = max(page.max_row, 2)
    corner = page.cell(last, width).coordinate
    table = Table(displayName="calltools_findings", ref=f"A1:{corner}")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
    page.add_table(table)
    page.freeze_panes = "A2"
    for column, size in enumerate(WIDTHS, start=1):
        page.cell(1, column).font = Font(bold=True)
        page.column_dimensions[get_column_letter(column)].width = size
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _without_clock(stream: BytesIO) -> bytes:
    settled = BytesIO()
    with zipfile.ZipFile(stream) as written, zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as package:
        for part in written.infolist():
            data = written.read(part)
            if part.filename == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", data)
            package.writestr(zipfile.ZipInfo(part.filename, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return settled.getvalue()
