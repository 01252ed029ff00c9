"""The pandera schema built from the field table and the rules of a run.

Its verdict is the mask of each check; it validates every record that is not proven clean.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.api.base.checks import CheckResult
from pandera.backends.base import CoreCheckResult
from pandera.backends.pandas.checks import PandasCheckBackend
from pandera.backends.pandas.components import ColumnBackend
from pandera.backends.pandas.container import DataFrameSchemaBackend
from pandera.config import ValidationDepth, config_context
from pandera.errors import FailureCaseMetadata, SchemaError, SchemaErrorReason, SchemaErrors

from calltools.fields.table import FIELD_NAMES
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, Numbers
from calltools.model.rule import CellTest, RowTest, Rule

#: Text as Arrow holds it: a frame of it shares the memory of the cells. pandas's own would be another copy.
_TEXT: Final = pd.ArrowDtype(pa.string())


class FrameCells(Mapping[str, Cells]):
    """The columns of a frame as cells, each made once: checks find out things about the same object."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self._series: dict[str, pd.Series[str]] = {}
        self._cells: dict[str, Cells] = {}

    def text_series(self, name: str) -> "pd.Series[str]":
        """A column as pandas has it."""
        if name not in self._series:
            self._series[name] = self.frame[name]
        return self._series[name]

    def __getitem__(self, name: str) -> Cells:
        if name not in self._cells:
            self._cells[name] = cells_of_series(self.text_series(name))
        return self._cells[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.frame.columns)

    def __len__(self) -> int:
        return len(self.frame.columns)


def cells_of_series(series: "pd.Series[str]") -> Cells:
    """A text column of a frame as cells: the same object when the same series is asked for again."""
    last = getattr(_LAST_USED, "pair", None)
    if last is None or last[0] is not series:
        last = _LAST_USED.pair = (series, pa.array(series.array).cast(pa.string()))
    cells: Cells = last[1]
    return cells


def cells_of_frame(frame: pd.DataFrame) -> FrameCells:
    """The cells of a frame; those of the frame before are forgotten."""
    last: FrameCells | None = getattr(_LAST_USED, "cells", None)
    if last is None or last.frame is not frame:
        last = _LAST_USED.cells = FrameCells(frame)
    return last


#: The checks of a column follow one another, and so do those of a frame.
_LAST_USED: Final = threading.local()


class _CheckBackend(PandasCheckBackend):
    """pandera's own, but a verdict is the check's output and no more.

    Examples of failures are people's values, nobody reads them, and picking them is most of what a failing check costs.
    Nor is there anything to prepare: text has no missing values, and no check asks for groups.
    """

    def __call__(self, check_obj: Any, key: str | None = None) -> CheckResult:
        """Which rows of a frame, or of one of its columns, pass, as a mask."""
        passes = self.check_fn(check_obj if key is None else cells_of_frame(check_obj).text_series(key))
        return CheckResult(passes, passes.all(), check_obj, None)


class _WithoutFailureCases:
    """For pandera's backends: an error has neither a text nor values, for the same reasons."""

    def run_check(self, check_obj: Any, _schema: Any, check: Any, check_index: int, *args: Any) -> CoreCheckResult:
        """What the check says."""
        result = check(check_obj, *args)
        return CoreCheckResult(
            passed=result.check_passed,
            check=check,
            check_index=check_index,
            check_output=result.check_output,
            reason_code=SchemaErrorReason.DATAFRAME_CHECK,
            message="",
        )

    def failure_cases_metadata(self, schema_name: str, schema_errors: list[SchemaError]) -> FailureCaseMetadata:  # noqa: ARG002 - pandera's
        """Nothing: findings are made of the checks' output."""
        return FailureCaseMetadata(failure_cases=None, message={}, error_counts={})


class _ColumnBackend(_WithoutFailureCases, ColumnBackend):
    """pandera's own, silent."""

    def check_dtype(self, check_obj: Any, _schema: Any) -> CoreCheckResult:
        """Whether it is text. pandera would look at each cell, and write down those that are none."""
        return CoreCheckResult(
            passed=isinstance(check_obj.dtype, pd.StringDtype) or check_obj.dtype == _TEXT,
            check="dtype",
            reason_code=SchemaErrorReason.WRONG_DATATYPE,
            message="",
        )


