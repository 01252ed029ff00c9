"""The spool: the file of each part, from the reservation until the part is decided."""

import csv
import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calltools.ledger.calls import file_digest
from calltools.ledger.database import Ledger
from calltools.ledger.folder import spool_folder, sync_folder
from calltools.ledger.part import Part

_UNFINISHED_SUFFIX: Final = ".part"


def part_path(ledger: Ledger, part: Part) -> Path:
    """Where the file of a batch lies while it is needed. Names hold the counter and the mark, nothing of the file."""
    return spool_path(ledger.folder, part.counter, part.mark)


def spool_path(folder: Path, counter: int, mark: str) -> Path:
    """As ``spooled``, before there is a batch."""
    return spool_folder(folder) / f"{counter}-{mark}.csv"


def is_intact(ledger: Ledger, part: Part) -> bool:
    """Whether the file is there as it was written."""
    path = part_path(ledger, part)
    return path.is_file() and file_digest(ledger.key, path) == part.digest


def discard_file(path: Path) -> None:
    """Remove a file that is needed no more."""
    with suppress(FileNotFoundError):
        path.unlink()
        sync_folder(path.parent)


def orphaned_files(folder: Path, counter: int, marks: frozenset[str]) -> list[Path]:
    """Files of a counter that belong to none of these batches: a crash has left them."""
    known = {f"{counter}-{mark}.csv" for mark in marks}
    return [path for path in spool_folder(folder).glob(f"{counter}-*") if path.name not in known]


def spooled_counters(folder: Path) -> set[int]:
    """Counters that have files here."""
    firsts = {path.name.partition("-")[0] for path in spool_folder(folder).iterdir()}
    return {int(first) for first in firsts if first.isdecimal()}


@dataclass(frozen=True, slots=True)
class _CsvTarget:
    """What ``csv`` writes to."""

    write: Callable[[str], None]


class PartFileWriter:
    """One part while it is written: mode 0600, durable under its name only when it is whole."""

    def __init__(self, path: Path, key: bytes, names: Sequence[str]) -> None:
        self._path = path
        self._unfinished = path.with_name(path.name + _UNFINISHED_SUFFIX)
        self._digest = hmac.new(key, digestmod=hashlib.sha256)
        self.size = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        self._stream = os.fdopen(os.open(self._unfinished, flags, 0o600), "wb")
        # The dialect of Python's ``csv``, as in the file that ``convert`` writes. Only what stands in the terminator is
        # quoted, so that it must be both; the first half is taken off below.
        self._writer = csv.writer(_CsvTarget(self._write_line), lineterminator="\r\n")
        self.write(names)

    def write(self, cells: Sequence[str]) -> None:
        """Add a record."""
        self._writer.writerow(cells)

    def finish(self) -> str:
        """Make it durable and give it its name; the caller syncs the folder. Gives the keyed digest."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._unfinished.replace(self._path)
        return self._digest.hexdigest()

    def discard(self) -> None:
        """Leave nothing, whether it was finished or not."""
        with suppress(OSError):
            self._stream.close()
        self._unfinished.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)

    def _write_line(self, text: str) -> None:
        data = f"{text[:-2]}\n".encode()
        self._stream.write(data)
        self._digest.update(data)
        self.size += len(data)
