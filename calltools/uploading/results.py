"""The result of a part as an exit code, a remark, a line and a JSON object."""

import json
from typing import Final

from calltools.ledger import Part, State
from calltools.metrica.redaction import redact
from calltools.metrica.responses import Uploading
from calltools.texts.keys import MessageKey
from calltools.uploading.context import UploadOptions

OK: Final = 0
REFUSED: Final = 4
IN_PART: Final = 5
HELD: Final = 6


def exit_code_of(batch: Part, options: UploadOptions) -> int:
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
    if options.polls and batch.processing:
        return REFUSED
    return IN_PART if options.min_linked is not None and not is_linked_enough(batch, options.min_linked) else OK


def is_linked_enough(batch: Part, percent: float) -> bool:
    """Static calls are never linked, so they do not count."""
    if not batch.dynamic:
        return True
    return batch.linked is not None and 100 * batch.linked >= percent * batch.dynamic


def remark_key(batch: Part, options: UploadOptions) -> MessageKey | None:
    """What a person should know beside the line, as a key of ``MESSAGES``."""
    few = options.min_linked is not None and not is_linked_enough(batch, options.min_linked)
    told: tuple[tuple[object, MessageKey], ...] = (
        (batch.held, "upload-batch-held"),
        (batch.state is State.DUPLICATED, "upload-batch-doubled"),
        (batch.waiting, "upload-batch-waiting"),
        (batch.state is State.REJECTED, "upload-batch-refused"),
        (batch.state is State.RELEASED, "upload-batch-released"),
        (batch.state is State.GIVEN_UP, "upload-batch-given-up"),
        (batch.line_quantity == 0, "upload-batch-none"),
        (batch.partial, "upload-batch-partial"),
        (batch.status == "LINKAGE_FAILURE" and batch.dynamic, "upload-batch-unlinked"),
        (batch.status == "LINKAGE_FAILURE", "upload-batch-static"),
        (options.polls and batch.processing, "upload-batch-watched"),
        (few and batch.linked is None, "upload-batch-linked-unknown"),
        (few, "upload-batch-linked-few"),
    )
    return next((key for holds, key in told if holds), None)


def accepted_count(batch: Part) -> int | None:
    """How many of its calls the service has taken, as far as it says."""
    if batch.state is State.REJECTED:
        return 0
    return batch.line_quantity if batch.line_quantity is not None else batch.source_quantity


def part_line(batch: Part) -> str:
    """``uploading 123 PROCESSED sent 100 accepted 100 linked 87``; what is not known is left out.

    Calls that may have been sent or not are ``held``, those of which nothing was sent are ``waiting``.
    """
    words = ["uploading", str(batch.upload_id or batch.name), batch.status or str(batch.state).upper()]
    for name, count in (
        (_quantity_label(batch), batch.rows),
        ("accepted", accepted_count(batch)),
        ("linked", batch.linked),
    ):
        if count is not None:
            words += [name, str(count)]
    return " ".join(words)


def _quantity_label(batch: Part) -> str:
    if batch.waiting:
        return "waiting"
    return "held" if batch.held else str(batch.state) if batch.state in {State.RELEASED, State.GIVEN_UP} else "sent"


def part_json(batch: Part) -> str:
    """The same as one object on one line."""
    told = {
        "id": batch.name,
        "uploading": batch.upload_id,
        "counter": batch.counter,
        "state": str(batch.state),
        "status": batch.status or None,
        "kind": batch.kind,
        "calls": batch.rows,
        "sent": batch.rows if _quantity_label(batch) == "sent" else 0,
        "dynamic": batch.dynamic,
        "source_quantity": batch.source_quantity,
        "accepted": accepted_count(batch),
        "linked": batch.linked,
        "part": batch.part,
        "parts": batch.parts,
        "reason": batch.reason or None,
    }
    return json.dumps(told, ensure_ascii=False)


def foreign_line(counter: int, one: Uploading) -> str:
    """An uploading that only the service knows, in the form of the list."""
    words = ["uploading", str(one.id), one.status or "-"]
    counts = (("sent", one.source_quantity), ("accepted", one.line_quantity), ("linked", one.linked_quantity))
    words += [word for name, count in counts if count is not None for word in (name, str(count))]
    return f"-  counter {counter}  other  {' '.join(words)}"


def foreign_json(counter: int, one: Uploading) -> str:
    """The same as one object on one line."""
    told = {
        "id": None,
        "uploading": one.id,
        "counter": counter,
        "state": "other",
        "status": one.status or None,
        "sent": one.source_quantity,
        "accepted": one.line_quantity,
        "linked": one.linked_quantity,
        "created": one.create_time or None,
        "comment": redact(one.comment) or None,
    }
    return json.dumps(told, ensure_ascii=False)
