"""What the ledger of this machine knows of the calls of files that are reported on: when they went, what was linked."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa

from calltools.errors import CalltoolsError
from calltools.files.csv.writers import CanonicalWriter
from calltools.ledger import Ledger, list_parts, plan_upload
from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.summary import PastUpload, Summary
from calltools.run import PlannedFile, SessionSink
from calltools.uploading.results import accepted_count

_CALLS: Final = "calls.csv"


class PastUploads(SessionSink):
    """Completes the summary of each file with the uploads that had calls of it, whatever the file was called then.

    The good records of a file are looked up as an upload of it would, in each counter that the ledger knows.
    A ledger that cannot be used is no fault of a validation: ``upload`` reports it.

    Args:
        open_ledger: Opens the ledger.
    """

    def __init__(self, open_ledger: Callable[[], AbstractContextManager[Ledger]]) -> None:
        self._open_ledger = open_ledger
        self._counters: list[int] = []
        with suppress(CalltoolsError), open_ledger() as ledger:
            self._counters = sorted({part.counter for part in list_parts(ledger) if part.accepted})
        self._current = ExitStack()

    def wants_records(self, _path: Path) -> bool:
        """They are looked up, if there are uploads at all."""
        return bool(self._counters)

    def start_file(self, _name: str, _planned: PlannedFile | None) -> None:
        """Open a private file for its calls."""
        if not self._counters:
            return
        self._folder = Path(self._current.enter_context(TemporaryDirectory(prefix="calltools-")))
        self._writer = self._current.enter_context(CanonicalWriter(self._folder / _CALLS, force=True))
        self._count = 0

    def take(self, batch: Batch, _findings: Findings, bad: Mask) -> None:
        """Keep the good records."""
        if self._counters and len(batch) and not bad.all():
            good = batch.columns.filter(pa.array(~bad))
            self._count += good.num_rows
            self._writer.write(good)

    def finish_file(self, summary: Summary) -> None:
        """Add the uploads that had calls of it."""
        with self._current:
            if self._counters and self._count:
                self._writer.close()
                with suppress(CalltoolsError), self._open_ledger() as ledger:
                    summary.uploads = self._look_up(ledger)

    def drop_file(self) -> None:
        """Nothing is told of a file that broke off."""
        self._current.close()

    def _look_up(self, ledger: Ledger) -> tuple[PastUpload, ...]:
        found: dict[int, int] = {}
        for counter in self._counters:
            found |= plan_upload(ledger, self._folder / _CALLS, counter).accepted_parts
        return tuple(
            PastUpload(
                int(part.created),
                part.counter,
                found[part.id],
                part.rows,
                accepted_count(part),
                part.linked,
                part.dynamic,
            )
            for part in list_parts(ledger)
            if part.id in found
        )
