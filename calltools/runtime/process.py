"""Child processes: one that runs a module of the package, one that is forked, and the objects sent between them.

A child that runs a module starts clean and may be given hostile input, as a workbook is. A forked child has everything
that this process has loaded, so it starts at once; but only in a process that calltools owns, and only on Linux.
"""

import io
import os
import pickle
import signal
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, NoReturn, Self

from calltools.runtime.parent import end_with_parent
from calltools.runtime.signals import deferred_interrupts

if sys.platform == "linux":
    import fcntl
if sys.platform != "win32":
    import resource

#: What a Python process needs of the environment. The rest is not passed on: a token may be in it.
_INHERITED_VARIABLES: Final = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "LD_LIBRARY_PATH",
)
_COUNT_STRUCT: Final = struct.Struct("<I")
#: Bytes that a pipe holds, where the platform lets one choose. The usual 64 KiB do not hold a batch, so that writer and
#: reader wait for each other at each turn.
_PIPE_BUFFER_BYTES: Final = 1 << 20


class ChildProcess:
    """A Python process that runs a module; a context manager that ends the process when it is left.

    Args:
        module: Its dotted name, as ``python -m`` takes it.
        arguments: Its command line.
        environ: Variables in addition to the few that every child gets.

    Raises:
        OSError: The system starts no more processes.
    """

    def __init__(self, module: str, *arguments: str, environ: Mapping[str, str] | None = None) -> None:
        # Its own session: Ctrl-C goes to the parent only, which ends the child. And -P: nothing is imported from the
        # folder in which the user works, which may hold a csv.py.
        self._process = subprocess.Popen(  # noqa: S603 - a module of the package, no shell, no argument from outside
            [sys.executable, "-P", "-X", "utf8", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**child_environment(), **(environ or {})},
            start_new_session=True,
        )
        _enlarge_pipe_buffer(self.stdout.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._process.wait()
        for stream in (self.stdout, self.stdin):
            try:
                stream.close()
            except OSError:  # bytes were buffered for a child that has ended
                continue

    @property
    def stdin(self) -> IO[bytes]:
        """The stream that the child reads."""
        return _require_stream(self._process.stdin)

    @property
    def stdout(self) -> IO[bytes]:
        """The stream that the child writes."""
        return _require_stream(self._process.stdout)

    def kill(self) -> None:
        """End the child now."""
        self._process.kill()

    def ending_signal(self) -> str:
        """Wait for the end of the child; gives the name of the signal that ended it, or ``""``."""
        code = self._process.wait()
        return signal.Signals(-code).name if -code in set(signal.Signals) else ""


class ForkedWorker:
    """A fork of this process in which one function runs; a context manager that ends the fork when it is left.

    The fork has all modules and objects of this process, but only the thread that made it, and on its own it ends with
    that thread. So no other thread may hold a lock at that moment that the function will need: it must be made before
    threads load modules or work on batches.

    Args:
        work: The function; its arguments are a function that says whether ``notify`` was called since it was last
            asked, and one that sends an object to this process.

    Raises:
        OSError: The system starts no more processes.
    """

    #: On other systems, system libraries do not work after a fork (macOS), or there is none (Windows).
    supported: Final = sys.platform == "linux"

    def __init__(self, work: Callable[[Callable[[], bool], Callable[[object], None]], None]) -> None:
        # An interrupt between the fork and the end of this block would leave a process that nobody ends.
        with deferred_interrupts(), ExitStack() as on_failure, warnings.catch_warnings():
            # Python 3.12 warns where there are threads. The one that may be there, of a progress bar, holds no lock
            # that the fork needs.
            warnings.simplefilter("ignore", DeprecationWarning)
            notify_read, notify_write = _open_pipe(on_failure)
            result_read, result_write = _open_pipe(on_failure)
            parent = os.getpid()
            self._pid = os.fork()
            if not self._pid:
                _run_in_child(work, parent, notify_read, result_write, parent_fds=(notify_write, result_read))
            on_failure.pop_all()
            # The ends of the child: only when no one else holds them open does a read here end with the child.
            os.close(notify_read)
            os.close(result_write)
            self._notify_fd = notify_write
            self._results = os.fdopen(result_read, "rb")
            _enlarge_pipe_buffer(result_read)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the fork; a second call does nothing."""
        if self._results.closed:
            return
        with deferred_interrupts():
            # Where SIGCHLD is ignored, as under ``trap '' CHLD``, the system has reaped the child itself.
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
            os.close(self._notify_fd)
            self._results.close()

    def notify(self) -> None:
        """Tell the fork something without words. One that has ended is noticed by ``receive``."""
        with suppress(OSError):
            os.write(self._notify_fd, b"!")

    def receive(self) -> Any:
        """The next object that the fork sends.

        Raises:
            EOFError: It has ended.
        """
        return read_object(self._results)


def forbid_core_dumps() -> None:
    """Let the system write no image of the memory of this process when it crashes: a secret is in it from now on.

    It stays so: the memory of an object that is gone keeps its bytes until something else is written there.
    """
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def write_object(stream: IO[bytes], value: object) -> None:
    """Write one object: pickled, with the buffers of its columns beside the pickle, so that they are not copied.

    Raises:
        OSError: The reader has ended.
    """
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL, buffer_callback=buffers.append)
    pieces = [memoryview(body), *(buffer.raw() for buffer in buffers)]
    # The number of pieces, their sizes, the pieces; the first one is the pickle.
    stream.write(_COUNT_STRUCT.pack(len(pieces)))
    stream.write(struct.pack(f"<{len(pieces)}Q", *map(len, pieces)))
    for piece in pieces:
        stream.write(piece)
    stream.flush()


def read_object(stream: IO[bytes]) -> Any:
    """Read one object. Only from a fork of this process: a pickle can run any code.

    Raises:
        EOFError: The writer has ended.
    """
    (count,) = _COUNT_STRUCT.unpack(_read_exactly(stream, _COUNT_STRUCT.size))
    sizes = struct.unpack(f"<{count}Q", _read_exactly(stream, 8 * count))
    body, *buffers = [_read_exactly(stream, size) for size in sizes]
    return pickle.loads(body, buffers=buffers)  # noqa: S301 - from a fork of this process


def _read_exactly(stream: IO[bytes], size: int) -> bytes:
    read = stream.read(size)
    if len(read) < size:
        raise EOFError
    return read


def _open_pipe(on_failure: ExitStack) -> tuple[int, int]:
    ends = os.pipe()
    for end in ends:
        on_failure.callback(os.close, end)
    return ends


def _run_in_child(
    work: Callable[[Callable[[], bool], Callable[[object], None]], None],
    parent: int,
    notify_fd: int,
    result_fd: int,
    *,
    parent_fds: Iterable[int],
) -> NoReturn:
    """Do the work and end. It never returns: the code of the first process that called it must not go on here."""
    try:
        settle_fork(parent)
        # Otherwise this process would hold its own pipe open, and not notice that the first one has ended.
        for end in parent_fds:
            os.close(end)
        os.set_blocking(notify_fd, False)
        with os.fdopen(result_fd, "wb") as results:
            work(partial(_was_notified, notify_fd), partial(write_object, results))
    finally:
        # No exit functions, no flush of buffers that were copied: both belong to the first process.
        os._exit(0)


def settle_fork(parent: int) -> None:
    """Make a fork a process of its own: it ends with its parent, hears no Ctrl-C and writes to no terminal."""
    end_with_parent(parent)
    # Its own session: Ctrl-C goes to the first process only, which ends this one.
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    # A thread of the first process, which is missing here, may have held the lock of the old objects.
    sys.stdout = sys.stderr = io.StringIO()


def _was_notified(notify_fd: int) -> bool:
    try:
        return bool(os.read(notify_fd, 1))
    except BlockingIOError:
        return False


def _enlarge_pipe_buffer(pipe: int) -> None:
    if sys.platform == "linux":
        # Refused when the user has too many large pipes (pipe(7)); then the pipe stays as it is.
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BUFFER_BYTES)


def _require_stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the child has no such stream")
    return stream


def child_environment() -> dict[str, str]:
    """The variables of a child; its path leads to this package, which may be run from its checkout."""
    inherited = {name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ}
    return {**inherited, "PYTHONPATH": str(Path(__file__).parents[2])}
