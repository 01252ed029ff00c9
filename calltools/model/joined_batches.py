"""Batches of several tables as one: a kernel costs as much for the few records of a small file as for thousands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pyarrow as pa

from calltools.model.batch import Batch
from calltools.model.cells import Numbers
from calltools.model.finding import Findings


@dataclass(frozen=True, slots=True)
class JoinedBatches:
    """Some batches, and all their records as one batch.

    Attributes:
        parts: The batches, each of which ``can_be_joined``.
        batch: Their columns and places one after the other; its records are counted from 1.
    """

    parts: Sequence[Batch]
    batch: Batch

    @classmethod
    def of(cls, parts: Sequence[Batch]) -> "JoinedBatches":
        """Join batches with the same columns."""
        columns = pa.concat_tables([part.columns for part in parts]).combine_chunks()
        places = np.concatenate([part.places for part in parts])
        return cls(parts, Batch(columns, np.arange(1, len(places) + 1), places))

    @staticmethod
    def can_be_joined(batch: Batch) -> bool:
        """Whether all there is to tell of a batch belongs to one of its rows; mostly it does."""
        has_more = len(batch.findings) or len(batch.malformed) or batch.merged or batch.noted
        return not has_more and batch.legs is None and batch.origin is None

    def split(self, done: Batch) -> list[Batch]:
        """What was made of the joined batch, as that of each part: rows, findings and notes.

        Args:
            done: The joined batch with other columns, and maybe fewer rows.
        """
        ends = np.cumsum([0, *map(len, self.parts)])
        numbers = np.concatenate([part.records for part in self.parts])
        bounds = np.searchsorted(done.records, ends + 1).tolist()
        split = [
            replace(
                part,
                # Not a slice: it would keep the columns of all parts, and take them along to another process.
                columns=done.columns.take(np.arange(first, last)),
                records=numbers[done.records[first:last] - 1],
                places=done.places[first:last],
                origin=None if done.origin is None else done.origin.take(np.arange(first, last)),
                findings=findings,
            )
            for part, (first, last), findings in zip(
                self.parts, pairwise(bounds), self._split_findings(done.findings, ends, numbers), strict=True
            )
        ]
        for (note, word), records in done.noted.items():
            inner = np.searchsorted(records, ends + 1).tolist()
            for at in np.flatnonzero(np.diff(inner)).tolist():
                split[at] = split[at].with_notes(note, {word: numbers[records[inner[at] : inner[at + 1]] - 1]})
        return split

    def _split_findings(self, findings: Findings, ends: Numbers, numbers: Numbers) -> Iterator[Findings]:
        if not len(findings):
            yield from [Findings.empty()] * len(self.parts)
            return
        records = findings.table["record"].to_numpy()
        part_of = np.searchsorted(ends, records) - 1
        order = np.argsort(part_of, kind="stable")
        sorted_findings = Findings(findings.table.combine_chunks().take(pa.array(order)))
        sorted_findings = sorted_findings.with_column("record", numbers[records[order] - 1])
        for first, last in pairwise(np.searchsorted(part_of[order], np.arange(len(self.parts) + 1)).tolist()):
            yield Findings(sorted_findings.table.slice(first, last - first)).copy()
