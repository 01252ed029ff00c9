"""Keys of records, such as those of a call, that occur more than once in some files."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.fields.shapes import WORD, lengths, own_bytes, words_at
from calltools.model.cells import Cells, Numbers, all_empty, offsets
from calltools.model.finding import Findings

Hashes = NDArray[np.uint64]
_SEPARATOR: Final = "\x1f"
_TO_QUARTER: Final = np.uint64(62)


@dataclass(frozen=True, slots=True)
class Steps:
    """Numbers that mostly rise by little, in a byte each, or in none where each is one more than the one before."""

    count: int
    first: int
    steps: NDArray[np.uint8] | Numbers | None

    @classmethod
    def of(cls, numbers: Numbers) -> "Steps":
        """The numbers, made small."""
        if not len(numbers):
            return cls(0, 0, None)
        steps = np.diff(numbers)
        small = steps.astype(np.uint8)
        kept = None if (steps == 1).all() else small if (small == steps).all() else steps
        return cls(len(numbers), int(numbers[0]), kept)

    def numbers(self) -> Numbers:
        """The numbers as they were."""
        steps = np.ones(max(self.count - 1, 0), np.int64) if self.steps is None else self.steps
        found: Numbers = self.first + np.cumsum(np.concatenate([np.zeros(min(self.count, 1), np.int64), steps]))
        return found


class Repeats:
    """Keys seen before, as 64-bit hashes: 8 bytes a record, and one or two for its number and its place.

    Two different keys share a hash once in some million files of five million records.
    """

    def __init__(self) -> None:
        self._hashes: list[Hashes] = []
        self._records: list[Steps] = []
        self._places: list[Steps] = []
        self._files: list[tuple[int, str]] = [(0, "")]

    def begin(self, name: str) -> None:
        """Another file begins, whose records may repeat those of the files before it."""
        self._files.append((len(self._hashes), name))

    def add(self, hashes: Hashes, records: Numbers, places: Numbers) -> None:
        """Some records in the order of the file, by the hashes of their keys."""
        self._hashes.append(hashes)
        self._records.append(Steps.of(records))
        self._places.append(Steps.of(places))

    def findings(self, field: str | None) -> Findings:
        """Each record of this file whose key an earlier one has; the detail names the first of them."""
        twice = self._twice()
        if not len(twice):
            return Findings.none()
        parts = zip(self._hashes, self._records, self._places, strict=True)
        met = [_known(twice, *part) for part in parts]
        hashes, records, places = map(np.concatenate, zip(*met, strict=True))
        part_of = np.repeat(np.arange(len(met)), [len(some) for some, _, _ in met])
        _, first, key = np.unique(hashes, return_index=True, return_inverse=True)
        begun, _ = self._files[-1]
        again = np.flatnonzero((first[key] != np.arange(len(key))) & (part_of >= begun))
        named = first[key[again]]
        detail = pc.binary_join_element_wise(
            pc.cast(pa.array(records[named]), pa.string()),
            pc.cast(pa.array(places[named]), pa.string()),
            _SEPARATOR,
        )
        detail = pc.binary_join_element_wise(detail, self._elsewhere(part_of[named]), "")
        return Findings.at(
            "",
            records=records[again],
            places=places[again],
            field=field,
            detail=detail,
        )

    def _elsewhere(self, parts: Numbers) -> Cells:
        """A comma and the file, where a part is not of this one."""
        begins, names = zip(*self._files, strict=True)
        words = pa.array([*(f", {name}" for name in names[:-1]), ""], pa.string())
        return words.take(pa.array(np.searchsorted(begins, parts, side="right") - 1))

    def _twice(self) -> Hashes:
        """The keys that occur more than once, in order. A quarter of them at a time: sorting takes a copy."""
        # Nothing else runs at the end of a file.
        with ThreadPoolExecutor(2) as pool:
            return np.concatenate(list(pool.map(self._twice_in, range(4))))

    def _twice_in(self, quarter: int) -> Hashes:
        parts = [hashes[hashes >> _TO_QUARTER == quarter] for hashes in self._hashes]
        ordered = np.concatenate([*parts, np.zeros(0, np.uint64)])
        ordered.sort()
        found: Hashes = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        return found


def _known(keys: Hashes, hashes: Hashes, records: Steps, places: Steps) -> tuple[Hashes, Numbers, Numbers]:
    """Those of some records whose key is among the ordered keys. Part by part: all at once would take much memory."""
    there = keys[np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)] == hashes
    if not there.any():
        return hashes[:0], np.zeros(0, np.int64), np.zeros(0, np.int64)
    return hashes[there], records.numbers()[there], places.numbers()[there]


def hashed(columns: Sequence[Cells]) -> Hashes:
    """A 64-bit hash of the cells of each row together."""
    mixed: Hashes = np.zeros(len(columns[0]), np.uint64)
    for number, cells in enumerate(columns, 1):
        sizes = lengths(cells)
        salt = np.uint64(int(_ODD) * (2 * number + 1) % (1 << 64))
        if all_empty(cells):
            mixed += salt
            continue
        mixed += (sizes + 1).view(np.uint64) * salt
        _stir_in_text(mixed, cells, sizes)
    return mixed


#: A factor whose bits are spread evenly (of SplitMix64).
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
#: A cell of more bytes is rare, and hashed by itself.
_LONGEST_BY_WORDS: Final = 64
#: Bytes of a word that belong to a cell -> the bits to keep (the first byte is the lowest).
_KEPT_BITS: Final = np.array([(1 << 8 * size) - 1 for size in range(WORD + 1)], np.uint64)


def _stirred(mixed: Hashes, words: Hashes) -> Hashes:
    product = (mixed ^ words) * _ODD
    return product ^ (product >> np.uint64(29))


def _stir_in_text(mixed: Hashes, cells: Cells, sizes: Numbers) -> None:
    """Stir the bytes of each cell into its hash, eight at a time."""
    data, first = own_bytes(cells)
    starts = offsets(cells)[:-1]
    long = sizes > _LONGEST_BY_WORDS
    for at in range(0, min(int(sizes.max(initial=0)), _LONGEST_BY_WORDS), WORD):
        kept = _KEPT_BITS[np.clip(sizes - at, 0, WORD)]
        stirred = _stirred(mixed, words_at(cells, np.minimum(starts + at, len(data) + first)) & kept)
        np.copyto(mixed, stirred, where=(sizes > at) & ~long)
    for row in np.flatnonzero(long):
        text = hashlib.blake2b(data[starts[row] - first :][: sizes[row]].tobytes(), digest_size=WORD).digest()
        mixed[row : row + 1] = _stirred(mixed[row : row + 1], np.frombuffer(text, "<u8"))
