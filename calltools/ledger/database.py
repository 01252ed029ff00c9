"""The database of the ledger: opening, key, transactions, and errors of SQLite as LedgerError."""

import hashlib
import hmac
import os
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from calltools.errors import LedgerError
from calltools.ledger.folder import database_path, ensure_private_file, sync_folder
from calltools.ledger.migrations import migrate
from calltools.ledger.row_sums import check_at_opening

_KEY_BYTES: Final = 32
_BUSY_SECONDS: Final = 10
# "The intent is durable before the first byte leaves" rests on the first three: a commit is on the disk, on macOS in
# its medium, and no reader blocks it. Deleted fingerprints are overwritten.
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
    """An open ledger; a context manager that closes it.

    Attributes:
        folder: The state folder.
        connection: For this package only, and only in the thread that opened it.
        key: Secret key of all fingerprints and digests.
        now: The clock: Unix seconds.
    """

    folder: Path
    connection: sqlite3.Connection
    key: bytes
    now: Callable[[], float]

    def __repr__(self) -> str:
        """Show the folder, never the key."""
        return f"Ledger({str(self.folder)!r})"

    def __enter__(self) -> Self:
        """Give the ledger."""
        return self

    def __exit__(self, _kind: type[BaseException] | None, _fault: object, _trace: TracebackType | None) -> None:
        """Close the ledger."""
        self.close()

    def close(self) -> None:
        """Close the ledger. Committed transactions stay."""
        self.connection.close()


def open_database(folder: Path, now: Callable[[], float], *, start_anew: bool = False) -> Ledger:
    """Open or create the ledger in a folder from ``create_state_folder``; the caller has ``opening_lock``.

    Args:
        folder: The state folder.
        now: The clock.
        start_anew: Begin an empty ledger with the key of one that is lost, instead of refusing to.

    Raises:
        LedgerError: It is damaged, it or its key is lost, or a later version of calltools wrote it.
    """
    with as_ledger_errors(folder):
        connection = sqlite3.connect(database_path(folder), timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            _prepare_connection(connection, folder)
            return Ledger(folder, connection, _load_key(connection, folder, start_anew=start_anew), now)
        except BaseException:
            connection.close()
            raise


def _prepare_connection(connection: sqlite3.Connection, folder: Path) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    # Before anything is written: a damaged ledger is left as it is, and nothing is sent.
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise LedgerError("ledger-damaged", path=folder)
    migrate(connection)
    check_at_opening(connection, folder)


def _load_key(connection: sqlite3.Connection, folder: Path, *, start_anew: bool) -> bytes:
    """Read the key of this ledger; a new ledger gets one.

    The database has a proof of the key. With another key every known call would look new and be sent again; so would
    every call in an empty database beside the key of one that was removed.
    """
    path, unfinished = folder / "ledger.key", folder / "ledger.key.new"
    proof = connection.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()
    if proof is None:
        key = _read_key(path)
        if path.exists() and len(key) != _KEY_BYTES:
            # A key gets its last name when it is whole: it has rotted since, and with it the way to adopt anything.
            raise LedgerError("ledger-key-lost", path=path)
        if key and not start_anew:
            raise LedgerError("ledger-lost", path=folder)
        if not key:
            key = _write_key(unfinished)
        # The proof before the name: a key with its last name always has a proof, in this database or in a lost one.
        connection.execute("INSERT INTO meta VALUES ('key', ?)", (_key_proof(key),))
    elif not (key := _read_key(path)):
        key = _read_key(unfinished)
    if proof is not None and not hmac.compare_digest(_key_proof(key), proof[0]):
        raise LedgerError("ledger-key-lost", path=path)
    if not path.is_file():
        unfinished.replace(path)
        sync_folder(folder)
    return key


def _read_key(path: Path) -> bytes:
    if not path.is_file():
        return b""
    ensure_private_file(path)
    return path.read_bytes()


def _write_key(path: Path) -> bytes:
    """Write a new key, durably."""
    key = secrets.token_bytes(_KEY_BYTES)
    ensure_private_file(path)
    with path.open("wb") as stream:
        stream.write(key)
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(path.parent)
    return key


def _key_proof(key: bytes) -> bytes:
    return hmac.digest(key, b"this is the key of the ledger", hashlib.sha256)


@contextmanager
def transaction(ledger: Ledger) -> Iterator[sqlite3.Connection]:
    """Run a transaction: all of it is durable when the block ends, or nothing of it is stored.

    Raises:
        LedgerError: The ledger is damaged, in use, or the disk is full.
    """
    with as_ledger_errors(ledger.folder):
        try:
            # IMMEDIATE: what is read inside cannot be changed by another process before it is written. Inside of the
            # block: an interrupt right behind it must not leave a transaction open.
            ledger.connection.execute("BEGIN IMMEDIATE")
            yield ledger.connection
            ledger.connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                ledger.connection.execute("ROLLBACK")
            raise


@contextmanager
def as_ledger_errors(folder: Path) -> Iterator[None]:
    """Map errors of SQLite and of the system about the ledger's files.

    Raises:
        LedgerError: In their place.
        sqlite3.DatabaseError: It is none that a user can act on, such as a violated constraint.
    """
    try:
        yield
    except sqlite3.DatabaseError as fault:
        error = _to_ledger_error(fault, folder)
        if error is None:
            raise
        raise error from fault
    except OSError as fault:
        raise LedgerError("ledger-unusable", path=folder, reason=fault.strerror) from fault


#: The tables are not those of the version that the database names: somebody has changed one or the other.
_OTHER_TABLES: Final = re.compile("no such (?:table|column)|already exists|has no column")


def _to_ledger_error(fault: sqlite3.DatabaseError, folder: Path) -> LedgerError | None:
    # The low byte is the primary code; the others say more than is needed.
    whole = getattr(fault, "sqlite_errorcode", 0)
    code = whole & 0xFF
    # A part that rows refer to is gone: its number has rotted.
    if (
        code in _DAMAGED_CODES
        or whole == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
        or (code == sqlite3.SQLITE_ERROR and _OTHER_TABLES.search(str(fault)))
    ):
        return LedgerError("ledger-damaged", path=folder)
    if code in _BUSY_CODES:
        return LedgerError("ledger-busy", path=folder)
    if code in _UNUSABLE_CODES:
        return LedgerError("ledger-unusable", path=folder, reason=str(fault))
    return None
