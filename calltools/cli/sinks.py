"""Where the records and the findings of a command go, batch by batch."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO

import pyarrow as pa
import pyarrow.compute as pc

from calltools.cli.options import OnError, FindingOptions, WritingOptions
from calltools.files.csv_writer import CanonicalWriter
from calltools.files.rejects import RejectsWriter
from calltools.files.safely import enter_interrupt_safe
from calltools.messages import Language
from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports import REPORTERS
from calltools.reports.style import Reporter, ReportOptions
from calltools.reports.text import TextReporter
from calltools.run import Job

_EXAMPLES_PER_RULE: Final = 3


class ConversionSink:
    """The sinks of a conversion: good records to the output, bad ones to the rejects."""

    def __init__(self, writing: WritingOptions, showing: FindingOptions, stack: ExitStack) -> None:
        output = sys.stdout.buffer if writing.output == "-" else Path(writing.output)
        self._all_or_nothing = writing.on_error is OnError.FAIL
        self._writer = enter_interrupt_safe(stack, CanonicalWriter(output, force=showing.force))
        self._rejects = enter_interrupt_safe(stack, RejectsWriter(writing.rejects, force=showing.force)) if writing.rejects else None
        self.written = 0

    def start_file(self, job: Job) -> None:
        """A file begins."""
        self.written = 0
        if self._rejects:
            self._rejects.write_header(job.table.titles)

    def take(self, batch: Batch, findings: Findings, bad: Mask) -> None:
        """Write a batch."""
        if self._rejects:
            self._rejects.write_rejected(batch, findings, bad)
        if len(batch):
            self.written += int((~bad).sum())
            self._writer.write(batch.columns if not bad.any() else batch.columns.filter(pa.array(~bad)))

    def close(self, summaries: Sequence[Summary]) -> None:
        """Let the outputs appear, or none of the good records when any is bad and that was asked."""
        if self._all_or_nothing and any(summary.rejected or summary.error for summary in summaries):
            self._writer.discard()
            for summary in summaries:
                summary.skipped["held"] += summary.written or 0
                summary.written = 0
        else:
            self._writer.close()
        if self._rejects:
            self._rejects.close()


@dataclass(slots=True)
class ReporterSink:
    """A reporter as a sink."""

    reporter: Reporter
    errors_only: bool = False
    layout: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def take(self, batch: Batch, findings: Findings, _bad: Mask) -> None:
        """Hand on the findings."""
        if isinstance(self.reporter, TextReporter):
            self.reporter.take_records(batch, findings, self.layout)
        if self.errors_only and len(findings):
            findings = findings.filter(pc.equal(findings.table["severity"], Severity.ERROR.value))
        if len(findings):
            self.reporter.take(findings)


@dataclass(slots=True)
class CheckReport:
    """A reporter as a sink for one file, silent about a file without findings."""

    reporter: Reporter
    findings: list[Findings] = field(default_factory=list)

    @classmethod
    def for_stream(cls, stream: TextIO, lang: Language) -> "CheckReport":
        """One that writes text, with a few examples of each rule."""
        return cls(REPORTERS["text"](stream, ReportOptions(lang, limit=_EXAMPLES_PER_RULE)))

    def take(self, _batch: Batch, findings: Findings, _bad: Mask) -> None:
        """Keep the findings."""
        if len(findings):
            self.findings.append(findings)

    def show(self, summary: Summary | None) -> None:
        """Show them."""
        if summary is None or not self.findings:
            return
        self.reporter.start(summary.source, summary.name)
        for findings in self.findings:
            self.reporter.take(findings)
        self.reporter.finish(summary)
        self.reporter.close([summary])
