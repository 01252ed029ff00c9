"""A comment for a pull request: counts by rule, then the first findings of each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TextIO

from calltools.messages import say
from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.summary import Summary
from calltools.reports.arrays import relative
from calltools.reports.concise import severity_word
from calltools.reports.gathering import FirstOfEachRule
from calltools.reports.numbers import number
from calltools.reports.presenting import present
from calltools.reports.style import Style
from calltools.reports.visible import visible
from calltools.reports.wording import advice, counts_line
from calltools.rules.catalog import BY_CODE

_SHOWN: Final = 5
_PIPE: Final = r"\|"
#: Signs that mean something in Markdown or HTML, and mentions of people.
_SIGNS: Final = re.compile(r"([\\`*_{}\[\]#!|~<>&@])")


@dataclass(slots=True)
class MarkdownReporter:
    """Tables for people; GitHub takes 65,536 signs in a comment, so details are few."""

    stream: TextIO
    style: Style
    first: FirstOfEachRule = field(default_factory=lambda: FirstOfEachRule(_SHOWN))
    kept: list[Findings] = field(default_factory=list)
    source: Source | None = None
    name: str = ""

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name
        self.first, self.kept = FirstOfEachRule(min(self.style.limit or _SHOWN, 20)), []

    def take(self, findings: Findings) -> None:
        """Count them, and keep the first of each rule."""
        self.kept.append(self.first.of(findings))

    def finish(self, summary: Summary) -> None:
        """Write the file's part."""
        shown = list(present(Findings.join(self.kept), self.source, self.name, self.style))
        self.stream.writelines(f"{line}\n" for line in self._lines(summary, shown))

    def close(self, _summaries: list[Summary]) -> None:
        """Nothing is left to write."""

    def _lines(self, summary: Summary, shown: list[Finding]) -> Iterator[str]:
        language = self.style.language
        yield f"### {_safe(relative(self.name))}"
        yield ""
        if summary.error is not None:
            yield _safe(summary.error)
            yield ""
            return
        yield counts_line(summary, language)
        yield ""
        if not self.first.met():
            return
        yield "| | | |"
        yield "|---|---:|---|"
        for met in self.first.met():
            rule = f"**{met.code}** {BY_CODE[met.code].name}"
            word = severity_word(met.severity, Style(language))
            fix = advice(met.code, language).replace("|", _PIPE)
            yield f"| {word}: {rule} | {number(met.count, self.style)} | {fix} |"
        yield ""
        for met in self.first.met():
            own = [one for one in shown if (one.code, one.severity) == (met.code, met.severity.value)]
            yield f"<details><summary>{met.code} {BY_CODE[met.code].name}</summary>"
            yield ""
            yield from (f"- {_place(one)}{_safe(one.message)}" for one in own)
            if more := self.first.held_back(met):
                yield f"- {say('report-more', language, count=number(more, self.style))}"
            yield ""
            yield "</details>"
        yield ""


def _place(finding: Finding) -> str:
    place = finding.cell or finding.line or finding.row
    column = f" {_safe(finding.column)}" if finding.column else ""
    return f"{place}{column}: " if place else ""


def _safe(text: str) -> str:
    return _SIGNS.sub(r"\\\1", visible(text)).replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\&", "&amp;")
