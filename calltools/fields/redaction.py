"""What a report may show of a cell.

Phone numbers and identifiers are shortened or replaced, as the kind of the field asks.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import byte_lengths
from calltools.fields.kernels.cell_kernels import replace_where
from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELDS_BY_NAME
from calltools.model.cells import Cells, combine_chunks

_Redactor: TypeAlias = Callable[[Cells], Cells]

#: Digits with what people write between the digits of a phone number.
_PHONE: Final = r"[+(]?[0-9][0-9() -]{%d,}[0-9]"
#: A cell of no known field, such as a vendor's own word: five digits in a row may be a number of someone.
_IN_UNKNOWN_FIELD: Final = f"{_PHONE % 5}|[0-9]{{5,}}"
#: A title is personal when a file has no header and its first record was taken for one.
_IN_TITLE: Final = f"{_PHONE % 7}|[0-9]{{7,}}"
#: Details hold numbers of records and lines, which stay.
_IN_DETAIL: Final = f"[+(]{_PHONE % 5}|[0-9]{{9,}}"
#: A phone or an id that slid into a column of another kind.
_STRAY_NUMBER: Final = f"{_PHONE % 8}|[0-9]{{10,}}"
#: Times are long digits themselves: seconds have 10, milliseconds 13, microseconds 16.
_STRAY_NUMBER_IN_TIME: Final = r"[+(][0-9][0-9() -]{7,}[0-9]|\b[78][0-9]{10}\b|[0-9]{17,}"
_MIN_STRAY_BYTES: Final = 10


def redact_findings(table: pa.Table, show_values: bool) -> pa.Table:  # noqa: FBT001 - the one thing it is about
    """Findings as they may be shown: ``value``, ``after``, ``column`` and ``detail`` without anybody's number.

    Args:
        table: Columns of ``model.finding.SCHEMA``, in one chunk or many.
        show_values: Show all as it is.
    """
    if show_values or not table.num_rows:
        return table
    fields = combine_chunks(table["field"])
    for name in ("value", "after"):
        table = _set_column(table, name, _redact_by_field(combine_chunks(table[name]), fields))
    table = _set_column(table, "column", redact_title_cells(combine_chunks(table["column"])))
    return _set_column(table, "detail", _replace_in_distinct(combine_chunks(table["detail"]), _IN_DETAIL))


def redact_title_cells(titles: Cells) -> Cells:
    """Titles without anything like a phone number or an id."""
    return _replace_in_distinct(titles, _IN_TITLE)


def _redact_by_field(cells: Cells, fields: Cells) -> Cells:
    """Each cell hidden as its field asks: field by field, then back in order."""
    encoded = fields.dictionary_encode("encode")
    valid = cells.is_valid().to_numpy(zero_copy_only=False)
    own = np.where(valid, encoded.indices.to_numpy(), -1)
    home, parts, count = np.zeros(len(cells), np.int64), [], 0
    for number, name in enumerate(encoded.dictionary.to_pylist()):
        rows = np.flatnonzero(own == number)
        if len(rows):
            parts.append(combine_chunks(_redactor_for_field(name)(cells.take(pa.array(rows)))))
            home[rows] = np.arange(count, count + len(rows))
            count += len(rows)
    return pa.concat_arrays(parts).take(pa.array(home, mask=~valid)) if parts else cells


def _redactor_for_field(name: str | None) -> _Redactor:
    if name is None or name not in FIELDS_BY_NAME:
        return lambda cells: pc.replace_substring_regex(cells, _IN_UNKNOWN_FIELD, "***")
    kind = KINDS[FIELDS_BY_NAME[name].kind]
    if kind.redact is not None:
        return kind.redact
    pattern = _STRAY_NUMBER_IN_TIME if kind.name == "unix-time" else _STRAY_NUMBER
    return lambda cells: _redact_stray_numbers(cells, pattern)


def _redact_stray_numbers(cells: Cells, pattern: str) -> Cells:
    """Most cells of such a kind are too short to hold anybody's number."""
    long = byte_lengths(cells) >= _MIN_STRAY_BYTES
    return replace_where(cells, long, pc.replace_substring_regex(cells.filter(pa.array(long)), pattern, "***"))


def _replace_in_distinct(cells: Cells, pattern: str) -> Cells:
    """Exchange what the pattern finds, looking once at each distinct text."""
    if cells.null_count == len(cells):
        return cells
    encoded = cells.dictionary_encode()
    return pc.replace_substring_regex(encoded.dictionary, pattern, "***").take(encoded.indices)


def _set_column(table: pa.Table, name: str, cells: Cells) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), cells)
