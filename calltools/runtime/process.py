"""Child processes: one that runs a module of the package, and one that is forked from this process."""

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

from calltools.runtime.signals import deferred_interrupts

if sys.platform == "linux":
    import fcntl

#: What a Python process needs of the environment; the rest, tokens among it, stays here.
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
#: Bytes that wait in a pipe, where the platform lets one choose: with the usual 64 KiB both sides wait at each turn.
_PIPE_BUFFER_BYTES: Final = 1 << 20


class ChildProcess:
    """A Python process that runs one of our modules; a context manager, and with its end the process has ended too.

    Args:
        module: Its dotted name, as ``python -m`` takes it.
        arguments: What follows it on the command line.
        environ: Goes beside the little of this process's environment that is passed on.

    Raises:
        OSError: The system starts no more processes.
    """

    def __init__(self, module: str, *arguments: str, environ: Mapping[str, str] | None = None) -> None:
        # Its own session: an interrupt at the terminal is for the parent, who ends the child. And nothing is imported
        # from the folder in which the user works (-P), which may hold a csv.py of theirs.
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell, no word of it from outside
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
            except OSError:  # what was left to say to a process that has ended
                continue

    @property
    def stdin(self) -> IO[bytes]:
        """What the child reads."""
        return _require_stream(self._process.stdin)

    @property
    def stdout(self) -> IO[bytes]:
        """What the child writes."""
        return _require_stream(self._process.stdout)

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def ending_signal(self) -> str:
        """Wait for its end; gives the name of the signal that ended it, or ``""``."""
        code = self._process.wait()
        return signal.Signals(-code).name if -code in set(signal.Signals) else ""


class ForkedWorker:
    """A copy of this process in which one function runs; a context manager, and with its end the copy has ended too.

    It has all that this one has loaded, and of the threads only the main one: none may hold a lock that the function
    will want.

    Args:
        work: Is given whether this process has nudged the copy since it last asked, and how to answer.

    Raises:
        OSError: The system starts no more processes.
    """

    #: Elsewhere libraries of the system do not bear it.
    supported: Final = sys.platform == "linux"

    def __init__(self, work: Callable[[Callable[[], bool], Callable[[object], None]], None]) -> None:
        with deferred_interrupts(), ExitStack() as on_failure, warnings.catch_warnings():
            # Python 3.12 warns where there are threads: that of a progress bar holds no lock that counts.
            warnings.simplefilter("ignore", DeprecationWarning)
            heard, nudge = _open_pipe(on_failure)
            answers, answer = _open_pipe(on_failure)
            self._pid = os.fork()
            if not self._pid:
                _run_in_child(work, heard, answer, parent_fds=(nudge, answers))
            on_failure.pop_all()
            os.close(heard)
            os.close(answer)
            self._notify_fd = nudge
            self._results = os.fdopen(answers, "rb")
            _enlarge_pipe_buffer(answers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it, if that has not been done."""
        if self._results.closed:
            return
        with deferred_interrupts():
            # Where nobody waits for children, as under ``trap '' CHLD``, the system has done that.
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
            os.close(self._notify_fd)
            self._results.close()

    def notify(self) -> None:
        """Let the copy know something; one that has ended is found out when it does not answer."""
        with suppress(OSError):
            os.write(self._notify_fd, b"!")

    def receive(self) -> Any:
        """The next thing that the copy says.

        Raises:
            EOFError: It has ended.
        """
        return read_object(self._results)


def write_object(stream: IO[bytes], value: object) -> None:
    """Write one thing.

    Raises:
        OSError: Nobody reads any more.
    """
    columns: list[pickle.PickleBuffer] = []
    body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL, buffer_callback=columns.append)
    pieces = [memoryview(body), *(column.raw() for column in columns)]
    stream.write(_COUNT_STRUCT.pack(len(pieces)))
    stream.write(struct.pack(f"<{len(pieces)}Q", *map(len, pieces)))
    for piece in pieces:
        stream.write(piece)
    stream.flush()


def read_object(stream: IO[bytes]) -> Any:
    """Read one thing. Only from a process of ours: what is pickled can do anything.

    Raises:
        EOFError: The other process has ended.
    """
    (count,) = _COUNT_STRUCT.unpack(_read_exactly(stream, _COUNT_STRUCT.size))
    sizes = struct.unpack(f"<{count}Q", _read_exactly(stream, 8 * count))
    body, *columns = [_read_exactly(stream, size) for size in sizes]
    return pickle.loads(body, buffers=columns)  # noqa: S301 - from a process of ours


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
    notify_fd: int,
    result_fd: int,
    *,
    parent_fds: Iterable[int],
) -> NoReturn:
    """Do the work and end, without a step back into what the first process was doing."""
    try:
        # Its own session: an interrupt at the terminal is for the first process, who ends the copy.
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        # A thread that is not here may have held a lock of the old ones.
        sys.stdout = sys.stderr = io.StringIO()
        for end in parent_fds:
            os.close(end)
        os.set_blocking(notify_fd, False)
        with os.fdopen(result_fd, "wb") as answers:
            work(partial(_was_notified, notify_fd), partial(write_object, answers))
    finally:
        os._exit(0)


def _was_notified(notify_fd: int) -> bool:
    try:
        return bool(os.read(notify_fd, 1))
    except BlockingIOError:
        return False


def _enlarge_pipe_buffer(pipe: int) -> None:
    if sys.platform == "linux":
        # More than one user may have in all is refused; then the pipe stays as it is.
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BUFFER_BYTES)


def _require_stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the child has no such stream")
    return stream


def child_environment() -> dict[str, str]:
    """What a child gets of this process's environment; the package may be run from its checkout."""
    passed = {name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ}
    return {**passed, "PYTHONPATH": str(Path(__file__).parents[1])}
