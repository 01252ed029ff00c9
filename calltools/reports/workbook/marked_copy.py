"""A copy of the user's workbook with marked cells, comments and our two sheets; no other part changes."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from calltools.model.rule import Severity
from calltools.reports.rows import column_position
from calltools.reports.workbook.comments import CommentParts, free_shape_block
from calltools.reports.workbook.own_sheets import (
    FindingRow,
    SummaryLine,
    findings_sheet_xml,
    summary_sheet_xml,
    table_part_xml,
)
from calltools.reports.workbook.package import (
    CONTENT_TYPES_PART,
    MAIN_NAMESPACE,
    RELATIONSHIPS_NAMESPACE,
    Package,
    UnknownPackageError,
    insert_before,
    parse_xml,
)
from calltools.reports.workbook.sheet_marking import SeverityByCell, SheetMarker, read_chunks
from calltools.reports.workbook.styles import StyleTable
from calltools.texts.keys import Language
from calltools.texts.report_labels import FINDINGS_SHEETS, SUMMARY_SHEETS

#: More comments make Excel slow; further cells are only filled.
MAX_COMMENTS: Final = 2000
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_SPREADSHEET: Final = f"{_OFFICE}.spreadsheetml"
#: Content type of a workbook with macros or of a template; the copy is neither.
_MACRO_OR_TEMPLATE_TYPE: Final = re.compile(
    r"application/vnd\.(?:ms-excel\.(?:sheet|template)\.macroEnabled|openxmlformats-officedocument\.spreadsheetml\.template)\.main\+xml"
)
_FINDINGS_PART: Final = "xl/worksheets/calltools_findings.xml"
_SUMMARY_PART: Final = "xl/worksheets/calltools_summary.xml"
_CORE: Final = "docProps/core.xml"
_MODIFIED: Final = re.compile(r"(<dcterms:modified[^>]*>)[^<]*")
_ZIP64_FROM_BYTES: Final = 1 << 30
#: Deflating is most of the work: the first levels give nearly all of the gain.
_DEFLATE_LEVEL: Final = 2


@dataclass(frozen=True, slots=True)
class CellMark:
    """Severity and comment of a marked cell."""

    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class WorkbookContent:
    """What the copy holds beside the user's data.

    Attributes:
        header: Titles of the list of findings.
        rows: The list; it is gone through once.
        count: Number of rows of the list.
        lines: Lines of the summary sheet.
        marks: A1 address -> mark of the cell.
        language: Of the titles of the sheets that are added.
    """

    header: Sequence[str]
    rows: Iterable[FindingRow]
    count: int
    lines: Sequence[SummaryLine]
    marks: Mapping[str, CellMark]
    language: Language = "en"


def write_marked_copy(
    workbook: Path | IO[bytes], sheet: str, content: WorkbookContent, stream: IO[bytes], *, resaved: bool = False
) -> None:
    """Write the copy of a workbook.

    Args:
        workbook: An .xlsx file that has been read before, so that it is known not to be a zip bomb.
        sheet: Title of the sheet whose cells are marked; empty: no cell is marked.
        content: What the copy holds beside the user's data.
        stream: Receives the copy; it holds half a workbook if this fails.
        resaved: Whether openpyxl has just written the workbook: its time of change is then set to a fixed one, so
            that the same input gives the same bytes.

    Raises:
        UnknownPackageError: The package has a structure that is not understood.
    """
    try:
        with zipfile.ZipFile(workbook) as archive:
            package = Package(archive)
            if resaved:
                package.set_part(_CORE, _MODIFIED.sub(r"\g<1>1980-01-01T00:00:00Z", package.read_text(_CORE)))
            _MarkedCopy(package, sheet, content).write(stream)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as fault:
        raise UnknownPackageError("zip") from fault


class _MarkedCopy:
    """Edits the small parts of a package as text, then writes all parts; sheets are written as streams."""

    def __init__(self, package: Package, sheet: str, content: WorkbookContent) -> None:
        self._package, self._sheet, self._content = package, sheet, content
        self._workbook_part = _single_related_part(package, "", "officeDocument")
        self._style_part = _single_related_part(package, self._workbook_part, "styles")
        self._styles = StyleTable(package.read_text(self._style_part))
        self._own_sheets: dict[str, Iterator[str]] = {}

    def write(self, stream: IO[bytes]) -> None:
        package = self._package
        self._drop_macros()
        sheet_part = self._sheet_part(self._sheet) if self._sheet else ""
        marker = self._add_comments(sheet_part) if sheet_part else None
        self._add_own_sheets()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=_DEFLATE_LEVEL) as copy:
            for info in package.archive.infolist():
                self._copy_part(info, sheet_part, marker, copy)
            for name in [*self._own_sheets, *package.changed]:
                self._write_part(name, copy)
            # Last: the sheets, which are marked while they are written, add the styles that they need.
            package.changed[self._style_part] = self._styles.to_xml()
            self._write_part(self._style_part, copy)

    def _copy_part(
        self, info: zipfile.ZipInfo, sheet_part: str, marker: SheetMarker | None, copy: zipfile.ZipFile
    ) -> None:
        package, name = self._package, info.filename
        if name in package.dropped or name in self._own_sheets or name == self._style_part or info.is_dir():
            return
        if name in package.changed:
            self._write_part(name, copy)
            return
        with (
            package.archive.open(info) as source,
            copy.open(name, "w", force_zip64=info.file_size > _ZIP64_FROM_BYTES) as target,
        ):
            chunks = read_chunks(source)
            for chunk in marker.mark(chunks) if marker is not None and name == sheet_part else chunks:
                target.write(chunk)

    def _write_part(self, name: str, copy: zipfile.ZipFile) -> None:
        if name in self._own_sheets:
            with copy.open(name, "w") as target:
                for piece in self._own_sheets.pop(name):
                    target.write(piece.encode())
            return
        text = self._package.changed.pop(name)
        # The text was edited, not the tree: a copy that is no XML must not leave here.
        parse_xml(text)
        copy.writestr(zipfile.ZipInfo(name), text.encode(), zipfile.ZIP_DEFLATED, _DEFLATE_LEVEL)

    def _add_comments(self, sheet_part: str) -> SheetMarker:
        """Add the comments to the package; return what will mark the cells of the sheet."""
        package, marks = self._package, self._content.marks
        targets = {one.kind: one.target for one in package.relationships(sheet_part)}
        comments, drawing = targets.get("comments", ""), targets.get("vmlDrawing", "")
        old = CommentParts(*(package.read_text(part) if part else "" for part in (comments, drawing))).without_own()
        texts = {address: mark.text for address, mark in list(marks.items())[:MAX_COMMENTS]}
        drawing_element = b""
        if texts:
            new = old.with_texts(texts, free_shape_block(self._vml_drawings()))
            drawing_element = self._link_comments(sheet_part, new, comments, drawing)
        elif comments:
            package.changed[comments], package.changed[drawing] = old.comments, old.drawing
        return SheetMarker(self._styles, _severity_by_row(marks), drawing_element)

    def _link_comments(self, sheet_part: str, new: CommentParts, comments: str, drawing: str) -> bytes:
        """Set both parts, and link those that are new to the sheet.

        Args:
            sheet_part: The sheet.
            new: Texts of both parts.
            comments: The sheet's part of comments; empty: it has none.
            drawing: The sheet's drawing of comments; empty: it has none.

        Returns:
            The element that the sheet must get to refer to the drawing; empty if the sheet has it.
        """
        package = self._package
        new_comments = comments or "xl/calltools_comments.xml"
        new_drawing = drawing or "xl/drawings/calltools_comments.vml"
        package.set_part(new_comments, new.comments)
        package.set_part(new_drawing, new.drawing)
        if not comments:
            package.set_content_type(new_comments, f"{_SPREADSHEET}.comments+xml")
            package.add_relationship(sheet_part, "comments", new_comments)
        if drawing:
            return b""
        package.set_content_type(new_drawing, f"{_OFFICE}.vmlDrawing")
        relationship = package.add_relationship(sheet_part, "vmlDrawing", new_drawing)
        return f'<legacyDrawing xmlns:r="{RELATIONSHIPS_NAMESPACE}" r:id="{relationship}"/>'.encode()

    def _vml_drawings(self) -> list[str]:
        package = self._package
        return [package.read_text(name) for name in package.archive.namelist() if name.lower().endswith(".vml")]

    def _add_own_sheets(self) -> None:
        """Add our sheets; those of an earlier run are replaced and keep their place among the sheets."""
        package, content = self._package, self._content
        findings = self._own_sheet_part(FINDINGS_SHEETS, _FINDINGS_PART)
        summary = self._own_sheet_part(SUMMARY_SHEETS, _SUMMARY_PART)
        package.remove_relationships(findings, "table")
        for part in (findings, summary):
            package.drop_part(part)
            package.set_content_type(part, f"{_SPREADSHEET}.worksheet+xml")
        number, name = self._free_table_id()
        table = "xl/tables/calltools_findings.xml"
        self._own_sheets = {
            findings: findings_sheet_xml(content.header, content.rows, content.count, self._sheet, self._styles),
            summary: summary_sheet_xml(content.lines, self._styles),
        }
        table_xml = table_part_xml(content.header, content.count, number, name)
        package.set_part(table, table_xml, f"{_SPREADSHEET}.table+xml")
        package.add_relationship(findings, "table", table)

    def _own_sheet_part(self, titles: Mapping[Language, str], part: str) -> str:
        """The part of one of our sheets, which is listed from now on, with the title in the language.

        Args:
            titles: Titles of the sheet by language.
            part: What its part is called where there is none yet.
        """
        package, title = self._package, titles[self._content.language]
        listed = self._sheet_relationships()
        if earlier := next((one for one in titles.values() if one in listed), None):
            found = self._sheet_part(earlier)
            text = package.read_text(self._workbook_part)
            package.changed[self._workbook_part] = text.replace(f'name="{earlier}"', f'name="{title}"')
            return found
        if package.has_part(part):
            raise UnknownPackageError(part)
        relationship = package.add_relationship(self._workbook_part, "worksheet", part)
        text = package.read_text(self._workbook_part)
        sheet_ids = [int(found) for found in re.findall(r'<sheet\s[^>]*?\bsheetId="([0-9]+)"', text)]
        new_id = 1 + max(sheet_ids, default=0)
        line = f'<sheet xmlns:r="{RELATIONSHIPS_NAMESPACE}" name="{title}" sheetId="{new_id}" r:id="{relationship}"/>'
        package.changed[self._workbook_part] = insert_before(text, "</sheets>", line)
        return part

    def _free_table_id(self) -> tuple[int, str]:
        """A number and a name for our table that no other table of the workbook has."""
        package = self._package
        parts = [part for part in package.archive.namelist() if re.match(r"xl/tables/[^/]+\.xml$", part)]
        tables = [parse_xml(package.read_text(part)) for part in parts if package.has_part(part)]
        number = 1 + max((int(table.get("id", "0")) for table in tables), default=0)
        taken = {str(table.get("displayName", "")).casefold() for table in tables}
        name = "calltools_findings"
        return number, name if name not in taken else f"{name}_{number}"

    def _sheet_relationships(self) -> dict[str, str]:
        """Title of a sheet -> id of its relationship."""
        tree = parse_xml(self._package.read_text(self._workbook_part))
        return {
            sheet.get("name", ""): sheet.get(f"{{{RELATIONSHIPS_NAMESPACE}}}id", "")
            for sheet in tree.iter(f"{{{MAIN_NAMESPACE}}}sheet")
        }

    def _sheet_part(self, title: str) -> str:
        sheet_id = self._sheet_relationships().get(title, "")
        relationships = self._package.relationships(self._workbook_part)
        targets = [one.target for one in relationships if sheet_id and one.id == sheet_id]
        if not targets or not self._package.has_part(targets[0]):
            raise UnknownPackageError(title)
        return targets[0]

    def _drop_macros(self) -> None:
        """Make the copy a workbook without macros: Excel does not open an .xlsx file that declares macros."""
        package = self._package
        text = package.read_text(CONTENT_TYPES_PART)
        if _MACRO_OR_TEMPLATE_TYPE.search(text):
            package.changed[CONTENT_TYPES_PART] = _MACRO_OR_TEMPLATE_TYPE.sub(f"{_SPREADSHEET}.sheet.main+xml", text)
            for relationship in package.relationships(self._workbook_part):
                if relationship.kind == "vbaProject":
                    package.remove_relationships(relationship.target, "vbaProjectSignature")
            package.remove_relationships(self._workbook_part, "vbaProject")


def _single_related_part(package: Package, part: str, kind: str) -> str:
    targets = [one.target for one in package.relationships(part) if one.kind == kind]
    if len(targets) != 1 or not package.has_part(targets[0]):
        raise UnknownPackageError(kind)
    return targets[0]


def _severity_by_row(marks: Mapping[str, CellMark]) -> SeverityByCell:
    severities: dict[int, dict[int, Severity]] = {}
    for address, mark in marks.items():
        letters = address.rstrip("0123456789")
        severities.setdefault(int(address[len(letters) :]), {})[column_position(letters)] = mark.severity
    return severities
