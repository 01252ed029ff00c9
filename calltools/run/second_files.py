"""Second files beside the calls, opened: a file of identifiers, files of outcomes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import UnfitFileError, UsageError
from calltools.files.limits import Limits
from calltools.files.opening import open_table
from calltools.files.packed import Unpacker, split_member
from calltools.matching.columns import (
    IDENTIFIER_TITLES,
    OUTCOME_TITLES,
    KnownTitles,
    MatchColumns,
    OutcomeColumns,
    find_match_columns,
    find_outcome_columns,
    guess_header,
    is_identifier_column,
)
from calltools.matching.dates import prove_match_dates
from calltools.matching.join import IdentifierIndex, build_index
from calltools.matching.outcomes import DayEnds, OutcomeRecords, read_outcomes
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, Hints, Table, unique_titles
from calltools.model.cells import Cells, Mask, as_mask, combine_chunks
from calltools.model.finding import Findings
from calltools.model.titles import REJECT_TITLES
from calltools.texts.keys import MessageKey


@dataclass(frozen=True, slots=True)
class IdentifierFile:
    """The second file, opened; its phones are read once for each country that the files of the run have.

    Attributes:
        table: Its header and records.
        columns: Positions of its columns.
        unpacker: Has its plain bytes, if it is packed, as long as the table may be read.
    """

    table: Table
    columns: MatchColumns
    unpacker: Unpacker
    _indexes: dict[Assumptions, IdentifierIndex] = field(default_factory=dict)

    def index(self, assumptions: Assumptions) -> IdentifierIndex:
        """Its records by phone and time, read with the zone, the country and the order of dates of a file of calls.

        Raises:
            UsageError: Its times are wall-clock times and the user named no zone, or no record can be used.
        """
        if assumptions not in self._indexes:
            dates = prove_match_dates(self.table, self.columns.time, assumptions.date_order)
            given = replace(assumptions, proven_orders=dates.orders)
            batches = (dates.clear_swapped(task()) for task in self.table.tasks())
            index = build_index(batches, self.table.titles, self.columns, given)
            found = Findings.concat([index.findings, dates.findings])
            self._indexes[assumptions] = replace(index, findings=found)
        return self._indexes[assumptions]


@dataclass(frozen=True, slots=True)
class OutcomeFile:
    """A file of outcomes, opened.

    Attributes:
        table: Its header and records.
        columns: Positions of its columns.
        unpacker: Has its plain bytes, if it is packed, as long as the table may be read.
    """

    table: Table
    columns: OutcomeColumns
    unpacker: Unpacker

    def read(self, assumptions: Assumptions) -> OutcomeRecords:
        """Its records, with the zone and the country of a file of calls; the order of its dates it proves itself.

        Raises:
            UsageError: The zone, the order of the dates or the currency is needed.
        """
        results = self.columns.results
        if "Price" in results and "Currency" not in results and assumptions.currency is None:
            raise UsageError("outcome-currency-needed", path=self.table.source.name)
        ends = DayEnds.of_table(self.table, self.columns.time)
        complete: Callable[[Batch], Batch] = ends.complete
        table = replace(self.table, tasks=lambda: (partial(_call_and, task, complete) for task in self.table.tasks()))
        dates = prove_match_dates(table, self.columns.time, assumptions.date_order)
        batches = (dates.clear_swapped(task()) for task in table.tasks())
        given = replace(assumptions, proven_orders=dates.orders)
        records = read_outcomes(batches, table.titles, self.columns, given)
        return replace(records, findings=(Findings.concat([*records.findings, dates.findings]),))


def _call_and(task: Callable[[], Batch], then: Callable[[Batch], Batch]) -> Batch:
    return then(task())


def mark_repeated(files: Sequence[OutcomeFile]) -> Mask:
    """Records that stand in an earlier file with the same titles, cell by cell: two exports overlap there.

    Within one file such records may be two sales. What rejects say of a record is no part of it.
    """
    known: dict[tuple[str, ...], Cells] = {}
    masks = [np.zeros(0, bool)]
    for file in files:
        titles = tuple(title for title in file.table.titles if title not in REJECT_TITLES)
        rows = _joined_rows(file.table)
        before = known.get(titles)
        masks.append(np.zeros(len(rows), bool) if before is None else as_mask(pc.is_in(rows, before)))
        known[titles] = rows if before is None else combine_chunks(pa.chunked_array([before, rows]))
    return np.concatenate(masks)


def _joined_rows(table: Table) -> Cells:
    names = [name for name in unique_titles(table.titles) if name not in REJECT_TITLES]
    parts = [
        pc.binary_join_element_wise(*(batch.cells(name) for name in names), "\x1f")
        for batch in (task() for task in table.tasks())
    ]
    return combine_chunks(pa.chunked_array(parts, pa.string()))


def open_identifiers(
    path: Path, explicit: Mapping[str, str], limits: Limits, sheet: str | None = None
) -> IdentifierFile:
    """Open a file of identifiers.

    Args:
        path: The file.
        explicit: Titles of its columns by role, where they are not found by name.
        limits: What reading it may cost.
        sheet: Its sheet, if it is a workbook; ``None``: the one whose titles fit best.

    Raises:
        SourceError: It cannot be read.
        UsageError: A column is missing, or several columns or sheets fit.
    """
    with _explain_sheets("identifier-sheets-several", "identifiers-sheet"):
        table, unpacker = _open_second_file(path, explicit, limits, IDENTIFIER_TITLES, sheet)
    return IdentifierFile(table, find_match_columns(table.titles, explicit), unpacker)


def open_outcomes(path: Path, explicit: Mapping[str, str], limits: Limits, sheet: str | None = None) -> OutcomeFile:
    """Open a file of outcomes; arguments and faults as for ``open_identifiers``."""
    with _explain_sheets("outcome-sheets-several", "outcomes-sheet"):
        table, unpacker = _open_second_file(path, explicit, limits, OUTCOME_TITLES, sheet)
    return OutcomeFile(table, find_outcome_columns(table.titles, explicit, path), unpacker)


@contextmanager
def _explain_sheets(several: MessageKey, option: str) -> Iterator[None]:
    """Faults of sheets that name the option of the second file; ``--sheet`` is that of the calls."""
    try:
        yield
    except UnfitFileError as fault:
        if fault.key == "sheets-several":
            raise UsageError(several, **fault.facts) from None
        if fault.key == "sheet-unknown":
            raise UsageError("second-sheet-unknown", **fault.facts, option=option) from None
        raise


def _open_second_file(
    path: Path, explicit: Mapping[str, str], limits: Limits, known: KnownTitles, sheet: str | None = None
) -> tuple[Table, Unpacker]:
    find_header = partial(guess_header, explicit=explicit, known=known)
    is_identifier = partial(is_identifier_column, explicit=explicit)
    unpacker = Unpacker()
    plain = unpacker.plain_path(split_member(path), str(path), limits)
    return open_table(plain, str(path), Hints(sheet=sheet), find_header, limits, is_identifier=is_identifier), unpacker


def locate_in_file(findings: Findings, name: str) -> Findings:
    """Findings on a second file: they have no place in the file of calls, so the title names theirs."""
    table, short = findings.table, Path(name).name
    places = pc.binary_join_element_wise(short, table["place"].cast(pa.string()), ":")
    columns = pc.binary_join_element_wise(table["column"], " (", pc.coalesce(places, short), ")", "")
    for title, cells in (("column", columns), ("place", None), ("position", None)):
        index = table.schema.get_field_index(title)
        field = table.schema.field(index)
        table = table.set_column(index, field, pa.nulls(len(table), field.type) if cells is None else cells)
    return Findings(table)
