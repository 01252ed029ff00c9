"""The pandera schema built from the field table and the rules of a run: it validates each record not proven clean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaError, SchemaErrors

from calltools.errors import DefectError
from calltools.fields.table import FIELD_NAMES
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, DistinctCells, Mask, Numbers
from calltools.model.rule import CellTest, RowTest, Rule

#: Text as Arrow holds it: the frame shares the memory of the cells. pandas's own string type would copy them.
_TEXT: Final = pd.ArrowDtype(pa.string())


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check that pandera reports as failed.

    Attributes:
        code: The code of its rule.
        column: The canonical column of a cell rule; ``None`` for a row rule.
        rows: The faulty rows of the table, in rising order.
    """

    code: str
    column: str | None
    rows: Numbers


@dataclass(frozen=True, slots=True)
class _JudgedTable:
    """The table that is being validated, and what its checks have found so far.

    Attributes:
        columns: All its cells.
        rows: Column -> rows of the cells that are not proven sound; a column that is left out is tested whole.
        suspects: Those cells. One object for all tests of a column: they share what they find out about it.
        checked: Name of a check that has run -> what it has found.
    """

    columns: Mapping[str, Cells]
    rows: Mapping[str, Numbers]
    suspects: Mapping[str, DistinctCells]
    checked: dict[str, FailedCheck] = field(default_factory=dict)

    def faulty_rows(self, test: CellTest, column: str, assumptions: Assumptions) -> Numbers:
        """Rows whose cell fails a test; on cells that are proven sound no test fails (tests/fields/kinds)."""
        if column not in self.rows:
            return np.flatnonzero(test(self.columns[column], assumptions))
        rows = self.rows[column]
        if not len(rows):
            return rows
        return rows[self.suspects[column].expand_mask(lambda cells: test(cells, assumptions))]


class PanderaSchema:
    """The pandera schema of a table with some canonical columns.

    Each rule on a column or on records is one named ``Check``, which runs the very function of the catalog. The frame
    is text only; ``""`` means absent. Building a schema costs more than validating a small frame, so a run keeps it.
    One thread at a time may use it.

    A check answers pandera with one boolean and keeps its rows here. Of a mask, pandera would collect, format and sort
    the failing values: most of the time that a failing check takes, and the values are phones and identifiers of
    people, which no text of an exception may hold. And all checks stand on the frame: a column whose check fails
    raises, catches and tabulates errors of its own, a millisecond each.

    Args:
        rules: The rules of the run; only cell and row rules are used.
        columns: The canonical columns that the table has.
        assumptions: What the tests rest on.
    """

    def __init__(self, rules: Sequence[Rule], columns: Sequence[str], assumptions: Assumptions) -> None:
        self._assumptions = assumptions
        self._table = _JudgedTable({}, {}, {})
        names = [name for name in FIELD_NAMES if name in columns]
        cells = [(rule, name, rule.cell) for name in names for rule in rules if rule.cell and name in rule.columns]
        rows = [(rule, rule.row) for rule in rules if rule.row and set(rule.columns) <= set(columns)]
        self.schema = pandera.DataFrameSchema(
            {name: pandera.Column(_TEXT) for name in names},
            checks=[
                *(self._cell_check(rule, name, test) for rule, name, test in cells),
                *(self._row_check(rule, test) for rule, test in rows),
            ],
        )

    def failed_checks(
        self, columns: Mapping[str, Cells], unproven: Mapping[str, Mask] = MappingProxyType({})
    ) -> list[FailedCheck]:
        """Validate a table; gives each check that fails, with its rows.

        Args:
            columns: The columns of the schema, all equally long.
            unproven: Column -> its cells that are not proven sound. A column that is left out is tested whole.

        Raises:
            DefectError: A check itself broke, or a column is not text: a fault in calltools.
        """
        rows = {name: np.flatnonzero(mask) for name, mask in unproven.items() if name in columns}
        suspects = {name: DistinctCells.of(columns[name].take(pa.array(places))) for name, places in rows.items()}
        self._table = _JudgedTable(columns, rows, suspects)
        frame = pa.table(dict(columns)).to_pandas(types_mapper={pa.string(): _TEXT}.get)
        errors: Sequence[SchemaError] = ()
        try:
            # An environment variable of pandera could switch validation off, and with it every finding.
            with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
                self.schema.validate(frame, lazy=True, inplace=True)
        except SchemaErrors as fault:
            errors = fault.schema_errors
        # Outside of the handler: where a check broke, pandera's text may hold a value, and must not be our context.
        return [self._failed_check(error) for error in errors]

    def _failed_check(self, error: SchemaError) -> FailedCheck:
        name = str(getattr(error.check, "name", None))
        if name not in self._table.checked:
            raise DefectError("check-failed", check=name, reason=str(error.reason_code))
        return self._table.checked[name]

    # The checks are closures, not methods: pandera copies checks deeply, and with a bound method this object.

    def _cell_check(self, rule: Rule, column: str, test: CellTest) -> pandera.Check:
        name = f"{rule.code} {column}"

        def passes(_frame: pd.DataFrame) -> bool:
            rows = self._table.faulty_rows(test, column, self._assumptions)
            self._table.checked[name] = FailedCheck(rule.code, column, rows)
            return not len(rows)

        return pandera.Check(passes, name=name, ignore_na=False)

    def _row_check(self, rule: Rule, test: RowTest) -> pandera.Check:
        def passes(_frame: pd.DataFrame) -> bool:
            rows = np.flatnonzero(test(self._table.columns, self._assumptions))
            self._table.checked[rule.code] = FailedCheck(rule.code, None, rows)
            return not len(rows)

        return pandera.Check(passes, name=rule.code, ignore_na=False)
