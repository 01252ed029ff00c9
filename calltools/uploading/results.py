"""The result of an upload: exit codes, remarks, the counts of a part, and a part as a JSON object."""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from calltools.errors import CalltoolsError, LedgerError
from calltools.ledger import FILE_GONE, Ledger, Part, State, lost_parts, record_told, was_told
from calltools.metrica.responses import Uploading, redact
from calltools.texts.keys import MessageKey
from calltools.uploading.context import UploadEvents, UploadOptions

OK: Final = 0
FINDINGS: Final = 1
REFUSED: Final = 4
IN_PART: Final = 5
HELD: Final = 6


@dataclass(frozen=True, slots=True)
class UploadResult:
    """The result of an upload, a resume or a watch.

    Attributes:
        code: Exit code.
        parts: The parts, those left by an earlier run first.
        errors: Why parts were not sent, in their order.
        stopped: The token or a quota failed, so another file would fail too.
        planned: Calls that would be sent, of a plan.
    """

    code: int
    parts: tuple[Part, ...] = ()
    errors: tuple[CalltoolsError, ...] = ()
    stopped: bool = False
    planned: int = 0


def highest_code(parts: Iterable[Part], options: UploadOptions) -> int:
    """The exit code that several parts call for; ``OK`` without a part."""
    return max((exit_code_of(part, options) for part in parts), default=OK)


def exit_code_of(part: Part, options: UploadOptions) -> int:
    """The exit code that one part calls for."""
    if part.held:
        return HELD
    if not part.accepted:
        return OK if part.state is State.GIVEN_UP else REFUSED
    if _ended_badly(part):
        return IN_PART
    if options.polls and part.processing:
        return REFUSED
    return OK if _meets_min_linked(part, options) else IN_PART


def _ended_badly(part: Part) -> bool:
    if part.state is State.DUPLICATED or part.partial or part.line_quantity == 0 or part.has_unknown_end:
        return True
    # A part of static calls alone ends in LINKAGE_FAILURE too; that is its success: nothing was to be linked.
    return part.status == "LINKAGE_FAILURE" and bool(part.dynamic)


def exit_code_of_known(ledger: Ledger, part: Part, options: UploadOptions) -> int:
    """The exit code of a part that an earlier run has sent: a bad end that is final fails one run and no later one.

    What the options of this run ask for, such as ``min_linked``, is answered by each run.
    """
    remark = _final_remark(part, options)
    if remark is None or not was_told(ledger, part.id, remark):
        return exit_code_of(part, options)
    return OK if _meets_min_linked(part, options) else IN_PART


def tell_end(ledger: Ledger, events: UploadEvents, part: Part, options: UploadOptions) -> None:
    """Give time for a remark on a part, then record it if it is of a bad end that is final."""
    events.remark_on(part, options)
    if remark := _final_remark(part, options):
        # If it cannot be recorded, the next run tells it once more.
        with suppress(LedgerError):
            record_told(ledger, part.id, remark)


def with_lost_parts(result: UploadResult, ledger: Ledger, events: UploadEvents, counter: int | None) -> UploadResult:
    """Tell of the parts that were withdrawn because their file was gone; one run fails for it, and no later one.

    Args:
        result: Of the run.
        ledger: The ledger.
        events: The caller.
        counter: The counter that the run is about; ``None``: all.
    """
    lost = lost_parts(ledger, counter)
    for part in lost:
        events.report_part(part)
        events.remark_on(part, UploadOptions(part.counter))
        # As in ``tell_end``.
        with suppress(LedgerError):
            record_told(ledger, part.id, FILE_GONE)
    code = max([result.code, *(REFUSED for _ in lost)])
    return replace(result, code=code, parts=(*result.parts, *lost))


def _final_remark(part: Part, options: UploadOptions) -> MessageKey | None:
    return remark_key(part, replace(options, min_linked=None)) if part.final and _ended_badly(part) else None


def _meets_min_linked(part: Part, options: UploadOptions) -> bool:
    return options.min_linked is None or is_linked_enough(part, options.min_linked)


def is_linked_enough(part: Part, percent: float) -> bool:
    """Whether so many percent of the dynamic calls are linked; static calls never are, so they do not count."""
    if not part.dynamic:
        return True
    return part.linked is not None and 100 * part.linked >= percent * part.dynamic


