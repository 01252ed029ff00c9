"""Following an uploading until the service is done with it."""

from calltools.errors import ServiceError
from calltools.metrica import ledger
from calltools.metrica.ledger import Batch
from calltools.uploading.desk import Desk


def follow(desk: Desk, batch: Batch) -> Batch:
    """Ask how far the service is until it says that it is done, or the time to wait is over.

    Raises:
        ServiceError: It cannot be asked at all: the token, the counter. What passes by itself is waited for.
    """
    asked, clock = desk.asked, desk.clock
    end = clock.now() + asked.wait_limit_s
    pause = min(asked.first_look_s, asked.poll_s)
    if batch.watched:
        desk.tell("upload-followed", name=batch.name, rows=batch.rows)
    while batch.watched:
        if clock.now() + pause > end:
            return ledger.tire(desk.book, batch.id)
        clock.sleep(pause)
        pause = asked.poll_s
        batch = _look(desk, batch)
    return batch


def _look(desk: Desk, batch: Batch) -> Batch:
    try:
        said = desk.client.uploading(batch.counter, batch.upload_id or 0)
    except ServiceError as fault:
        if not getattr(fault, "passing", False) and not hasattr(fault, "wait"):
            raise
        desk.tell("upload-asked-in-vain", name=batch.name, rows=batch.rows)
        return batch
    if said.status != batch.status:
        desk.tell("upload-status", name=batch.name, rows=batch.rows, status=said.status or "-")
    return ledger.look(desk.book, batch.id, said.status, linked=said.linked_quantity, line=said.line_quantity)
