"""A process that forks: made before this process has threads, it starts a clean copy for each task, at once.

A fork of a process with threads may wait for a lock that a thread held, which is missing in the fork. So a server forks
itself once, before its first thread; that fork has none and forks a process for each task. What a task takes of memory
is gone with its process, and it can be ended at any moment, also inside of a call that never returns.
"""

import os
import pickle
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from types import TracebackType
from typing import Any, Final, NoReturn, Self

from calltools.runtime.parent import limit_process
from calltools.runtime.process import read_object, settle_fork, write_object
from calltools.runtime.signals import deferred_interrupts

if sys.platform != "win32":
    import resource

#: What a task is given: an object that it calls to send something to the server.
Send = Callable[[object], None]

_HEADER: Final = struct.Struct("<BQ")
_START, _KILL = 0, 1
_FINISHED, _SENT, _RAISED = "finished", "sent", "raised"


class ForkServer:
    """Forks a process for each task. A context manager that ends the server, and with it all tasks.

    Args:
        prepare: Called first: loads what the tasks need, while this process goes on. It starts no thread.
        memory: Bytes of address space of a task; 0: as this process.

    Raises:
        OSError: The system starts no more processes.
    """

    #: As for ``ForkedWorker``.
    supported: Final = sys.platform == "linux"

    def __init__(self, prepare: Callable[[], None], memory: int = 0) -> None:
        self._lock = Lock()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with deferred_interrupts(), warnings.catch_warnings():
            # Python 3.12 warns where there are threads: the caller has made sure.
            warnings.simplefilter("ignore", DeprecationWarning)
            parent = os.getpid()
            self._pid = os.fork()
            if not self._pid:
                ours.close()
                _serve(theirs, parent, prepare, memory)
        theirs.close()
        self._socket = ours

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        # It ends when nobody speaks to it any more, and its tasks end with it.
        self._socket.close()
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def start(self, function: Callable[..., Any], *arguments: object) -> "ForkedTask":
        """Call a function in a process of its own.

        Args:
            function: A function of a module; its first argument is what sends an object to this process.
            arguments: Its other arguments; all of them can be pickled.

        Raises:
            OSError: The server has ended, or the system starts no more processes.
        """
        body = pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL)
        results, ending = os.pipe()
        try:
            self._tell(_START, len(body), body, ending)
        except OSError:
            os.close(results)
            raise
        finally:
            os.close(ending)
        return ForkedTask(self, results)

    def kill(self, pid: int) -> None:
        """End a task; it may have ended. Its own parent does it, which knows whether the number is still its."""
        with suppress(OSError):
            self._tell(_KILL, pid)

    def _tell(self, what: int, number: int, body: bytes = b"", descriptor: int | None = None) -> None:
        with self._lock:
            descriptors = [] if descriptor is None else [descriptor]
            socket.send_fds(self._socket, [_HEADER.pack(what, number)], descriptors)
            self._socket.sendall(body)


class ForkedTask:
    """A task that runs. A context manager that ends it where it is left before its end.

    Args:
        server: The parent of its process.
        results: The end of a pipe that the process writes.
    """

    def __init__(self, server: ForkServer, results: int) -> None:
        self._server, self._lock = server, Lock()
        self._results = os.fdopen(results, "rb")
        self._pid: int | None = None
        self._is_unwanted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.kill()
        self._results.close()

    def kill(self) -> None:
        """End its process; from any thread."""
        with self._lock:
            self._is_unwanted = True
            if self._pid is not None:
                self._server.kill(self._pid)

    def result(self, take: Callable[[Any], None]) -> Any:
        """What the function gives.

        Args:
            take: Gets what it sends meanwhile.

        Raises:
            EOFError: Its process has ended before: it was ended, or has taken too much memory.
            Exception: What the function has raised.
        """
        pid = read_object(self._results)
        with self._lock:
            self._pid = pid
            if self._is_unwanted:
                self._server.kill(pid)
        while True:
            kind, value = read_object(self._results)
            if kind == _FINISHED:
                return value
            if kind == _RAISED:
                raise value
            take(value)


def _serve(orders: socket.socket, parent: int, prepare: Callable[[], None], memory: int) -> NoReturn:
    """In the fork: start and end processes until the parent has closed its end."""
    try:
        settle_fork(parent)
        prepare()
        while True:
            header, descriptors, _, _ = socket.recv_fds(orders, _HEADER.size, 1)
            _reap()
            if len(header) < _HEADER.size:
                break
            what, number = _HEADER.unpack(header)
            if what == _KILL:
                _kill(number)
                continue
            body = _receive(orders, number)
            _fork_task(body, descriptors[0], orders, memory)
            os.close(descriptors[0])
    finally:
        os._exit(0)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _kill(pid: int) -> None:
    # Not reaped yet, so that no other process can have its number.
    with suppress(ChildProcessError, ProcessLookupError):
        if not os.waitpid(pid, os.WNOHANG)[0]:
            os.kill(pid, signal.SIGKILL)


def _receive(orders: socket.socket, size: int) -> bytes:
    body = bytearray()
    while len(body) < size:
        piece = orders.recv(size - len(body))
        if not piece:
            os._exit(0)
        body += piece
    return bytes(body)


def _fork_task(body: bytes, descriptor: int, orders: socket.socket, memory: int) -> None:
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError:
        return  # the other end of the pipe sees that nobody writes
    if pid:
        return
    try:
        orders.close()
        settle_fork(parent)
        if memory:
            limit_process(memory, resource.RLIM_INFINITY)
        _run_task(body, descriptor)
    finally:
        os._exit(0)


def _run_task(body: bytes, descriptor: int) -> None:
    with os.fdopen(descriptor, "wb") as results:
        write_object(results, os.getpid())
        try:
            function, arguments = pickle.loads(body)  # noqa: S301 - from the process that forked this one
            value = function(lambda sent: write_object(results, (_SENT, sent)), *arguments)
        except BrokenPipeError:
            return  # nobody wants it any more
        except Exception as fault:  # noqa: BLE001 - the server raises it, whatever it is
            write_object(results, (_RAISED, fault))
        else:
            write_object(results, (_FINISHED, value))
