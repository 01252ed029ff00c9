"""Counts of a run that must add up: read = written + skipped + rejected."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pyarrow.compute as pc

from calltools.errors import SourceError
from calltools.model.batch import Batch, Source
from calltools.model.call_statistics import CallStatistics
from calltools.model.finding import Findings

#: What a record of the second file lacks, so that it can be joined to nothing.
Unusable: TypeAlias = Literal["damaged", "phone", "time", "identifier"]


@dataclass(slots=True)
class Summary:
    """What happened to one file.

    Attributes:
        name: The file as the user named it.
        source: How it was read; ``None`` when it could not be.
        vendor: The profile's name.
        unverified: Whether nobody has checked this profile against a whole export.
        read: Records found.
        written: Records in the output; ``None`` when nothing is converted.
        skipped: Records left out on purpose, by reason.
        rejected: Records with an error.
        rewritten: Cells that normalizing changed, by field.
        joined: With ``--identifiers``: calls joined, not joined, ambiguous.
        unusable: Records of the second file that were joined to nothing, by what they lack.
        not_taken: Columns of the export that were left out for want of an assumption (money without a currency).
        withheld: Calls whose caller hid the number.
        by_code: Findings by rule.
        by_severity: Findings by severity.
        accepted: Findings that the baseline knows, by rule and column; they are in no other count.
        call_statistics: What the calls look like; empty unless a report draws it.
        now: "Now" of the run, Unix seconds.
        error: Why the file could not be read; who reports it words it.
    """

    name: str
    source: Source | None = None
    vendor: str | None = None
    unverified: bool = False
    read: int = 0
    written: int | None = None
    skipped: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    rewritten: Counter[str] = field(default_factory=Counter)
    joined: Counter[str] = field(default_factory=Counter)
    unusable: Mapping[Unusable, int] = field(default_factory=dict)
    not_taken: tuple[str, ...] = ()
    withheld: int = 0
    by_code: Counter[str] = field(default_factory=Counter)
    by_severity: Counter[str] = field(default_factory=Counter)
    accepted: Counter[tuple[str, str]] = field(default_factory=Counter)
    call_statistics: CallStatistics = field(default_factory=CallStatistics)
    now: int = 0
    error: SourceError | None = None

    def add_batch(self, batch: Batch, findings: Findings, *, rejected: int) -> None:
        """Take in a batch that has come off the line, with all that is wrong with it."""
        self.read += batch.read
        self.skipped.update(batch.skipped)
        self.rewritten.update(batch.rewritten)
        self.withheld += batch.withheld
        self.rejected += rejected
        self.by_code.update(_count_values(findings, "code"))
        self.by_severity.update(_count_values(findings, "severity"))

    @property
    def is_clean(self) -> bool:
        """Whether the file was read, and has neither an error nor a finding that the baseline accepts."""
        return self.error is None and not self.by_severity["error"] and not self.accepted

    @property
    def adds_up(self) -> bool:
        """Whether each record read is accounted for once."""
        if self.written is None:
            return True
        return self.read == self.written + self.skipped.total() + self.rejected


def _count_values(findings: Findings, column: str) -> dict[str, int]:
    return {pair["values"]: pair["counts"] for pair in pc.value_counts(findings.table[column]).to_pylist()}
