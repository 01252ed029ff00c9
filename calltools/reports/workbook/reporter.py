"""The workbook report: the user's workbook with marks, the records of a text file as one, or a fresh workbook.

A workbook whose package is not understood is saved again by openpyxl and then marked; that may lose parts, which the
summary sheet names.
"""

import io
import re
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Final, TextIO

from openpyxl import load_workbook

from calltools.model import marks
from calltools.model.batch import Source, Table
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.reporter import ReportOptions, RuleLimiter, format_count, open_spool
from calltools.reports.rows import column_letters, render_findings
from calltools.reports.workbook.marked_copy import MAX_COMMENTS, CellMark, WorkbookContent, write_marked_copy
from calltools.reports.workbook.own_sheets import (
    SummaryLine,
    column_titles,
    make_finding_row,
    make_summary_lines,
    truncate_for_cell,
    truncation_notice,
)
from calltools.reports.workbook.package import UnknownPackageError, blank_workbook
from calltools.reports.workbook.records_book import RecordsSheet, TooLargeError, find_faults, write_records_book
from calltools.texts import say
from calltools.texts.keys import WorkbookLabel
from calltools.texts.report_labels import workbook_label
from calltools.texts.rule_titles import rule_title

#: Pattern of parts that openpyxl does not write -> key of their label.
LOST: Final[Mapping[str, WorkbookLabel]] = {
    r"xl/charts/": "charts",
    r"xl/(drawings/drawing|media/)": "drawings",
    r"xl/slicers/": "pivots",
    r"xl/(ctrlProps|activeX)/": "controls",
    r"xl/threadedComments/": "threads",
    r"_xmlsignatures/": "signature",
}
_MACRO_PART: Final = "xl/vbaProject"


