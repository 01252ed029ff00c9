"""Jobs of one configuration that would write one file: the later one would replace what the earlier one wrote."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from calltools.errors import CalltoolsError, OutputError
from calltools.files.atomic import refuse_same_files
from calltools.files.placeholders import fixed_folder
from calltools.files.remote_path import RemotePath
from calltools.jobs.definition import Job
from calltools.jobs.inputs import find_bases, list_inputs
from calltools.jobs.outputs import JobPaths, find_paths, list_outputs
from calltools.library.session import list_report_files


@dataclass(frozen=True, slots=True)
class SharedOutputs:
    """What the jobs of a configuration write.

    Attributes:
        jobs: All of them, those that are not run as well: what they wrote is there.
    """

    jobs: Sequence[Job] = ()
    #: Inputs are listed before the first job puts its own away.
    _names: dict[str, list[str]] = field(default_factory=dict, init=False)

    def refuse(self, job: Job, paths: JobPaths, names: Sequence[str], day: str) -> None:
        """Refuse to run a job that would write a file that another job writes.

        Args:
            job: The job.
            paths: Its paths.
            names: Its inputs.
            day: Of the run.

        Raises:
            OutputError: It would; both jobs are named.
        """
        self._names.setdefault(job.name, [*names])
        reports = list_report_files(paths.reports, names)
        outputs = list_outputs(paths, names)
        for other in self.jobs:
            if other.name == job.name or (others := _paths_or_none(other, day)) is None or not _may_meet(paths, others):
                continue
            known = self._list_names(other, others)
            their_reports, their_outputs = list_report_files(others.reports, known), list_outputs(others, known)
            numbered = paths.keeps_outputs and others.keeps_outputs
            try:
                refuse_same_files(reports, [*their_reports, *their_outputs])
                refuse_same_files(outputs, their_reports if numbered else [*their_reports, *their_outputs])
            except OutputError as error:
                facts = {"job": job.name, "other": other.name, "path": error.facts["path"]}
                raise OutputError("job-output-shared", **facts) from None

    def _list_names(self, job: Job, paths: JobPaths) -> list[str]:
        if job.name not in self._names:
            try:
                listed = list_inputs(job.inputs, paths.own_folders(find_bases(job.inputs)), recursive=job.recursive)
                self._names[job.name] = [table.name for one in listed.inputs for table in one.tables]
            except CalltoolsError:
                # It is said when it is the turn of that job, which writes nothing then.
                self._names[job.name] = []
        return self._names[job.name]


def _paths_or_none(job: Job, day: str) -> JobPaths | None:
    try:
        return find_paths(job, day)
    except CalltoolsError:
        return None


def _may_meet(paths: JobPaths, others: JobPaths) -> bool:
    """Whether a file of one may be one of the other: only then it is worth to look for the inputs of both."""
    theirs = _fixed_folders(others)
    return any(
        one == other or one in other.parents or other in one.parents
        for one in _fixed_folders(paths)
        for other in theirs
    )


def _fixed_folders(paths: JobPaths) -> list[Path]:
    written: Iterable[Path | None] = (paths.output, *paths.reports)
    folders = [fixed_folder(path) for path in written if path is not None]
    return [folder if isinstance(folder, RemotePath) else folder.resolve() for folder in folders]
