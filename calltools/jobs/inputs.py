"""The inputs of a job: found, digested, and compared with those that it is done with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import Final

from calltools.errors import CalltoolsError, SourceError
from calltools.files import remote
from calltools.files.atomic import map_os_errors
from calltools.files.folders import FoundFile, FoundFiles, find_files, is_pattern
from calltools.files.inputs import WILDCARDS
from calltools.files.limits import Limits
from calltools.files.opening import FileStamp, read_stamp
from calltools.files.packed import split_member
from calltools.files.rejects import starts_like_rejects
from calltools.files.remote_path import RemotePath, as_path
from calltools.jobs.definition import Job
from calltools.ledger import Ledger, digest_file
from calltools.run import RunOptions, is_own_file

#: Stands for the digest where nothing is remembered: in a dry run.
_NO_DIGEST: Final = ""


@dataclass(frozen=True, slots=True)
class JobInput:
    """A file that a job reads; an archive is one, whatever it holds.

    Attributes:
        path: The file, or the address.
        tables: What is read of it.
        stamp: Of the file before anything of it was read; ``()``: it is an address.
        digest: Of its bytes, of those of the second files that are joined to its calls, and of the counter.
        local: Where its bytes are.
    """

    path: Path
    tables: tuple[FoundFile, ...]
    stamp: FileStamp = ()
    digest: str = _NO_DIGEST
    local: Path = field(default_factory=Path)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.tables[0].name if self.tables[0].member is None else str(self.path)

    @property
    def key(self) -> str:
        """How the ledger knows it: its whole path."""
        return _key(self.path)


@dataclass(frozen=True, slots=True)
class JobInputs:
    """The inputs of a job.

    Attributes:
        changed: Those that the job is not done with.
        finished: Those whose bytes it is done with: they are only moved, if that is left to do.
        failed: Those that cannot be read, each with the reason.
    """

    changed: list[JobInput] = field(default_factory=list)
    finished: list[JobInput] = field(default_factory=list)
    failed: list[tuple[JobInput, CalltoolsError]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.changed) + len(self.finished) + len(self.failed)


@dataclass(frozen=True, slots=True)
class ListedInputs:
    """What the inputs of a job name.

    Attributes:
        inputs: The files, in order.
        found: What folders, patterns and archives hold besides.
    """

    inputs: list[JobInput]
    found: FoundFiles


def list_inputs(arguments: Sequence[str], written: Sequence[Path], *, recursive: bool) -> ListedInputs:
    """The files behind the inputs of a job; a pattern that nothing fits and an empty folder give none.

    Args:
        arguments: Files, folders, patterns and addresses.
        written: Folders that the job writes to: what is in or below them is no input, unless it is named.
        recursive: Whether folders in a folder are looked into.
    """
    found = find_files(arguments, others=written, is_own=_is_no_input, recursive=recursive)
    # Today there may be nothing to do; a file that is named must be there.
    empty = {Path(given) for given, count in found.taken.items() if not count}
    named = {_key(as_path(given)) for given in arguments}
    own = [folder.resolve() for folder in written if not isinstance(folder, RemotePath)]
    # A folder below one that the job writes to is looked at if it is named.
    inside = [folder.resolve() for folder in find_bases(arguments) if _is_below(folder / "any", own)]
    tables: dict[str, list[FoundFile]] = {}
    for one in found.files:
        is_own = _is_below(one.path, own) and not _is_below(one.path, inside)
        if one.path not in empty and (_key(one.path) in named or not is_own):
            tables.setdefault(_key(one.path), []).append(one)
    return ListedInputs([JobInput(each[0].path, tuple(dict.fromkeys(each))) for each in tables.values()], found)


def _is_no_input(path: Path) -> bool:
    """Whether calltools wrote the file about others; rejects among the inputs were put there to be sent."""
    return is_own_file(path) and not starts_like_rejects(path)


def _is_below(path: Path, folders: Sequence[Path]) -> bool:
    if isinstance(path, RemotePath):
        return False
    resolved = path.parent.resolve()
    return any(resolved.is_relative_to(folder) for folder in folders)


def find_bases(arguments: Sequence[str], fitting: str | None = None) -> list[Path]:
    """The folders in which folders and patterns among the inputs look for files.

    Args:
        arguments: The inputs.
        fitting: Only patterns that a file of this name fits; ``None``: all.
    """
    paths = [as_path(given) for given in arguments]
    local = [path for path in paths if not isinstance(path, RemotePath)]
    folders = [path for path in local if path.is_dir()]
    patterns = [path for path in local if path not in folders and is_pattern(str(path))]
    patterns = [path for path in patterns if fitting is None or fnmatch(fitting.lower(), path.name.lower())]
    return [*folders, *(Path(*takewhile(WILDCARDS.isdisjoint, path.parts)) for path in patterns)]


def second_files(options: RunOptions) -> list[Path]:
    """The files that are joined to the calls of an input: when one changes, its calls may change."""
    paths = [*([] if options.identifiers is None else [options.identifiers]), *options.outcomes]
    return [path for path in paths if not isinstance(path, RemotePath)]


def sort_inputs(
    listed: Sequence[JobInput],
    ledger: Ledger | None,
    known: Mapping[str, str],
    job: Job,
    copies: Path,
) -> JobInputs:
    """Which inputs the job is done with.

    Args:
        listed: The inputs.
        ledger: Has the key of digests; ``None``: nothing is compared.
        known: Digests of what the job is done with.
        job: The job.
        copies: A folder for copies of what is at an address.

    Raises:
        SourceError: A second file cannot be read.
    """
    inputs, second = JobInputs(), _SecondFiles(ledger)
    # To another counter the calls of a finished input were never sent.
    goes_to = [] if job.upload is None else [f"counter {job.upload.counter}"]
    for number, one in enumerate(listed):
        options = job.options_for(one.tables[0].name)
        beside = [*second.digest(second_files(options)), *goes_to]
        try:
            digested = _digest(one, ledger, beside, copies / str(number), options.limits)
        except SourceError as error:
            inputs.failed.append((one, error))
            continue
        is_known = ledger is not None and known.get(one.key) == digested.digest
        (inputs.finished if is_known else inputs.changed).append(digested)
    if inputs.changed and any(job.options_for(one.tables[0].name).outcomes for one in listed):
        # A sale belongs to the last call of all inputs: one that is new may have it in place of an older one.
        digested_inputs = {one.key: one for one in (*inputs.changed, *inputs.finished)}
        inputs.changed[:] = [digested_inputs[one.key] for one in listed if one.key in digested_inputs]
        inputs.finished.clear()
    return inputs


@dataclass(slots=True)
class _SecondFiles:
    """Digests of second files, each read once."""

    ledger: Ledger | None
    _known: dict[Path, str] = field(default_factory=dict)

    def digest(self, paths: Sequence[Path]) -> list[str]:
        if self.ledger is None:
            return []
        for path in paths:
            if path not in self._known:
                self._known[path] = digest_file(self.ledger, split_member(path).path)
        return [self._known[path] for path in paths]


def _digest(one: JobInput, ledger: Ledger | None, beside: Sequence[str], copies: Path, limits: Limits) -> JobInput:
    stamp: FileStamp = ()
    if isinstance(one.path, RemotePath):
        local = _fetch(one.path, copies, limits)
    else:
        local, stamp = one.path, read_stamp(one.path)
    digest = _NO_DIGEST if ledger is None else _join([digest_file(ledger, local), *beside])
    return JobInput(one.path, one.tables, stamp, digest, local)


def _join(digests: Sequence[str]) -> str:
    return digests[0] if len(digests) == 1 else sha256(" ".join(digests).encode()).hexdigest()


def _key(path: Path) -> str:
    return str(path if isinstance(path, RemotePath) else path.absolute())


def _fetch(address: RemotePath, folder: Path, limits: Limits) -> Path:
    """A copy of what is at an address, under its name: the name tells an archive."""
    copy = folder / address.name
    with map_os_errors(copy):
        folder.mkdir(parents=True)
        with copy.open("xb") as stream:
            remote.fetch(address, stream, limits)
    return copy
