"""Annotations for GitHub Actions: the whole list in the log, and a few of it beside the pull request.

Source:
    GitHub Docs, Workflow commands for GitHub Actions; GitHub shows 10 annotations of a severity a step.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO

from calltools.messages import say
from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.concise import ConciseReporter
from calltools.reports.gathering import FirstOfEachRule, Writable
from calltools.reports.numbers import number
from calltools.reports.presenting import present
from calltools.reports.style import Style
from calltools.reports.visible import visible

_SHOWN: Final = 10
_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


@dataclass(slots=True)
class GithubReporter:
    """One annotation for each rule of a file, with the number of findings behind it; ten of a severity."""

    stream: TextIO
    style: Style
    log: ConciseReporter = field(init=False)
    one_each: FirstOfEachRule = field(default_factory=lambda: FirstOfEachRule(1))
    groups: list[tuple[Finding, int]] = field(default_factory=list)
    firsts: list[Finding] = field(default_factory=list)
    source: Source | None = None
    name: str = ""

    def __post_init__(self) -> None:
        self.log = ConciseReporter(_NoCommands(self.stream), self.style)

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name
        self.one_each, self.firsts = FirstOfEachRule(1), []
        self.log.start(source, name)

    def take(self, findings: Findings) -> None:
        """Log them, and keep the first of each rule."""
        self.log.take(findings)
        self.firsts += present(self.one_each.of(findings), self.source, self.name, self.style)

    def finish(self, summary: Summary) -> None:
        """Count what stands behind each annotation."""
        self.log.finish(summary)
        counts = {(met.code, met.severity.value): met.count for met in self.one_each.met()}
        self.groups += [(first, counts[first.code, first.severity]) for first in self.firsts]

    def close(self, _summaries: list[Summary]) -> None:
        """Write the annotations."""
        for severity in Severity:
            own = [(first, count) for first, count in self.groups if first.severity == severity.value]
            own.sort(key=lambda group: -group[1])
            self.stream.writelines(self._annotations(severity, own))

    def _annotations(self, severity: Severity, groups: Sequence[tuple[Finding, int]]) -> Iterator[str]:
        shown = groups if len(groups) <= _SHOWN else groups[: _SHOWN - 1]
        for first, count in shown:
            more = "" if count == 1 else f" ({self._more(count - 1)})"
            title = f"{first.code} {first.name}"
            place = {"file": visible(first.file), "line": first.line or first.row or 1, "title": title}
            yield _command(severity, place, first.message + more)
        if rest := groups[len(shown) :]:
            yield _command(severity, {"title": "calltools"}, self._rest(rest))

    def _more(self, count: int) -> str:
        return say("report-more", self.style.language, count=number(count, self.style))

    def _rest(self, groups: Iterable[tuple[Finding, int]]) -> str:
        counts: Counter[str] = Counter()
        for first, count in groups:
            counts[first.code] += count
        facts = {"count": number(counts.total(), self.style), "codes": ", ".join(sorted(counts))}
        return say("report-more-rules", self.style.language, **facts)


def _command(severity: Severity, properties: dict[str, object], message: str) -> str:
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{_COMMANDS[severity]} {listed}::{_data(message)}\n"


def _data(text: str) -> str:
    return _tame(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _tame(text: str) -> str:
    """Without the older form of a command, which is obeyed anywhere in a line."""
    return text.replace("##[", r"#\x23[")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


class _NoCommands:
    """A stream on which nothing that stood in a file becomes a command of the runner.

    The runner obeys lines that begin with ``::``, and ``##[`` anywhere in a line.
    """

    def __init__(self, stream: Writable) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write lines."""
        lines = _tame(text).split("\n")
        return self._stream.write("\n".join(rf"\x3a{line[1:]}" if line.startswith("::") else line for line in lines))
