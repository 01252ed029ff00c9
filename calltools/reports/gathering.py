"""What reporters remember: findings until they are worth writing, or the first few of each rule."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TextIO

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Source
from calltools.model.cells import Cells, offsets, text_bytes
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.style import Style

#: Kernels cost microseconds a call: a small batch of findings waits for company.
_ENOUGH: Final = 50_000
#: But long cells do not wait: a column of text in one chunk holds 2 GiB at most.
_ENOUGH_BYTES: Final = 32 << 20


@dataclass(slots=True)
class Gathering:
    """Findings on their way to be written together, in order."""

    parts: list[Findings] = field(default_factory=list)
    rows: int = 0
    size: int = 0

    def add(self, findings: Findings) -> Iterator[Findings]:
        """Keep them, and give all that is kept when it is enough."""
        self.parts.append(findings)
        self.rows += len(findings)
        self.size += findings.table.nbytes
        if self.rows >= _ENOUGH or self.size >= _ENOUGH_BYTES:
            yield from self.rest()

    def rest(self) -> Iterator[Findings]:
        """Give what is kept, if anything."""
        parts, self.parts, self.rows, self.size = self.parts, [], 0, 0
        if parts:
            yield Findings.join(parts)


@dataclass(slots=True)
class FirstOfEachRule:
    """Lets the first findings of each rule pass.

    Attributes:
        limit: How many of each rule; ``None``: all.
    """

    limit: int | None
    passed: Counter[str] = field(default_factory=Counter)

    def of(self, findings: Findings) -> Findings:
        """Those for which there is still room."""
        if self.limit is None:
            return findings
        open_codes = [code for code in pc.unique(findings.table["code"]).to_pylist() if self.passed[code] < self.limit]
        some = findings.where(pc.is_in(findings.table["code"], pa.array(open_codes, pa.string())))
        return some.where(pa.array([self._passes(code) for code in some.table["code"].to_pylist()], pa.bool_()))

    def _passes(self, code: str) -> bool:
        self.passed[code] += 1
        return self.limit is None or self.passed[code] <= self.limit


#: The lines of some findings of one file, without line ends.
Lines = Callable[[Findings, Source | None, str, Style], Cells]


@dataclass(slots=True)
class Streaming:
    """A reporter that writes a line for each finding and remembers nothing of those written.

    Attributes:
        stream: Where to.
        style: For whom.
        lines: Makes the lines.
    """

    stream: TextIO
    style: Style
    lines: Lines
    gathering: Gathering = field(default_factory=Gathering)
    source: Source | None = None
    name: str = ""

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name

    def take(self, findings: Findings) -> None:
        """Write them, or keep them for company."""
        for some in self.gathering.add(findings):
            self._write(some)

    def finish(self, _summary: Summary) -> None:
        """Write what is kept."""
        for some in self.gathering.rest():
            self._write(some)

    def close(self, _summaries: list[Summary]) -> None:
        """Nothing is left to write."""

    def _write(self, findings: Findings) -> None:
        self.stream.write(joined(self.lines(findings, self.source, self.name, self.style)))


def joined(lines: Cells) -> str:
    """All lines as one text, each with its end."""
    ended = pc.binary_join_element_wise(lines, "\n", "")
    ends = offsets(ended)
    return text_bytes(ended)[ends[0] : ends[-1]].tobytes().decode()
