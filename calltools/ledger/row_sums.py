"""Sums over the fingerprints of each part, so that a bit that rots in one of them is found.

SQLite checks the form of its pages and not the bytes in them. A fingerprint with a wrong bit is that of another call,
so the call that it stood for would look new and be sent again. Beside each table of fingerprints, as ``row``, there is
one of sums, ``row_sum``: for each part that has rows there, their number and the XOR of all their bytes. Whatever
changes the one changes the other in the same transaction.

A call that is sent again by a later part leaves the earlier one, and so do its bytes.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from calltools.errors import LedgerError

#: A table of fingerprints.
SummedTable: TypeAlias = Literal["row", "claim", "partial"]

#: The fingerprints that are summed, by their table.
_SUMMED_COLUMNS: Final[Mapping[SummedTable, str]] = MappingProxyType(
    {"row": "fp, rest", "claim": "fp, rest", "partial": "fp"}
)
#: Bytes of the longest row: the fingerprint of a call and that of its content.
ROW_BYTES: Final = 24
#: A table with so many rows, or fewer, is summed whenever the ledger is opened: that takes some hundredths of a second.
_SUMMED_AT_OPENING: Final = 10_000


class RowXor:
    """The aggregate ``row_xor(fp, ...)`` of SQL: the XOR of rows, ``ROW_BYTES`` bytes."""

    def __init__(self) -> None:
        self._bits = 0

    def step(self, *row: Any) -> None:
        """Add a row."""
        # A rotten value may have become another type.
        self._bits ^= int.from_bytes(b"".join(cell if isinstance(cell, bytes) else repr(cell).encode() for cell in row))

    def finalize(self) -> Any:
        """The XOR of the rows."""
        # A damaged row may be longer; its sum is then no sum that was kept.
        return self._bits.to_bytes(max(ROW_BYTES, (self._bits.bit_length() + 7) // 8))


def register_row_xor(connection: sqlite3.Connection) -> None:
    """Make ``row_xor`` known to a connection."""
    connection.create_aggregate("row_xor", -1, RowXor)


def add_to_sum(connection: sqlite3.Connection, table: SummedTable, part_id: int, count: int, xor: bytes) -> None:
    """Record that a part has so many rows more in a table (or fewer, if negative), with this XOR."""
    before, bits = _kept_sum(connection, table, part_id)
    both = (int.from_bytes(bits) ^ int.from_bytes(xor)).to_bytes(ROW_BYTES)
    connection.execute(f"INSERT OR REPLACE INTO {table}_sum VALUES (?, ?, ?)", (part_id, before + count, both))  # noqa: S608


def _kept_sum(connection: sqlite3.Connection, table: SummedTable, part_id: int) -> tuple[int, bytes]:
    kept = connection.execute(f"SELECT count, xor FROM {table}_sum WHERE batch = ?", (part_id,)).fetchone()  # noqa: S608
    return kept or (0, bytes(ROW_BYTES))


def move_to_claimant(connection: sqlite3.Connection, part_id: int) -> None:
    """Give the rows of known calls to the part that has sent them once more, with the content that it has sent."""
    left = connection.execute(
        "SELECT row.batch, count(*), row_xor(row.fp, row.rest) FROM claim JOIN row ON row.fp = claim.fp"
        " WHERE claim.batch = ? GROUP BY row.batch",
        (part_id,),
    ).fetchall()
    for batch, count, xor in left:
        add_to_sum(connection, "row", batch, -count, xor)
    # The sum that was kept, not one of the claims as they are now: a rotten bit of them is found in the rows, too.
    count, xor = _kept_sum(connection, "claim", part_id)
    if count:
        add_to_sum(connection, "row", part_id, count, xor)
        connection.execute("INSERT OR REPLACE INTO row SELECT fp, rest, batch FROM claim WHERE batch = ?", (part_id,))


def remove_rows(connection: sqlite3.Connection, table: SummedTable, part_id: int) -> None:
    """Remove the rows of a part from a table."""
    connection.execute(f"DELETE FROM {table} WHERE batch = ?", (part_id,))  # noqa: S608 - one of three names
    connection.execute(f"DELETE FROM {table}_sum WHERE batch = ?", (part_id,))  # noqa: S608


def check_at_opening(connection: sqlite3.Connection, folder: object) -> None:
    """Check what is cheap: the number of all rows of each table, and in a small table every sum.

    Raises:
        LedgerError: A row is lost, or its bytes have changed.
    """
    for table in _SUMMED_COLUMNS:
        found, kept = connection.execute(
            f"SELECT (SELECT count(*) FROM {table}), (SELECT coalesce(sum(count), 0) FROM {table}_sum)"  # noqa: S608
        ).fetchone()
        if found != kept or (found <= _SUMMED_AT_OPENING and _altered_parts(connection, table)):
            raise LedgerError("ledger-damaged", path=folder)


def find_altered_parts(connection: sqlite3.Connection) -> list[int]:
    """Numbers of the parts whose rows are not those that were recorded, in any table."""
    return sorted(set().union(*(_altered_parts(connection, table) for table in _SUMMED_COLUMNS)))


def _altered_parts(connection: sqlite3.Connection, table: SummedTable) -> set[int]:
    # One statement, so that no other process writes between the two halves.
    sums = connection.execute(
        f"SELECT 1, batch, count(*), row_xor({_SUMMED_COLUMNS[table]}) FROM {table} GROUP BY batch"  # noqa: S608
        f" UNION ALL SELECT 0, batch, count, xor FROM {table}_sum"
    ).fetchall()
    found, kept = (_nonempty(row[1:] for row in sums if row[0] == which) for which in (1, 0))
    return {batch for batch, *_ in found ^ kept}


def _nonempty(sums: Iterable[tuple[int, int, bytes]]) -> set[tuple[int, int, bytes]]:
    return {(batch, count, xor) for batch, count, xor in sums if count or any(xor)}
