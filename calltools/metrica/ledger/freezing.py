"""Freezing and reserving: the parts of a plan become files in the spool, then batches of the ledger."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import itemgetter
from typing import Any

import numpy as np

from calltools.errors import LedgerError, SourceError
from calltools.fields.table import NAMES
from calltools.metrica.ledger import journal
from calltools.metrica.ledger.folder import spool_folder, sync_folder
from calltools.metrica.ledger.known import Verdict
from calltools.metrica.ledger.lock import must_hold
from calltools.metrica.ledger.markers import new_mark
from calltools.metrica.ledger.masking import masked
from calltools.metrica.ledger.planning import Part, Plan
from calltools.metrica.ledger.reading import CallFile
from calltools.metrica.ledger.spool import PartFile, path_of
from calltools.metrica.ledger.states import Step
from calltools.metrica.ledger.store import Book, told, writing
from calltools.metrica.ledger.values import Batch


@dataclass(frozen=True, slots=True)
class Frozen:
    """A part whose file is durable and that no table knows yet: a crash now leaves a stranger in the spool."""

    part: Part
    mark: str
    size: int
    digest: str


def reserve(book: Book, plan: Plan, *, goal: str = "", comment: str = "", source: str = "") -> tuple[Batch, ...]:
    """Write the parts of a plan and claim their calls; all of them, or nothing.

    Args:
        book: The ledger; this process holds the lock of the counter.
        plan: What goes.
        goal: Name of the goal.
        comment: What the user says about the upload.
        source: What the user calls the file.

    Raises:
        LedgerError: Another upload has claimed some of the calls since, or the ledger cannot be written.
        SourceError: The file has been changed since it was planned.
    """
    must_hold(book, plan.counter)
    frozen = freeze(book, plan)
    words = {"goal": goal, "comment": comment, "source": masked(source)}
    try:
        with writing(book) as connection:
            return tuple(_reserve(connection, book.now(), plan, words, frozen))
    except BaseException as fault:
        for one in frozen:
            path_of(book.folder, plan.counter, one.mark).unlink(missing_ok=True)
        if isinstance(fault, sqlite3.IntegrityError):
            raise LedgerError("ledger-plan-stale", path=plan.file) from fault
        raise


def freeze(book: Book, plan: Plan) -> tuple[Frozen, ...]:
    """The files of all parts, durable. Gives them in order."""
    marks = [new_mark() for _ in plan.parts]
    files: list[PartFile] = []
    try:
        with told(book.folder):
            for mark, part in zip(marks, plan.parts, strict=True):
                files.append(PartFile(path_of(book.folder, plan.counter, mark), book.key, part.columns))
            _fill(files, plan, book.key)
            digests = [file.finish() for file in files]
            sync_folder(spool_folder(book.folder))
    except BaseException:
        for file in files:
            file.discard()
        raise
    sizes = [file.size for file in files]
    return tuple(map(Frozen, plan.parts, marks, sizes, digests))


def _fill(files: Sequence[PartFile], plan: Plan, key: bytes) -> None:
    """Read the file once more: what is written is what was planned, or nothing is."""
    source = CallFile(plan.file, key)
    picks = [itemgetter(*map(NAMES.index, part.columns)) for part in plan.parts]
    # Calls that were added since are seen by the digest.
    for call, part in zip(source.calls(), chain(plan.part_of.tolist(), repeat(-1)), strict=False):
        if part >= 0:
            files[part].write(picks[part](call))
    if source.digest != plan.digest:
        raise SourceError("upload-changed", path=plan.file)


def _reserve(
    connection: sqlite3.Connection, now: float, plan: Plan, words: dict[str, str], frozen: Sequence[Frozen]
) -> Iterator[Batch]:
    first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM batch").fetchone()[0]
    for number, one in enumerate(frozen):
        facts = {**words, **_facts(plan, number, one)}
        batch = journal.happen(connection, None, journal.Event(now, first + number, Step.RESERVE, facts))
        _claim(connection, plan, number, batch.id)
        yield batch


def _facts(plan: Plan, number: int, one: Frozen) -> dict[str, Any]:
    part = {"part": number + 1, "parts": len(plan.parts)}
    of_part = {"kind": one.part.kind, "rows": one.part.records, "dynamic": one.part.dynamic}
    return {"counter": plan.counter, "mark": one.mark, "size": one.size, "digest": one.digest, **part, **of_part}


def _claim(connection: sqlite3.Connection, plan: Plan, number: int, batch: int) -> None:
    """Claim the calls of a part: new ones as rows, known ones that go again aside until they are accepted."""
    goes = plan.part_of == number
    fresh = plan.verdicts == Verdict.NEW
    for table, mask in (("row", goes & fresh), ("claim", goes & ~fresh)):
        places = plan.calls.in_order(np.flatnonzero(mask)).tolist()
        calls, rests = plan.calls.calls, plan.calls.rests
        connection.executemany(
            f"INSERT INTO {table} (fp, rest, batch) VALUES (?, ?, ?)",  # noqa: S608 - one of the two names above
            ((calls[place].tobytes(), rests[place].tobytes(), batch) for place in places),
        )
