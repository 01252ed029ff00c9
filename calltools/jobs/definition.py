"""A job as a value: what is read, how, where the calls go, and what is written beside."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from calltools.files.placeholders import DATE, JOB
from calltools.ledger import JobKey
from calltools.model.rule import Severity
from calltools.reports.reporter import ReportOptions
from calltools.run import RunOptions
from calltools.uploading.context import UploadOptions


@dataclass(frozen=True, slots=True)
class JobFiles:
    """The files that a job writes, and where its inputs go; ``{job}``, ``{date}`` and ``{stem}`` are not filled in.

    Attributes:
        output: Converted records of each input: a path, or a folder; ``None``: they are only sent.
        rejects: Records with errors of each input, in the same way.
        reports: Paths; one with ``{stem}`` is a report for each input.
        archive: The folder that finished inputs are moved to; ``None``: they stay.
    """

    output: str | None = None
    rejects: str | None = None
    reports: tuple[str, ...] = ()
    archive: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job.

    Attributes:
        key: Its configuration file and its name.
        inputs: Files, folders, patterns and addresses.
        options_for: Gives the options of an input by its name.
        files: What it writes.
        upload: How its calls are sent; ``None``: they are not.
        on_error: ``fail``: of an input with errors nothing is written and sent.
        fail_on: The mildest severity of a finding that ends with exit code 1.
        recursive: Whether folders in a folder are looked into.
        report_options: How its reports are worded.
        upload_for: Gives how the calls of an input are sent, by its name, to the same counter; ``None``: all alike.
    """

    key: JobKey
    inputs: tuple[str, ...]
    options_for: Callable[[str], RunOptions]
    files: JobFiles = JobFiles()
    upload: UploadOptions | None = None
    on_error: Literal["reject", "fail"] = "reject"
    fail_on: Severity = Severity.ERROR
    recursive: bool = False
    report_options: ReportOptions = field(default_factory=ReportOptions)
    upload_for: Callable[[str], UploadOptions | None] | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return self.key.name

    def fill_in(self, template: str, day: str) -> str:
        """A path with the name of the job and the day of the run filled in."""
        return template.replace(JOB, self.name).replace(DATE, day)
