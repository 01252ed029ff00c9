"""What takes a while: it is done in a thread of its own, one thing at a time, and tells how far it is."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, TypeVar

from calltools.errors import CalltoolsError, DefectError, SourceError, traceback_places
from calltools.pipeline import OnRead
from calltools.run import PlannedFile, SessionEvents
from calltools.runtime.fork_server import ForkedTask, ForkServer, Send
from calltools.workers.batch_work import with_traceback_notes

_T = TypeVar("_T")
#: Seconds between two messages on how far a task is.
_TELL_S: Final = 0.1


class StoppedError(Exception):
    """The visitor wants something else meanwhile."""


@dataclass(slots=True)
class Progress(SessionEvents):
    """How far a run is; written by the thread of the work, read by the pages.

    Attributes:
        file: Name of the file that is read.
        size: Its bytes.
        records: Records of it that were read.
        read: Bytes of it that were read; 0: its reader does not count them.
    """

    file: str = ""
    size: int = 0
    records: int = 0
    read: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _on_stop: Callable[[], None] | None = None

    def started(self, name: str, _planned: PlannedFile) -> None:
        """A file comes next."""
        self.file, self.records, self.read = name, 0, 0

    @contextmanager
    def reading(self, name: str, size: int) -> Iterator[OnRead]:
        """Count what is read."""
        self.file, self.size = name, size
        yield self._count

    def _count(self, records: int, read: int) -> None:
        self.refuse_to_go_on()
        self.records, self.read = records, read

    def stop(self) -> None:
        """Let the work end at its next step."""
        self._stop.set()
        if (end := self._on_stop) is not None:
            end()

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """While it lasts, ``stop`` also calls this."""
        self._on_stop = end
        try:
            # It may have been stopped before.
            self.refuse_to_go_on()
            yield
        finally:
            self._on_stop = None

    def nap(self, seconds: float) -> None:
        """Wait, or until nobody wants the result."""
        self._stop.wait(seconds)

    def refuse_to_go_on(self) -> None:
        """End the work, if nobody wants its result.

        Raises:
            StoppedError: Nobody does.
        """
        if self._stop.is_set():
            raise StoppedError


class _SentProgress(Progress):
    """The progress of a task in a process of its own: it is sent to the process of the pages, but not too often."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send, self._next = send, 0.0

    @contextmanager
    def reading(self, name: str, size: int) -> Iterator[OnRead]:
        """Count what is read."""
        with super().reading(name, size) as on_read:
            self._tell()
            yield on_read

    def _count(self, records: int, read: int) -> None:
        super()._count(records, read)
        if (now := monotonic()) >= self._next:
            self._next = now + _TELL_S
            self._tell()

    def _tell(self) -> None:
        self._send((self.file, self.size, self.records, self.read))


def run_apart(forks: ForkServer | None, progress: Progress, function: Callable[..., _T], *arguments: object) -> _T:
    """Read what somebody has handed over, in a process of its own under limits of memory.

    So the server answers meanwhile, whatever is in the file, and the visitor can stop it at once.

    Args:
        forks: Starts processes; ``None``: there are none on this system, it is done in this thread.
        progress: Hears how far it is; its ``stop`` ends the process.
        function: A function of a module; its first argument is the progress.
        arguments: Its other arguments.

    Raises:
        StoppedError: Nobody wants the result any more.
        SourceError: The process was ended by the system, or needs more memory than it may have.
    """
    if forks is None:
        return function(progress, *arguments)
    try:
        with forks.start(_run_task, function, arguments) as task, progress.ending(task.kill):
            result: _T = _follow(task, progress)
    except (EOFError, MemoryError, BrokenPipeError):
        progress.refuse_to_go_on()
        raise SourceError("reader-ended", path=progress.file) from None
    return result


def _run_task(send: Send, function: Callable[..., _T], arguments: tuple[object, ...]) -> _T:
    try:
        return function(_SentProgress(send), *arguments)
    except Exception as fault:  # noqa: BLE001 - the process of the pages deals with it
        raise with_traceback_notes(fault) from None


def _follow(task: ForkedTask, progress: Progress) -> Any:
    def take(told: tuple[str, int, int, int]) -> None:
        progress.file, progress.size, progress.records, progress.read = told

    return task.result(take)


class Work:
    """Something that is done in a thread.

    Args:
        task: What is done; its progress is its argument.
        then: Gets what the task gives, in that thread, before ``is_done``.

    Attributes:
        progress: How far it is.
        result: What the task gave.
        is_stopped: Whether it ended because nobody wanted its result any more.
        error: Why it ended without a result.
        places: Of a fault of ours: where in the program it was.
    """

    def __init__(self, task: Callable[[Progress], Any], then: Callable[[Any], None]) -> None:
        self.progress = Progress()
        self.result: Any = None
        self.is_stopped = False
        self.error: CalltoolsError | None = None
        self.places = ""
        self._task, self._then = task, then
        #: Held where a result is kept, so that nothing is kept that was stopped.
        self._keeping = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="calltools-ui-work", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether it has ended, one way or another."""
        return not self._thread.is_alive()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for its end."""
        self._thread.join(seconds)

    def cancel(self) -> None:
        """Let it end at its next step; its result is not wanted."""
        with self._keeping:
            self.progress.stop()

    def _run(self) -> None:
        try:
            result = self._task(self.progress)
            with self._keeping:
                self.progress.refuse_to_go_on()
                self.result = result
                self._then(result)
        except StoppedError:
            self.is_stopped = True
        except CalltoolsError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - a traceback could show values of the user's file
            self.error = DefectError("defect", fault=type(error).__name__)
            self.places = traceback_places(error)
