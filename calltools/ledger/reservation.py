"""Reserving: the parts of a plan are written to the spool, then recorded, and their calls are claimed.

The spool has the file of each part from here until the part is decided. A crash is safe at every step: the files are
durable before the database knows them, so an unknown file is an orphan, which recovery removes, and a known part has
its whole file.
"""

import csv
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, repeat
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from calltools.errors import LedgerError, SourceError
from calltools.fields.table import FIELD_NAMES
from calltools.ledger.calls import ASKED, CallFile, bind_fingerprints, file_digest, keyed_digest, shorten_fingerprints
from calltools.ledger.database import Ledger, as_ledger_errors, transaction
from calltools.ledger.events import Event, append_event
from calltools.ledger.folder import open_private, spool_folder, sync_folder
from calltools.ledger.known_calls import CallStatus
from calltools.ledger.lock import require_lock
from calltools.ledger.part import Part, new_mark
from calltools.ledger.planning import PlannedPart, UploadPlan
from calltools.ledger.queries import select_parts
from calltools.ledger.row_sums import SummedTable, add_to_sum, move_to_claimant, remove_rows
from calltools.ledger.states import ACCEPTED_STATES, DECIDED_STATES, FREED_STATES, Transition
from calltools.model.cells import Mask
from calltools.model.foreign_words import mask_personal

_UNFINISHED_SUFFIX: Final = ".part"
#: Days of every zone begin at one of these.
QUARTER_HOUR_S: Final = 900


@dataclass(frozen=True, slots=True)
class SpooledPart:
    """A part whose file is durable, before the database knows the part."""

    part: PlannedPart
    mark: str
    size: int
    digest: str


def reserve(
    ledger: Ledger, plan: UploadPlan, *, goal: str = "", comment: str = "", source: str = ""
) -> tuple[Part, ...]:
    """Write the parts of a plan and claim their calls, and withdraw the parts that it replaces: all, or nothing.

    Args:
        ledger: The ledger; this process holds the lock of the counter.
        plan: The plan.
        goal: Name of the goal.
        comment: Comment of the user.
        source: The user's name of the file.

    Raises:
        LedgerError: Another upload has claimed some of the calls since, or the ledger cannot be written.
        SourceError: The file has changed since it was planned.
    """
    require_lock(ledger, plan.counter)
    spooled = spool_parts(ledger, plan)
    texts = {"goal": goal, "comment": comment, "source": mask_personal(source)}
    try:
        with transaction(ledger) as connection:
            # In one transaction: whenever the process dies, the calls wait in one part or in the other.
            replaced = [_withdraw(connection, ledger.now(), number) for number in sorted(plan.withdrawn)]
            reserved = tuple(_insert_parts(connection, ledger.now(), plan, texts, spooled))
    except BaseException as fault:
        # The transaction undoes the tables; the files are undone here, by the same process if it lives.
        for part in spooled:
            spool_path(ledger.folder, plan.counter, part.mark).unlink(missing_ok=True)
        # The primary keys of ``row`` and ``claim`` guard against two uploads of one call, even if a lock failed.
        if isinstance(fault, sqlite3.IntegrityError):
            raise LedgerError("ledger-plan-stale", path=plan.file) from fault
        raise
    with as_ledger_errors(ledger.folder):
        for withdrawn in replaced:
            discard_file(part_path(ledger, withdrawn))
    return reserved


def _withdraw(connection: sqlite3.Connection, now: float, part_id: int) -> Part:
    [part] = select_parts(connection, "id = ?", (part_id,))
    return apply_event(connection, part, Event(now, part_id, Transition.RELEASE))


def spool_parts(ledger: Ledger, plan: UploadPlan) -> tuple[SpooledPart, ...]:
    """Write the files of all parts, durably; in the order of the plan.

    Raises:
        LedgerError: The spool cannot be written.
        SourceError: The file has changed since it was planned.
    """
    marks = [new_mark(ledger.key) for _ in plan.parts]
    writers: list[PartFileWriter] = []
    try:
        with as_ledger_errors(ledger.folder):
            for mark, part in zip(marks, plan.parts, strict=True):
                path = spool_path(ledger.folder, plan.counter, mark)
                writers.append(PartFileWriter(path, ledger.key, part.columns))
            _write_calls(writers, plan, ledger.key)
            digests = [writer.finish() for writer in writers]
            sync_folder(spool_folder(ledger.folder))
    except BaseException:
        for writer in writers:
            writer.discard()
        raise
    sizes = [writer.size for writer in writers]
    return tuple(map(SpooledPart, plan.parts, marks, sizes, digests))


