"""Source, Table and Batch: a file, its header and records, and some records on their way through the pipeline."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pyarrow as pa

from calltools.model.assumptions import DateOrder
from calltools.model.cells import Cells, Mask, Numbers, combine_chunks
from calltools.model.finding import Findings
from calltools.texts.keys import Text, Word

#: What mapping and normalizing do to records, by the attribute of a ``Batch`` that counts it.
Count: TypeAlias = Literal["skipped", "rewritten", "withheld", "named"]
#: How a reader finds a record in a file: by its physical line, by cell or row of a sheet, or by its number.
Address: TypeAlias = Literal["line", "cell", "record"]


@dataclass(frozen=True, slots=True)
class SourceFormat:
    """What other rooms must know of a format of input files; its reader is in ``files/``.

    Attributes:
        read_as: The sentence that says how a file was read, in English and Russian. Placeholders: ``name``,
            ``encoding``, ``delimiter`` and ``sheet``.
        address: How a reader finds a record; it decides what ``places`` of a batch are.
        titles: Where the titles come from, in English and Russian, if not from a row of the file.
        headerless: Whether a file may have no header, so that its columns have numbers for titles.
        canonical: Whether the service accepts files of this format.
    """

    read_as: Text
    address: Address
    titles: Text | None = None
    headerless: bool = False
    canonical: bool = False


#: What messages call an input that has no name; one that was packed is ``stdin/calls.csv``.
UNNAMED_INPUTS: Final = frozenset({"stdin", "bytes", "stream", "table"})
#: What a shell expands in quotes, and what has a meaning in some form of report.
_SPECIAL_IN_ARGUMENTS: Final = frozenset('`|<>&"$!')


def is_plain_argument(text: str) -> bool:
    """Whether a text can stand in a command of a sentence as it is, maybe in quotes."""
    return bool(text) and text.isprintable() and not _SPECIAL_IN_ARGUMENTS & set(text)


def quote_argument(text: str) -> str:
    """A text as an argument for the shells of all systems; dots stand in place of one that needs more than quotes."""
    plain = text if is_plain_argument(text) else "…"
    return f'"{plain}"' if re.search(r"[^\w./\\:@%+=,…-]", plain) else plain


def name_in_command(name: str) -> str | Word:
    """The name of an input as an argument; the word for a file where only its bytes were given, as on a pipe."""
    return Word("advice-file") if name.partition("/")[0] in UNNAMED_INPUTS else quote_argument(name)


@dataclass(frozen=True, slots=True)
class Given:
    """What the user or the profile says of a file before it is read: advice takes it in and never proposes it again.

    Attributes:
        option: The name of the option, without its hyphens.
        value: As a person writes it.
        by_profile: Whether the profile or the file says it, and no option.
        by_file: Whether it is the file.
    """

    option: str
    value: str
    by_profile: bool = False
    by_file: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One input file and how it is read, as it was found out or given by the user.

    Attributes:
        path: The file with the bytes (for standard input, a copy).
        name: What the user calls it; only this name is shown.
        format: Its format, one of ``INPUTS``.
        encoding: Python codec name, of a text file.
        delimiter: Character between cells, of a CSV.
        header_row: Physical line or sheet row of the header; ``None``: the file has none.
        sheet: Title of the sheet, of a workbook.
        first_column: Count of empty columns to the left of the first title, of a workbook.
            The ``position`` of a finding counts from the first title.
        date_order: The order of day and month, if its dates are ambiguous and one of them proves it.
        given: What was said of it; what the profile says comes first, because it counts before the option.
        converting: Whether the run converts it.
        records: Path of the list that was read, of a JSON document with several.
        zone: IANA name of the zone of wall-clock times, if a cell above the header of a sheet names it.
        other_lists: Path and count of objects of each list that was not.
        unusable: Why records of the file of identifiers cannot be joined to its calls (``Unusable``), and how many.
    """

    path: Path
    name: str
    format: SourceFormat
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    sheet: str | None = None
    first_column: int = 0
    date_order: DateOrder | None = None
    given: tuple[Given, ...] = ()
    converting: bool = False
    zone: str | None = None
    records: str | None = None
    other_lists: tuple[tuple[str, int], ...] = ()
    unusable: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class MalformedRecord:
    """A record that could not be split into the columns of the header.

    Attributes:
        record: Its number from 1, counted together with whole records.
        place: The physical line on which it starts.
        cells: Its cells, as far as it could be split.
    """

    record: int
    place: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MalformedRecords:
    """Malformed records as columns, because there may be a million of them; read one by one like a list.

    Attributes:
        records: The number of each.
        places: The physical line on which each starts.
        cells: The list of the cells of each.
    """

    records: Numbers
    places: Numbers
    cells: pa.ListArray

    @staticmethod
    def empty() -> "MalformedRecords":
        """No record."""
        return _no_malformed_records()

    @staticmethod
    def from_list(records: Sequence[MalformedRecord]) -> "MalformedRecords":
        """These records, in their order."""
        return MalformedRecords(
            np.array([one.record for one in records], np.int64),
            np.array([one.place for one in records], np.int64),
            pa.array([one.cells for one in records], pa.list_(pa.string())),
        )

    @staticmethod
    def concat(parts: "Sequence[MalformedRecords]") -> "MalformedRecords":
        """The records of all parts, in the order of the parts."""
        if not parts:
            return _no_malformed_records()
        return MalformedRecords(
            np.concatenate([part.records for part in parts]),
            np.concatenate([part.places for part in parts]),
            pa.concat_arrays([part.cells for part in parts]),
        )

    def filter(self, keep: Mask) -> "MalformedRecords":
        """The records of the mask."""
        return MalformedRecords(self.records[keep], self.places[keep], self.cells.filter(pa.array(keep)))

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[MalformedRecord]:
        for row, (record, place) in enumerate(zip(self.records.tolist(), self.places.tolist(), strict=True)):
            yield MalformedRecord(record, place, tuple(self.cells[row].as_py()))


