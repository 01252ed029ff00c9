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
from calltools.reports.gathering import Writable
from calltools.reports.markdown import MarkdownReporter
from calltools.reports.numbers import number
from calltools.reports.style import Style

#: Bytes of a step's page, less a line for what was left out.
ROOM: Final = (1 << 20) - 1024


@dataclass(slots=True)
class StepSummary:
    """Writes at the end, so that an interrupted run leaves no half of a table.

    Attributes:
        stream: Where to.
        style: For whom.
        room: Bytes that may still be written.
    """

    stream: Writable
    style: Style
    room: int = ROOM
    parts: list[str] = field(default_factory=list)
    left_out: int = 0
    page: TextIO = field(init=False)
    markdown: MarkdownReporter = field(init=False)

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.page = io.StringIO()
        self.markdown = MarkdownReporter(self.page, self.style)
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
        if size > self.room:
            self.left_out += 1
            return
        self.room -= size
        self.parts.append(part)

    def close(self, _summaries: list[Summary]) -> None:
        """Write the page."""
        for part in self.parts:
            self.stream.write(part)
        if self.left_out:
            count = number(self.left_out, self.style)
            self.stream.write(f"{say('report-files-left-out', self.style.language, count=count)}\n")
