"""What the ledger of this machine knows of files that are reported on: when they were uploaded, and what was linked."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import PurePath

from calltools.errors import CalltoolsError
from calltools.ledger import Part, has_database, list_parts, open_ledger_in, state_folder
from calltools.model.summary import PastUpload, Summary
from calltools.run import SessionSink
from calltools.settings import read_settings
from calltools.uploading import results

#: Uploads of a file that are told, the last ones.
_MAX_UPLOADS = 5


class PastUploads(SessionSink):
    """Completes the summary of each file with the uploads of files of its name.

    A ledger that cannot be used is no fault of a validation: ``upload`` reports it.
    """

    def __init__(self) -> None:
        self._by_name: Mapping[str, Sequence[PastUpload]] = {}
        folder = state_folder(read_settings().state_dir)
        if has_database(folder):
            with suppress(CalltoolsError), open_ledger_in(folder, time.time) as ledger:
                self._by_name = _group_by_name(list_parts(ledger))

    def take(self, *_: object) -> None:
        """Records say nothing of uploads."""

    def finish_file(self, summary: Summary) -> None:
        """Add the uploads of a file of this name."""
        summary.uploads = tuple(self._by_name.get(PurePath(summary.name).name, ()))[-_MAX_UPLOADS:]


def _group_by_name(parts: Sequence[Part]) -> dict[str, list[PastUpload]]:
    found: dict[str, list[PastUpload]] = {}
    for part in parts:
        if part.source and part.accepted:
            accepted = results.accepted_count(part)
            upload = PastUpload(int(part.created), part.counter, part.rows, accepted, part.linked, part.dynamic)
            found.setdefault(PurePath(part.source).name, []).append(upload)
    return found
