"""A copy of the user's workbook with marked cells, comments and two sheets of ours; no other part changes."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from calltools.model.rule import Severity
from calltools.reports.workbook import sheet_xml
from calltools.reports.workbook.comments import CommentParts, free_shape_block
from calltools.reports.workbook.package import (
    CONTENT_TYPES_PART,
    MAIN_NAMESPACE,
    RELATIONSHIPS_NAMESPACE,
    Package,
    UnknownPackageError,
    insert_before,
    parse_xml,
)
from calltools.reports.workbook.sheet_marking import SeverityByCell, SheetMarker, column_number, read_chunks
from calltools.reports.workbook.sheet_rows import FindingRow, SummaryLine
from calltools.reports.workbook.styles import StyleTable
from calltools.texts.report_labels import FINDINGS_SHEET, SUMMARY_SHEET

#: Comments beyond these make Excel slow; the fill stays.
MAX_COMMENTS: Final = 2000
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_SPREADSHEET: Final = f"{_OFFICE}.spreadsheetml"
#: A workbook with macros, or a template: the copy is neither.
_MACRO_OR_TEMPLATE_TYPE: Final = re.compile(
    r"application/vnd\.(?:ms-excel\.(?:sheet|template)\.macroEnabled|openxmlformats-officedocument\.spreadsheetml\.template)\.main\+xml"
)
_OWN_SHEET_PARTS: Final = {
    FINDINGS_SHEET: "xl/worksheets/calltools_findings.xml",
    SUMMARY_SHEET: "xl/worksheets/calltools_summary.xml",
}
_CORE: Final = "docProps/core.xml"
_MODIFIED: Final = re.compile(r"(<dcterms:modified[^>]*>)[^<]*")
_ZIP64_FROM_BYTES: Final = 1 << 30
#: Deflating is most of the work: the first levels give nearly all of the gain.
_DEFLATE_LEVEL: Final = 2


@dataclass(frozen=True, slots=True)
class CellMark:
    """What is said of one cell."""

    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class WorkbookContent:
    """What the workbook is to hold beside the user's own.

    Attributes:
        header: Titles of the list.
        rows: The list, gone through once.
        count: Rows of it.
        lines: The sheet of counts.
        marks: A1 address -> what is said of it.
    """

    header: Sequence[str]
    rows: Iterable[FindingRow]
    count: int
    lines: Sequence[SummaryLine]
    marks: Mapping[str, CellMark]


def write_marked_copy(
    path: Path | IO[bytes], sheet: str, report: WorkbookContent, stream: IO[bytes], *, resaved: bool = False
) -> None:
    """Write the copy.

    Args:
        path: An .xlsx file that has been read before, so it is no bomb.
        sheet: Whose cells are marked; empty: none.
        report: What to say.
        stream: Holds half a workbook when this fails.
        resaved: The workbook was written just now, and says when: the same input must give the same bytes.

    Raises:
        UnknownPackageError: The package is built in a way that is not understood.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            package = Package(archive)
            if resaved:
                package.set_part(_CORE, _MODIFIED.sub(r"\g<1>1980-01-01T00:00:00Z", package.read_text(_CORE)))
            _MarkedCopy(package, sheet, report).write(stream)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as fault:
        raise UnknownPackageError("zip") from fault