def is_markable_workbook(path: Path) -> bool:
    """Whether the file is an .xlsx or .xlsm workbook, whatever its name."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as package:
        return "[Content_Types].xml" in package.namelist()


def find_lost_parts(path: Path, *, resaved: bool) -> list[WorkbookLabel]:
    """What the copy of a workbook does not hold, as keys of labels.

    Args:
        path: The workbook.
        resaved: Whether openpyxl has saved it again: then results of formulas are lost too.
    """
    with zipfile.ZipFile(path) as package:
        names = package.namelist()
    patterns: dict[str, WorkbookLabel] = {_MACRO_PART: "macros", **(LOST if resaved else {})}
    lost = [key for pattern, key in patterns.items() if any(re.match(pattern, name) for name in names)]
    if resaved:
        lost.append("results")
    return lost


def resave_with_openpyxl(path: Path) -> IO[bytes]:
    """The workbook as openpyxl writes it, as a stream at its start, which the caller closes."""
    stream = open_spool()
    with path.open("rb") as workbook:  # openpyxl believes the ending of a path
        load_workbook(workbook).save(stream)
    stream.seek(0)
    return stream


#: Findings that the list has room for: they are held in memory.
MAX_LISTED: Final = 50_000
_MAX_FINDINGS_IN_COMMENT: Final = 5
#: Records of a workbook that openpyxl may save again: it loads the whole workbook into memory.
_MAX_RECORDS_RESAVED: Final = 250_000


@dataclass(slots=True)
class WorkbookReporter:
    """Writes the user's workbook with marks, if the run is about one .xlsx file; else a fresh workbook."""

    stream: TextIO
    options: ReportOptions
    kept_findings: list[tuple[Findings, Source | None, str]] = field(default_factory=list)
    sources: dict[str, Source | None] = field(default_factory=dict)
    limiter: RuleLimiter = field(default_factory=lambda: RuleLimiter(0))
    rows_left: int = MAX_LISTED
    name: str = ""
    table: Table | None = None
    faults: dict[int, list[tuple[str, int | None]]] = field(default_factory=dict)
    records: tuple[RecordsSheet, IO[bytes]] | None = None

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file."""
        self.sources[name] = source
        self.name = name
        self.table = self.records = None

    def take_table(self, table: Table) -> None:
        """Keep the records of a text file, which become a sheet if the run is about it alone."""
        alone = len(self.sources) == 1 and not self.options.several_files
        self.table = table if alone and table.source.format.address == "line" else None

    def take(self, findings: Findings) -> None:
        """Count all findings, and keep as many as the list has room for."""
        self.limiter.pass_first(findings)
        if self.table is not None:
            for record, code, position in find_faults(findings):
                self.faults.setdefault(record, []).append((code, position))
        if self.rows_left:
            listed = Findings(findings.table.slice(0, self.rows_left))
            self.kept_findings.append((listed, self.sources[self.name], self.name))
            self.rows_left -= len(listed)

    def finish(self, summary: Summary) -> None:
        """End the file: its records are read again while it is there; the report is written when all have ended."""
        if self.table is not None and summary.error is None and self.limiter.counts:
            sheet = RecordsSheet(say("template-calls", self.options.language), self.table, self.faults)
            with suppress(TooLargeError):
                self.records = sheet, write_records_book(sheet)

    def close(self, summaries: list[Summary]) -> None:
        """Write the workbook."""
        if not isinstance(self.stream, io.TextIOWrapper):
            raise TypeError("a workbook needs a stream of bytes")
        self.stream.flush()
        with self._build(summaries) as workbook:
            shutil.copyfileobj(workbook, self.stream.buffer)

    def _build(self, summaries: Sequence[Summary]) -> IO[bytes]:
        source = next(iter(self.sources.values())) if len(summaries) == 1 else None
        if self.records is not None and len(summaries) == 1:
            return self._build_records(*self.records, summaries)
        if source is None or source.format.address != "cell":
            too_large = source is not None and self.table is not None and self.limiter.counts
            return self._build_fresh(summaries, [self._too_large_line(summaries)] if too_large else [])
        if not is_markable_workbook(source.path):
            return self._build_fresh(summaries, [workbook_label("unmarkable", self.options.language)])
        return self._build_marked(source, summaries)

    def _build_records(self, sheet: RecordsSheet, book: IO[bytes], summaries: Sequence[Summary]) -> IO[bytes]:
        """The records as a sheet of text, marked: they are the user's data, so values are not redacted in it."""
        source = self.sources[self.name] = sheet.source
        self.kept_findings = [(sheet.place(one), source, name) for one, _, name in self.kept_findings]
        options = replace(self.options, show_values=True)
        findings = self._render_kept(options)
        marks = _make_cell_marks(findings, options, source)
        sentences = [
            workbook_label("records", self.options.language, sheet=sheet.title),
            self._marked_count_line(len(marks)),
        ]
        content = self._make_content(findings, summaries, sentences, options, marks)
        return self._write_copy(book, sheet.title, content)

    def _too_large_line(self, summaries: Sequence[Summary]) -> str:
        counts = {"records": summaries[0].read, "rejected": summaries[0].rejected, "limit": marks.MAX_RECORDS}
        key: WorkbookLabel = (
            "too_many" if self.table is not None and counts["records"] > counts["limit"] else "too_large"
        )
        facts = {name: format_count(count, self.options) for name, count in counts.items()}
        return workbook_label(key, self.options.language, **facts)

    def _build_fresh(self, summaries: Sequence[Summary], sentences: Sequence[str]) -> IO[bytes]:
        findings = self._render_kept(self.options)
        content = self._make_content(findings, summaries, sentences, self.options, {})
        return self._write_copy(blank_workbook(), "", content)

    def _build_marked(self, source: Source, summaries: Sequence[Summary]) -> IO[bytes]:
        # The copy holds the user's data anyway, so values are not redacted in it.
        options = replace(self.options, show_values=True)
        findings = self._render_kept(options)
        marks = _make_cell_marks(findings, options, source)

        def make_content(*, resaved: bool) -> WorkbookContent:
            sentences = [self._marked_count_line(len(marks)), *self._lost_parts_lines(source, resaved=resaved)]
            return self._make_content(findings, summaries, sentences, options, marks)

        with suppress(UnknownPackageError):
            return self._write_copy(source.path, source.sheet or "", make_content(resaved=False))
        if summaries[0].read > _MAX_RECORDS_RESAVED:
            return self._build_fresh(summaries, [self._too_large_line(summaries)])
        with suppress(UnknownPackageError), resave_with_openpyxl(source.path) as workbook:
            return self._write_copy(workbook, source.sheet or "", make_content(resaved=True), resaved=True)
        return self._build_fresh(summaries, [workbook_label("unmarkable", self.options.language)])

    def _make_content(
        self,
        findings: Sequence[Finding],
        summaries: Sequence[Summary],
        sentences: Sequence[str],
        options: ReportOptions,
        marks: Mapping[str, CellMark],
    ) -> WorkbookContent:
        rows = (make_finding_row(finding, self.sources[finding.file], options) for finding in findings)
        lines = self._make_lines(len(findings), summaries, sentences)
        return WorkbookContent(column_titles(options), rows, len(findings), lines, marks, options.language)

    def _write_copy(
        self, workbook: Path | IO[bytes], sheet: str, content: WorkbookContent, *, resaved: bool = False
    ) -> IO[bytes]:
        copy = open_spool()
        try:
            write_marked_copy(workbook, sheet, content, copy, resaved=resaved)
        except BaseException:
            # Also on Ctrl-C: the temporary file holds the user's data.
            copy.close()
            raise
        copy.seek(0)
        return copy

    def _lost_parts_lines(self, source: Source, *, resaved: bool) -> list[str]:
        language = self.options.language
        parts = ", ".join(workbook_label(part, language) for part in find_lost_parts(source.path, resaved=resaved))
        return [workbook_label("lost", language, parts=parts)] if parts else []

    def _marked_count_line(self, count: int) -> str:
        key: WorkbookLabel = "marked" if count <= MAX_COMMENTS else "commented"
        counts = {"marked": format_count(count, self.options), "commented": format_count(MAX_COMMENTS, self.options)}
        return workbook_label(key, self.options.language, **counts)

    def _render_kept(self, options: ReportOptions) -> list[Finding]:
        return [
            finding
            for findings, source, name in self.kept_findings
            for finding in render_findings(findings, source, name, options)
        ]

    def _make_lines(self, listed: int, summaries: Sequence[Summary], sentences: Sequence[str]) -> list[SummaryLine]:
        notice = truncation_notice(listed, self.limiter.counts.total(), self.options)
        return list(make_summary_lines(summaries, self.limiter.rule_counts(), [*sentences, *notice], self.options))


