"""Rule and what it consists of: severity, scope, the types of tests, observers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, Protocol, TypeAlias

from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, Numbers
from calltools.model.finding import Findings


class Severity(StrEnum):
    """How bad a fault is, in the words of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for an error, 1 for a warning, 2 for a note."""
        return _RANKS[self]


_RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}


class Scope(StrEnum):
    """What a rule looks at."""

    FILE = "file"
    HEADER = "header"
    CELL = "cell"
    ROW = "row"
    DATASET = "dataset"
    SERVICE = "service"
    MAPPING = "mapping"


#: A cell test: the mask of the faulty cells of a column. Only the test for a missing time may find fault with ``""``.
CellTest: TypeAlias = Callable[[Cells, Assumptions], Mask]


class PendingRows(dict[str, Cells]):
    """Columns of records, of which only some are still to be tested; a test may give any answer for the others.

    Attributes:
        rows: Mask of the records to be tested.
    """

    def __init__(self, columns: Mapping[str, Cells], rows: Mask) -> None:
        super().__init__(columns)
        self.rows = rows


def limit_to_pending(columns: Mapping[str, Cells], candidates: Mask) -> Mask:
    """The candidates that are still to be tested. Row tests call this before their expensive part."""
    return candidates & columns.rows if isinstance(columns, PendingRows) else candidates


#: A row test: the mask of the faulty records, from the canonical columns that the table has (at least one).
RowTest: TypeAlias = Callable[[Mapping[str, Cells], Assumptions], Mask]
#: Gives a text for each faulty cell: what the sentence needs beside the cell, or the repaired cell.
CellTextFunction: TypeAlias = Callable[[Cells, Assumptions], Cells]
#: A header test: faulty columns as (position from 0 or ``None`` for the header as a whole, detail or ``None``).
HeaderTest: TypeAlias = Callable[[tuple[str, ...]], list[tuple[int | None, str | None]]]


class Observer(Protocol):
    """The test of a rule that needs the whole table; a new object for each file of a run.

    It sees all records that could be split into cells, with errors or without. The validation sets the code, severity,
    column and position of its findings.
    """

    def digest(self, columns: Mapping[str, Cells], ends: Numbers, assumptions: Assumptions) -> Sequence[Any]:
        """What ``add`` needs of each of some batches. It has no side effects: workers call it in any order.

        Args:
            columns: The records of the batches, one after the other.
            ends: 0, and the row at which each batch ends: small files are digested together.
            assumptions: What the user says and the files do not.
        """

    def add(self, digest: Any, records: Numbers, places: Numbers) -> Findings:
        """Add the digest of a batch, in the order of the file, with the numbers and places of its records."""

    def close(self) -> Findings:
        """The findings that are known only at the end of the table."""


class CrossFileObserver(Observer, Protocol):
    """An observer that also remembers the files before, when several files become one."""

    def begin_file(self, name: str) -> None:
        """Begin a file; the records that follow belong to it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be wrong.

    Attributes:
        code: ``CT`` and three digits; given once, never reused.
        name: What is wrong; it reads well after "allow".
        severity: The severity by default.
        scope: What the rule looks at.
        summary: One English line for the catalog, with a small first letter and without a full stop.
        manual: The explanation for users, with the sections of ``rules/manual.py``.
        columns: Canonical fields: of a cell rule those that it tests; of a row rule those that it needs.
        cell: The test of a cell rule.
        row: The test of a row rule.
        looks_at: All fields that the answers of a row rule depend on: where these are the same in many records, one of
            them is judged for all (``validation/alike.py``). Nothing: each record is judged.
        at: The field at which a row rule reports its finding; ``None``: the record as a whole.
        note_where: Records for which the finding of a row rule is only a note.
        header: The test of a header rule.
        observer: Makes the observer of a rule that needs the whole table.
        spans_files: Whether that observer is a ``CrossFileObserver``.
        fix: Whether the rule offers a repaired value, and whether the repair is certain or rests on what the user says.
        repair: Gives the repaired cells where they are not the normalized ones.
        detail: Gives what the sentence needs beside the cell.
        yields_to: Codes of rules that explain the fault better. A cell rule is silent on a cell that one of them has
            reported. A row rule is silent where one of them has reported a cell of a column that it ``misses``, and in
            a file without any such column where it is a header rule.
        misses: Fields that, as a row rule says, have no value.
        excludes_others: Whether no other rule reports a record that this one has reported.
        converting: How the finding changes when records are normalized before they are validated; ``None``: not at all.
        of_unmapped: Whether it also applies to a column that no field is read from: it is about the whole record.
        of_exports: Whether it applies to a vendor's export, whose titles are not canonical.
        by_now: Whether it compares the time of a call with now, and nothing else: it may find fault with a file later
            that it has none with today.
    """

    code: str
    name: str
    severity: Severity
    scope: Scope
    summary: str
    manual: str
    columns: tuple[str, ...] = ()
    cell: CellTest | None = None
    row: RowTest | None = None
    looks_at: tuple[str, ...] = ()
    at: str | None = None
    note_where: RowTest | None = None
    header: HeaderTest | None = None
    observer: Callable[[], Observer] | None = None
    spans_files: bool = False
    fix: Literal["safe", "unsafe"] | None = None
    repair: CellTextFunction | None = None
    detail: CellTextFunction | None = None
    yields_to: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()
    excludes_others: bool = False
    converting: Literal["note", "left out"] | None = None
    of_unmapped: bool = False
    of_exports: bool = True
    by_now: bool = False
