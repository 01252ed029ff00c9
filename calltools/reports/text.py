"""Findings for a person at a terminal: what the file is, what is wrong by rule, and what to do next."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TextIO

import pyarrow.compute as pc

from calltools.messages import say
from calltools.model.batch import Batch, Source
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.concise import concise_lines, lines_below_rules, severity_word
from calltools.reports.excerpts import Excerpts
from calltools.reports.gathering import FirstOfEachRule, Met, Streaming
from calltools.reports.next_step import Mendable, next_step
from calltools.reports.numbers import number
from calltools.reports.overview import FOLD, INDENT, fix, opening, overview
from calltools.reports.style import BOLD, DIM, PLAIN, Style
from calltools.rules.catalog import BY_CODE


@dataclass(slots=True)
class TextReporter:
    """With a limit findings stand grouped by rule, the worst first; without one they come in the order of the file."""

    stream: TextIO
    style: Style
    streaming: Streaming = field(init=False)
    first: FirstOfEachRule = field(init=False)
    kept: list[Findings] = field(default_factory=list)
    worst: list[Met] = field(default_factory=list)
    mendable: Mendable = field(default_factory=Mendable)
    excerpts: Excerpts = field(init=False)
    source: Source | None = None
    name: str = ""

    def __post_init__(self) -> None:
        self.streaming = Streaming(self.stream, self.style, concise_lines)
        self.first = FirstOfEachRule(self.style.limit)
        self.excerpts = Excerpts(self.style)

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name
        self.first = FirstOfEachRule(self.style.limit)
        self.kept = []
        self.excerpts = Excerpts(self.style)
        self.streaming.start(source, name)
        if source is not None:
            said = opening(source, self.style)
            self._say([self._bold(said if self.style.limit is None else self._whole(said)), ""])

    def see(self, batch: Batch, findings: Findings, layout: Mapping[str, tuple[str, int]]) -> None:
        """Look at records before their findings come: the first of each rule is shown in its record."""
        self.excerpts.layout = layout
        self.excerpts.see(batch, findings)

    def take(self, findings: Findings) -> None:
        """Keep the first of each rule, or write all."""
        self.mendable.add(findings)
        some = self.first.of(findings)
        if self.style.limit is None:
            self.streaming.take(some)
        else:
            self.kept.append(some)

    def finish(self, summary: Summary) -> None:
        """Write what is wrong by rule, and the overview."""
        self.streaming.finish(summary)
        if self.style.limit is not None:
            self._groups(Findings.join(self.kept))
        elif self.source is not None:
            self._say([""])
        self._say(overview(summary, self.first.met(), self.style))
        self.worst += self.first.met()[:1]

    def close(self, summaries: list[Summary]) -> None:
        """Say what to do next."""
        worst = min(self.worst, key=lambda met: (met.severity.rank, -met.count, met.code), default=None)
        if said := next_step(summaries, worst, self.mendable, self.style):
            self._say([self._bold(said if self.style.limit is None else self._whole(said))])

    def _groups(self, findings: Findings) -> None:
        groups = [(met, _of(met, findings)) for met in self.first.met()]
        # All at once: to word one finding costs as much as to word a hundred.
        lines = iter(lines_below_rules(Findings.join([own for _, own in groups]), self.source, self.name, self.style))
        for met, own in groups:
            rule = self._bold(f"{met.code} {BY_CODE[met.code].name}")
            self._say([f"{severity_word(met.severity, self.style)} {rule} ({number(met.count, self.style)})"])
            first, *others = islice(lines, len(own))
            shown = self.excerpts.lines.get(f"{met.code} {met.severity.value}", ())
            self._say([self._folded(first), *shown, *map(self._folded, others), *self._after(met), ""])

    def _whole(self, line: str) -> str:
        return textwrap.fill(line, self.style.width, break_long_words=False, break_on_hyphens=False)

    def _folded(self, line: str) -> str:
        """The line within the width; marks for colors take no room."""
        marked = line.replace(BOLD, "\x0e").replace(PLAIN, "\x0f")
        folded = textwrap.fill(marked, self.style.width, **FOLD)
        return folded.replace("\x0e", BOLD).replace("\x0f", PLAIN)

    def _after(self, met: Met) -> Iterator[str]:
        if more := self.first.held_back(met):
            yield self._dim(INDENT + say("report-more", self.style.language, count=number(more, self.style)))
        yield fix(met, self.style)

    def _say(self, lines: Iterable[str]) -> None:
        self.stream.writelines(f"{line}\n" for line in lines)

    def _bold(self, text: str) -> str:
        return f"{BOLD}{text}{PLAIN}" if self.style.color else text

    def _dim(self, text: str) -> str:
        return f"{DIM}{text}{PLAIN}" if self.style.color else text


def _of(met: Met, findings: Findings) -> Findings:
    """Those of one rule and one severity."""
    table = findings.table
    return findings.where(pc.and_(pc.equal(table["code"], met.code), pc.equal(table["severity"], met.severity.value)))
