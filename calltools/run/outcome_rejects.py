"""Records of files of outcomes that reached no call, written beside the rejects as they came."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from calltools.files.atomic import enter_interrupt_safe
from calltools.files.csv.writers import RejectsWriter
from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.run.folder_output import rejects_path
from calltools.run.outcomes import OutcomeMatch
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

    def take(self, _batch: Batch, _findings: Findings, _bad: Mask) -> None:
        """Calls are written elsewhere."""

    def take_outcomes(self, outcomes: OutcomeMatch) -> None:
        """Write the records that no call got, and the malformed ones."""
        for writer, file, left in zip(self._writers, outcomes.files, outcomes.left, strict=True):
            writer.start_file()
            writer.write_header(file.table.titles)
            begin = 0
            for task in file.table.tasks():
                batch = task()
                mask = left[begin : begin + len(batch)]
                begin += len(batch)
                codes = Findings.for_rule(
                    OUTCOME_CODE, records=batch.records[mask], places=batch.places[mask], severity="error"
                )
                found = Findings.concat(
                    [codes, batch.findings.filter(pc.is_in(batch.findings.table["code"], pa.array(_OWN)))]
                )
                writer.write_rejected(replace(batch, origin=batch.columns), found, mask)

    def close(self, _summaries: Sequence[Summary]) -> None:
        """Put the files in their places."""
        for writer in self._writers:
            writer.close()
