"""One upload per counter: a lock of the operating system, and a lease that names the process that holds it.

The lock decides: the system ends it with the process, even after SIGKILL. The lease is a row of the database. It names
the holder for the message of the second process, and it guards where the lock of the system is not reliable: a lease
of a living process is respected even if the lock was free. A lease of a dead process is replaced; the start time tells
it from a later process with its number.

Opening the ledger has a lock of its own, for which others wait, and so has each job, for which nobody waits. Their
files name the holder: the database cannot do it before it is open.
"""

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from calltools.errors import DefectError, LedgerError, LockedError
from calltools.ledger.database import Ledger, as_ledger_errors, transaction
from calltools.ledger.folder import lock_folder, open_private
from calltools.ledger.jobs import JobKey

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

#: How long the ledger may be opened by another process, which may have to migrate it.
OPENING_WAIT_S: Final = 10.0
#: Far longer than from the lock of the system to the lease of its holder.
_LEASE_WAIT_S: Final = 2.0
_LOOK_AGAIN_S: Final = 0.05
_BOOT_ID_FILE: Final = Path("/proc/sys/kernel/random/boot_id")
_PROC: Final = Path("/proc")
#: A process that has ended, and whose end its parent has not taken note of.
_ENDED: Final = frozenset("ZXx")
_MAX_HOLDER_BYTES: Final = 200
#: On Windows nobody can read a byte that is locked, so it is not one of those that name the holder.
_LOCKED_BYTE: Final = 1 << 20


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
    return LockHolder(os.getpid(), _boot_id(), _own_start_time(os.getpid()))


def is_alive(holder: LockHolder) -> bool:
    """Whether the process of a lease still runs: same boot, same process id, same start time."""
    if "" not in {holder.boot, _boot_id()} and holder.boot != _boot_id():
        return False
    if sys.platform == "win32":
        # Windows has no signal 0 to ask with. The lock of the system, which this process has by now, decides.
        return False
    try:
        if holder.pid <= 0:
            # What would be asked about is a group of processes.
            return False
        os.kill(holder.pid, 0)
    except (ProcessLookupError, OverflowError, TypeError):
        # The last two: no process can have the number, a bit of it has rotted.
        return False
    except PermissionError:
        # A process of another user has the number: the holder, or a later one, which the start time tells.
        pass
    state, started = _process_times(holder.pid)
    return state not in _ENDED and ("" in {holder.started, started} or holder.started == started)


def _boot_id() -> str:
    with contextlib.suppress(OSError):
        return _BOOT_ID_FILE.read_text(encoding="ascii").strip()
    return ""


@lru_cache(maxsize=1)
def _own_start_time(pid: int) -> str:
    return _process_times(pid)[1]


def _process_times(pid: int) -> tuple[str, str]:
    """State and start time of a process, in the units of the platform; ``""``: unknown."""
    if (_PROC / "self" / "stat").is_file():
        return _linux_process_times(pid)
    return "", "" if sys.platform == "win32" else _posix_start_time(pid)


def _linux_process_times(pid: int) -> tuple[str, str]:
    """Fields 3 and 22 of ``/proc/PID/stat``; the second is clock ticks since boot.

    Source:
        proc_pid_stat(5). Field 2 may have spaces and brackets.
    """
    with contextlib.suppress(OSError, IndexError):
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        fields = text.rpartition(")")[2].split()
        return fields[0], fields[19]
    return "", ""


def _posix_start_time(pid: int) -> str:
    """What ``ps`` says, as on macOS: there is no ``/proc``, and a number is soon given again after a restart."""
    command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        # In another language or zone the same moment would look like another one.
        done = subprocess.run(  # noqa: S603 - no shell, and a number is all that is added
            command, env={"LC_ALL": "C", "TZ": "UTC"}, capture_output=True, text=True, timeout=5, check=True
        )
        return " ".join(done.stdout.split())
    return ""


@contextmanager
def lock_counter(ledger: Ledger, counter: int) -> Iterator[None]:
    """Lock a counter against every other process.

    Raises:
        LedgerError: Another process has the lock; the error has its process id.
    """
    with _lock_file(lock_folder(ledger.folder) / f"{counter}.lock", ledger.folder) as handle:
        end = monotonic() + _LEASE_WAIT_S
        while not _try_lock(handle):
            holder = lock_holder(ledger, counter)
            # A lease of a dead process is one that the process with the lock has not replaced yet.
            if holder is not None and (sys.platform == "win32" or is_alive(holder)):
                raise _locked_error(counter, holder)
            if monotonic() > end:
                raise _locked_error(counter, None)
            sleep(_LOOK_AGAIN_S)
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
def opening_lock(folder: Path, wait_s: float = OPENING_WAIT_S) -> Iterator[None]:
    """Let one process at a time open the ledger. Two must not migrate it or make its key at once.

    Args:
        folder: The state folder.
        wait_s: How long to wait for another process.

    Raises:
        LedgerError: The folder cannot be used, or the other process takes longer; the error has its process id.
    """
    with _lock_file(lock_folder(folder) / "opening.lock", folder) as handle:
        end = monotonic() + wait_s
        while not _try_lock(handle):
            if monotonic() > end:
                raise _opening_error(folder, _read_holder(handle))
            sleep(_LOOK_AGAIN_S)
        _write_holder(handle, current_process())
        try:
            yield
        finally:
            _write_holder(handle, None)


@contextmanager
def hold_job(ledger: Ledger, key: JobKey) -> Iterator[None]:
    """Lock a job against every other process.

    Raises:
        LockedError: Another process runs it; the error has its process id where it is known.
    """
    name = hashlib.sha256(f"{key.config}\n{key.name}".encode()).hexdigest()[:32]
    with _lock_file(lock_folder(ledger.folder) / f"job-{name}.lock", ledger.folder) as handle:
        if not _try_lock(handle):
            holder = _read_holder(handle)
            raise LockedError("job-locked", job=key.name, pid="?" if holder is None else holder.pid)
        _write_holder(handle, current_process())
        try:
            yield
        finally:
            _write_holder(handle, None)


def _opening_error(folder: Path, holder: LockHolder | None) -> LedgerError:
    if holder is None or not (sys.platform == "win32" or is_alive(holder)):
        return LedgerError("ledger-busy", path=folder)
    return LedgerError("ledger-opening", path=folder, pid=holder.pid)


def _write_holder(handle: int, holder: LockHolder | None) -> None:
    """Name the holder in the file of a lock. Where that fails the lock holds all the same, and nobody is named."""
    with contextlib.suppress(OSError):
        os.ftruncate(handle, 0)
        if holder is not None:
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, f"{holder.pid}\n{holder.boot}\n{holder.started}\n".encode())


def _read_holder(handle: int) -> LockHolder | None:
    with contextlib.suppress(OSError, ValueError):
        os.lseek(handle, 0, os.SEEK_SET)
        pid, boot, started, _ = os.read(handle, _MAX_HOLDER_BYTES).decode("ascii").split("\n")
        return LockHolder(int(pid), boot, started)
    return None


@contextmanager
def _lock_file(path: Path, folder: Path) -> Iterator[int]:
    """Open the file of a lock. It stays: to remove it would let two hold it. Closing it frees the lock."""
    with as_ledger_errors(folder):
        handle = open_private(path)
    try:
        yield handle
    finally:
        os.close(handle)


if sys.platform == "win32":

    def _try_lock(handle: int) -> bool:
        """Take the lock of the system, unless another handle has it."""
        try:
            os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _try_lock(handle: int) -> bool:
        """Take the lock of the system, unless another handle has it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
