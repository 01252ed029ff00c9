"""Reserving: the parts of a plan are written to the spool, then recorded, and their calls are claimed."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import itemgetter
from typing import Any

import numpy as np

from calltools.errors import LedgerError, SourceError
from calltools.fields.table import FIELD_NAMES
from calltools.ledger import events
from calltools.ledger.calls import CallFile
from calltools.ledger.database import Ledger, as_ledger_errors, transaction
from calltools.ledger.folder import spool_folder, sync_folder
from calltools.ledger.lock import require_lock
from calltools.ledger.lookup import CallStatus
from calltools.ledger.part import Part, mask_long_numbers, new_mark
from calltools.ledger.planning import PlannedPart, UploadPlan
from calltools.ledger.spool import PartFileWriter, spool_path
from calltools.ledger.states import Transition


@dataclass(frozen=True, slots=True)
class SpooledPart:
    """A part whose file is durable and that no table knows yet: a crash now leaves a stranger in the spool."""

    part: PlannedPart
    mark: str
    size: int
    digest: str


def reserve(
    ledger: Ledger, plan: UploadPlan, *, goal: str = "", comment: str = "", source: str = ""
) -> tuple[Part, ...]:
    """Write the parts of a plan and claim their calls; all of them, or nothing.

    Args:
        ledger: The ledger; this process holds the lock of the counter.
        plan: What goes.
        goal: Name of the goal.
        comment: What the user says about the upload.
        source: What the user calls the file.

    Raises:
        LedgerError: Another upload has claimed some of the calls since, or the ledger cannot be written.
        SourceError: The file has been changed since it was planned.
    """
    require_lock(ledger, plan.counter)
    frozen = spool_parts(ledger, plan)
    words = {"goal": goal, "comment": comment, "source": mask_long_numbers(source)}
    try:
        with transaction(ledger) as connection:
            return tuple(_insert_parts(connection, ledger.now(), plan, words, frozen))
    except BaseException as fault:
        for one in frozen:
            spool_path(ledger.folder, plan.counter, one.mark).unlink(missing_ok=True)
        if isinstance(fault, sqlite3.IntegrityError):
            raise LedgerError("ledger-plan-stale", path=plan.file) from fault
        raise


def spool_parts(ledger: Ledger, plan: UploadPlan) -> tuple[SpooledPart, ...]:
    """The files of all parts, durable. Gives them in order."""
    marks = [new_mark() for _ in plan.parts]
    files: list[PartFileWriter] = []
    try:
        with as_ledger_errors(ledger.folder):
            for mark, part in zip(marks, plan.parts, strict=True):
                files.append(PartFileWriter(spool_path(ledger.folder, plan.counter, mark), ledger.key, part.columns))
            _write_calls(files, plan, ledger.key)
            digests = [file.finish() for file in files]
            sync_folder(spool_folder(ledger.folder))
    except BaseException:
        for file in files:
            file.discard()
        raise
    sizes = [file.size for file in files]
    return tuple(map(SpooledPart, plan.parts, marks, sizes, digests))


def _write_calls(files: Sequence[PartFileWriter], plan: UploadPlan, key: bytes) -> None:
    """Read the file once more: what is written is what was planned, or nothing is."""
    source = CallFile(plan.file, key)
    picks = [itemgetter(*map(FIELD_NAMES.index, part.columns)) for part in plan.parts]
    # Calls that were added since are seen by the digest.
    for call, part in zip(source.calls(), chain(plan.part_of.tolist(), repeat(-1)), strict=False):
        if part >= 0:
            files[part].write(picks[part](call))
    if source.digest != plan.digest:
        raise SourceError("upload-changed", path=plan.file)


def _insert_parts(
    connection: sqlite3.Connection, now: float, plan: UploadPlan, texts: dict[str, str], spooled: Sequence[SpooledPart]
) -> Iterator[Part]:
    first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM batch").fetchone()[0]
    for number, one in enumerate(spooled):
        facts = {**texts, **_part_fields(plan, number, one)}
        batch = events.append_event(connection, None, events.Event(now, first + number, Transition.RESERVE, facts))
        _claim_calls(connection, plan, number, batch.id)
        yield batch


def _part_fields(plan: UploadPlan, number: int, spooled: SpooledPart) -> dict[str, Any]:
    part = {"part": number + 1, "parts": len(plan.parts)}
    of_part = {"kind": spooled.part.kind, "rows": spooled.part.records, "dynamic": spooled.part.dynamic}
    return {
        "counter": plan.counter,
        "mark": spooled.mark,
        "size": spooled.size,
        "digest": spooled.digest,
        **part,
        **of_part,
    }


def _claim_calls(connection: sqlite3.Connection, plan: UploadPlan, number: int, part_id: int) -> None:
    """Claim the calls of a part: new ones as rows, known ones that go again aside until they are accepted."""
    goes = plan.part_of == number
    fresh = plan.statuses == CallStatus.NEW
    for table, mask in (("row", goes & fresh), ("claim", goes & ~fresh)):
        places = plan.scan.sort_by_fingerprint(np.flatnonzero(mask)).tolist()
        calls, rests = plan.scan.call_fingerprints, plan.scan.content_fingerprints
        connection.executemany(
            f"INSERT INTO {table} (fp, rest, batch) VALUES (?, ?, ?)",  # noqa: S608 - one of the two names above
            ((calls[place].tobytes(), rests[place].tobytes(), part_id) for place in places),
        )
