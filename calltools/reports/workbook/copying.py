"""The user's own workbook with the wrong cells marked; every part of it that is not marked stays to the byte."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from calltools.model.own_sheets import FINDINGS_SHEET, SUMMARY_SHEET
from calltools.model.rule import Severity
from calltools.reports.workbook import pages
from calltools.reports.workbook.cells import Marks, Walk, chunks_of, column_number
from calltools.reports.workbook.listing import Line, Row
from calltools.reports.workbook.notes import Notes, free_block
from calltools.reports.workbook.package import (
    MAIN,
    RELATED,
    TYPES,
    Package,
    UnknownPackageError,
    before,
    parsed,
)
from calltools.reports.workbook.styles import Styles

#: Comments beyond these make Excel slow; the fill stays.
MOST_COMMENTS: Final = 2000
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_SPREADSHEET: Final = f"{_OFFICE}.spreadsheetml"
#: A workbook with macros, or a template: the copy is neither.
_OTHER_BOOKS: Final = re.compile(
    r"application/vnd\.(?:ms-excel\.(?:sheet|template)\.macroEnabled|openxmlformats-officedocument\.spreadsheetml\.template)\.main\+xml"
)
_PAGES: Final = {
    FINDINGS_SHEET: "xl/worksheets/calltools_findings.xml",
    SUMMARY_SHEET: "xl/worksheets/calltools_summary.xml",
}
_CORE: Final = "docProps/core.xml"
_MODIFIED: Final = re.compile(r"(<dcterms:modified[^>]*>)[^<]*")
_LARGE: Final = 1 << 30
#: Deflating is most of the work: the first levels give nearly all of the gain.
_LEVEL: Final = 2


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of one cell."""

    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the workbook is to hold beside the user's own.

    Attributes:
        header: Titles of the list.
        rows: The list, gone through once.
        count: Rows of it.
        lines: The sheet of counts.
        marks: A1 address -> what is said of it.
    """

    header: Sequence[str]
    rows: Iterable[Row]
    count: int
    lines: Sequence[Line]
    marks: Mapping[str, Mark]


def copy(path: Path | IO[bytes], sheet: str, report: Report, stream: IO[bytes], *, anew: bool = False) -> None:
    """Write the copy.

    Args:
        path: An .xlsx file that has been read before, so it is no bomb.
        sheet: Whose cells are marked; empty: none.
        report: What to say.
        stream: Holds half a workbook when this fails.
        anew: The workbook was written just now, and says when: the same input must give the same bytes.

    Raises:
        UnknownPackageError: The package is built in a way that is not understood.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            package = Package(archive)
            if anew:
                package.add(_CORE, _MODIFIED.sub(r"\g<1>1980-01-01T00:00:00Z", package.text(_CORE)))
            _Copy(package, sheet, report).to(stream)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as fault:
        raise UnknownPackageError("zip") from fault


