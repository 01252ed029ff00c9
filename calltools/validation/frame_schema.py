"""FIELDS and the rules of a run, as a pandera schema: the judge of every record that is not proven clean."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

from calltools.fields.table import NAMES
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask
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


def frame_schema(rules: Sequence[Rule], columns: Sequence[str], assumptions: Assumptions) -> pandera.DataFrameSchema:
    """The schema of a table with these canonical columns.

    Each rule on cells or records is one named ``Check``: its name is the rule's code, and it holds the very
    function of the catalog. The frame is text only, ``""`` means absent.

    Args:
        rules: The rules of the run; others than cell and row rules are passed over.
        columns: The canonical columns that the table has.
        assumptions: What the tests rest on.
    """
    return pandera.DataFrameSchema(
        {name: pandera.Column(str, _cell_checks(rules, name, assumptions)) for name in NAMES if name in columns},
        checks=[
            _check(rule, _on_frame(rule.row, assumptions))
            for rule in rules
            if rule.row is not None and set(rule.columns) <= set(columns)
        ],
    )


def _cell_checks(rules: Sequence[Rule], name: str, assumptions: Assumptions) -> list[pandera.Check]:
    return [
        _check(rule, _on_series(rule.cell, assumptions))
        for rule in rules
        if rule.cell is not None and name in rule.columns
    ]


def _check(rule: Rule, passes: Any) -> pandera.Check:
    # One example of a failure is enough for pandera: the findings come from check_output, which holds all of
    # them, and assembling each failure as a row of its own is what makes a failing check slow.
    return pandera.Check(passes, name=rule.code, ignore_na=False, n_failure_cases=1)


def _on_series(test: CellTest, assumptions: Assumptions) -> Any:
    def passes(series: "pd.Series[str]") -> "pd.Series[bool]":
        return _verdict(test(series_cells(series), assumptions), series.index)

    return passes


def _on_frame(test: RowTest, assumptions: Assumptions) -> Any:
    def passes(frame: pd.DataFrame) -> "pd.Series[bool]":
        return _verdict(test(FrameCells(frame), assumptions), frame.index)

    return passes


def _verdict(faulty: Mask, index: "pd.Index[Any]") -> "pd.Series[bool]":
    return pd.Series(~faulty, index=index)
