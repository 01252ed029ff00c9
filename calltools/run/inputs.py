"""Which files of a folder are no input of a run."""

from contextlib import suppress
from pathlib import Path

from calltools.files.rejects import starts_like_rejects
from calltools.reports import is_report
from calltools.run.changes import starts_like_changes
from calltools.validation.baseline import is_baseline


def is_own_file(path: Path) -> bool:
    """Whether calltools wrote the file about other files: a report, rejects, changes, or a baseline.

    A canonical file is none, whoever wrote it: it can be validated and uploaded. Who names a file means it.
    """
    if path.name.lower().endswith(".gitlab.json"):
        return True
    with suppress(OSError):  # a file that cannot be read is reported as such
        return starts_like_rejects(path) or starts_like_changes(path) or is_report(path) or is_baseline(path)
    return False
