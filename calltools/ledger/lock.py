"""One upload per counter: a lock of the operating system, and a lease that names the process that holds it."""

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
from calltools.ledger.folder import lock_folder

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_BOOT_ID_FILE: Final = Path("/proc/sys/kernel/random/boot_id")
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class LockHolder:
    """A process, told apart from a later one with the same number.

    Attributes:
        pid: Its number.
        boot: Id of the run of the machine; ``""``: the platform has none.
        started: When it was started, as the platform counts; ``""``: unknown.
    """

    pid: int
    boot: str
    started: str


def current_process() -> LockHolder:
    """The process that asks."""
    return LockHolder(os.getpid(), _boot_id(), _start_time(os.getpid()))


def is_alive(holder: LockHolder) -> bool:
    """Whether the process of a lease still runs: same run of the machine, same number, same start."""
    if "" not in {holder.boot, _boot_id()} and holder.boot != _boot_id():
        return False
    if sys.platform == "win32":
        # A signal of 0 is no question there; the lock of the system has the last word.
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    started = _start_time(holder.pid)
    return "" in {holder.started, started} or holder.started == started


def _boot_id() -> str:
    with contextlib.suppress(OSError):
        return _BOOT_ID_FILE.read_text(encoding="ascii").strip()
    return ""


def _start_time(pid: int) -> str:
    """Field 22 of Linux' ``stat``: ticks since boot. The name in field 2 may hold spaces and brackets."""
    with contextlib.suppress(OSError, IndexError):
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()[19]
    return ""


@contextmanager
def lock_counter(ledger: Ledger, counter: int) -> Iterator[None]:
    """Keep every other process from uploading to this counter.

    Raises:
        LedgerError: Another process does; its number is named.
    """
    with _system_lock(lock_folder(ledger.folder) / f"{counter}.lock", ledger.folder) as taken:
        if not taken:
            raise _locked_error(counter, lock_holder(ledger, counter))
        _acquire_lease(ledger, counter)
        try:
            yield
        finally:
            with contextlib.suppress(LedgerError), transaction(ledger) as connection:
                connection.execute("DELETE FROM lease WHERE counter = ?", (counter,))


def require_lock(ledger: Ledger, counter: int) -> None:
    """A guard for what only the holder may do.

    Raises:
        DefectError: This process does not have the lease.
    """
    if lock_holder(ledger, counter) != current_process():
        raise DefectError("defect", fault=f"ledger: counter {counter} is not locked by this process")


def lock_holder(ledger: Ledger, counter: int) -> LockHolder | None:
    """Whose lease it is, dead or alive."""
    with as_ledger_errors(ledger.folder):
        row = ledger.connection.execute("SELECT pid, boot, started FROM lease WHERE counter = ?", (counter,)).fetchone()
    return None if row is None else LockHolder(*row)


def _acquire_lease(ledger: Ledger, counter: int) -> None:
    """Write down who has the lock; a lease of a living process is respected even where the lock was free."""
    me = current_process()
    with transaction(ledger) as connection:
        found = lock_holder(ledger, counter)
        if found is not None and found != me and is_alive(found):
            raise _locked_error(counter, found)
        connection.execute(
            "INSERT OR REPLACE INTO lease (counter, pid, boot, started, taken) VALUES (?, ?, ?, ?, ?)",
            (counter, me.pid, me.boot, me.started, ledger.now()),
        )


def _locked_error(counter: int, holder: LockHolder | None) -> LockedError:
    if holder is None:
        return LockedError("ledger-locked-somehow", counter=counter)
    return LockedError("ledger-locked", counter=counter, pid=holder.pid)


@contextmanager
def opening_lock(folder: Path) -> Iterator[None]:
    """One process opens the ledger at a time: others wait for it.

    Raises:
        LedgerError: The folder cannot be used.
    """
    with _system_lock(lock_folder(folder) / "opening.lock", folder, wait=True):
        yield


@contextmanager
def _system_lock(path: Path, folder: Path, *, wait: bool = False) -> Iterator[bool]:
    """The lock of the system, which ends with the process whatever happens to it."""
    with as_ledger_errors(folder):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
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
