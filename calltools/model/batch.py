"""Source, Table and Batch: a file, what is in it, and some of its records on their way."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa

from calltools.model.assumptions import DateOrder
from calltools.model.cells import Cells, Mask, Numbers, combine_chunks
from calltools.model.finding import Findings
from calltools.texts.keys import Text

#: How a person looks up a record: by the physical line of a text, by the cell or the row of a sheet, by its number.
Address: TypeAlias = Literal["line", "cell", "record"]


@dataclass(frozen=True, slots=True)
class SourceFormat:
    """A form of input, as far as others than its reader must know it.

    Attributes:
        read_as: How a file was read, in English and Russian; it may name ``name``, ``encoding``, ``delimiter`` and
            ``sheet``.
        address: How its records are looked up, and so what ``places`` of a batch are.
        titles: Where the titles come from, in English and Russian, if not from a row of the file.
        headerless: Whether a file may begin with a record, so that its columns have numbers for titles.
        canonical: Whether the service takes a file of this form as it is.
    """

    read_as: Text
    address: Address
    titles: Text | None = None
    headerless: bool = False
    canonical: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One input file and how it is read: what was found, or what the user said.

    Attributes:
        path: Where its bytes are (for standard input, a copy).
        name: What the user calls it; the only name that is ever shown.
        format: Which form it has, one of ``INPUTS``.
        encoding: Of a text file, a Python codec name.
        delimiter: Of a CSV.
        header_row: Physical line or sheet row of the header; ``None``: the file has none.
        sheet: Of a workbook.
        first_column: Of a workbook: columns of the sheet to the left of the first title, which are empty.
            A finding's ``position`` counts from the first title.
        date_order: That of its dates, when they can be read two ways and it proves one.
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


@dataclass(frozen=True, slots=True)
class MalformedRecord:
    """A record that could not be split into the header's columns.

    Attributes:
        record: Its number, counted from 1 as if it were whole.
        place: The physical line on which it starts.
        cells: What it holds, as far as it could be split.
    """

    record: int
    place: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records of one table, on their way through the line. Stages never change one: they make another.

    Attributes:
        columns: Text only, a row a record, ``""`` means absent; a name is a title of the file
            before mapping and a canonical field after it. Each column is one chunk.
        records: The number of each record, rising. Relative to the batch (from 1) until the line has put
            the batches in order, then counted from the first record of the table.
        places: Physical line or sheet row on which each record starts.
        findings: What is known to be wrong so far.
        read: Records read, whole and damaged, skipped ones too.
        malformed: Records that are in no row, each with at least one finding that is an error.
        skipped: Records that the profile leaves out, by reason.
        rewritten: Cells that normalizing changed, by field.
        blank_places: Places of blank lines or rows, in order. The line names those between records (CT009).
        withheld: Calls whose caller hid the number.
        origin: After mapping: the rows as the file has them, in step with ``columns``; else ``None``.
    """

    columns: pa.Table
    records: Numbers
    places: Numbers
    findings: Findings = field(default_factory=Findings.empty)
    read: int = 0
    malformed: tuple[MalformedRecord, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    rewritten: Mapping[str, int] = field(default_factory=dict)
    blank_places: tuple[int, ...] = ()
    withheld: int = 0
    origin: pa.Table | None = None

    def __len__(self) -> int:
        return len(self.records)

    def cells(self, name: str) -> Cells:
        """One column."""
        return combine_chunks(self.columns[name])

    def with_findings(self, *more: Findings) -> "Batch":
        """The batch with more findings."""
        return replace(self, findings=Findings.concat([self.findings, *more]))

    def filter_rows(self, keep: Mask) -> "Batch":
        """Only the rows of the mask; findings and counts stay as they are."""
        if keep.all():
            return self
        rows = np.flatnonzero(keep)
        return replace(
            self,
            columns=self.columns.take(rows),
            records=self.records[rows],
            places=self.places[rows],
            origin=None if self.origin is None else self.origin.take(rows),
        )

    def shift_records(self, records: int) -> "Batch":
        """The batch with its record numbers ``records`` further on."""
        if not records:
            return self
        return replace(
            self,
            records=self.records + records,
            findings=self.findings.shift_records(records),
            malformed=tuple(replace(one, record=one.record + records) for one in self.malformed),
        )


#: A piece of reading that can run in a worker thread: it gives the records of one block.
ReadTask: TypeAlias = Callable[[], Batch]


@dataclass(frozen=True, slots=True)
class Table:
    """The header of a source and the way to its records.

    Attributes:
        source: The file, with what was found about it.
        titles: The header's titles as the file has them, in order, one a column.
        findings: What reading the header and the file's bytes already showed (CT0xx, CT1xx that need bytes).
        tasks: Yields tasks in the order of the file; each gives a ``Batch`` whose column names are
            ``titles`` made unique (``unique_titles``), whose records count from 1 within the batch and whose
            places are those of the file. Tasks are independent of one another and may run at once.
        can_cross_processes: Whether another process can be handed the table: its tasks begin with opening the file.
    """

    source: Source
    titles: tuple[str, ...]
    tasks: Callable[[], Iterator[ReadTask]]
    findings: Findings = field(default_factory=Findings.empty)
    can_cross_processes: bool = False


def unique_titles(titles: tuple[str, ...]) -> tuple[str, ...]:
    """Names for the columns of a batch: a repeated or empty title gets its position behind U+001F."""
    seen: Counter[str] = Counter(titles)
    return tuple(
        title if title and seen[title] == 1 else f"{title}\x1f{position}" for position, title in enumerate(titles)
    )


@dataclass(frozen=True, slots=True)
class Hints:
    """What the user or a profile says about reading; ``None`` is found by looking.

    Attributes:
        encoding: A Python codec name.
        delimiter: One character.
        sheet: Title of the sheet.
        header_row: Physical line or sheet row of the header; 0: there is none.
        quotes: ``undoubled``: every cell is quoted, and quotes inside are not doubled.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    quotes: str | None = None


@dataclass(frozen=True, slots=True)
class HeaderGuess:
    """What a judge says of the first rows of a file.

    Attributes:
        index: Which of the rows is the header, from 0; ``None``: there is none.
        score: How many of its cells are known titles (or, without a header, how many cells have the known
            shape); 0: nothing is known here.
        titles: Names for the columns of a file without a header, as a profile gives them for this shape.
        certain: Nothing else about the file, such as another delimiter, needs to be tried.
    """

    index: int | None
    score: int
    titles: tuple[str, ...] = ()
    certain: bool = False


#: Says which of the first rows is the header. Readers ask it; who knows canonical names and profiles makes it.
HeaderFinder: TypeAlias = Callable[[Sequence[Sequence[str]]], HeaderGuess]
