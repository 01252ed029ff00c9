"""Jobs of one configuration that would write one file: the later one would replace what the earlier one wrote."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from calltools.errors import CalltoolsError, OutputError
from calltools.files.atomic import file_marks
from calltools.files.placeholders import fixed_folder
from calltools.files.remote_path import RemotePath
from calltools.jobs.definition import Job
from calltools.jobs.inputs import find_bases, list_inputs
from calltools.jobs.outputs import JobPaths, find_paths, list_outputs
from calltools.library.session import list_report_files

_Kind: TypeAlias = Literal["output", "report"]


@dataclass(frozen=True, slots=True)
class _Writer:
    """A job that writes a file, and whether it puts a number behind the name of one that is there."""

    job: str
    kind: _Kind
    is_numbered: bool


@dataclass(slots=True)
class SharedOutputs:
    """What the jobs of a configuration write.

    Attributes:
        jobs: All of them, those that are not run as well: what they wrote is there.
    """

    jobs: Sequence[Job] = ()
    #: Mark of a file -> who writes it. All inputs are listed before the first job puts its own away.
    _writers: Mapping[object, Sequence[_Writer]] | None = field(default=None, init=False)

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
        if self._writers is None:
            self._writers = _find_writers(self.jobs, day)
        for kind, path in _written_files(paths, names) if self._writers else ():
            for other in (one for mark in file_marks(path) for one in self._writers.get(mark, ())):
                # Each of two outputs of one name is kept, under another number.
                is_kept = kind == other.kind == "output" and paths.keeps_outputs and other.is_numbered
                if other.job != job.name and not is_kept:
                    raise OutputError("job-output-shared", job=job.name, other=other.job, path=path)


def _written_files(paths: JobPaths, names: Sequence[str]) -> Iterator[tuple[_Kind, Path]]:
    yield from (("report", path) for path in list_report_files(paths.reports, names))
    yield from (("output", path) for path in list_outputs(paths, names))


def _find_writers(jobs: Iterable[Job], day: str) -> dict[object, list[_Writer]]:
    """The files of the jobs that may meet those of another one; for the others no input is looked for."""
    known = {job.name: (job, paths) for job in jobs if (paths := _paths_or_none(job, day)) is not None}
    writers = defaultdict[object, list[_Writer]](list)
    for name in _find_meeting({name: _fixed_folders(paths) for name, (_, paths) in known.items()}):
        job, paths = known[name]
        for kind, path in _written_files(paths, _list_names(job, paths)):
            for mark in file_marks(path):
                writers[mark].append(_Writer(name, kind, paths.keeps_outputs))
    return writers


def _list_names(job: Job, paths: JobPaths) -> list[str]:
    try:
        listed = list_inputs(job.inputs, paths.own_folders(find_bases(job.inputs)), recursive=job.recursive)
    except CalltoolsError:
        # It is said when it is the turn of that job, which writes nothing then.
        return []
    return [table.name for one in listed.inputs for table in one.tables]


def _paths_or_none(job: Job, day: str) -> JobPaths | None:
    try:
        return find_paths(job, day)
    except CalltoolsError:
        return None


def _find_meeting(folders: Mapping[str, Sequence[Path]]) -> list[str]:
    """The jobs of which a folder is a folder of another one, or lies in one."""
    at, within = defaultdict[Path, set[str]](set), defaultdict[Path, set[str]](set)
    for name, paths in folders.items():
        for path in paths:
            at[path].add(name)
            for folder in (path, *path.parents):
                within[folder].add(name)

    def meets(name: str, path: Path) -> bool:
        return bool(within[path] - {name}) or any(at.get(parent, set()) - {name} for parent in path.parents)

    return [name for name, paths in folders.items() if any(meets(name, path) for path in paths)]


def _fixed_folders(paths: JobPaths) -> list[Path]:
    written: Iterable[Path | None] = (paths.output, *paths.reports)
    folders = [fixed_folder(path) for path in written if path is not None]
    return [folder if isinstance(folder, RemotePath) else folder.resolve() for folder in folders]
