"""The state folder: its place, its permissions, and the refusal of network file systems."""

import os
import re
import sqlite3
import sys
from functools import lru_cache
from pathlib import Path
from typing import Final

import platformdirs

from calltools.errors import LedgerError, UsageError
from calltools.texts.keys import MessageKey

#: File systems on which SQLite cannot trust locks and shared memory: two uploads could run at once.
NETWORK_FILESYSTEMS: Final = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.ceph", "fuse.davfs2", "fuse.glusterfs", "fuse.rclone",
        "fuse.s3fs", "fuse.sshfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb2",
        "smb3", "smbfs",
    }
)  # fmt: skip
#: The mounts of this process on Linux; on other systems there is no such file.
MOUNTINFO: Final = Path("/proc/self/mountinfo")
_DATABASE_NAME: Final = "ledger.sqlite3"
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def state_folder(given: str | None) -> Path:
    """Choose the state folder. Nothing is created.

    Args:
        given: The value of ``CALLTOOLS_STATE_DIR``; ``None``: the platform's folder for state.

    Raises:
        UsageError: The value is a relative path, or the home folder is not known.
    """
    if not given:
        try:
            folder = platformdirs.user_state_path("calltools", appauthor=False)
        except RuntimeError as fault:
            raise UsageError("ledger-no-home", path="~") from fault
        if not folder.is_absolute():  # older platformdirs leave the tilde
            raise UsageError("ledger-no-home", path=folder)
        return folder
    try:
        folder = Path(given).expanduser()
    except RuntimeError as fault:
        raise UsageError("ledger-no-home", path=given) from fault
    if not folder.is_absolute():
        # Another working folder would be another ledger, which knows nothing of what was sent.
        raise UsageError("ledger-relative", path=given)
    return folder


def create_state_folder(folder: Path) -> None:
    """Create the state folder and the folders in it, with mode 0700.

    Raises:
        LedgerError: It cannot be created or protected, or is on a network file system.
    """
    refuse_network_folder(folder)
    try:
        for path in (folder, spool_folder(folder), lock_folder(folder)):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _restrict_access(path, 0o700)
    except OSError as fault:
        key: MessageKey = "ledger-unusable" if has_database(folder) else "ledger-no-folder"
        raise LedgerError(key, path=folder, reason=fault.strerror) from fault


def database_path(folder: Path) -> Path:
    """Path of the database. If there is none, an empty file with mode 0600 is created.

    SQLite gives the files beside the database the same mode.
    """
    ensure_private_file(folder / _DATABASE_NAME)
    return folder / _DATABASE_NAME


def database_folder(connection: sqlite3.Connection) -> Path:
    """The folder of the database of a connection."""
    return Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent


def has_database(folder: Path) -> bool:
    """Whether the folder has a ledger."""
    return (folder / _DATABASE_NAME).is_file()


def ensure_private_file(path: Path) -> None:
    """Create the file if there is none, and set its mode to 0600."""
    os.close(open_private(path))
    _restrict_access(path, 0o600)


def open_private(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    """Open a file that only this user may read from the moment of its creation; gives the descriptor.

    A child process does not inherit it: a lock on it must end with this process.
    """
    return os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o600)


def spool_folder(folder: Path) -> Path:
    """The folder of the files of parts that are not decided."""
    return folder / "spool"


def lock_folder(folder: Path) -> Path:
    """The folder of lock files."""
    return folder / "locks"


def sync_folder(folder: Path) -> None:
    """Make new and removed names in a folder durable, where the platform needs it: ``fsync`` of a file does not."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _restrict_access(path: Path, mode: int) -> None:
    if os.name == "posix" and path.stat().st_mode & 0o077:
        path.chmod(mode)


def refuse_network_folder(folder: Path) -> None:
    """Refuse a network file system, as far as it can be recognized.

    Raises:
        LedgerError: The folder is on one.
    """
    absolute = folder.absolute()
    kind = "unc" if absolute.drive.startswith("\\\\") else ""
    if MOUNTINFO.is_file():
        kind = filesystem_type(absolute.resolve(), MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape"))
    if kind in NETWORK_FILESYSTEMS | {"unc"}:
        raise LedgerError("ledger-network", path=folder, kind=kind)


@lru_cache(maxsize=16)
def filesystem_type(path: Path, mounts: str) -> str:
    """Type of the file system of a path; ``""``: unknown. Pure.

    Args:
        path: Absolute, without symbolic links.
        mounts: Text of ``/proc/self/mountinfo`` on Linux.

    Source:
        proc_pid_mountinfo(5): the mount point is field 5, the type is the first field after the separator ``-``.
    """
    best, kind = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
        # A later mount on the same point hides the earlier one.
        if path.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, after.split(" ")[0]
    return kind
