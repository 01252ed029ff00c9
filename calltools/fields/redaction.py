"""What a report may show of a cell: personal data is shortened or replaced by ``***``.

The kind of a field says how its cells are redacted. All other text is searched for numbers that may be personal.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import byte_lengths
from calltools.fields.kernels.cell_kernels import rewrite_where
from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELDS_BY_NAME
from calltools.model.cells import Cells, DistinctCells, combine_chunks

_Redactor: TypeAlias = Callable[[Cells], Cells]

#: Digits with the punctuation that people write in phone numbers; ``%d`` is the least count of characters inside.
_PHONE: Final = r"[+(]?[0-9][0-9() -]{%d,}[0-9]"
#: In a cell of no canonical field, such as a word of a vendor: five digits in a row may be a person's number.
_IN_UNKNOWN_FIELD: Final = f"{_PHONE % 5}|[0-9]{{5,}}"
#: A title holds personal data when a file has no header and its first record was read as one.
_IN_TITLE: Final = f"{_PHONE % 7}|[0-9]{{7,}}"
#: Details contain numbers of records and lines, which must stay readable.
_IN_DETAIL: Final = f"[+(]{_PHONE % 5}|[0-9]{{9,}}"
#: A phone number or an id that is in a column of another kind by mistake.
_STRAY_NUMBER: Final = f"{_PHONE % 8}|[0-9]{{10,}}"
#: Times are long numbers themselves: seconds have 10 digits, milliseconds 13, microseconds 16.
_STRAY_NUMBER_IN_TIME: Final = r"[+(][0-9][0-9() -]{7,}[0-9]|\b[78][0-9]{10}\b|[0-9]{17,}"
_MIN_STRAY_BYTES: Final = 10


def redact_findings(table: pa.Table, show_values: bool) -> pa.Table:  # noqa: FBT001 - the only thing that a caller decides
    """Redact ``value``, ``after``, ``column`` and ``detail`` of findings for a report.

    Args:
        table: Columns of ``model.finding.FINDINGS_SCHEMA``, in one chunk or many.
        show_values: Return the findings unchanged.
    """
    if show_values or not table.num_rows:
        return table
    fields = combine_chunks(table["field"])
    for name in ("value", "after"):
        table = _set_column(table, name, _redact_by_field(combine_chunks(table[name]), fields))
    table = _set_column(table, "column", redact_title_cells(combine_chunks(table["column"])))
    return _set_column(table, "detail", _replace_in_distinct(combine_chunks(table["detail"]), _IN_DETAIL))


def redact_cells(field: str, cells: Cells) -> Cells:
    """The cells of a canonical field as a report may show them."""
    return combine_chunks(_redactor_for_field(field)(cells))


def redact_title_cells(titles: Cells) -> Cells:
    """The titles without numbers that may be a phone number or an id."""
    return _replace_in_distinct(titles, _IN_TITLE)


def _redact_by_field(cells: Cells, fields: Cells) -> Cells:
    """Redact each cell as its field requires: whole columns field by field, then back in the order of the findings."""
    # "encode" makes null, the cells of no field, an entry of the dictionary.
    encoded = fields.dictionary_encode("encode")
    valid = cells.is_valid().to_numpy(zero_copy_only=False)
    field_of = np.where(valid, encoded.indices.to_numpy(), -1)
    # Row of the finding -> position of its redacted cell in the parts.
    position, parts, count = np.zeros(len(cells), np.int64), [], 0
    for number, name in enumerate(encoded.dictionary.to_pylist()):
        rows = np.flatnonzero(field_of == number)
        if len(rows):
            some = DistinctCells.of(cells.take(pa.array(rows)))
            parts.append(combine_chunks(some.expand(_redactor_for_field(name))))
            position[rows] = np.arange(count, count + len(rows))
            count += len(rows)
    return pa.concat_arrays(parts).take(pa.array(position, mask=~valid)) if parts else cells


def _redactor_for_field(name: str | None) -> _Redactor:
    if name is None or name not in FIELDS_BY_NAME:
        return lambda cells: pc.replace_substring_regex(cells, _IN_UNKNOWN_FIELD, "***")
    kind = KINDS[FIELDS_BY_NAME[name].kind]
    if kind.redact is not None:
        return kind.redact
    pattern = _STRAY_NUMBER_IN_TIME if kind.name == "unix-time" else _STRAY_NUMBER
    return lambda cells: _redact_stray_numbers(cells, pattern)


def _redact_stray_numbers(cells: Cells, pattern: str) -> Cells:
    # Most cells of such a kind are too short to hold a personal number.
    long = byte_lengths(cells) >= _MIN_STRAY_BYTES
    return rewrite_where(cells, long, lambda texts: pc.replace_substring_regex(texts, pattern, "***"))


def _replace_in_distinct(cells: Cells, pattern: str) -> Cells:
    """Replace what the pattern finds by ``***``, searching each distinct text once."""
    if cells.null_count == len(cells):
        return cells
    encoded = cells.dictionary_encode()
    return pc.replace_substring_regex(encoded.dictionary, pattern, "***").take(encoded.indices)


def _set_column(table: pa.Table, name: str, cells: Cells) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), cells)
