"""The XML of the two sheets that calltools adds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import quoteattr

from calltools.model.rule import Severity
from calltools.reports.rows import column_letters
from calltools.reports.workbook.package import MAIN_NAMESPACE, RELATIONSHIPS_NAMESPACE, escape_xml
from calltools.reports.workbook.sheet_rows import COLUMN_WIDTHS, FindingRow, SummaryLine
from calltools.reports.workbook.styles import StyleTable

_SHEET_HEAD: Final = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN_NAMESPACE}">'
_PAPER: Final = (
    '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
    '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
)
_FIT_TO_PAGE: Final = '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
_SUMMARY_WIDTHS: Final = (18, 10, 56, 12, 96)
_PLACE_COLUMN: Final = 5
_LINE_HEIGHT: Final = 15
_LETTERS: Final = tuple(column_letters(place) for place in range(len(COLUMN_WIDTHS)))


@dataclass(frozen=True, slots=True)
class _SheetStyles:
    """Numbers of the styles that the sheets use."""

    head: int
    title: int
    text: int
    loose: int
    quoted: int
    link: int
    count: int
    severity: dict[Severity, int]

    @classmethod
    def of(cls, styles: StyleTable) -> "_SheetStyles":
        shades = {severity: styles.severity_style(severity) for severity in Severity}
        return cls(
            styles.header_style(),
            styles.title_style(),
            styles.text_style(),
            styles.text_style(wrapped=False),
            styles.text_style(quoted=True),
            styles.link_style(),
            styles.count_style(),
            shades,
        )

    def of_text(self, text: str) -> int:
        return self.quoted if text[:1] in {"=", "+", "-", "@"} else self.text


def findings_sheet_xml(
    header: Sequence[str], rows: Iterable[FindingRow], count: int, sheet: str, styles: StyleTable
) -> Iterator[str]:
    """The sheet of findings, piece by piece; without ``sheet`` there are no cells to lead to."""
    shades = _SheetStyles.of(styles)
    links: list[str] = []
    yield (
        f'{_SHEET_HEAD}{_FIT_TO_PAGE}<dimension ref="A1:{_LETTERS[len(header) - 1]}{max(count, 1) + 1}"/>'
        '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft"'
        ' state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
        f"{_columns_xml(COLUMN_WIDTHS)}<sheetData>"
    )
    yield _row_xml(1, [(title, shades.head) for title in header], COLUMN_WIDTHS)
    for line, row in enumerate(rows, start=2):
        linked = bool(sheet and row.cell)
        if linked:
            location = _hyperlink_location(sheet, row.cell or "")
            links.append(f'<hyperlink ref="{_LETTERS[_PLACE_COLUMN - 1]}{line}" location={location}/>')
        yield _finding_row_xml(line, row, shades, linked=linked)
    yield "</sheetData>" + (f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else "")
    yield f'{_PAPER}<tableParts count="1"><tablePart xmlns:r="{RELATIONSHIPS_NAMESPACE}" r:id="rIdCT1"/></tableParts>'
    yield "</worksheet>"


def table_part_xml(header: Sequence[str], count: int, number: int, name: str) -> str:
    """The part that makes the list a table to sort and filter."""
    ref = f"A1:{column_letters(len(header) - 1)}{max(count, 1) + 1}"
    columns = "".join(
        f'<tableColumn id="{place}" name={quoteattr(title)}/>' for place, title in enumerate(header, start=1)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<table xmlns="{MAIN_NAMESPACE}" id="{number}"'
        f' name="{name}" displayName="{name}" ref="{ref}" totalsRowShown="0"><autoFilter ref="{ref}"/>'
        f'<tableColumns count="{len(header)}">{columns}</tableColumns>'
        '<tableStyleInfo name="TableStyleLight1" showFirstColumn="0" showLastColumn="0" showRowStripes="1"'
        ' showColumnStripes="0"/></table>'
    )


def summary_sheet_xml(lines: Iterable[SummaryLine], styles: StyleTable) -> Iterator[str]:
    """The sheet of counts, piece by piece."""
    shades = _SheetStyles.of(styles)
    yield f'{_SHEET_HEAD}{_FIT_TO_PAGE}<sheetViews><sheetView showGridLines="0" workbookViewId="0"/></sheetViews>'
    yield f'<sheetFormatPr defaultRowHeight="15"/>{_columns_xml(_SUMMARY_WIDTHS)}<sheetData>'
    for number, line in enumerate(lines, start=1):
        yield _row_xml(number, list(_summary_cells(line, shades)), _SUMMARY_WIDTHS if line.kind == "row" else ())
    yield f"</sheetData>{_PAPER}</worksheet>"


def _finding_row_xml(line: int, row: FindingRow, shades: _SheetStyles, *, linked: bool) -> str:
    cells = [(text, shades.of_text(text)) for text in row.texts]
    cells[0] = (row.texts[0], shades.severity[row.severity])
    if linked:
        cells[_PLACE_COLUMN - 1] = (row.texts[_PLACE_COLUMN - 1], shades.link)
    return _row_xml(line, cells, COLUMN_WIDTHS)


def _summary_cells(line: SummaryLine, shades: _SheetStyles) -> Iterator[tuple[str | int, int]]:
    for place, value in enumerate(line.values):
        if line.kind == "row" and line.severity is not None and not place:
            yield value, shades.severity[line.severity]
        elif line.kind == "row":
            yield value, shades.of_text(value) if isinstance(value, str) else shades.count
        else:
            yield value, {"title": shades.title, "head": shades.head}.get(line.kind, shades.loose)


def _row_xml(number: int, cells: Sequence[tuple[str | int, int]], widths: Sequence[int]) -> str:
    inside = "".join(
        _cell_xml(f"{_LETTERS[place]}{number}", value, style)
        for place, (value, style) in enumerate(cells)
        if value != ""
    )
    # Programs that do not fold text when they open a workbook need to be told the height.
    lines = max(
        (_count_wrapped_lines(str(value), width) for (value, _), width in zip(cells, widths, strict=False)), default=1
    )
    height = f' ht="{_LINE_HEIGHT * lines}" customHeight="1"' if lines > 1 else ""
    return f'<row r="{number}"{height}>{inside}</row>'


def _count_wrapped_lines(text: str, width: int) -> int:
    """Lines that a text takes in a column, whose width is counted in digits: with the next best font, too."""
    return 1 + len(text) * 17 // (width * 16)


def _cell_xml(address: str, value: str | int, style: int) -> str:
    if isinstance(value, int):
        return f'<c r="{address}" s="{style}"><v>{value}</v></c>'
    return f'<c r="{address}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape_xml(value)}</t></is></c>'


def _columns_xml(widths: Sequence[int]) -> str:
    columns = (
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, width in enumerate(widths, start=1)
    )
    return f"<cols>{''.join(columns)}</cols>"


def _hyperlink_location(sheet: str, cell: str) -> str:
    quoted = sheet.replace("'", "''")
    return quoteattr(f"'{quoted}'!{cell}")
