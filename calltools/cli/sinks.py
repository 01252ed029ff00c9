"""The findings on a file that is to be uploaded, as text."""

from dataclasses import dataclass, field
from typing import Final, TextIO

from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports import REPORTERS
from calltools.reports.reporter import Reporter, ReportOptions
from calltools.run import FindingsCollector, SessionSink
from calltools.texts import Language

_EXAMPLES_PER_RULE: Final = 3


@dataclass(slots=True)
class CheckReport(SessionSink):
    """Keeps the findings on one file until it is clear that they are wanted; silent about a file without findings."""

    reporter: Reporter
    collector: FindingsCollector = field(default_factory=FindingsCollector)

    @classmethod
    def for_stream(cls, stream: TextIO, lang: Language) -> "CheckReport":
        """One that writes text, with a few examples of each rule."""
        return cls(REPORTERS["text"](stream, ReportOptions(lang, limit=_EXAMPLES_PER_RULE)))

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Keep the findings."""
        self.collector.take(batch, findings, bad)

    def show(self, summary: Summary | None) -> None:
        """Show them."""
        if summary is None or not self.collector.parts:
            return
        self.reporter.start(summary.source, summary.name)
        for findings in self.collector.parts:
            self.reporter.take(findings)
        self.reporter.finish(summary)
        self.reporter.close([summary])
