"""The files behind the arguments of a command: those that are named, and the tables of folders, patterns, archives."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from calltools.errors import SourceError, UsageError
from calltools.files.inputs import LOCK_FILE_PREFIXES, WILDCARDS, has_table_ending
from calltools.files.members import is_hidden_member, tables_among
from calltools.files.packed import find_remote_member, is_archive, list_members, list_remote_members, split_member
from calltools.files.remote import Listed, is_folder, list_files
from calltools.files.remote_path import RemotePath, as_path

#: What calltools writes about other files, by the names of these.
OWN_ENDINGS: Final = (".rejects.csv", ".rejects.csv.gz", ".rejects.csv.zst", ".gitlab.json")
#: What lists the parts of an output.
MANIFEST: Final = "manifest.json"

#: Why something in a folder is no input.
LeftOut: TypeAlias = Literal["hidden", "lock", "own", "named", "other", "folder"]


class FoundFile(NamedTuple):
    """An input.

    Attributes:
        path: The file.
        name: Its name in messages.
        member: Name of the member, if the file is an archive.
    """

    path: Path
    name: str
    member: str | None = None


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """What arguments name.

    Attributes:
        files: The files, in order. A missing file, a folder or an archive without table files, and a pattern that
            nothing fits, are among them and are reported when they are opened.
        taken: Folder, pattern or archive, as it was named -> how many files of it are among them.
        left_out: The same -> what else is in it, by the reason for which it was not taken.
    """

    files: list[FoundFile] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, Counter[LeftOut]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Search:
    """A look at arguments: what was found so far, and what is no input though a folder holds it."""

    found: FoundFiles
    taken: set[tuple[int, int]]
    is_own: Callable[[Path], bool]
    outputs: frozenset[Path]

    def add_argument(self, given: str, *, alone: bool, recursive: bool) -> None:
        path = as_path(given)
        if isinstance(path, RemotePath):
            self._add_address(path, recursive=recursive)
        elif path.is_dir():
            self._add_listed(given, _list_folder(path, self.taken if recursive else None), any_ending=False)
        elif not alone and path.name.startswith(LOCK_FILE_PREFIXES):
            # The shell has put it there, for `*.xlsx`.
            self.found.left_out.setdefault(str(path.parent), Counter())["lock"] += 1
        elif is_pattern(given):
            # Who writes an ending means it: the shell would take such files, too.
            any_ending = path.suffix != "" and WILDCARDS.isdisjoint(path.suffix)
            self._add_listed(given, _list_fitting(path), any_ending=any_ending)
        else:
            self._add_file(*split_member(path), given)

    def _add_listed(self, given: str, listed: Iterable[Path], *, any_ending: bool) -> None:
        """Add what a folder or a pattern gives; where that is nothing, the folder or the pattern itself."""
        taken, left_out = 0, self.found.left_out.setdefault(given, Counter())
        for one in listed:
            reason = _reason_to_leave_out(one, self.taken, self.is_own, any_ending=any_ending)
            if reason is None:
                self._add_file(one, None, str(one))
                taken += 1
            else:
                left_out[reason] += 1
        self.found.taken[given] += taken
        if not taken:
            self.found.files.append(FoundFile(Path(given), displayable(given)))

    def _add_address(self, address: RemotePath, *, recursive: bool) -> None:
        """Add a file, or what a folder or a pattern gives; a store that does not tell is reported when it is read."""
        listed: list[Listed] = []
        if not (address.is_web or address.is_pattern or has_table_ending(address.name)) and is_folder(address):
            address /= ""
        if address.is_folder or address.is_pattern:
            with suppress(SourceError):
                listed = list_files(address, recursive=recursive)
        files = [one for one in listed if self._count_address(one, address)]
        if address.is_folder or address.is_pattern:
            self.found.taken[str(address)] += len(files)
        for one in [file.address for file in files] or [address]:
            packed = find_remote_member(one)
            members = [] if packed.member else list_remote_members(one)
            self._add_members(packed.path, packed.member, str(one), members)

    def _count_address(self, one: Listed, above: RemotePath) -> bool:
        """Whether something in a folder of a store is taken; if not, the reason counts."""
        any_ending = above.is_pattern and above.suffix != "" and WILDCARDS.isdisjoint(above.suffix)
        reason: LeftOut | None = None
        name = one.address.name
        if name.startswith(LOCK_FILE_PREFIXES):
            reason = "lock"
        elif one.is_hidden:
            reason = "hidden"
        elif one.is_folder:
            reason = "folder"
        elif not (any_ending or has_table_ending(name)):
            reason = "other"
        elif one.address in self.outputs:
            reason = "named"
        elif name.lower().endswith(OWN_ENDINGS) or name == MANIFEST:
            # Each one would have to be read to know more.
            reason = "own"
        if reason is not None:
            self.found.left_out.setdefault(str(above), Counter())[reason] += 1
        return reason is None

    def _add_file(self, path: Path, member: str | None, given: str) -> None:
        self._add_members(path, member, given, [] if member is not None else _list_archive(path))

    def _add_members(self, path: Path, member: str | None, given: str, members: Sequence[str]) -> None:
        tables = tables_among(members)
        if not tables:
            self.found.files.append(FoundFile(path, displayable(given), member))
            return
        self.found.files.extend(FoundFile(path, displayable(f"{given}/{one}"), one) for one in tables)
        self.found.taken[given] += len(tables)
        hidden = sum(map(is_hidden_member, members))
        others = Counter[LeftOut]({"hidden": hidden, "other": len(members) - len(tables) - hidden})
        self.found.left_out.setdefault(given, Counter()).update(+others)


def find_files(
    arguments: Sequence[str],
    *,
    others: Iterable[Path] = (),
    is_own: Callable[[Path], bool] = lambda _: False,
    recursive: bool = False,
) -> FoundFiles:
    """The files behind the arguments; a folder and a pattern mean the table files in them, sorted.

    Args:
        arguments: Files, folders and patterns as they were named.
        others: Files that the command names for something else, such as its outputs: no input if a folder holds them.
        is_own: Whether a file is something that calltools wrote about other files.
        recursive: Whether folders in a folder are looked into.

    Raises:
        UsageError: A name is empty; as a path it would be the working directory with all that is in it.
    """
    if "" in arguments:
        raise UsageError("input-empty")
    outputs = frozenset(as_path(path) for path in others)
    taken = {identity for path in outputs if (identity := _identity(path)) is not None}
    search = _Search(FoundFiles(), taken, is_own, outputs)
    for given in arguments:
        search.add_argument(given, alone=len(arguments) == 1, recursive=recursive)
    return search.found


def find_members(path: Path, name: str) -> list[FoundFile]:
    """The tables in a file that no argument names, such as a copy of standard input, if it is an archive; else it."""
    tables = tables_among(_list_archive(path))
    return [FoundFile(path, displayable(f"{name}/{one}"), one) for one in tables] or [FoundFile(path, name)]


def is_pattern(given: str) -> bool:
    """Whether an argument names files by ``*``, ``?`` or ``[]``: a file of that very name comes first."""
    return not WILDCARDS.isdisjoint(given) and not os.path.lexists(split_member(Path(given)).path)


def displayable(name: str) -> str:
    """A name of a file as text that can be stored and sent: bytes that are no UTF-8 are written as their numbers."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _list_folder(folder: Path, apart: set[tuple[int, int]] | None) -> Iterator[Path]:
    """What is in a folder, sorted; links to folders are not followed, so that no loop is walked.

    Args:
        folder: The folder.
        apart: Folders in it that are not looked into, such as that of the outputs; ``None``: no folder is.
    """
    try:
        listed = sorted(folder.iterdir())
    except OSError:
        return
    for one in listed:
        is_entered = apart is not None and one.is_dir() and not (one.is_symlink() or _is_hidden(one))
        if is_entered and _identity(one) not in (apart or ()):
            yield from _list_folder(one, apart)
        else:
            yield one


