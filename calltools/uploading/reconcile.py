"""The ledger compared with the service's list: parts in doubt, and uploadings that the ledger does not know."""

from collections.abc import Iterable, Sequence
from typing import Final

from calltools.errors import LockedError, ServiceError
from calltools.ledger import (
    Ledger,
    ListedUploading,
    Part,
    get_part,
    hold_counter,
    list_parts,
    parse_marker,
    reconcile,
    record_status,
)
from calltools.metrica.client import Client
from calltools.metrica.responses import Uploading
from calltools.uploading.context import UploadContext

#: Between two readings of the list.
_SEARCH_INTERVAL_S: Final = 2.0


def search_for_part(context: UploadContext, part: Part) -> Part:
    """Search the list for a part for ``search_timeout_s``, then leave it held; needs the lock of the counter."""
    end = context.clock.monotonic() + context.options.search_timeout_s
    while True:
        reconcile_counter(context)
        part = get_part(context.ledger, part.id)
        if not part.held or context.clock.monotonic() + _SEARCH_INTERVAL_S > end:
            return part
        # The list may show an uploading some seconds after it was stored.
        context.clock.sleep(_SEARCH_INTERVAL_S)


def reconcile_counter(context: UploadContext) -> tuple[Sequence[Part], ServiceError | None]:
    """Read the list of a counter once and reconcile the ledger with it. The caller holds the lock of the counter.

    Returns:
        The parts whose state has changed, and why the list could not be read to its end, if so.
    """
    listed: list[ListedUploading] = []
    error: ServiceError | None = None
    try:
        # Page by page: what was read before an error still proves that a part has arrived.
        listed.extend(map(_listed, context.client.iter_uploadings(context.options.counter)))
    except ServiceError as fault:
        error = fault
    changed = reconcile(
        context.ledger, context.options.counter, listed, complete=error is None, policy=context.options.policy
    )
    return changed, error


def merge_listing(ledger: Ledger, client: Client, counter: int) -> list[Uploading]:
    """Record what the list says of our uploadings; gives those that the ledger does not know.

    Raises:
        ServiceError: The list cannot be read to its end.
        LedgerError: The ledger cannot be trusted.
    """
    uploadings = list(client.iter_uploadings(counter))
    _reconcile_listing(ledger, counter, uploadings)
    ours = {part.upload_id: part for part in list_parts(ledger, counter)}
    for uploading in uploadings:
        part = ours.get(uploading.id)
        if part is not None and uploading.status:
            record_status(
                ledger,
                part.id,
                uploading.status,
                linked=uploading.linked_quantity,
                accepted=uploading.line_quantity,
            )
    marks = {part.mark for part in ours.values()}
    return [uploading for uploading in uploadings if uploading.id not in ours and _mark_of(uploading) not in marks]


def _reconcile_listing(ledger: Ledger, counter: int, uploadings: Iterable[Uploading]) -> None:
    """Accept the parts in doubt that the list shows."""
    try:
        with hold_counter(ledger, counter):
            # Never complete: only ``resume`` counts how often a part was missing, since it acts on the count.
            reconcile(ledger, counter, list(map(_listed, uploadings)), complete=False)
    except LockedError:
        # The process that uploads there at this moment reconciles its parts itself.
        return


def _listed(uploading: Uploading) -> ListedUploading:
    return ListedUploading(uploading.id, uploading.comment, uploading.source_quantity, uploading.line_quantity)


def _mark_of(uploading: Uploading) -> str | None:
    marker = parse_marker(uploading.comment)
    return None if marker is None else marker[0]
