"""The child process that reads a workbook, seen from its parent: started, asked, watched, ended."""

import json
from collections.abc import Iterator, Mapping
from threading import Timer
from types import TracebackType
from typing import Any, Final

import pyarrow as pa

from calltools.children import ChildProcess
from calltools.errors import CalltoolsError, LimitError, SourceError
from calltools.files.limits import Limits

_CHILD_MODULE: Final = "calltools.files.workbook_child"
_TIMEOUT_SIGNALS: Final = frozenset({"SIGXCPU"})


class WorkbookProcess(ChildProcess):
    """A process that reads one workbook; a context manager, and with its end the process has ended too."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name, self._limits = name, limits
        # Arrow's own allocator would claim address space beyond need.
        super().__init__(
            _CHILD_MODULE, str(limits.child_memory), str(limits.seconds), environ={"ARROW_DEFAULT_MEMORY_POOL": "system"}
        )
        self._timed_out = False
        self._timer = Timer(limits.seconds, self._kill_on_timeout)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        super().__exit__(kind, fault, trace)

    def send_request(self, request: Mapping[str, Any]) -> None:
        """Send a line; if the child has ended, its next answer says why."""
        try:
            self.stdin.write(json.dumps(request).encode() + b"\n")
            self.stdin.flush()
        except OSError:
            return

    def read_response(self) -> dict[str, Any]:
        """The child's next line.

        Raises:
            SourceError: It could not read the workbook.
            LimitError: A limit ended it.
        """
        line = self.stdout.readline()
        if not line.endswith(b"\n"):
            raise self._error_of_end()
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise self._build_error(answer["error"], answer["facts"])
        return answer

    def read_batches(self) -> Iterator[tuple[pa.RecordBatch, dict[str, str]]]:
        """The batches of an Arrow stream, each with the text beside it.

        Raises:
            SourceError: The stream broke off.
            LimitError: A limit ended the child.
        """
        try:
            with pa.ipc.open_stream(self.stdout) as stream:
                for batch, side in stream.iter_batches_with_custom_metadata():
                    yield batch, {key.decode(): text.decode() for key, text in side.items()}
        except (pa.ArrowException, OSError) as fault:
            raise self._error_of_end() from fault

    def _build_error(self, key: str, facts: Mapping[str, Any]) -> CalltoolsError:
        limited = key in {"workbook-memory", "workbook-cells"}
        known = {"path": self._name, "limit": self._limits.child_memory >> 20, **facts}
        return LimitError(key, **known) if limited else SourceError(key, **known)

    def _error_of_end(self) -> CalltoolsError:
        """Why the child ended without an answer."""
        killer = self.ending_signal()
        if self._timed_out or killer in _TIMEOUT_SIGNALS:
            return LimitError("workbook-seconds", path=self._name, limit=self._limits.seconds)
        return self._build_error("workbook-memory" if killer else "workbook-damaged", {})

    def _kill_on_timeout(self) -> None:
        self._timed_out = True
        self.kill()
