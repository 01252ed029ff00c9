"""The database of the ledger: opening, key, transactions, integrity check, and its errors as LedgerError."""

import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from calltools.errors import LedgerError
from calltools.ledger import events
from calltools.ledger import folder as places
from calltools.ledger.migrations import migrate

_KEY_BYTES: Final = 32
_BUSY_SECONDS: Final = 10
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
)
_DAMAGED_CODES: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BUSY_CODES: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_UNUSABLE_CODES: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOLFS,
    }
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """An open ledger; a context manager.

    Attributes:
        folder: The state folder.
        connection: For this package alone, and for the thread that opened it.
        key: Of all fingerprints and digests; never shown.
        now: The clock, Unix seconds.
    """

    folder: Path
    connection: sqlite3.Connection
    key: bytes
    now: Callable[[], float]

    def __repr__(self) -> str:
        """Without the key."""
        return f"Book({str(self.folder)!r})"

    def __enter__(self) -> Self:
        """The open ledger."""
        return self

    def __exit__(self, _kind: type[BaseException] | None, _fault: object, _trace: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close it; what was written stays."""
        self.connection.close()


def open_database(folder: Path, now: Callable[[], float]) -> Ledger:
    """The ledger in a folder that ``folder.prepare`` has made; no other process may be opening it.

    Raises:
        LedgerError: It is damaged, its key is lost, or a later version wrote it.
    """
    with as_ledger_errors(folder):
        connection = sqlite3.connect(places.database_path(folder), timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            _prepare_connection(connection, folder)
            return Ledger(folder, connection, _load_key(connection, folder), now)
        except BaseException:
            connection.close()
            raise


def _prepare_connection(connection: sqlite3.Connection, folder: Path) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise LedgerError("ledger-damaged", path=folder)
    migrate(connection)


def _load_key(connection: sqlite3.Connection, folder: Path) -> bytes:
    """The key that this ledger was written with; a new ledger gets one."""
    path = folder / "ledger.key"
    proof = connection.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()
    if proof is None:
        key = _read_key(path) or _new_key(path)
        connection.execute("INSERT INTO meta VALUES ('key', ?)", (_key_proof(key),))
        return key
    key = _read_key(path)
    if not hmac.compare_digest(_key_proof(key), proof[0]):
        raise LedgerError("ledger-key-lost", path=path)
    return key


def _read_key(path: Path) -> bytes:
    if not path.is_file():
        return b""
    places.ensure_private_file(path)
    return path.read_bytes()


def _new_key(path: Path) -> bytes:
    key, fresh = secrets.token_bytes(_KEY_BYTES), path.with_name(path.name + ".new")
    places.ensure_private_file(fresh)
    with fresh.open("wb") as stream:
        stream.write(key)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)
    places.sync_folder(path.parent)
    return key


def _key_proof(key: bytes) -> bytes:
    return hmac.digest(key, b"this is the key of the ledger", hashlib.sha256)


@contextmanager
def transaction(ledger: Ledger) -> Iterator[sqlite3.Connection]:
    """A transaction: everything inside is durable when it ends, or nothing of it is there.

    Raises:
        LedgerError: The ledger is damaged, in use, or the disk is full.
    """
    with as_ledger_errors(ledger.folder):
        ledger.connection.execute("BEGIN IMMEDIATE")
        try:
            yield ledger.connection
            ledger.connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                ledger.connection.execute("ROLLBACK")
            raise


@contextmanager
def as_ledger_errors(folder: Path) -> Iterator[None]:
    """Faults of the ledger in words.

    Raises:
        LedgerError: In place of what SQLite or the system says about the ledger's files.
    """
    try:
        yield
    except sqlite3.DatabaseError as fault:
        worded = _to_ledger_error(fault, folder)
        if worded is None:
            raise
        raise worded from fault
    except OSError as fault:
        raise LedgerError("ledger-unusable", path=folder, reason=fault.strerror) from fault


def _to_ledger_error(fault: sqlite3.DatabaseError, folder: Path) -> LedgerError | None:
    code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED_CODES:
        return LedgerError("ledger-damaged", path=folder)
    if code in _BUSY_CODES:
        return LedgerError("ledger-busy", path=folder)
    if code in _UNUSABLE_CODES:
        return LedgerError("ledger-unusable", path=folder, reason=str(fault))
    return None


def find_faults(ledger: Ledger) -> list[str]:
    """What is wrong with the ledger: nothing, if it is whole and its events add up to its tables."""
    with as_ledger_errors(ledger.folder), closing(ledger.connection.cursor()) as cursor:
        found = [str(row[0]) for row in cursor.execute("PRAGMA integrity_check") if row != ("ok",)]
        found += [f"foreign key: {row[0]} {row[1]}" for row in cursor.execute("PRAGMA foreign_key_check")]
        tables = {batch.id: batch for batch in events.select_parts(ledger.connection)}
        if events.replay(events.read_events(ledger.connection)) != tables:
            found.append("the events do not add up to the batches")
    return found