class _Copy:
    def __init__(self, package: Package, sheet: str, report: Report) -> None:
        self._package, self._sheet, self._report = package, sheet, report
        self._book = _only(package, "", "officeDocument")
        self._style_part = _only(package, self._book, "styles")
        self._styles = Styles(package.text(self._style_part))
        self._own: dict[str, Iterator[str]] = {}

    def to(self, stream: IO[bytes]) -> None:
        package = self._package
        self._no_macros()
        part = self._part_of(self._sheet) if self._sheet else ""
        walk = self._commented(part) if part else None
        self._pages()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as made:
            for info in package.archive.infolist():
                self._kept(info, part, walk, made)
            for name in [*self._own, *package.changed]:
                self._write(name, made)
            # Last, because what is written above finds out which styles it needs.
            package.changed[self._style_part] = self._styles.written()
            self._write(self._style_part, made)

    def _kept(self, info: zipfile.ZipInfo, part: str, walk: Walk | None, made: zipfile.ZipFile) -> None:
        package, name = self._package, info.filename
        if name in package.dropped or name in self._own or name == self._style_part or info.is_dir():
            return
        if name in package.changed:
            self._write(name, made)
            return
        with package.archive.open(info) as source, made.open(name, "w", force_zip64=info.file_size > _LARGE) as target:
            chunks = chunks_of(source)
            for chunk in walk.along(chunks) if walk is not None and name == part else chunks:
                target.write(chunk)

    def _write(self, name: str, made: zipfile.ZipFile) -> None:
        if name in self._own:
            with made.open(name, "w") as target:
                for piece in self._own.pop(name):
                    target.write(piece.encode())
            return
        text = self._package.changed.pop(name)
        # It was edited: it must still be XML.
        parsed(text)
        made.writestr(zipfile.ZipInfo(name), text.encode(), zipfile.ZIP_DEFLATED, _LEVEL)

    def _commented(self, part: str) -> Walk:
        """The comments; gives the walk that marks the cells."""
        package = self._package
        ways = {one.kind: one.target for one in package.relations(part)}
        texts = [ways.get(kind, "") for kind in ("comments", "vmlDrawing")]
        there = Notes(*(package.text(one) if one else "" for one in texts))
        marks = self._report.marks
        said = {address: mark.text for address, mark in list(marks.items())[:MOST_COMMENTS]}
        notes = there.without_ours().said(said, free_block(self._drawings())) if said else there.without_ours()
        drawing = self._linked(part, notes, texts) if said else b""
        if texts[0] and not said:
            package.changed[texts[0]], package.changed[texts[1]] = notes.comments, notes.drawing
        return Walk(self._styles, _by_row(marks), drawing)

    def _linked(self, part: str, notes: Notes, texts: Sequence[str]) -> bytes:
        """Puts both parts in their places; gives the element of the sheet that leads to the drawing."""
        package = self._package
        comments = texts[0] or "xl/calltools_comments.xml"
        drawing = texts[1] or "xl/drawings/calltools_comments.vml"
        package.add(comments, notes.comments)
        package.add(drawing, notes.drawing)
        if not texts[0]:
            package.retype(comments, f"{_SPREADSHEET}.comments+xml")
            package.relate(part, "comments", comments)
        if texts[1]:
            return b""
        package.retype(drawing, f"{_OFFICE}.vmlDrawing")
        way = package.relate(part, "vmlDrawing", drawing)
        return f'<legacyDrawing xmlns:r="{RELATED}" r:id="{way}"/>'.encode()

    def _drawings(self) -> list[str]:
        package = self._package
        return [package.text(name) for name in package.archive.namelist() if name.lower().endswith(".vml")]

    def _pages(self) -> None:
        """Our sheets: those of an earlier run are exchanged where they stand."""
        package, report = self._package, self._report
        findings, summary = (self._place_for(title) for title in (FINDINGS_SHEET, SUMMARY_SHEET))
        package.unrelate(findings, "table")
        for one in (findings, summary):
            package.drop(one)
            package.retype(one, f"{_SPREADSHEET}.worksheet+xml")
        number, name = self._free_table()
        table = "xl/tables/calltools_findings.xml"
        shown = pages.listing(report.header, report.rows, report.count, self._sheet, self._styles)
        self._own = {findings: shown, summary: pages.summary(report.lines, self._styles)}
        package.add(table, pages.table(report.header, report.count, number, name), f"{_SPREADSHEET}.table+xml")
        package.relate(findings, "table", table)

    def _place_for(self, title: str) -> str:
        if title in self._sheets():
            return self._part_of(title)
        package, part = self._package, _PAGES[title]
        if package.holds(part):
            raise UnknownPackageError(part)
        way = package.relate(self._book, "worksheet", part)
        text = package.text(self._book)
        numbers = [int(one) for one in re.findall(r'<sheet\s[^>]*?\bsheetId="([0-9]+)"', text)]
        number = 1 + max(numbers, default=0)
        line = f'<sheet xmlns:r="{RELATED}" name="{title}" sheetId="{number}" r:id="{way}"/>'
        package.changed[self._book] = before(text, "</sheets>", line)
        return part

    def _free_table(self) -> tuple[int, str]:
        """A number and a name for our table that no other has."""
        package = self._package
        names = [name for name in package.archive.namelist() if re.match(r"xl/tables/[^/]+\.xml$", name)]
        found = [parsed(package.text(name)) for name in names if package.holds(name)]
        number = 1 + max((int(one.get("id", "0")) for one in found), default=0)
        taken = {str(one.get("displayName", "")).casefold() for one in found}
        name = "calltools_findings"
        return number, name if name not in taken else f"{name}_{number}"

    def _sheets(self) -> dict[str, str]:
        """Title of a sheet -> the way to it."""
        tree = parsed(self._package.text(self._book))
        return {one.get("name", ""): one.get(f"{{{RELATED}}}id", "") for one in tree.iter(f"{{{MAIN}}}sheet")}

    def _part_of(self, title: str) -> str:
        way = self._sheets().get(title, "")
        found = [one.target for one in self._package.relations(self._book) if way and one.id == way]
        if not found or not self._package.holds(found[0]):
            raise UnknownPackageError(title)
        return found[0]

    def _no_macros(self) -> None:
        """A copy named .xlsx must not say that it holds macros: Excel would not open it."""
        package = self._package
        text = package.text(TYPES)
        if _OTHER_BOOKS.search(text):
            package.changed[TYPES] = _OTHER_BOOKS.sub(f"{_SPREADSHEET}.sheet.main+xml", text)
            for one in [one for one in package.relations(self._book) if one.kind == "vbaProject"]:
                package.unrelate(one.target, "vbaProjectSignature")
            package.unrelate(self._book, "vbaProject")


def _only(package: Package, part: str, kind: str) -> str:
    found = [one.target for one in package.relations(part) if one.kind == kind]
    if len(found) != 1 or not package.holds(found[0]):
        raise UnknownPackageError(kind)
    return found[0]


def _by_row(marks: Mapping[str, Mark]) -> Marks:
    found: dict[int, dict[int, Severity]] = {}
    for address, mark in marks.items():
        letters = address.rstrip("0123456789")
        found.setdefault(int(address[len(letters) :]), {})[column_number(letters)] = mark.severity
    return found
