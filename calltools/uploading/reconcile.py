"""The ledger compared with the service's list: parts in doubt, and uploadings that the ledger does not know."""

from collections.abc import Sequence

from calltools import ledger
from calltools.errors import LedgerError, ServiceError
from calltools.ledger import Ledger, ListedUploading, Part
from calltools.metrica.client import Client
from calltools.metrica.responses import Uploading
from calltools.uploading.context import UploadContext

#: Between two looks at the list.
_SEARCH_INTERVAL_S = 2.0


def search_for_part(context: UploadContext, batch: Part) -> Part:
    """Look for one part for a while, then leave it held. The caller holds the lock of the counter."""
    end = context.clock.now() + context.options.search_timeout_s
    while True:
        reconcile_counter(context)
        batch = ledger.get_part(context.ledger, batch.id)
        if not batch.held or context.clock.now() + _SEARCH_INTERVAL_S > end:
            return batch
        context.clock.sleep(_SEARCH_INTERVAL_S)


def reconcile_counter(context: UploadContext) -> tuple[Sequence[Part], ServiceError | None]:
    """One look at the whole list of a counter: batches whose state it has changed, and why it could not be read."""
    found: list[ListedUploading] = []
    error: ServiceError | None = None
    try:
        found.extend(
            ListedUploading(one.id, one.comment, one.source_quantity, one.line_quantity)
            for one in context.client.iter_uploadings(context.options.counter)
        )
    except ServiceError as fault:
        error = fault
    changed = ledger.reconcile(
        context.ledger, context.options.counter, found, complete=error is None, policy=context.options.policy
    )
    return changed, error


def merge_listing(book: Ledger, client: Client, counter: int) -> list[Uploading]:
    """Write down what the list says of our uploadings; gives those that the ledger does not know.

    Raises:
        ServiceError: The list cannot be read to its end.
        LedgerError: The ledger cannot be trusted.
    """
    listing = list(client.iter_uploadings(counter))
    _reconcile_listing(book, counter, listing)
    ours = {batch.upload_id: batch for batch in ledger.list_parts(book, counter)}
    for one in listing:
        batch = ours.get(one.id)
        if batch is not None and one.status:
            ledger.record_status(book, batch.id, one.status, linked=one.linked_quantity, accepted=one.line_quantity)
    marks = {batch.mark for batch in ours.values()}
    return [one for one in listing if one.id not in ours and _marker_of(one) not in marks]


def _reconcile_listing(book: Ledger, counter: int, listing: list[Uploading]) -> None:
    """What is in doubt may be found so; that it is missing only ``resume`` counts, which knows what follows from it."""
    found = [ListedUploading(one.id, one.comment, one.source_quantity, one.line_quantity) for one in listing]
    try:
        with ledger.hold_counter(book, counter):
            ledger.reconcile(book, counter, found, complete=False)
    except LedgerError as fault:
        # Whoever uploads there at this moment looks himself.
        if not fault.key.startswith("ledger-locked"):
            raise


def _marker_of(one: Uploading) -> str | None:
    found = ledger.parse_marker(one.comment)
    return None if found is None else found[0]
