"""A comment for a pull request: counts by rule, then the first findings of each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TextIO

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.summary import Summary
from calltools.reports.concise import format_severity
from calltools.reports.escape import escape_invisible
from calltools.reports.json_array import repository_path
from calltools.reports.reporter import ReportOptions, RuleLimiter, format_count
from calltools.reports.rows import render_findings
from calltools.reports.wording import format_advice, format_counts_line
from calltools.rules.catalog import RULES_BY_CODE
from calltools.texts import say

_DEFAULT_EXAMPLES: Final = 5
_ESCAPED_PIPE: Final = r"\|"
#: Signs that mean something in Markdown or HTML, and mentions of people.
_SPECIAL_CHARACTERS: Final = re.compile(r"([\\`*_{}\[\]#!|~<>&@])")


@dataclass(slots=True)
class MarkdownReporter:
    """Tables for people; GitHub takes 65,536 signs in a comment, so details are few."""

    stream: TextIO
    options: ReportOptions
    limiter: RuleLimiter = field(default_factory=lambda: RuleLimiter(_DEFAULT_EXAMPLES))
    examples: list[Findings] = field(default_factory=list)
    source: Source | None = None
    name: str = ""

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name
        self.limiter, self.examples = RuleLimiter(min(self.options.limit or _DEFAULT_EXAMPLES, 20)), []

    def take(self, findings: Findings) -> None:
        """Count them, and keep the first of each rule."""
        self.examples.append(self.limiter.pass_first(findings))

    def finish(self, summary: Summary) -> None:
        """Write the file's part."""
        shown = list(render_findings(Findings.concat(self.examples), self.source, self.name, self.options))
        self.stream.writelines(f"{line}\n" for line in self._format_lines(summary, shown))

    def close(self, _summaries: list[Summary]) -> None:
        """Nothing is left to write."""

    def _format_lines(self, summary: Summary, shown: list[Finding]) -> Iterator[str]:
        language = self.options.language
        yield f"### {_escape_markdown(repository_path(self.name))}"
        yield ""
        if summary.error is not None:
            yield _escape_markdown(summary.error.say(language))
            yield ""
            return
        yield format_counts_line(summary, language)
        yield ""
        if not self.limiter.rule_counts():
            return
        yield "| | | |"
        yield "|---|---:|---|"
        for met in self.limiter.rule_counts():
            rule = f"**{met.code}** {RULES_BY_CODE[met.code].name}"
            word = format_severity(met.severity, ReportOptions(language))
            fix = format_advice(met.code, language).replace("|", _ESCAPED_PIPE)
            yield f"| {word}: {rule} | {format_count(met.count, self.options)} | {fix} |"
        yield ""
        for met in self.limiter.rule_counts():
            own = [one for one in shown if (one.code, one.severity) == (met.code, met.severity.value)]
            yield f"<details><summary>{met.code} {RULES_BY_CODE[met.code].name}</summary>"
            yield ""
            yield from (f"- {_format_place(one)}{_escape_markdown(one.message)}" for one in own)
            if more := self.limiter.count_held_back(met):
                yield f"- {say('report-more', language, count=format_count(more, self.options))}"
            yield ""
            yield "</details>"
        yield ""


def _format_place(finding: Finding) -> str:
    place = finding.cell or finding.line or finding.row
    column = f" {_escape_markdown(finding.column)}" if finding.column else ""
    return f"{place}{column}: " if place else ""


def _escape_markdown(text: str) -> str:
    return (
        _SPECIAL_CHARACTERS.sub(r"\\\1", escape_invisible(text))
        .replace("\\<", "&lt;")
        .replace("\\>", "&gt;")
        .replace("\\&", "&amp;")
    )
