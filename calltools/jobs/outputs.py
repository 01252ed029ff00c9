"""Where a job puts what it writes: paths filled in, checked before anything is read; what would be lost is kept."""

import csv
import filecmp
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calltools.errors import OutputError, UsageError
from calltools.files.atomic import AtomicFile, map_os_errors
from calltools.files.packed import split_member
from calltools.files.placeholders import STEM, fixed_folder
from calltools.files.rejects import starts_like_rejects
from calltools.files.remote_path import RemotePath, as_path
from calltools.jobs.archive import free_names
from calltools.jobs.definition import Job
from calltools.jobs.inputs import JobInput, find_bases, second_files
from calltools.library.session import list_report_files
from calltools.run import (
    OUTCOME_CODE,
    REJECTS_ENDING,
    is_folder_output,
    refuse_occupied_outputs,
    refuse_other_endings,
    report_path,
)

_OUTPUT_NAME: Final = f"{STEM}.csv"
_REJECTS_NAME: Final = f"{STEM}.rejects.csv"


@dataclass(frozen=True, slots=True)
class JobPaths:
    """The paths of one run of a job, without those that depend on an input.

    Attributes:
        output: With ``{stem}``, or of one input; ``None``: not written.
        rejects: In the same way.
        reports: In the same way, or of all inputs.
        archive: The folder of finished inputs; with ``{stem}`` each has its own.
    """

    output: Path | None
    rejects: Path | None
    reports: tuple[Path, ...]
    archive: Path | None

    def own_folders(self, bases: Iterable[Path]) -> list[Path]:
        """The folders whose files are no inputs: those that the job writes to below a folder that is searched."""
        searched = [folder.resolve() for folder in bases]
        local = [folder for _, folder in self._folders() if not isinstance(folder, RemotePath)]
        return [folder for folder in local if any(folder.resolve().is_relative_to(base) for base in searched)]

    def refuse_inputs_in(self, job: str, inputs: Sequence[str]) -> None:
        """Refuse outputs, rejects or an archive in a folder that is searched: they would be taken for inputs.

        Args:
            job: Name of the job.
            inputs: Its folders and patterns. Rejects may stand where a pattern does not find them.

        Raises:
            OutputError: It is such a folder.
        """
        for word, folder in self._folders():
            rejects = self.rejects_of("calls.csv") if word == "rejects" else None
            searched = {base.resolve() for base in find_bases(inputs, None if rejects is None else rejects.name)}
            if not isinstance(folder, RemotePath) and folder.resolve() in searched:
                raise OutputError("job-output-among-inputs", job=job, word=word, path=folder)

    def _folders(self) -> Iterator[tuple[str, Path]]:
        """The folders of outputs, rejects and finished inputs, as far as they are the same for all inputs."""
        if self.output is not None:
            yield "output", fixed_folder(self.output)
        if self.rejects is not None:
            yield "rejects", fixed_folder(self.rejects)
        if self.archive is not None:
            yield "archive", fixed_folder(self.archive) if STEM in str(self.archive) else self.archive

    @property
    def keeps_outputs(self) -> bool:
        """Whether a number is put behind the name of an output that is there already: its input was put away."""
        return self.archive is not None and not isinstance(self.output, RemotePath)

    def output_of(self, name: str) -> Path | None:
        """The output of an input."""
        return None if self.output is None else report_path(self.output, name)

    def rejects_of(self, name: str) -> Path | None:
        """The rejects of an input, unless there are some of that name already."""
        return None if self.rejects is None else report_path(self.rejects, name)

    def archive_of(self, path: Path) -> Path | None:
        """The folder that an input is moved to."""
        return None if self.archive is None else report_path(self.archive, path.name)


def find_paths(job: Job, day: str) -> JobPaths:
    """The paths of a run.

    Raises:
        UsageError: A path has another ending than what would be written, or rejects or archive are at an address.
    """
    files = job.files
    output = None if files.output is None else _as_file(job.fill_in(files.output, day), _OUTPUT_NAME)
    rejects = None if files.rejects is None else _as_file(job.fill_in(files.rejects, day), _REJECTS_NAME)
    archive = None if files.archive is None else as_path(job.fill_in(files.archive, day))
    refuse_other_endings(output, rejects)
    for word, path in (("rejects", rejects), ("archive", archive)):
        if isinstance(path, RemotePath):
            raise UsageError("job-not-local", job=job.name, word=word, path=path)
    return JobPaths(output, rejects, tuple(as_path(job.fill_in(path, day)) for path in files.reports), archive)


def _as_file(text: str, name: str) -> Path:
    """The path of a file; of a folder the path of the files in it."""
    path = as_path(text)
    return path / name if is_folder_output(text) or not (path.suffix or STEM in path.name) else path


