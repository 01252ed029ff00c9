"""Cells that a person has mended: a run reads them in place of those of the file, which stays as it is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Batch, ReadTask, Table
from calltools.model.cells import combine_chunks
from calltools.model.finding import Findings


@dataclass(frozen=True, slots=True)
class CellEdits:
    """The mended cells of one file.

    Attributes:
        cells: Place of a record -> position of a column -> the text that counts.
    """

    cells: Mapping[int, Mapping[int, str]] = field(default_factory=dict)

    def apply_to_table(self, table: Table) -> Table:
        """The table as it is read with these cells."""
        if not self.cells:
            return table
        # Its bytes are not all that counts any more, and no other process knows the cells.
        return replace(
            table, tasks=partial(self.apply_to_tasks, table.tasks), can_cross_processes=False, ranges=None, text=None
        )

    def apply_to_tasks(self, tasks: Callable[[], Iterator[ReadTask]]) -> Iterator[ReadTask]:
        """Tasks whose batches have these cells."""
        for task in tasks():
            yield partial(self._read, task)

    def _read(self, task: ReadTask) -> Batch:
        return self.apply(task())

    def apply(self, batch: Batch) -> Batch:
        """The batch with these cells; what a reader has found in the cells before counts no more."""
        rows = np.flatnonzero(np.isin(batch.places, np.fromiter(self.cells, np.int64, len(self.cells))))
        if not len(rows):
            return batch
        by_position: dict[int, dict[int, str]] = {}
        for row, place in zip(rows.tolist(), batch.places[rows].tolist(), strict=True):
            for position, text in self.cells[place].items():
                by_position.setdefault(position, {})[row] = text
        columns = batch.columns
        for position, texts in by_position.items():
            mask = np.zeros(len(batch), bool)
            mask[list(texts)] = True
            cells = combine_chunks(columns.column(position))
            after = pa.array([texts[row] for row in sorted(texts)], cells.type)
            replaced = pc.replace_with_mask(cells, pa.array(mask), after)
            columns = columns.set_column(position, columns.column_names[position], replaced)
        return replace(batch, columns=columns, findings=self._without_mended(batch.findings))

    def _without_mended(self, findings: Findings) -> Findings:
        if not len(findings):
            return findings
        spots = zip(findings.table["place"].to_pylist(), findings.table["position"].to_pylist(), strict=True)
        return findings.filter(
            pa.array([position not in self.cells.get(place, ()) for place, position in spots], pa.bool_())
        )
