"""The dates of the second file: their order of day and month, and those that a spreadsheet swapped."""

from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

import numpy as np
import pyarrow as pa

from calltools.errors import UsageError
from calltools.fields.date_order import YEAR_FIRST, SeenDates, rows_of_families, see_dates
from calltools.fields.kernels.cell_kernels import clear_where
from calltools.model.assumptions import DateOrder, Orders
from calltools.model.batch import Batch, Table, unique_titles
from calltools.model.finding import Findings


@dataclass(frozen=True, slots=True)
class MatchDates:
    """What the dates of the second file show.

    Attributes:
        name: Name of the column of times in its batches.
        orders: The order of day and month that its dates prove.
        swapped: How dates are written in which a spreadsheet has exchanged day and month (``date_order``).
        findings: CT610 for the first of them.
    """

    name: str
    orders: Orders
    swapped: tuple[str, ...]
    findings: Findings

    def clear_swapped(self, batch: Batch) -> Batch:
        """The batch without its swapped times: they are the times of no record."""
        if not self.swapped:
            return batch
        cells = batch.cells(self.name)
        cleared = clear_where(cells, rows_of_families(cells, self.swapped))
        position = batch.columns.column_names.index(self.name)
        return replace(batch, columns=batch.columns.set_column(position, self.name, cleared))


def prove_match_dates(table: Table, position: int, order: DateOrder | None) -> MatchDates:
    """Look at all dates of a second file.

    Args:
        table: The file.
        position: Of its column of times.
        order: Of day and month, as the user says.

    Raises:
        UsageError: Nothing tells the order of day and month, or dates contradict one another.
    """
    name, title = unique_titles(table.titles)[position], table.titles[position]
    seen = reduce(or_, (see_dates(task().cells(name)) for task in table.tasks()), SeenDates())
    swapped = tuple(mark for mark in seen.swapped() if order is None or mark == YEAR_FIRST)
    if order is None and set(seen.undecided()) - set(swapped):
        raise UsageError("identifier-date-order-needed", column=title)
    found = (_first_swapped(task(), name, title, swapped) for task in (table.tasks() if swapped else ()))
    return MatchDates(name, seen.proven_orders(), swapped, next(filter(len, found), Findings.empty()))


def _first_swapped(batch: Batch, name: str, title: str, swapped: tuple[str, ...]) -> Findings:
    rows = np.flatnonzero(rows_of_families(batch.cells(name), swapped))[:1]
    value = batch.cells(name).take(pa.array(rows))
    return Findings.for_rule(
        "CT610", records=None, places=batch.places[rows], column=title, field="DateTime", value=value
    )
