"""Findings for a person at a terminal: what the file is, what is wrong by rule, and what to do next."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TextIO

import pyarrow.compute as pc

from calltools.messages import say
from calltools.model.batch import Source
from calltools.model.finding import Findings
from calltools.model.rule import Rule, Severity
from calltools.model.summary import Summary
from calltools.reports.concise import BOLD, DIM, PLAIN, concise_lines, severity_word
from calltools.reports.gathering import FirstOfEachRule, Gathering, Streaming, joined
from calltools.reports.numbers import number
from calltools.reports.overview import met_rules, opening, overview
from calltools.reports.style import Style
from calltools.reports.wording import advice
from calltools.rules.catalog import BY_CODE

_INDENT: Final = "  "


@dataclass(slots=True)
class TextReporter:
    """With a limit findings stand grouped by rule, the worst first; without one they come in the order of the file."""

    stream: TextIO
    style: Style
    streaming: Streaming = field(init=False)
    first: FirstOfEachRule = field(init=False)
    kept: Gathering = field(default_factory=Gathering)
    source: Source | None = None
    name: str = ""

    def __post_init__(self) -> None:
        self.streaming = Streaming(self.stream, self.style, concise_lines)
        self.first = FirstOfEachRule(self.style.limit)

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name
        self.first = FirstOfEachRule(self.style.limit)
        self.kept = Gathering()
        self.streaming.start(source, name)

    def take(self, findings: Findings) -> None:
        """Keep the first of each rule, or write all."""
        if self.style.limit is None:
            self.streaming.take(findings)
        else:
            self.kept.parts.append(self.first.of(findings))

    def finish(self, summary: Summary) -> None:
        """Write what is wrong by rule, and the overview."""
        self.streaming.finish(summary)
        self._say([] if self.source is None else [self._bold(opening(self.source, summary, self.style)), ""])
        if self.style.limit is not None:
            self._groups(summary)
        self._say(overview(summary, self.style))

    def close(self, summaries: list[Summary]) -> None:
        """Say what to do next."""
        met = met_rules(summaries)
        if met:
            self._say([say("report-next", self.style.language, code=met[0].code)])

    def _groups(self, summary: Summary) -> None:
        findings = Findings.join(list(self.kept.rest()))
        for rule in met_rules([summary]):
            own = findings.where(pc.equal(findings.table["code"], rule.code))
            self._say(self._title(rule, summary.by_code[rule.code]))
            self.stream.write(
                textwrap.indent(joined(concise_lines(own, self.source, self.name, self.style)), _INDENT)
            )
            self._say([*self._after(rule, summary.by_code[rule.code] - len(own)), ""])

    def _title(self, rule: Rule, count: int) -> list[str]:
        return [self._bold(f"{rule.code} {rule.name}") + f" ({number(count, self.style)})"]

    def _after(self, rule: Rule, more: int) -> Iterator[str]:
        language = self.style.language
        if more > 0:
            yield self._dim(_INDENT + say("report-more", language, count=number(more, self.style)))
        fix = say("report-fix", language, advice=advice(rule.code, language))
        yield textwrap.fill(
            fix, max(self.style.width, 40), initial_indent=_INDENT, subsequent_indent=_INDENT * 2, break_on_hyphens=False
        )

    def _say(self, lines: list[str]) -> None:
        self.stream.writelines(f"{line}\n" for line in lines)

    def _bold(self, text: str) -> str:
        return f"{BOLD}{text}{PLAIN}" if self.style.color else text

    def _dim(self, text: str) -> str:
        return f"{DIM}{text}{PLAIN}" if self.style.color else text
