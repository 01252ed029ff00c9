"""Records whose key (for example time, identifiers and phone) occurs more than once, in one or several files.

Hashes of keys spill to a temporary file.
"""

import errno
import hashlib
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import IO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.fields.kernels.byte_kernels import WORD_BYTES, byte_lengths, load_words, slice_bytes
from calltools.model.cells import Cells, Mask, Numbers, all_empty, offsets
from calltools.model.finding import Findings
from calltools.runtime.signals import deferred_interrupts

KeyHashes = NDArray[np.uint64]
#: Bytes: the hashes of half a million records.
_MEMORY_BYTES: Final = 4 << 20


class SpilledArrays:
    """Arrays in the order in which they came: in memory while they are few, then in a file without a name.

    A disk that takes no more is no fault: then they stay in memory, too. Several threads may read at once.

    Args:
        memory_bytes: Bytes that are not put on the disk.
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


_SEPARATOR: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class DeltaEncoded:
    """Numbers that mostly rise by little, in a byte each, or in none where each is one more than the one before."""

    count: int
    first: int
    deltas: NDArray[np.uint8] | Numbers | None

    @classmethod
    def encode(cls, numbers: Numbers) -> "DeltaEncoded":
        """The numbers, made small."""
        if not len(numbers):
            return cls(0, 0, None)
        steps = np.diff(numbers)
        small = steps.astype(np.uint8)
        kept = None if (steps == 1).all() else small if (small == steps).all() else steps
        return cls(len(numbers), int(numbers[0]), kept)

    def decode(self, rows: Numbers) -> Numbers:
        """Some of the numbers as they were."""
        if self.deltas is None or not len(rows):
            straight: Numbers = self.first + rows
            return straight
        risen = np.zeros(self.count, np.int64)
        np.cumsum(self.deltas, out=risen[1:])
        found: Numbers = self.first + risen[rows]
        return found


class RepeatedKeys:
    """Keys seen before, as 64-bit hashes: 8 bytes a record, soon on the disk, and one or two for its number and place.

    Two different keys share a hash once in some million files of five million records.
    """

    def __init__(self) -> None:
        self._hashes = SpilledArrays()
        self._records: list[DeltaEncoded] = []
        self._places: list[DeltaEncoded] = []
        self._files: list[tuple[int, str]] = [(0, "")]

    def begin_file(self, name: str) -> None:
        """Another file begins, whose records may repeat those of the files before it."""
        self._files.append((len(self._hashes), name))

    def add(self, hashes: KeyHashes, records: Numbers, places: Numbers) -> None:
        """Some records in the order of the file, by the hashes of their keys."""
        self._hashes.append(hashes)
        self._records.append(DeltaEncoded.encode(records))
        self._places.append(DeltaEncoded.encode(places))

    def findings(self, field: str | None) -> Findings:
        """Each record of this file whose key an earlier one has; the detail names the first of them."""
        met = self._find_repeated_rows()
        if not any(map(len, met)):
            return Findings.empty()
        hashes = np.concatenate([part[rows] for part, rows in self._pair_with_hashes(met)])
        records, places = (
            np.concatenate([part.decode(rows) for part, rows in zip(kept, met, strict=True)])
            for kept in (self._records, self._places)
        )
        part_of = np.repeat(np.arange(len(met)), list(map(len, met)))
        _, first, key = np.unique(hashes, return_index=True, return_inverse=True)
        begun, _ = self._files[-1]
        again = np.flatnonzero((first[key] != np.arange(len(key))) & (part_of >= begun))
        named = first[key[again]]
        detail = pc.binary_join_element_wise(
            pc.cast(pa.array(records[named]), pa.string()),
            pc.cast(pa.array(places[named]), pa.string()),
            _SEPARATOR,
        )
        detail = pc.binary_join_element_wise(detail, self._other_file_suffix(part_of[named]), "")
        return Findings.for_rule(
            "",
            records=records[again],
            places=places[again],
            field=field,
            detail=detail,
        )

    def _other_file_suffix(self, parts: Numbers) -> Cells:
        """A comma and the file, where a part is not of this one."""
        begins, names = zip(*self._files, strict=True)
        words = pa.array([*(f", {name}" for name in names[:-1]), ""], pa.string())
        return words.take(pa.array(np.searchsorted(begins, parts, side="right") - 1))

    def _find_repeated_rows(self) -> list[Numbers]:
        """Of each part the rows whose key occurs more than once.

        Half a hash is sorted in less than half the time, and seldom occurs twice by chance: whole ones are compared of
        the rows that are left.
        """
        # Little else runs at the end of a file.
        with ThreadPoolExecutor(2) as pool:
            twice = np.concatenate(list(pool.map(self._repeated_upper_halves, range(4))))
        near = np.zeros(1 << (32 - _PREFILTER_BITS), bool)
        near[twice >> _PREFILTER_BITS] = True
        suspects = [_rows_among(part, twice, near) for part in self._hashes]
        hashes = np.concatenate(
            [np.zeros(0, np.uint64), *(part[rows] for part, rows in self._pair_with_hashes(suspects))]
        )
        _, key, counts = np.unique(hashes, return_inverse=True, return_counts=True)
        again = np.split(counts[key] > 1, np.cumsum(list(map(len, suspects)))[:-1]) if suspects else []
        return [rows[several] for rows, several in zip(suspects, again, strict=True)]

    def _repeated_upper_halves(self, quarter: int) -> NDArray[np.uint32]:
        """Halves of hashes that occur more than once, in order; of a quarter of them, for they are copied."""
        all_heads = map(_upper_halves, self._hashes)
        heads = np.concatenate(
            [np.zeros(0, np.uint32), *(some[some >> _QUARTER_SHIFT == quarter] for some in all_heads)]
        )
        heads.sort()
        return np.unique(heads[1:][heads[1:] == heads[:-1]])

    def _pair_with_hashes(self, rows: list[Numbers]) -> Iterator[tuple[KeyHashes, Numbers]]:
        return zip(self._hashes, rows, strict=True)


_QUARTER_SHIFT: Final = 30
#: Bits of half a hash that a first look leaves out.
_PREFILTER_BITS: Final = 12


def _upper_halves(hashes: KeyHashes) -> NDArray[np.uint32]:
    return (hashes >> np.uint64(32)).astype(np.uint32)


def _rows_among(hashes: KeyHashes, twice: NDArray[np.uint32], near: Mask) -> Numbers:
    """The rows whose half a hash is among some ordered ones; a table leaves few to be searched for."""
    heads = _upper_halves(hashes)
    rows = np.flatnonzero(near[heads >> _PREFILTER_BITS])
    found = heads[rows]
    there: Numbers = rows[twice[np.minimum(np.searchsorted(twice, found), len(twice) - 1)] == found]
    return there


def hash_rows(columns: Sequence[Cells]) -> KeyHashes:
    """A 64-bit hash of the cells of each row together."""
    mixed: KeyHashes = np.zeros(len(columns[0]), np.uint64)
    for number, cells in enumerate(columns, 1):
        sizes = byte_lengths(cells)
        salt = np.uint64(int(_MULTIPLIER) * (2 * number + 1) % (1 << 64))
        if all_empty(cells):
            mixed += salt
            continue
        mixed += (sizes + 1).view(np.uint64) * salt
        _mix_text(mixed, cells, sizes)
    return mixed


#: A factor whose bits are spread evenly (of SplitMix64).
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
#: A cell of more bytes is rare, and hashed by itself.
_MAX_BYTES_BY_WORDS: Final = 64
#: Bytes of a word that belong to a cell -> the bits to keep (the first byte is the lowest).
_KEPT_BITS: Final = np.array([(1 << 8 * size) - 1 for size in range(WORD_BYTES + 1)], np.uint64)


def _mix(mixed: KeyHashes, words: KeyHashes) -> KeyHashes:
    product = (mixed ^ words) * _MULTIPLIER
    return product ^ (product >> np.uint64(29))


def _mix_text(mixed: KeyHashes, cells: Cells, sizes: Numbers) -> None:
    """Stir the bytes of each cell into its hash, eight at a time."""
    data, first = slice_bytes(cells)
    starts = offsets(cells)[:-1]
    long = sizes > _MAX_BYTES_BY_WORDS
    for at in range(0, min(int(sizes.max(initial=0)), _MAX_BYTES_BY_WORDS), WORD_BYTES):
        kept = _KEPT_BITS[np.clip(sizes - at, 0, WORD_BYTES)]
        stirred = _mix(mixed, load_words(cells, np.minimum(starts + at, len(data) + first)) & kept)
        np.copyto(mixed, stirred, where=(sizes > at) & ~long)
    for row in np.flatnonzero(long):
        text = hashlib.blake2b(data[starts[row] - first :][: sizes[row]].tobytes(), digest_size=WORD_BYTES).digest()
        mixed[row : row + 1] = _mix(mixed[row : row + 1], np.frombuffer(text, "<u8"))
