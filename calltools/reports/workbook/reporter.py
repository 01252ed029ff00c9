"""The workbook report.

The user's own workbook marked, saved again by openpyxl where the package is not understood, or a fresh one.
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

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.reporter import ReportOptions, RuleLimiter, format_count, open_spool
from calltools.reports.rows import column_letters, render_findings
from calltools.reports.workbook.marked_copy import MAX_COMMENTS, CellMark, WorkbookContent, write_marked_copy
from calltools.reports.workbook.package import UnknownPackageError, blank_workbook
from calltools.reports.workbook.sheet_rows import (
    SummaryLine,
    column_titles,
    make_finding_row,
    make_summary_lines,
    truncate_for_cell,
    truncation_notice,
)
from calltools.texts.keys import WorkbookLabel
from calltools.texts.report_labels import workbook_label

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
    """Whether it is a workbook of the kind that can be marked: .xlsx or .xlsm, whatever its name."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as package:
        return "[Content_Types].xml" in package.namelist()


def find_lost_parts(path: Path, *, anew: bool) -> list[WorkbookLabel]:
    """What of a workbook its copy will not hold, as keys of words."""
    with zipfile.ZipFile(path) as package:
        names = package.namelist()
    patterns: dict[str, WorkbookLabel] = {_MACRO_PART: "macros", **(LOST if anew else {})}
    found = [key for pattern, key in patterns.items() if any(re.match(pattern, name) for name in names)]
    if anew:
        found.append("results")
    return found


def resave_with_openpyxl(path: Path) -> IO[bytes]:
    """The workbook as openpyxl writes it."""
    stream = open_spool()
    load_workbook(path).save(stream)
    stream.seek(0)
    return stream


#: Findings that the list has room for: a workbook is held in memory.
MAX_LISTED: Final = 50_000
_MAX_FINDINGS_IN_COMMENT: Final = 5
#: Records of a workbook that is still marked when it has to be loaded whole.
_MAX_RECORDS_RESAVED: Final = 250_000


