"""Records whose key (for example time, identifiers and phone) occurs more than once, in one or several files.

Only a hash of each key is kept, 8 bytes a record; they spill to a temporary file, so that memory does not grow with
the table. At the end two passes over the hashes find those that occur again (``RepeatedKeys``).
"""

import errno
import hashlib
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import IO, Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.fields.kernels.byte_kernels import WORD_BYTES, byte_lengths, load_words, slice_bytes
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, Numbers, all_empty, count_in_each, offsets
from calltools.model.finding import DETAIL_SEPARATOR, Findings
from calltools.runtime.signals import deferred_interrupts

KeyHashes: TypeAlias = NDArray[np.uint64]
#: Hashes of the keys of those records of a batch that have a key, and which records these are.
RecordKeys: TypeAlias = tuple[KeyHashes, Mask | slice]
#: The hashes of half a million records.
_MEMORY_BYTES: Final = 4 << 20


class SpilledArrays:
    """A list of arrays: the first ones in memory, the later ones in a temporary file without a name.

    If the disk is full, later arrays stay in memory, too. Several threads may read at once.

    Args:
        memory_bytes: How much stays in memory.
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
        """Add an array to the end; it must not change afterwards."""
        self._room -= part.nbytes
        self._parts.append(part if self._room >= 0 else self._spill(part))

    def _spill(self, part: KeyHashes) -> KeyHashes | tuple[int, int]:
        try:
            if self._file is None:
                with deferred_interrupts():
                    self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it is closed when this object is collected
                weakref.finalize(self, self._file.close)
            place = self._file.seek(0, 2)
            written = self._file.write(part.data)
        except OSError:
            return part
        # An unbuffered write may be short, as on a full disk: the array stays in memory, its bytes are never read.
        return (place, len(part)) if written == part.nbytes else part

    def _read(self, place: int, count: int) -> KeyHashes:
        part = np.empty(count, np.uint64)
        # Threads share the position in the file.
        with self._reading:
            if self._file is None or self._file.seek(place) != place or self._file.readinto(part) != part.nbytes:  # type: ignore[attr-defined]  # IO has no readinto, a raw file has
                raise OSError(errno.EIO, "a temporary file became shorter")
        return part


@dataclass(frozen=True, slots=True)
class DeltaEncoded:
    """Rising numbers, such as lines of a file, in one byte each; in none at all if each is the one before plus 1.

    Attributes:
        count: How many numbers.
        first: The first one.
        deltas: The difference of each number to the one before; ``None``: all are 1. Bytes, if all fit in one.
    """

    count: int
    first: int
    deltas: NDArray[np.uint8] | Numbers | None

    @classmethod
    def encode(cls, numbers: Numbers) -> "DeltaEncoded":
        """Encode some numbers."""
        if not len(numbers):
            return cls(0, 0, None)
        deltas = np.diff(numbers)
        small = deltas.astype(np.uint8)
        kept = None if (deltas == 1).all() else small if (small == deltas).all() else deltas
        return cls(len(numbers), int(numbers[0]), kept)

    def decode(self, rows: Numbers) -> Numbers:
        """The numbers at some rows."""
        if self.deltas is None or not len(rows):
            consecutive: Numbers = self.first + rows
            return consecutive
        distances = np.zeros(self.count, np.int64)
        np.cumsum(self.deltas, out=distances[1:])
        numbers: Numbers = self.first + distances[rows]
        return numbers


class _FileHalves:
    """Tells which keys of the last file may occur again: one search for each of its records, however many went before.

    Upper halves of hashes, sorted, in runs of which each is at least twice as long as the next one.
    """

    def __init__(self) -> None:
        self._runs: list[NDArray[np.uint32]] = []
        self._last: list[NDArray[np.uint32]] = []
        self._given_up = False

    def add(self, hashes: KeyHashes) -> None:
        """Add some records of the last file."""
        self._given_up |= sum(map(len, self._last)) + len(hashes) > _MAX_HALVES_OF_FILE
        self._given_up |= sum(map(len, self._runs)) > _MAX_HALVES
        if self._given_up:
            self._runs, self._last = [], []
        else:
            self._last.append(_upper_halves(hashes))

    def begin_file(self) -> None:
        """Begin another file."""
        if self._last:
            self._runs.append(np.sort(np.concatenate(self._last)))
            self._last = []
        while len(self._runs) > 1 and len(self._runs[-2]) < 2 * len(self._runs[-1]):
            merged = np.concatenate([self._runs.pop(), self._runs.pop()])
            merged.sort(kind="stable")
            self._runs.append(merged)

    def suspects(self) -> NDArray[np.uint32] | None:
        """The halves of the last file that occur more than once, sorted; ``None``: there are too many to tell."""
        if self._given_up:
            return None
        halves = np.sort(np.concatenate([np.zeros(0, np.uint32), *self._last]))
        again = np.zeros(len(halves), bool)
        again[1:] = halves[1:] == halves[:-1]
        for run in self._runs:
            again |= run[np.minimum(np.searchsorted(run, halves), len(run) - 1)] == halves
        return np.unique(halves[again])


class RepeatedKeys:
    """Records by the 64-bit hashes of their keys, in parts (one for each batch), of one or several files.

    Two different keys share a hash once in about a million files of five million records. That is accepted: the keys
    themselves would take the memory of the table.
    """

    def __init__(self) -> None:
        self._hashes = SpilledArrays()
        self._records: list[DeltaEncoded] = []
        self._places: list[DeltaEncoded] = []
        #: The index of the first part of each file, and its name.
        self._files: list[tuple[int, str]] = [(0, "")]
        self._halves = _FileHalves()

    def begin_file(self, name: str) -> None:
        """Begin a file whose records may repeat those of the files before it."""
        self._files.append((len(self._hashes), name))
        self._halves.begin_file()

    def add(self, hashes: KeyHashes, records: Numbers, places: Numbers) -> None:
        """Add the records of a batch, in the order of the file, with the hashes of their keys."""
        self._hashes.append(hashes)
        self._halves.add(hashes)
        self._records.append(DeltaEncoded.encode(records))
        self._places.append(DeltaEncoded.encode(places))

    def findings(self, field: str | None) -> Findings:
        """A finding for each record of the last file whose key an earlier record has.

        The detail is the number and the place of the first record with this key, and its file if that is another one.

        Args:
            field: The field at which the findings are reported; ``None``: the record as a whole.
        """
        suspects = self._halves.suspects()
        if suspects is not None and not len(suspects):
            return Findings.empty()
        repeated = self._find_repeated_rows(suspects)
        if not any(map(len, repeated)):
            return Findings.empty()
        # From here on all arrays have one item for each record with a repeated key, in the order of the files.
        hashes = np.concatenate([part[rows] for part, rows in self._pair_with_hashes(repeated)])
        records, places = (
            np.concatenate([part.decode(rows) for part, rows in zip(parts, repeated, strict=True)])
            for parts in (self._records, self._places)
        )
        part_of = np.repeat(np.arange(len(repeated)), list(map(len, repeated)))
        # np.unique gives the first index of each hash, so first[key] is the first record with the key of each record.
        _, first, key = np.unique(hashes, return_index=True, return_inverse=True)
        # Earlier files have had their findings already: report only what belongs to the last one.
        begin, _ = self._files[-1]
        later = np.flatnonzero((first[key] != np.arange(len(key))) & (part_of >= begin))
        original = first[key[later]]
        detail = pc.binary_join_element_wise(
            pc.cast(pa.array(records[original]), pa.string()),
            pc.cast(pa.array(places[original]), pa.string()),
            DETAIL_SEPARATOR,
        )
        detail = pc.binary_join_element_wise(detail, self._other_file_suffix(part_of[original]), "")
        return Findings.for_rule("", records=records[later], places=places[later], field=field, detail=detail)

    def _other_file_suffix(self, parts: Numbers) -> Cells:
        """For each part the text ``, NAME`` of its file; ``""`` if it is the last file."""
        begins, names = zip(*self._files, strict=True)
        suffixes = pa.array([*(f", {name}" for name in names[:-1]), ""], pa.string())
        return suffixes.take(pa.array(np.searchsorted(begins, parts, side="right") - 1))

    def _find_repeated_rows(self, known: NDArray[np.uint32] | None) -> list[Numbers]:
        """For each part the rows whose key occurs more than once in all parts; of small files, those of the last file.

        A hash join in two passes. The first one sorts the upper halves of all hashes, which takes less than half the
        time of sorting whole ones, and leaves the few halves that occur more than once. The second one picks the rows
        with such a half and compares their whole hashes: some halves are equal by chance.
        """
        repeated_halves = known
        if repeated_halves is None:
            # Two threads: nothing else is computed at the end of a file, and numpy sorts without the interpreter lock.
            with ThreadPoolExecutor(2) as pool:
                repeated_halves = np.concatenate(list(pool.map(self._repeated_upper_halves, range(4))))
        # A table of the first 20 bits tells for most rows that their half is not among them, without a binary search.
        prefilter = np.zeros(1 << (32 - _PREFILTER_BITS), bool)
        prefilter[repeated_halves >> _PREFILTER_BITS] = True
        suspects = [_rows_with_half(part, repeated_halves, prefilter) for part in self._hashes]
        hashes = np.concatenate(
            [np.zeros(0, np.uint64), *(part[rows] for part, rows in self._pair_with_hashes(suspects))]
        )
        _, key, counts = np.unique(hashes, return_inverse=True, return_counts=True)
        # Back to a mask for each part.
        repeated = np.split(counts[key] > 1, np.cumsum(list(map(len, suspects)))[:-1]) if suspects else []
        return [rows[mask] for rows, mask in zip(suspects, repeated, strict=True)]

    def _repeated_upper_halves(self, quarter: int) -> NDArray[np.uint32]:
        """The upper halves of hashes that occur more than once, sorted, of those that begin with the bits ``quarter``.

        A quarter at a time, because sorting needs a copy of them. Quarter after quarter they are in order.
        """
        all_halves = map(_upper_halves, self._hashes)
        halves = np.concatenate(
            [np.zeros(0, np.uint32), *(part[part >> _QUARTER_SHIFT == quarter] for part in all_halves)]
        )
        halves.sort()
        return np.unique(halves[1:][halves[1:] == halves[:-1]])

    def _pair_with_hashes(self, rows: list[Numbers]) -> Iterator[tuple[KeyHashes, Numbers]]:
        return zip(self._hashes, rows, strict=True)


class RepeatedKeyObserver:
    """An observer that reports each record whose key an earlier record has.

    Args:
        key: Hashes the keys of a batch; ``None`` where the table lacks the columns of the key. Its docstring is the
            manual of the rule.
        field: As for ``RepeatedKeys.findings``.
    """

    def __init__(self, key: Callable[[Mapping[str, Cells]], RecordKeys | None], field: str | None = None) -> None:
        self._key = key
        self._field = field
        self._keys = RepeatedKeys()

    def begin_file(self, name: str) -> None:
        """Begin another file of the same conversion."""
        self._keys.begin_file(name)

    def digest(self, columns: Mapping[str, Cells], ends: Numbers, _assumptions: Assumptions) -> Sequence[Any]:
        """Hash the keys of each batch."""
        keys = self._key(columns)
        return [keys] * (len(ends) - 1) if len(ends) == 2 or keys is None else _split_keys(*keys, ends)

    def add(self, digest: Any, records: Numbers, places: Numbers) -> Findings:
        """Keep the hashes of a batch; the findings come at the end of the table."""
        if digest is not None:
            hashes, known = digest
            self._keys.add(hashes, records[known], places[known])
        return Findings.empty()

    def close(self) -> Findings:
        """A finding for each record with the key of an earlier one."""
        return self._keys.findings(self._field)


def _split_keys(hashes: KeyHashes, known: Mask | slice, ends: Numbers) -> list[RecordKeys]:
    """The keys of several batches, as those of each."""
    spans = list(pairwise(ends.tolist()))
    # Copies: a slice would keep the hashes of all batches, and take them along to another process.
    if isinstance(known, slice):
        return [(hashes[first:last].copy(), known) for first, last in spans]
    bounds = pairwise(np.cumsum([0, *count_in_each(known, ends).tolist()]).tolist())
    return [
        (hashes[begin:end].copy(), known[first:last].copy())
        for (begin, end), (first, last) in zip(bounds, spans, strict=True)
    ]


#: Records of a file, and of all files, of which halves are kept in memory: four bytes each.
_MAX_HALVES_OF_FILE: Final = 200_000
_MAX_HALVES: Final = 4_000_000
#: The first two of 32 bits.
_QUARTER_SHIFT: Final = 30
#: Bits of an upper half that the prefilter ignores: its table of 2 ** 20 booleans stays in the cache.
_PREFILTER_BITS: Final = 12


def _upper_halves(hashes: KeyHashes) -> NDArray[np.uint32]:
    return (hashes >> np.uint64(32)).astype(np.uint32)


def _rows_with_half(hashes: KeyHashes, sorted_halves: NDArray[np.uint32], prefilter: Mask) -> Numbers:
    """The rows whose upper half is among the sorted ones; the prefilter leaves few rows to be searched."""
    halves = _upper_halves(hashes)
    rows = np.flatnonzero(prefilter[halves >> _PREFILTER_BITS])
    wanted = halves[rows]
    at = np.minimum(np.searchsorted(sorted_halves, wanted), len(sorted_halves) - 1)
    among: Numbers = rows[sorted_halves[at] == wanted]
    return among


def hash_rows(columns: Sequence[Cells]) -> KeyHashes:
    """A 64-bit hash of the cells of each row together; the same in each process and run.

    Not cryptographic: eight bytes at a time are multiplied and shifted, for whole columns at once.
    """
    mixed: KeyHashes = np.zeros(len(columns[0]), np.uint64)
    for number, cells in enumerate(columns, 1):
        sizes = byte_lengths(cells)
        # Salt and size keep apart what would be the same bytes: ("ab", "c") and ("a", "bc"), or swapped columns.
        salt = np.uint64(int(_MULTIPLIER) * (2 * number + 1) % (1 << 64))
        if all_empty(cells):
            # What the lines below would compute for a size of 0.
            mixed += salt
            continue
        mixed += (sizes + 1).view(np.uint64) * salt
        _mix_text(mixed, cells, sizes)
    return mixed


#: The constant of SplitMix64: an odd factor whose bits are spread evenly.
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
#: Longer cells are rare, and hashed one by one.
_MAX_BYTES_BY_WORDS: Final = 64
#: How many bytes of a word belong to the cell -> the mask of their bits (the first byte is the lowest).
_KEPT_BITS: Final = np.array([(1 << 8 * size) - 1 for size in range(WORD_BYTES + 1)], np.uint64)


def _mix(mixed: KeyHashes, words: KeyHashes) -> KeyHashes:
    # A product depends on lower bits only. The shift brings its upper bits down, for the next word to be mixed with.
    product = (mixed ^ words) * _MULTIPLIER
    return product ^ (product >> np.uint64(29))


def _mix_text(mixed: KeyHashes, cells: Cells, sizes: Numbers) -> None:
    """Mix the bytes of each cell into the hash of its row, eight at a time; ``mixed`` is changed in place."""
    data, first = slice_bytes(cells)
    starts = offsets(cells)[:-1]
    long = sizes > _MAX_BYTES_BY_WORDS
    for at in range(0, min(int(sizes.max(initial=0)), _MAX_BYTES_BY_WORDS), WORD_BYTES):
        kept = _KEPT_BITS[np.clip(sizes - at, 0, WORD_BYTES)]
        words = load_words(cells, np.minimum(starts + at, len(data) + first)) & kept
        np.copyto(mixed, _mix(mixed, words), where=(sizes > at) & ~long)
    for row in np.flatnonzero(long):
        digest = hashlib.blake2b(data[starts[row] - first :][: sizes[row]].tobytes(), digest_size=WORD_BYTES).digest()
        mixed[row : row + 1] = _mix(mixed[row : row + 1], np.frombuffer(digest, "<u8"))