def _write_calls(writers: Sequence["PartFileWriter"], plan: UploadPlan, key: bytes) -> None:
    """Read the file once more; its digest proves that the same calls are written that were planned."""
    source = CallFile(plan.file, key)
    picks = [itemgetter(*map(FIELD_NAMES.index, part.columns)) for part in plan.parts]
    # ``repeat``: a file that has grown is read to its end, so that the digest shows it.
    for call, part in zip(source.calls(), chain(plan.part_of.tolist(), repeat(-1)), strict=False):
        if part >= 0:
            writers[part].write(picks[part](call))
    if source.digest != plan.digest:
        raise SourceError("upload-changed", path=plan.file)


def _insert_parts(
    connection: sqlite3.Connection, now: float, plan: UploadPlan, texts: dict[str, str], spooled: Sequence[SpooledPart]
) -> Iterator[Part]:
    first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM batch").fetchone()[0]
    for number, spooled_part in enumerate(spooled):
        fields = {**texts, **_part_fields(plan, number, spooled_part)}
        part = append_event(connection, None, Event(now, first + number, Transition.RESERVE, fields))
        _claim_calls(connection, plan, number, part.id)
        _count_quarter_hours(connection, plan, number, part.id)
        yield part


def _part_fields(plan: UploadPlan, number: int, spooled: SpooledPart) -> dict[str, Any]:
    return {
        "counter": plan.counter,
        "mark": spooled.mark,
        "size": spooled.size,
        "digest": spooled.digest,
        "part": number + 1,
        "parts": len(plan.parts),
        "kind": spooled.part.kind,
        "rows": spooled.part.records,
        "dynamic": spooled.part.dynamic,
    }


def _claim_calls(connection: sqlite3.Connection, plan: UploadPlan, number: int, part_id: int) -> None:
    """Claim the calls of a part. A new call gets its row; a known one keeps its row and gets a claim beside it.

    The claim replaces the row when the part is accepted (``apply_event``), so that a call whose second
    sending fails is still known by its first one. A call that is known with other identifiers has no row of its own.
    """
    scan, sent = plan.scan, plan.part_of == number
    known = (plan.statuses == CallStatus.UNCHANGED) | (plan.statuses == CallStatus.CHANGED)
    masks: dict[SummedTable, Mask] = {"row": sent & ~known, "claim": sent & known}
    for table, mask in masks.items():
        places = scan.sort_by_fingerprint(np.flatnonzero(mask)).tolist()
        calls, contents = scan.call_fingerprints, scan.content_fingerprints
        connection.executemany(
            f"INSERT INTO {table} (fp, rest, batch) VALUES (?, ?, ?)",  # noqa: S608 - one of the two names above
            ((calls[place].tobytes(), contents[place].tobytes(), part_id) for place in places),
        )
        if places:
            xor = b"".join(_xor_of(fingerprints[places]) for fingerprints in (calls, contents))
            add_to_sum(connection, table, part_id, len(places), xor)

    partial = shorten_fingerprints(scan.partial_fingerprints[sent[scan.partial_places()]])
    # Two calls of a part may share one. SQLite fills a table fastest in the order of its key.
    partial = np.unique(partial.astype(f"V{partial.itemsize}").view(">u8")).view(partial.dtype)
    connection.execute(
        f"INSERT INTO partial {ASKED} SELECT fp, ?4 FROM asked ORDER BY number",  # noqa: S608 - a constant
        (*bind_fingerprints(partial), part_id),
    )
    if len(partial):
        add_to_sum(connection, "partial", part_id, len(partial), _xor_of(partial))


def _xor_of(fingerprints: NDArray[np.void]) -> bytes:
    """The XOR of fingerprints, byte by byte."""
    bytes_of_each = fingerprints.view(np.uint8).reshape(len(fingerprints), -1)
    found: bytes = np.bitwise_xor.reduce(bytes_of_each, axis=0).tobytes()
    return found