def _make_cell_marks(findings: Sequence[Finding], options: ReportOptions, source: Source) -> dict[str, CellMark]:
    """The mark of each cell that has findings; a finding on a whole record marks the first cell of its row."""
    by_address: dict[str, list[Finding]] = {}
    first_column = column_letters(source.first_column)
    for finding in findings:
        address = finding.cell or (f"{first_column}{finding.row}" if finding.row else None)
        if address:
            by_address.setdefault(address, []).append(finding)
    # Text that no comment will hold is not formatted: there may be fifty thousand cells.
    return {
        address: CellMark(_worst_severity(own), _comment_text(own, source, options) if number < MAX_COMMENTS else "")
        for number, (address, own) in enumerate(by_address.items())
    }


def _worst_severity(findings: Sequence[Finding]) -> Severity:
    return min((Severity(finding.severity) for finding in findings), key=lambda severity: severity.rank)


def _comment_text(findings: Sequence[Finding], source: Source, options: ReportOptions) -> str:
    texts = [_finding_text(finding, source, options) for finding in findings[:_MAX_FINDINGS_IN_COMMENT]]
    omitted = len(findings) - _MAX_FINDINGS_IN_COMMENT
    return "\n\n".join([*texts, *([workbook_label("more", options.language, count=omitted)] if omitted > 0 else [])])


def _finding_text(finding: Finding, source: Source, options: ReportOptions) -> str:
    row = make_finding_row(finding, source, options)
    lines = [
        f"{finding.code} {rule_title(finding.code, options.language)}",
        truncate_for_cell(finding.message),
        workbook_label("fix", options.language, advice=row.advice),
    ]
    if finding.fix is not None and finding.fix["after"]:
        lines.append(workbook_label("after", options.language, after=truncate_for_cell(finding.fix["after"])))
    return "\n".join(lines)
