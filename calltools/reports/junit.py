"""JUnit XML: a suite a file, a case a rule that was applied to it and met.

Source:
    The format of the Apache Ant JUnit task as CI systems read it: testsuites, testsuite, testcase, failure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO
from xml.sax.saxutils import escape, quoteattr

from calltools.messages import say
from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.arrays import relative
from calltools.reports.gathering import FirstOfEachRule, Met
from calltools.reports.numbers import number
from calltools.reports.presenting import present
from calltools.reports.style import Style
from calltools.reports.visible import visible
from calltools.reports.wording import advice
from calltools.rules.catalog import BY_CODE

#: Findings of a rule that its case shows.
_SHOWN: Final = 20
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="calltools">\n'
#: Characters that XML cannot hold and that are visible otherwise.
_NOT_XML: Final = dict.fromkeys((*range(55296, 57344), 65534, 65535), "?")


@dataclass(slots=True)
class JunitReporter:
    """A rule that met an error fails; one that met warnings or notes only is told in its output."""

    stream: TextIO
    style: Style
    first: FirstOfEachRule = field(default_factory=lambda: FirstOfEachRule(_SHOWN))
    kept: list[Findings] = field(default_factory=list)
    source: Source | None = None
    name: str = ""
    begun: bool = False

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name
        self.first, self.kept = FirstOfEachRule(_SHOWN), []

    def take(self, findings: Findings) -> None:
        """Count them, and keep the first of each rule."""
        self.kept.append(self.first.of(findings))

    def finish(self, summary: Summary) -> None:
        """Write the suite."""
        shown = list(present(Findings.join(self.kept), self.source, self.name, self.style))
        met = self.first.met()
        failed = sum(one.severity is Severity.ERROR for one in met)
        name = quoteattr(_xml(relative(self.name)))
        cases = max(len(met), 1)
        self.stream.write(
            "" if self.begun else '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="calltools">\n'
        )
        self.begun = True
        errors = int(summary.error is not None)
        self.stream.write(f'<testsuite name={name} tests="{cases}" failures="{failed}" errors="{errors}">\n')
        self.stream.writelines(self._cases(name, met, shown, summary))
        self.stream.write("</testsuite>\n")

    def close(self, _summaries: list[Summary]) -> None:
        """End the document."""
        self.stream.write(f"{'' if self.begun else _HEAD}</testsuites>\n")

    def _cases(self, name: str, met: Sequence[Met], shown: Sequence[Finding], summary: Summary) -> Iterator[str]:
        if summary.error is not None:
            error = f"<error message={quoteattr(_xml(summary.error))}/>"
            yield f'<testcase classname={name} name="read">{error}</testcase>\n'
        elif not met:
            yield f'<testcase classname={name} name="calltools"/>\n'
        for one in met:
            own = [finding for finding in shown if (finding.code, finding.severity) == (one.code, one.severity.value)]
            title = quoteattr(f"{one.code} {BY_CODE[one.code].name}")
            body = escape(_xml(self._text(one, own)))
            tag = "failure" if one.severity is Severity.ERROR else "system-out"
            told = f" message={quoteattr(_xml(own[0].message))}" if own and tag == "failure" else ""
            yield f"<testcase classname={name} name={title}><{tag}{told}>{body}</{tag}></testcase>\n"

    def _text(self, met: Met, own: Sequence[Finding]) -> str:
        lines = [f"{_place(finding)} {finding.message}" for finding in own]
        if more := self.first.held_back(met):
            lines.append(say("report-more", self.style.language, count=number(more, self.style)))
        return "\n".join([*lines, say("report-fix", self.style.language, advice=advice(met.code, self.style.language))])


def _place(finding: Finding) -> str:
    place = finding.cell or finding.line or finding.row or ""
    return f"{relative(finding.file)}:{place}{f' {finding.column}' if finding.column else ''}:"


def _xml(text: str) -> str:
    return visible(text.replace("\n", "\ue000")).replace("\ue000", "\n").translate(_NOT_XML)
