"""The baseline on the command line: what is accepted, what is written, and what is said of it."""

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import BinaryIO

import typer

from calltools.cli.options import FindingOptions, resolve_language
from calltools.files.safely import AtomicFile, enter_interrupt_safe
from calltools.messages import say
from calltools.model.batch import Batch
from calltools.model.cells import Mask, combine_chunks
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.masking import redact_title_cells
from calltools.validation.baseline import Baseline, RuleAndColumn, count_findings


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

    def _say(self, key: str, **facts: object) -> None:
        if not self.showing.quiet:
            typer.echo(f"calltools: {say(key, resolve_language(self.showing.lang), **facts)}", err=True)
