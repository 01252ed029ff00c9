"""One upload per counter: a lock of the system, and a lease that says who has it."""

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calltools.errors import DefectError, LedgerError
from calltools.metrica.ledger.folder import lock_folder
from calltools.metrica.ledger.store import Book, told, writing

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, told apart from a later one with the same number.

    Attributes:
        pid: Its number.
        boot: Id of the run of the machine; ``""``: the platform has none.
        started: When it was started, as the platform counts; ``""``: unknown.
    """

    pid: int
    boot: str
    started: str


def this_process() -> Holder:
    """The process that asks."""
    return Holder(os.getpid(), _boot(), _started(os.getpid()))


def alive(holder: Holder) -> bool:
    """Whether the process of a lease still runs: same run of the machine, same number, same start."""
    if "" not in {holder.boot, _boot()} and holder.boot != _boot():
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
    started = _started(holder.pid)
    return "" in {holder.started, started} or holder.started == started


def _boot() -> str:
    with contextlib.suppress(OSError):
        return _BOOT.read_text(encoding="ascii").strip()
    return ""


def _started(pid: int) -> str:
    """Field 22 of Linux' ``stat``: ticks since boot. The name in field 2 may hold spaces and brackets."""
    with contextlib.suppress(OSError, IndexError):
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()[19]
    return ""


@contextmanager
def locked(book: Book, counter: int) -> Iterator[None]:
    """Keep every other process from uploading to this counter.

    Raises:
        LedgerError: Another process does; its number is named.
    """
    with _system_lock(lock_folder(book.folder) / f"{counter}.lock", book.folder) as taken:
        if not taken:
            raise _refused(counter, holder_of(book, counter))
        _take_lease(book, counter)
        try:
            yield
        finally:
            with contextlib.suppress(LedgerError), writing(book) as connection:
                connection.execute("DELETE FROM lease WHERE counter = ?", (counter,))


def must_hold(book: Book, counter: int) -> None:
    """A guard for what only the holder may do.

    Raises:
        DefectError: This process does not have the lease.
    """
    if holder_of(book, counter) != this_process():
        raise DefectError("defect", fault=f"ledger: counter {counter} is not locked by this process")


def holder_of(book: Book, counter: int) -> Holder | None:
    """Whose lease it is, dead or alive."""
    with told(book.folder):
        row = book.connection.execute("SELECT pid, boot, started FROM lease WHERE counter = ?", (counter,)).fetchone()
    return None if row is None else Holder(*row)


def _take_lease(book: Book, counter: int) -> None:
    """Write down who has the lock; a lease of a living process is respected even where the lock was free."""
    me = this_process()
    with writing(book) as connection:
        found = holder_of(book, counter)
        if found is not None and found != me and alive(found):
            raise _refused(counter, found)
        connection.execute(
            "INSERT OR REPLACE INTO lease (counter, pid, boot, started, taken) VALUES (?, ?, ?, ?, ?)",
            (counter, me.pid, me.boot, me.started, book.now()),
        )


def _refused(counter: int, holder: Holder | None) -> LedgerError:
    if holder is None:
        return LedgerError("ledger-locked-somehow", counter=counter)
    return LedgerError("ledger-locked", counter=counter, pid=holder.pid)


@contextmanager
def opening(folder: Path) -> Iterator[None]:
    """One process opens the ledger at a time: others wait for it.

    Raises:
        LedgerError: The folder cannot be used.
    """
    with _system_lock(lock_folder(folder) / "opening.lock", folder, wait=True):
        yield


@contextmanager
def _system_lock(path: Path, folder: Path, *, wait: bool = False) -> Iterator[bool]:
    """The lock of the system, which ends with the process whatever happens to it."""
    with told(folder):
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
