"""What all reporters share: protocol, options, a buffer of findings, the limit of details per rule, writing lines."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Final, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Batch, Source, Table
from calltools.model.finding import Finding, Findings
from calltools.model.rule import Severity
from calltools.model.summary import Summary
from calltools.texts import Language

BOLD: Final = "\x1b[1m"
DIM: Final = "\x1b[2m"
RESET: Final = "\x1b[0m"
SEVERITY_COLORS: Final = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.NOTE: "\x1b[36m"}


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """How findings are shown.

    Attributes:
        language: Language of sentences.
        show_values: Whether phones and ids are shown unmasked.
        limit: Details of each rule that forms for people show; ``None``: all. Counts are always exact.
        color: Whether the stream understands ANSI colors.
        width: Terminal columns at which forms for people wrap lines.
        buffer_rows: Findings that forms for programs collect before they write: a kernel costs microseconds a call.
        buffer_bytes: The same in bytes: long cells are written earlier, because one Arrow chunk of text holds 2 GiB.
        several_files: Whether the run is about more than one file, so that each count must name its own.
    """

    language: Language = "en"
    show_values: bool = False
    limit: int | None = None
    color: bool = False
    width: int = 100
    buffer_rows: int = 20_000
    buffer_bytes: int = 32 << 20
    several_files: bool = False


class Reporter(Protocol):
    """Writes findings in one form. Files come one after the other; their findings in the order of the file."""

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file; a file that could not be read has no source."""

    def take(self, findings: Findings) -> None:
        """Take some findings of the file: selected, with severity, column and position."""

    def finish(self, summary: Summary) -> None:
        """End the file."""

    def close(self, summaries: list[Summary]) -> None:
        """End the report; nothing is written to the stream afterwards."""


@runtime_checkable
class RecordReporter(Reporter, Protocol):
    """A reporter that can show findings in their records."""

    @property
    def wants_records(self) -> bool:
        """Whether it shows any: then the records of a file are kept until they are judged."""

    def take_records(self, batch: Batch, findings: Findings, layout: Mapping[str, tuple[str, int]]) -> None:
        """Some records and their findings, before ``take``; the layout names the columns of the file by field."""


@runtime_checkable
class TableReporter(Reporter, Protocol):
    """A reporter that shows a file itself."""

    def take_table(self, table: Table) -> None:
        """The table of the file, after ``start``; its records can be read until ``finish`` has returned."""


def repository_path(name: str) -> str:
    """The path of a file as repositories write it: relative to the working directory, with slashes."""
    if "://" in name:
        return name
    path = PurePath(name)
    here = Path.cwd()
    if path.is_absolute() and path.is_relative_to(here):
        path = path.relative_to(here)
    return path.as_posix()


_NO_BREAK_SPACE: Final = "\u00a0"


def format_count(count: int, options: ReportOptions) -> str:
    """Write ``1,204`` in English, ``1 204`` with a no-break space in Russian."""
    return f"{count:,}".replace(",", _NO_BREAK_SPACE) if options.language == "ru" else f"{count:,}"


_MEMORY_BYTES: Final = 16 << 20


def open_spool() -> IO[bytes]:
    """Open a private temporary file, which stays in memory while it is small; the caller closes it."""
    return _Spool(_MEMORY_BYTES)


class _Spool(SpooledTemporaryFile[bytes]):
    """Closes itself: a run that an error ends closes no reporter."""

    def __del__(self) -> None:
        self.close()


@dataclass(slots=True)
class FindingBuffer:
    """Collects findings, in order, until there are enough to write them together.

    Attributes:
        options: Its ``buffer_rows`` and ``buffer_bytes`` say how many are enough.
    """

    options: ReportOptions
    parts: list[Findings] = field(default_factory=list)
    row_count: int = 0
    byte_count: int = 0

    def add(self, findings: Findings) -> Iterator[Findings]:
        """Collect findings; yield all collected ones once there are enough."""
        self.parts.append(findings)
        self.row_count += len(findings)
        self.byte_count += findings.table.nbytes
        if self.row_count >= self.options.buffer_rows or self.byte_count >= self.options.buffer_bytes:
            yield from self.flush()

    def flush(self) -> Iterator[Findings]:
        """Yield the collected findings, if there are any; a batch may have brought far more than are enough."""
        parts, self.parts, self.row_count, self.byte_count = self.parts, [], 0, 0
        if parts:
            yield from Findings.concat(parts).split(2 * self.options.buffer_rows)


@dataclass(frozen=True, slots=True)
class RuleCount:
    """The number of findings of one rule with one severity."""

    code: str
    severity: Severity
    count: int

    @property
    def sort_key(self) -> tuple[int, int, str]:
        """The order in which reports list rules: errors first, then the most findings, then by code."""
        return self.severity.rank, -self.count, self.code

    def matches(self, finding: Finding) -> bool:
        """Whether the finding is of this rule and this severity."""
        return finding.code == self.code and finding.severity == self.severity.value

    def select(self, findings: Findings) -> Findings:
        """The findings of this rule and this severity, as ``matches`` picks them from a list."""
        table = findings.table
        return findings.filter(
            pc.and_(pc.equal(table["code"], self.code), pc.equal(table["severity"], self.severity.value))
        )


@dataclass(slots=True)
class RuleLimiter:
    """Counts all findings, and passes the first ones of each rule and severity.

    Attributes:
        limit: How many of each pass; ``None``: all.
        counts: All findings by rule and severity, such as ``CT301 note``.
        passed: The findings that passed, by the same key.
    """

    limit: int | None
    counts: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)

    def pass_first(self, findings: Findings) -> Findings:
        """Count the findings; return those that are below the limit."""
        # Rule and severity: a rule may have findings of two severities.
        keys = pc.binary_join_element_wise(findings.table["code"], findings.table["severity"], " ")
        counts = {pair["values"]: pair["counts"] for pair in pc.value_counts(keys).to_pylist()}
        self.counts.update(counts)
        if self.limit is None:
            return findings
        # Most batches come when every rule has reached its limit: they end here, before any row is looked at.
        open_keys = [key for key in counts if self.passed[key] < self.limit]
        if not open_keys:
            return Findings.empty()
        rows = np.flatnonzero(pc.is_in(keys, pa.array(open_keys, pa.string())).to_numpy())
        chosen = []
        for row, key in zip(rows.tolist(), keys.take(rows).to_pylist(), strict=True):
            if self.passed[key] < self.limit:
                self.passed[key] += 1
                chosen.append(row)
        return Findings(findings.table.take(pa.array(chosen, pa.int64())))

    def rule_counts(self) -> list[RuleCount]:
        """The rules that have findings, in the order of ``RuleCount.sort_key``."""
        counts = [RuleCount(key[:5], Severity(key[6:]), count) for key, count in self.counts.items()]
        return sorted(counts, key=lambda rule: rule.sort_key)

    def count_held_back(self, rule: RuleCount) -> int:
        """How many of its findings did not pass."""
        return 0 if self.limit is None else max(rule.count - self.limit, 0)


class TextStream(Protocol):
    """The part of a stream that reporters use."""

    def write(self, text: str, /) -> int:
        """Write text."""


def binary_stream(stream: TextStream) -> BinaryIO | None:
    """The binary stream under a UTF-8 text stream, or ``None``: to write bytes of Arrow costs half of writing text."""
    if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() == "utf-8":
        # Text that was written before must not come after the bytes.
        stream.flush()
        binary: BinaryIO = stream.buffer
        return binary
    return None
