"""The page that GitHub Actions shows of a step: the Markdown of as many files as there is room for.

Source:
    GitHub Docs, Workflow commands for GitHub Actions, job summaries: 1 MiB a step, and beyond it nothing is shown.
"""

import io
from dataclasses import dataclass, field
from typing import Final, TextIO

from calltools.messages import say
from calltools.model.batch import Source
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.gathering import TextStream
from calltools.reports.markdown import MarkdownReporter
from calltools.reports.numbers import format_count
from calltools.reports.style import ReportOptions

#: Bytes of a step's page, less a line for what was left out.
STEP_SUMMARY_BYTES: Final = (1 << 20) - 1024


@dataclass(slots=True)
class StepSummaryReporter:
    """Writes at the end, so that an interrupted run leaves no half of a table.

    Attributes:
        stream: Where to.
        style: For whom.
        room: Bytes that may still be written.
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
