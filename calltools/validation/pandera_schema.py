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
from calltools.model.cells import Cells, Mask, Numbers
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
    """The table that is being validated, and the masks of the checks that have run on it.

    Attributes:
        columns: All its cells.
        rows: Column -> rows of the cells that are not proven sound; a column that is left out is tested whole.
        suspects: Those cells. One object for all tests of a column: they share what they find out about it.
        faults: Code and column of a check -> its faulty rows.
    """

    columns: Mapping[str, Cells]
    rows: Mapping[str, Numbers]
    suspects: Mapping[str, Cells]
    faults: dict[tuple[str, str | None], Mask] = field(default_factory=dict)


class PanderaSchema:
    """The pandera schema of a table with some canonical columns.

    Each rule on cells or records is one named ``Check``: its name is the code of the rule, and it runs the very
    function of the catalog. The frame is text only; ``""`` means absent. Building a schema costs more than validating
    a small frame, so a run keeps it. One thread at a time may use it.

    A check answers pandera with one boolean, and keeps its mask here. Of a mask, pandera would collect, format and sort
    the failing values: most of the time that a failing check takes, and the values are phones and identifiers of
    people, which no text of an exception may hold.

    Args:
        rules: The rules of the run; only cell and row rules are used.
        columns: The canonical columns that the table has.
        assumptions: What the tests rest on.
    """

    def __init__(self, rules: Sequence[Rule], columns: Sequence[str], assumptions: Assumptions) -> None:
        self._assumptions = assumptions
        self._table = _JudgedTable({}, {}, {})
        # The checks are closures: pandera copies its components deeply, and a bound method would copy this object.
        self.schema = pandera.DataFrameSchema(
            {
                name: pandera.Column(
                    _TEXT,
                    [self._cell_check(rule, rule.cell, name) for rule in rules if rule.cell and name in rule.columns],
                )
                for name in FIELD_NAMES
                if name in columns
            },
            checks=[
                self._row_check(rule, rule.row) for rule in rules if rule.row and set(rule.columns) <= set(columns)
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
        suspects = {name: columns[name].take(pa.array(places)) for name, places in rows.items()}
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
        code, column = str(getattr(error.check, "name", None)), error.column_name
        if (code, column) not in self._table.faults:
            raise DefectError("check-failed", check=code, reason=str(error.reason_code))
        return FailedCheck(code, column, np.flatnonzero(self._table.faults[code, column]))

    def _cell_check(self, rule: Rule, test: CellTest, name: str) -> pandera.Check:
        def passes(_series: "pd.Series[str]") -> bool:
            table = self._table
            if name not in table.rows:
                faulty = test(table.columns[name], self._assumptions)
            else:
                # On cells that are proven sound no test fails: a law of each kind (tests/fields/kinds).
                faulty = np.zeros(len(table.columns[name]), bool)
                if len(table.rows[name]):
                    faulty[table.rows[name]] = test(table.suspects[name], self._assumptions)
            table.faults[rule.code, name] = faulty
            return not faulty.any()

        return pandera.Check(passes, name=rule.code, ignore_na=False)

    def _row_check(self, rule: Rule, test: RowTest) -> pandera.Check:
        def passes(_frame: pd.DataFrame) -> bool:
            faulty = self._table.faults[rule.code, None] = test(self._table.columns, self._assumptions)
            return not faulty.any()

        return pandera.Check(passes, name=rule.code, ignore_na=False)
