"""Recovery: what a killed process has left is brought in order before anything else is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calltools.errors import LedgerError
from calltools.metrica.ledger import journal, spool
from calltools.metrica.ledger.batches import release, write
from calltools.metrica.ledger.lock import locked
from calltools.metrica.ledger.states import SPENT, State, Step
from calltools.metrica.ledger.store import Book, told
from calltools.metrica.ledger.values import Batch


@contextmanager
def hold(book: Book, counter: int) -> Iterator[None]:
    """Keep a counter for this process, and bring in order what an earlier one has left there.

    Raises:
        LedgerError: Another process has it; its number is named.
    """
    with locked(book, counter):
        recover_counter(book, counter)
        yield


def recover(book: Book) -> None:
    """Recover every counter that nobody is uploading to."""
    with told(book.folder):
        rows = book.connection.execute("SELECT DISTINCT counter FROM batch WHERE state = ?", (State.SENDING,))
        counters = {row[0] for row in rows} | spool.counters(book.folder)
    for counter in sorted(counters):
        try:
            with hold(book, counter):
                pass
        except LedgerError as fault:
            if not fault.key.startswith("ledger-locked"):
                raise


def recover_counter(book: Book, counter: int) -> None:
    """Recover one counter; this process holds its lock, so whoever left things behind is gone."""
    for batch in _in(book, counter, State.SENDING):
        interrupted = {"state": State.AMBIGUOUS, "ended": book.now(), "reason": "interrupted"}
        write(book, batch, Step.LOSE, {"reason": "interrupted"}, {len(batch.attempts): interrupted})
    with told(book.folder):
        for path in _strangers(book, counter):
            spool.discard(path)
    for batch in _in(book, counter, State.RESERVED, State.NOT_SENT, State.THROTTLED):
        if not spool.spooled(book, batch).is_file():
            release(book, batch.id, "the file of the part is gone")


def _in(book: Book, counter: int, *states: State) -> list[Batch]:
    marks = ", ".join("?" * len(states))
    return journal.batches(book.connection, f"counter = ? AND state IN ({marks})", (counter, *states))


def _strangers(book: Book, counter: int) -> list[Path]:
    batches = journal.batches(book.connection, "counter = ?", (counter,))
    needed = frozenset(batch.mark for batch in batches if batch.state not in SPENT)
    return spool.strangers(book.folder, counter, needed)
