"""What takes a while: it is done in a thread of its own, one thing at a time, and tells how far it is."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from calltools.errors import CalltoolsError, DefectError, traceback_places
from calltools.pipeline import OnRead
from calltools.run import PlannedFile, SessionEvents


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


class Work:
    """Something that is done in a thread.

    Args:
        task: What is done; its progress is its argument.
        then: Gets what the task gives, in that thread, before ``is_done``.

    Attributes:
        progress: How far it is.
        error: Why it ended without a result.
        places: Of a fault of ours: where in the program it was.
    """

    def __init__(self, task: Callable[[Progress], Any], then: Callable[[Any], None]) -> None:
        self.progress = Progress()
        self.error: CalltoolsError | None = None
        self.places = ""
        self._task, self._then = task, then
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
        self.progress.stop()

    def _run(self) -> None:
        try:
            result = self._task(self.progress)
            self.progress.refuse_to_go_on()
            self._then(result)
        except StoppedError:
            return
        except CalltoolsError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - a traceback could show values of the user's file
            self.error = DefectError("defect", fault=type(error).__name__)
            self.places = traceback_places(error)
