"""Recovery: what a killed process has left on this machine is put in order, by whoever holds its counter next.

Nothing is sent. Whether a part in doubt has arrived only the service's list can say, see ``reconciliation``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calltools.errors import LockedError
from calltools.ledger.database import Ledger, as_ledger_errors
from calltools.ledger.lifecycle import release, write_event
from calltools.ledger.lock import lock_counter
from calltools.ledger.part import FILE_GONE, Part
from calltools.ledger.queries import select_parts
from calltools.ledger.reservation import discard_file, orphaned_files, part_path, spooled_counters
from calltools.ledger.states import DECIDED_STATES, WAITING_STATES, State, Transition


@contextmanager
def hold_counter(ledger: Ledger, counter: int) -> Iterator[None]:
    """Lock a counter for this process and recover what an earlier process has left there.

    Raises:
        LedgerError: Another process has the lock; the error has its process id.
    """
    with lock_counter(ledger, counter):
        recover_counter(ledger, counter)
        yield


def recover_all(ledger: Ledger) -> None:
    """Recover every counter that no process is uploading to."""
    with as_ledger_errors(ledger.folder):
        rows = ledger.connection.execute("SELECT DISTINCT counter FROM batch WHERE state = ?", (State.SENDING,))
        counters = {row[0] for row in rows} | spooled_counters(ledger.folder)
    for counter in sorted(counters):
        try:
            with hold_counter(ledger, counter):
                pass
        except LockedError:
            # Whoever holds the counter has recovered it.
            continue


def recover_counter(ledger: Ledger, counter: int) -> None:
    """Recover one counter. This process holds its lock, so whatever is unfinished belongs to a dead process."""
    # Killed between the intent and the outcome: nobody knows whether the service has the file.
    for part in _parts_in_states(ledger, counter, frozenset({State.SENDING})):
        reason = {"reason": "interrupted"}
        attempt = {"state": State.AMBIGUOUS, "ended": ledger.now(), **reason}
        write_event(ledger, part, Transition.LOSE_ANSWER, reason, {len(part.attempts): attempt})
    # Killed before the reservation was committed, or between a decision and the removal of the file.
    with as_ledger_errors(ledger.folder):
        for path in _orphaned_files(ledger, counter):
            discard_file(path)
    # The last step: a part whose file somebody has removed cannot be sent, and must not claim its calls for ever.
    # The next run that sends or decides tells of it, see ``lost_parts``.
    for part in _parts_in_states(ledger, counter, WAITING_STATES):
        if not part_path(ledger, part).is_file():
            release(ledger, part.id, FILE_GONE)


def _parts_in_states(ledger: Ledger, counter: int, states: frozenset[State]) -> list[Part]:
    marks = ", ".join("?" * len(states))
    with as_ledger_errors(ledger.folder):
        return select_parts(ledger.connection, f"counter = ? AND state IN ({marks})", (counter, *sorted(states)))


def _orphaned_files(ledger: Ledger, counter: int) -> list[Path]:
    parts = select_parts(ledger.connection, "counter = ?", (counter,))
    needed = frozenset(part.mark for part in parts if part.state not in DECIDED_STATES)
    return orphaned_files(ledger.folder, counter, needed)
