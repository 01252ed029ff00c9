"""Questions to the ledger: for lists, for a person's ids, for what is still to do."""

from calltools.errors import UsageError
from calltools.metrica.ledger import journal
from calltools.metrica.ledger.batches import load
from calltools.metrica.ledger.journal import Event
from calltools.metrica.ledger.store import Book, told
from calltools.metrica.ledger.values import Batch


def uploads(book: Book, counter: int | None = None) -> list[Batch]:
    """Every batch, or those of one counter, oldest first."""
    with told(book.folder):
        if counter is None:
            return journal.batches(book.connection)
        return journal.batches(book.connection, "counter = ?", (counter,))


def waiting(book: Book, counter: int | None = None) -> list[Batch]:
    """Batches of which nothing has been stored: they may be sent."""
    return [batch for batch in uploads(book, counter) if batch.waiting]


def held(book: Book, counter: int | None = None) -> list[Batch]:
    """Batches of which it is not known whether they arrived."""
    return [batch for batch in uploads(book, counter) if batch.held]


def watched(book: Book, counter: int | None = None) -> list[Batch]:
    """Batches on which the service still works."""
    return [batch for batch in uploads(book, counter) if batch.watched]


def find(book: Book, name: str) -> Batch:
    """The batch that a person means: ``L12`` is the ledger's own id, a bare number is the service's, or else our own.

    Raises:
        UsageError: There is none.
    """
    digits = name.removeprefix("L").removeprefix("l")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise UsageError("ledger-unknown-id", name=name)
    with told(book.folder):
        theirs = journal.batches(book.connection, "upload_id = ?", (int(digits),)) if digits == name else []
        return theirs[-1] if theirs else load(book, int(digits))


def history(book: Book, batch: Batch) -> list[Event]:
    """Everything that happened to a batch, in order."""
    with told(book.folder):
        return journal.events(book.connection, batch.id)


def last_event(book: Book) -> int:
    """Number of the last thing that happened to any batch; as long as it stays, so does what is known of every call."""
    with told(book.folder):
        number: int = book.connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0]
        return number