class _FrameBackend(_WithoutFailureCases, DataFrameSchemaBackend):
    """pandera's own, silent."""


class _Check(pandera.Check):
    """A check whose failures are read from its output alone."""


class _Column(pandera.Column):
    """As above, for a column."""


class _Frame(pandera.DataFrameSchema):
    """As above, for the frame."""


for _frame_type in (pd.DataFrame, pd.Series):
    _Check.register_backend(_frame_type, _CheckBackend)
    _Column.register_backend(_frame_type, _ColumnBackend)
_Frame.register_backend(pd.DataFrame, _FrameBackend)


class _UnprovenCells:
    """The cells of a column that a test has to look at: all, or those that are not proven sound."""

    def __init__(self) -> None:
        self._rows: Numbers | None = None
        self._last: tuple[Cells, Cells] | None = None

    def select(self, mask: Mask | None) -> None:
        """These cells of the next frame; ``None``: all."""
        self._rows, self._last = None if mask is None else np.flatnonzero(mask), None

    def run_test(self, test: CellTest, cells: Cells, assumptions: Assumptions) -> Mask:
        """The verdict of a test on all cells; on sound ones no test fails (a law of each kind)."""
        if self._rows is None:
            return test(cells, assumptions)
        found = np.zeros(len(cells), bool)
        if len(self._rows):
            found[self._rows] = test(self._selected_cells(cells), assumptions)
        return found

    def _selected_cells(self, cells: Cells) -> Cells:
        # The same object for all tests of the column: they share what they find out about it.
        if self._last is None or self._last[0] is not cells:
            self._last = (cells, cells.take(pa.array(self._rows)))
        return self._last[1]


class PanderaSchema:
    """The pandera schema of a table with some canonical columns.

    Each rule on cells or records is one named ``Check``: its name is the rule's code, and it holds the very
    function of the catalog. The frame is text only, ``""`` means absent. Building it costs more than validating a small
    frame, so that a run keeps it; one thread at a time may use it.

    Args:
        rules: The rules of the run; others than cell and row rules are passed over.
        columns: The canonical columns that the table has.
        assumptions: What the tests rest on.
    """

    def __init__(self, rules: Sequence[Rule], columns: Sequence[str], assumptions: Assumptions) -> None:
        self._doubtful = {name: _UnprovenCells() for name in FIELD_NAMES if name in columns}
        self.schema = _Frame(
            {name: _Column(str, _cell_checks(rules, name, part, assumptions)) for name, part in self._doubtful.items()},
            checks=[
                _check(rule, _frame_check(rule.row, assumptions))
                for rule in rules
                if rule.row is not None and set(rule.columns) <= set(columns)
            ],
        )

    @staticmethod
    def frame(table: pa.Table) -> pd.DataFrame:
        """A table of text as a frame; nothing is copied."""
        made: pd.DataFrame = table.to_pandas(types_mapper={pa.string(): _TEXT}.get)
        return made

    def failed_checks(
        self, frame: pd.DataFrame, doubtful: Mapping[str, Mask] = MappingProxyType({})
    ) -> list[SchemaError]:
        """What pandera says of each check that failed.

        Args:
            frame: Text in the columns of the schema.
            doubtful: Field -> its cells that are not proven sound; all cells of a field that is left out.
        """
        for name, part in self._doubtful.items():
            part.select(doubtful.get(name))
        try:
            # An environment variable could switch validation off, and with it every finding.
            with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
                self.schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            return list(errors.schema_errors)
        return []


def _cell_checks(rules: Sequence[Rule], name: str, doubtful: _UnprovenCells, assumptions: Assumptions) -> list[Any]:
    return [
        _check(rule, _series_check(rule.cell, doubtful, assumptions))
        for rule in rules
        if rule.cell is not None and name in rule.columns
    ]


def _check(rule: Rule, passes: Any) -> _Check:
    return _Check(passes, name=rule.code, ignore_na=False)


def _series_check(test: CellTest, doubtful: _UnprovenCells, assumptions: Assumptions) -> Any:
    def passes(series: "pd.Series[str]") -> Mask:
        return ~doubtful.run_test(test, cells_of_series(series), assumptions)

    return passes


def _frame_check(test: RowTest, assumptions: Assumptions) -> Any:
    def passes(frame: pd.DataFrame) -> Mask:
        return ~test(cells_of_frame(frame), assumptions)

    return passes
