"""One line for each finding, the place first, for people and for grep."""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Source
from calltools.model.cells import Cells, combine_chunks
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.escape import escape_invisible, escape_invisible_cells
from calltools.reports.lines import LineReporter
from calltools.reports.reporter import (
    BOLD,
    RESET,
    SEVERITY_COLORS,
    ReportOptions,
    RuleLimiter,
    TextStream,
    format_count,
)
from calltools.reports.rows import arrange_columns
from calltools.reports.wording import severity_name
from calltools.texts import say


def format_concise_lines(worded: pa.Table, source: Source | None, name: str, options: ReportOptions) -> Cells:
    """``calls.csv:12 PhoneNumber CT241 error: …``; in a workbook ``calls.xlsx [Calls!C7] CT203 error: …``."""
    table = arrange_columns(worded, source, name)
    rule = pc.binary_join_element_wise(
        combine_chunks(table["code"]), _format_severities(table["severity"], options), " "
    )
    begin, end = (BOLD, RESET) if options.color else ("", "")
    places = _format_locations(table, source, name, options)
    message = combine_chunks(table["message"])
    return pc.binary_join_element_wise(begin, places, end, _column_suffixes(table), " ", rule, ": ", message, "")


def _column_suffixes(table: pa.Table) -> Cells:
    """The column with a space before it; empty where the place is a cell, which names its column."""
    # A null in a join makes the whole text null, here and below: ``fill_null`` then says what to show instead.
    column = pc.if_else(pc.is_valid(table["cell"]), None, escape_invisible_cells(combine_chunks(table["column"])))
    return pc.fill_null(pc.binary_join_element_wise(" ", column, ""), "")


def format_severity(severity: Severity, options: ReportOptions) -> str:
    """The severity in the language of the report, with color if the options say so."""
    word = severity_name(severity, options.language)
    return f"{SEVERITY_COLORS[severity]}{word}{RESET}" if options.color else word


def _format_severities(column: pa.ChunkedArray, options: ReportOptions) -> Cells:
    names = pa.array([format_severity(severity, options) for severity in Severity], pa.string())
    return names.take(pc.index_in(combine_chunks(column), pa.array([severity.value for severity in Severity])))


def _format_locations(table: pa.Table, source: Source | None, name: str, options: ReportOptions) -> Cells:
    file = escape_invisible(name)
    if source is not None and source.format.address == "cell":
        return _format_sheet_locations(table, f"{file} [{escape_invisible(source.sheet or '')}")
    if source is not None and source.format.address == "record":
        before, numbers = f"{file} {say('report-record', options.language)} ", table["record"]
    else:
        before, numbers = f"{file}:", table["line"]
    # A finding on the whole file has no number: the file is its place.
    return pc.fill_null(pc.binary_join_element_wise(before, _as_text(numbers), ""), file)


def _format_sheet_locations(table: pa.Table, before: str) -> Cells:
    address = pc.coalesce(combine_chunks(table["cell"]), _as_text(table["row"]))
    inside = pc.fill_null(pc.binary_join_element_wise("!", address, ""), "")
    return pc.binary_join_element_wise(before, inside, "]", "")


def _as_text(numbers: pa.ChunkedArray) -> Cells:
    return combine_chunks(numbers.cast(pa.string()))


@dataclass(slots=True)
class ConciseReporter:
    """Writes findings of a rule up to the limit, then how many more there are."""

    stream: TextStream
    options: ReportOptions
    line_reporter: LineReporter = field(init=False)
    limiter: RuleLimiter = field(init=False)

    def __post_init__(self) -> None:
        self.line_reporter = LineReporter(self.stream, self.options, format_concise_lines)
        self.limiter = RuleLimiter(self.options.limit)

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file; the limit counts anew."""
        self.limiter = RuleLimiter(self.options.limit)
        self.line_reporter.start(source, name)

    def take(self, findings: Findings) -> None:
        """Write the findings that are below the limit of their rule."""
        self.line_reporter.take(self.limiter.pass_first(findings))

    def finish(self, summary: Summary) -> None:
        """Write how many findings of each rule were above the limit."""
        self.line_reporter.finish(summary)
        for rule in self.limiter.rule_counts():
            if count := self.limiter.count_held_back(rule):
                more = say("report-more", self.options.language, count=format_count(count, self.options))
                severity = format_severity(rule.severity, self.options)
                self.line_reporter.write_text(f"{escape_invisible(summary.name)} {rule.code} {severity}: {more}\n")

    def close(self, summaries: list[Summary]) -> None:
        """Write what waits: each file has ended with its counts."""
        self.line_reporter.close(summaries)