def _count_quarter_hours(connection: sqlite3.Connection, plan: UploadPlan, number: int, part_id: int) -> None:
    """Count the calls of a part by when they were made. Calls that are sent again count where they were new."""
    sent = plan.part_of == number
    new = np.isin(plan.statuses[sent], (CallStatus.NEW, CallStatus.MAYBE_ADOPTED))
    begins, places = np.unique(plan.scan.times[sent] // QUARTER_HOUR_S * QUARTER_HOUR_S, return_inverse=True)
    calls = np.bincount(places[new], minlength=len(begins))
    missed = np.bincount(places[new & plan.scan.missed[sent]], minlength=len(begins))
    counts = zip(begins.tolist(), calls.tolist(), missed.tolist(), strict=True)
    connection.executemany("INSERT INTO quarter_hour VALUES (?, ?, ?, ?)", ((part_id, *count) for count in counts))


def apply_event(connection: sqlite3.Connection, part: Part, event: Event) -> Part:
    """Write one event and what follows from it for the calls of the part; the caller's transaction makes it durable."""
    changed = append_event(connection, part, event)
    if changed.state in ACCEPTED_STATES and part.state not in ACCEPTED_STATES:
        # The second sending of known calls succeeded: from now on they are known by this part and its content.
        move_to_claimant(connection, part.id)
    if changed.state in FREED_STATES:
        # Its calls are free.
        remove_rows(connection, "row", part.id)
        remove_rows(connection, "partial", part.id)
    if changed.state in DECIDED_STATES:
        remove_rows(connection, "claim", part.id)
    return changed


def part_path(ledger: Ledger, part: Part) -> Path:
    """Path of the file of a part in the spool."""
    return spool_path(ledger.folder, part.counter, part.mark)


def spool_path(folder: Path, counter: int, mark: str) -> Path:
    """Path in the spool by counter and mark. The name has nothing of the user's file, which may name a client."""
    return spool_folder(folder) / f"{counter}-{mark}.csv"


def is_intact(ledger: Ledger, part: Part) -> bool:
    """Whether the file of a part is there with the bytes that were reserved."""
    path = part_path(ledger, part)
    return path.is_file() and file_digest(ledger.key, path) == part.digest


def discard_file(path: Path) -> None:
    """Remove a file of the spool, durably. It may be gone already: a crash can come after the removal."""
    with suppress(FileNotFoundError):
        path.unlink()
        sync_folder(path.parent)


def orphaned_files(folder: Path, counter: int, marks: frozenset[str]) -> list[Path]:
    """Files of a counter that belong to none of the parts with these marks: what a crash has left."""
    known = {f"{counter}-{mark}.csv" for mark in marks}
    return [path for path in spool_folder(folder).glob(f"{counter}-*") if path.name not in known]


def spooled_counters(folder: Path) -> set[int]:
    """Counters that have files in the spool."""
    prefixes = {path.name.partition("-")[0] for path in spool_folder(folder).iterdir()}
    return {int(prefix) for prefix in prefixes if prefix.isdecimal()}


@dataclass(frozen=True, slots=True)
class _CsvTarget:
    """What ``csv`` writes to."""

    write: Callable[[str], None]


class PartFileWriter:
    """Writes the file of one part. It gets its final name only when it is whole and durable; mode 0600.

    Attributes:
        size: Bytes written.
    """

    def __init__(self, path: Path, key: bytes, names: Sequence[str]) -> None:
        self._path = path
        self._unfinished = path.with_name(path.name + _UNFINISHED_SUFFIX)
        self._digest = keyed_digest(key)
        self.size = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._stream = os.fdopen(open_private(self._unfinished, flags), "wb")
        # ``convert`` writes the same dialect: a cell with either character of a line end is quoted. Python's ``csv``
        # quotes only for characters of its terminator, so the terminator has both; ``_write_line`` takes "\r" off.
        self._writer = csv.writer(_CsvTarget(self._write_line), lineterminator="\r\n")
        self.write(names)

    def write(self, cells: Sequence[str]) -> None:
        """Add a record."""
        self._writer.writerow(cells)

    def finish(self) -> str:
        """Make the file durable and give it its name; the caller syncs the folder.

        Returns:
            The keyed digest of the file, hexadecimal.
        """
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._unfinished.replace(self._path)
        return self._digest.hexdigest()

    def discard(self) -> None:
        """Remove the file, finished or not."""
        with suppress(OSError):
            self._stream.close()
        self._unfinished.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)

    def _write_line(self, text: str) -> None:
        line = f"{text[:-2]}\n".encode()
        self._stream.write(line)
        self._digest.update(line)
        self.size += len(line)
