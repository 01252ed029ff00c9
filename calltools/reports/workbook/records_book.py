"""A workbook of the records of a text file: every cell is text, so that a spreadsheet changes nothing in it."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import IO, Final, TypeAlias
from xml.sax.saxutils import quoteattr

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model import marks
from calltools.model.batch import Source, SourceFormat, Table
from calltools.model.finding import Findings
from calltools.model.marks import MARKED_CODES, mark_cells
from calltools.model.titles import REJECT_TITLES
from calltools.reports.rows import column_letters
from calltools.reports.workbook.package import (
    CONTENT_TYPES_PART,
    MAIN_NAMESPACE,
    RELATIONSHIPS_NAMESPACE,
    blank_workbook,
    escape_xml,
)

#: What a sheet holds.
_MAX_COLUMNS: Final = 16_384
_MAX_CELL_CHARACTERS: Final = 32_767
_SHEET_PART: Final = "xl/worksheets/calltools_records.xml"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_MIN_WIDTH: Final = 8
_MAX_WIDTH: Final = 40
#: Records by which the width of a column is chosen.
_LOOKED_AT: Final = 200
#: Cells of text, and titles of columns.
_TEXT_STYLE: Final = 1
_TITLE_STYLE: Final = 2
_STYLES: Final = (
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>'
)

_PAPER: Final = (
    '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
    '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
)

#: Number of a record -> code and position of what its cells as text would not show.
Faults: TypeAlias = Mapping[int, Sequence[tuple[str, int | None]]]
_Row: TypeAlias = tuple[int, Sequence[str]]


class TooLargeError(Exception):
    """A sheet cannot hold the records as they are."""


def find_faults(findings: Findings) -> Iterator[tuple[int, str, int | None]]:
    """Record, code and position of the errors that text would not show."""
    table = findings.table
    kept = pc.and_(pc.is_in(table["code"], pa.array(sorted(MARKED_CODES))), pc.equal(table["severity"], "error"))
    for row in table.filter(kept).select(["record", "code", "position"]).to_pylist():
        if row["record"] is not None:
            yield row["record"], row["code"], row["position"]


@dataclass(frozen=True, slots=True)
class RecordsSheet:
    """How the records of a text file stand in a sheet: the row of a record is its number, below a row of titles.

    Attributes:
        title: Of the sheet.
        table: The records.
        faults: Records with a fault that text would not show. It is written into a cell as rejects have it, so that the
            record is refused until somebody mends it; as there, two columns before the others say what and where.
    """

    title: str
    table: Table
    faults: Faults

    @property
    def titles_row(self) -> int:
        """The row of the titles; 0: there are none."""
        return 0 if self.table.source.header_row is None else 1

    @property
    def added(self) -> tuple[str, ...]:
        """Titles of the columns before those of the file."""
        known = REJECT_TITLES[0] in self.table.titles or not self.titles_row
        return () if known or not self.faults else REJECT_TITLES

    @property
    def source(self) -> Source:
        """The source as the sheet shows it: its records are found by their cells."""
        source = self.table.source
        form = SourceFormat(source.format.read_as, "cell", source.format.titles)
        return replace(source, format=form, sheet=self.title, first_column=len(self.added))

    def place(self, findings: Findings) -> Findings:
        """Findings with the rows of the sheet as their places; those between records have none."""
        table = findings.table.combine_chunks()
        record, place = table["record"], table["place"]
        of_header = pc.and_kleene(pc.is_null(record), pc.equal(place, self.table.source.header_row or -1))
        rows = pc.if_else(pc.is_valid(record), pc.add(record, self.titles_row), pc.if_else(of_header, 1, None))
        return Findings(table.set_column(table.schema.get_field_index("place"), "place", pc.cast(rows, pa.int64())))


def write_records_book(sheet: RecordsSheet) -> IO[bytes]:
    """A workbook with the sheet, as a stream at its start; the records are read again.

    Raises:
        TooLargeError: A cell, or the number of columns or records, is more than a sheet holds.
    """
    if len(sheet.table.titles) + len(REJECT_TITLES) > _MAX_COLUMNS:
        raise TooLargeError
    stream = io.BytesIO()
    with zipfile.ZipFile(blank_workbook()) as blank, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as book:
        for name in blank.namelist():
            book.writestr(
                zipfile.ZipInfo(name), _edit(name, blank.read(name).decode(), sheet.title), zipfile.ZIP_DEFLATED, 2
            )
        with book.open(zipfile.ZipInfo(_SHEET_PART), "w", force_zip64=True) as part:
            for piece in _sheet_xml(sheet):
                part.write(piece.encode())
    stream.seek(0)
    return stream


def _edit(name: str, text: str, title: str) -> str:
    """A part of an empty workbook, with the sheet and the styles of its cells."""
    if name == CONTENT_TYPES_PART:
        override = f'<Override PartName="/{_SHEET_PART}" ContentType="{_OFFICE}.spreadsheetml.worksheet+xml"/>'
        return text.replace("</Types>", f"{override}</Types>")
    if name == "xl/_rels/workbook.xml.rels":
        target = _SHEET_PART.removeprefix("xl/")
        line = f'<Relationship Id="rId2" Type="{RELATIONSHIPS_NAMESPACE}/worksheet" Target="{target}"/>'
        return text.replace("</Relationships>", f"{line}</Relationships>")
    if name == "xl/workbook.xml":
        line = f'<sheet xmlns:r="{RELATIONSHIPS_NAMESPACE}" name={quoteattr(title)} sheetId="1" r:id="rId2"/>'
        return text.replace("</sheets>", f"{line}</sheets>")
    if name == "xl/styles.xml":
        bold = '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font>'
        text = text.replace('<fonts count="1">', '<fonts count="2">').replace("</fonts>", f"{bold}</fonts>")
        return text.replace('<cellXfs count="1">', '<cellXfs count="3">').replace("</cellXfs>", f"{_STYLES}</cellXfs>")
    return text


def _sheet_xml(sheet: RecordsSheet) -> Iterator[str]:
    titles = (*sheet.added, *sheet.table.titles)
    batches = _read_rows(sheet)
    first = next(batches, [])
    frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' if sheet.titles_row else ""
    yield (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN_NAMESPACE}">'
        '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView workbookViewId="0">{frozen}</sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/>{_columns_xml(titles, first)}<sheetData>'
    )
    letters = [column_letters(place) for place in range(len(titles))]
    if sheet.titles_row:
        yield _row_xml(1, titles, letters, _TITLE_STYLE)
    for rows in chain([first], batches):
        yield "".join(_row_xml(record + sheet.titles_row, cells, letters, _TEXT_STYLE) for record, cells in rows)
    yield f"</sheetData>{_PAPER}</worksheet>"


def _read_rows(sheet: RecordsSheet) -> Iterator[list[_Row]]:
    """Number and cells of each record, those that could not be split into columns among them; batch by batch."""
    read = 0
    for task in sheet.table.tasks():
        batch = task().shift_records(read)
        read += batch.read
        if read > marks.MAX_RECORDS:
            raise TooLargeError
        columns = [column.to_pylist() for column in batch.columns.columns]
        cells = zip(*columns, strict=True) if columns else ()
        whole = zip(batch.records.tolist(), batch.places.tolist(), cells, strict=True)
        rows = [*whole, *((one.record, one.place, one.cells) for one in batch.malformed)]
        yield [(record, _mark(sheet, record, place, cells)) for record, place, cells in sorted(rows)]


def _mark(sheet: RecordsSheet, record: int, place: int, cells: Sequence[str]) -> Sequence[str]:
    faults = sheet.faults.get(record, ())
    marked = mark_cells([*cells], faults, len(cells)) if faults else cells
    if not sheet.added:
        return marked
    return " ".join(dict.fromkeys(code for code, _ in faults)), str(place), *marked


def _columns_xml(titles: Sequence[str], rows: Sequence[_Row]) -> str:
    """The columns: wide enough for their first cells, and text also where a cell is empty now."""
    lengths = [len(title) for title in titles]
    for _, cells in rows[:_LOOKED_AT]:
        for place, cell in enumerate(cells[: len(lengths)]):
            lengths[place] = max(lengths[place], len(cell))
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{min(max(length + 2, _MIN_WIDTH), _MAX_WIDTH)}"'
        f' style="{_TEXT_STYLE}" customWidth="1"/>'
        for place, length in enumerate(lengths, start=1)
    )
    return f"<cols>{columns}</cols>" if columns else ""


def _row_xml(number: int, cells: Sequence[str], letters: Sequence[str], style: int) -> str:
    if any(len(cell) > _MAX_CELL_CHARACTERS for cell in cells):
        raise TooLargeError
    names = letters if len(cells) <= len(letters) else [column_letters(place) for place in range(len(cells))]
    inside = "".join(
        f'<c r="{names[place]}{number}" s="{style}" t="inlineStr">'
        f'<is><t xml:space="preserve">{escape_xml(cell)}</t></is></c>'
        for place, cell in enumerate(cells)
        if cell
    )
    return f'<row r="{number}">{inside}</row>'
