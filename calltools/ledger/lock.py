"""One upload per counter: a lock of the operating system, and a lease that names the process that holds it.

The lock decides: the system ends it with the process, even after SIGKILL. The lease is a row of the database. It names
the holder for the message of the second process, and it guards where the lock of the system is not reliable: a lease
of a living process is respected even if the lock was free. A lease of a dead process is replaced.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calltools.errors import DefectError, LedgerError, LockedError
from calltools.ledger.database import Ledger, as_ledger_errors, transaction
from calltools.ledger.folder import lock_folder, open_private

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_BOOT_ID_FILE: Final = Path("/proc/sys/kernel/random/boot_id")
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class LockHolder:
    """A process, distinguished from a later one with the same id.

    Attributes:
        pid: Process id.
        boot: Id of the boot of the machine; ``""``: the platform has none.
        started: Start time of the process in the units of the platform; ``""``: unknown.
    """

    pid: int
    boot: str
    started: str

    @property
    def name(self) -> str:
        """A name that no other process has."""
        return f"{self.pid} {self.boot} {self.started}".rstrip()


def current_process() -> LockHolder:
    """This process."""
    return LockHolder(os.getpid(), _boot_id(), _start_time(os.getpid()))


def is_alive(holder: LockHolder) -> bool:
    """Whether the process of a lease still runs: same boot, same process id, same start time."""
    if "" not in {holder.boot, _boot_id()} and holder.boot != _boot_id():
        return False
    if sys.platform == "win32":
        # Windows has no signal 0 to ask with. The lock of the system, which this process has by now, decides.
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # It runs, under another user.
        return True
    started = _start_time(holder.pid)
    return "" in {holder.started, started} or holder.started == started


def _boot_id() -> str:
    with contextlib.suppress(OSError):
        return _BOOT_ID_FILE.read_text(encoding="ascii").strip()
    return ""


def _start_time(pid: int) -> str:
    """Field 22 of ``/proc/PID/stat`` on Linux: clock ticks since boot. Field 2 may have spaces and brackets."""
    with contextlib.suppress(OSError, IndexError):
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()[19]
    return ""


@contextmanager
def lock_counter(ledger: Ledger, counter: int) -> Iterator[None]:
    """Lock a counter against every other process.

    Raises:
        LedgerError: Another process has the lock; the error has its process id.
    """
    with _system_lock(lock_folder(ledger.folder) / f"{counter}.lock", ledger.folder) as locked:
        if not locked:
            raise _locked_error(counter, lock_holder(ledger, counter))
        _acquire_lease(ledger, counter)
        try:
            yield
        finally:
            # A lease that cannot be deleted does no harm: its process will be dead.
            with contextlib.suppress(LedgerError), transaction(ledger) as connection:
                connection.execute("DELETE FROM lease WHERE counter = ?", (counter,))


def require_lock(ledger: Ledger, counter: int) -> None:
    """Guard what only the holder of the lock may do.

    Raises:
        DefectError: This process does not have the lease: the caller forgot ``hold_counter``.
    """
    if lock_holder(ledger, counter) != current_process():
        raise DefectError("defect", fault=f"ledger: counter {counter} is not locked by this process")


def lock_holder(ledger: Ledger, counter: int) -> LockHolder | None:
    """The process that has the lease, dead or alive; ``None``: there is no lease."""
    with as_ledger_errors(ledger.folder):
        row = ledger.connection.execute("SELECT pid, boot, started FROM lease WHERE counter = ?", (counter,)).fetchone()
    return None if row is None else LockHolder(*row)


def _acquire_lease(ledger: Ledger, counter: int) -> None:
    """Record this process as the holder, unless the holder of an earlier lease is alive."""
    process = current_process()
    with transaction(ledger) as connection:
        found = lock_holder(ledger, counter)
        if found is not None and found != process and is_alive(found):
            raise _locked_error(counter, found)
        connection.execute(
            "INSERT OR REPLACE INTO lease (counter, pid, boot, started, taken) VALUES (?, ?, ?, ?, ?)",
            (counter, process.pid, process.boot, process.started, ledger.now()),
        )


def _locked_error(counter: int, holder: LockHolder | None) -> LockedError:
    if holder is None:
        return LockedError("ledger-locked-somehow", counter=counter)
    return LockedError("ledger-locked", counter=counter, pid=holder.pid)


@contextmanager
def opening_lock(folder: Path) -> Iterator[None]:
    """Let one process at a time open the ledger; others wait. Two must not migrate it or make its key at once.

    Raises:
        LedgerError: The folder cannot be used.
    """
    with _system_lock(lock_folder(folder) / "opening.lock", folder, wait=True):
        yield


@contextmanager
def _system_lock(path: Path, folder: Path, *, wait: bool = False) -> Iterator[bool]:
    """Take a lock of the system; gives whether it was taken. The file stays: to remove it would let two hold it."""
    with as_ledger_errors(folder):
        handle = open_private(path)
    try:
        yield _lock(handle, wait=wait)
    finally:
        os.close(handle)


if sys.platform == "win32":

    def _lock(handle: int, *, wait: bool) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock(handle: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True
