"""FIELDS and the rules of a run, as a pandera schema: the judge of every record that is not proven clean."""

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

from calltools.fields.table import NAMES
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, Numbers
from calltools.model.rule import CellTest, RowTest, Rule


class FrameCells(Mapping[str, Cells]):
    """The columns of a frame as cells, each made when it is asked for."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def __getitem__(self, name: str) -> Cells:
        return series_cells(self._frame[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._frame.columns)

    def __len__(self) -> int:
        return len(self._frame.columns)


def series_cells(series: "pd.Series[str]") -> Cells:
    """A text column of a frame as cells: the same object when the same column is asked for again."""
    values = pa.array(series.array)
    last = getattr(_REMEMBERED, "pair", None)
    if last is None or not _same(last[0], values):
        last = _REMEMBERED.pair = (values, values.cast(pa.string()))
    cells: Cells = last[1]
    return cells


#: The checks of a column follow one another; its cells are made once for all of them.
_REMEMBERED: Final = threading.local()


def _same(one: pa.Array, other: pa.Array) -> bool:
    """Whether two arrays are the same stretch of the same memory (both are alive, so no address is reused)."""
    addresses = ([buffer and buffer.address for buffer in array.buffers()] for array in (one, other))
    return (one.offset, len(one)) == (other.offset, len(other)) and next(addresses) == next(addresses)


class _CheckBackend(PandasCheckBackend):
    """pandera's own, but a verdict is the check's output and no more.

    Examples of failures are people's values, nobody reads them, and picking them is most of what a failing check costs.
    Nor is there anything to prepare: text has no missing values, and no check asks for groups.
    """

    def __call__(self, check_obj: Any, key: str | None = None) -> CheckResult:
        """Which rows of a frame, or of one of its columns, pass, as a mask."""
        passes = self.check_fn(check_obj if key is None else check_obj[key])
        return CheckResult(passes, passes.all(), check_obj, None)


class _Silent:
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


class _ColumnBackend(_Silent, ColumnBackend):
    """pandera's own, silent."""

    def check_dtype(self, check_obj: Any, _schema: Any) -> CoreCheckResult:
        """Whether it is text. pandera would look at each cell, and write down those that are none."""
        return CoreCheckResult(
            passed=isinstance(check_obj.dtype, pd.StringDtype),
            check="dtype",
            reason_code=SchemaErrorReason.WRONG_DATATYPE,
            message="",
        )


class _FrameBackend(_Silent, DataFrameSchemaBackend):
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


class _Doubtful:
    """The cells of a column that a test has to look at: all, or those that are not proven sound."""

    def __init__(self) -> None:
        self._rows: Numbers | None = None
        self._last: tuple[Cells, Cells] | None = None

    def look_at(self, mask: Mask | None) -> None:
        """These cells of the next frame; ``None``: all."""
        self._rows, self._last = None if mask is None else np.flatnonzero(mask), None

    def faulty(self, test: CellTest, cells: Cells, assumptions: Assumptions) -> Mask:
        """The verdict of a test on all cells; on sound ones no test fails (a law of each kind)."""
        if self._rows is None:
            return test(cells, assumptions)
        found = np.zeros(len(cells), bool)
        if len(self._rows):
            found[self._rows] = test(self._some(cells), assumptions)
        return found

    def _some(self, cells: Cells) -> Cells:
        # The same object for all tests of the column: they share what they find out about it.
        if self._last is None or self._last[0] is not cells:
            self._last = (cells, cells.take(pa.array(self._rows)))
        return self._last[1]


class FrameSchema:
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
        self._doubtful = {name: _Doubtful() for name in NAMES if name in columns}
        self.schema = _Frame(
            {name: _Column(str, _cell_checks(rules, name, part, assumptions)) for name, part in self._doubtful.items()},
            checks=[
                _check(rule, _on_frame(rule.row, assumptions))
                for rule in rules
                if rule.row is not None and set(rule.columns) <= set(columns)
            ],
        )

    def failures(self, frame: pd.DataFrame, doubtful: Mapping[str, Mask] = MappingProxyType({})) -> list[SchemaError]:
        """What pandera says of each check that failed.

        Args:
            frame: Text in the columns of the schema.
            doubtful: Field -> its cells that are not proven sound; all cells of a field that is left out.
        """
        for name, part in self._doubtful.items():
            part.look_at(doubtful.get(name))
        try:
            # An environment variable could switch validation off, and with it every finding.
            with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
                self.schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            return list(errors.schema_errors)
        return []


def _cell_checks(rules: Sequence[Rule], name: str, doubtful: _Doubtful, assumptions: Assumptions) -> list[Any]:
    return [
        _check(rule, _on_series(rule.cell, doubtful, assumptions))
        for rule in rules
        if rule.cell is not None and name in rule.columns
    ]


def _check(rule: Rule, passes: Any) -> _Check:
    return _Check(passes, name=rule.code, ignore_na=False)


def _on_series(test: CellTest, doubtful: _Doubtful, assumptions: Assumptions) -> Any:
    def passes(series: "pd.Series[str]") -> Mask:
        return ~doubtful.faulty(test, series_cells(series), assumptions)

    return passes


def _on_frame(test: RowTest, assumptions: Assumptions) -> Any:
    def passes(frame: pd.DataFrame) -> Mask:
        return ~test(FrameCells(frame), assumptions)

    return passes
