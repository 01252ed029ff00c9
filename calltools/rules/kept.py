"""Numbers of each record of a large file, to be looked at again at its end."""

import errno
import tempfile
import weakref
from collections.abc import Iterator
from threading import Lock
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from calltools.interrupts import deferred_interrupts

KeyHashes = NDArray[np.uint64]
#: Bytes: the hashes of half a million records.
_MEMORY_BYTES: Final = 4 << 20


class SpilledArrays:
    """Arrays in the order in which they came: in memory while they are few, then in a file without a name.

    A disk that takes no more is no fault: then they stay in memory, too. Several threads may read at once.

    Args:
        in_memory: Bytes that are not put on the disk.
    """

    def __init__(self, memory_bytes: int = _MEMORY_BYTES) -> None:
        self._parts: list[KeyHashes | tuple[int, int]] = []
        self._room = memory_bytes
        self._file: IO[bytes] | None = None
        self._reading = Lock()

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[KeyHashes]:
        for part in self._parts:
            yield self._read(*part) if isinstance(part, tuple) else part

    def append(self, part: KeyHashes) -> None:
        """Keep one more."""
        self._room -= part.nbytes
        self._parts.append(part if self._room >= 0 else self._spill(part))

    def _spill(self, part: KeyHashes) -> KeyHashes | tuple[int, int]:
        try:
            if self._file is None:
                with deferred_interrupts():
                    self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - until these are forgotten
                weakref.finalize(self, self._file.close)
            place = self._file.seek(0, 2)
            written = self._file.write(part.data)
        except OSError:
            return part
        return (place, len(part)) if written == part.nbytes else part

    def _read(self, place: int, count: int) -> KeyHashes:
        part = np.empty(count, np.uint64)
        with self._reading:
            if self._file is None or self._file.seek(place) != place or self._file.readinto(part) != part.nbytes:  # type: ignore[attr-defined]  # it is not buffered
                raise OSError(errno.EIO, "a temporary file became shorter")
        return part
