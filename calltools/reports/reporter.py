"""What all reporters share.

The protocol, the options (language, redaction, limit, color, width), a buffer of findings, the limit of details per
rule, and a reporter that writes lines.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO, Final, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Batch, Source
from calltools.model.cells import Cells, combine_chunks, offsets, text_bytes
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.texts import Language

BOLD: Final = "\x1b[1m"
DIM: Final = "\x1b[2m"
RESET: Final = "\x1b[0m"
SEVERITY_COLORS: Final = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.NOTE: "\x1b[36m"}


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What the reader wants.

    Attributes:
        language: Of sentences.
        show_values: Leave phones and ids as they are.
        limit: Details kept for each rule by the forms for people; ``None``: all. Counts are always exact.
        color: Whether the stream understands ANSI colors.
        width: Columns at which lines for people are folded.
    """

    language: Language = "en"
    show_values: bool = False
    limit: int | None = None
    color: bool = False
    width: int = 100


class Reporter(Protocol):
    """Writes findings in one form. Files come one after the other; their findings in the order of the file."""

    def start(self, source: Source | None, name: str) -> None:
        """A file begins; without a source it could not be read."""

    def take(self, findings: Findings) -> None:
        """Some findings of the file: selected, with severity, column and position."""

    def finish(self, summary: Summary) -> None:
        """The file has ended."""

    def close(self, summaries: list[Summary]) -> None:
        """All files have ended."""


@runtime_checkable
class RecordReporter(Reporter, Protocol):
    """A reporter that can show findings in their records."""

    @property
    def wants_records(self) -> bool:
        """Whether it shows any: then the records of a file are kept until they are judged."""

    def take_records(self, batch: Batch, findings: Findings, layout: Mapping[str, tuple[str, int]]) -> None:
        """Some records and their findings, before ``take``; the layout names the columns of the file by field."""


_NO_BREAK_SPACE: Final = "\u00a0"


def format_count(count: int, options: ReportOptions) -> str:
    """1,204 in English, 1 204 with a no-break space in Russian."""
    return f"{count:,}".replace(",", _NO_BREAK_SPACE) if options.language == "ru" else f"{count:,}"


_MEMORY_BYTES: Final = 16 << 20


def open_spool() -> IO[bytes]:
    """A temporary file that nobody else can read, in memory while it is small; whoever asks closes it."""
    return SpooledTemporaryFile(_MEMORY_BYTES)


#: Kernels cost microseconds a call: a small batch of findings waits for company.
_FLUSH_ROWS: Final = 20_000
#: But long cells do not wait: a column of text in one chunk holds 2 GiB at most.
_FLUSH_BYTES: Final = 32 << 20


@dataclass(slots=True)
class FindingBuffer:
    """Findings on their way to be written together, in order."""

    parts: list[Findings] = field(default_factory=list)
    row_count: int = 0
    byte_count: int = 0

    def add(self, findings: Findings) -> Iterator[Findings]:
        """Keep them, and give all that is kept when it is enough."""
        self.parts.append(findings)
        self.row_count += len(findings)
        self.byte_count += findings.table.nbytes
        if self.row_count >= _FLUSH_ROWS or self.byte_count >= _FLUSH_BYTES:
            yield from self.flush()

    def flush(self) -> Iterator[Findings]:
        """Give what is kept, if anything."""
        parts, self.parts, self.row_count, self.byte_count = self.parts, [], 0, 0
        if parts:
            yield Findings.concat(parts)


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule was met with one severity."""

    code: str
    severity: Severity
    count: int


@dataclass(slots=True)
class RuleLimiter:
    """Counts findings, and lets the first of each rule and severity pass.

    Attributes:
        limit: How many of each; ``None``: all.
        counts: Findings by rule and severity, such as ``CT301 note``.
        passed: Those that passed.
    """

    limit: int | None
    counts: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)

    def pass_first(self, findings: Findings) -> Findings:
        """Those for which there is still room."""
        keys = pc.binary_join_element_wise(findings.table["code"], findings.table["severity"], " ")
        counts = {pair["values"]: pair["counts"] for pair in pc.value_counts(keys).to_pylist()}
        self.counts.update(counts)
        if self.limit is None:
            return findings
        room = [key for key in counts if self.passed[key] < self.limit]
        if not room:
            return Findings.empty()
        rows = np.flatnonzero(pc.is_in(keys, pa.array(room, pa.string())).to_numpy())
        chosen = [row for row, key in zip(rows.tolist(), keys.take(rows).to_pylist(), strict=True) if self._admit(key)]
        return Findings(findings.table.take(pa.array(chosen, pa.int64())))

    def rule_counts(self) -> list[RuleCount]:
        """The rules that were met: errors first, then by number of findings, then by code."""
        listed = [RuleCount(key[:5], Severity(key[6:]), count) for key, count in self.counts.items()]
        return sorted(listed, key=lambda met: (met.severity.rank, -met.count, met.code))

    def count_held_back(self, met: RuleCount) -> int:
        """How many did not pass."""
        return 0 if self.limit is None else max(met.count - self.limit, 0)

    def _admit(self, key: str) -> bool:
        self.passed[key] += 1
        return self.limit is None or self.passed[key] <= self.limit


#: The lines of some findings of one file, without line ends.
FormatLines = Callable[[Findings, Source | None, str, ReportOptions], Cells]


class TextStream(Protocol):
    """As much of a stream as reporters need."""

    def write(self, text: str, /) -> int:
        """Write text."""


@dataclass(slots=True)
class LineReporter:
    """A reporter that writes a line for each finding and remembers nothing of those written.

    Attributes:
        stream: Where to.
        options: For whom.
        format_lines: Makes the lines.
    """

    stream: TextStream
    options: ReportOptions
    format_lines: FormatLines
    buffer: FindingBuffer = field(default_factory=FindingBuffer)
    source: Source | None = None
    name: str = ""

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name

    def take(self, findings: Findings) -> None:
        """Write them, or keep them for company."""
        for some in self.buffer.add(findings):
            self._write(some)

    def finish(self, _summary: Summary) -> None:
        """Write what is kept."""
        for some in self.buffer.flush():
            self._write(some)

    def close(self, _summaries: list[Summary]) -> None:
        """Nothing is left to write."""

    def _write(self, findings: Findings) -> None:
        write_lines(self.stream, self.format_lines(findings, self.source, self.name, self.options))


def write_lines(stream: TextStream, lines: Cells) -> None:
    """Write all lines, each with its end; as bytes where the stream takes them, which halves the cost."""
    ended = combine_chunks(pc.binary_join_element_wise(lines, "\n", ""))
    ends = offsets(ended)
    data = text_bytes(ended)[ends[0] : ends[-1]]
    if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() == "utf-8":
        stream.flush()
        stream.buffer.write(data)
    else:
        stream.write(data.tobytes().decode())
