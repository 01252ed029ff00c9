"""Forms that are one JSON document around a long list: written piece by piece, so memory stays flat."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, TextIO

from calltools.model.batch import Source
from calltools.model.finding import Finding, Findings
from calltools.model.summary import Summary
from calltools.reports.gathering import Gathering
from calltools.reports.presenting import present
from calltools.reports.style import Style
from calltools.reports.visible import json_escaped

#: A finding as an item of the list.
Item = Callable[[Finding], Mapping[str, Any]]


@dataclass(slots=True)
class ArrayReporter:
    """Writes what stands before the list, an item a finding, and what stands behind it.

    Attributes:
        stream: Where to.
        style: For whom.
        head: What stands before the first item.
        item: Makes an item.
        tail: What stands behind the last one, from the number of findings that were left out.
        most: Items at most; ``None``: all.
    """

    stream: TextIO
    style: Style
    head: str
    item: Item
    tail: Callable[[int], str]
    most: int | None = None
    written: int = 0
    left_out: int = 0
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
        """End the list."""
        if not self.written:
            self.stream.write(self.head)
        self.stream.write(self.tail(self.left_out))

    def _write(self, findings: Findings) -> None:
        room = len(findings) if self.most is None else max(self.most - self.written, 0)
        self.left_out += max(len(findings) - room, 0)
        for one in present(Findings(findings.table.slice(0, room)), self.source, self.name, self.style):
            self.stream.write(",\n" if self.written else self.head)
            self.stream.write(json_escaped(json.dumps(self.item(one), ensure_ascii=False)))
            self.written += 1


def relative(name: str) -> str:
    """A file as repositories name it: below the working directory, with slashes."""
    path = PurePath(name)
    here = Path.cwd()
    if path.is_absolute() and path.is_relative_to(here):
        path = path.relative_to(here)
    return path.as_posix()


def line_of(finding: Finding) -> int:
    """The line or row to point at; what concerns the whole file points at its first."""
    return finding.line or finding.row or 1
