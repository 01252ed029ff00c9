"""GitHub Actions: annotations beside the pull request, and the Markdown page of the step."""

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports.concise import ConciseReporter
from calltools.reports.escape import escape_invisible
from calltools.reports.json_array import line_to_annotate, repository_path
from calltools.reports.markdown import MarkdownReporter
from calltools.reports.reporter import ReportOptions, RuleLimiter, TextStream, format_count
from calltools.reports.rows import render_findings
from calltools.reports.wording import format_advice
from calltools.texts import MessageKey, say

_MAX_ANNOTATIONS: Final = 10
#: Places, or files, that an annotation names when it stands for many findings.
_MAX_PLACES: Final = 5
_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


@dataclass(frozen=True, slots=True)
class _AnnotationGroup:
    """Findings of one rule and severity that share an annotation.

    Attributes:
        examples: The first of them.
        count: How many there are.
        files: In which files, and how many in each, if in several.
    """

    examples: Sequence[Finding]
    count: int
    files: Sequence[tuple[str, int]] = ()


@dataclass(slots=True)
class GithubReporter:
    """An annotation a finding while ten hold them all; else one a rule and file; else one a rule."""

    stream: TextIO
    options: ReportOptions
    concise: ConciseReporter = field(init=False)
    limiter: RuleLimiter = field(default_factory=lambda: RuleLimiter(_MAX_ANNOTATIONS))
    groups: dict[Severity, list[_AnnotationGroup]] = field(
        default_factory=lambda: {severity: [] for severity in Severity}
    )
    examples: list[Finding] = field(default_factory=list)
    source: Source | None = None
    name: str = ""

    def __post_init__(self) -> None:
        self.concise = ConciseReporter(_CommandEscapingStream(self.stream), self.options)

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name
        self.limiter, self.examples = RuleLimiter(_MAX_ANNOTATIONS), []
        self.concise.start(source, name)

    def take(self, findings: Findings) -> None:
        """Log them, and keep the first of each rule."""
        self.concise.take(findings)
        self.examples += render_findings(self.limiter.pass_first(findings), self.source, self.name, self.options)

    def finish(self, summary: Summary) -> None:
        """Count what there is of each rule."""
        self.concise.finish(summary)
        for met in self.limiter.rule_counts():
            own = [one for one in self.examples if (one.code, one.severity) == (met.code, met.severity.value)]
            self.groups[met.severity].append(_AnnotationGroup(own, met.count))

    def close(self, _summaries: list[Summary]) -> None:
        """Write the annotations."""
        for severity, groups in self.groups.items():
            self.stream.writelines(self._format_annotations(severity, _fit_annotations(groups)))

    def _format_annotations(self, severity: Severity, groups: Sequence[_AnnotationGroup]) -> Iterator[str]:
        shown = groups if len(groups) <= _MAX_ANNOTATIONS else groups[: _MAX_ANNOTATIONS - 1]
        for group in shown:
            first = group.examples[0]
            title = f"{first.code} {first.name}"
            place = {
                "file": escape_invisible(repository_path(first.file)),
                "line": line_to_annotate(first),
                "title": title,
            }
            yield _format_command(severity, place, "\n".join(self._message_lines(group)))
        if rest := groups[len(shown) :]:
            yield _format_command(severity, {"title": "calltools"}, self._format_remaining_rules(rest))

    def _message_lines(self, group: _AnnotationGroup) -> Iterator[str]:
        language = self.options.language
        yield group.examples[0].message
        if group.count > 1:
            key: MessageKey = "report-in-files" if group.files else "report-in-all"
            places = self._format_files(group.files) if group.files else _format_places(group)
            yield say(key, language, count=format_count(group.count, self.options), places=places)
        yield say("report-fix", language, advice=format_advice(group.examples[0].code, language))

    def _format_files(self, files: Sequence[tuple[str, int]]) -> str:
        named = [
            f"{escape_invisible(repository_path(name))} ({format_count(count, self.options)})"
            for name, count in files[:_MAX_PLACES]
        ]
        return ", ".join([*named, "…"] if len(files) > _MAX_PLACES else named)

    def _format_remaining_rules(self, groups: Iterable[_AnnotationGroup]) -> str:
        counts = {group.examples[0].code: group.count for group in groups}
        codes = ", ".join(f"{code} ({format_count(counts[code], self.options)})" for code in sorted(counts))
        total = format_count(sum(counts.values()), self.options)
        return say("report-more-rules", self.options.language, count=total, codes=codes)


