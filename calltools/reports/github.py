"""Annotations for GitHub Actions: the whole list in the log, and the whole story beside the pull request.

Source:
    GitHub Docs, Workflow commands for GitHub Actions; GitHub shows 10 annotations of a severity a step.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO

from calltools.messages import say
from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.arrays import line_of, relative
from calltools.reports.concise import ConciseReporter
from calltools.reports.gathering import FirstOfEachRule, Writable
from calltools.reports.numbers import number
from calltools.reports.presenting import present
from calltools.reports.style import Style
from calltools.reports.visible import visible
from calltools.reports.wording import advice

_SHOWN: Final = 10
#: Places, or files, that an annotation names when it stands for many findings.
_NAMED: Final = 5
_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


@dataclass(frozen=True, slots=True)
class _Group:
    """Findings of one rule and severity that share an annotation.

    Attributes:
        firsts: The first of them.
        count: How many there are.
        files: In which files, and how many in each, if in several.
    """

    firsts: Sequence[Finding]
    count: int
    files: Sequence[tuple[str, int]] = ()


@dataclass(slots=True)
class GithubReporter:
    """An annotation a finding while ten hold them all; else one a rule and file; else one a rule."""

    stream: TextIO
    style: Style
    log: ConciseReporter = field(init=False)
    first: FirstOfEachRule = field(default_factory=lambda: FirstOfEachRule(_SHOWN))
    groups: dict[Severity, list[_Group]] = field(default_factory=lambda: {severity: [] for severity in Severity})
    kept: list[Finding] = field(default_factory=list)
    source: Source | None = None
    name: str = ""

    def __post_init__(self) -> None:
        self.log = ConciseReporter(_NoCommands(self.stream), self.style)

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name
        self.first, self.kept = FirstOfEachRule(_SHOWN), []
        self.log.start(source, name)

    def take(self, findings: Findings) -> None:
        """Log them, and keep the first of each rule."""
        self.log.take(findings)
        self.kept += present(self.first.of(findings), self.source, self.name, self.style)

    def finish(self, summary: Summary) -> None:
        """Count what there is of each rule."""
        self.log.finish(summary)
        for met in self.first.met():
            own = [one for one in self.kept if (one.code, one.severity) == (met.code, met.severity.value)]
            self.groups[met.severity].append(_Group(own, met.count))

    def close(self, _summaries: list[Summary]) -> None:
        """Write the annotations."""
        for severity, groups in self.groups.items():
            self.stream.writelines(self._annotations(severity, _fitting(groups)))

    def _annotations(self, severity: Severity, groups: Sequence[_Group]) -> Iterator[str]:
        shown = groups if len(groups) <= _SHOWN else groups[: _SHOWN - 1]
        for group in shown:
            first = group.firsts[0]
            title = f"{first.code} {first.name}"
            place = {"file": visible(relative(first.file)), "line": line_of(first), "title": title}
            yield _command(severity, place, "\n".join(self._sentences(group)))
        if rest := groups[len(shown) :]:
            yield _command(severity, {"title": "calltools"}, self._rest(rest))

    def _sentences(self, group: _Group) -> Iterator[str]:
        language = self.style.language
        yield group.firsts[0].message
        if group.count > 1:
            key = "report-in-files" if group.files else "report-in-all"
            places = self._files(group.files) if group.files else _places(group)
            yield say(key, language, count=number(group.count, self.style), places=places)
        yield say("report-fix", language, advice=advice(group.firsts[0].code, language))

    def _files(self, files: Sequence[tuple[str, int]]) -> str:
        named = [f"{visible(relative(name))} ({number(count, self.style)})" for name, count in files[:_NAMED]]
        return ", ".join([*named, "…"] if len(files) > _NAMED else named)

    def _rest(self, groups: Iterable[_Group]) -> str:
        counts = {group.firsts[0].code: group.count for group in groups}
        codes = ", ".join(f"{code} ({number(counts[code], self.style)})" for code in sorted(counts))
        total = number(sum(counts.values()), self.style)
        return say("report-more-rules", self.style.language, count=total, codes=codes)


def _fitting(groups: Sequence[_Group]) -> Sequence[_Group]:
    """The findings of a severity in as many annotations as GitHub shows, if there is a way."""
    if sum(group.count for group in groups) <= _SHOWN:
        return [_Group([one], 1) for one in _in_order(groups)]
    by_rule = groups if len(groups) <= _SHOWN else _across_files(groups)
    return sorted(by_rule, key=lambda group: -group.count)


def _in_order(groups: Sequence[_Group]) -> Iterator[Finding]:
    """The findings by file, then by place."""
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for group in groups:
        by_file[group.firsts[0].file] += group.firsts
    for findings in by_file.values():
        yield from sorted(findings, key=lambda one: (one.line or one.row or one.record or 0, one.code))


def _across_files(groups: Sequence[_Group]) -> list[_Group]:
    by_code: dict[str, list[_Group]] = defaultdict(list)
    for group in groups:
        by_code[group.firsts[0].code].append(group)
    return [own[0] if len(own) == 1 else _joined(own) for own in by_code.values()]


def _joined(groups: Sequence[_Group]) -> _Group:
    files = sorted(((group.firsts[0].file, group.count) for group in groups), key=lambda file: -file[1])
    return _Group(groups[0].firsts, sum(group.count for group in groups), files)


def _places(group: _Group) -> str:
    """Where the first of them stand: cells, lines, rows or records, as people look them up."""
    listed = [place for one in group.firsts if (place := one.cell or one.line or one.row or one.record)]
    named = [str(place) for place in dict.fromkeys(listed)][:_NAMED]
    return ", ".join([*named, "…"] if group.count > len(named) else named)


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
