"""The ledger and the service's list side by side."""

from calltools.errors import LedgerError
from calltools.metrica import ledger
from calltools.metrica.answers import Uploading
from calltools.metrica.client import Client
from calltools.metrica.ledger import Ledger, ListedUploading


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