def remark_key(part: Part, options: UploadOptions) -> MessageKey | None:
    """What a person should know of a part beside its line, as a key of ``MESSAGES``; the first that holds counts."""
    few = not _meets_min_linked(part, options)
    remarks: tuple[tuple[object, MessageKey], ...] = (
        (part.held, "upload-batch-held"),
        (part.state is State.DUPLICATED, "upload-batch-doubled"),
        (part.waiting, "upload-batch-waiting"),
        (part.state is State.REJECTED, "upload-batch-refused"),
        (part.lost, "upload-batch-lost"),
        (part.state is State.RELEASED, "upload-batch-released"),
        (part.state is State.GIVEN_UP, "upload-batch-given-up"),
        (part.has_unknown_end, "upload-batch-unknown-end"),
        (part.line_quantity == 0, "upload-batch-none"),
        (part.partial, "upload-batch-partial"),
        (part.status == "LINKAGE_FAILURE" and part.dynamic, "upload-batch-unlinked"),
        (part.status == "LINKAGE_FAILURE", "upload-batch-static"),
        (options.polls and part.processing, "upload-batch-watched"),
        (few and part.linked is None, "upload-batch-linked-unknown"),
        (few, "upload-batch-linked-few"),
    )
    return next((key for holds, key in remarks if holds), None)


def accepted_count(part: Part) -> int | None:
    """How many calls of a part the service has accepted; ``None``: it has not said."""
    if part.state is State.REJECTED:
        return 0
    return part.line_quantity if part.line_quantity is not None else part.source_quantity


def will_be_shown(part: Part) -> bool:
    """Whether the reports are going to show calls of a part."""
    if not part.accepted or part.state is State.DUPLICATED or part.line_quantity == 0 or part.has_unknown_end:
        return False
    return part.status != "LINKAGE_FAILURE" or part.dynamic < part.rows


def part_counts(part: Part) -> list[tuple[MessageKey, int]]:
    """The counts of calls that the line of a part names, each with its words; what is not known is left out."""
    counts: tuple[tuple[MessageKey, int | None], ...] = (
        (_quantity_key(part), part.rows),
        ("part-accepted", accepted_count(part)),
        ("part-linked", part.linked),
    )
    return [(key, count) for key, count in counts if count is not None]


def _quantity_key(part: Part) -> MessageKey:
    """``held`` where nobody knows whether the calls arrived, ``waiting`` where none was sent yet."""
    if part.waiting:
        return "part-waiting"
    if part.held:
        return "part-held"
    if part.state is State.RELEASED:
        return "part-released"
    return "part-given-up" if part.state is State.GIVEN_UP else "part-sent"


def part_json(part: Part) -> str:
    """The part as one JSON object on one line."""
    return json.dumps(part_facts(part), ensure_ascii=False)


def part_facts(part: Part) -> dict[str, Any]:
    """What scripts and programs are told of a part, by stable names."""
    return {
        "id": part.name,
        "uploading": part.upload_id,
        "counter": part.counter,
        "created": _utc(part.created),
        "file": part.source or None,
        "goal": part.goal or None,
        "state": str(part.state),
        "status": part.status or None,
        "kind": part.kind,
        "calls": part.rows,
        "sent": part.rows if _quantity_key(part) == "part-sent" else 0,
        "dynamic": part.dynamic,
        "source_quantity": part.source_quantity,
        "accepted": accepted_count(part),
        "linked": part.linked,
        "part": part.part,
        "parts": part.parts,
        "reason": part.reason or None,
    }


def _utc(seconds: float) -> str:
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"


def foreign_json(counter: int, uploading: Uploading) -> str:
    """An uploading that only the service knows, as one JSON object on one line."""
    values = {
        "id": None,
        "uploading": uploading.id,
        "counter": counter,
        "state": "other",
        "status": uploading.status or None,
        "sent": uploading.source_quantity,
        "accepted": uploading.line_quantity,
        "linked": uploading.linked_quantity,
        "created": uploading.create_time or None,
        "comment": redact(uploading.comment) or None,
    }
    return json.dumps(values, ensure_ascii=False)
