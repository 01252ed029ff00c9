"""Questions to the ledger: for lists, for a person's ids, for what is still to do."""

from calltools.errors import UsageError
from calltools.metrica.ledger import journal
from calltools.metrica.ledger.batches import get_part
from calltools.metrica.ledger.journal import Event
from calltools.metrica.ledger.store import Ledger, as_ledger_errors
from calltools.metrica.ledger.values import Part


def list_parts(ledger: Ledger, counter: int | None = None) -> list[Part]:
    """Every batch, or those of one counter, oldest first."""
    with as_ledger_errors(ledger.folder):
        if counter is None:
            return journal.select_parts(ledger.connection)
        return journal.select_parts(ledger.connection, "counter = ?", (counter,))


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
        theirs = journal.select_parts(ledger.connection, "upload_id = ?", (int(digits),)) if digits == name else []
        return theirs[-1] if theirs else get_part(ledger, int(digits))


def part_events(ledger: Ledger, part: Part) -> list[Event]:
    """Everything that happened to a batch, in order."""
    with as_ledger_errors(ledger.folder):
        return journal.read_events(ledger.connection, part.id)


def last_event_id(ledger: Ledger) -> int:
    """Number of the last thing that happened to any batch; as long as it stays, so does what is known of every call."""
    with as_ledger_errors(ledger.folder):
        number: int = ledger.connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0]
        return number
