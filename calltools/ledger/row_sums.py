"""Sums over the fingerprints of each part, so that a bit that rots in one of them is found.

SQLite checks the form of its pages and not the bytes in them. A fingerprint with a wrong bit is that of another call,
so the call that it stood for would look new and be sent again. Table ``row_sum`` therefore keeps, for each part that
has rows, their number and the XOR of all their bytes. Whatever changes table ``row`` changes it in the same
transaction.

A call that is sent again by a later part leaves the earlier one, and so do its bytes.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from calltools.errors import LedgerError

#: Bytes of one row: the fingerprint of a call and that of its content.
ROW_BYTES: Final = 24
#: A ledger with so many rows, or fewer, is summed whenever it is opened: that takes some hundredths of a second.
_SUMMED_AT_OPENING: Final = 10_000

_FOUND_AND_KEPT: Final = """
SELECT 1, batch, count(*), row_xor(fp, rest) FROM row GROUP BY batch
UNION ALL SELECT 0, batch, count, xor FROM row_sum
"""


class RowXor:
    """The aggregate ``row_xor(fp, rest)`` of SQL: the XOR of rows, ``ROW_BYTES`` bytes."""

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
    connection.create_aggregate("row_xor", 2, RowXor)


def add_to_sum(connection: sqlite3.Connection, part_id: int, count: int, xor: bytes) -> None:
    """Record that a part has so many rows more (or fewer, if negative), with this XOR."""
    kept = connection.execute("SELECT count, xor FROM row_sum WHERE batch = ?", (part_id,)).fetchone()
    before, bits = (0, bytes(ROW_BYTES)) if kept is None else kept
    both = (int.from_bytes(bits) ^ int.from_bytes(xor)).to_bytes(ROW_BYTES)
    connection.execute("INSERT OR REPLACE INTO row_sum VALUES (?, ?, ?)", (part_id, before + count, both))


def move_to_claimant(connection: sqlite3.Connection, part_id: int) -> None:
    """Give the rows of known calls to the part that has sent them once more, with the content that it has sent."""
    left = connection.execute(
        "SELECT row.batch, count(*), row_xor(row.fp, row.rest) FROM claim JOIN row ON row.fp = claim.fp"
        " WHERE claim.batch = ? GROUP BY row.batch",
        (part_id,),
    ).fetchall()
    for batch, count, xor in left:
        add_to_sum(connection, batch, -count, xor)
    count, xor = connection.execute(
        "SELECT count(*), row_xor(fp, rest) FROM claim WHERE batch = ?", (part_id,)
    ).fetchone()
    if count:
        add_to_sum(connection, part_id, count, xor)
        connection.execute("INSERT OR REPLACE INTO row SELECT fp, rest, batch FROM claim WHERE batch = ?", (part_id,))


def free_rows(connection: sqlite3.Connection, part_id: int) -> None:
    """Remove the rows of a part: its calls are free."""
    connection.execute("DELETE FROM row WHERE batch = ?", (part_id,))
    connection.execute("DELETE FROM row_sum WHERE batch = ?", (part_id,))


def check_at_opening(connection: sqlite3.Connection, folder: object) -> None:
    """Check what is cheap: the number of all rows, and in a small ledger every sum.

    Raises:
        LedgerError: A row is lost, or its bytes have changed.
    """
    found, kept = connection.execute(
        "SELECT (SELECT count(*) FROM row), (SELECT coalesce(sum(count), 0) FROM row_sum)"
    ).fetchone()
    if found != kept or (found <= _SUMMED_AT_OPENING and find_altered_parts(connection)):
        raise LedgerError("ledger-damaged", path=folder)


def find_altered_parts(connection: sqlite3.Connection) -> list[int]:
    """Numbers of the parts whose rows are not those that were recorded."""
    # One statement, so that no other process writes between the two halves.
    sums = connection.execute(_FOUND_AND_KEPT).fetchall()
    found, kept = (_nonempty(row[1:] for row in sums if row[0] == which) for which in (1, 0))
    return sorted({batch for batch, *_ in found ^ kept})


def _nonempty(sums: Iterable[tuple[int, int, bytes]]) -> set[tuple[int, int, bytes]]:
    return {(batch, count, xor) for batch, count, xor in sums if count or any(xor)}
