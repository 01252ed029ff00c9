"""One line a finding, beginning with the place, for people and for grep."""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Source
from calltools.model.cells import Cells, combine_chunks
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.escape import escape_invisible, escape_invisible_cells
from calltools.reports.reporter import (
    BOLD,
    RESET,
    SEVERITY_COLORS,
    LineReporter,
    ReportOptions,
    RuleLimiter,
    TextStream,
    format_count,
)
from calltools.reports.rows import render_columns
from calltools.reports.wording import severity_name
from calltools.texts import say


def format_concise_lines(findings: Findings, source: Source | None, name: str, options: ReportOptions) -> Cells:
    """``calls.csv:12 PhoneNumber CT241 error: …``; in a workbook ``calls.xlsx [Calls!C7] CT203 error: …``."""
    table = render_columns(findings, source, name, options)
    rule = pc.binary_join_element_wise(
        combine_chunks(table["code"]), _format_severities(table["severity"], options), " "
    )
    begin, end = (BOLD, RESET) if options.color else ("", "")
    places = _format_locations(table, source, name, options)
    message = combine_chunks(table["message"])
    return pc.binary_join_element_wise(begin, places, end, _column_suffixes(table), " ", rule, ": ", message, "")


def format_lines_under_rule(findings: Findings, source: Source | None, name: str, options: ReportOptions) -> list[str]:
    """The same of a few findings that stand below their rule and their severity."""
    table = render_columns(findings, source, name, options)
    begin, end = (BOLD, RESET) if options.color else ("", "")
    columns = (_format_locations(table, source, name, options), _column_suffixes(table), table["message"])
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    # Most sentences name the column themselves.
    return [
        f"{begin}{place}{end}{'' if column.strip() in message else column}: {message}"
        for place, column, message in rows
    ]


def _column_suffixes(table: pa.Table) -> Cells:
    """The column, where the place does not name it."""
    column = pc.if_else(pc.is_valid(table["cell"]), None, escape_invisible_cells(combine_chunks(table["column"])))
    return pc.fill_null(pc.binary_join_element_wise(" ", column, ""), "")


def format_severity(severity: Severity, options: ReportOptions) -> str:
    """The severity in the reader's language, colored if that is wanted."""
    word = severity_name(severity, options.language)
    return f"{SEVERITY_COLORS[severity]}{word}{RESET}" if options.color else word


def _format_severities(column: pa.ChunkedArray, options: ReportOptions) -> Cells:
    words = pa.array([format_severity(one, options) for one in Severity], pa.string())
    return words.take(pc.index_in(combine_chunks(column), pa.array([one.value for one in Severity])))


def _format_locations(table: pa.Table, source: Source | None, name: str, options: ReportOptions) -> Cells:
    shown = escape_invisible(name)
    if source is not None and source.format.address == "cell":
        return _format_sheet_locations(table, f"{shown} [{escape_invisible(source.sheet or '')}")
    if source is not None and source.format.address == "record":
        before, numbers = f"{shown} {say('report-record', options.language)} ", table["record"]
    else:
        before, numbers = f"{shown}:", table["line"]
    return pc.fill_null(pc.binary_join_element_wise(before, _as_text(numbers), ""), shown)


def _format_sheet_locations(table: pa.Table, before: str) -> Cells:
    address = pc.coalesce(combine_chunks(table["cell"]), _as_text(table["row"]))
    inside = pc.fill_null(pc.binary_join_element_wise("!", address, ""), "")
    return pc.binary_join_element_wise(before, inside, "]", "")


def _as_text(numbers: pa.ChunkedArray) -> Cells:
    return combine_chunks(numbers.cast(pa.string()))


@dataclass(slots=True)
class ConciseReporter:
    """One line a finding; behind the limit of a rule only its count."""

    stream: TextStream
    options: ReportOptions
    line_reporter: LineReporter = field(init=False)
    limiter: RuleLimiter = field(init=False)

    def __post_init__(self) -> None:
        self.line_reporter = LineReporter(self.stream, self.options, format_concise_lines)
        self.limiter = RuleLimiter(self.options.limit)

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.limiter = RuleLimiter(self.options.limit)
        self.line_reporter.start(source, name)

    def take(self, findings: Findings) -> None:
        """Write those for which there is room."""
        self.line_reporter.take(self.limiter.pass_first(findings))

    def finish(self, summary: Summary) -> None:
        """Say how many more there are."""
        self.line_reporter.finish(summary)
        for met in self.limiter.rule_counts():
            if count := self.limiter.count_held_back(met):
                more = say("report-more", self.options.language, count=format_count(count, self.options))
                word = format_severity(met.severity, self.options)
                self.stream.write(f"{escape_invisible(summary.name)} {met.code} {word}: {more}\n")

    def close(self, _summaries: list[Summary]) -> None:
        """Nothing is left to say."""
