"""Putting finished inputs away: nothing is ever replaced, and a file that is not the one that was read stays."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from calltools.errors import OutputError, SourceError
from calltools.files.atomic import AtomicFile, map_os_errors
from calltools.files.inputs import PACKED_SUFFIXES
from calltools.files.opening import FileStamp, read_stamp

_REJECTS: Final = ".rejects"


def prepare_folder(folder: Path) -> None:
    """Make a folder and those above it, and try to write there: before anything is sent.

    Raises:
        OutputError: It cannot be made or written.
    """
    with map_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        # What cannot be written at the end is refused at once. The file has no name, so that nothing is left of it.
        tempfile.TemporaryFile(dir=folder).close()


def put_away(path: Path, stamp: FileStamp, folder: Path) -> Path:
    """Move a file to a folder, under its name or with a number behind it; gives where it is now.

    Killed at any moment the file is at its old place, at its new one, or at both.

    Args:
        path: The file.
        stamp: Its stamp when it was read.
        folder: A folder that is there.

    Raises:
        OutputError: It cannot be written there, or not be removed from its place; it stays where it is.
        SourceError: The file is gone, or is another one than was read; it stays where it is.
    """
    if read_stamp(path) != stamp:
        raise SourceError("job-input-replaced", path=path)
    with map_os_errors(folder):
        target = _link(path, folder)
    if target is None:
        target = _copy(path, folder)
        is_kept = read_stamp(path) == stamp
    else:
        is_kept = read_stamp(target) == stamp
    if not is_kept:
        # What is in the folder now is the new file, which is still at its own place.
        with suppress(OSError):
            target.unlink()
        raise SourceError("job-input-replaced", path=path)
    _sync(folder)
    if _stamp_or_none(path) == stamp:
        try:
            path.unlink(missing_ok=True)
        except OSError as fault:
            # It stays at its own place alone: each further run would put one more copy into the folder.
            if _stamp_or_none(path) == stamp:
                with suppress(OSError):
                    target.unlink()
            raise OutputError("job-input-unremovable", path=path, reason=fault.strerror) from fault
    return target


def _stamp_or_none(path: Path) -> FileStamp | None:
    with suppress(SourceError):
        return read_stamp(path)
    return None


def _link(path: Path, folder: Path) -> Path | None:
    """A second name of the file in the folder; ``None``: it is a link, or the folder is on another file system."""
    if path.is_symlink():
        return None
    for name in free_names(path.name):
        target = folder / name
        if _is_second_name(path, target):
            # A run was killed before it could remove the first name.
            return target
        try:
            target.hardlink_to(path)
        except FileExistsError:
            continue
        except FileNotFoundError:
            raise SourceError("job-input-replaced", path=path) from None
        except OSError:
            return None
        return target
    return None  # pragma: no cover - the names never end


def _is_second_name(path: Path, target: Path) -> bool:
    """Whether two paths are two names of one file, and not one name reached by two ways."""
    with suppress(OSError):
        found, other = path.lstat(), target.lstat()
        return os.path.samestat(found, other) and found.st_nlink > 1 and path.resolve() != target.resolve()
    return False


def _copy(path: Path, folder: Path) -> Path:
    """A copy of the file in the folder, whole on the disk."""
    for name in free_names(path.name):
        target = folder / name
        if os.path.lexists(target):
            continue
        try:
            with path.open("rb") as source, AtomicFile(target, force=False) as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
            with suppress(OSError):
                shutil.copystat(path, target)
        except FileNotFoundError:
            raise SourceError("job-input-replaced", path=path) from None
        except OutputError as error:
            if error.key == "output-exists":
                continue
            raise
        return target
    raise OutputError("output-exists", path=folder / path.name)  # pragma: no cover - the names never end


def free_names(name: str) -> Iterator[str]:
    """A name, and then the same with a number before its ending: ``calls.csv``, ``calls-2.csv`` ..."""
    yield name
    ending = Path(name).suffix
    stem = name.removesuffix(ending)
    if ending.lower() in PACKED_SUFFIXES:
        ending = Path(stem).suffix + ending
        stem = name.removesuffix(ending)
    if stem.endswith(_REJECTS):
        # Other commands know rejects by the end of their name.
        stem, ending = stem.removesuffix(_REJECTS), _REJECTS + ending
    for number in count(2):
        yield f"{stem}-{number}{ending}"


def _sync(folder: Path) -> None:
    """Make the new name durable before the old one goes."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