@dataclass(slots=True)
class WorkbookReporter:
    """The user's own workbook back, marked, when there is just one and it is .xlsx; else a fresh one."""

    stream: TextIO
    options: ReportOptions
    kept_findings: list[tuple[Findings, Source | None, str]] = field(default_factory=list)
    sources: list[Source | None] = field(default_factory=list)
    limiter: RuleLimiter = field(default_factory=lambda: RuleLimiter(0))
    rows_left: int = MAX_LISTED
    name: str = ""

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.sources.append(source)
        self.name = name

    def take(self, findings: Findings) -> None:
        """Count them all, and keep as many as the list has room for."""
        self.limiter.pass_first(findings)
        if self.rows_left:
            some = Findings(findings.table.slice(0, self.rows_left))
            self.kept_findings.append((some, self.sources[-1], self.name))
            self.rows_left -= len(some)

    def finish(self, _summary: Summary) -> None:
        """The file has ended."""

    def close(self, summaries: list[Summary]) -> None:
        """Write the workbook."""
        if not isinstance(self.stream, io.TextIOWrapper):
            raise TypeError("a workbook needs a stream of bytes")
        self.stream.flush()
        with self._build(summaries) as made:
            shutil.copyfileobj(made, self.stream.buffer)

    def _build(self, summaries: Sequence[Summary]) -> IO[bytes]:
        source = self.sources[0] if len(self.sources) == 1 else None
        if source is None or source.format.address != "cell":
            return self._build_fresh(summaries, [])
        if not is_markable_workbook(source.path):
            return self._build_fresh(summaries, [workbook_label("unmarkable", self.options.language)])
        return self._build_marked(source, summaries)

    def _build_fresh(self, summaries: Sequence[Summary], said: Sequence[str]) -> IO[bytes]:
        findings = list(self._render_kept(self.options))
        return self._write_copy(blank_workbook(), "", self._make_content(findings, summaries, said, self.options, {}))

    def _build_marked(self, source: Source, summaries: Sequence[Summary]) -> IO[bytes]:
        # The copy is the user's own data: nothing in it is masked.
        open_style = replace(self.options, show_values=True)
        findings = list(self._render_kept(open_style))
        marks = _make_cell_marks(findings, open_style, source)

        def report(*, anew: bool) -> WorkbookContent:
            said = [self._marked_count_line(len(marks)), *self._lost_parts_lines(source, anew=anew)]
            return self._make_content(findings, summaries, said, open_style, marks)

        with suppress(UnknownPackageError):
            return self._write_copy(source.path, source.sheet or "", report(anew=False))
        if summaries[0].read > _MAX_RECORDS_RESAVED:
            too_large = workbook_label(
                "too_large", self.options.language, records=format_count(summaries[0].read, self.options)
            )
            return self._build_fresh(summaries, [too_large])
        with suppress(UnknownPackageError), resave_with_openpyxl(source.path) as anew:
            return self._write_copy(anew, source.sheet or "", report(anew=True), anew=True)
        return self._build_fresh(summaries, [workbook_label("unmarkable", self.options.language)])

    def _make_content(
        self,
        findings: Sequence[Finding],
        summaries: Sequence[Summary],
        said: Sequence[str],
        options: ReportOptions,
        marks: Mapping[str, CellMark],
    ) -> WorkbookContent:
        rows = (make_finding_row(one, options) for one in findings)
        lines = self._make_lines(len(findings), summaries, said)
        return WorkbookContent(column_titles(options), rows, len(findings), lines, marks)

    def _write_copy(
        self, base: Path | IO[bytes], sheet: str, report: WorkbookContent, *, anew: bool = False
    ) -> IO[bytes]:
        made = open_spool()
        try:
            write_marked_copy(base, sheet, report, made, resaved=anew)
        except BaseException:
            made.close()
            raise
        made.seek(0)
        return made

    def _lost_parts_lines(self, source: Source, *, anew: bool) -> list[str]:
        language = self.options.language
        parts = ", ".join(workbook_label(part, language) for part in find_lost_parts(source.path, anew=anew))
        return [workbook_label("lost", language, parts=parts)] if parts else []

    def _marked_count_line(self, count: int) -> str:
        key: WorkbookLabel = "marked" if count <= MAX_COMMENTS else "commented"
        shown = {"marked": format_count(count, self.options), "commented": format_count(MAX_COMMENTS, self.options)}
        return workbook_label(key, self.options.language, **shown)

    def _render_kept(self, options: ReportOptions) -> list[Finding]:
        return [
            one for some, source, name in self.kept_findings for one in render_findings(some, source, name, options)
        ]

    def _make_lines(self, shown: int, summaries: Sequence[Summary], said: Sequence[str]) -> list[SummaryLine]:
        count = self.limiter.counts.total()
        sentences = [*said, *truncation_notice(shown, count, self.options)]
        return list(make_summary_lines(summaries, self.limiter.rule_counts(), sentences, self.options))


def _make_cell_marks(findings: Sequence[Finding], options: ReportOptions, source: Source) -> dict[str, CellMark]:
    """What is said of each cell; a fault of a whole record is said at its first cell."""
    found: dict[str, list[Finding]] = {}
    first = column_letters(source.first_column)
    for one in findings:
        address = one.cell or (f"{first}{one.row}" if one.row else None)
        if address:
            found.setdefault(address, []).append(one)
    return {
        address: CellMark(_worst_severity(some), _comment_text(some, options) if count < MAX_COMMENTS else "")
        for count, (address, some) in enumerate(found.items())
    }


def _worst_severity(findings: Sequence[Finding]) -> Severity:
    return min((Severity(one.severity) for one in findings), key=lambda severity: severity.rank)


def _comment_text(findings: Sequence[Finding], options: ReportOptions) -> str:
    texts = [_finding_text(one, options) for one in findings[:_MAX_FINDINGS_IN_COMMENT]]
    left = len(findings) - _MAX_FINDINGS_IN_COMMENT
    return "\n\n".join([*texts, *([workbook_label("more", options.language, count=left)] if left > 0 else [])])


def _finding_text(finding: Finding, options: ReportOptions) -> str:
    row = make_finding_row(finding, options)
    lines = [
        f"{finding.code} {finding.name}",
        truncate_for_cell(finding.message),
        workbook_label("fix", options.language, advice=row.texts[8]),
    ]
    if finding.fix is not None and finding.fix["after"]:
        lines.append(workbook_label("after", options.language, after=truncate_for_cell(finding.fix["after"])))
    return "\n".join(lines)
