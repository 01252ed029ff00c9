"""Findings for a person at a terminal: what the file is, what is wrong by rule, and what to do next."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TextIO

import pyarrow.compute as pc

from calltools.model.batch import Batch, Source
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.concise import format_concise_lines, format_lines_under_rule, format_severity
from calltools.reports.overview import (
    INDENT,
    WRAP_OPTIONS,
    FixableErrors,
    describe_source,
    format_overview,
    format_rule_advice,
    suggest_next_step,
)
from calltools.reports.reporter import (
    BOLD,
    DIM,
    RESET,
    LineReporter,
    ReportOptions,
    RuleCount,
    RuleLimiter,
    format_count,
)
from calltools.reports.snippets import Snippets
from calltools.rules.catalog import RULES_BY_CODE
from calltools.texts import say


@dataclass(slots=True)
class TextReporter:
    """With a limit findings stand grouped by rule, the worst first; without one they come in the order of the file."""

    stream: TextIO
    options: ReportOptions
    line_reporter: LineReporter = field(init=False)
    limiter: RuleLimiter = field(init=False)
    examples: list[Findings] = field(default_factory=list)
    worst_rules: list[RuleCount] = field(default_factory=list)
    fixable: FixableErrors = field(default_factory=FixableErrors)
    snippets: Snippets = field(init=False)
    source: Source | None = None
    name: str = ""

    def __post_init__(self) -> None:
        self.line_reporter = LineReporter(self.stream, self.options, format_concise_lines)
        self.limiter = RuleLimiter(self.options.limit)
        self.snippets = Snippets(self.options)

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name
        self.limiter = RuleLimiter(self.options.limit)
        self.examples = []
        self.snippets = Snippets(self.options)
        self.line_reporter.start(source, name)
        if source is not None:
            said = describe_source(source, self.options)
            self._write_lines([self._bold(said if self.options.limit is None else self._wrap(said)), ""])

    @property
    def wants_records(self) -> bool:
        """Whether the first findings of each rule are shown in their records."""
        return self.options.limit is not None

    def take_records(self, batch: Batch, findings: Findings, layout: Mapping[str, tuple[str, int]]) -> None:
        """Look at records before their findings come: the first of each rule is shown in its record."""
        self.snippets.layout = layout
        self.snippets.add_records(batch, findings)

    def take(self, findings: Findings) -> None:
        """Keep the first of each rule, or write all."""
        self.fixable.add(findings)
        some = self.limiter.pass_first(findings)
        if self.options.limit is None:
            self.line_reporter.take(some)
        else:
            self.examples.append(some)

    def finish(self, summary: Summary) -> None:
        """Write what is wrong by rule, and the overview."""
        self.line_reporter.finish(summary)
        if self.options.limit is not None:
            self._write_groups(Findings.concat(self.examples))
        elif self.source is not None:
            self._write_lines([""])
        self._write_lines(format_overview(summary, self.limiter.rule_counts(), self.options))
        self.worst_rules += self.limiter.rule_counts()[:1]

    def close(self, summaries: list[Summary]) -> None:
        """Say what to do next."""
        worst = min(self.worst_rules, key=lambda met: (met.severity.rank, -met.count, met.code), default=None)
        if said := suggest_next_step(summaries, worst, self.fixable, self.options):
            self._write_lines([self._bold(said if self.options.limit is None else self._wrap(said))])

    def _write_groups(self, findings: Findings) -> None:
        groups = [(met, _findings_of_rule(met, findings)) for met in self.limiter.rule_counts()]
        # All at once: to word one finding costs as much as to word a hundred.
        lines = iter(
            format_lines_under_rule(Findings.concat([own for _, own in groups]), self.source, self.name, self.options)
        )
        for met, own in groups:
            rule = self._bold(f"{met.code} {RULES_BY_CODE[met.code].name}")
            self._write_lines(
                [f"{format_severity(met.severity, self.options)} {rule} ({format_count(met.count, self.options)})"]
            )
            first, *others = islice(lines, len(own))
            shown = self.snippets.lines.get(f"{met.code} {met.severity.value}", ())
            self._write_lines(
                [self._wrap_colored(first), *shown, *map(self._wrap_colored, others), *self._lines_after_group(met), ""]
            )

    def _wrap(self, line: str) -> str:
        return textwrap.fill(line, self.options.width, break_long_words=False, break_on_hyphens=False)

    def _wrap_colored(self, line: str) -> str:
        """The line within the width; marks for colors take no room."""
        marked = line.replace(BOLD, "\x0e").replace(RESET, "\x0f")
        folded = textwrap.fill(marked, self.options.width, **WRAP_OPTIONS)
        return folded.replace("\x0e", BOLD).replace("\x0f", RESET)

    def _lines_after_group(self, met: RuleCount) -> Iterator[str]:
        if more := self.limiter.count_held_back(met):
            yield self._dim(INDENT + say("report-more", self.options.language, count=format_count(more, self.options)))
        yield format_rule_advice(met, self.options)

    def _write_lines(self, lines: Iterable[str]) -> None:
        self.stream.writelines(f"{line}\n" for line in lines)

    def _bold(self, text: str) -> str:
        return f"{BOLD}{text}{RESET}" if self.options.color else text

    def _dim(self, text: str) -> str:
        return f"{DIM}{text}{RESET}" if self.options.color else text


def _findings_of_rule(met: RuleCount, findings: Findings) -> Findings:
    """Those of one rule and one severity."""
    table = findings.table
    return findings.filter(pc.and_(pc.equal(table["code"], met.code), pc.equal(table["severity"], met.severity.value)))