@lru_cache(maxsize=1)
def _no_malformed_records() -> MalformedRecords:
    # Not a constant of the module: the first Arrow array imports pandas.
    return MalformedRecords.from_list([])


def find_runs(places: Numbers) -> Numbers:
    """Rising places as runs: the first and the last place of each, one row a run."""
    return join_runs(np.column_stack([places, places]))


def join_runs(runs: Numbers) -> Numbers:
    """Rising runs, those as one of which the second begins where the first ends."""
    if len(runs) < 2:
        return runs
    apart = np.flatnonzero(runs[1:, 0] != runs[:-1, 1] + 1)
    return np.column_stack([runs[np.append(0, apart + 1), 0], runs[np.append(apart, len(runs) - 1), 1]])


#: No run; see ``find_runs``.
NO_RUNS: Numbers = np.empty((0, 2), np.int64)


@dataclass(frozen=True, slots=True)
class Legs:
    """The records that were merged into calls: all legs of each call that has several.

    Attributes:
        columns: The legs as they are in the file, one row for each.
        records: The number of each leg.
        places: Physical line or sheet row on which each leg starts.
        calls: The number of the record that stands for its call; that record is a leg, too.
    """

    columns: pa.Table
    records: Numbers
    places: Numbers
    calls: Numbers

    def of_calls(self, records: Numbers) -> "Legs":
        """The legs of some calls."""
        keep = np.isin(self.calls, records)
        if keep.all():
            return self
        return Legs(self.columns.filter(pa.array(keep)), self.records[keep], self.places[keep], self.calls[keep])

    def without_cells(self) -> "Legs":
        """Their numbers only."""
        return replace(self, columns=empty_table(self.columns.schema))


@lru_cache(maxsize=16)
def empty_table(schema: pa.Schema) -> pa.Table:
    """A table without rows; Arrow makes an array a column for it."""
    return schema.empty_table()


