"""Findings: places where a rule applies.

They travel as columns (``Findings``), because there may be a million of them; one of them,
worded for a person, is a ``Finding``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.cells import Numbers

FINDINGS_SCHEMA: Final = pa.schema(
    [
        pa.field("code", pa.string(), nullable=False),
        pa.field("severity", pa.string()),  # null until the ruleset stamps it; a rule may say "note" for some records
        pa.field("record", pa.int64()),  # data record from 1; null: the file, the header, a blank line
        pa.field("place", pa.int64()),  # physical line (CSV) or sheet row (workbook); null: nowhere in particular
        pa.field("position", pa.int32()),  # column of the file from 0; null: the record as a whole
        pa.field("column", pa.string()),  # the column's title in the file
        pa.field("field", pa.string()),  # the canonical field, by which the value is masked
        pa.field("value", pa.string()),  # the cell as it is, unmasked
        pa.field("after", pa.string()),  # the repaired cell, unmasked
        pa.field("detail", pa.string()),  # what the sentence needs beside these; parts are split by U+001F
    ]
)


#: A table has at most 16,384 columns, and there are fewer than 1,024 rules.
_CODE_BITS: Final = 10
_PLACE_BITS: Final = _CODE_BITS + 15


@dataclass(frozen=True, slots=True)
class Findings:
    """Some findings, as columns in the order of ``SCHEMA``."""

    table: pa.Table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @staticmethod
    def empty() -> "Findings":
        """No finding."""
        return _empty_findings()

    @staticmethod
    def from_rows(rows: Iterable[Mapping[str, Any]]) -> "Findings":
        """From rows; keys that are not given are null."""
        listed = [{name: row.get(name) for name in FINDINGS_SCHEMA.names} for row in rows]
        return Findings(pa.Table.from_pylist(listed, schema=FINDINGS_SCHEMA)) if listed else _empty_findings()

    @staticmethod
    def for_rule(code: str, *, records: Numbers | None, places: Numbers, **columns: Any) -> "Findings":
        """Many findings of one rule.

        Args:
            code: The rule's.
            records: Record numbers from 1; ``None``: findings on no record.
            places: Physical lines or sheet rows.
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
        """All of them, part after part."""
        some = [part.table for part in parts if len(part)]
        return Findings(pa.concat_tables(some)) if some else _empty_findings()

    def split(self, size: int) -> Iterator["Findings"]:
        """All of them, so many at a time; nothing is copied. None gives one part of none."""
        for first in range(0, max(len(self), 1), size):
            yield Findings(self.table.slice(first, size))

    def sorted_by_place(self) -> "Findings":
        """By place, then column, then code; what has no place comes first."""
        if len(self) < 2:
            return self
        keys = self._sort_keys()
        if (keys[1:] >= keys[:-1]).all():
            return self
        # In one chunk: findings are gathered rule by rule, and kernels pay for each chunk.
        return Findings(self.table.combine_chunks().take(pa.array(np.argsort(keys, kind="stable"))))

    def _sort_keys(self) -> Numbers:
        """Place, column and code in one number."""
        codes = self.table["code"].combine_chunks().dictionary_encode()
        ranks = np.argsort(np.argsort(np.array(codes.dictionary.to_pylist())))[codes.indices.to_numpy()]
        place, position = (
            pc.fill_null(self.table[name], -1).to_numpy().astype(np.int64) + 1 for name in ("place", "position")
        )
        found: Numbers = (place << _PLACE_BITS) + (position << _CODE_BITS) + ranks
        return found

    def with_column(self, name: str, given: Any) -> "Findings":
        """The same findings with another column: an Arrow array, or one value for all."""
        field = FINDINGS_SCHEMA.field(name)
        return Findings(
            self.table.set_column(
                FINDINGS_SCHEMA.get_field_index(name), field, _to_arrow_column(given, field, len(self))
            )
        )

    def filter(self, keep: pa.BooleanArray) -> "Findings":
        """Only those of the mask."""
        return Findings(self.table.filter(keep))

    def shift_records(self, records: int) -> "Findings":
        """The same findings, ``records`` further on."""
        if not len(self) or not records:
            return self
        return self.with_column("record", pc.add(self.table["record"], records))

    def to_rows(self) -> list[dict[str, Any]]:
        """As plain rows."""
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
    # Made when it is asked for: the first Arrow array brings pandas along, which an upload can do without.
    return Findings(FINDINGS_SCHEMA.empty_table())


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding, worded and masked for a reader.

    Attributes:
        code: The rule's code.
        name: The rule's name.
        severity: What it counts as in this run.
        message: The sentence, in the reader's language.
        file: The file as the user named it.
        sheet: Of a workbook.
        record: Data record from 1.
        line: Physical line of a text file on which the record starts.
        row: Row of a sheet.
        column: Title of the column in the file.
        cell: A1 address in a workbook.
        value: The cell, masked unless asked otherwise.
        fix: ``{"kind": "safe" | "unsafe", "after": …}`` or ``None``.
        fingerprint: The same for the same fault of the same cell in each run.
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
