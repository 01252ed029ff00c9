"""Where along a file findings sit: counts in a few hundred bins, however long the file gets."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from calltools.model.finding import Findings
from calltools.model.rule import Severity

BIN_COUNT: Final = 200
_SEVERITY_WORDS: Final = tuple(severity.value for severity in Severity)


def _empty_counts() -> NDArray[np.int64]:
    return np.zeros((len(_SEVERITY_WORDS), BIN_COUNT), np.int64)


@dataclass(slots=True)
class FindingHistogram:
    """Counts of findings along the records.

    Attributes:
        width: Records in a bin; it doubles when the file outgrows the strip.
        counts: A row a severity, in the order of ``Severity``.
    """

    bin_width: int = 1
    counts: NDArray[np.int64] = field(default_factory=_empty_counts)

    def add(self, findings: Findings) -> None:
        """Count findings on records; those on the file have no place here."""
        table = findings.table.filter(pc.is_valid(findings.table["record"]))
        if not table.num_rows:
            return
        records = table["record"].to_numpy() - 1
        while records.max() >= self.bin_width * BIN_COUNT:
            self._double_bin_width()
        for row, word in enumerate(_SEVERITY_WORDS):
            own = records[pc.equal(table["severity"], word).to_numpy()]
            self.counts[row] += np.bincount(own // self.bin_width, minlength=BIN_COUNT)

    def bins_for(self, records: int) -> NDArray[np.int64]:
        """The bins that a file of so many records fills."""
        return self.counts[:, : max(-(-records // self.bin_width), 1)]

    def _double_bin_width(self) -> None:
        self.counts = np.concatenate([self.counts[:, ::2] + self.counts[:, 1::2], _empty_counts()[:, : BIN_COUNT // 2]], axis=1)
        self.bin_width *= 2
