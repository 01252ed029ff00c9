"""Findings: places where a rule applies.

They travel as columns (``Findings``), because there may be a million of them. A ``Finding`` is one of them, worded for
a reader.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.cells import Numbers

#: Separates the parts of a detail (U+001F, the unit separator of ASCII).
DETAIL_SEPARATOR: Final = "\x1f"

FINDINGS_SCHEMA: Final = pa.schema(
    [
        pa.field("code", pa.string(), nullable=False),
        pa.field("severity", pa.string()),  # null until the ruleset sets it; a rule may set "note" for some records
        pa.field("record", pa.int64()),  # data record from 1; null: the file, the header, a blank line
        pa.field("place", pa.int64()),  # physical line (CSV) or sheet row (workbook); null: the file as a whole
        pa.field("position", pa.int32()),  # column of the file from 0; null: the record as a whole
        pa.field("column", pa.string()),  # the column's title in the file
        pa.field("field", pa.string()),  # the canonical field, which decides how the value is redacted
        pa.field("value", pa.string()),  # the cell as it is, not redacted
        pa.field("after", pa.string()),  # the repaired cell, not redacted
        pa.field("detail", pa.string()),  # what the sentence needs beside these, see DETAIL_SEPARATOR
    ]
)

#: Widths in bits of a sort key: a table has at most 16,384 columns, and there are fewer than 1,024 rules.
_CODE_BITS: Final = 10
_PLACE_BITS: Final = _CODE_BITS + 15


@dataclass(frozen=True, slots=True)
class Findings:
    """Some findings, as the columns of ``FINDINGS_SCHEMA``."""

    table: pa.Table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @staticmethod
    def empty() -> "Findings":
        """No finding."""
        return _empty_findings()

    @staticmethod
    def from_rows(rows: Iterable[Mapping[str, Any]]) -> "Findings":
        """Findings from rows of ``FINDINGS_SCHEMA``; a key that is not given is null."""
        listed = [{name: row.get(name) for name in FINDINGS_SCHEMA.names} for row in rows]
        return Findings(pa.Table.from_pylist(listed, schema=FINDINGS_SCHEMA)) if listed else _empty_findings()

    @staticmethod
    def for_rule(code: str, *, records: Numbers | None, places: Numbers, **columns: Any) -> "Findings":
        """Many findings of one rule.

        Args:
            code: The code of the rule.
            records: Record numbers from 1; ``None``: the findings are on no record.
            places: Physical lines or sheet rows, one for each finding.
            columns: ``severity``, ``position``, ``column``, ``field``, ``value``, ``after``, ``detail``: an Arrow
                array of the same length, one value for all, or ``None``.
        """
        count = len(places)
        if not count:
            return _empty_findings()
        given = {
            "code": code,
            "record": None if records is None else pa.array(records),
            "place": pa.array(places),
            **columns,
        }
        arrays = [_to_arrow_column(given.get(field.name), field, count) for field in FINDINGS_SCHEMA]
        return Findings(pa.Table.from_arrays(arrays, schema=FINDINGS_SCHEMA))

    @staticmethod
    def concat(parts: "Sequence[Findings]") -> "Findings":
        """The findings of all parts, in the order of the parts."""
        tables = [part.table for part in parts if len(part)]
        return Findings(pa.concat_tables(tables)) if tables else _empty_findings()

    def split(self, size: int) -> Iterator["Findings"]:
        """Parts of ``size`` findings, without a copy; without any findings one empty part."""
        for first in range(0, max(len(self), 1), size):
            yield Findings(self.table.slice(first, size))

    def sorted_by_place(self) -> "Findings":
        """The findings by place, then column, then code; those without a place come first."""
        if len(self) < 2:
            return self
        keys = self._sort_keys()
        if (keys[1:] >= keys[:-1]).all():
            return self
        # In one chunk: findings come rule by rule, a chunk each, and each chunk costs time in every kernel.
        return Findings(self.table.combine_chunks().take(pa.array(np.argsort(keys, kind="stable"))))

    def _sort_keys(self) -> Numbers:
        """Place, column and rank of the code in one number, in this order from the highest bits."""
        codes = self.table["code"].combine_chunks().dictionary_encode()
        ranks = np.argsort(np.argsort(np.array(codes.dictionary.to_pylist())))[codes.indices.to_numpy()]
        place, position = (
            pc.fill_null(self.table[name], -1).to_numpy().astype(np.int64) + 1 for name in ("place", "position")
        )
        keys: Numbers = (place << _PLACE_BITS) + (position << _CODE_BITS) + ranks
        return keys

    def with_column(self, name: str, given: Any) -> "Findings":
        """The findings with a column replaced by an Arrow array, or by one value for all."""
        field = FINDINGS_SCHEMA.field(name)
        return Findings(
            self.table.set_column(
                FINDINGS_SCHEMA.get_field_index(name), field, _to_arrow_column(given, field, len(self))
            )
        )

    def filter(self, keep: pa.BooleanArray) -> "Findings":
        """The findings at which the mask is true."""
        return Findings(self.table.filter(keep))

    def shift_records(self, records: int) -> "Findings":
        """The findings with ``records`` added to their record numbers."""
        if not len(self) or not records:
            return self
        return self.with_column("record", pc.add(self.table["record"], records))

    def copy(self) -> "Findings":
        """The findings in memory of their own: a slice is sent to another process with all that it is cut from."""
        return Findings(self.table.take(pa.array(np.arange(len(self))))) if len(self) else _empty_findings()

    def to_rows(self) -> list[dict[str, Any]]:
        """The findings as dictionaries."""
        listed: list[dict[str, Any]] = self.table.to_pylist()
        return listed


def _to_arrow_column(given: Any, field: pa.Field, count: int) -> pa.Array:
    if given is None:
        return pa.nulls(count, field.type)
    if isinstance(given, pa.Array | pa.ChunkedArray):
        return given.cast(field.type) if given.type != field.type else given
    if isinstance(given, np.ndarray):
        return pa.array(given, field.type)
    return pa.repeat(pa.scalar(given, field.type), count)


@lru_cache(maxsize=1)
def _empty_findings() -> Findings:
    # Not a constant of the module: the first Arrow array imports pandas, which an upload does not need.
    return Findings(FINDINGS_SCHEMA.empty_table())


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding, worded and redacted for a reader.

    Attributes:
        code: The rule's code.
        name: The rule's name.
        severity: Its severity in this run.
        message: The sentence, in the reader's language.
        file: The file as the user named it.
        sheet: Of a workbook.
        record: Data record from 1.
        line: Physical line of a text file on which the record starts.
        row: Row of a sheet.
        column: Title of the column in the file.
        cell: A1 address in a workbook.
        value: The cell, redacted unless the user wants to see values.
        fix: ``{"kind": "safe" | "unsafe", "after": …}`` or ``None``.
        fingerprint: Identifies the fault of a cell; the same in each run.
        last_line: Of a run of empty lines that is one finding: the last one.
        last_row: The same in a sheet.
    """

    code: str
    name: str
    severity: str
    message: str
    file: str
    sheet: str | None
    record: int | None
    line: int | None
    row: int | None
    column: str | None
    cell: str | None
    value: str | None
    fix: Mapping[str, str] | None
    fingerprint: str
    last_line: int | None = None
    last_row: int | None = None
