"""Processes that run one of our own modules."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

if sys.platform == "linux":
    import fcntl

#: What a Python process needs of the environment; the rest, tokens among it, stays here.
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH")
#: Bytes that wait in a pipe, where the platform lets one choose: with the usual 64 KiB both sides wait at each turn.
_WAITING: Final = 1 << 20


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
            env={**environment(), **(environ or {})},
            start_new_session=True,
        )
        if sys.platform == "linux":
            # More than one user may have in all is refused; then the pipe stays as it is.
            with suppress(OSError):
                fcntl.fcntl(self.stdout, fcntl.F_SETPIPE_SZ, _WAITING)

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
        return _there(self._process.stdin)

    @property
    def stdout(self) -> IO[bytes]:
        """What the child writes."""
        return _there(self._process.stdout)

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def killer(self) -> str:
        """Wait for its end; gives the name of the signal that ended it, or ``""``."""
        code = self._process.wait()
        return signal.Signals(-code).name if -code in set(signal.Signals) else ""


def _there(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the child has no such stream")
    return stream


def environment() -> dict[str, str]:
    """What a child gets of this process's environment; the package may be run from its checkout."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed, "PYTHONPATH": str(Path(__file__).parents[1])}
