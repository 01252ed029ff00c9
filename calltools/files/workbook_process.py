"""The child process that reads a workbook, seen from its parent: started, asked, watched, ended."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import IO, Any, Final, Self

import pyarrow as pa

from calltools.errors import CalltoolsError, LimitError, SourceError
from calltools.files.limits import Limits

_MODULE: Final = "calltools.files.workbook_child"
#: What a Python process needs of the environment; the rest, tokens among it, stays here.
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH")
_OUT_OF_TIME: Final = frozenset({"SIGXCPU"})


class Child:
    """A process that reads one workbook; a context manager, and with its end the process has ended too."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name, self._limits = name, limits
        command = [sys.executable, "-X", "utf8", "-m", _MODULE, str(limits.child_memory), str(limits.seconds)]
        # Its own session: an interrupt at the terminal is for the parent, who ends the child.
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell, no word of it from outside
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        self._late = False
        self._clock = Timer(limits.seconds, self._out_of_time)
        self._clock.daemon = True
        self._clock.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clock.cancel()
        self._process.kill()
        self._process.wait()
        for stream in (self._stdout, self._process.stdin):
            try:
                if stream is not None:
                    stream.close()
            except OSError:  # what was left to say to a process that has ended
                continue

    @property
    def _stdout(self) -> IO[bytes]:
        if self._process.stdout is None:
            raise ValueError("the child has no output")
        return self._process.stdout

    def tell(self, request: Mapping[str, Any]) -> None:
        """Send a line; if the child has ended, its next answer says why."""
        try:
            if self._process.stdin is not None:
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                self._process.stdin.flush()
        except OSError:
            return

    def answer(self) -> dict[str, Any]:
        """The child's next line.

        Raises:
            SourceError: It could not read the workbook.
            LimitError: A limit ended it.
        """
        line = self._stdout.readline()
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
            with pa.ipc.open_stream(self._stdout) as stream:
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
        code = self._process.wait()
        killer = signal.Signals(-code).name if -code in set(signal.Signals) else ""
        if self._late or killer in _OUT_OF_TIME:
            return LimitError("workbook-seconds", path=self._name, limit=self._limits.seconds)
        return self._fault("workbook-memory" if killer else "workbook-damaged", {})

    def _out_of_time(self) -> None:
        self._late = True
        self._process.kill()


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # The package may be run from its checkout; Arrow's own allocator would claim address space beyond need.
    home = str(Path(__file__).parents[2])
    return {**passed, "PYTHONPATH": home, "ARROW_DEFAULT_MEMORY_POOL": "system"}
