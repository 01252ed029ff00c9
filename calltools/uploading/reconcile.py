"""The ledger compared with the service's list: parts in doubt, and uploadings that the ledger does not know."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from calltools.errors import NO_CONNECTION, LedgerError, LockedError, QuotaError, ServiceError, TokenRefusedError
from calltools.ledger import (
    Ledger,
    ListedUploading,
    ListingTime,
    Part,
    find_unknown,
    find_witness,
    get_part,
    hold_counter,
    list_parts,
    parse_marker,
    reconcile,
    record_status,
)
from calltools.metrica.client import Client
from calltools.metrica.responses import Uploading, UploadingPage
from calltools.texts.keys import MessageKey
from calltools.uploading.context import UploadContext

#: Between two readings of the list.
_SEARCH_INTERVAL_S: Final = 2.0
_HALF_DAY_S: Final = 12 * 3600


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


@dataclass(frozen=True, slots=True)
class ListLook:
    """What one reading of the list has given.

    Attributes:
        changed: The parts whose state has changed.
        error: Why the list could not be read to its end, if so.
        proves_absence: A part that it does not show may be absent, see ``ledger.reconciliation``.
    """

    changed: Sequence[Part]
    error: ServiceError | None
    proves_absence: bool


def reconcile_counter(context: UploadContext) -> ListLook:
    """Read the list of a counter once and reconcile the ledger with it. The caller holds the lock of the counter."""
    ledger, options = context.ledger, context.options
    begun = context.clock.monotonic()
    listed: list[ListedUploading] = []
    page, error = UploadingPage(()), None
    try:
        # Page by page: what was read before an error still proves that a part has arrived.
        for page in context.client.iter_uploading_pages(options.counter):
            listed.extend(map(_listed, page.uploadings))
    except ServiceError as fault:
        error = fault
    # A list that ends without an empty page may go on: its end is not proven.
    is_whole = error is None and page.is_end
    proves = is_whole and page.service_time is not None
    proves = proves and find_witness(ledger, options.counter, listed) is not None
    at = ListingTime(page.service_time, begun)
    changed = reconcile(ledger, options.counter, listed, complete=is_whole, at=at, policy=options.policy)
    return ListLook(changed, error, proves)


def read_list(client: Client, counter: int) -> list[ListedUploading]:
    """Read the whole list of a counter.

    Raises:
        ServiceError: It cannot be read to its end.
    """
    return list(map(_listed, client.iter_uploadings(counter)))


def look_before_sending(context: UploadContext) -> ServiceError | None:
    """Read the whole list before a file is sent: a part may have arrived after all, and the ledger may be too old.

    The caller holds the lock of the counter, and sends nothing if there is an error.

    Returns:
        Why the list could not be read; ``None`` also if the options say to do without it.

    Raises:
        LedgerError: The service has uploadings of this ledger that the ledger does not know: it is a copy, a backup,
            or has lost something, so known calls would look new.
    """
    counter, events = context.options.counter, context.events
    listed: list[ListedUploading] = []
    try:
        listed.extend(map(_listed, context.client.iter_uploadings(counter)))
    except ServiceError as error:
        # What was read proves as much as a whole list: that a part has arrived, or that the ledger is too old.
        _accept_listed(context, listed)
        if not context.options.without_list or isinstance(error, TokenRefusedError | QuotaError):
            events.notify_always(_why_unlisted(error), counter=counter)
            return error
        events.notify_always("upload-without-list", counter=counter)
        return None
    _accept_listed(context, listed)
    return None


def _why_unlisted(error: ServiceError) -> MessageKey:
    """The sentence on a list that could not be read.

    Only of a list that the service fails to give it says that one can do without: where there is no connection nothing
    can be sent either, and a token, a quota or a certificate that is refused is refused for the calls as well.
    """
    if isinstance(error, TokenRefusedError | QuotaError) or error.key == "reading-untrusted":
        return "upload-list-needed"
    return "upload-list-no-connection" if error.key in NO_CONNECTION else "upload-list-fails"


def _accept_listed(context: UploadContext, listed: Sequence[ListedUploading]) -> None:
    counter = context.options.counter
    # Never complete: only ``resume`` counts how often a part was missing, since it acts on the count.
    reconcile(context.ledger, counter, listed, complete=False)
    unknown = find_unknown(context.ledger, counter, listed)
    if unknown.own:
        ids = ", ".join(str(line.upload_id) for line in sorted(unknown.own, key=lambda line: line.upload_id))
        raise LedgerError("ledger-behind", ids=ids, counter=counter)
    _warn_of_foreign(context, len(unknown.foreign))


def warn_before_asking(context: UploadContext) -> None:
    """Say of another ledger while a person can still say no; a list that cannot be read is told when it is needed."""
    counter = context.options.counter
    with suppress(ServiceError):
        listed = list(map(_listed, context.client.iter_uploadings(counter)))
        _warn_of_foreign(context, len(find_unknown(context.ledger, counter, listed).foreign))


def _warn_of_foreign(context: UploadContext, count: int) -> None:
    counter = context.options.counter
    if count and counter not in context.warned:
        context.warned.add(counter)
        context.events.notify_always("upload-foreign", count=count, counter=counter)


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
        if part is not None:
            record_uploading(ledger, part, uploading)
    marks = {part.mark for part in ours.values()}
    return [uploading for uploading in uploadings if uploading.id not in ours and _mark_of(uploading) not in marks]


def record_uploading(ledger: Ledger, part: Part, uploading: Uploading) -> Part:
    """Record what the service says of the uploading of a part."""
    return record_status(
        ledger,
        part.id,
        uploading.status,
        linked=uploading.linked_quantity,
        accepted=uploading.line_quantity,
        source=uploading.source_quantity,
    )


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
    return ListedUploading(
        uploading.id,
        uploading.comment,
        uploading.source_quantity,
        uploading.line_quantity,
        _to_unix_seconds(uploading.create_time),
    )


def _to_unix_seconds(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # A time without an offset may be that of any zone: the latest is half a day after UTC.
    return moment.timestamp() if moment.tzinfo else moment.replace(tzinfo=UTC).timestamp() + _HALF_DAY_S


def _mark_of(uploading: Uploading) -> str | None:
    marker = parse_marker(uploading.comment)
    return None if marker is None else marker[0]
