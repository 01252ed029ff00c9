"""Atomic output files: a file appears complete or not at all, and never replaces one without permission.

Errors of the operating system become OutputError.
"""

import contextlib
import errno
import io
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, TextIO, TypeVar

from calltools.errors import OutputError
from calltools.files import remote
from calltools.files.remote_path import RemotePath, as_path
from calltools.files.temporary import temporary_folder
from calltools.runtime.signals import deferred_interrupts
from calltools.texts.keys import MessageKey

_T = TypeVar("_T")

#: Errors that only writing can cause: a full disk, a quota, a limit of file sizes, a closed pipe.
WRITE_ERRNOS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EPIPE})


def refuse_same_files(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse an output that is another file of the run, also through a link or in another spelling of the path.

    Raises:
        OutputError: An output is an input, or another output.
    """
    taken: dict[object, MessageKey] = {}
    for path in inputs:
        taken |= dict.fromkeys(file_marks(path), "output-is-input")
    for path in outputs:
        marks = file_marks(path)
        found = [taken[mark] for mark in marks if mark in taken]
        if found:
            raise OutputError(min(found), path=path)
        taken |= dict.fromkeys(marks, "output-twice")


def file_marks(path: Path) -> list[object]:
    """What a path has in common with another one of the same file."""
    path = as_path(path)
    if isinstance(path, RemotePath):
        return [path]
    marks: list[object] = [str(path.resolve()).casefold()]
    with contextlib.suppress(OSError, ValueError):
        found = path.stat()
        marks.append((found.st_dev, found.st_ino))
    return marks


def _is_device_or_pipe(path: Path) -> bool:
    """Whether a path is a device or a pipe: a file put there would destroy it for every other program."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


class AtomicFile:
    """A file that is written beside its final path, and renamed when all of it is on the disk.

    A context manager: after an exception nothing remains. A device or a named pipe, such as ``/dev/null``, is written
    directly. What goes to an address waits in a private file, and is put there in one operation.
    """

    def __init__(self, path: Path, *, force: bool) -> None:
        self._path = as_path(path)
        self._force = force
        self._stream: BinaryIO | None = None
        self._temporary: Path | None = None
        self._is_in_place = False

    def __enter__(self) -> BinaryIO:
        """Open the stream to write to.

        Raises:
            OutputError: The path is occupied, or cannot be written.
        """
        self._refuse_occupied()
        with map_os_errors(self._path):
            if isinstance(self._path, RemotePath):
                return self._create_temporary(temporary_folder(), "calltools")
            if _is_device_or_pipe(self._path):
                self._stream = self._path.open("wb", buffering=0)
                return _ErrorMappedStream(self._stream, self._path)  # type: ignore[return-value]  # it has the methods that are used
            try:
                return self._create_temporary(self._path.parent, self._path.name[:40])
            except BaseException:
                self.discard()
                raise

    def _create_temporary(self, folder: Path, name: str) -> BinaryIO:
        with deferred_interrupts():
            handle, name = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
            self._temporary = Path(name)
            self._stream = os.fdopen(handle, "wb")
            return _ErrorMappedStream(self._stream, self._path)  # type: ignore[return-value]  # it has the methods that are used

    def __exit__(self, kind: type[BaseException] | None, _fault: object, _trace: TracebackType | None) -> None:
        """Commit the file, or after an exception discard it."""
        if kind is None:
            self.commit()
        else:
            self.discard()

    def commit(self) -> None:
        """Rename the file to its final path.

        Raises:
            OutputError: The disk is full, or the path is occupied now.
        """
        self.complete()
        if self._temporary is None:
            return
        try:
            with map_os_errors(self._path):
                self._refuse_occupied()
                if isinstance(self._path, RemotePath):
                    remote.put(self._temporary, self._path)
                    self._temporary.unlink()
                else:
                    self._temporary.replace(self._path)
                    _sync_folder(self._path.parent)
        except BaseException:
            self.discard()
            raise
        self._temporary = None
        self._is_in_place = True

    def withdraw(self) -> None:
        """Take back what ``commit`` has put in its place, where nothing was before: another output has failed."""
        if not self._is_in_place or self._force:
            return
        if isinstance(self._path, RemotePath):
            remote.remove(self._path)
        else:
            with contextlib.suppress(OSError):
                self._path.unlink()
        self._is_in_place = False

    def complete(self) -> None:
        """Put what was written on the disk and close it; only ``commit`` gives it its name.

        Raises:
            OutputError: The disk is full.
        """
        if self._stream is None:
            return
        try:
            with map_os_errors(self._path):
                self._stream.flush()
                if self._temporary is not None:
                    # Without it a power failure after the rename could leave an empty file.
                    os.fsync(self._stream.fileno())
                self._stream.close()
        except BaseException:
            self.discard()
            raise
        self._stream = None

    def discard(self) -> None:
        """Remove what was written so far."""
        with deferred_interrupts():
            if self._stream is not None:
                with contextlib.suppress(OSError):
                    self._stream.close()
            if self._temporary is not None:
                self._temporary.unlink(missing_ok=True)
            self._stream = self._temporary = None

    @contextmanager
    def open_text(self) -> Iterator[TextIO]:
        """A stream for text in UTF-8 instead of bytes."""
        with self as stream:
            wrapped = io.TextIOWrapper(stream, "utf-8", newline="", write_through=False)
            yield wrapped
            wrapped.flush()
            wrapped.detach()

    def _refuse_occupied(self) -> None:
        if isinstance(self._path, RemotePath):
            remote.refuse_occupied(self._path, force=self._force)
            return
        if _is_device_or_pipe(self._path):
            return
        if self._path.is_symlink():
            raise OutputError("output-link", path=self._path)
        if self._path.is_dir():
            raise OutputError("output-folder", path=self._path)
        if not self._path.parent.is_dir():
            raise OutputError("output-no-folder", path=self._path)
        if self._path.exists() and not self._force:
            raise OutputError("output-exists", path=self._path)


def enter_interrupt_safe(stack: ExitStack, manager: AbstractContextManager[_T]) -> _T:
    """Enter a context manager as ``ExitStack.enter_context`` does, safely with interrupts.

    An interrupt between entering and registering would leave the manager open, so it is registered first.

    Args:
        stack: Exits the manager.
        manager: A manager whose exit works without an entry.
    """
    stack.push(manager)
    return manager.__enter__()


@contextmanager
def open_for_append(path: Path) -> Iterator[TextIO]:
    """A text file in UTF-8 whose content is kept.

    Raises:
        OutputError: The file cannot be written.
    """
    with map_os_errors(path):
        below = path.open("ab")
    with below:
        wrapped = io.TextIOWrapper(_ErrorMappedStream(below, path), "utf-8", newline="")  # type: ignore[type-var]  # as above
        yield wrapped
        wrapped.flush()
        wrapped.detach()


class _ErrorMappedStream(io.RawIOBase):
    """A stream whose operating system errors become OutputError."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        super().__init__()
        self._target = stream
        self._path = path

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        with map_os_errors(self._path):
            self._target.write(data)
        return len(data)

    def flush(self) -> None:
        with map_os_errors(self._path):
            if not self._target.closed:
                self._target.flush()

    def tell(self) -> int:
        return self._target.tell() if self._target.seekable() else 0

    def truncate(self, size: int | None = None, /) -> int:
        """Forget what stands behind a place; of a device or a pipe nothing."""
        place = self.tell() if size is None else size
        if stat.S_ISREG(os.fstat(self._target.fileno()).st_mode):
            with map_os_errors(self._path):
                self._target.seek(place)
                self._target.truncate()
        return place


@contextmanager
def map_os_errors(path: object) -> Iterator[None]:
    """Turn errors of the operating system while writing into OutputError.

    Args:
        path: Path of the file; anything else is reported as ``stdout``.
    """
    name = path if isinstance(path, Path) else "stdout"
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as fault:
        full = fault.errno in WRITE_ERRNOS
        raise OutputError("output-full" if full else "output-unwritable", path=name, reason=fault.strerror) from fault


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
