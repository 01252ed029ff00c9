"""Where along a file findings sit: counts in a few hundred bins, however long the file gets."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.model.finding import Findings
from calltools.model.rule import Severity

BINS: Final = 200
_WORDS: Final = tuple(severity.value for severity in Severity)


def _empty() -> NDArray[np.int64]:
    return np.zeros((len(_WORDS), BINS), np.int64)


@dataclass(slots=True)
class Strip:
    """Counts of findings along the records.

    Attributes:
        width: Records in a bin; it doubles when the file outgrows the strip.
        counts: A row a severity, in the order of ``Severity``.
    """

    width: int = 1
    counts: NDArray[np.int64] = field(default_factory=_empty)

    def add(self, findings: Findings) -> None:
        """Count findings on records; those on the file have no place here."""
        table = findings.table.filter(pc.is_valid(findings.table["record"]))
        if not table.num_rows:
            return
        records = table["record"].to_numpy() - 1
        while records.max() >= self.width * BINS:
            self._double()
        for row, word in enumerate(_WORDS):
            own = records[pc.equal(table["severity"], word).to_numpy()]
            self.counts[row] += np.bincount(own // self.width, minlength=BINS)

    def upto(self, records: int) -> NDArray[np.int64]:
        """The bins that a file of so many records fills."""
        return self.counts[:, : max(-(-records // self.width), 1)]

    def _double(self) -> None:
        self.counts = np.concatenate([self.counts[:, ::2] + self.counts[:, 1::2], _empty()[:, : BINS // 2]], axis=1)
        self.width *= 2
