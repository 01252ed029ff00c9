"""The parent's end of a child process that reads one file under limits: requests, answers, records.

A hostile or damaged file can make the library that reads it abort, hang or take all memory. That happens in the child,
and here it becomes one clear error.
"""

import json
import os
from collections.abc import Iterator, Mapping
from threading import Timer
from types import TracebackType
from typing import Any, Final, NamedTuple

import pyarrow as pa

from calltools.errors import CalltoolsError, LimitError, SourceError, package_fault
from calltools.files.limits import Limits
from calltools.runtime.process import ChildProcess
from calltools.texts.keys import MessageKey

_TIMEOUT_SIGNALS: Final = frozenset({"SIGXCPU"})


class ReadingFaults(NamedTuple):
    """What it means when a child ends without an answer.

    Attributes:
        damaged: Key of the sentence for a file that cannot be read.
        memory: For one that takes more memory than allowed.
        seconds: For one that takes more time than allowed.
        limits: More keys of errors that are limits.
        packages: What the child imports: one that is broken must not be laid at the door of the file.
    """

    damaged: MessageKey
    memory: MessageKey
    seconds: MessageKey
    packages: tuple[str, ...]
    limits: tuple[MessageKey, ...] = ("workbook-cells", "too-many-columns", "packed-size", "packed-ratio")


class ReadingProcess(ChildProcess):
    """A child process that reads a file, or files one after the other; a context manager, at whose end it has ended.

    Args:
        module: Its dotted name; ``python -m MODULE MEMORY SECONDS PARENT``.
        name: Name of the file in messages.
        limits: How much memory and time it may take for a file.
        faults: What is said when it ends without an answer.
    """

    def __init__(self, module: str, name: str, limits: Limits, faults: ReadingFaults) -> None:
        self._name, self._limits, self._faults = name, limits, faults
        # Arrow's default allocator reserves much address space, which is limited here.
        super().__init__(
            module,
            str(limits.child_memory),
            str(limits.seconds),
            str(os.getpid()),
            environ={"ARROW_DEFAULT_MEMORY_POOL": "system"},
        )
        self._timed_out = False
        self._start_timer()

    @property
    def limits(self) -> Limits:
        """How much memory and time it may take for a file."""
        return self._limits

    def begin_next(self, name: str) -> None:
        """Begin another file."""
        self._name = name
        self._start_timer()

    def rest(self) -> None:
        """Wait for another file, however long."""
        self._timer.cancel()

    def _start_timer(self) -> None:
        self._timer = Timer(self._limits.seconds, self._kill_on_timeout)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        super().__exit__(kind, fault, trace)

    def send_request(self, request: object) -> None:
        """Send a line of JSON; if the child has ended, ``read_response`` says why."""
        try:
            self.stdin.write(json.dumps(request).encode() + b"\n")
            self.stdin.flush()
        except OSError:
            return

    def read_response(self) -> dict[str, Any]:
        """The next line of the child.

        Raises:
            SourceError: The child could not read the file.
            LimitError: A limit ended the child.
        """
        line = self.stdout.readline()
        if not line.endswith(b"\n"):
            raise self._error_of_end()
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise self.build_error(answer["error"], answer["facts"])
        return answer

    def read_batches(self) -> Iterator[tuple[pa.RecordBatch, dict[str, str]]]:
        """The batches of an Arrow stream, each with its metadata.

        Raises:
            SourceError: The stream ended too early.
            LimitError: A limit ended the child.
        """
        try:
            with pa.ipc.open_stream(self.stdout) as stream:
                for batch, metadata in stream.iter_batches_with_custom_metadata():
                    yield batch, {key.decode(): text.decode() for key, text in metadata.items()}
        except (pa.ArrowException, OSError) as fault:
            raise self._error_of_end() from fault

    def build_error(self, key: MessageKey, facts: Mapping[str, Any]) -> CalltoolsError:
        """The exception for a fault that the child names."""
        if key in {self._faults.damaged, "workbook-unreadable"}:
            broken = package_fault(SourceError(key), self._faults.packages)
            if broken is not None:
                return broken
        limited = key == self._faults.memory or key in self._faults.limits
        known = {"path": self._name, "limit": self._limits.child_memory >> 20, **facts}
        return LimitError(key, **known) if limited else SourceError(key, **known)

    def _error_of_end(self) -> CalltoolsError:
        """The error of a child that ended without an answer."""
        killer = self.ending_signal()
        if self._timed_out or killer in _TIMEOUT_SIGNALS:
            return LimitError(self._faults.seconds, path=self._name, limit=self._limits.seconds)
        return self.build_error(self._faults.memory if killer else self._faults.damaged, {})

    def _kill_on_timeout(self) -> None:
        self._timed_out = True
        self.kill()
