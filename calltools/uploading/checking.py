"""Whether a file may be uploaded: it is clean, or its bad records are left out on purpose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, Final

from calltools import ledger
from calltools.errors import SourceError
from calltools.files.opening import FileStamp, read_stamp
from calltools.ledger import Ledger
from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.summary import Summary

#: The set of rules that a remembered verdict rests on.
_RULESET_NAME: Final = "all"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that has been looked at.

    Attributes:
        file: What may be sent: the file itself, or a copy without its bad records.
        digest: Of the bytes that were looked at; only these may be sent. ``""``: the copy is ours, nobody writes to it.
        summary: What was found; ``None``: this version found the same bytes clean before.
    """

    file: Path
    digest: str
    summary: Summary | None

    @property
    def error_count(self) -> int:
        """Findings that keep it from being sent as it is."""
        return 0 if self.summary is None else self.summary.by_severity["error"]


def find_clean_file(book: Ledger, file: Path) -> CheckedFile | None:
    """The file, if this version has found these bytes clean before: then neither pandas nor pandera is loaded."""
    digest = ledger.digest_file(book, file)
    return (
        CheckedFile(file, digest, None)
        if ledger.is_clean_file(book, digest, version("calltools"), _RULESET_NAME)
        else None
    )


def remember_clean_file(book: Ledger, file: Path, before: FileStamp) -> str:
    """Remember a file that was found clean; gives the digest of its bytes.

    Raises:
        SourceError: It was written to while it was looked at, so nobody knows what was found clean.
    """
    digest = ledger.digest_file(book, file)
    if read_stamp(file) != before:
        raise SourceError("upload-changed", path=file)
    ledger.record_clean_file(book, digest, version("calltools"), _RULESET_NAME)
    return digest


def check_for_upload(
    book: Ledger | None, file: Path, name: str, sinks: Sequence[object], *, without_bad: tuple[BinaryIO, Path] | None
) -> CheckedFile:
    """Validate a canonical file as it is, and remember it when it is clean.

    Args:
        book: Where clean files are remembered; ``None``: nowhere.
        file: Where its bytes are.
        name: What the user calls it.
        sinks: Take the findings.
        without_bad: Where to write the records without an error, and where to read them, if bad ones are left out.

    Raises:
        SourceError: It cannot be read, or is written to.
        UsageError: It has no canonical header.
    """
    # The judge comes along: half a second that a file which is known to be clean does not cost.
    from calltools.files.csv.writers import CanonicalWriter  # noqa: PLC0415
    from calltools.run import RunOptions, prepare_job, resolve  # noqa: PLC0415

    before = read_stamp(file)
    job = prepare_job(
        file, name, resolve(RunOptions(vendor="none")), converting=False, keep_records=without_bad is not None
    )
    if without_bad is None:
        summary = job.run(name, sinks)  # type: ignore[arg-type]  # sinks of the line, as the command line makes them
    else:
        with CanonicalWriter(without_bad[0], force=True) as writer:
            summary = job.run(name, [*sinks, _CleanRecordWriter(writer.write)])  # type: ignore[list-item]
            writer.close()
        if summary.by_severity["error"]:
            return CheckedFile(without_bad[1], "", summary)
    clean = book is not None and not summary.by_severity["error"]
    return CheckedFile(file, remember_clean_file(book, file, before) if book is not None and clean else "", summary)


@dataclass(frozen=True, slots=True)
class _CleanRecordWriter:
    """Writes the records that hold no error."""

    write: Callable[[object], None]

    def take(self, batch: Batch, _findings: Findings, bad: Mask) -> None:
        """Take a batch."""
        import pyarrow as pa  # noqa: PLC0415 - see above

        if len(batch):
            self.write(batch.columns.filter(pa.array(~bad)))
