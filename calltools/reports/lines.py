"""Findings as lines, for forms that write a line for each; those of several small files are worded together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Source
from calltools.model.cells import Cells, combine_chunks, offsets, text_bytes
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.reporter import ReportOptions, TextStream, binary_stream
from calltools.reports.rows import find_address, word_findings

#: Findings of files, and texts between them, that wait at most.
_MOST_PARTS: Final = 500

#: Formats findings of one file, which have their messages (``rows.word_findings``), as lines without line ends.
FormatLines: TypeAlias = Callable[[pa.Table, Source | None, str, ReportOptions], Cells]


class _Waiting(NamedTuple):
    """Findings of a file that are not worded yet."""

    findings: Findings
    source: Source | None
    name: str


@dataclass(slots=True)
class LineQueue:
    """Findings of files, and text between them, which wait in their order until they are worded together.

    To word one finding costs as much as to word a hundred.

    Attributes:
        options: Its ``buffer_rows`` and ``buffer_bytes`` say how many are enough.
        format_lines: Formats the lines of a file.
    """

    options: ReportOptions
    format_lines: FormatLines
    source: Source | None = None
    name: str = ""
    _parts: list[_Waiting | str] = field(default_factory=list)
    _row_count: int = 0
    _byte_count: int = 0

    def __bool__(self) -> bool:
        return bool(self._parts)

    @property
    def is_full(self) -> bool:
        """Whether what waits is enough."""
        options = self.options
        return (
            self._row_count >= options.buffer_rows
            or self._byte_count >= options.buffer_bytes
            or len(self._parts) >= _MOST_PARTS
        )

    def start(self, source: Source | None, name: str) -> None:
        """What follows is of another file."""
        self.source, self.name = source, name

    def add(self, findings: Findings) -> None:
        """Let findings wait; a batch may have brought far more than are enough."""
        self._row_count += len(findings)
        self._byte_count += findings.table.nbytes
        some = findings.split(2 * self.options.buffer_rows) if len(findings) else ()
        self._parts += [_Waiting(one, self.source, self.name) for one in some]

    def add_text(self, text: str) -> None:
        """Let text wait, in its place."""
        self._byte_count += len(text)
        self._parts.append(text)

    def flush(self) -> Iterator[Cells | str]:
        """What waits, in its order: the lines of a file, or text."""
        parts, self._parts, self._row_count, self._byte_count = self._parts, [], 0, 0
        group: list[_Waiting | str] = []
        rows, address = 0, None
        for part in parts:
            if isinstance(part, _Waiting):
                rows += len(part.findings)
                if rows > 2 * self.options.buffer_rows or find_address(part.source) != address:
                    yield from self._format(group)
                    group, rows, address = [], len(part.findings), find_address(part.source)
            group.append(part)
        yield from self._format(group)

    def _format(self, group: list[_Waiting | str]) -> Iterator[Cells | str]:
        """Lines and texts, of files whose records are looked up alike."""
        waiting = [part for part in group if isinstance(part, _Waiting)]
        worded = (
            word_findings(Findings.concat([one.findings for one in waiting]), waiting[0].source, self.options)
            if waiting
            else pa.table({})
        )
        start, end, file = 0, 0, None
        for part in [*group, ""]:
            if file is not None and (isinstance(part, str) or part[1:] != file):
                yield self.format_lines(worded.slice(start, end - start), *file, self.options)
                start, file = end, None
            if isinstance(part, _Waiting):
                end, file = end + len(part.findings), part[1:]
            elif part:
                yield part


@dataclass(slots=True)
class LineReporter:
    """Writes a line for each finding, and keeps few findings before they are written.

    Attributes:
        stream: Receives the lines.
        options: How findings are shown.
        format_lines: Formats the lines.
    """

    stream: TextStream
    options: ReportOptions
    format_lines: FormatLines
    waiting: LineQueue = field(init=False)

    def __post_init__(self) -> None:
        self.waiting = LineQueue(self.options, self.format_lines)

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file."""
        self.waiting.start(source, name)

    def take(self, findings: Findings) -> None:
        """Let the findings wait; write what waits once it is enough."""
        self.waiting.add(findings)
        if self.waiting.is_full:
            self._flush()

    def write_text(self, text: str) -> None:
        """Write something else in its place between findings."""
        if not self.waiting:
            self.stream.write(text)
            return
        self.waiting.add_text(text)
        if self.waiting.is_full:
            self._flush()

    def finish(self, _summary: Summary) -> None:
        """Write nothing yet: the findings of the next file may be worded with those that wait."""

    def close(self, _summaries: list[Summary]) -> None:
        """Write what waits; a line has no end of a document."""
        self._flush()

    def _flush(self) -> None:
        for lines in self.waiting.flush():
            if isinstance(lines, str):
                self.stream.write(lines)
            else:
                _write_lines(self.stream, lines)


def _write_lines(stream: TextStream, lines: Cells) -> None:
    """Write the lines, each with a line end."""
    ended = combine_chunks(pc.binary_join_element_wise(lines, "\n", ""))
    ends = offsets(ended)
    data = text_bytes(ended)[ends[0] : ends[-1]]
    if (binary := binary_stream(stream)) is not None:
        binary.write(data.data)
    else:
        stream.write(data.tobytes().decode())
