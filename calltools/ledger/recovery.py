"""Recovery: what a killed process has left is put in order before anything else is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calltools.errors import LockedError
from calltools.ledger import events, spool
from calltools.ledger.database import Ledger, as_ledger_errors
from calltools.ledger.lifecycle import release, write_event
from calltools.ledger.lock import lock_counter
from calltools.ledger.part import Part
from calltools.ledger.states import DECIDED_STATES, State, Transition


@contextmanager
def hold_counter(ledger: Ledger, counter: int) -> Iterator[None]:
    """Keep a counter for this process, and bring in order what an earlier one has left there.

    Raises:
        LedgerError: Another process has it; its number is named.
    """
    with lock_counter(ledger, counter):
        recover_counter(ledger, counter)
        yield


def recover_all(ledger: Ledger) -> None:
    """Recover every counter that nobody is uploading to."""
    with as_ledger_errors(ledger.folder):
        rows = ledger.connection.execute("SELECT DISTINCT counter FROM batch WHERE state = ?", (State.SENDING,))
        counters = {row[0] for row in rows} | spool.spooled_counters(ledger.folder)
    for counter in sorted(counters):
        try:
            with hold_counter(ledger, counter):
                pass
        except LockedError:
            # Whoever holds the counter has recovered it.
            continue


def recover_counter(ledger: Ledger, counter: int) -> None:
    """Recover one counter; this process holds its lock, so whoever left things behind is gone."""
    for batch in _parts_in_states(ledger, counter, State.SENDING):
        interrupted = {"state": State.AMBIGUOUS, "ended": ledger.now(), "reason": "interrupted"}
        write_event(
            ledger, batch, Transition.LOSE_ANSWER, {"reason": "interrupted"}, {len(batch.attempts): interrupted}
        )
    with as_ledger_errors(ledger.folder):
        for path in _orphaned_files(ledger, counter):
            spool.discard_file(path)
    for batch in _parts_in_states(ledger, counter, State.RESERVED, State.NOT_SENT, State.THROTTLED):
        if not spool.part_path(ledger, batch).is_file():
            release(ledger, batch.id, "the file of the part is gone")


def _parts_in_states(ledger: Ledger, counter: int, *states: State) -> list[Part]:
    marks = ", ".join("?" * len(states))
    return events.select_parts(ledger.connection, f"counter = ? AND state IN ({marks})", (counter, *states))


def _orphaned_files(ledger: Ledger, counter: int) -> list[Path]:
    batches = events.select_parts(ledger.connection, "counter = ?", (counter,))
    needed = frozenset(batch.mark for batch in batches if batch.state not in DECIDED_STATES)
    return spool.orphaned_files(ledger.folder, counter, needed)
