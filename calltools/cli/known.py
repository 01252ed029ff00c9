"""The baseline on the command line: what is accepted, what is written, and what is said of it."""

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import BinaryIO

import typer

from calltools.cli.options import Showing, language
from calltools.files.safely import Beside, entered
from calltools.messages import say
from calltools.model.batch import Batch
from calltools.model.cells import Mask, one_chunk
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.masking import masked_titles
from calltools.validation.baseline import Baseline, Spot, tally


@dataclass(slots=True)
class Knowing:
    """A sink that counts the findings of each file for ``--write-baseline``.

    With ``--baseline`` beside it a baseline only gets smaller: what is still found of it stays, nothing new
    comes in, and of files and rules that this run did not look at it says what it said before.
    """

    showing: Showing
    before: Baseline
    after: Baseline
    beside: Beside | None = None
    stream: BinaryIO | None = None
    found: Counter[Spot] = field(default_factory=Counter)
    fewer: int = 0
    accepted: int = 0

    @classmethod
    def of(cls, showing: Showing, before: Baseline, stack: ExitStack) -> "Knowing":
        """One for a run; the place of the file to write is taken before the first record."""
        beside = None if showing.write_baseline is None else Beside(showing.write_baseline, force=showing.force)
        stream = None if beside is None else entered(stack, beside)
        return cls(showing, before, before, beside, stream)

    def take(self, _batch: Batch, findings: Findings, _bad: Mask) -> None:
        """Count, where that is asked for."""
        if self.stream is None or self.showing.baseline is not None:
            return
        self.found.update(tally(findings, masked_titles(one_chunk(findings.table["column"]))))

    def finish(self, name: str, known: Mapping[Spot, int], summary: Summary) -> None:
        """A file ends.

        Args:
            name: As the user named it.
            known: What the baseline knows of it, of the rules that were applied.
            summary: What became of it.
        """
        unspent = {spot: count - summary.accepted[spot] for spot, count in known.items()}
        self.fewer += sum(unspent.values())
        self.accepted += summary.accepted.total()
        if self.showing.baseline is None:
            # Of a file that is named twice the larger counts, not their sum.
            counts = self.found | Counter(self.after.known(name))
        else:
            counts = Counter(self.before.known(name)) - Counter(unspent)
        self.after = self.after.with_file(name, counts)
        self.found = Counter()

    def close(self, *, readable: bool) -> bool:
        """Write what was asked for and say what there is to say.

        Args:
            readable: Whether all files could be read; of one that could not nobody knows its findings.

        Returns:
            Whether a baseline was written, which ends with 0.
        """
        known_from = self.showing.baseline
        if known_from is not None and self.accepted:
            self._say("baseline-accepted", path=known_from, count=self.accepted)
        if self.beside is not None and self.stream is not None:
            return self._write(self.beside, self.stream, readable=readable)
        if known_from is not None and self.fewer:
            self._say("baseline-fewer", path=known_from, count=self.fewer)
        return False

    def _write(self, beside: Beside, stream: BinaryIO, *, readable: bool) -> bool:
        if not readable:
            beside.discard()
            self._say("baseline-not-written", path=self.showing.write_baseline)
            return False
        stream.write(self.after.as_json().encode())
        beside.commit()
        count = sum(sum(known.values()) for known in self.after.files.values())
        self._say("baseline-written", path=self.showing.write_baseline, count=count)
        return True

    def _say(self, key: str, **facts: object) -> None:
        if not self.showing.quiet:
            typer.echo(f"calltools: {say(key, language(self.showing.lang), **facts)}", err=True)
