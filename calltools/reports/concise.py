"""One line a finding, beginning with the place, for people and for grep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.messages import say
from calltools.model.batch import Source
from calltools.model.cells import Cells, one_chunk
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.gathering import FirstOfEachRule, Streaming, Writable
from calltools.reports.numbers import number
from calltools.reports.presenting import presented
from calltools.reports.style import BOLD, COLORS, PLAIN, Style
from calltools.reports.visible import visible, visible_cells

SEVERITIES: Final[Mapping[Severity, str]] = MappingProxyType(
    {Severity.ERROR: "severity-error", Severity.WARNING: "severity-warning", Severity.NOTE: "severity-note"}
)


def concise_lines(findings: Findings, source: Source | None, name: str, style: Style) -> Cells:
    """``calls.csv:12 PhoneNumber CT241 error: …``; in a workbook ``calls.xlsx [Calls!C7] CT203 error: …``."""
    table = presented(findings, source, name, style)
    rule = pc.binary_join_element_wise(one_chunk(table["code"]), _severities(table["severity"], style), " ")
    begin, end = (BOLD, PLAIN) if style.color else ("", "")
    places = _places(table, source, name, style)
    message = one_chunk(table["message"])
    return pc.binary_join_element_wise(begin, places, end, _columns(table), " ", rule, ": ", message, "")


def lines_below_rules(findings: Findings, source: Source | None, name: str, style: Style) -> list[str]:
    """The same of a few findings that stand below their rule and their severity."""
    table = presented(findings, source, name, style)
    begin, end = (BOLD, PLAIN) if style.color else ("", "")
    columns = (_places(table, source, name, style), _columns(table), table["message"])
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    # Most sentences name the column themselves.
    return [
        f"{begin}{place}{end}{'' if column.strip() in message else column}: {message}"
        for place, column, message in rows
    ]


def _columns(table: pa.Table) -> Cells:
    """The column, where the place does not name it."""
    column = pc.if_else(pc.is_valid(table["cell"]), None, visible_cells(one_chunk(table["column"])))
    return pc.fill_null(pc.binary_join_element_wise(" ", column, ""), "")


def severity_word(severity: Severity, style: Style) -> str:
    """The severity in the reader's language, colored if that is wanted."""
    word = say(SEVERITIES[severity], style.language)
    return f"{COLORS[severity]}{word}{PLAIN}" if style.color else word


def _severities(column: pa.ChunkedArray, style: Style) -> Cells:
    words = pa.array([severity_word(one, style) for one in Severity], pa.string())
    return words.take(pc.index_in(one_chunk(column), pa.array([one.value for one in Severity])))


def _places(table: pa.Table, source: Source | None, name: str, style: Style) -> Cells:
    shown = visible(name)
    if source is not None and source.format.address == "cell":
        return _on_sheet(table, f"{shown} [{visible(source.sheet or '')}")
    if source is not None and source.format.address == "record":
        before, numbers = f"{shown} {say('report-record', style.language)} ", table["record"]
    else:
        before, numbers = f"{shown}:", table["line"]
    return pc.fill_null(pc.binary_join_element_wise(before, _text(numbers), ""), shown)


def _on_sheet(table: pa.Table, before: str) -> Cells:
    address = pc.coalesce(one_chunk(table["cell"]), _text(table["row"]))
    inside = pc.fill_null(pc.binary_join_element_wise("!", address, ""), "")
    return pc.binary_join_element_wise(before, inside, "]", "")


def _text(numbers: pa.ChunkedArray) -> Cells:
    return one_chunk(numbers.cast(pa.string()))


@dataclass(slots=True)
class ConciseReporter:
    """One line a finding; behind the limit of a rule only its count."""

    stream: Writable
    style: Style
    streaming: Streaming = field(init=False)
    first: FirstOfEachRule = field(init=False)

    def __post_init__(self) -> None:
        self.streaming = Streaming(self.stream, self.style, concise_lines)
        self.first = FirstOfEachRule(self.style.limit)

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.first = FirstOfEachRule(self.style.limit)
        self.streaming.start(source, name)

    def take(self, findings: Findings) -> None:
        """Write those for which there is room."""
        self.streaming.take(self.first.of(findings))

    def finish(self, summary: Summary) -> None:
        """Say how many more there are."""
        self.streaming.finish(summary)
        for met in self.first.met():
            if count := self.first.held_back(met):
                more = say("report-more", self.style.language, count=number(count, self.style))
                word = severity_word(met.severity, self.style)
                self.stream.write(f"{visible(summary.name)} {met.code} {word}: {more}\n")

    def close(self, _summaries: list[Summary]) -> None:
        """Nothing is left to say."""
