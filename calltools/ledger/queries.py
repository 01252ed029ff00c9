"""Queries of the ledger: parts and their events, the integrity check, and files that were found clean."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from calltools.errors import DefectError, LedgerError, SourceError, UsageError
from calltools.ledger.calls import file_digest
from calltools.ledger.database import Ledger, as_ledger_errors, transaction
from calltools.ledger.events import ATTEMPT_COLUMNS, PART_COLUMNS, Event, replay
from calltools.ledger.folder import database_folder
from calltools.ledger.part import FILE_GONE, Attempt, Part
from calltools.ledger.row_sums import find_altered_parts
from calltools.ledger.states import ACCEPTED_STATES, DECIDED_STATES, FREED_STATES, State, Transition


def select_parts(connection: sqlite3.Connection, where: str = "1", bound: tuple[object, ...] = ()) -> list[Part]:
    """Read parts from the tables, oldest first.

    Args:
        connection: To the database; inside a transaction the parts are those of the transaction.
        where: A condition written in this package, with question marks for values.
        bound: The values.

    Raises:
        LedgerError: A value is none that was ever written.
    """
    statement = f"SELECT {', '.join(PART_COLUMNS)} FROM batch WHERE {where} ORDER BY id"  # noqa: S608 - see above
    rows = [dict(zip(PART_COLUMNS, row, strict=True)) for row in connection.execute(statement, bound)]
    with _as_damage(connection):
        return [
            Part(**{**row, "state": State(row["state"])}, attempts=_select_attempts(connection, row["id"]))
            for row in rows
        ]


@contextmanager
def _as_damage(connection: sqlite3.Connection) -> Iterator[None]:
    """Map what parsing says of a value that was never written: a bit of it has rotted.

    Raises:
        LedgerError: In its place.
    """
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise LedgerError("ledger-damaged", path=database_folder(connection)) from fault


def _select_attempts(connection: sqlite3.Connection, part_id: int) -> tuple[Attempt, ...]:
    statement = f"SELECT {', '.join(ATTEMPT_COLUMNS)} FROM attempt WHERE batch = ? ORDER BY n"  # noqa: S608 - see above
    rows = [dict(zip(ATTEMPT_COLUMNS, row, strict=True)) for row in connection.execute(statement, (part_id,))]
    return tuple(Attempt(**{**row, "state": State(row["state"])}) for row in rows)


def select_events(connection: sqlite3.Connection, part_id: int | None = None) -> list[Event]:
    """Read all events, or those of one part, in order.

    Raises:
        LedgerError: A value is none that was ever written.
    """
    where, bound = ("", ()) if part_id is None else ("WHERE batch = ?", (part_id,))
    rows = connection.execute(f"SELECT at, batch, step, facts FROM event {where} ORDER BY id", bound)  # noqa: S608
    with _as_damage(connection):
        return [_to_event(*row) for row in rows]


def _to_event(at: float, part_id: int, transition: str, facts: str) -> Event:
    changes = json.loads(facts)
    attempts = {int(n): fields for n, fields in changes["attempts"].items()}
    return Event(at, part_id, Transition(transition), changes["facts"], attempts)


def get_part(ledger: Ledger, part_id: int) -> Part:
    """Read a part by its number in the ledger.

    Raises:
        UsageError: There is none.
    """
    with as_ledger_errors(ledger.folder):
        found = select_parts(ledger.connection, "id = ?", (part_id,))
    if not found:
        raise UsageError("ledger-unknown-id", name=f"L{part_id}")
    return found[0]


def find_part(ledger: Ledger, name: str) -> Part:
    """Find the part that a person names: ``L12`` is our number; a bare number is the service's id, or else ours.

    Raises:
        UsageError: There is none.
    """
    digits = name.removeprefix("L").removeprefix("l")
    # 18 digits at most: SQLite cannot bind more than 64 bits.
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise UsageError("ledger-unknown-id", name=name)
    with as_ledger_errors(ledger.folder):
        uploaded = select_parts(ledger.connection, "upload_id = ?", (int(digits),)) if digits == name else []
        return uploaded[-1] if uploaded else get_part(ledger, int(digits))


def is_known_uploading(ledger: Ledger, counter: int, upload_id: int) -> bool:
    """Whether a part of the counter has this id of the service already."""
    with as_ledger_errors(ledger.folder):
        return bool(select_parts(ledger.connection, "counter = ? AND upload_id = ?", (counter, upload_id)))


def list_parts(ledger: Ledger, counter: int | None = None) -> list[Part]:
    """Read all parts, or those of one counter, oldest first."""
    with as_ledger_errors(ledger.folder):
        if counter is None:
            return select_parts(ledger.connection)
        return select_parts(ledger.connection, "counter = ?", (counter,))


def waiting_parts(ledger: Ledger, counter: int | None = None) -> list[Part]:
    """Read the parts whose next attempt may begin."""
    return [part for part in list_parts(ledger, counter) if part.waiting]


def held_parts(ledger: Ledger, counter: int | None = None) -> list[Part]:
    """Read the parts that the service may or may not have."""
    return [part for part in list_parts(ledger, counter) if part.held]


def parts_without_partials(ledger: Ledger, counter: int) -> list[Part]:
    """Read the parts that have or may have calls, and were reserved before partial fingerprints were stored."""
    with as_ledger_errors(ledger.folder):
        last = _last_without_partials(ledger.connection)
        parts = select_parts(ledger.connection, "counter = ? AND id <= ?", (counter, last))
    return [part for part in parts if part.state not in FREED_STATES and not part.adopted]


def _last_without_partials(connection: sqlite3.Connection) -> int:
    found = connection.execute("SELECT value FROM meta WHERE name = 'last batch without partial'").fetchone()
    if found is None or not isinstance(found[0], int):
        raise LedgerError("ledger-damaged", path=database_folder(connection))
    return found[0]


def part_events(ledger: Ledger, part: Part) -> list[Event]:
    """Read the events of a part, in order."""
    with as_ledger_errors(ledger.folder):
        return select_events(ledger.connection, part.id)


@dataclass(frozen=True, slots=True)
class AcceptedCalls:
    """Accepted calls of a quarter of an hour, each call once.

    Attributes:
        begins: Unix seconds.
        calls: Number of calls.
        missed: Number of them that were missed.
    """

    begins: int
    calls: int
    missed: int


def count_accepted_calls(ledger: Ledger, counter: int) -> tuple[list[AcceptedCalls], int]:
    """Count the calls of a counter that the service has accepted, by when they were made.

    Returns:
        The counts in the order of time, and the number of calls of uploadings whose times are not known: they were
        adopted, or sent before the ledger kept times.
    """
    marks = ", ".join("?" * len(ACCEPTED_STATES))
    states = sorted(ACCEPTED_STATES)
    with as_ledger_errors(ledger.folder), closing(ledger.connection.cursor()) as cursor:
        timed = cursor.execute(
            "SELECT begins, sum(calls), sum(missed) FROM quarter_hour JOIN batch ON batch.id = batch "  # noqa: S608 - marks
            f"WHERE counter = ? AND state IN ({marks}) GROUP BY begins ORDER BY begins",
            (counter, *states),
        )
        counts = [AcceptedCalls(*row) for row in timed]
        untimed = cursor.execute(
            f"SELECT coalesce(sum(rows), 0) FROM batch WHERE counter = ? AND state IN ({marks}) "  # noqa: S608 - marks
            "AND id NOT IN (SELECT batch FROM quarter_hour)",
            (counter, *states),
        )
        return counts, untimed.fetchone()[0]


def last_event_id(ledger: Ledger) -> int:
    """Read the number of the last event of any part: as long as it stays the same, a plan is current."""
    with as_ledger_errors(ledger.folder):
        number: int = ledger.connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0]
        return number


def find_faults(ledger: Ledger) -> list[str]:
    """Check the whole ledger, for ``doctor``: database, references, tables by their events, and all fingerprints.

    Returns:
        What is wrong; empty if the ledger is sound.
    """
    with _one_moment(ledger) as connection, closing(connection.cursor()) as cursor:
        faults = [str(row[0]) for row in cursor.execute("PRAGMA integrity_check") if row != ("ok",)]
        faults += [f"foreign key: {row[0]} {row[1]}" for row in cursor.execute("PRAGMA foreign_key_check")]
        if not _add_up(connection):
            faults.append("the events do not add up to the batches")
        faults += [f"L{number}: its fingerprints have changed" for number in find_altered_parts(connection)]
    return faults


def check_undecided(ledger: Ledger) -> None:
    """Check that the parts that may be sent, or may have arrived, are what their events say: these are few.

    Raises:
        LedgerError: One is not, or a word of the ledger cannot be read.
    """
    marks = ", ".join("?" * len(DECIDED_STATES))
    with _one_moment(ledger) as connection:
        _last_without_partials(connection)
        undecided = select_parts(connection, f"state NOT IN ({marks})", tuple(sorted(DECIDED_STATES)))
        if not all(_add_up(connection, part.id) for part in undecided):
            raise LedgerError("ledger-damaged", path=ledger.folder)


def _add_up(connection: sqlite3.Connection, part_id: int | None = None) -> bool:
    """Whether the events add up to the parts, or to one of them."""
    where, bound = ("1", ()) if part_id is None else ("id = ?", (part_id,))
    try:
        stored = {part.id: part for part in select_parts(connection, where, bound)}
        return replay(select_events(connection, part_id)) == stored
    except (LedgerError, DefectError, ValueError, KeyError, TypeError):
        # A rotten event may be none, or one that cannot follow the one before.
        return False


@contextmanager
def _one_moment(ledger: Ledger) -> Iterator[sqlite3.Connection]:
    """Read everything as of one moment, whatever another process writes meanwhile."""
    with as_ledger_errors(ledger.folder):
        ledger.connection.execute("BEGIN")
        try:
            yield ledger.connection
        finally:
            ledger.connection.execute("ROLLBACK")


def digest_file(ledger: Ledger, file: Path) -> str:
    """Digest a file with the key of the ledger, so that the stored digest tells nothing without the key.

    Raises:
        SourceError: The file cannot be read.
    """
    try:
        return file_digest(ledger.key, file)
    except OSError as fault:
        raise SourceError("upload-unreadable", path=file, reason=fault.strerror) from fault


def record_told(ledger: Ledger, part_id: int, remark: str) -> None:
    """Record what was told of a part; ``remark`` is any word for it."""
    with transaction(ledger) as connection:
        connection.execute("INSERT OR REPLACE INTO told VALUES (?, ?)", (part_id, remark))


def was_told(ledger: Ledger, part_id: int, remark: str) -> bool:
    """Whether this was the last that was told of a part."""
    with as_ledger_errors(ledger.folder):
        told = ledger.connection.execute("SELECT 1 FROM told WHERE batch = ? AND remark = ?", (part_id, remark))
        return told.fetchone() is not None


def lost_parts(ledger: Ledger, counter: int | None = None) -> list[Part]:
    """Parts that were withdrawn because their file was gone, and of which nothing was told so far (``record_told``)."""
    return [part for part in list_parts(ledger, counter) if part.lost and not was_told(ledger, part.id, FILE_GONE)]


def record_clean_file(ledger: Ledger, digest: str, version: str, rules: str = "") -> None:
    """Record that a file was found clean.

    Args:
        ledger: The ledger.
        digest: From ``digest_file``.
        version: Version of calltools that validated it.
        rules: Name of the set of rules and options that validated it.
    """
    with transaction(ledger) as connection:
        connection.execute("INSERT OR REPLACE INTO clean VALUES (?, ?, ?, ?)", (digest, version, rules, ledger.now()))


def is_clean_file(ledger: Ledger, digest: str, version: str, rules: str = "") -> bool:
    """Whether the same bytes were found clean by the same version and rules.

    Args:
        ledger: The ledger.
        digest: From ``digest_file``.
        version: As in ``record_clean_file``.
        rules: As in ``record_clean_file``.
    """
    statement = "SELECT 1 FROM clean WHERE digest = ? AND version = ? AND rules = ?"
    with as_ledger_errors(ledger.folder):
        return ledger.connection.execute(statement, (digest, version, rules)).fetchone() is not None
