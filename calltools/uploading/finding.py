"""Looking for parts of which it is not known whether they arrived, by their markers in the service's list."""

from collections.abc import Sequence

from calltools.errors import ServiceError
from calltools.metrica import ledger
from calltools.metrica.ledger import Part, ListedUploading
from calltools.uploading.desk import UploadContext

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
    changed = ledger.reconcile(context.ledger, context.options.counter, found, complete=error is None, policy=context.options.policy)
    return changed, error
