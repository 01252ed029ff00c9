"""In a child process: it ends with its parent, however that ends, and works under limits; lines of JSON to the parent.

A parent that is killed cannot end its children itself.
"""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO, Final, Protocol

#: Option of prctl(2), from linux/prctl.h.
_PR_SET_PDEATHSIG: Final = 1
#: Nobody is left to read the exit code.
_EXIT_ORPHANED: Final = 1
_READ_BYTES: Final = 1 << 16


def end_with_parent(parent: int) -> None:
    """Let the system kill this process when its parent ends, even in the middle of a loop; on Linux only.

    The system looks at the thread that started this process, so that one must live as long as the work.

    Args:
        parent: Process id of the parent, as the parent knows it.
    """
    if sys.platform != "linux":
        return
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), *[ctypes.c_ulong(0)] * 3)
    # The parent may have ended before the system was told to watch it: then this process has another one.
    if os.getppid() != parent:
        os._exit(_EXIT_ORPHANED)


def limit_process(memory: int, seconds: int) -> None:
    """Limit the address space and the processor time from now on of this process, and forbid a core file."""
    if sys.platform == "win32":
        return  # only the parent's clock limits it there
    import resource  # noqa: PLC0415 - not there on every platform

    used = resource.getrusage(resource.RUSAGE_SELF)
    # The seconds are those of one file; a process may have read others before.
    unlimited = seconds == resource.RLIM_INFINITY
    processor = seconds if unlimited else seconds + int(used.ru_utime + used.ru_stime)
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, processor), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def send_response(responses: BinaryIO, response: Mapping[str, Any]) -> None:
    """Send a line of JSON to the parent."""
    responses.write(json.dumps(response).encode() + b"\n")
    responses.flush()


class Requests(Protocol):
    """Where the lines of the parent come from."""

    def readline(self) -> bytes:
        """The next line; empty at the end."""


class WatchedRequests:
    """The lines of a pipe from the parent; a thread reads them, and ends this process when the parent has ended.

    The parent keeps its end of the pipe open as long as it lives. This works on every system, wherever the main thread
    is, but for code that never lets another thread run.

    Args:
        pipe: Its file descriptor; a buffered stream would hold a lock at the end of this process.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        Thread(target=self._read_lines, name="parent", daemon=True).start()

    def readline(self) -> bytes:
        """The next line; waits for it."""
        return self._lines.get()

    def _read_lines(self) -> None:
        begun = b""
        while piece := os.read(self._pipe, _READ_BYTES):
            *lines, begun = (begun + piece).split(b"\n")
            for line in lines:
                self._lines.put(line + b"\n")
        os._exit(_EXIT_ORPHANED)
