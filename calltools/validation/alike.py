"""Records that are alike in all that a rule looks at: pandera judges one of them, and its verdict is that of all.

In a conversion of static calls each record has the same note, that it has no identifier (CT301). A test of records
looks at each record by itself, so that cells that are the same get the same answer; which cells those are, a rule says
itself (``Rule.looks_at``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

import numpy as np
import pyarrow.compute as pc

from calltools.model.cells import Cells, Mask, Numbers, all_empty, as_mask
from calltools.model.rule import Rule

#: For fewer records than these pandera takes no longer.
_MIN_RECORDS: Final = 64


@dataclass(frozen=True, slots=True)
class AlikeRecords:
    """Records without any doubt but that of one rule, for all of which one other record is judged.

    Attributes:
        code: The code of the rule.
        judged: The number of the record that pandera judges.
        records: The numbers of the others, rising.
        places: Their physical lines or sheet rows.
    """

    code: str
    judged: int
    records: Numbers
    places: Numbers

    def renumber(self, judged: int, first: int) -> "AlikeRecords":
        """The same with other numbers: that of the record that is judged, and those from ``first`` on."""
        return replace(self, judged=judged, records=np.arange(first, first + len(self.records)))


def find_alike(
    columns: Mapping[str, Cells], doubtful: Mask, found: Mapping[Rule, Mask]
) -> list[tuple[Rule, int, Numbers]]:
    """For each rule that finds fault with many records alike: the rule, the row to be judged, and the other rows.

    Args:
        columns: Canonical columns.
        doubtful: The rows with a doubtful cell: they are none of these.
        found: What each rule on records has found. Rows that two of them have found are none of these.
    """
    alike = []
    for rule, mask in found.items():
        if not rule.looks_at or np.count_nonzero(mask) < _MIN_RECORDS:
            continue
        others = (own for another, own in found.items() if another is not rule)
        same = mask & ~reduce(np.logical_or, others, doubtful)
        first = int(np.argmax(same))
        for name in rule.looks_at:
            if name in columns and not all_empty(columns[name]):
                same = same & as_mask(pc.equal(columns[name], columns[name][first]))
        rows = np.flatnonzero(same)[1:]
        if len(rows):
            alike.append((rule, first, rows))
    return alike


def with_alike(
    code: str, rows: Numbers, judged: Numbers, alike: Sequence[AlikeRecords]
) -> tuple[Numbers, list[AlikeRecords]]:
    """The rows that a rule finds fault with, for each of which a record is added, and what records those are.

    Args:
        code: The code of the rule.
        rows: What pandera says: the faulty ones of the records that it has judged.
        judged: The numbers of all records that it has judged.
        alike: Those for which it has judged another one.

    Returns:
        Rows of the judged table: ``rows``, and behind them for each record that is added the row that stands for it.
    """
    faulty = dict(zip(judged[rows].tolist(), rows.tolist(), strict=True)) if alike else {}
    added = [one for one in alike if one.code == code and one.judged in faulty]
    return np.concatenate([rows, *(np.full(len(one.records), faulty[one.judged]) for one in added)]), added
