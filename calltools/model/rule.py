"""Rules: what the catalog is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeAlias

from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, Numbers
from calltools.model.finding import Findings


class Severity(StrEnum):
    """How bad: the words of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for an error, rising as it gets milder."""
        return tuple(Severity).index(self)


class Scope(StrEnum):
    """What a rule looks at."""

    FILE = "file"
    HEADER = "header"
    CELL = "cell"
    ROW = "row"
    DATASET = "dataset"
    SERVICE = "service"
    MAPPING = "mapping"


#: A cell test: the faulty cells of one column. ``""`` is faulty for no test but ``DateTime``'s missing one.
CellTest: TypeAlias = Callable[[Cells, Assumptions], Mask]


class PendingRows(dict[str, Cells]):
    """Columns of records of which only some still want a verdict; a test may say anything of the others."""

    def __init__(self, columns: Mapping[str, Cells], rows: Mask) -> None:
        super().__init__(columns)
        self.rows = rows


def limit_to_pending(columns: Mapping[str, Cells], candidates: Mask) -> Mask:
    """Those of the candidates of which a verdict is wanted: to look closer at them is what takes time."""
    return candidates & columns.rows if isinstance(columns, PendingRows) else candidates


#: A row test: the faulty records, from those canonical columns that the table has (at least one; all equally long).
RowTest: TypeAlias = Callable[[Mapping[str, Cells], Assumptions], Mask]
#: What a finding's sentence needs beside the cell, or the repaired cell, for faulty cells only.
CellTextFunction: TypeAlias = Callable[[Cells, Assumptions], Cells]
#: A header test: faulty columns as (position from 0 or ``None`` for the header as a whole, detail or ``None``).
HeaderTest: TypeAlias = Callable[[tuple[str, ...]], list[tuple[int | None, str | None]]]


class Observer(Protocol):
    """A rule with a memory: it walks along the whole table. One object a run and file.

    It sees each undamaged record, with errors or without. Its findings need no code, severity, column or
    position: the validation puts them in.
    """

    def digest(self, columns: Mapping[str, Cells], assumptions: Assumptions) -> Any:
        """What it must know of a batch. Pure; runs in worker threads, in any order."""

    def add(self, digest: Any, records: Numbers, places: Numbers) -> Findings:
        """Take a digest, in the order of the file; the numbers and places of the batch's records."""

    def close(self) -> Findings:
        """What only the end of the table shows."""


class CrossFileObserver(Observer, Protocol):
    """An observer that also knows the files before, of those that become one file."""

    def begin_file(self, name: str) -> None:
        """A file begins."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be wrong.

    Attributes:
        code: ``CT`` and three digits; given once, never reused.
        name: What is wrong; reads well after "allow".
        severity: What it is by default.
        scope: What it looks at.
        summary: One English line for the catalog, with a small first letter and no full stop.
        manual: The page: sections as in ``rules/manual.py``.
        columns: Canonical fields: of a cell rule those it is applied to; of a row rule those it cannot do without.
        cell: The test of a cell rule.
        row: The test of a row rule.
        at: The field at which a row rule's finding stands; ``None``: the record as a whole.
        note_where: Records for which a row rule's finding is only a note.
        header: The test of a header rule.
        observer: Makes the observer of a rule that needs the whole table.
        spans_files: Whether that observer is a ``Spanning`` one.
        fix: Whether the rule offers a repaired value, and whether that rests on the user's word.
        repair: The repaired cell where it is not simply the normalized one.
        detail: What the sentence says beside the cell.
        yields_to: Codes of rules that say it better. A cell rule is silent on a cell that one of them has named; a row
            rule where one of them has named a cell of a column that it ``misses``, and in a file without any such
            column where it is a header rule.
        misses: Fields of which a row rule says that they have no value.
        speaks_alone: Nothing else is said of a record that it has named.
        converting: What becomes of it where records are normalized before they are judged; ``None``: it stays.
        of_unmapped: Whether it also counts on a column that no field is read from: it is about the whole record.
        of_exports: Whether it looks at a vendor's export, which has titles of its own.
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
    speaks_alone: bool = False
    converting: Literal["note", "left out"] | None = None
    of_unmapped: bool = False
    of_exports: bool = True
