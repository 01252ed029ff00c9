"""The first pass over a file: what the plan must know of each call, about 30 bytes a call."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calltools.fields.table import FIELD_NAMES
from calltools.ledger.calls import (
    CALL_FINGERPRINT_BYTES,
    CONTENT_FINGERPRINT_BYTES,
    SEPARATOR,
    CallFile,
    make_fingerprinter,
)
from calltools.model.cells import Mask, Numbers

_STATIC_INDEX: Final = FIELD_NAMES.index("StaticCall")
_MAX_CELL_QUOTES: Final = 2 * len(FIELD_NAMES)


@dataclass(frozen=True, slots=True)
class CallScan:
    """All calls of a file, each by its place in the arrays.

    Attributes:
        call_fingerprints: Fingerprints, ``CALL_BYTES`` each.
        content_fingerprints: Fingerprints over all columns, ``REST_BYTES`` each.
        held: Which of ``combinations`` each call is: the columns that hold something.
        combinations: Every set of filled columns that occurs, in the order of the table. There are few.
        dynamic: Where the call is not static.
        csv_bytes: Bytes as CSV with all columns: at least what it will take.
    """

    call_fingerprints: NDArray[np.void]
    content_fingerprints: NDArray[np.void]
    held: NDArray[np.uint32]
    combinations: Sequence[tuple[str, ...]]
    dynamic: Mask
    csv_bytes: Numbers

    def __len__(self) -> int:
        return len(self.held)

    def holding(self, name: str) -> Mask:
        """Where a column holds something."""
        mask: Mask = np.array([name in names for names in self.combinations], bool)[self.held]
        return mask

    def columns(self, places: Numbers) -> frozenset[str]:
        """The columns that hold something in any of these calls."""
        return frozenset().union(*(self.combinations[n] for n in np.unique(self.held[places]).tolist()))

    def duplicates(self) -> Mask:
        """Where the same call came earlier in the file."""
        high, low = self._fingerprint_halves()
        order = np.lexsort((low, high))
        again = (high[order][1:] == high[order][:-1]) & (low[order][1:] == low[order][:-1])
        mask: Mask = np.zeros(len(self), bool)
        # The sort is stable: of equal ones the first in the file comes first.
        mask[order[1:][again]] = True
        return mask

    def sort_by_fingerprint(self, places: Numbers) -> Numbers:
        """Places sorted by fingerprint: the order in which a table of them is quickest to walk."""
        high, low = self._fingerprint_halves()
        order: Numbers = places[np.lexsort((low[places], high[places]))]
        return order

    def _fingerprint_halves(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        halves = self.call_fingerprints.view(">u8").reshape(-1, 2)
        return halves[:, 0].astype(np.uint64), halves[:, 1].astype(np.uint64)


def scan_calls(file: CallFile, key: bytes, counter: int) -> CallScan:
    """Look at every call of a file once.

    Raises:
        SourceError: It cannot be read as a canonical file.
    """
    calls, rests = bytearray(), bytearray()
    held, dynamic, sizes = array("I"), bytearray(), array("q")
    combinations: dict[tuple[str, ...], int] = {}
    fingerprints = make_fingerprinter(key, counter)
    for call in file.calls():
        joined = SEPARATOR.join(call)
        written = joined.encode()
        one, rest = fingerprints(call, written)
        calls += one
        rests += rest
        held.append(combinations.setdefault(tuple(compress(FIELD_NAMES, call)), len(combinations)))
        dynamic.append(call[_STATIC_INDEX] != "1")
        sizes.append(len(written) + 1 + (_max_quotes(joined) if _needs_quotes(joined) else 0))
    return CallScan(
        np.frombuffer(calls, f"V{CALL_FINGERPRINT_BYTES}"),
        np.frombuffer(rests, f"V{CONTENT_FINGERPRINT_BYTES}"),
        np.frombuffer(held, np.uint32),
        tuple(combinations),
        np.frombuffer(dynamic, bool),
        np.frombuffer(sizes, np.int64),
    )


def _needs_quotes(joined: str) -> bool:
    return "," in joined or '"' in joined or "\n" in joined or "\r" in joined


def _max_quotes(joined: str) -> int:
    """Quotes that writing adds, at most."""
    return _MAX_CELL_QUOTES + joined.count('"')