def refuse_equal_outputs(paths: JobPaths, names: Sequence[str]) -> None:
    """Refuse a run in which two inputs would write one output; rejects of one name get a number.

    Raises:
        OutputError: They would; both inputs are named.
    """
    seen: dict[str, str] = {}
    for name in names:
        path = paths.output_of(name)
        # Some systems take names that differ in letters of another case for one.
        other = name if path is None else seen.setdefault(str(path).casefold(), name)
        if other != name:
            raise OutputError("job-output-same", path=path, first=other, second=name)


def list_outputs(paths: JobPaths, names: Sequence[str]) -> list[Path]:
    """The outputs of a run with such inputs."""
    return [path for name in names if (path := paths.output_of(name)) is not None]


def refuse_read_files(job: Job, paths: JobPaths, inputs: Sequence[JobInput]) -> None:
    """Refuse to write what the job reads, or two things to one path.

    Raises:
        OutputError: An output, a report or rejects are a file that the job reads, or one another; or rejects are
            where an output would be.
    """
    names = [table.name for one in inputs for table in one.tables]
    options = [job.options_for(name) for name in names]
    second = [split_member(path).path for one in options for path in second_files(one)]
    # Rejects of two inputs of one name get numbers.
    rejects = {str(path).casefold(): path for name in names if (path := paths.rejects_of(name)) is not None}
    read = [*(one.path for one in inputs), *second, *(one.baseline for one in options), Path(job.key.config)]
    outputs = list_outputs(paths, names)
    refuse_occupied_outputs([*outputs, *list_report_files(paths.reports, names), *rejects.values()], [], read)
    for path in outputs if not paths.keeps_outputs else ():
        _refuse_rejects(path)


def make_folders(paths: JobPaths, names: Sequence[str]) -> None:
    """Make the folders of what is written of some inputs.

    Raises:
        OutputError: One cannot be made.
    """
    templates = [path for path in (paths.output, paths.rejects, *paths.reports) if path is not None]
    written = [report_path(path, name) for path in templates for name in (names if STEM in str(path) else names[:1])]
    for folder in dict.fromkeys(path.parent for path in written if not isinstance(path, RemotePath)):
        with map_os_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)


def put_output(source: Path, target: Path) -> Path:
    """Put a converted file in its place, instead of what an earlier run has put there; gives the place.

    Raises:
        OutputError: It cannot be written, or rejects are there.
    """
    _refuse_rejects(target)
    _copy(source, target, force=True)
    return target


def _refuse_rejects(path: Path) -> None:
    """Refuse to replace rejected calls: they have no other place."""
    if not isinstance(path, RemotePath) and path.is_file() and starts_like_rejects(path):
        raise OutputError("job-output-is-rejects", path=path)


def put_outcome_rejects(source: Path, folder: Path, job: str) -> Path:
    """Put the records of a file of outcomes that no call got instead of those of the job's run before.

    They stand in the file of outcomes still, so that the latest run counts. Rejected calls have no other place than
    their rejects: those of an input that is called like the file of outcomes are never replaced.

    Args:
        source: ``deals.rejects.csv``.
        folder: Where rejects of the job go; other jobs may have the same.
        job: Name of the job.

    Raises:
        OutputError: They cannot be written.
    """
    stem = source.name.removesuffix(REJECTS_ENDING)
    names = free_names(f"{stem}.{job}{REJECTS_ENDING}")
    target = next(path for name in names if _may_replace(path := folder / name))
    _copy(source, target, force=True)
    return target


def _may_replace(path: Path) -> bool:
    """Whether nothing is there, or records of a file of outcomes that no call got."""
    if not path.exists():
        return True
    with map_os_errors(path), path.open(encoding="utf-8", errors="replace", newline="") as stream:
        _titles, first = next(rows := csv.reader(stream), []), next(rows, [OUTCOME_CODE])
    return first[:1] == [OUTCOME_CODE]


def put_beside(source: Path, target: Path) -> Path:
    """Put a file beside those of earlier runs, and give where it is; the same bytes are not written twice.

    Raises:
        OutputError: They cannot be written.
    """
    for name in free_names(target.name):
        path = target.with_name(name)
        if path.exists():
            with map_os_errors(path):
                if filecmp.cmp(source, path, shallow=False):
                    return path
            continue
        _copy(source, path, force=False)
        return path
    raise OutputError("output-exists", path=target)  # pragma: no cover - the names never end


def _copy(source: Path, target: Path, *, force: bool) -> None:
    with source.open("rb") as stream, AtomicFile(target, force=force) as copy:
        shutil.copyfileobj(stream, copy, 1 << 20)
