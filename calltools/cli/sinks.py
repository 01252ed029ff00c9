"""Where the records and the findings of a command go, batch by batch, and the baseline that it writes."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, TextIO

import pyarrow as pa
import pyarrow.compute as pc
import typer

from calltools.cli.options import FindingOptions, OnError, WritingOptions, resolve_language
from calltools.fields.redaction import redact_title_cells
from calltools.files.atomic import AtomicFile, enter_interrupt_safe
from calltools.files.csv.writers import CanonicalWriter, RejectsWriter
from calltools.model.batch import Batch
from calltools.model.cells import Mask, combine_chunks
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.reports import REPORTERS
from calltools.reports.reporter import Reporter, ReportOptions
from calltools.reports.text import TextReporter
from calltools.run import Job
from calltools.texts import Language, MessageKey, say
from calltools.validation.baseline import Baseline, RuleAndColumn, count_findings

_EXAMPLES_PER_RULE: Final = 3


class ConversionSink:
    """The sinks of a conversion: good records to the output, bad ones to the rejects."""

    def __init__(self, writing: WritingOptions, showing: FindingOptions, stack: ExitStack) -> None:
        output = sys.stdout.buffer if writing.output == "-" else Path(writing.output)
        self._all_or_nothing = writing.on_error is OnError.FAIL
        self._writer = enter_interrupt_safe(stack, CanonicalWriter(output, force=showing.force))
        self._rejects = (
            enter_interrupt_safe(stack, RejectsWriter(writing.rejects, force=showing.force))
            if writing.rejects
            else None
        )
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


@dataclass(slots=True)
class BaselineWriter:
    """A sink that counts the findings of each file for ``--write-baseline``.

    With ``--baseline`` beside it a baseline only gets smaller: what is still found of it stays, nothing new
    comes in, and of files and rules that this run did not look at it says what it said before.
    """

    showing: FindingOptions
    before: Baseline
    after: Baseline
    target: AtomicFile | None = None
    stream: BinaryIO | None = None
    file_counts: Counter[RuleAndColumn] = field(default_factory=Counter)
    gone_count: int = 0
    accepted_count: int = 0

    @classmethod
    def create(cls, showing: FindingOptions, before: Baseline, stack: ExitStack) -> "BaselineWriter":
        """One for a run; the place of the file to write is taken before the first record."""
        beside = None if showing.write_baseline is None else AtomicFile(showing.write_baseline, force=showing.force)
        stream = None if beside is None else enter_interrupt_safe(stack, beside)
        return cls(showing, before, before, beside, stream)

    def take(self, _batch: Batch, findings: Findings, _bad: Mask) -> None:
        """Count, where that is asked for."""
        if self.stream is None or self.showing.baseline is not None:
            return
        self.file_counts.update(count_findings(findings, redact_title_cells(combine_chunks(findings.table["column"]))))

    def finish_file(self, name: str, known: Mapping[RuleAndColumn, int], summary: Summary) -> None:
        """A file ends.

        Args:
            name: As the user named it.
            known: What the baseline knows of it, of the rules that were applied.
            summary: What became of it.
        """
        unspent = {spot: count - summary.accepted[spot] for spot, count in known.items()}
        self.gone_count += sum(unspent.values())
        self.accepted_count += summary.accepted.total()
        if self.showing.baseline is None:
            # Of a file that is named twice the larger counts, not their sum.
            counts = self.file_counts | Counter(self.after.counts_for(name))
        else:
            counts = Counter(self.before.counts_for(name)) - Counter(unspent)
        self.after = self.after.with_counts(name, counts)
        self.file_counts = Counter()

    def close(self, *, readable: bool) -> bool:
        """Write what was asked for and say what there is to say.

        Args:
            readable: Whether all files could be read; of one that could not nobody knows its findings.

        Returns:
            Whether a baseline was written, which ends with 0.
        """
        known_from = self.showing.baseline
        if known_from is not None and self.accepted_count:
            self._say("baseline-accepted", path=known_from, count=self.accepted_count)
        if self.target is not None and self.stream is not None:
            return self._write(self.target, self.stream, readable=readable)
        if known_from is not None and self.gone_count:
            self._say("baseline-fewer", path=known_from, count=self.gone_count)
        return False

    def _write(self, beside: AtomicFile, stream: BinaryIO, *, readable: bool) -> bool:
        if not readable:
            beside.discard()
            self._say("baseline-not-written", path=self.showing.write_baseline)
            return False
        stream.write(self.after.to_json().encode())
        beside.commit()
        count = sum(sum(known.values()) for known in self.after.files.values())
        self._say("baseline-written", path=self.showing.write_baseline, count=count)
        return True

    def _say(self, key: MessageKey, **facts: object) -> None:
        if not self.showing.quiet:
            typer.echo(f"calltools: {say(key, resolve_language(self.showing.lang), **facts)}", err=True)