def _list_fitting(pattern: Path) -> list[Path]:
    """What fits a pattern, sorted; ``**`` looks into no hidden folder and follows no link to a folder."""
    known = list(takewhile(WILDCARDS.isdisjoint, pattern.parts))
    base, rest = Path(*known), pattern.parts[len(known) :]
    rest = (*rest, "*") if rest[-1] == "**" else rest
    with suppress(OSError, ValueError):
        fitting = base.glob(str(Path(*rest)))
        return sorted(
            {one for one in fitting if not any(part.startswith(".") for part in one.relative_to(base).parts[:-1])}
        )
    return []


def _list_archive(path: Path) -> list[str]:
    """The members of an archive; empty for any other file, and for one that cannot be read."""
    with suppress(OSError, ValueError):
        # Opening a named pipe would wait for its writer.
        return list_members(path) if path.is_file() and is_archive(path, path.name) else []
    return []


def _reason_to_leave_out(
    path: Path, taken: set[tuple[int, int]], is_own: Callable[[Path], bool], *, any_ending: bool
) -> LeftOut | None:
    if path.name.startswith(LOCK_FILE_PREFIXES):
        return "lock"
    if _is_hidden(path):
        return "hidden"
    if path.is_dir():
        return "named" if _identity(path) in taken else "folder"
    if not (any_ending or has_table_ending(path.name)) or not path.is_file():
        return "other"
    if _identity(path) in taken:
        return "named"
    return "own" if is_own(path) else None


def _is_hidden(path: Path) -> bool:
    """Whether the system shows the file only on demand; ``._name`` is what macOS keeps beside a file."""
    if path.name.startswith("."):
        return True
    with suppress(OSError):
        return bool(getattr(path.lstat(), "st_file_attributes", 0) & stat.FILE_ATTRIBUTE_HIDDEN)
    return False


def _identity(path: Path) -> tuple[int, int] | None:
    """What two paths of one file have in common; ``None``: there is no file."""
    with suppress(OSError, ValueError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None
