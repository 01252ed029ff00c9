"""Ids of the second file that lost digits: each is told, and none is given to a call."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import byte_lengths, digits_only
from calltools.fields.table import IDENTIFIER_FIELDS
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch
from calltools.model.cells import Cells, Mask, Numbers, combine_chunks
from calltools.model.finding import Findings
from calltools.rules.catalog import RULES_BY_CODE
from calltools.rules.dataset import IdentifierPrecisionLost

#: Rules on cells whose ids have lost digits. What else is no id (a word, a Google id) is only counted.
_CELL_RULES: Final = tuple(RULES_BY_CODE[code] for code in ("CT203", "CT208"))
#: Shorter ids are exact, whatever number they were kept as.
_ROUNDED_DIGITS: Final = 16
_NO_PLACES: Final = np.zeros(0, np.int64)


class DamagedIds:
    """Looks at the ids of the second file, batch by batch.

    Args:
        titles: Its header.
        columns: Identifier field -> position of its column.
        assumptions: As for the calls.
    """

    def __init__(self, titles: tuple[str, ...], columns: Mapping[str, int], assumptions: Assumptions) -> None:
        self._titles = titles
        self._columns = columns
        self._assumptions = assumptions
        self._rounding = IdentifierPrecisionLost()
        self._found: dict[tuple[str, str], list[Findings]] = {}

    def find(self, batch: Batch, ids: Mapping[str, Cells]) -> dict[str, Mask]:
        """For each field the rows whose id lost digits, as far as the cell itself shows it.

        Args:
            batch: Records as they are in the file.
            ids: Field -> normalized ids.
        """
        [digest] = self._rounding.digest(ids, np.array([0, len(batch)]), self._assumptions)
        self._rounding.add(digest, _NO_PLACES, _NO_PLACES)
        damaged = {}
        for name, cells in ids.items():
            masks = {
                rule.code: rule.cell(cells, self._assumptions)
                for rule in _CELL_RULES
                if rule.cell is not None and name in rule.columns
            }
            masks["CT209"] = np.isin(batch.places, self._number_cells(batch, self._columns[name]))
            for code, mask in masks.items():
                self._tell(code, name, batch.places[mask], cells.filter(pa.array(mask)))
            damaged[name] = np.logical_or.reduce(list(masks.values()))
        return damaged

    def _number_cells(self, batch: Batch, position: int) -> Numbers:
        """Places of the ids that a workbook keeps as numbers."""
        table = batch.findings.table
        places: Numbers = table.filter(
            pc.and_(pc.equal(table["code"], "CT209"), pc.equal(table["position"], position))
        )["place"].to_numpy()
        return places

    def _tell(self, code: str, name: str, places: Numbers, values: Cells) -> None:
        if len(places):
            title = self._titles[self._columns[name]]
            found = Findings.for_rule(code, records=None, places=places, column=title, field=name, value=values)
            self._found.setdefault((code, name), []).append(found)

    def rounded_fields(self) -> Sequence[str]:
        """The fields of whose ids all long ones bear the mark of a rounding; known when all batches were seen."""
        found = self._rounding.close().to_rows()
        for row in found:
            title = self._titles[self._columns[row["field"]]]
            self._found["CT404", row["field"]] = [Findings.from_rows([{**row, "code": "CT404", "column": title}])]
        return [row["field"] for row in found]

    @property
    def findings(self) -> Findings:
        """The damaged ids by column and rule; an id column that is rounded as a whole is one."""
        return Findings.concat([found for key in sorted(self._found) for found in self._found[key]])


def is_rounded(cells: Cells) -> Mask:
    """Mask of the ids of a rounded column that may have lost digits: the long ones."""
    rounded: Mask = digits_only(cells) & (byte_lengths(cells) >= _ROUNDED_DIGITS)
    return rounded


def clear_rounded(table: pa.Table, fields: Sequence[str]) -> pa.Table:
    """The records without the long ids of some fields; records that have no other id are left out."""
    for name in fields:
        cells = combine_chunks(table[name])
        cleared = pc.if_else(pa.array(is_rounded(cells)), "", cells)
        table = table.set_column(table.column_names.index(name), name, cleared)
    filled = [pc.not_equal(table[name], "") for name in IDENTIFIER_FIELDS]
    known = filled[0]
    for mask in filled[1:]:
        known = pc.or_(known, mask)
    return table.filter(known)
