"""The results of ``plan`` and ``upload`` as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from calltools.errors import CalltoolsError, UploadEndedError
from calltools.library.results import FileFindings, data_error
from calltools.model.summary import total_of
from calltools.reports.reporter import ReportOptions
from calltools.texts.keys import MessageKey

_FINDINGS: Final = 1
_HELD: Final = 6


@dataclass(frozen=True, slots=True)
class UploadedPart:
    """The calls of one uploading, as the ledger knows them; the same as a line of ``upload --output-format json``.

    Attributes:
        id: Name in the ledger.
        uploading: Number that the service gave it.
        counter: Of the counter.
        created: When it was reserved, UTC.
        file: What its file is called.
        goal: Name of the goal.
        state: In the ledger: ``acked``, ``processed``, ``ambiguous`` ...
        status: What the service says of it.
        kind: Which identifier its calls have.
        calls: How many calls it has.
        sent: How many of them were sent.
        dynamic: How many of them are to be linked to a visit.
        source_quantity: Calls that the service has received.
        accepted: Calls that the service has accepted.
        linked: Calls that it has linked to a visit.
        part: Number among the parts of its file.
        parts: Count of these.
        reason: Why it was not accepted.
    """

    id: str
    uploading: int | None
    counter: int
    created: str
    file: str | None
    goal: str | None
    state: str
    status: str | None
    kind: str
    calls: int
    sent: int
    dynamic: int
    source_quantity: int | None
    accepted: int | None
    linked: int | None
    part: int
    parts: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """What an upload of one file would do.

    Attributes:
        name: What the file is called.
        counter: Number of the counter.
        counter_label: Its name and site, if the token may see them.
        visits: Visits of the counter in the days in which calls are linked; ``None``: not known.
        records: Calls in the file.
        to_send: Calls that would be sent.
        statuses: What the ledger knows of the calls: ``new``, ``unchanged``, ``held`` ... -> how many.
        parts: Kind of identifier and number of calls of each part that would be sent.
        waiting: Parts of an earlier run that would be sent with it.
    """

    name: str
    counter: int
    counter_label: str | None
    visits: int | None
    records: int
    to_send: int
    statuses: Mapping[str, int] = field(hash=False)
    parts: tuple[tuple[str, int], ...]
    waiting: tuple[UploadedPart, ...]


@dataclass(frozen=True, repr=False)
class Planned:
    """What an upload would do.

    Attributes:
        files: The plan of each file that may be sent.
        exit_code: What ``calltools upload --plan`` would end with: 1 for a file with errors, 6 for calls that are held.
    """

    files: tuple[PlannedFile, ...]
    found: tuple[FileFindings, ...] = field(repr=False, compare=False)
    options: ReportOptions = field(repr=False, compare=False)
    exit_code: int = 0

    @property
    def to_send(self) -> int:
        """How many calls would be sent."""
        return sum(one.to_send for one in self.files)

    @property
    def ok(self) -> bool:
        """Whether nothing stands against the upload."""
        return not self.exit_code

    def raise_for_errors(self) -> Self:
        """The plan itself, if nothing stands against the upload.

        Raises:
            CalltoolsError: A file has errors, or calls of it are held.
        """
        _raise_for_code(self.exit_code, self.found, self.options, ())
        return self

    def __repr__(self) -> str:
        records = sum(one.records for one in self.files)
        return f"<calltools.Planned {self.to_send} of {records} calls to send; exit code {self.exit_code}>"


@dataclass(frozen=True, repr=False)
class Uploaded:
    """What an upload has done.

    Attributes:
        parts: What became of each part, those of an earlier run first.
        errors: Why parts were not sent.
        exit_code: What the command would end with: 0, 1 for a file with errors, 4 where the service refused, 5 in part,
            6 where it is not known whether calls have arrived.
    """

    parts: tuple[UploadedPart, ...]
    found: tuple[FileFindings, ...] = field(repr=False, compare=False)
    options: ReportOptions = field(repr=False, compare=False)
    errors: tuple[CalltoolsError, ...] = field(default=(), compare=False)
    exit_code: int = 0

    @property
    def ok(self) -> bool:
        """Whether every call was accepted, now or before."""
        return not self.exit_code

    @property
    def sent(self) -> int:
        """How many calls of these parts were sent, now or by an earlier run."""
        return sum(part.sent for part in self.parts)

    def raise_for_errors(self) -> Self:
        """The result itself, if the command would end with 0.

        Raises:
            CalltoolsError: Why not.
        """
        _raise_for_code(self.exit_code, self.found, self.options, self.parts, self.errors)
        return self

    def __repr__(self) -> str:
        states = ", ".join(dict.fromkeys(part.status or part.state for part in self.parts)) or "nothing to send"
        done = f"sent {self.sent}, parts {len(self.parts)}: {states}"
        return f"<calltools.Uploaded {done}; exit code {self.exit_code}>"


def _raise_for_code(
    code: int,
    found: tuple[FileFindings, ...],
    options: ReportOptions,
    parts: tuple[UploadedPart, ...],
    errors: tuple[CalltoolsError, ...] = (),
) -> None:
    """Raise the error that an exit code stands for, if it is not 0."""
    if not code:
        return
    fitting = next((error for error in errors if error.exit_code == code), None)
    if fitting is not None:
        raise fitting
    if code == _FINDINGS and found:
        raise data_error(found, total_of([one.summary for one in found]), options)
    named = ", ".join(f"{part.id} {part.status or part.state}" for part in parts)
    key: MessageKey = "upload-ended-held" if code == _HELD else "upload-ended"
    raise UploadEndedError(key, code, parts=named or "-")
