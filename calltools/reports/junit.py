"""JUnit XML: a test suite for each file, a test case for each rule that has findings in it.

Source:
    The format of the Apache Ant JUnit task as CI systems read it: testsuites, testsuite, testcase, failure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO
from xml.sax.saxutils import escape, quoteattr

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.escape import escape_invisible
from calltools.reports.reporter import ReportOptions, RuleCount, RuleLimiter, format_count, repository_path
from calltools.reports.rows import render_findings
from calltools.reports.wording import format_advice
from calltools.rules.catalog import RULES_BY_CODE
from calltools.texts import say

#: Findings of a rule that its test case shows.
_MAX_EXAMPLES: Final = 20
_XML_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="calltools">\n'
#: Characters that XML cannot hold and that ``escape_invisible`` leaves: surrogates and two noncharacters.
_XML_REPLACEMENTS: Final = dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "?")


@dataclass(slots=True)
class JunitReporter:
    """Writes a rule with errors as a failed test case; warnings and notes go to the output of a passed one."""

    stream: TextIO
    options: ReportOptions
    limiter: RuleLimiter = field(default_factory=lambda: RuleLimiter(_MAX_EXAMPLES))
    examples: list[Findings] = field(default_factory=list)
    source: Source | None = None
    name: str = ""
    head_written: bool = False

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file."""
        self.source, self.name = source, name
        self.limiter, self.examples = RuleLimiter(_MAX_EXAMPLES), []

    def take(self, findings: Findings) -> None:
        """Count the findings, and keep the first ones of each rule."""
        self.examples.append(self.limiter.pass_first(findings))

    def finish(self, summary: Summary) -> None:
        """Write the test suite of the file."""
        examples = list(render_findings(Findings.concat(self.examples), self.source, self.name, self.options))
        rules = self.limiter.rule_counts()
        failures = sum(rule.severity is Severity.ERROR for rule in rules)
        name = quoteattr(_escape_xml_text(repository_path(self.name)))
        # A clean file has one test case, which passes: an empty suite would not say that the file was read.
        tests = max(len(rules), 1)
        self.stream.write("" if self.head_written else _XML_HEAD)
        self.head_written = True
        errors = int(summary.error is not None)
        self.stream.write(f'<testsuite name={name} tests="{tests}" failures="{failures}" errors="{errors}">\n')
        self.stream.writelines(self._format_cases(name, rules, examples, summary))
        self.stream.write("</testsuite>\n")

    def close(self, _summaries: list[Summary]) -> None:
        """End the document."""
        self.stream.write(f"{'' if self.head_written else _XML_HEAD}</testsuites>\n")

    def _format_cases(
        self, name: str, rules: Sequence[RuleCount], examples: Sequence[Finding], summary: Summary
    ) -> Iterator[str]:
        if summary.error is not None:
            error = f"<error message={quoteattr(_escape_xml_text(summary.error.say(self.options.language)))}/>"
            yield f'<testcase classname={name} name="read">{error}</testcase>\n'
        elif not rules:
            yield f'<testcase classname={name} name="calltools"/>\n'
        for rule in rules:
            own = [finding for finding in examples if rule.matches(finding)]
            title = quoteattr(f"{rule.code} {RULES_BY_CODE[rule.code].name}")
            body = escape(_escape_xml_text(self._format_case_text(rule, own)))
            tag = "failure" if rule.severity is Severity.ERROR else "system-out"
            message = f" message={quoteattr(_escape_xml_text(own[0].message))}" if own and tag == "failure" else ""
            yield f"<testcase classname={name} name={title}><{tag}{message}>{body}</{tag}></testcase>\n"

    def _format_case_text(self, rule: RuleCount, own: Sequence[Finding]) -> str:
        lines = [f"{_format_place(finding)} {finding.message}" for finding in own]
        if more := self.limiter.count_held_back(rule):
            lines.append(say("report-more", self.options.language, count=format_count(more, self.options)))
        advice = format_advice(rule.code, self.options.language, self.source)
        return "\n".join([*lines, say("report-fix", self.options.language, advice=advice)])


def _format_place(finding: Finding) -> str:
    place = finding.cell or finding.line or finding.row or ""
    return f"{repository_path(finding.file)}:{place}{f' {finding.column}' if finding.column else ''}:"


def _escape_xml_text(text: str) -> str:
    # Line breaks stay: a private character stands for them while the others are escaped.
    return escape_invisible(text.replace("\n", "\ue000")).replace("\ue000", "\n").translate(_XML_REPLACEMENTS)
