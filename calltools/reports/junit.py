"""JUnit XML: a suite a file, a case a rule that was applied to it and met.

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
from calltools.reports.json_array import repository_path
from calltools.reports.reporter import ReportOptions, RuleCount, RuleLimiter, format_count
from calltools.reports.rows import render_findings
from calltools.reports.wording import format_advice
from calltools.rules.catalog import RULES_BY_CODE
from calltools.texts import say

#: Findings of a rule that its case shows.
_MAX_EXAMPLES: Final = 20
_XML_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="calltools">\n'
#: Characters that XML cannot hold and that are visible otherwise.
_XML_REPLACEMENTS: Final = dict.fromkeys((*range(55296, 57344), 65534, 65535), "?")


@dataclass(slots=True)
class JunitReporter:
    """A rule that met an error fails; one that met warnings or notes only is told in its output."""

    stream: TextIO
    options: ReportOptions
    limiter: RuleLimiter = field(default_factory=lambda: RuleLimiter(_MAX_EXAMPLES))
    examples: list[Findings] = field(default_factory=list)
    source: Source | None = None
    name: str = ""
    head_written: bool = False

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name
        self.limiter, self.examples = RuleLimiter(_MAX_EXAMPLES), []

    def take(self, findings: Findings) -> None:
        """Count them, and keep the first of each rule."""
        self.examples.append(self.limiter.pass_first(findings))

    def finish(self, summary: Summary) -> None:
        """Write the suite."""
        shown = list(render_findings(Findings.concat(self.examples), self.source, self.name, self.options))
        met = self.limiter.rule_counts()
        failed = sum(one.severity is Severity.ERROR for one in met)
        name = quoteattr(_escape_xml_text(repository_path(self.name)))
        cases = max(len(met), 1)
        self.stream.write(
            "" if self.head_written else '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="calltools">\n'
        )
        self.head_written = True
        errors = int(summary.error is not None)
        self.stream.write(f'<testsuite name={name} tests="{cases}" failures="{failed}" errors="{errors}">\n')
        self.stream.writelines(self._format_cases(name, met, shown, summary))
        self.stream.write("</testsuite>\n")

    def close(self, _summaries: list[Summary]) -> None:
        """End the document."""
        self.stream.write(f"{'' if self.head_written else _XML_HEAD}</testsuites>\n")

    def _format_cases(
        self, name: str, met: Sequence[RuleCount], shown: Sequence[Finding], summary: Summary
    ) -> Iterator[str]:
        if summary.error is not None:
            error = f"<error message={quoteattr(_escape_xml_text(summary.error.say(self.options.language)))}/>"
            yield f'<testcase classname={name} name="read">{error}</testcase>\n'
        elif not met:
            yield f'<testcase classname={name} name="calltools"/>\n'
        for one in met:
            own = [finding for finding in shown if (finding.code, finding.severity) == (one.code, one.severity.value)]
            title = quoteattr(f"{one.code} {RULES_BY_CODE[one.code].name}")
            body = escape(_escape_xml_text(self._format_case_text(one, own)))
            tag = "failure" if one.severity is Severity.ERROR else "system-out"
            told = f" message={quoteattr(_escape_xml_text(own[0].message))}" if own and tag == "failure" else ""
            yield f"<testcase classname={name} name={title}><{tag}{told}>{body}</{tag}></testcase>\n"

    def _format_case_text(self, met: RuleCount, own: Sequence[Finding]) -> str:
        lines = [f"{_format_place(finding)} {finding.message}" for finding in own]
        if more := self.limiter.count_held_back(met):
            lines.append(say("report-more", self.options.language, count=format_count(more, self.options)))
        return "\n".join(
            [*lines, say("report-fix", self.options.language, advice=format_advice(met.code, self.options.language))]
        )


def _format_place(finding: Finding) -> str:
    place = finding.cell or finding.line or finding.row or ""
    return f"{repository_path(finding.file)}:{place}{f' {finding.column}' if finding.column else ''}:"


def _escape_xml_text(text: str) -> str:
    return escape_invisible(text.replace("\n", "\ue000")).replace("\ue000", "\n").translate(_XML_REPLACEMENTS)
