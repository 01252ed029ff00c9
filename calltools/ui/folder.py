"""The private folder of a page: everything that it was handed lies here, and is gone at the end.

After a kill it is the next start that removes it: a folder whose lock nobody holds has no owner any more.
"""

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from calltools.runtime.signals import deferred_interrupts

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PREFIX: Final = "calltools-ui-"
_LOCK: Final = "in-use.lock"


@contextmanager
def open_private_folder() -> Iterator[Path]:
    """A new folder that only this user can look into (mode 0700), removed with all that is in it."""
    with deferred_interrupts():
        folder, lock = _make_folder()
    try:
        yield folder
    finally:
        # The lock comes last: killed before, what is left is still known by it.
        _empty(folder)
        # On Windows an open file cannot be removed.
        lock.close()
        shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != _LOCK:
            with suppress(OSError):
                path.unlink()


def _make_folder() -> tuple[Path, BinaryIO]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        try:
            lock = (folder / _LOCK).open("wb")
        except FileNotFoundError:
            continue  # another start has taken it for one that was left
        # Another start may take the folder for one that was left, before it is locked.
        if _take_lock(lock) and (folder / _LOCK).exists():
            return folder, lock
        lock.close()


def remove_left_folders() -> None:
    """Remove the folders of pages that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if _is_own_folder(folder):
                _remove_if_left(folder)


def _is_own_folder(folder: Path) -> bool:
    """Whether it is a folder of this user and no link: anybody may put a name into the temporary folder."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.getuid())


def _remove_if_left(folder: Path) -> None:
    if not (folder / _LOCK).exists():
        # Killed in its first or its last moment: then nothing else is in it.
        folder.rmdir()
        return
    with (folder / _LOCK).open("rb+") as lock:
        is_left = _take_lock(lock)
        if is_left:
            # While the lock is held: who makes a folder at this moment sees that this one is not his.
            _empty(folder)
            shutil.rmtree(folder, ignore_errors=True)
    if is_left:
        shutil.rmtree(folder, ignore_errors=True)


def _take_lock(lock: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
