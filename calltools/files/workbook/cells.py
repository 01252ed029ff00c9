"""Typed cells of a workbook as text; no other module handles numbers, dates and booleans of a workbook."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.cells import Cells, Numbers, as_mask, cells_from_text

CellValue: TypeAlias = int | float | str | bool | time | date | datetime | timedelta

#: From here on a double does not hold every whole number.
_EXACT_INTEGER_LIMIT: Final = 2.0**53
_MIDNIGHT: Final = " 00:00:00"
_HALF_SECOND: Final = timedelta(microseconds=500_000)


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Some cells of a column as text, with what decides how its dates are written.

    Attributes:
        cells: Text.
        date_rows: Rows with a date without a time, written ``YYYY-MM-DD``.
        has_times: Whether a cell holds a date with a time.
    """

    cells: Cells
    date_rows: Numbers
    has_times: bool

    def with_midnights(self, rows: Collection[int]) -> "TextColumn":
        """The same cells, where the dates in these rows have the time 00:00:00."""
        mask = np.zeros(len(self.cells), np.bool_)
        mask[[row for row in self.date_rows.tolist() if row in rows]] = True
        if not mask.any():
            return self
        longer = pc.binary_join_element_wise(self.cells, _MIDNIGHT, "")
        return TextColumn(pc.if_else(pa.array(mask), longer, self.cells), self.date_rows, self.has_times)


def format_cells(values: Sequence[CellValue]) -> TextColumn:
    """Typed cells of one column as text; ``""`` is an empty cell."""
    # Nearly every column holds one type, so the common ones are written in one call.
    kinds = set(map(type, values))
    if kinds <= {str}:
        return TextColumn(cells_from_text(cast("Sequence[str]", values)), np.empty(0, np.int64), has_times=False)
    if kinds == {float}:
        return TextColumn(format_floats(pa.array(values, pa.float64())), np.empty(0, np.int64), has_times=False)
    texts = list(values)
    for kind in kinds - {str}:
        rows = [row for row, value in enumerate(values) if type(value) is kind]
        for row, text in zip(rows, _WRITERS[kind]([values[row] for row in rows]), strict=True):
            texts[row] = text
    dates = [row for row, value in enumerate(values) if type(value) is date] if date in kinds else []
    return TextColumn(cells_from_text(cast("Sequence[str]", texts)), np.array(dates, np.int64), datetime in kinds)


def format_floats(numbers: pa.DoubleArray) -> Cells:
    """Whole numbers without a point, others as the shortest text of the same double; never with an exponent."""
    values = numbers.to_numpy(zero_copy_only=False)
    whole = (np.floor(values) == values) & (np.abs(values) < _EXACT_INTEGER_LIMIT)
    texts = pc.if_else(
        pa.array(whole),
        pa.array(np.where(whole, values, 0).astype(np.int64)).cast(pa.string()),
        numbers.cast(pa.string()),
    )
    rewritten = as_mask(pc.match_substring_regex(texts, "[e]")) | (~whole & (np.abs(values) >= _EXACT_INTEGER_LIMIT))
    if not rewritten.any():
        return texts
    return pc.replace_with_mask(
        texts, pa.array(rewritten), pa.array([format_without_exponent(value) for value in values[rewritten].tolist()])
    )


def format_without_exponent(number: float) -> str:
    """A double as decimal text without an exponent: its shortest digits, then zeros."""
    return format(Decimal(repr(number)).normalize(), "f")


def _write_floats(values: Sequence[CellValue]) -> list[str]:
    return cast("list[str]", format_floats(pa.array(values, pa.float64())).to_pylist())


def _write_moments(values: Sequence[CellValue]) -> list[str]:
    # A computed serial number is off by fractions of a second; Excel shows the nearest second, too.
    moments = cast("Sequence[datetime]", values)
    return [(moment + _HALF_SECOND if moment.microsecond else moment).isoformat(" ", "seconds") for moment in moments]


def _write_times(values: Sequence[CellValue]) -> list[str]:
    return [
        _format_clock(timedelta(hours=one.hour, minutes=one.minute, seconds=one.second, microseconds=one.microsecond))
        for one in cast("Sequence[time]", values)
    ]


def _write_spans(values: Sequence[CellValue]) -> list[str]:
    return [_format_clock(one) for one in cast("Sequence[timedelta]", values)]


def _format_clock(span: timedelta) -> str:
    """``hh:mm:ss``, to the nearest second; hours go on above 24."""
    sign = "-" if span < timedelta() else ""
    seconds = int((abs(span) + _HALF_SECOND).total_seconds())
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


_WRITERS: Final[Mapping[type, Callable[[Sequence[CellValue]], list[str]]]] = {
    bool: lambda values: ["true" if value else "false" for value in values],
    int: lambda values: [str(value) for value in values],
    float: _write_floats,
    datetime: _write_moments,
    date: lambda values: [cast("date", value).isoformat() for value in values],
    time: _write_times,
    timedelta: _write_spans,
}
