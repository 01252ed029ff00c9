"""Following an uploading until the service is done with it."""

from calltools.errors import ServiceError
from calltools.metrica import ledger
from calltools.metrica.ledger import Part
from calltools.uploading.desk import UploadContext


def poll_until_done(context: UploadContext, batch: Part) -> Part:
    """Ask how far the service is until it says that it is done, or the time to wait is over.

    Raises:
        ServiceError: It cannot be asked at all: the token, the counter. What passes by itself is waited for.
    """
    asked, clock = context.options, context.clock
    end = clock.now() + asked.wait_limit_s
    pause = min(asked.first_poll_s, asked.poll_interval_s)
    if batch.processing:
        context.notify("upload-followed", name=batch.name, rows=batch.rows)
    while batch.processing:
        if clock.now() + pause > end:
            return ledger.stop_polling(context.ledger, batch.id)
        clock.sleep(pause)
        pause = asked.poll_interval_s
        batch = _poll_once(context, batch)
    return batch


def _poll_once(context: UploadContext, batch: Part) -> Part:
    try:
        said = context.client.get_uploading(batch.counter, batch.upload_id or 0)
    except ServiceError as fault:
        if not getattr(fault, "passing", False) and not hasattr(fault, "wait"):
            raise
        context.notify("upload-asked-in-vain", name=batch.name, rows=batch.rows)
        return batch
    if said.status != batch.status:
        context.notify("upload-status", name=batch.name, rows=batch.rows, status=said.status or "-")
    return ledger.record_status(context.ledger, batch.id, said.status, linked=said.linked_quantity, accepted=said.line_quantity)