class _MarkedCopy:
    def __init__(self, package: Package, sheet: str, report: WorkbookContent) -> None:
        self._package, self._sheet, self._report = package, sheet, report
        self._book = _single_related_part(package, "", "officeDocument")
        self._style_part = _single_related_part(package, self._book, "styles")
        self._styles = StyleTable(package.read_text(self._style_part))
        self._own: dict[str, Iterator[str]] = {}

    def write(self, stream: IO[bytes]) -> None:
        package = self._package
        self._drop_macros()
        part = self._sheet_part(self._sheet) if self._sheet else ""
        walk = self._add_comments(part) if part else None
        self._add_own_sheets()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=_DEFLATE_LEVEL) as made:
            for info in package.archive.infolist():
                self._copy_part(info, part, walk, made)
            for name in [*self._own, *package.changed]:
                self._write_part(name, made)
            # Last, because what is written above finds out which styles it needs.
            package.changed[self._style_part] = self._styles.to_xml()
            self._write_part(self._style_part, made)

    def _copy_part(self, info: zipfile.ZipInfo, part: str, walk: SheetMarker | None, made: zipfile.ZipFile) -> None:
        package, name = self._package, info.filename
        if name in package.dropped or name in self._own or name == self._style_part or info.is_dir():
            return
        if name in package.changed:
            self._write_part(name, made)
            return
        with (
            package.archive.open(info) as source,
            made.open(name, "w", force_zip64=info.file_size > _ZIP64_FROM_BYTES) as target,
        ):
            chunks = read_chunks(source)
            for chunk in walk.mark(chunks) if walk is not None and name == part else chunks:
                target.write(chunk)

    def _write_part(self, name: str, made: zipfile.ZipFile) -> None:
        if name in self._own:
            with made.open(name, "w") as target:
                for piece in self._own.pop(name):
                    target.write(piece.encode())
            return
        text = self._package.changed.pop(name)
        # It was edited: it must still be XML.
        parse_xml(text)
        made.writestr(zipfile.ZipInfo(name), text.encode(), zipfile.ZIP_DEFLATED, _DEFLATE_LEVEL)

    def _add_comments(self, part: str) -> SheetMarker:
        """The comments; gives the walk that marks the cells."""
        package = self._package
        ways = {one.kind: one.target for one in package.relationships(part)}
        texts = [ways.get(kind, "") for kind in ("comments", "vmlDrawing")]
        there = CommentParts(*(package.read_text(one) if one else "" for one in texts))
        marks = self._report.marks
        said = {address: mark.text for address, mark in list(marks.items())[:MAX_COMMENTS]}
        notes = (
            there.without_own().with_texts(said, free_shape_block(self._vml_drawings()))
            if said
            else there.without_own()
        )
        drawing = self._link_comments(part, notes, texts) if said else b""
        if texts[0] and not said:
            package.changed[texts[0]], package.changed[texts[1]] = notes.comments, notes.drawing
        return SheetMarker(self._styles, _severity_by_row(marks), drawing)

    def _link_comments(self, part: str, notes: CommentParts, texts: Sequence[str]) -> bytes:
        """Puts both parts in their places; gives the element of the sheet that leads to the drawing."""
        package = self._package
        comments = texts[0] or "xl/calltools_comments.xml"
        drawing = texts[1] or "xl/drawings/calltools_comments.vml"
        package.set_part(comments, notes.comments)
        package.set_part(drawing, notes.drawing)
        if not texts[0]:
            package.set_content_type(comments, f"{_SPREADSHEET}.comments+xml")
            package.add_relationship(part, "comments", comments)
        if texts[1]:
            return b""
        package.set_content_type(drawing, f"{_OFFICE}.vmlDrawing")
        way = package.add_relationship(part, "vmlDrawing", drawing)
        return f'<legacyDrawing xmlns:r="{RELATIONSHIPS_NAMESPACE}" r:id="{way}"/>'.encode()

    def _vml_drawings(self) -> list[str]:
        package = self._package
        return [package.read_text(name) for name in package.archive.namelist() if name.lower().endswith(".vml")]

    def _add_own_sheets(self) -> None:
        """Our sheets: those of an earlier run are exchanged where they stand."""
        package, report = self._package, self._report
        findings, summary = (self._own_sheet_part(title) for title in (FINDINGS_SHEET, SUMMARY_SHEET))
        package.remove_relationships(findings, "table")
        for one in (findings, summary):
            package.drop_part(one)
            package.set_content_type(one, f"{_SPREADSHEET}.worksheet+xml")
        number, name = self._free_table_id()
        table = "xl/tables/calltools_findings.xml"
        shown = sheet_xml.findings_sheet_xml(report.header, report.rows, report.count, self._sheet, self._styles)
        self._own = {findings: shown, summary: sheet_xml.summary_sheet_xml(report.lines, self._styles)}
        package.set_part(
            table, sheet_xml.table_part_xml(report.header, report.count, number, name), f"{_SPREADSHEET}.table+xml"
        )
        package.add_relationship(findings, "table", table)

    def _own_sheet_part(self, title: str) -> str:
        if title in self._sheet_relationships():
            return self._sheet_part(title)
        package, part = self._package, _OWN_SHEET_PARTS[title]
        if package.has_part(part):
            raise UnknownPackageError(part)
        way = package.add_relationship(self._book, "worksheet", part)
        text = package.read_text(self._book)
        numbers = [int(one) for one in re.findall(r'<sheet\s[^>]*?\bsheetId="([0-9]+)"', text)]
        number = 1 + max(numbers, default=0)
        line = f'<sheet xmlns:r="{RELATIONSHIPS_NAMESPACE}" name="{title}" sheetId="{number}" r:id="{way}"/>'
        package.changed[self._book] = insert_before(text, "</sheets>", line)
        return part

    def _free_table_id(self) -> tuple[int, str]:
        """A number and a name for our table that no other has."""
        package = self._package
        names = [name for name in package.archive.namelist() if re.match(r"xl/tables/[^/]+\.xml$", name)]
        found = [parse_xml(package.read_text(name)) for name in names if package.has_part(name)]
        number = 1 + max((int(one.get("id", "0")) for one in found), default=0)
        taken = {str(one.get("displayName", "")).casefold() for one in found}
        name = "calltools_findings"
        return number, name if name not in taken else f"{name}_{number}"

    def _sheet_relationships(self) -> dict[str, str]:
        """Title of a sheet -> the way to it."""
        tree = parse_xml(self._package.read_text(self._book))
        return {
            one.get("name", ""): one.get(f"{{{RELATIONSHIPS_NAMESPACE}}}id", "")
            for one in tree.iter(f"{{{MAIN_NAMESPACE}}}sheet")
        }

    def _sheet_part(self, title: str) -> str:
        way = self._sheet_relationships().get(title, "")
        found = [one.target for one in self._package.relationships(self._book) if way and one.id == way]
        if not found or not self._package.has_part(found[0]):
            raise UnknownPackageError(title)
        return found[0]

    def _drop_macros(self) -> None:
        """A copy named .xlsx must not say that it holds macros: Excel would not open it."""
        package = self._package
        text = package.read_text(CONTENT_TYPES_PART)
        if _MACRO_OR_TEMPLATE_TYPE.search(text):
            package.changed[CONTENT_TYPES_PART] = _MACRO_OR_TEMPLATE_TYPE.sub(f"{_SPREADSHEET}.sheet.main+xml", text)
            for one in [one for one in package.relationships(self._book) if one.kind == "vbaProject"]:
                package.remove_relationships(one.target, "vbaProjectSignature")
            package.remove_relationships(self._book, "vbaProject")


def _single_related_part(package: Package, part: str, kind: str) -> str:
    found = [one.target for one in package.relationships(part) if one.kind == kind]
    if len(found) != 1 or not package.has_part(found[0]):
        raise UnknownPackageError(kind)
    return found[0]


def _severity_by_row(marks: Mapping[str, CellMark]) -> SeverityByCell:
    found: dict[int, dict[int, Severity]] = {}
    for address, mark in marks.items():
        letters = address.rstrip("0123456789")
        found.setdefault(int(address[len(letters) :]), {})[column_number(letters)] = mark.severity
    return found
