"""GitHub Actions: annotations of a pull request, and the summary page of the step."""

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
from calltools.reports.json_array import line_range
from calltools.reports.markdown import MarkdownReporter, format_markdown_total
from calltools.reports.reporter import ReportOptions, RuleLimiter, TextStream, format_count, repository_path
from calltools.reports.rows import render_findings
from calltools.reports.wording import format_advice
from calltools.texts import MessageKey, say

#: Annotations of each severity that GitHub shows for a step.
_MAX_ANNOTATIONS: Final = 10
#: Places, or files, that an annotation of many findings names.
_MAX_PLACES: Final = 5
_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


@dataclass(frozen=True, slots=True)
class _AnnotationGroup:
    """Findings of one rule and severity that share an annotation.

    Attributes:
        examples: The first findings of the group.
        count: The number of findings in the group.
        files: Files and the number of findings in each, where there are several files.
    """

    examples: Sequence[Finding]
    count: int
    files: Sequence[tuple[str, int]] = ()


@dataclass(slots=True)
class GithubReporter:
    """Writes one annotation for each finding if ten are enough, else for each rule and file, else for each rule."""

    stream: TextIO
    options: ReportOptions
    concise: ConciseReporter = field(init=False)
    limiter: RuleLimiter = field(default_factory=lambda: RuleLimiter(_MAX_ANNOTATIONS))
    groups: dict[Severity, list[_AnnotationGroup]] = field(
        default_factory=lambda: {severity: [] for severity in Severity}
    )
    examples: list[Finding] = field(default_factory=list)
    sources: dict[str, Source | None] = field(default_factory=dict)
    source: Source | None = None
    name: str = ""

    def __post_init__(self) -> None:
        # The log of the step has all findings; annotations have room for few.
        self.concise = ConciseReporter(_CommandEscapingStream(self.stream), self.options)

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file."""
        self.source, self.name = source, name
        self.sources[name] = source
        self.limiter, self.examples = RuleLimiter(_MAX_ANNOTATIONS), []
        self.concise.start(source, name)

    def take(self, findings: Findings) -> None:
        """Write the findings to the log, and keep the first ones of each rule."""
        self.concise.take(findings)
        self.examples += render_findings(self.limiter.pass_first(findings), self.source, self.name, self.options)

    def finish(self, summary: Summary) -> None:
        """Group the findings of the file by rule: only the whole run shows how many annotations are needed."""
        self.concise.finish(summary)
        for rule in self.limiter.rule_counts():
            own = [finding for finding in self.examples if rule.matches(finding)]
            self.groups[rule.severity].append(_AnnotationGroup(own, rule.count))

    def close(self, summaries: list[Summary]) -> None:
        """Write the annotations, after the rest of the log."""
        self.concise.close(summaries)
        for severity, groups in self.groups.items():
            self.stream.writelines(self._format_annotations(severity, _fit_annotations(groups)))

    def _format_annotations(self, severity: Severity, groups: Sequence[_AnnotationGroup]) -> Iterator[str]:
        # If there are too many rules, the last annotation names the rules that have none.
        shown = groups if len(groups) <= _MAX_ANNOTATIONS else groups[: _MAX_ANNOTATIONS - 1]
        for group in shown:
            first = group.examples[0]
            title = f"{first.code} {first.name}"
            properties = {
                "file": escape_invisible(repository_path(first.file)),
                **line_range(first, "line", "endLine"),
                "title": title,
            }
            yield _format_command(severity, properties, "\n".join(self._message_lines(group)))
        if rest := groups[len(shown) :]:
            yield _format_command(severity, {"title": "calltools"}, self._format_remaining_rules(rest))

    def _message_lines(self, group: _AnnotationGroup) -> Iterator[str]:
        language = self.options.language
        yield group.examples[0].message
        if group.count > 1:
            key: MessageKey = "report-in-files" if group.files else "report-in-all"
            places = self._format_files(group.files) if group.files else _format_places(group)
            yield say(key, language, count=format_count(group.count, self.options), places=places)
        first = group.examples[0]
        yield say("report-fix", language, advice=format_advice(first.code, language, self.sources[first.file]))

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
    """Group the findings of a severity so that GitHub shows all groups, if that is possible."""
    if sum(group.count for group in groups) <= _MAX_ANNOTATIONS:
        return [_AnnotationGroup([finding], 1) for finding in _in_file_order(groups)]
    # Each group is one rule in one file so far.
    by_rule = groups if len(groups) <= _MAX_ANNOTATIONS else _group_by_rule(groups)
    return sorted(by_rule, key=lambda group: -group.count)


def _in_file_order(groups: Sequence[_AnnotationGroup]) -> Iterator[Finding]:
    """The findings of the groups, by file and place."""
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for group in groups:
        by_file[group.examples[0].file] += group.examples
    for findings in by_file.values():
        yield from sorted(
            findings, key=lambda finding: (finding.line or finding.row or finding.record or 0, finding.code)
        )


def _group_by_rule(groups: Sequence[_AnnotationGroup]) -> list[_AnnotationGroup]:
    by_code: dict[str, list[_AnnotationGroup]] = defaultdict(list)
    for group in groups:
        by_code[group.examples[0].code].append(group)
    return [own[0] if len(own) == 1 else _merge_groups(own) for own in by_code.values()]


def _merge_groups(groups: Sequence[_AnnotationGroup]) -> _AnnotationGroup:
    files = sorted(((group.examples[0].file, group.count) for group in groups), key=lambda file: -file[1])
    return _AnnotationGroup(groups[0].examples, sum(group.count for group in groups), files)


def _format_places(group: _AnnotationGroup) -> str:
    """Cells, lines, rows or records of the first findings."""
    places = [finding.cell or finding.line or finding.row or finding.record for finding in group.examples]
    named = [str(place) for place in dict.fromkeys(places) if place][:_MAX_PLACES]
    return ", ".join([*named, "…"] if group.count > len(named) else named)


def _format_command(severity: Severity, properties: dict[str, object], message: str) -> str:
    listed = ",".join(f"{key}={_escape_property(str(value))}" for key, value in properties.items())
    return f"::{_COMMANDS[severity]} {listed}::{_escape_data(message)}\n"


def _escape_data(text: str) -> str:
    # The percent sign first: it begins the other escapes.
    return _escape_legacy_command(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_legacy_command(text: str) -> str:
    """Escape the older form of a command, which the runner obeys anywhere in a line."""
    return text.replace("##[", r"#\x23[")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")


class _CommandEscapingStream:
    """A stream on which no text of a user's file becomes a command of the runner.

    The runner obeys lines that begin with ``::``, and ``##[`` anywhere in a line.
    """

    def __init__(self, stream: TextStream) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write whole lines, with commands escaped."""
        lines = _escape_legacy_command(text).split("\n")
        return self._stream.write("\n".join(rf"\x3a{line[1:]}" if line.startswith("::") else line for line in lines))


