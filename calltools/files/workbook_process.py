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

_MODULE: Final = "calltools.files.workbook_child"
_OUT_OF_TIME: Final = frozenset({"SIGXCPU"})


class Child(ChildProcess):
    """A process that reads one workbook; a context manager, and with its end the process has ended too."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name, self._limits = name, limits
        # Arrow's own allocator would claim address space beyond need.
        super().__init__(
            _MODULE, str(limits.child_memory), str(limits.seconds), environ={"ARROW_DEFAULT_MEMORY_POOL": "system"}
        )
        self._late = False
        self._clock = Timer(limits.seconds, self._out_of_time)
        self._clock.daemon = True
        self._clock.start()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clock.cancel()
        super().__exit__(kind, fault, trace)

    def tell(self, request: Mapping[str, Any]) -> None:
        """Send a line; if the child has ended, its next answer says why."""
        try:
            self.stdin.write(json.dumps(request).encode() + b"\n")
            self.stdin.flush()
        except OSError:
            return

    def answer(self) -> dict[str, Any]:
        """The child's next line.

        Raises:
            SourceError: It could not read the workbook.
            LimitError: A limit ended it.
        """
        line = self.stdout.readline()
        if not line.endswith(b"\n"):
            raise self._end()
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise self._fault(answer["error"], answer["facts"])
        return answer

    def records(self) -> Iterator[tuple[pa.RecordBatch, dict[str, str]]]:
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
            raise self._end() from fault

    def _fault(self, key: str, facts: Mapping[str, Any]) -> CalltoolsError:
        limited = key in {"workbook-memory", "workbook-cells"}
        known = {"path": self._name, "limit": self._limits.child_memory >> 20, **facts}
        return LimitError(key, **known) if limited else SourceError(key, **known)

    def _end(self) -> CalltoolsError:
        """Why the child ended without an answer."""
        killer = self.killer()
        if self._late or killer in _OUT_OF_TIME:
            return LimitError("workbook-seconds", path=self._name, limit=self._limits.seconds)
        return self._fault("workbook-memory" if killer else "workbook-damaged", {})

    def _out_of_time(self) -> None:
        self._late = True
        self.kill()
