"""Findings for a person at a terminal: what the file is, what is wrong by rule, and what to do next."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

import pyarrow.compute as pc

from calltools.messages import say
from calltools.model.batch import Source
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.concise import BOLD, DIM, PLAIN, concise_lines
from calltools.reports.gathering import FirstOfEachRule, Met, Streaming, write_lines
from calltools.reports.numbers import number
from calltools.reports.overview import INDENT, fix, opening, overview
from calltools.reports.style import Style
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
    source: Source | None = None
    name: str = ""

    def __post_init__(self) -> None:
        self.streaming = Streaming(self.stream, self.style, concise_lines)
        self.first = FirstOfEachRule(self.style.limit)

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name
        self.first = FirstOfEachRule(self.style.limit)
        self.kept = []
        self.streaming.start(source, name)
        if source is not None:
            self._say([self._bold(opening(source, self.style)), ""])

    def take(self, findings: Findings) -> None:
        """Keep the first of each rule, or write all."""
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

    def close(self, _summaries: list[Summary]) -> None:
        """Say what to do next."""
        if self.worst:
            worst = min(self.worst, key=lambda met: (met.severity.rank, -met.count, met.code))
            self._say([say("report-next", self.style.language, code=worst.code)])

    def _groups(self, findings: Findings) -> None:
        for met in self.first.met():
            own = findings.where(
                pc.and_(
                    pc.equal(findings.table["code"], met.code),
                    pc.equal(findings.table["severity"], met.severity.value),
                )
            )
            self._say([self._bold(f"{met.code} {BY_CODE[met.code].name}") + f" ({number(met.count, self.style)})"])
            lines = concise_lines(own, self.source, self.name, self.style)
            write_lines(self.stream, pc.binary_join_element_wise(INDENT, lines, ""))
            self._say([*self._after(met), ""])

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