#: Bytes that GitHub takes for a step's summary, less room for a line about files that were left out.
STEP_SUMMARY_BYTES: Final = (1 << 20) - 1024


@dataclass(slots=True)
class StepSummaryReporter:
    """Writes the Markdown sections of the files at the end, so that an interrupted run leaves no half of a table.

    Attributes:
        stream: Receives the page.
        options: How findings are shown.
        bytes_left: Bytes that the page may still take.
    """

    stream: TextStream
    options: ReportOptions
    bytes_left: int = STEP_SUMMARY_BYTES
    sections: list[str] = field(default_factory=list)
    omitted_files: int = 0
    section: io.StringIO = field(init=False)
    markdown: MarkdownReporter = field(init=False)

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file."""
        self.section = io.StringIO()
        self.markdown = MarkdownReporter(self.section, self.options)
        self.markdown.start(source, name)

    def take(self, findings: Findings) -> None:
        """Pass the findings to the section of the file."""
        self.markdown.take(findings)

    def finish(self, summary: Summary) -> None:
        """Keep the section of the file if the page has room for it."""
        self.markdown.finish(summary)
        section = self.section.getvalue()
        size = len(section.encode())
        if size > self.bytes_left:
            self.omitted_files += 1
            return
        self.bytes_left -= size
        self.sections.append(section)

    def close(self, summaries: list[Summary]) -> None:
        """Write the sections, how many files were left out, and the total."""
        for section in self.sections:
            self.stream.write(section)
        if self.omitted_files:
            count = format_count(self.omitted_files, self.options)
            self.stream.write(f"{say('report-files-left-out', self.options.language, count=count)}\n")
        if len(summaries) > 1:
            self.stream.write(format_markdown_total(summaries, self.options))
