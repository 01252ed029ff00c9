"""A comment for a pull request: counts by rule, then the first findings of each rule."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.concise import format_severity
from calltools.reports.escape import escape_invisible
from calltools.reports.reporter import ReportOptions, RuleCount, RuleLimiter, format_count, repository_path
from calltools.reports.rows import render_findings
from calltools.reports.wording import format_advice, format_counts_line, format_total_line, worst_first
from calltools.rules.catalog import RULES_BY_CODE
from calltools.texts import say
from calltools.texts.keys import HtmlLabel
from calltools.texts.report_labels import html_label

_DEFAULT_EXAMPLES: Final = 5
_MAX_EXAMPLES: Final = 20
#: Titles of the table of files.
_FILE_TITLES: Final[tuple[HtmlLabel, ...]] = ("file", "records", "errors", "warnings", "notes")
_ESCAPED_PIPE: Final = r"\|"
#: Characters with a meaning in Markdown or HTML; ``@`` would mention people.
_SPECIAL_CHARACTERS: Final = re.compile(r"([\\`*_{}\[\]#!|~<>&@])")


@dataclass(slots=True)
class MarkdownReporter:
    """Writes a table and a few details of each file: GitHub takes 65,536 characters in a comment."""

    stream: TextIO
    options: ReportOptions
    limiter: RuleLimiter = field(default_factory=lambda: RuleLimiter(_DEFAULT_EXAMPLES))
    examples: list[Findings] = field(default_factory=list)
    source: Source | None = None
    name: str = ""

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file."""
        self.source, self.name = source, name
        self.limiter, self.examples = RuleLimiter(min(self.options.limit or _DEFAULT_EXAMPLES, _MAX_EXAMPLES)), []

    def take(self, findings: Findings) -> None:
        """Count the findings, and keep the first ones of each rule."""
        self.examples.append(self.limiter.pass_first(findings))

    def finish(self, summary: Summary) -> None:
        """Write the section of the file."""
        examples = list(render_findings(Findings.concat(self.examples), self.source, self.name, self.options))
        self.stream.writelines(f"{line}\n" for line in self._format_section(summary, examples))

    def close(self, summaries: list[Summary]) -> None:
        """Write the table of several files and their total: each has its section."""
        if len(summaries) > 1:
            self.stream.write(_format_file_table(summaries, self.options))
            self.stream.write(format_markdown_total(summaries, self.options))

    def _format_section(self, summary: Summary, examples: Sequence[Finding]) -> Iterator[str]:
        yield f"### {_escape_markdown(repository_path(self.name))}"
        yield ""
        if summary.error is not None:
            yield _escape_markdown(summary.error.say(self.options.language))
            yield ""
            return
        yield format_counts_line(summary, self.options.language)
        yield ""
        if rules := self.limiter.rule_counts():
            yield "| | | |"
            yield "|---|---:|---|"
            yield from map(self._format_table_row, rules)
            yield ""
            for rule in rules:
                yield from self._format_details(rule, [finding for finding in examples if rule.matches(finding)])
            yield ""

    def _format_table_row(self, rule: RuleCount) -> str:
        language = self.options.language
        severity = format_severity(rule.severity, ReportOptions(language))  # without color
        advice = format_advice(rule.code, language, self.source).replace("|", _ESCAPED_PIPE)
        title = f"**{rule.code}** {RULES_BY_CODE[rule.code].name}"
        return f"| {severity}: {title} | {format_count(rule.count, self.options)} | {advice} |"

    def _format_details(self, rule: RuleCount, own: Sequence[Finding]) -> Iterator[str]:
        yield f"<details><summary>{rule.code} {RULES_BY_CODE[rule.code].name}</summary>"
        yield ""
        yield from (f"- {_format_place(finding)}{_escape_markdown(finding.message)}" for finding in own)
        if more := self.limiter.count_held_back(rule):
            yield f"- {say('report-more', self.options.language, count=format_count(more, self.options))}"
        yield ""
        yield "</details>"


def format_markdown_total(summaries: Sequence[Summary], options: ReportOptions) -> str:
    """The line that closes the sections of several files."""
    return f"**{format_total_line(summaries, options.language)}**\n"


def _format_file_table(summaries: Sequence[Summary], options: ReportOptions) -> str:
    """A row for each file, the worst first."""
    titles = [html_label(key, options.language) for key in _FILE_TITLES]
    lines = [f"| {' | '.join(titles)} |", "|---|---:|---:|---:|---:|"]
    for one in worst_first(summaries):
        counts = [one.read, *(one.by_severity[severity] for severity in Severity)]
        unread = f" ({html_label('unread', options.language)})" if one.error is not None else ""
        name = f"{_escape_markdown(repository_path(one.name))}{unread}"
        lines.append(f"| {name} | {' | '.join(format_count(count, options) for count in counts)} |")
    return "\n".join([*lines, "", ""])


def _format_place(finding: Finding) -> str:
    place = finding.cell or finding.line or finding.row
    column = f" {_escape_markdown(finding.column)}" if finding.column else ""
    return f"{place}{column}: " if place else ""


def _escape_markdown(text: str) -> str:
    return (
        _SPECIAL_CHARACTERS.sub(r"\\\1", escape_invisible(text))
        # As entities these three are text to HTML too, whatever the renderer of the Markdown does with a backslash.
        .replace("\\<", "&lt;")
        .replace("\\>", "&gt;")
        .replace("\\&", "&amp;")
    )
