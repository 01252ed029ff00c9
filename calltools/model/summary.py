"""Summary: the counts of a run, which must add up (read = written + skipped + rejected), and statistics of calls."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import numpy as np
import pyarrow.compute as pc

from calltools.errors import FileFault
from calltools.model.batch import Batch, Source
from calltools.model.cells import Numbers
from calltools.model.finding import Findings

#: What a record of the file of identifiers lacks, so that it cannot be joined to a call.
Unusable: TypeAlias = Literal["damaged", "no-phone", "phone", "time", "identifier"]
#: What a record of a file of outcomes lacks: whose it is, when it was, a readable price, its currency, or all of price
#: and tag; or that it stands in an earlier one of these files, too.
UnusableOutcome: TypeAlias = Literal["person", "time", "price", "currency", "nothing", "repeated"]

#: Upper bounds of the bars of talk and hold, in seconds; the last bar has none.
DURATION_BOUNDS_S: Final = (0, 10, 30, 60, 120, 300, 600, 1800)
HOURS_PER_DAY: Final = 24
DAYS_PER_WEEK: Final = 7
#: Length of the counts of a day in ``CallStatistics.days``.
COUNTS_OF_DAY: Final = 5


def _zeros(*shape: int) -> Numbers:
    return np.zeros(shape, np.int64)


@dataclass(slots=True)
class CallStatistics:
    """Counts of calls by hour, day, duration and identifier, which the HTML report draws.

    They grow batch by batch. A record whose time or duration cannot be read is counted in ``calls`` only.

    Attributes:
        calls: Count of records.
        answered_by_hour: Answered calls by weekday (Monday is 0) and hour, in the zone of the run.
        missed_by_hour: The same for missed calls.
        days: Days since 1970 in that zone -> answered calls, missed ones, those that have an identifier; and of all of
            them the calls that are older than the service ties to visits, and those of these that have an identifier.
        with_outcome: Calls of which the file says whether they were missed; 0: all count as answered.
        talk: Answered calls by duration of the talk, bars as in ``DURATION_BOUNDS_S``.
        hold: All calls by duration of the wait.
        identified: Calls by the field that identifies the visitor.
        unidentified: Calls without an identifier.
        zone: IANA name of the zone of hours and days.
    """

    zone: str = "UTC"
    calls: int = 0
    answered_by_hour: Numbers = field(default_factory=lambda: _zeros(DAYS_PER_WEEK, HOURS_PER_DAY))
    missed_by_hour: Numbers = field(default_factory=lambda: _zeros(DAYS_PER_WEEK, HOURS_PER_DAY))
    days: dict[int, Numbers] = field(default_factory=dict)
    with_outcome: int = 0
    talk: Numbers = field(default_factory=lambda: _zeros(len(DURATION_BOUNDS_S) + 1))
    hold: Numbers = field(default_factory=lambda: _zeros(len(DURATION_BOUNDS_S) + 1))
    identified: dict[str, int] = field(default_factory=dict)
    unidentified: int = 0

    def merge(self, other: "CallStatistics") -> None:
        """Add the counts of some more records."""
        self.zone = other.zone
        self.calls += other.calls
        self.unidentified += other.unidentified
        self.with_outcome += other.with_outcome
        self.answered_by_hour += other.answered_by_hour
        self.missed_by_hour += other.missed_by_hour
        self.talk += other.talk
        self.hold += other.hold
        for day, counts in other.days.items():
            self.days[day] = self.days.get(day, _zeros(COUNTS_OF_DAY)) + counts
        for name, count in other.identified.items():
            self.identified[name] = self.identified.get(name, 0) + count


@dataclass(frozen=True, slots=True)
class PastUpload:
    """What the ledger knows of an upload that had calls of a file.

    Attributes:
        at: When it was begun, Unix seconds.
        counter: The counter.
        calls: Calls of the file that it had.
        sent: Calls that were sent.
        accepted: Those of them that the service has taken; ``None``: not known.
        linked: Those of them that it has linked to visits; ``None``: not known.
        dynamic: Those of them that are not static: only these can be linked.
    """

    at: int
    counter: int
    calls: int
    sent: int
    accepted: int | None
    linked: int | None
    dynamic: int


@dataclass(slots=True)
class Summary:
    """The counts of one file.

    Attributes:
        name: The file as the user named it.
        source: How it was read; ``None`` when it could not be read.
        vendor: The name of the profile.
        unverified: Whether this profile was never checked against a whole export.
        read: Records read.
        bytes_read: Bytes from which they were read, as far as the reader counts them.
        written: Records in the output; ``None`` when nothing is converted.
        skipped: Records that the profile leaves out, by reason.
        rejected: Records with an error.
        rewritten: Cells that normalizing changed, by field.
        joined: With ``--identifiers``: calls joined, not joined, ambiguous.
        unusable: Records of the file of identifiers that cannot be joined, by what they lack.
        outcomes: With ``--outcomes``: ``taken`` records that gave something to a call, ``calls`` that got it, ``own``
            records of calls that say all of it themselves, ``currencies`` records of calls with several currencies,
            ``rejected`` records of calls with an error.
        outcome_files: In the first file of the run, of the files of outcomes: ``read``, ``no-call``, ``damaged``, and
            what others lack (``UnusableOutcome``).
        not_taken: Columns of the export that were left out because an assumption is missing (money without a currency).
        withheld: Calls whose caller withheld the number.
        named: Own number or context that the user gave -> records with it; 0: the file has none.
        by_code: Findings by rule.
        by_severity: Findings by severity.
        accepted: Findings that are in the baseline, by rule and column; no other count includes them.
        call_statistics: Statistics of the calls; empty unless a report draws them.
        now: The time that the run takes for now, Unix seconds.
        error: Why the file could not be read; the reports word it.
        uploads: Uploads of a file of this name, if a report shows them.
    """

    name: str
    source: Source | None = None
    vendor: str | None = None
    unverified: bool = False
    read: int = 0
    bytes_read: int = 0
    written: int | None = None
    skipped: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    rewritten: Counter[str] = field(default_factory=Counter)
    joined: Counter[str] = field(default_factory=Counter)
    unusable: Mapping[Unusable, int] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    outcome_files: Counter[str] = field(default_factory=Counter)
    not_taken: tuple[str, ...] = ()
    withheld: int = 0
    named: Counter[str] = field(default_factory=Counter)
    by_code: Counter[str] = field(default_factory=Counter)
    by_severity: Counter[str] = field(default_factory=Counter)
    accepted: Counter[tuple[str, str]] = field(default_factory=Counter)
    call_statistics: CallStatistics = field(default_factory=CallStatistics, repr=False)
    now: int = 0
    error: FileFault | None = None
    uploads: tuple[PastUpload, ...] = ()

    @property
    def is_canonical(self) -> bool:
        """Whether the service takes the file as it is once it has no errors: no workbook, and no export of a vendor."""
        return self.source is not None and self.source.format.canonical and not self.vendor

    def add_batch(self, batch: Batch, findings: Findings, rejected: Numbers) -> None:
        """Add a batch at the end of the pipeline, with all its findings and the numbers of its rejected records."""
        self.read += batch.read
        self.bytes_read += batch.size
        self.skipped.update(batch.skipped)
        if batch.legs is not None and len(rejected):
            # A call is rejected with all its legs, so that they are not skipped.
            merged_away = np.setdiff1d(batch.legs.records, batch.legs.calls)
            self.skipped -= Counter(leg=int(np.isin(merged_away, rejected).sum()))
        self.rewritten.update(batch.rewritten)
        self.withheld += batch.withheld
        self.named.update(batch.named)
        self.rejected += len(rejected)
        self.by_code.update(_count_values(findings, "code"))
        self.by_severity.update(_count_values(findings, "severity"))

    @property
    def is_clean(self) -> bool:
        """Whether the file was read, and has neither an error nor a finding that the baseline accepts."""
        return self.error is None and not self.by_severity["error"] and not self.accepted

    @property
    def unseen(self) -> tuple[str, ...]:
        """Own numbers and contexts that the user gave and that no record has."""
        return tuple(word for word, count in self.named.items() if not count)

    @property
    def adds_up(self) -> bool:
        """Whether each record is counted as written, skipped or rejected. A law that tests hold, not a state."""
        if self.written is None:
            return True
        return self.read == self.written + self.skipped.total() + self.rejected


def total_of(summaries: Sequence[Summary]) -> Summary:
    """The counts of all files of a run together; of a file that could not be read nothing counts."""
    total = Summary("")
    for one in summaries:
        total.read += one.read
        total.rejected += one.rejected
        total.skipped.update(one.skipped)
        total.by_code.update(one.by_code)
        total.by_severity.update(one.by_severity)
        if one.written is not None:
            total.written = (total.written or 0) + one.written
    return total


def _count_values(findings: Findings, column: str) -> dict[str, int]:
    return {count["values"]: count["counts"] for count in pc.value_counts(findings.table[column]).to_pylist()}
