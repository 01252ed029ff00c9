"""Queries of the ledger: lists of parts, one part by its name, its events, and files that were found clean."""

from pathlib import Path

from calltools.errors import SourceError, UsageError
from calltools.ledger import events
from calltools.ledger.calls import file_digest
from calltools.ledger.database import Ledger, as_ledger_errors, transaction
from calltools.ledger.events import Event
from calltools.ledger.lifecycle import get_part
from calltools.ledger.part import Part


def list_parts(ledger: Ledger, counter: int | None = None) -> list[Part]:
    """Every batch, or those of one counter, oldest first."""
    with as_ledger_errors(ledger.folder):
        if counter is None:
            return events.select_parts(ledger.connection)
        return events.select_parts(ledger.connection, "counter = ?", (counter,))


def waiting_parts(ledger: Ledger, counter: int | None = None) -> list[Part]:
    """Batches of which nothing has been stored: they may be sent."""
    return [batch for batch in list_parts(ledger, counter) if batch.waiting]


def held_parts(ledger: Ledger, counter: int | None = None) -> list[Part]:
    """Batches of which it is not known whether they arrived."""
    return [batch for batch in list_parts(ledger, counter) if batch.held]


def processing_parts(ledger: Ledger, counter: int | None = None) -> list[Part]:
    """Batches on which the service still works."""
    return [batch for batch in list_parts(ledger, counter) if batch.processing]


def find_part(ledger: Ledger, name: str) -> Part:
    """The batch that a person means: ``L12`` is the ledger's own id, a bare number is the service's, or else our own.

    Raises:
        UsageError: There is none.
    """
    digits = name.removeprefix("L").removeprefix("l")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise UsageError("ledger-unknown-id", name=name)
    with as_ledger_errors(ledger.folder):
        theirs = events.select_parts(ledger.connection, "upload_id = ?", (int(digits),)) if digits == name else []
        return theirs[-1] if theirs else get_part(ledger, int(digits))


def part_events(ledger: Ledger, part: Part) -> list[Event]:
    """Everything that happened to a batch, in order."""
    with as_ledger_errors(ledger.folder):
        return events.read_events(ledger.connection, part.id)


def last_event_id(ledger: Ledger) -> int:
    """Number of the last thing that happened to any batch; as long as it stays, so does what is known of every call."""
    with as_ledger_errors(ledger.folder):
        number: int = ledger.connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0]
        return number


def digest_file(ledger: Ledger, file: Path) -> str:
    """Keyed digest of a file: says nothing to whoever has not the key.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        return file_digest(ledger.key, file)
    except OSError as fault:
        raise SourceError("upload-unreadable", path=file, reason=fault.strerror) from fault


def record_clean_file(ledger: Ledger, digest: str, version: str, rules: str = "") -> None:
    """Remember that a file was found clean.

    Args:
        ledger: The ledger.
        digest: From ``digest_of``.
        version: Of the tool.
        rules: What else the verdict rests on, in a word: the set of rules, options.
    """
    with transaction(ledger) as connection:
        connection.execute("INSERT OR REPLACE INTO clean VALUES (?, ?, ?, ?)", (digest, version, rules, ledger.now()))


def is_clean_file(ledger: Ledger, digest: str, version: str, rules: str = "", *, since: float = 0) -> bool:
    """Whether the same bytes were found clean by the same version and rules.

    Args:
        ledger: The ledger.
        digest: From ``digest_of``.
        version: Of the tool.
        rules: As it was remembered.
        since: Unix seconds; an older verdict counts for nothing. Rules of time make verdicts grow old.
    """
    statement = "SELECT 1 FROM clean WHERE digest = ? AND version = ? AND rules = ? AND at >= ?"
    with as_ledger_errors(ledger.folder):
        return ledger.connection.execute(statement, (digest, version, rules, since)).fetchone() is not None
