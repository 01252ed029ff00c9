"""The contents of the two sheets that calltools adds, as rows of text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from calltools.model.finding import Finding
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.escape import escape_invisible
from calltools.reports.reporter import ReportOptions, RuleCount, format_count
from calltools.reports.wording import format_advice, format_counts_line, severity_name
from calltools.rules.catalog import RULES_BY_CODE
from calltools.rules.manual import manual_for
from calltools.texts.keys import WorkbookLabel
from calltools.texts.report_labels import workbook_label

FINDING_COLUMNS: Final[tuple[WorkbookLabel, ...]] = (
    "severity",
    "code",
    "rule",
    "file",
    "place",
    "column",
    "value",
    "message",
    "advice",
    "repaired",
)
COLUMN_WIDTHS: Final = (18, 8, 30, 24, 16, 16, 28, 60, 60, 24)
#: Fill of a cell by severity: pale enough to read black text on.
#: One step beside the shades that Excel offers, so that a fill of the user's own is never taken for ours.
SEVERITY_FILLS: Final = {Severity.ERROR: "FFC8CE", Severity.WARNING: "FFEB9D", Severity.NOTE: "DDEBF8"}
_MAX_CELL_CHARACTERS: Final = 1000


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding as a row: its texts in the order of ``COLUMNS``, its severity, and the cell that it is about."""

    texts: tuple[str, ...]
    severity: Severity
    cell: str | None


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """A line of the sheet of counts."""

    kind: Literal["title", "said", "head", "row"]
    values: tuple[str | int, ...]
    severity: Severity | None = None


def column_titles(options: ReportOptions) -> list[str]:
    """The header of the list."""
    return [workbook_label(name, options.language) for name in FINDING_COLUMNS]


def make_finding_row(finding: Finding, options: ReportOptions) -> FindingRow:
    """A finding as a row."""
    fix = "" if finding.fix is None else finding.fix["after"]
    texts = (
        severity_name(Severity(finding.severity), options.language),
        finding.code,
        finding.name,
        finding.file,
        describe_location(finding, options),
        finding.column or "",
        finding.value or "",
        finding.message,
        format_advice(finding.code, options.language),
        fix,
    )
    return FindingRow(tuple(truncate_for_cell(text) for text in texts), Severity(finding.severity), finding.cell)


def describe_location(finding: Finding, options: ReportOptions) -> str:
    """Where it is, as a person would look it up."""
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
    """A text that a cell can hold: nothing unseen in it, and not too long."""
    clean = escape_invisible(text)
    return clean if len(clean) <= _MAX_CELL_CHARACTERS else clean[:_MAX_CELL_CHARACTERS] + "…"


def make_summary_lines(
    summaries: Sequence[Summary], met: Sequence[RuleCount], said: Sequence[str], options: ReportOptions
) -> Iterator[SummaryLine]:
    """The sheet of counts: each file, what was said, each rule."""
    language = options.language
    yield SummaryLine("title", (workbook_label("headline", language),))
    for summary in summaries:
        unread = "" if summary.error is None else workbook_label("unread", language, error=summary.error)
        yield SummaryLine(
            "said",
            (
                f"{truncate_for_cell(summary.name)}: "
                f"{truncate_for_cell(unread) or format_counts_line(summary, language)}",
            ),
        )
    for sentence in said:
        yield SummaryLine("said", (sentence,))
    yield SummaryLine("said", ())
    if not met:
        yield SummaryLine("said", (workbook_label("nothing", language),))
        return
    yield SummaryLine(
        "head", tuple(workbook_label(name, language) for name in ("severity", "code", "what", "found", "advice"))
    )
    for one in met:
        texts = (manual_for(RULES_BY_CODE[one.code], language).finds, format_advice(one.code, language))
        finds, help_ = (text.replace("`", "") for text in texts)
        values = (severity_name(one.severity, language), one.code, finds, one.count, help_)
        yield SummaryLine("row", values, one.severity)


def truncation_notice(shown: int, count: int, options: ReportOptions) -> list[str]:
    """That the list is not whole, if it is not."""
    if shown == count:
        return []
    return [
        workbook_label(
            "listed", options.language, listed=format_count(shown, options), count=format_count(count, options)
        )
    ]
