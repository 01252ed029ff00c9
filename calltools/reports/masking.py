"""What a report may show of a cell: phones and ids are shortened by their kind."""

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.any_cell import replaced
from calltools.fields.kinds import KINDS
from calltools.fields.shapes import lengths
from calltools.fields.table import BY_NAME
from calltools.model.cells import Cells, one_chunk

_Hide: TypeAlias = Callable[[Cells], Cells]

#: Digits with what people write between the digits of a phone number.
_PHONE: Final = r"[+(]?[0-9][0-9() -]{%d,}[0-9]"
#: A cell of no known field, such as a vendor's own word: five digits in a row may be a number of someone.
_UNKNOWN: Final = f"{_PHONE % 5}|[0-9]{{5,}}"
#: A title is personal when a file has no header and its first record was taken for one.
_TITLE: Final = f"{_PHONE % 7}|[0-9]{{7,}}"
#: Details hold numbers of records and lines, which stay.
_DETAIL: Final = f"[+(]{_PHONE % 5}|[0-9]{{9,}}"
#: A phone or an id that slid into a column of another kind.
_STRAY: Final = f"{_PHONE % 8}|[0-9]{{10,}}"
#: Times are long digits themselves: seconds have 10, milliseconds 13, microseconds 16.
_STRAY_IN_TIME: Final = r"[+(][0-9][0-9() -]{7,}[0-9]|\b[78][0-9]{10}\b|[0-9]{17,}"
_SHORTEST_STRAY: Final = 10


def masked(table: pa.Table, show_values: bool) -> pa.Table:  # noqa: FBT001 - the one thing it is about
    """Findings as they may be shown: ``value``, ``after``, ``column`` and ``detail`` without anybody's number.

    Args:
        table: Columns of ``model.finding.SCHEMA``, in one chunk or many.
        show_values: Show all as it is.
    """
    if show_values or not table.num_rows:
        return table
    fields = one_chunk(table["field"])
    for name in ("value", "after"):
        table = _with(table, name, _by_field(one_chunk(table[name]), fields))
    table = _with(table, "column", masked_titles(one_chunk(table["column"])))
    return _with(table, "detail", _each(one_chunk(table["detail"]), _DETAIL))


def masked_titles(titles: Cells) -> Cells:
    """Titles without anything like a phone number or an id."""
    return _each(titles, _TITLE)


def _by_field(cells: Cells, fields: Cells) -> Cells:
    """Each cell hidden as its field asks: field by field, then back in order."""
    encoded = fields.dictionary_encode("encode")
    valid = cells.is_valid().to_numpy(zero_copy_only=False)
    own = np.where(valid, encoded.indices.to_numpy(), -1)
    home, parts, count = np.zeros(len(cells), np.int64), [], 0
    for number, name in enumerate(encoded.dictionary.to_pylist()):
        rows = np.flatnonzero(own == number)
        if len(rows):
            parts.append(one_chunk(_hide(name)(cells.take(pa.array(rows)))))
            home[rows] = np.arange(count, count + len(rows))
            count += len(rows)
    return pa.concat_arrays(parts).take(pa.array(home, mask=~valid)) if parts else cells


def _hide(name: str | None) -> _Hide:
    if name is None or name not in BY_NAME:
        return lambda cells: pc.replace_substring_regex(cells, _UNKNOWN, "***")
    kind = KINDS[BY_NAME[name].kind]
    if kind.hide is not None:
        return kind.hide
    pattern = _STRAY_IN_TIME if kind.name == "unix-time" else _STRAY
    return lambda cells: _stray_hidden(cells, pattern)


def _stray_hidden(cells: Cells, pattern: str) -> Cells:
    """Most cells of such a kind are too short to hold anybody's number."""
    long = lengths(cells) >= _SHORTEST_STRAY
    return replaced(cells, long, pc.replace_substring_regex(cells.filter(pa.array(long)), pattern, "***"))


def _each(cells: Cells, pattern: str) -> Cells:
    """Exchange what the pattern finds, looking once at each distinct text."""
    if cells.null_count == len(cells):
        return cells
    encoded = cells.dictionary_encode()
    return pc.replace_substring_regex(encoded.dictionary, pattern, "***").take(encoded.indices)


def _with(table: pa.Table, name: str, cells: Cells) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), cells)