def _fit_annotations(groups: Sequence[_AnnotationGroup]) -> Sequence[_AnnotationGroup]:
    """The findings of a severity in as many annotations as GitHub shows, if there is a way."""
    if sum(group.count for group in groups) <= _MAX_ANNOTATIONS:
        return [_AnnotationGroup([one], 1) for one in _in_file_order(groups)]
    by_rule = groups if len(groups) <= _MAX_ANNOTATIONS else _group_by_rule(groups)
    return sorted(by_rule, key=lambda group: -group.count)


def _in_file_order(groups: Sequence[_AnnotationGroup]) -> Iterator[Finding]:
    """The findings by file, then by place."""
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for group in groups:
        by_file[group.examples[0].file] += group.examples
    for findings in by_file.values():
        yield from sorted(findings, key=lambda one: (one.line or one.row or one.record or 0, one.code))


def _group_by_rule(groups: Sequence[_AnnotationGroup]) -> list[_AnnotationGroup]:
    by_code: dict[str, list[_AnnotationGroup]] = defaultdict(list)
    for group in groups:
        by_code[group.examples[0].code].append(group)
    return [own[0] if len(own) == 1 else _merge_groups(own) for own in by_code.values()]


def _merge_groups(groups: Sequence[_AnnotationGroup]) -> _AnnotationGroup:
    files = sorted(((group.examples[0].file, group.count) for group in groups), key=lambda file: -file[1])
    return _AnnotationGroup(groups[0].examples, sum(group.count for group in groups), files)


def _format_places(group: _AnnotationGroup) -> str:
    """Where the first of them stand: cells, lines, rows or records, as people look them up."""
    listed = [place for one in group.examples if (place := one.cell or one.line or one.row or one.record)]
    named = [str(place) for place in dict.fromkeys(listed)][:_MAX_PLACES]
    return ", ".join([*named, "…"] if group.count > len(named) else named)


def _format_command(severity: Severity, properties: dict[str, object], message: str) -> str:
    listed = ",".join(f"{key}={_escape_property(str(value))}" for key, value in properties.items())
    return f"::{_COMMANDS[severity]} {listed}::{_escape_data(message)}\n"


def _escape_data(text: str) -> str:
    return _escape_legacy_command(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_legacy_command(text: str) -> str:
    """Without the older form of a command, which is obeyed anywhere in a line."""
    return text.replace("##[", r"#\x23[")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")


class _CommandEscapingStream:
    """A stream on which nothing that stood in a file becomes a command of the runner.

    The runner obeys lines that begin with ``::``, and ``##[`` anywhere in a line.
    """

    def __init__(self, stream: TextStream) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write lines."""
        lines = _escape_legacy_command(text).split("\n")
        return self._stream.write("\n".join(rf"\x3a{line[1:]}" if line.startswith("::") else line for line in lines))


#: Bytes of a step's page, less a line for what was left out.
STEP_SUMMARY_BYTES: Final = (1 << 20) - 1024


@dataclass(slots=True)
class StepSummaryReporter:
    """Writes at the end, so that an interrupted run leaves no half of a table.

    Attributes:
        stream: Where to.
        options: For whom.
        bytes_left: Bytes that may still be written.
    """

    stream: TextStream
    options: ReportOptions
    bytes_left: int = STEP_SUMMARY_BYTES
    parts: list[str] = field(default_factory=list)
    omitted_files: int = 0
    page: TextIO = field(init=False)
    markdown: MarkdownReporter = field(init=False)

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.page = io.StringIO()
        self.markdown = MarkdownReporter(self.page, self.options)
        self.markdown.start(source, name)

    def take(self, findings: Findings) -> None:
        """Hand them on."""
        self.markdown.take(findings)

    def finish(self, summary: Summary) -> None:
        """Keep the file's part, if it fits."""
        self.markdown.finish(summary)
        self.page.seek(0)
        part = self.page.read()
        size = len(part.encode())
        if size > self.bytes_left:
            self.omitted_files += 1
            return
        self.bytes_left -= size
        self.parts.append(part)

    def close(self, _summaries: list[Summary]) -> None:
        """Write the page."""
        for part in self.parts:
            self.stream.write(part)
        if self.omitted_files:
            count = format_count(self.omitted_files, self.options)
            self.stream.write(f"{say('report-files-left-out', self.options.language, count=count)}\n")
