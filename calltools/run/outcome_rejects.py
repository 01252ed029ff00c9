"""Records of files of outcomes that gave nothing to a call that was written, beside the rejects as they came.

Those of a rejected call are among them, and those of a call whose records have several currencies. Who mends the call
gives it these records alone: all records of the files would be given once more to the calls of the rejects, and a sale
would count for two calls of one person.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.files.atomic import enter_interrupt_safe
from calltools.files.csv.writers import RejectsWriter
from calltools.matching.assignment import CallOutcomes
from calltools.model.batch import Batch
from calltools.model.cells import Mask, non_empty
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.run.folder_output import rejects_path
from calltools.run.outcomes import OutcomeMatch
from calltools.run.planned_file import PlannedFile
from calltools.run.sinks import SessionSink

#: The code of each record in these files.
OUTCOME_CODE: Final = "CT608"
#: What the reader says of cells: a number cell of an id has a mark in rejects.
_OWN: Final = ("CT209",)


class OutcomeRejectsSink(SessionSink):
    """Writes a file for each file of outcomes: ``deals.rejects.csv``. It can be given as a file of outcomes again.

    A context manager: leaving the context discards what ``close`` has not put in its place.

    Args:
        rejects: Where bad records go, a file or a folder: these files stand beside that file, or in that folder.
        outcomes: The files of outcomes.
        to_folder: Whether ``rejects`` is a folder.
        force: Overwrite existing files.

    Attributes:
        outputs: The files that are written.
    """

    def __init__(self, rejects: Path, outcomes: Sequence[Path], *, to_folder: bool, force: bool = False) -> None:
        folder = rejects if to_folder else rejects.parent
        self.outputs = [rejects_path(folder, str(path)) for path in outcomes]
        self._match: OutcomeMatch | None = None
        self._given: CallOutcomes | None = None
        self._left: Mask = np.zeros(0, bool)
        self._writers = [RejectsWriter(path, force=force) for path in self.outputs]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Refuse at once what could not be written at the end.

        Raises:
            OutputError: A place is taken, or cannot be written.
        """
        for writer in self._writers:
            enter_interrupt_safe(self._stack, writer)
        return self

    def __exit__(self, *_: object) -> None:
        """Discard what is not in its place."""
        self._stack.close()

    def take_outcomes(self, outcomes: OutcomeMatch) -> None:
        """Note the records that no call got."""
        self._match, self._left = outcomes, np.concatenate(outcomes.left)

    def start_file(self, _name: str, planned: PlannedFile | None) -> None:
        """Note which records the calls of the file got."""
        self._given = None if planned is None else planned.plan.outcomes
        if self._given is not None:
            self._left[self._given.records_of(self._given.places[non_empty(self._given.currencies)])] = True

    def take(self, batch: Batch, _findings: Findings, bad: Mask) -> None:
        """Take back the records of rejected calls."""
        if self._given is not None and bad.any():
            self._left[self._given.records_of(batch.places[bad])] = True

    def drop_file(self) -> None:
        """Take back the records of all calls of a file: none of them is written."""
        if self._given is not None:
            self._left[self._given.records] = True

    def _write(self, match: OutcomeMatch) -> None:
        """Write what is left, and the malformed records."""
        begin = 0
        for writer, file in zip(self._writers, match.files, strict=True):
            writer.start_file()
            writer.write_header(file.table.titles)
            for task in file.table.tasks():
                batch = task()
                mask = self._left[begin : begin + len(batch)]
                begin += len(batch)
                codes = Findings.for_rule(
                    OUTCOME_CODE, records=batch.records[mask], places=batch.places[mask], severity="error"
                )
                found = Findings.concat(
                    [codes, batch.findings.filter(pc.is_in(batch.findings.table["code"], pa.array(_OWN)))]
                )
                writer.write_rejected(replace(batch, origin=batch.columns), found, mask)

    def close(self, _summaries: Sequence[Summary]) -> None:
        """Write the files, and put them in their places."""
        if self._match is not None:
            self._write(self._match)
        for writer in self._writers:
            writer.close()
