"""Findings as one JSON array: its writer, GitLab Code Quality, and the Reviewdog Diagnostic Format."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.summary import Summary
from calltools.reports.escape import dump_json
from calltools.reports.reporter import FindingBuffer, ReportOptions, repository_path
from calltools.reports.rows import render_findings

#: Formats a finding as an item of the array.
FormatItem = Callable[[Finding, Source | None], Mapping[str, Any]]


@dataclass(slots=True)
class JsonArrayReporter:
    """Writes a JSON document around one array, item by item, so that memory does not grow with the findings.

    Attributes:
        stream: Receives the document.
        options: How findings are shown.
        prefix: Text of the document before the first item.
        format_item: Formats an item; takes the finding, and how its file was read.
        format_suffix: Formats the text behind the last item; takes the number of findings that were left out.
        max_items: The largest number of items; ``None``: all findings.
    """

    stream: TextIO
    options: ReportOptions
    prefix: str
    format_item: FormatItem
    format_suffix: Callable[[int], str]
    max_items: int | None = None
    written: int = 0
    omitted: int = 0
    buffer: FindingBuffer = field(init=False)
    source: Source | None = None
    name: str = ""

    def __post_init__(self) -> None:
        self.buffer = FindingBuffer(self.options)

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file."""
        self.source, self.name = source, name

    def take(self, findings: Findings) -> None:
        """Buffer the findings; write the buffer once it is full."""
        for batch in self.buffer.add(findings):
            self._write(batch)

    def finish(self, _summary: Summary) -> None:
        """Write what the buffer still holds: the next file has another name."""
        for batch in self.buffer.flush():
            self._write(batch)

    def close(self, _summaries: list[Summary]) -> None:
        """End the array and the document."""
        if not self.written:
            self.stream.write(self.prefix)
        self.stream.write(self.format_suffix(self.omitted))

    def _write(self, findings: Findings) -> None:
        room = len(findings) if self.max_items is None else max(self.max_items - self.written, 0)
        self.omitted += max(len(findings) - room, 0)
        listed = Findings(findings.table.slice(0, room))
        for finding in render_findings(listed, self.source, self.name, self.options):
            self.stream.write(",\n" if self.written else self.prefix)
            self.stream.write(dump_json(self.format_item(finding, self.source), blanks=True))
            self.written += 1


def line_to_annotate(finding: Finding) -> int:
    """The line or row that an annotation points at; a finding on the whole file points at its first line."""
    return finding.line or finding.row or 1


def line_range(finding: Finding, first_key: str, last_key: str) -> dict[str, int]:
    """The lines or rows that a finding is on, by these keys; the last one only if there are several."""
    last = finding.last_line or finding.last_row
    return {first_key: line_to_annotate(finding)} | ({} if last is None else {last_key: last})


# GitLab Code Quality.
# Source: GitLab Docs, Code Quality, "Code Quality report format": description, check_name, fingerprint, severity,
# location.
_GITLAB_SEVERITIES: Final = {"error": "major", "warning": "minor", "note": "info"}


def make_gitlab_reporter(stream: TextIO, options: ReportOptions) -> JsonArrayReporter:
    """Make a reporter of the artifact ``codequality``."""
    return JsonArrayReporter(stream, options, "[\n", _format_issue, lambda _omitted: "\n]\n")


def _format_issue(finding: Finding, _source: Source | None) -> Mapping[str, Any]:
    return {
        "description": f"{finding.code} {finding.message}",
        "check_name": finding.name,
        "fingerprint": finding.fingerprint,
        "severity": _GITLAB_SEVERITIES[finding.severity],
        "location": {"path": repository_path(finding.file), "lines": line_range(finding, "begin", "end")},
    }


# Reviewdog Diagnostic Format.
# Source: reviewdog, proto/rdf/reviewdog.proto: DiagnosticResult.
_RDJSON_SEVERITIES: Final = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}


def make_rdjson_reporter(stream: TextIO, options: ReportOptions) -> JsonArrayReporter:
    """Make a reporter for ``reviewdog -f=rdjson``."""
    prefix = json.dumps({"source": {"name": "calltools"}, "severity": "WARNING"})[:-1] + ', "diagnostics": [\n'
    return JsonArrayReporter(stream, options, prefix, _format_diagnostic, lambda _omitted: "\n]}\n")


def _format_diagnostic(finding: Finding, _source: Source | None) -> Mapping[str, Any]:
    return {
        "message": finding.message,
        "location": {
            "path": repository_path(finding.file),
            "range": {key: {"line": line} for key, line in line_range(finding, "start", "end").items()},
        },
        "severity": _RDJSON_SEVERITIES[finding.severity],
        "code": {"value": finding.code},
    }
