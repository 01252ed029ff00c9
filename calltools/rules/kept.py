"""Numbers of each record of a large file, to be looked at again at its end."""

import errno
import tempfile
import weakref
from collections.abc import Iterator
from threading import Lock
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from calltools.interrupts import uninterrupted

Hashes = NDArray[np.uint64]
#: Bytes: the hashes of half a million records.
_IN_MEMORY: Final = 4 << 20


class Kept:
    """Arrays in the order in which they came: in memory while they are few, then in a file without a name.

    A disk that takes no more is no fault: then they stay in memory, too. Several threads may read at once.

    Args:
        in_memory: Bytes that are not put on the disk.
    """

    def __init__(self, in_memory: int = _IN_MEMORY) -> None:
        self._parts: list[Hashes | tuple[int, int]] = []
        self._room = in_memory
        self._file: IO[bytes] | None = None
        self._reading = Lock()

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[Hashes]:
        for part in self._parts:
            yield self._read(*part) if isinstance(part, tuple) else part

    def append(self, part: Hashes) -> None:
        """Keep one more."""
        self._room -= part.nbytes
        self._parts.append(part if self._room >= 0 else self._put(part))

    def _put(self, part: Hashes) -> Hashes | tuple[int, int]:
        try:
            if self._file is None:
                with uninterrupted():
                    self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - until these are forgotten
                weakref.finalize(self, self._file.close)
            place = self._file.seek(0, 2)
            written = self._file.write(part.data)
        except OSError:
            return part
        return (place, len(part)) if written == part.nbytes else part

    def _read(self, place: int, count: int) -> Hashes:
        part = np.empty(count, np.uint64)
        with self._reading:
            if self._file is None or self._file.seek(place) != place or self._file.readinto(part) != part.nbytes:  # type: ignore[attr-defined]  # it is not buffered
                raise OSError(errno.EIO, "a temporary file became shorter")
        return part
