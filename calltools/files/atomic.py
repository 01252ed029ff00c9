"""Atomic output files: a file appears whole or not at all, and never replaces one that must stay.

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
from calltools.runtime.signals import deferred_interrupts
from calltools.texts.keys import MessageKey

_T = TypeVar("_T")

#: What only writing meets: a full disk, a quota, a limit of the size of files, a reader that has gone.
WRITE_ERRNOS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EPIPE})


def refuse_same_file(output: Path, inputs: Iterable[Path], outputs: Iterable[Path] = ()) -> None:
    """Refuse an output that is another file of the run, also by another name: link, other case, other spelling.

    Raises:
        OutputError: It is an input, or another output.
    """
    taken: list[tuple[Path, MessageKey]] = [
        *((path, "output-is-input") for path in inputs),
        *((path, "output-twice") for path in outputs),
    ]
    for path, key in taken:
        same = _casefolded_path(output) == _casefolded_path(path)
        with contextlib.suppress(OSError):
            same = same or output.samefile(path)
        if same:
            raise OutputError(key, path=output)


def _is_device_or_pipe(path: Path) -> bool:
    """Whether the place is a device or a pipe: put in its place, a file would end it for every other program."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _casefolded_path(path: Path) -> str:
    return str(path.resolve()).casefold()


class AtomicFile:
    """A file that is written beside its place and put there when all of it is on the disk.

    A context manager: leaving it with an exception leaves nothing behind. What is no file, such as ``/dev/null`` or a
    named pipe, is written straight and stays what it is.
    """

    def __init__(self, path: Path, *, force: bool) -> None:
        self._path = path
        self._force = force
        self._stream: BinaryIO | None = None
        self._temporary: Path | None = None

    def __enter__(self) -> BinaryIO:
        """The stream to write to.

        Raises:
            OutputError: The place is taken, or cannot be written.
        """
        self._refuse_occupied()
        with map_os_errors(self._path):
            if _is_device_or_pipe(self._path):
                self._stream = self._path.open("wb", buffering=0)
                return _ErrorMappedStream(self._stream, self._path)  # type: ignore[return-value]  # it has the methods that are used
            try:
                return self._create_temporary()
            except BaseException:
                self.discard()
                raise

    def _create_temporary(self) -> BinaryIO:
        with deferred_interrupts():
            handle, name = tempfile.mkstemp(prefix=f".{self._path.name[:40]}.", dir=self._path.parent)
            self._temporary = Path(name)
            self._stream = os.fdopen(handle, "wb")
            return _ErrorMappedStream(self._stream, self._path)  # type: ignore[return-value]  # it has the methods that are used

    def __exit__(self, kind: type[BaseException] | None, _fault: object, _trace: TracebackType | None) -> None:
        """Put the file in its place, or leave nothing."""
        if kind is None:
            self.commit()
        else:
            self.discard()

    def commit(self) -> None:
        """Put the file in its place."""
        if self._stream is None:
            return
        try:
            with map_os_errors(self._path):
                self._stream.flush()
                if self._temporary is None:
                    self._stream.close()
                    return
                os.fsync(self._stream.fileno())
                self._stream.close()
                self._refuse_occupied()
                self._temporary.replace(self._path)
                _sync_folder(self._path.parent)
        except BaseException:
            self.discard()
            raise
        self._stream = self._temporary = None

    def discard(self) -> None:
        """Leave nothing behind."""
        with deferred_interrupts():
            if self._stream is not None:
                with contextlib.suppress(OSError):
                    self._stream.close()
            if self._temporary is not None:
                self._temporary.unlink(missing_ok=True)
            self._stream = self._temporary = None

    @contextmanager
    def open_text(self) -> Iterator[TextIO]:
        """The stream for text, UTF-8."""
        with self as stream:
            wrapped = io.TextIOWrapper(stream, "utf-8", newline="", write_through=False)
            yield wrapped
            wrapped.flush()
            wrapped.detach()

    def _refuse_occupied(self) -> None:
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
    """What it gives, as ``enter_context`` does, but an interrupt finds no moment at which nobody would leave it.

    Args:
        stack: Leaves it.
        manager: May be left without having been entered.
    """
    stack.push(manager)
    return manager.__enter__()


@contextmanager
def open_for_append(path: Path) -> Iterator[TextIO]:
    """A text file, UTF-8, that keeps what stands in it.

    Raises:
        OutputError: It cannot be written.
    """
    with map_os_errors(path):
        below = path.open("ab")
    with below:
        wrapped = io.TextIOWrapper(_ErrorMappedStream(below, path), "utf-8", newline="")  # type: ignore[type-var]  # as above
        yield wrapped
        wrapped.flush()
        wrapped.detach()


class _ErrorMappedStream(io.RawIOBase):
    """A stream whose faults are told in words."""

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


@contextmanager
def map_os_errors(path: object) -> Iterator[None]:
    """Faults of writing in words."""
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
