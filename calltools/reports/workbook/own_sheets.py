"""The two sheets that calltools adds to a workbook: their rows of text, and their XML."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal
from xml.sax.saxutils import quoteattr

from calltools.model.batch import Source
from calltools.model.finding import Finding
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.escape import escape_invisible, truncate
from calltools.reports.reporter import ReportOptions, RuleCount, format_count
from calltools.reports.rows import column_letters
from calltools.reports.wording import format_advice, format_counts_line, format_total_line, severity_name, short_names
from calltools.reports.workbook.package import MAIN_NAMESPACE, RELATIONSHIPS_NAMESPACE, escape_xml
from calltools.reports.workbook.styles import StyleTable
from calltools.rules.catalog import RULES_BY_CODE
from calltools.rules.manual import manual_for
from calltools.texts.keys import WorkbookLabel
from calltools.texts.report_labels import workbook_label
from calltools.texts.rule_titles import rule_title

#: Key of a column's label -> width of the column, in digits.
FINDING_COLUMNS: Final[Mapping[WorkbookLabel, int]] = MappingProxyType(
    {
        "severity": 18,
        "code": 8,
        "rule": 30,
        "file": 24,
        "place": 16,
        "column": 16,
        "value": 28,
        "message": 60,
        "advice": 60,
        "repaired": 24,
    }
)
_COLUMN_WIDTHS: Final = tuple(FINDING_COLUMNS.values())
_PLACE_COLUMN: Final = list(FINDING_COLUMNS).index("place")
_ADVICE_COLUMN: Final = list(FINDING_COLUMNS).index("advice")
_MAX_CELL_CHARACTERS: Final = 1000


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding as a row of the list.

    Attributes:
        texts: Its cells, in the order of ``FINDING_COLUMNS``.
        severity: Severity of the finding.
        cell: A1 address of the cell that the finding is about; ``None``: it is about no single cell.
    """

    texts: tuple[str, ...]
    severity: Severity
    cell: str | None

    @property
    def advice(self) -> str:
        """What to do about the finding."""
        return self.texts[_ADVICE_COLUMN]


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """A line of the summary sheet: its cells, how they look, and the severity of a rule's row."""

    kind: Literal["title", "text", "header", "row"]
    values: tuple[str | int, ...]
    severity: Severity | None = None


def column_titles(options: ReportOptions) -> list[str]:
    """Titles of the list of findings."""
    return [workbook_label(name, options.language) for name in FINDING_COLUMNS]


def make_finding_row(finding: Finding, source: Source | None, options: ReportOptions) -> FindingRow:
    """The finding in a file as a row of the list."""
    repaired = "" if finding.fix is None else finding.fix["after"]
    texts = (
        severity_name(Severity(finding.severity), options.language),
        finding.code,
        rule_title(finding.code, options.language),
        finding.file,
        describe_location(finding, options),
        finding.column or "",
        finding.value or "",
        finding.message,
        format_advice(finding.code, options.language, source),
        repaired,
    )
    return FindingRow(tuple(truncate_for_cell(text) for text in texts), Severity(finding.severity), finding.cell)


def describe_location(finding: Finding, options: ReportOptions) -> str:
    """The place of the finding, as a person looks it up."""
    if finding.cell:
        return finding.cell
    if finding.row:
        return workbook_label("row", options.language, number=finding.row)
    if finding.line:
        return workbook_label("line", options.language, number=finding.line)
    if finding.record:
        return workbook_label("record", options.language, number=finding.record)
    return workbook_label("whole", options.language)


def truncate_for_cell(text: str) -> str:
    """The text as a cell of our sheets: escaped and truncated."""
    return truncate(escape_invisible(text), _MAX_CELL_CHARACTERS)


def make_summary_lines(
    summaries: Sequence[Summary], rules: Sequence[RuleCount], sentences: Sequence[str], options: ReportOptions
) -> Iterator[SummaryLine]:
    """The lines of the summary sheet: each file, some sentences about the run, each rule."""
    language = options.language
    yield SummaryLine("title", (workbook_label("headline", language),))
    names = short_names(one.name for one in summaries)
    for summary in summaries:
        error = "" if summary.error is None else summary.error.say(language)
        unread = workbook_label("unread", language, error=error) if error else ""
        result = truncate_for_cell(unread) or format_counts_line(summary, language)
        yield SummaryLine("text", (f"{truncate_for_cell(names[summary.name])}: {result}",))
    if len(summaries) > 1:
        yield SummaryLine("text", (format_total_line(summaries, language),))
    for sentence in sentences:
        yield SummaryLine("text", (sentence,))
    yield SummaryLine("text", ())
    if not rules:
        yield SummaryLine("text", (workbook_label("nothing", language),))
        return
    yield SummaryLine(
        "header", tuple(workbook_label(name, language) for name in ("severity", "code", "what", "found", "advice"))
    )
    for rule in rules:
        source = _shared_source([one.source for one in summaries if one.by_code[rule.code]])
        advice = format_advice(rule.code, language, source)
        texts = (manual_for(RULES_BY_CODE[rule.code], language).finds, advice)
        finds, advice = (text.replace("`", "") for text in texts)
        values = (severity_name(rule.severity, language), rule.code, finds, rule.count, advice)
        yield SummaryLine("row", values, rule.severity)


def _shared_source(sources: Sequence[Source | None]) -> Source | None:
    """What holds for all files of which a row speaks: one said alike, without a name if they are several."""
    first = sources[0] if sources else None
    if first is None or any(one is None or one.given != first.given for one in sources):
        return None
    return first if len(sources) == 1 else replace(first, name="")


