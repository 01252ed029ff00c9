"""The state folder: its place, its permissions, and the refusal of network file systems."""

import os
import re
import sys
from pathlib import Path
from typing import Final

import platformdirs

from calltools.errors import LedgerError

#: File systems on which locks and shared memory of SQLite are not to be trusted.
NETWORK_FILESYSTEMS: Final = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.ceph", "fuse.davfs2", "fuse.glusterfs", "fuse.rclone",
        "fuse.s3fs", "fuse.sshfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb2",
        "smb3", "smbfs",
    }
)  # fmt: skip
_MOUNTINFO: Final = Path("/proc/self/mountinfo")
_DATABASE_NAME: Final = "ledger.sqlite3"
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def state_folder(given: str | None) -> Path:
    """The folder of the ledger.

    Args:
        given: What ``CALLTOOLS_STATE_DIR`` says; ``None``: the platform's folder for state.
    """
    return Path(given).expanduser() if given else platformdirs.user_state_path("calltools", appauthor=False)


def create_state_folder(folder: Path) -> None:
    """Make the folder and those in it, for this user alone.

    Raises:
        LedgerError: It cannot be made or kept from others, or lies on a network file system.
    """
    refuse_network_folder(folder)
    try:
        for path in (folder, spool_folder(folder), lock_folder(folder)):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _restrict_access(path, 0o700)
    except OSError as fault:
        raise LedgerError("ledger-unusable", path=folder, reason=fault.strerror) from fault


def database_path(folder: Path) -> Path:
    """The database, made empty with mode 0600 where there is none; SQLite gives its companions the same mode."""
    ensure_private_file(folder / _DATABASE_NAME)
    return folder / _DATABASE_NAME


def has_database(folder: Path) -> bool:
    """Whether somebody has a ledger in this folder."""
    return (folder / _DATABASE_NAME).is_file()


def ensure_private_file(path: Path) -> None:
    """Make the file where there is none, and keep it from others."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
    _restrict_access(path, 0o600)


def spool_folder(folder: Path) -> Path:
    """Where parts lie while they are unsent or in doubt."""
    return folder / "spool"


def lock_folder(folder: Path) -> Path:
    """Where locks lie."""
    return folder / "locks"


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable; a platform that cannot has nothing to sync."""
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
    """Refuse a network file system, as far as it can be told.

    Raises:
        LedgerError: The folder lies on one.
    """
    whole = folder.absolute()
    kind = "unc" if whole.drive.startswith("\\\\") else ""
    if _MOUNTINFO.is_file():
        kind = filesystem_type(whole.resolve(), _MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape"))
    if kind in NETWORK_FILESYSTEMS | {"unc"}:
        raise LedgerError("ledger-network", path=folder, kind=kind)


def filesystem_type(path: Path, mounts: str) -> str:
    """Kind of the file system on which a path lies, ``""`` where unknown. Pure.

    Args:
        path: Absolute, without links.
        mounts: Text of Linux' ``mountinfo``.

    Source:
        proc_pid_mountinfo(5): the mount point is the fifth field, the kind the first after the lone hyphen.
    """
    best, kind = "", ""
    for line in mounts.splitlines():
        before, _, behind = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not behind:
            continue
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
        # A later line on the same point hides the earlier one.
        if path.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, behind.split(" ")[0]
    return kind
