"""What a run of ``validate`` or ``convert`` has to do with the ledger: reports of uploads, and files found clean.

Loading the ledger takes a while, so that it is loaded only where there is one.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import time

from calltools.cli.options import FindingOptions
from calltools.cli.reporters import wants_statistics
from calltools.errors import CalltoolsError
from calltools.files.opening import FileStamp, read_stamp
from calltools.model.summary import Summary
from calltools.run import InputFile, SessionSink
from calltools.settings import read_settings


def past_uploads(showing: FindingOptions) -> list[SessionSink]:
    """What tells reports for people of uploads: none, if there is no such report."""
    if not wants_statistics(showing):
        return []
    # Loading the ledger takes a while.
    from calltools.ledger import has_database, open_ledger_in, state_folder  # noqa: PLC0415
    from calltools.uploading.past_uploads import PastUploads  # noqa: PLC0415

    folder = state_folder(read_settings().state_dir)
    return [PastUploads(lambda: open_ledger_in(folder, time))] if has_database(folder) else []


def stamp_or_none(path: Path) -> FileStamp | None:
    """What tells later whether the file was written to; a file that is missing is reported elsewhere."""
    with suppress(CalltoolsError):
        return read_stamp(path)
    return None


def remember_clean_files(
    inputs: Sequence[InputFile], stamps: Sequence[FileStamp | None], summaries: Sequence[Summary], now: int
) -> None:
    """Record clean files in the ledger, if there is one, so that ``upload`` need not validate them again.

    A ledger that cannot be used is no fault of a validation: ``upload`` reports it.
    """
    clean = [
        (one, stamp)
        for one, stamp, summary in zip(inputs, stamps, summaries, strict=True)
        if stamp is not None and summary.is_clean and summary.vendor is None and _is_read_as_it_is(one, summary)
    ]
    if not clean:
        return
    # Loading the ledger takes a while, and loading what files are checked with for an upload even longer.
    from calltools.ledger import has_database, open_ledger_in, state_folder  # noqa: PLC0415

    folder = state_folder(read_settings().state_dir)
    if not has_database(folder):
        return
    from calltools.uploading.checking import judges_like_upload, remember_clean_file  # noqa: PLC0415

    clean = [(one, stamp) for one, stamp in clean if judges_like_upload(one.context, now)]
    if not clean:
        return
    with suppress(CalltoolsError), open_ledger_in(folder, time) as ledger:
        for one, stamp in clean:
            remember_clean_file(ledger, one.path, stamp)


def _is_read_as_it_is(one: InputFile, summary: Summary) -> bool:
    """Whether the bytes of the file itself were read, and not what is packed in it."""
    return summary.source is not None and summary.source.path == one.path
