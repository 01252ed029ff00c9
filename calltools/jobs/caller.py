"""What the caller of a run of jobs says, and what it hears."""

from dataclasses import dataclass
from typing import Protocol

from calltools.errors import CalltoolsError
from calltools.files.folders import FoundFiles
from calltools.jobs.definition import Job
from calltools.jobs.results import InputResult
from calltools.run import SessionEvents
from calltools.uploading.context import UploadEvents


class JobEvents(Protocol):
    """The caller of a run of jobs: hears what happens."""

    def job_started(self, job: Job, inputs: int, found: FoundFiles) -> None:
        """A job begins; so many inputs are converted, of what was found."""

    def converting(self) -> SessionEvents:
        """Hears how the inputs are read."""

    def sending(self) -> UploadEvents:
        """Hears how the calls are sent."""

    def input_ended(self, job: Job, one: InputResult) -> None:
        """It is known what becomes of an input."""

    def job_failed(self, job: Job, error: CalltoolsError) -> None:
        """A job, or a part of it, failed; the others go on."""


@dataclass(frozen=True, slots=True)
class JobMode:
    """How jobs are run.

    Attributes:
        take_all: Take also inputs that the jobs are done with.
        plan_only: Say what would be sent; nothing is sent, written or moved.
        dry_run: The same without ledger and network.
        accept_partial: Be done with inputs of whose calls the service has accepted a part only.
    """

    take_all: bool = False
    plan_only: bool = False
    dry_run: bool = False
    accept_partial: bool = False

    @property
    def writes(self) -> bool:
        """Whether anything is written, sent and moved."""
        return not (self.plan_only or self.dry_run)