def truncation_notice(shown: int, count: int, options: ReportOptions) -> list[str]:
    """A sentence that the list holds only some of the findings, if so."""
    if shown == count:
        return []
    return [
        workbook_label(
            "listed", options.language, listed=format_count(shown, options), count=format_count(count, options)
        )
    ]


_SHEET_HEAD: Final = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN_NAMESPACE}">'
_PAPER: Final = (
    '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
    '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
)
_FIT_TO_PAGE: Final = '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
_SUMMARY_WIDTHS: Final = (18, 10, 56, 12, 96)
_LINE_HEIGHT: Final = 15
_LETTERS: Final = tuple(column_letters(place) for place in range(len(_COLUMN_WIDTHS)))


@dataclass(frozen=True, slots=True)
class _SheetStyles:
    """Numbers of the styles that the sheets use."""

    severity: dict[Severity, int]
    header: int
    title: int
    text: int
    unwrapped: int
    quoted: int
    link: int
    count: int

    @classmethod
    def of(cls, styles: StyleTable) -> "_SheetStyles":
        # Styles get their numbers in this order: another order would change the bytes of every report.
        return cls(
            severity={severity: styles.severity_style(severity) for severity in Severity},
            header=styles.header_style(),
            title=styles.title_style(),
            text=styles.text_style(),
            unwrapped=styles.text_style(wrapped=False),
            quoted=styles.text_style(quoted=True),
            link=styles.link_style(),
            count=styles.count_style(),
        )

    def of_text(self, text: str) -> int:
        # Without this mark a spreadsheet takes the cell for a formula as soon as somebody edits it.
        return self.quoted if text[:1] in {"=", "+", "-", "@"} else self.text


def findings_sheet_xml(
    header: Sequence[str], rows: Iterable[FindingRow], count: int, sheet: str, styles: StyleTable
) -> Iterator[str]:
    """The sheet of findings, piece by piece.

    Args:
        header: Titles of the list.
        rows: The list; it is gone through once.
        count: Number of rows: the dimension comes before them.
        sheet: The sheet that links of findings lead to; empty: findings have no links.
        styles: Receives the styles that the sheet uses.
    """
    numbers = _SheetStyles.of(styles)
    links: list[str] = []
    yield (
        f'{_SHEET_HEAD}{_FIT_TO_PAGE}<dimension ref="A1:{_LETTERS[len(header) - 1]}{max(count, 1) + 1}"/>'
        '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft"'
        ' state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
        f"{_columns_xml(_COLUMN_WIDTHS)}<sheetData>"
    )
    yield _row_xml(1, [(title, numbers.header) for title in header], _COLUMN_WIDTHS)
    for line, row in enumerate(rows, start=2):
        linked = bool(sheet and row.cell)
        if linked:
            location = _hyperlink_location(sheet, row.cell or "")
            links.append(f'<hyperlink ref="{_LETTERS[_PLACE_COLUMN]}{line}" location={location}/>')
        yield _finding_row_xml(line, row, numbers, linked=linked)
    yield "</sheetData>" + (f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else "")
    yield f'{_PAPER}<tableParts count="1"><tablePart xmlns:r="{RELATIONSHIPS_NAMESPACE}" r:id="rIdCT1"/></tableParts>'
    yield "</worksheet>"


def table_part_xml(header: Sequence[str], count: int, number: int, name: str) -> str:
    """The table part that makes the list sortable and filterable."""
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
    """The summary sheet, piece by piece."""
    numbers = _SheetStyles.of(styles)
    yield f'{_SHEET_HEAD}{_FIT_TO_PAGE}<sheetViews><sheetView showGridLines="0" workbookViewId="0"/></sheetViews>'
    yield f'<sheetFormatPr defaultRowHeight="15"/>{_columns_xml(_SUMMARY_WIDTHS)}<sheetData>'
    for number, line in enumerate(lines, start=1):
        yield _row_xml(number, list(_summary_cells(line, numbers)), _SUMMARY_WIDTHS if line.kind == "row" else ())
    yield f"</sheetData>{_PAPER}</worksheet>"


def _finding_row_xml(line: int, row: FindingRow, styles: _SheetStyles, *, linked: bool) -> str:
    cells = [(text, styles.of_text(text)) for text in row.texts]
    cells[0] = (row.texts[0], styles.severity[row.severity])
    if linked:
        cells[_PLACE_COLUMN] = (row.texts[_PLACE_COLUMN], styles.link)
    return _row_xml(line, cells, _COLUMN_WIDTHS)


def _summary_cells(line: SummaryLine, styles: _SheetStyles) -> Iterator[tuple[str | int, int]]:
    for place, value in enumerate(line.values):
        if line.kind == "row" and line.severity is not None and not place:
            yield value, styles.severity[line.severity]
        elif line.kind == "row":
            yield value, styles.of_text(value) if isinstance(value, str) else styles.count
        else:
            yield value, {"title": styles.title, "header": styles.header}.get(line.kind, styles.unwrapped)


def _row_xml(number: int, cells: Sequence[tuple[str | int, int]], widths: Sequence[int]) -> str:
    inside = "".join(
        _cell_xml(f"{_LETTERS[place]}{number}", value, style)
        for place, (value, style) in enumerate(cells)
        if value != ""
    )
    # Some programs do not compute the height of a row with wrapped text when they open a workbook.
    lines = max(
        (_count_wrapped_lines(str(value), width) for (value, _), width in zip(cells, widths, strict=False)), default=1
    )
    height = f' ht="{_LINE_HEIGHT * lines}" customHeight="1"' if lines > 1 else ""
    return f'<row r="{number}"{height}>{inside}</row>'


def _count_wrapped_lines(text: str, width: int) -> int:
    """Lines that the text takes in a column, whose width is in digits; a sixteenth more, for a font that is wider."""
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
