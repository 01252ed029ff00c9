"""What became of a part, as an exit code and as a line for scripts."""

import json
from typing import Final

from calltools.metrica.ledger import Batch, State
from calltools.uploading.asked import Asked

OK: Final = 0
REFUSED: Final = 4
IN_PART: Final = 5
HELD: Final = 6


def code_of(batch: Batch, asked: Asked) -> int:
    """The exit code that one part calls for; of several parts the highest counts."""
    if batch.held:
        return HELD
    if not batch.accepted:
        return OK if batch.state is State.GIVEN_UP else REFUSED
    if batch.state is State.DUPLICATED or batch.partial or batch.line_quantity == 0:
        return IN_PART
    if batch.status == "LINKAGE_FAILURE" and batch.dynamic:
        # A file of static calls alone ends so too, and there it is the success: nothing was to be linked.
        return IN_PART
    if asked.follows and batch.watched:
        return REFUSED
    return IN_PART if asked.min_linked is not None and not _linked_enough(batch, asked.min_linked) else OK


def _linked_enough(batch: Batch, percent: float) -> bool:
    """Static calls are never linked, so they do not count."""
    if not batch.dynamic:
        return True
    return batch.linked is not None and 100 * batch.linked >= percent * batch.dynamic


def remark(batch: Batch, asked: Asked) -> str | None:
    """What a person should know beside the line, as a key of ``MESSAGES``."""
    few = asked.min_linked is not None and not _linked_enough(batch, asked.min_linked)
    told = (
        (batch.held, "upload-batch-held"),
        (batch.state is State.DUPLICATED, "upload-batch-doubled"),
        (not batch.accepted, None),
        (batch.line_quantity == 0, "upload-batch-none"),
        (batch.partial, "upload-batch-partial"),
        (batch.status == "LINKAGE_FAILURE" and batch.dynamic, "upload-batch-unlinked"),
        (batch.status == "LINKAGE_FAILURE", "upload-batch-static"),
        (asked.follows and batch.watched, "upload-batch-watched"),
        (few, "upload-batch-linked-few"),
    )
    return next((key for holds, key in told if holds), None)


def line(batch: Batch) -> str:
    """``uploading 123 PROCESSED sent 100 accepted 100 linked 87``; what is not known is left out."""
    words = ["uploading", str(batch.upload_id or batch.name), batch.status or str(batch.state).upper()]
    words += ["sent", str(batch.rows)]
    accepted = batch.line_quantity if batch.line_quantity is not None else batch.source_quantity
    for name, count in (("accepted", accepted), ("linked", batch.linked)):
        if count is not None:
            words += [name, str(count)]
    return " ".join(words)


def as_json(batch: Batch) -> str:
    """The same as one object on one line."""
    told = {
        "id": batch.name,
        "uploading": batch.upload_id,
        "counter": batch.counter,
        "state": str(batch.state),
        "status": batch.status or None,
        "kind": batch.kind,
        "sent": batch.rows,
        "dynamic": batch.dynamic,
        "source_quantity": batch.source_quantity,
        "accepted": batch.line_quantity,
        "linked": batch.linked,
        "part": batch.part,
        "parts": batch.parts,
        "reason": batch.reason or None,
    }
    return json.dumps(told, ensure_ascii=False)