@dataclass(frozen=True, slots=True)
class StoredRecords:
    """Good records of a batch that wait in a file of their own until the columns of the output are known.

    Attributes:
        path: The file, in a form that only ``files/parts.py`` reads; without records there is none.
        count: Records.
        filled: Fields of which a cell is filled.
    """

    path: Path
    count: int
    filled: frozenset[str]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records of one table, on their way through the pipeline. A stage returns another batch, never changes one.

    Attributes:
        columns: Text only, one row for each record; ``""`` means absent. Each column is one chunk. The names are titles
            of the file before mapping, and canonical fields after it.
        records: The number of each record, rising. It counts from 1 in the batch until the pipeline has put the
            batches in order, and then from the first record of the table.
        places: Physical line or sheet row on which each record starts.
        findings: The faults found so far.
        read: Count of records read, including malformed and skipped ones.
        malformed: Records that are in no row; each has at least one finding that is an error.
        skipped: Count of records that the profile leaves out, by reason.
        rewritten: Count of cells that normalizing changed, by field.
        blanks: Runs of blank lines or rows, in order (``find_runs``). The pipeline reports those between records
            (CT009).
        withheld: Count of calls whose caller withheld the number.
        named: Context or called number that the user named -> count of rows with it.
        origin: After mapping, the rows as they are in the file, parallel to ``columns``; ``None`` before it.
        merged: Canonical field -> what several legs say of it together, parallel to ``columns``; ``""`` where one row
            says all. Mapping puts it in the place of what the row says.
        legs: The legs of calls that have several, also of calls that the profile leaves out; ``None``: no call has.
        counted: Which count, and the reason, field or word -> the records that it counts, until ``sum_counts`` adds
            them up: records of several files may be in one batch meanwhile (``JoinedBatches``).
        size: Bytes of the file from which it was read; 0: not known.
        stored: Its good records, where they were stored by who read them and are not in ``columns``.
    """

    columns: pa.Table
    records: Numbers
    places: Numbers
    findings: Findings = field(default_factory=Findings.empty)
    read: int = 0
    malformed: MalformedRecords = field(default_factory=MalformedRecords.empty)
    skipped: Mapping[str, int] = field(default_factory=dict)
    rewritten: Mapping[str, int] = field(default_factory=dict)
    blanks: Numbers = field(default_factory=lambda: NO_RUNS)
    withheld: int = 0
    named: Mapping[str, int] = field(default_factory=dict)
    origin: pa.Table | None = None
    merged: Mapping[str, Cells] = field(default_factory=dict)
    legs: Legs | None = None
    counted: Mapping[tuple[Count, str], Numbers] = field(default_factory=dict)
    size: int = 0
    stored: StoredRecords | None = None

    def __len__(self) -> int:
        return len(self.records)

    def cells(self, name: str) -> Cells:
        """The cells of one column."""
        return combine_chunks(self.columns[name])

    def with_findings(self, *more: Findings) -> "Batch":
        """The batch with these findings added."""
        return replace(self, findings=Findings.concat([self.findings, *more]))

    def with_counted(self, count: Count, records: Mapping[str, Numbers]) -> "Batch":
        """The batch with more that is to be counted: reason, field or word -> the records."""
        more = {(count, word): numbers for word, numbers in records.items() if len(numbers)}
        return replace(self, counted={**self.counted, **more}) if more else self

    def sum_counts(self) -> "Batch":
        """The batch with all that was ``counted`` added up; reasons come in the order of the records."""
        if not self.counted:
            return self
        counts: dict[Count, Counter[str]] = {
            "skipped": Counter(self.skipped), "rewritten": Counter(self.rewritten), "named": Counter(self.named),
            "withheld": Counter(),
        }  # fmt: skip
        for (count, word), numbers in sorted(self.counted.items(), key=lambda one: int(one[1][0])):
            counts[count][word] += len(numbers)
        return replace(
            self,
            counted={},
            skipped=dict(counts["skipped"]),
            rewritten=dict(counts["rewritten"]),
            withheld=self.withheld + counts["withheld"].total(),
            named=dict(counts["named"]),
        )

    def with_legs(self, records: Numbers) -> Numbers:
        """Some record numbers, and those of all legs of these calls; rising."""
        if self.legs is None or not len(records):
            return np.unique(records)
        return np.union1d(records, self.legs.records[np.isin(self.legs.calls, records)])

    def without_cells(self) -> "Batch":
        """What counts of it: findings, numbers and counts."""
        legs = None if self.legs is None else self.legs.without_cells()
        return replace(self, columns=empty_table(self.columns.schema), origin=None, merged={}, legs=legs)

    def filter_rows(self, keep: Mask) -> "Batch":
        """The batch with the rows of the mask only; findings and counts are unchanged."""
        if keep.all():
            return self
        rows = np.flatnonzero(keep)
        return replace(
            self,
            columns=self.columns.take(rows),
            records=self.records[rows],
            places=self.places[rows],
            origin=None if self.origin is None else self.origin.take(rows),
            merged={name: cells.take(pa.array(rows)) for name, cells in self.merged.items()},
        )

    def shift_records(self, records: int) -> "Batch":
        """The batch with ``records`` added to all its record numbers."""
        if not records:
            return self
        return replace(
            self,
            records=self.records + records,
            findings=self.findings.shift_records(records),
            malformed=replace(self.malformed, records=self.malformed.records + records),
        )


#: Reads the records of one block of a file; it can run in a worker thread.
ReadTask: TypeAlias = Callable[[], Batch]


@dataclass(frozen=True, slots=True)
class ByteRanges:
    """The blocks of a file as places in it, which any machine that can open the file reads by itself.

    Attributes:
        scan: Finds the blocks, in the order of the file, without parsing their records; what it yields is small and can
            be pickled.
        read: Reads what ``scan`` has found into a ``Batch``, as a task of the table would; it can be pickled, too.
        tasks: What ``scan`` finds, each with a task that makes the same ``Batch`` of the bytes that the scan has read.
    """

    scan: Callable[[], Iterator[Any]]
    read: Callable[[Any], Batch]
    tasks: Callable[[], Iterator[tuple[Any, ReadTask]]]


@dataclass(frozen=True, slots=True)
class TextBytes:
    """The bytes in which the cells of a table stand, for who can learn from them without reading its records.

    Attributes:
        pieces: All of them in the order of the file, piece by piece; a piece is valid until the next one.
        is_unquoted: Says whether there is no quote in them, so that each line is a record.
        tasks: Gives the tasks of the table of whose bytes a function says that they are wanted. Records and places of
            their batches count from an unknown line on.
        encoding: UTF-8, or an encoding of one byte a letter in which ASCII stands for itself.
        size: How many bytes, about.
    """

    pieces: Callable[[], Iterator[memoryview]]
    is_unquoted: Callable[[], bool]
    tasks: Callable[[Callable[[memoryview], bool]], Iterator[ReadTask]]
    encoding: str
    size: int


@dataclass(frozen=True, slots=True)
class Table:
    """The header of a source, and the tasks that read its records.

    Attributes:
        source: The file, with what was found out about it.
        titles: The titles as they are in the file, in order, one for each column.
        findings: Faults of the header and of the bytes of the file (CT0xx, and CT1xx that need the bytes).
        tasks: Yields tasks in the order of the file. Each gives a ``Batch`` whose column names are
            ``unique_titles(titles)``, whose records count from 1 and whose places are those of the file. Tasks are
            independent of each other and may run at the same time.
        can_cross_processes: Whether the table can be sent to another process: then each task opens the file itself.
        ranges: The same batches as those of ``tasks``, by ranges of bytes; ``None``: the file has none.
        text: The bytes of its cells, if they stand in the file as they are.
    """

    source: Source
    titles: tuple[str, ...]
    tasks: Callable[[], Iterator[ReadTask]]
    findings: Findings = field(default_factory=Findings.empty)
    can_cross_processes: bool = False
    ranges: ByteRanges | None = None
    text: TextBytes | None = None


def unique_titles(titles: tuple[str, ...]) -> tuple[str, ...]:
    """Names for the columns of a batch: U+001F and the position are added to a repeated or empty title."""
    seen: Counter[str] = Counter(titles)
    return tuple(
        title if title and seen[title] == 1 else f"{title}\x1f{position}" for position, title in enumerate(titles)
    )


@dataclass(frozen=True, slots=True)
class Hints:
    """What the user or a profile says about the format of a file; ``None`` is found out from the file.

    Attributes:
        encoding: A Python codec name.
        delimiter: One character.
        sheet: Title of the sheet.
        header_row: Physical line or sheet row of the header; 0: the file has none.
        quotes: ``undoubled``: every cell is quoted, and quotes inside of cells are not doubled.
        records: Path of the list that holds the records of a JSON document, such as ``data[].list``.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    quotes: str | None = None
    records: str | None = None


@dataclass(frozen=True, slots=True)
class HeaderGuess:
    """The answer of a ``HeaderFinder`` about the first rows of a file.

    Attributes:
        index: Index of the header among the rows; ``None``: there is none.
        score: Count of cells that are known titles, or, without a header, that have the known shape; 0: nothing is
            known.
        titles: Titles for a file without a header, as a profile gives them for this shape.
        certain: Whether other ways to read the file, such as another delimiter, need not be tried.
        fits: Whether the row is the header of a known export, where only one row was asked about.
    """

    index: int | None
    score: int
    titles: tuple[str, ...] = ()
    certain: bool = False
    fits: bool = False


#: Finds the header among the first rows. Readers call it; it is made where canonical names and profiles are known.
HeaderFinder: TypeAlias = Callable[[Sequence[Sequence[str]]], HeaderGuess]
