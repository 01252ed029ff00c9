"""The files behind the arguments of a command: those that are named, and the table files of a folder."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from calltools.files.inputs import INPUTS

#: Why something in a folder is no input.
LeftOut: TypeAlias = Literal["hidden", "lock", "own", "named", "other", "folder"]

#: Endings of the files that are taken from a folder; the content then decides about the format.
TABLE_SUFFIXES: Final = tuple(ending for form in INPUTS.values() for ending in form.endings)
#: An office program puts a file of such a name beside one that it has open.
_LOCK_FILE_PREFIXES: Final = ("~$", ".~lock")


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """What arguments name.

    Attributes:
        files: Path and name in messages of each file, in order. A missing file, or a folder without table files, is
            among them and is reported when it is opened.
        taken: Folder, as it was named -> how many files of it are among them.
        left_out: Folder -> what else is in it, by the reason for which it was not taken.
    """

    files: list[tuple[Path, str]] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, Counter[LeftOut]] = field(default_factory=dict)


def find_files(
    arguments: Sequence[str], *, others: Iterable[Path] = (), is_own: Callable[[Path], bool] = lambda _: False
) -> FoundFiles:
    """The files behind the arguments; a folder means the table files in it, sorted.

    Args:
        arguments: Files and folders as they were named.
        others: Files that the command names for something else, such as its outputs: no input if a folder holds them.
        is_own: Whether a file is something that calltools wrote about other files.
    """
    found, taken = FoundFiles(), {identity for path in others if (identity := _identity(path)) is not None}
    for given in arguments:
        path = Path(given)
        if path.is_dir():
            _add_folder(found, path, given, taken, is_own)
        elif len(arguments) > 1 and path.name.startswith(_LOCK_FILE_PREFIXES):
            # The shell has put it there, for `*.xlsx`.
            found.left_out.setdefault(str(path.parent), Counter())["lock"] += 1
        else:
            found.files.append((path, displayable(given)))
    return found


def displayable(name: str) -> str:
    """A name of a file as text that can be stored and sent: bytes that are no UTF-8 are written as their numbers."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _add_folder(
    found: FoundFiles, folder: Path, given: str, taken: set[tuple[int, int]], is_own: Callable[[Path], bool]
) -> None:
    try:
        listed = sorted(folder.iterdir())
    except OSError:
        listed = []
    reasons = [(one, _reason_to_leave_out(one, taken, is_own)) for one in listed]
    inside = [(one, displayable(str(one))) for one, reason in reasons if reason is None]
    found.taken[given] += len(inside)
    found.left_out.setdefault(given, Counter()).update(reason for _, reason in reasons if reason is not None)
    found.files.extend(inside or [(folder, displayable(given))])


def _reason_to_leave_out(path: Path, taken: set[tuple[int, int]], is_own: Callable[[Path], bool]) -> LeftOut | None:
    if path.name.startswith(_LOCK_FILE_PREFIXES):
        return "lock"
    if _is_hidden(path):
        return "hidden"
    if path.is_dir():
        return "folder"
    if path.suffix.lower() not in TABLE_SUFFIXES or not path.is_file():
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
