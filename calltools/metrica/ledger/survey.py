"""The first look at a file: what of each call must be remembered to plan its upload, some 30 bytes a call."""

from array import array
from dataclasses import dataclass
from itertools import compress
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calltools.fields.table import NAMES
from calltools.metrica.ledger.fingerprints import BETWEEN, CALL_BYTES, REST_BYTES, printer
from calltools.metrica.ledger.reading import CallFile
from calltools.model.cells import Mask, Numbers

Bits: TypeAlias = NDArray[np.uint16]

#: The bit of each column in ``Survey.holds``.
BIT: Final = {name: 1 << place for place, name in enumerate(NAMES)}
_BITS: Final = tuple(BIT.values())
_STATIC: Final = NAMES.index("StaticCall")
_MARKS: Final = 2 * len(NAMES)


@dataclass(frozen=True, slots=True)
class Survey:
    """All calls of a file, each by its place in the arrays.

    Attributes:
        calls: Fingerprints, ``CALL_BYTES`` each.
        rests: Fingerprints over all columns, ``REST_BYTES`` each.
        holds: Bits of the columns that hold something.
        dynamic: Where the call is not static.
        sizes: Bytes as CSV with all columns: at least what it will take.
    """

    calls: NDArray[np.void]
    rests: NDArray[np.void]
    holds: Bits
    dynamic: Mask
    sizes: Numbers

    def __len__(self) -> int:
        return len(self.holds)

    def doubled(self) -> Mask:
        """Where the same call came earlier in the file."""
        high, low = self._halves()
        order = np.lexsort((low, high))
        again = (high[order][1:] == high[order][:-1]) & (low[order][1:] == low[order][:-1])
        mask: Mask = np.zeros(len(self), bool)
        # The sort is stable: of equal ones the first in the file comes first.
        mask[order[1:][again]] = True
        return mask

    def in_order(self, places: Numbers) -> Numbers:
        """Places sorted by fingerprint: the order in which a table of them is quickest to walk."""
        high, low = self._halves()
        order: Numbers = places[np.lexsort((low[places], high[places]))]
        return order

    def _halves(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        halves = self.calls.view(">u8").reshape(-1, 2)
        return halves[:, 0].astype(np.uint64), halves[:, 1].astype(np.uint64)


def survey(file: CallFile, key: bytes, counter: int) -> Survey:
    """Look at every call of a file once.

    Raises:
        SourceError: It cannot be read as a canonical file.
    """
    calls, rests = bytearray(), bytearray()
    holds, dynamic, sizes = array("H"), bytearray(), array("q")
    fingerprints = printer(key, counter)
    for call in file.calls():
        joined = BETWEEN.join(call)
        written = joined.encode()
        one, rest = fingerprints(call, written)
        calls += one
        rests += rest
        holds.append(sum(compress(_BITS, call)))
        dynamic.append(call[_STATIC] != "1")
        sizes.append(len(written) + 1 + (_quotes(joined) if _special(joined) else 0))
    return Survey(
        np.frombuffer(calls, f"V{CALL_BYTES}"),
        np.frombuffer(rests, f"V{REST_BYTES}"),
        np.frombuffer(holds, np.uint16),
        np.frombuffer(dynamic, bool),
        np.frombuffer(sizes, np.int64),
    )


def _special(joined: str) -> bool:
    return "," in joined or '"' in joined or "\n" in joined or "\r" in joined


def _quotes(joined: str) -> int:
    """Quotes that writing adds, at most."""
    return _MARKS + joined.count('"')
