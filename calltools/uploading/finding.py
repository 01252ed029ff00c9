"""Looking for parts of which it is not known whether they arrived, by their markers in the service's list."""

from collections.abc import Sequence

from calltools.errors import ServiceError
from calltools.metrica import ledger
from calltools.metrica.ledger import Batch, Listed
from calltools.uploading.desk import Desk

#: Between two looks at the list.
_PAUSE_S = 2.0


def look_for(desk: Desk, batch: Batch) -> Batch:
    """Look for one part for a while, then leave it held. The caller holds the lock of the counter."""
    end = desk.clock.now() + desk.asked.look_s
    while True:
        reconcile(desk)
        batch = ledger.load(desk.book, batch.id)
        if not batch.held or desk.clock.now() + _PAUSE_S > end:
            return batch
        desk.clock.sleep(_PAUSE_S)


def reconcile(desk: Desk) -> tuple[Sequence[Batch], ServiceError | None]:
    """One look at the whole list of a counter: batches whose state it has changed, and why it could not be read."""
    found: list[Listed] = []
    error: ServiceError | None = None
    try:
        found.extend(
            Listed(one.id, one.comment, one.source_quantity, one.line_quantity)
            for one in desk.client.uploadings(desk.asked.counter)
        )
    except ServiceError as fault:
        error = fault
    changed = ledger.reconcile(desk.book, desk.asked.counter, found, complete=error is None, policy=desk.asked.policy)
    return changed, error
