"""Reporters of one JSON document around a long list, whose items are written one by one, so memory stays flat."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, TextIO

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.summary import Summary
from calltools.reports.escape import escape_json_document
from calltools.reports.reporter import FindingBuffer, ReportOptions
from calltools.reports.rows import render_findings

#: A finding as an item of the list.
FormatItem = Callable[[Finding], Mapping[str, Any]]


@dataclass(slots=True)
class JsonArrayReporter:
    """Writes what stands before the list, an item a finding, and what stands behind it.

    Attributes:
        stream: Where to.
        options: For whom.
        prefix: What stands before the first item.
        format_item: Makes an item.
        format_suffix: What stands behind the last one, from the number of findings that were left out.
        max_items: Items at most; ``None``: all.
    """

    stream: TextIO
    options: ReportOptions
    prefix: str
    format_item: FormatItem
    format_suffix: Callable[[int], str]
    max_items: int | None = None
    written: int = 0
    omitted: int = 0
    buffer: FindingBuffer = field(default_factory=FindingBuffer)
    source: Source | None = None
    name: str = ""

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name

    def take(self, findings: Findings) -> None:
        """Write them, or keep them for company."""
        for some in self.buffer.add(findings):
            self._write(some)

    def finish(self, _summary: Summary) -> None:
        """Write what is kept."""
        for some in self.buffer.flush():
            self._write(some)

    def close(self, _summaries: list[Summary]) -> None:
        """End the list."""
        if not self.written:
            self.stream.write(self.prefix)
        self.stream.write(self.format_suffix(self.omitted))

    def _write(self, findings: Findings) -> None:
        room = len(findings) if self.max_items is None else max(self.max_items - self.written, 0)
        self.omitted += max(len(findings) - room, 0)
        for one in render_findings(Findings(findings.table.slice(0, room)), self.source, self.name, self.options):
            self.stream.write(",\n" if self.written else self.prefix)
            self.stream.write(escape_json_document(json.dumps(self.format_item(one), ensure_ascii=False)))
            self.written += 1


def repository_path(name: str) -> str:
    """A file as repositories name it: below the working directory, with slashes."""
    path = PurePath(name)
    here = Path.cwd()
    if path.is_absolute() and path.is_relative_to(here):
        path = path.relative_to(here)
    return path.as_posix()


def line_to_annotate(finding: Finding) -> int:
    """The line or row to point at; what concerns the whole file points at its first."""
    return finding.line or finding.row or 1
